"""The estimator of a fitted model, with the arguments of the fit."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline._apps.estimators.classifier import AdaptiveClassifier
from madaline._apps.estimators.regressor import AdaptiveRegressor
from madaline._models.model import FittedModel
from madaline._models.request import FitRequest
from madaline._tables.io.recognition import IMAGES_NAME, TEXTS_NAME
from madaline._tables.kinds.image import ImageEncoder
from madaline._tables.media.signals import SEQUENCE_NAME, SOUND_NAME

_ONLY_COLUMNS = (IMAGES_NAME, TEXTS_NAME, SEQUENCE_NAME, SOUND_NAME)
"""Names of the only column of an `X` that is no table."""


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
