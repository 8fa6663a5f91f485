"""The online estimators as estimators of river, in whose pipelines, ensembles and tests they work.

Beside what `madaline.OnlineClassifier` and `madaline.OnlineRegressor` do, they have what river asks
of its own: a `seed`, `clone`, `learn_many`, and ``|`` for pipelines. See https://riverml.xyz.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, ClassVar, Self, final

from madaline._apps.estimators import online
from madaline._base.extras import how_to_install
from madaline._base.language import _
from madaline.errors import InputError

try:
    from river import base
except ImportError as error:
    remedy = _("install it with {how_to_install}").format(
        how_to_install=how_to_install("river", "river")
    )
    raise ImportError(_("madaline.river needs river: {remedy}.").format(remedy=remedy)) from error


class _RiverEstimator:
    """What both have of river's estimators."""

    # Behind a scaler, a row that is learned has other values than when it was predicted, so it is
    # not found among those that wait, which are in vain.
    _max_pending: ClassVar[int] = 1000
    _seed_name: ClassVar[str] = "seed"

    def __init__(
        self,
        *,
        missing: Sequence[str | float] | None = None,
        max_regimes: int = 16,
        seed: int | None = None,
    ) -> None:
        self.missing = missing
        self.max_regimes = max_regimes
        self.seed = seed

    @property
    def random_state(self) -> int | None:
        """The seed, under the name that scikit-learn gives it."""
        return self.seed

    def learn_one(self, x: Mapping[Hashable, Any], y: Any) -> Self:
        """Learn from a single row, as `madaline.OnlineClassifier.learn_one` does.

        Parameters
        ----------
        x : mapping of feature to value
            The row. Features may come and go; names that are neither text nor whole numbers, such
            as n-grams, become text.
        y : label or number
            What was true.
        """
        return super().learn_one(_named(x), y)  # type: ignore[misc,no-any-return]

    def learn_many(self, X: Any, y: Any) -> Self:
        """Learn from the rows of a data frame as `learn_one` does from each of them.

        Parameters
        ----------
        X : pandas.DataFrame
            The rows.
        y : pandas.Series
            Their labels, or numbers.
        """
        if len(X) != len(y):
            raise InputError(
                "y has {n_y} labels, but X has {n_X} rows: give one a row.", n_y=len(y), n_X=len(X)
            )
        for x, label in zip(X.to_dict("records"), y, strict=True):
            self.learn_one(x, label)
        return self

    def predict_many(self, X: Any) -> Any:
        """Return what is predicted for each row of a data frame, as a series."""
        import pandas as pd

        if not getattr(self, "learner_", None):
            return pd.Series([self.predict_one(x) for x in X.to_dict("records")], X.index, object)  # type: ignore[attr-defined]
        return pd.Series(self.predict(X), X.index)  # type: ignore[attr-defined]

    def _observe_one(self, x: Mapping[Hashable, Any], key: Hashable | None) -> Any:
        return super()._observe_one(_named(x), key)  # type: ignore[misc]


@final
class OnlineClassifier(_RiverEstimator, online.OnlineClassifier, base.MiniBatchClassifier):  # type: ignore[misc]
    """`madaline.OnlineClassifier` as a classifier of river, for two classes and more.

    Parameters
    ----------
    missing : sequence of str or float, optional
        Words and numbers that stand for missing values in every column, such as ``["tbc", -999]``.
    max_regimes : int, default=16
        How many regimes are remembered, at most 16, so that what comes back is known again; 0
        remembers none.
    seed : int, optional
        Seed of every random number.

    Examples
    --------
    >>> from river import datasets, evaluate, metrics, preprocessing
    >>> from madaline.river import OnlineClassifier
    >>> model = preprocessing.StandardScaler() | OnlineClassifier(seed=0)
    >>> evaluate.progressive_val_score(datasets.Phishing().take(500), model, metrics.Accuracy())
    Accuracy: 8...%
    """

    @property
    def _multiclass(self) -> bool:
        return True

    def predict_proba_many(self, X: Any) -> Any:
        """Return the probability of each class for each row of a data frame, as another."""
        import pandas as pd

        if not getattr(self, "learner_", None):
            return pd.DataFrame(index=X.index)
        return pd.DataFrame(self.predict_proba(X), X.index, self.classes_.tolist())


@final
class OnlineRegressor(_RiverEstimator, online.OnlineRegressor, base.MiniBatchRegressor):  # type: ignore[misc]
    """`madaline.OnlineRegressor` as a regressor of river.

    Parameters
    ----------
    missing : sequence of str or float, optional
        Words and numbers that stand for missing values in every column, such as ``["tbc", -999]``.
    max_regimes : int, default=16
        How many regimes are remembered, at most 16, so that what comes back is known again; 0
        remembers none.
    seed : int, optional
        Seed of every random number.

    Examples
    --------
    >>> from river import datasets, evaluate, metrics
    >>> from madaline.river import OnlineRegressor
    >>> model = OnlineRegressor(seed=0)
    >>> evaluate.progressive_val_score(datasets.TrumpApproval().take(500), model, metrics.MAE())
    MAE: 0...
    """


def _named(x: Mapping[Hashable, Any]) -> Mapping[Any, Any]:
    """Return a row whose names are text or whole numbers."""
    if not hasattr(x, "items") or all(isinstance(name, str | int) for name in x):
        return x
    return {name if isinstance(name, str | int) else str(name): x[name] for name in x}
