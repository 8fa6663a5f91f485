"""An estimator from a file: it can do all that a fitted one can, without the training rows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from madaline._data.io.recognition import IMAGES_NAME, TEXTS_NAME
from madaline._data.io.tensor_file import MODELS, ONLINE, is_of_kind
from madaline._data.kinds.image import ImageEncoder
from madaline._data.media.signals import SEQUENCE_NAME, SOUND_NAME
from madaline._estimators.classifier import AdaptiveClassifier
from madaline._estimators.online import OnlineClassifier, OnlineRegressor
from madaline._estimators.regressor import AdaptiveRegressor
from madaline._model import FittedModel
from madaline._online.file import kind_of_learner
from madaline._request import FitRequest

if TYPE_CHECKING:
    from madaline._estimators.many_models import ManyModels

_ONLY_COLUMNS = (IMAGES_NAME, TEXTS_NAME, SEQUENCE_NAME, SOUND_NAME)
"""Names of the only column of an `X` that is no table."""


def load(
    path: str | os.PathLike[str],
) -> AdaptiveClassifier | AdaptiveRegressor | OnlineClassifier | OnlineRegressor | ManyModels:
    """Read a fitted estimator from the file that `save`, or ``madaline fit``, wrote.

    It predicts the same bits, and has all methods and attributes of a fitted estimator but those of
    the training rows, which are not in the file. It takes columns by name, in any order; others are
    ignored.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    AdaptiveClassifier or AdaptiveRegressor
        With the arguments of the fit, as far as the file holds them; or the `OnlineClassifier` or
        `OnlineRegressor` of a stream, or the `ManyModels` of `fit_many`.

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
    if is_of_kind(path, ONLINE):
        of_classes = kind_of_learner(path) == "classes"
        return (OnlineClassifier if of_classes else OnlineRegressor).load(path)
    if is_of_kind(path, MODELS):
        from madaline._estimators.many_models import ManyModels

        return ManyModels.load(path)
    return estimator_of(FittedModel.load(path))


def estimator_of(model: FittedModel) -> AdaptiveClassifier | AdaptiveRegressor:
    """Return the fitted estimator of a model, with the arguments of the fit."""
    of_classes = model.summary.task == AdaptiveClassifier._task
    kind = AdaptiveClassifier if of_classes else AdaptiveRegressor
    estimator = kind(**_arguments(model.summary.request))
    estimator._remember(model)
    _set_names(estimator, model)
    return estimator


def _arguments(request: FitRequest) -> dict[str, Any]:
    """Return the arguments of an estimator as far as the file holds them."""
    arguments = request.arguments
    if callable(request.objective.metric):  # of which the file holds the name
        del arguments["metric"]
    return arguments


def _set_names(estimator: Any, model: FittedModel) -> None:
    """Set the number and the names of the columns; arrays, images and texts have no names."""
    names = [column.name for column in model.schema.columns]
    first = model.predictor.encoder.encoders[0]
    estimator.n_features_in_ = len(names)
    if names == [f"x{number}" for number in range(len(names))]:
        return
    if len(names) == 1 and names[0] in _ONLY_COLUMNS:
        if isinstance(first, ImageEncoder):
            estimator.n_features_in_ = int(np.prod(first.shape))
        return
    estimator.feature_names_in_ = np.array(names, dtype=object)
