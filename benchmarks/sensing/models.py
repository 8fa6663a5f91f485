"""Contenders without PyTorch: madaline with default arguments, and classifiers of scikit-learn."""

from __future__ import annotations

from typing import Any

from sensing.task import Outcome, Task, evaluate

MADALINE = "madaline"


def madaline(task: Task, **facts: Any) -> Outcome:
    """Return how good madaline is; `facts` are about the training rows, such as their groups."""
    from madaline import AdaptiveClassifier

    model = AdaptiveClassifier(random_state=0, n_jobs=-1).fit(task.train_x, task.train_y, **facts)
    return evaluate(task.test_y, model.classes_, model.predict_proba(task.test_x))


def svc(task: Task, train_x: Any, test_x: Any) -> Outcome:
    """Return how good a support vector machine is (RBF, `C` of 10; probabilities by Platt)."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import SVC

    machine = CalibratedClassifierCV(SVC(C=10), ensemble=False)
    return _standardized(machine, task, train_x, test_x)


def mlp(task: Task, train_x: Any, test_x: Any) -> Outcome:
    """Return how good a network of scikit-learn is: 256 units, early stopping."""
    from sklearn.neural_network import MLPClassifier

    network = MLPClassifier((256,), early_stopping=True, max_iter=500, random_state=0)
    return _standardized(network, task, train_x, test_x)


def _standardized(classifier: Any, task: Task, train_x: Any, test_x: Any) -> Outcome:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), classifier).fit(train_x, task.train_y)
    return evaluate(task.test_y, model.classes_, model.predict_proba(test_x))
