"""Where a plot goes, and what is plotted: given axes or new ones, the model in an estimator."""

from __future__ import annotations

from typing import Any

from madaline.errors import InputError
from madaline.evaluation.quality.of_classes import ClassQuality
from madaline.evaluation.quality.of_numbers import NumberQuality
from madaline.extras import load_extra
from madaline.model import FittedModel


def axes_or_new(axes: Any, n_columns: int = 1) -> Any:
    """Return the axes, or those of a new figure if there are none; as many as there are columns.

    Raises
    ------
    InputError
        If matplotlib is not installed.
    """
    if axes is not None:
        return axes
    pyplot = load_extra("matplotlib.pyplot", extra="plot", purpose="A plot")
    return pyplot.subplots(1, n_columns, layout="constrained")[1]


def fitted(model: Any) -> FittedModel:
    """Return the fitted model of an estimator, or the model itself.

    Raises
    ------
    InputError
        If it is neither, or not fitted yet.
    """
    found = getattr(model, "model_", model)
    if not isinstance(found, FittedModel):
        raise InputError(
            f"{type(model).__name__} holds no fitted model: fit it first, or load one with"
            " madaline.load."
        )
    return found


def class_quality(model: Any) -> ClassQuality:
    """Return how good a model's classes are; `InputError` if it has none or predicts numbers."""
    quality = _quality(model)
    if not isinstance(quality, ClassQuality):
        raise InputError(
            "This plot is of classes, but the model predicts numbers: plot_truth does."
        )
    return quality


def number_quality(model: Any) -> NumberQuality:
    """Return how good a model's numbers are; `InputError` if it has none or predicts classes."""
    quality = _quality(model)
    if not isinstance(quality, NumberQuality):
        raise InputError("This plot is of numbers, but the model predicts classes: plot_roc does.")
    return quality


def _quality(model: Any) -> ClassQuality | NumberQuality:
    if isinstance(model, ClassQuality | NumberQuality):
        return model
    found = fitted(model)
    if found.quality is None:
        raise InputError(
            f"The model was fitted by madaline {found.version}, which did not keep this: fit it"
            " again."
        )
    return found.quality
