"""What a fitted model has learned, how good it is, and what a monitor of it saw."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline._base.language import _
from madaline._base.words import metric_name
from madaline._models.model import FittedModel
from madaline._models.watching.monitor import Monitor
from madaline._race.evaluation.quality import JointQuality
from madaline._race.evaluation.quality.classification import ClassificationQuality
from madaline._race.evaluation.quality.regression import RegressionQuality
from madaline._tell.plots.drawing import axes_or_new, draw
from madaline.errors import InputError
from madaline.records._results.curves import learning_figure
from madaline.records._results.figure import Figure
from madaline.records.history import Epochs


def plot_history(model: Any, ax: Any = None) -> Any:
    """Draw the learning curves; recipes that predict in the end have a color and a name.

    Parameters
    ----------
    model : estimator, FittedModel or NeuralNetwork
        Fitted, or trained: of a single network, its loss and where it was changed.
    ax : matplotlib axes, optional
        Where to draw; new ones by default.
    """
    epochs = getattr(model, "history_", None)
    if isinstance(epochs, Epochs):  # of a single network
        if not epochs:
            raise InputError("The network is not trained yet: call its train first.")
        return _draw_losses(epochs.figure(), ax)
    model = _fitted(model)
    members = [(member.recipe_id, member.weight) for member in model.summary.members]
    return _draw_losses(learning_figure(model.history, members), ax)


def plot_importances(model: Any, ax: Any = None, *, most: int = 15) -> Any:
    """Draw how much each column matters, with two standard errors to each side.

    Parameters
    ----------
    model : estimator or FittedModel
        Fitted.
    ax : matplotlib axes, optional
        Where to draw; new ones by default.
    most : int, default=15
        Columns, at most; the most important is on top.
    """
    shown = _fitted(model).summary.importances[:most][::-1]
    ax = axes_or_new(ax)
    values = [importance.value for importance in shown]
    errors = [2 * importance.standard_error for importance in shown]
    colors = ["C0" if importance.clear else "0.7" for importance in shown]
    ax.barh([importance.name for importance in shown], values, xerr=errors, color=colors)
    if shown:
        ax.set(xlabel=_("{metric} gets worse by").format(metric=metric_name(shown[0].metric)))
    ax.set(title="Importance of the columns")
    return ax


def plot_confusion(model: Any, ax: Any = None) -> Any:
    """Draw the confusion matrix: rows as numbers, shares of each true class as colors.

    Parameters
    ----------
    model : estimator, FittedModel or ClassificationQuality
        Fitted to classes; every row is evaluated by networks that were not trained on it: those
        of one fold, so that scores, which include what all folds gain together, differ a little.
    ax : matplotlib axes, optional
        Where to draw; new ones by default.
    """
    quality = _class_quality(model)
    ax = axes_or_new(ax)
    shares = quality.shares
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    indices = range(len(quality.classes))
    ax.set(title="Confusion matrix", xlabel="predicted", ylabel="true")
    ax.set_xticks(indices, quality.classes)
    ax.set_yticks(indices, quality.classes)
    for (true, predicted), number in np.ndenumerate(quality.matrix):
        if number:
            color = "white" if shares[true, predicted] > 0.6 else "black"
            ax.text(predicted, true, f"{number:.0f}", ha="center", va="center", color=color)
    return ax


def plot_roc(model: Any, ax: Any = None) -> Any:
    """Draw the ROC curves, of several classes those hardest to distinguish; as `plot_confusion`."""
    return draw(_class_quality(model).roc_figure(), ax)


def plot_precision(model: Any, ax: Any = None) -> Any:
    """Draw precision against recall, of the same classes as `plot_roc`; as `plot_confusion`."""
    return draw(_class_quality(model).precision_figure(), ax)


def plot_calibration(model: Any, ax: Any = None) -> Any:
    """Draw predicted probabilities against how often they came true; as `plot_confusion`."""
    return draw(_class_quality(model).calibration_figure(), ax)


def plot_truth(model: Any, ax: Any = None) -> Any:
    """Draw how often which true number goes with which prediction.

    Parameters
    ----------
    model : estimator, FittedModel or RegressionQuality
        Fitted to numbers; every row is evaluated by networks that were not trained on it.
    ax : matplotlib axes, optional
        Where to draw; new ones by default.
    """
    quality, target = _number_quality(model)
    return draw(quality.truth_figure(target), ax)


def plot_errors(model: Any, ax: Any = None) -> Any:
    """Draw median and spread of the errors of small and large predictions; as `plot_truth`."""
    quality, target = _number_quality(model)
    return draw(quality.spread_figure(target), ax)


def plot_over_time(model: Any, ax: Any = None) -> Any:
    """Draw the metric of each stretch of time, beside the baseline, and what is promised next.

    Parameters
    ----------
    model : estimator or FittedModel
        Fitted to rows in the order of time; each stretch is predicted from earlier rows alone.
    ax : matplotlib axes, optional
        Where to draw; new ones by default.

    Raises
    ------
    InputError
        If rows were dealt to folds at random.
    """
    summary = _fitted(model).summary
    if summary.forward is None:
        raise InputError(
            "The rows of this fit have no time: give fit the column of times, such as time='date'."
        )
    return draw(summary.forward.figure(summary.promised), ax)


def _draw_losses(figure: Figure, ax: Any) -> Any:
    ax = draw(figure, ax)
    ax.set_ylim(top=figure.y.high)  # what diverges is cut off
    return ax


def _fitted(model: Any) -> FittedModel:
    """Return the fitted model of an estimator, or the model itself."""
    fitted = getattr(model, "model_", model)
    if not isinstance(fitted, FittedModel):
        raise InputError(
            "{name} holds no fitted model: fit it first, or load one with madaline.load.",
            name=type(model).__name__,
        )
    return fitted


def _class_quality(model: Any) -> ClassificationQuality:
    quality = _quality(model)
    if not isinstance(quality, ClassificationQuality):
        raise InputError(
            "This plot is of classes, but the model predicts numbers: plot_truth does."
        )
    return quality


def _number_quality(model: Any) -> tuple[RegressionQuality, str]:
    """Return how good a model's numbers are, and what it predicts."""
    quality = _quality(model)
    if not isinstance(quality, RegressionQuality):
        raise InputError("This plot is of numbers, but the model predicts classes: plot_roc does.")
    return quality, "value" if model is quality else _fitted(model).summary.target


