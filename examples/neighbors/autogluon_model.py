"""AutoGluon trains madaline beside its own models, in bags, and ranks all of them.

Run it in the project's folder: ``python examples/neighbors/autogluon_model.py``.
"""

import pandas as pd
from autogluon.core.models import AbstractModel
from autogluon.tabular import TabularPredictor
from sklearn.datasets import load_breast_cancer

from madaline import AdaptiveClassifier, AdaptiveRegressor


class MadalineModel(AbstractModel):
    """The networks of madaline as a model of AutoGluon."""

    ag_key = "MADALINE"
    ag_name = "Madaline"

    def _fit(self, X: pd.DataFrame, y: pd.Series, num_cpus: int = 1, time_limit=None, **_):
        kind = AdaptiveRegressor if self.problem_type == "regression" else AdaptiveClassifier
        settings = {"n_jobs": num_cpus, "time_limit": time_limit, "random_state": 0}
        self.model = kind(**settings | self._get_model_params()).fit(X, y)


if __name__ == "__main__":
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    table = X.iloc[:, ::3].assign(benign=y)
    train, test = table.iloc[:400], table.iloc[400:]
    predictor = TabularPredictor(label="benign", eval_metric="log_loss", verbosity=0).fit(
        train,
        hyperparameters={MadalineModel: {"effort": 20}, "RF": {}},
        num_bag_folds=3,
    )
    print(predictor.leaderboard(test)[["model", "score_test", "score_val"]].to_string(index=False))
