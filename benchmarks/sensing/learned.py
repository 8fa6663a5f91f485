"""scikit-learn's contenders: classifiers on a table of numbers, standardized."""

from __future__ import annotations

from typing import Any

from sensing.contest import Outcome, Task, judge


def svc(task: Task, train_x: Any, test_x: Any) -> Outcome:
    """Return how good a support vector machine is (RBF, `C` of 10; probabilities by Platt)."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import SVC

    machine = CalibratedClassifierCV(SVC(C=10), ensemble=False)
    return _fitted(machine, task, train_x, test_x)


def mlp(task: Task, train_x: Any, test_x: Any) -> Outcome:
    """Return how good a network of scikit-learn is: 256 units, stopped early."""
    from sklearn.neural_network import MLPClassifier

    network = MLPClassifier((256,), early_stopping=True, max_iter=500, random_state=0)
    return _fitted(network, task, train_x, test_x)


def _fitted(classifier: Any, task: Task, train_x: Any, test_x: Any) -> Outcome:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), classifier).fit(train_x, task.train_y)
    return judge(task.test_y, model.classes_, model.predict_proba(test_x))