def _quality(model: Any) -> ClassificationQuality | RegressionQuality:
    if isinstance(model, ClassificationQuality | RegressionQuality):
        return model
    fitted = _fitted(model)
    if fitted.quality is None:
        raise InputError(
            "The model was fitted by madaline {version}, which did not keep this: fit it again.",
            version=fitted.version,
        )
    if isinstance(fitted.quality, JointQuality):
        raise InputError(
            "The model predicts {n_names} outputs: plot one of them, such as model.quality_[{names!r}].",
            n_names=len(fitted.quality.names),
            names=fitted.quality.names[0],
        )
    return fitted.quality


def plot_watch(monitor: Any, ax: Any = None) -> Any:
    """Draw the mean loss over time, with dashed lines since when something changed.

    Parameters
    ----------
    monitor : Monitor
        What ``model.watch()`` returned.
    ax : matplotlib axes, optional
        Where to draw; new ones by default.
    """
    if not isinstance(monitor, Monitor):
        raise InputError(
            "{name} is no monitor: give what model.watch() returns.", name=type(monitor).__name__
        )
    return draw(monitor.figure(), ax)


def plot_comparison(comparison: Any, ax: Any = None) -> Any:
    """Draw how far losses are above the lowest one, and beside them the seconds of a fit.

    Parameters
    ----------
    comparison : Comparison
        What ``madaline.compare(X, y)`` returned.
    ax : pair of matplotlib axes, optional
        Where to draw; new ones by default.

    Returns
    -------
    axes : pair
        With the drawings: losses with 2 standard errors of the difference each way, and seconds.
    """
    figures = comparison.figures()
    return tuple(map(draw, figures, axes_or_new(ax, len(figures))))
