"""An estimator from a file: it can do all that a fitted one can, without the training rows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from madaline._data.io.rows import IMAGES_NAME, TEXTS_NAME
from madaline._data.io.tensor_file import ONLINE, is_of_kind
from madaline._data.kinds.image import ImageEncoder
from madaline._data.media.signals import SEQUENCE_NAME, SOUND_NAME
from madaline._evaluation.metrics import CLASS_METRICS, NUMBER_METRICS
from madaline._evaluation.objective import LOG_LOSS
from madaline._model import FittedModel

if TYPE_CHECKING:
    from madaline._estimators.classifier import AdaptiveClassifier
    from madaline._estimators.online import OnlineClassifier, OnlineRegressor
    from madaline._estimators.regressor import AdaptiveRegressor

OF_TRAINING_ROWS = {
    "background_": "give rows to compare with, explain(X, background=rows)",
    "oof_proba_": "predict_proba(X) predicts rows that you give",
    "oof_prediction_": "predict(X) predicts rows that you give",
    "label_quality_": "fit again to look for wrong labels",
    "label_suspects_": "fit again to look for wrong labels",
}
"""Attributes that a file does not hold, and what to do instead."""

ONLY_COLUMNS = (IMAGES_NAME, TEXTS_NAME, SEQUENCE_NAME, SOUND_NAME)
"""Names of the only column of an `X` that is no table."""


def load(
    path: str | os.PathLike[str],
) -> AdaptiveClassifier | AdaptiveRegressor | OnlineClassifier | OnlineRegressor:
    """Read a fitted estimator from the file that `save`, or ``madaline fit``, wrote.

    It predicts the same bits, and has all methods and attributes of a fitted estimator but those of
    the training rows, which are not in the file. It takes columns by name, in any order; others are
    ignored.

    Parameters
    ----------
    path : path
        The file. Files of older versions are read, too.

    Returns
    -------
    AdaptiveClassifier or AdaptiveRegressor
        With the arguments of the fit, as far as the file holds them; or the `OnlineClassifier` or
        `OnlineRegressor` of a stream.

    Raises
    ------
    ModelFileError
        If there is no such file, it is not a model, it is damaged, or from a newer version.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_iris
    >>> from madaline import AdaptiveClassifier, load
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> with TemporaryDirectory() as folder:
    ...     AdaptiveClassifier(effort=10, random_state=0).fit(X, y).save(f"{folder}/iris.madaline")
    ...     model = load(f"{folder}/iris.madaline")
    >>> model
    AdaptiveClassifier(effort=10, random_state=0)
    >>> model.score(X, y) > 0.9, model.classes_
    (True, array([0, 1, 2]))
    >>> flower = {"sepal length (cm)": 5.1, "sepal width (cm)": 3.5}
    >>> model.predict(flower | {"petal length (cm)": 1.4, "petal width (cm)": 0.2})
    array([0])
    """
    from madaline._estimators.classifier import AdaptiveClassifier
    from madaline._estimators.regressor import AdaptiveRegressor

    if is_of_kind(path, ONLINE):
        return load_online(path)
    model = FittedModel.load(path)
    of_classes = model.summary.task == AdaptiveClassifier._task
    kind = AdaptiveClassifier if of_classes else AdaptiveRegressor
    estimator = kind(**_arguments(kind, model.summary.settings))
    estimator._remember(model)
    _set_names(estimator, model)
    return estimator


def load_online(path: str | os.PathLike[str]) -> OnlineClassifier | OnlineRegressor:
    """Read a learner of streams, whichever it is."""
    from madaline._estimators.online import OnlineClassifier, OnlineRegressor
    from madaline._online.file import kind_of_learner

    return (OnlineClassifier if kind_of_learner(path) == "classes" else OnlineRegressor).load(path)


def is_from_file(estimator: Any) -> bool:
    """Return whether a fitted estimator was loaded: it has none of its training rows."""
    return "background_" not in vars(estimator)


class FromFile:
    """Abstract base of the estimators: says what a loaded one lacks."""

    def __getattr__(self, name: str) -> Any:
        """Raise `AttributeError`, of a loaded estimator with what to do instead."""
        if name in OF_TRAINING_ROWS and "model_" in vars(self) and is_from_file(self):
            raise AttributeError(
                f"{name} is about the training rows, which a model file does not hold:"
                f" {OF_TRAINING_ROWS[name]}, or keep the fitted estimator with joblib.dump."
            )
        if name in OF_TRAINING_ROWS and "model_" in vars(self) and self.model_.updates:
            raise AttributeError(
                f"{name} is about the rows of the fit, and the model was updated since:"
                f" {OF_TRAINING_ROWS[name]}."
            )
        return object.__getattribute__(self, name)  # raises again what a property raised


def _arguments(kind: type, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of an estimator as far as the file holds them."""
    known = {name: value for name, value in settings.items() if value is not None}
    names = set(kind._get_param_names())  # type: ignore[attr-defined]
    found = {name: value for name, value in known.items() if name in names}
    if "seed" in known:
        found["random_state"] = known["seed"]
    if not found.get("kinds"):
        found.pop("kinds", None)
    if found.get("metric") not in {LOG_LOSS, *CLASS_METRICS, *NUMBER_METRICS}:
        found.pop("metric", None)  # a function, of which the file holds the name
    if isinstance(found.get("class_weight"), list):
        found["class_weight"] = dict(map(tuple, found["class_weight"]))
    return found


def _set_names(estimator: Any, model: FittedModel) -> None:
    """Set the number and the names of the columns; arrays, images and texts have no names."""
    names = [column.name for column in model.schema.columns]
    first = model.predictor.encoder.encoders[0]
    estimator.n_features_in_ = len(names)
    if names == [f"x{number}" for number in range(len(names))]:
        return
    if len(names) == 1 and names[0] in ONLY_COLUMNS:
        if isinstance(first, ImageEncoder):
            estimator.n_features_in_ = int(np.prod(first.shape))
        return
    estimator.feature_names_in_ = np.array(names, dtype=object)
