"""madaline's online learners, those of river with their defaults, and the simplest of all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streaming.streams import Stream


class Madaline:
    """Ours: labels come with the key of the prediction."""

    def __init__(self, stream: Stream, seed: int) -> None:
        from madaline import OnlineClassifier, OnlineRegressor

        self._is_classes = stream.is_classes
        estimator = OnlineClassifier if stream.is_classes else OnlineRegressor
        self._model = estimator(random_state=seed)

    def predict(self, row: dict[str, Any], key: int) -> Any:
        """Return probabilities, or a number."""
        if self._is_classes:
            return self._model.predict_proba_one(row, key=key)
        return self._model.predict_one(row, key=key)

    def learn(self, row: dict[str, Any], key: int, y: Any) -> None:
        """Learn the label; rows that came before the first one were not predicted."""
        if key in self._model.pending_:
            self._model.learn(key, y)
        else:
            self._model.learn_one(row, y)


class River:
    """A learner of river."""

    def __init__(self, model: Any, *, is_classes: bool) -> None:
        self._model = model
        self._predict = model.predict_proba_one if is_classes else model.predict_one

    def predict(self, row: dict[str, Any], key: int) -> Any:  # noqa: ARG002
        """Return probabilities, or a number."""
        return self._predict(row)

    def learn(self, row: dict[str, Any], key: int, y: Any) -> None:  # noqa: ARG002
        """Learn the label."""
        self._model.learn_one(row, y)


class NoChange:
    """Predicts the latest label that is known."""

    def __init__(self, stream: Stream, seed: int) -> None:  # noqa: ARG002
        self._is_classes, self._latest = stream.is_classes, None

    def predict(self, row: dict[str, Any], key: int) -> Any:  # noqa: ARG002
        """Return the latest label as certain, or the latest number."""
        if self._is_classes:
            return {} if self._latest is None else {self._latest: 1.0}
        return self._latest or 0.0

    def learn(self, row: dict[str, Any], key: int, y: Any) -> None:  # noqa: ARG002
        """Note the label."""
        self._latest = y


def _river(classes: Callable[[int], Any], numbers: Callable[[int], Any] | None) -> Any:
    def make(stream: Stream, seed: int) -> River:
        make_model = classes if stream.is_classes else numbers
        if make_model is None:
            raise SystemExit(f"There is no such learner for {stream.name}: use --only.")
        return River(make_model(seed), is_classes=stream.is_classes)

    return make


def _forest(seed: int) -> Any:
    from river import forest

    return forest.ARFClassifier(n_models=10, seed=seed)


def _regression_forest(seed: int) -> Any:
    from river import forest

    return _one_hot(forest.ARFRegressor(n_models=10, seed=seed))


def _bagging(seed: int) -> Any:
    from river import ensemble, tree

    return ensemble.LeveragingBaggingClassifier(
        tree.HoeffdingTreeClassifier(), n_models=10, seed=seed
    )


def _regression_bagging(seed: int) -> Any:
    from river import ensemble, tree

    return _one_hot(
        ensemble.BaggingRegressor(tree.HoeffdingTreeRegressor(), n_models=10, seed=seed)
    )


def _patches(seed: int) -> Any:
    from river import ensemble

    return ensemble.SRPClassifier(n_models=10, seed=seed)


def _regression_patches(seed: int) -> Any:
    from river import ensemble

    return _one_hot(ensemble.SRPRegressor(n_models=10, seed=seed))


def _tree(seed: int) -> Any:
    from river import tree

    return tree.HoeffdingAdaptiveTreeClassifier(seed=seed)


def _regression_tree(seed: int) -> Any:
    from river import tree

    return _one_hot(tree.HoeffdingAdaptiveTreeRegressor(seed=seed))


def _mondrian(seed: int) -> Any:
    from river import compose, forest

    return compose.SelectType(float, int) | forest.AMFClassifier(n_estimators=10, seed=seed)


def _regression_mondrian(seed: int) -> Any:
    from river import compose, forest

    return compose.SelectType(float, int) | forest.AMFRegressor(n_estimators=10, seed=seed)


def _one_hot(model: Any) -> Any:
    """Return a regressor with one-hot categories: river's trees for numbers take no text."""
    from river import compose, preprocessing

    categories = compose.SelectType(str) | preprocessing.OneHotEncoder()
    return (compose.SelectType(float, int) + categories) | model


def _linear(model: Any) -> Any:
    """Return a linear model of scaled numbers and one-hot categories."""
    from river import compose, preprocessing

    numbers = compose.SelectType(float, int) | preprocessing.StandardScaler()
    categories = compose.SelectType(str) | preprocessing.OneHotEncoder()
    return (numbers + categories) | model


def _logistic(seed: int) -> Any:  # noqa: ARG001
    from river import linear_model, multiclass

    return _linear(multiclass.OneVsRestClassifier(linear_model.LogisticRegression()))


def _least_squares(seed: int) -> Any:  # noqa: ARG001
    from river import linear_model

    return _linear(linear_model.LinearRegression())


LEARNERS: dict[str, Callable[[Stream, int], Any]] = {
    "madaline": Madaline,
    "adaptive random forest": _river(_forest, _regression_forest),
    "leveraging bagging": _river(_bagging, _regression_bagging),
    "streaming random patches": _river(_patches, _regression_patches),
    "Hoeffding adaptive tree": _river(_tree, _regression_tree),
    "aggregated Mondrian forest": _river(_mondrian, _regression_mondrian),
    "logistic": _river(_logistic, _least_squares),
    "no-change": NoChange,
}
"""Every learner; numbers are bagged without leverage, and their linear model has least squares."""
