"""The objective of a fit: loss, metric, quantile and class weights, as the user wants them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from numbers import Real
from typing import Annotated, Any, Self, final

import numpy as np

from madaline._base.codec import Stored
from madaline._base.json_checks import Either, ListOf, Number, Optional, Row, Text
from madaline._base.language import _
from madaline._base.words import metric_name
from madaline._race.evaluation.metrics import (
    CLASS_METRICS,
    NUMBER_METRICS,
    TUNED_METRICS,
    Metric,
    MetricKind,
    cost_metric,
    make_metric,
)
from madaline._tables.target import (
    CLASSIFICATION,
    REGRESSION,
    ClassEncoder,
    CountEncoder,
    JointEncoder,
    RegressionEncoder,
    TargetEncoder,
)
from madaline._tables.target.encoders import LABEL
from madaline._tables.target.joint_encoder import MAX_OUTPUTS
from madaline.errors import InputError
from madaline.nn import losses
from madaline.nn.arrays import Array
from madaline.nn.losses import Loss

BALANCED = "balanced"  # the class weight that gives all classes the same total weight
LOG_LOSS = "log_loss"  # the metric of classes unless another one is wanted
METRICS = (LOG_LOSS, *CLASS_METRICS, *NUMBER_METRICS)  # that have a name
MIN_QUANTILE = 1e-9  # distance of a quantile from 0 and 1
MAX_FACTOR = 1e15  # cost of a mistake and weight of a class; the smallest weight is one by this
LOSSES = ("squared", "absolute", "quantile", "poisson")  # of numbers
_LOSS_WORDS = {
    LOG_LOSS: "log loss",
    "squared": "squared error as a share of the target's variance (about 1-R²)",
    "absolute": "absolute error in standard deviations of the target",
    "quantile": "pinball loss in standard deviations of the target",
    "poisson": "Poisson loss",
}


def check_threshold(threshold: Any) -> None:
    """Raise `InputError` unless a threshold is None or a number between 0 and 1."""
    if threshold is None:
        return
    if not (isinstance(threshold, Real) and 1e-9 < float(threshold) < 1 - 1e-9):
        raise InputError(
            "threshold is {threshold!r}: give a number between 0 and 1.", threshold=threshold
        )


def _check_costs(costs: Any) -> None:
    """Raise `InputError` unless costs are None or those of two classes."""
    if costs is None:
        return
    try:
        matrix = np.asarray(costs, np.float64)
    except (TypeError, ValueError):
        matrix = np.empty(0)
    right = matrix.shape == (2, 2) and (np.abs(matrix) <= MAX_FACTOR).all()
    if not right or matrix[0, 0] >= matrix[0, 1] or matrix[1, 1] >= matrix[1, 0]:
        raise InputError(
            "costs is {costs!r}: give two rows of two numbers, [[0, 1], [5, 0]] for example, by true and by predicted class, where a mistake costs more than a hit.",
            costs=costs,
        )


def check_loss(loss: Any) -> None:
    """Raise `InputError` for an unknown loss."""
    if loss is not None and loss not in LOSSES:
        raise InputError(
            "loss is {loss!r}: choose one of {LOSSES}.", loss=loss, LOSSES=_(", ").join(LOSSES)
        )


def _check_metric(metric: Any) -> None:
    """Raise `InputError` for an unknown metric."""
    if metric is None or callable(metric) or (isinstance(metric, str) and metric in METRICS):
        return
    raise InputError(
        "metric is {metric!r}: choose one of {METRICS}, or give a function of the truth and the predictions.",
        metric=metric,
        METRICS=_(", ").join(METRICS),
    )


def _check_quantile(quantile: Any, loss: str | None, metric: Any) -> None:
    """Raise `InputError` unless a quantile is a share that something uses, or several are."""
    if not isinstance(quantile, Real):
        _check_quantiles(quantile, loss, metric)
        return
    if not MIN_QUANTILE <= float(quantile) <= 1 - MIN_QUANTILE:
        raise InputError(
            "quantile is {quantile!r}: give a number between 0 and 1, at least {MIN_QUANTILE:g} from both.",
            quantile=quantile,
            MIN_QUANTILE=MIN_QUANTILE,
        )
    if quantile != 0.5 and "quantile" not in (loss, metric):
        raise InputError(
            "quantile is {quantile}, but the loss is {loss}: choose the loss quantile to predict that quantile.",
            quantile=quantile,
            loss=loss or "not given",
        )


def _check_class_weight(class_weight: Any) -> None:
    """Raise `InputError` unless class weights are balanced or positive numbers."""
    if class_weight is None or (isinstance(class_weight, str) and class_weight == BALANCED):
        return
    if not isinstance(class_weight, Mapping):
        raise InputError(
            "class_weight is {class_weight!r}: give 'balanced', or a mapping of each class to its weight.",
            class_weight=class_weight,
        )
    for label, weight in class_weight.items():
        low = 1 / MAX_FACTOR
        high = MAX_FACTOR
        if not (isinstance(weight, Real) and low <= float(weight) <= high):
            raise InputError(
                "class_weight of the class {label!r} is {weight!r}: give a number above 0, up to {high:g}, or leave out the rows of that class.",
                label=label,
                weight=weight,
                high=high,
            )


def _check_joint(objective: Any, n_targets: int) -> None:
    """Raise `InputError` if an objective is for one target, and there are several."""
    for name in ("class_weight", "threshold", "costs"):
        if getattr(objective, name) is not None:
            raise InputError(
                "{name} is given, but there are {n_targets} targets: it is for one; leave it out.",
                name=name,
                n_targets=n_targets,
            )
    if len(objective.levels) > 1:
        raise InputError(
            "quantile names {n_levels} levels, but there are {n_targets} targets: give one level, or fit a model for each target.",
            n_levels=len(objective.levels),
            n_targets=n_targets,
        )
    if callable(objective.metric):
        raise InputError(
            "metric is a function, but there are {n_targets} targets: choose a metric by its name, which is averaged over them.",
            n_targets=n_targets,
        )


def _check_quantiles(levels: Any, loss: str | None, metric: Any) -> None:
    """Raise `InputError` unless several quantiles ascend between 0 and 1."""
    try:
        numbers = [float(level) for level in levels]
    except (TypeError, ValueError):
        numbers = []
    ascending = all(low < high for low, high in pairwise(numbers))
    low = MIN_QUANTILE
    high = 1 - MIN_QUANTILE
    if len(numbers) < 2 or not ascending or not low <= numbers[0] <= numbers[-1] <= high:
        raise InputError(
            "quantile is {levels!r}: give a number between 0 and 1, or several in ascending order, such as [0.1, 0.5, 0.9].",
            levels=levels,
        )
    if loss != "quantile" or metric is not None:
        raise InputError(
            "quantile names {n_numbers} levels, but the loss is {loss} and the metric {metric}: choose the loss quantile and no metric.",
            n_numbers=len(numbers),
            loss=loss or "not given",
            metric=metric or "not given",
        )


@final
@dataclass(frozen=True)
class UnknownMetric:
    """A metric that was a function, of which a file holds the name alone."""

    __name__: str

    def __call__(self, *_: Array) -> float:
        """Raise `InputError`: the function is not there."""
        raise InputError(
            "The metric was the function {name}, which the file does not hold: give it again.",
            name=self.__name__,
        )


_WEIGHTS = ListOf(Row((LABEL, Number(0))))
_LEVEL = Number(0, 1 + 1e-9)


@final
@dataclass(frozen=True)
class Objective(Stored):
    """What to minimize, and what to select by; the defaults suit most tables."""

    loss: str | None = None  # of numbers, one of `LOSSES`; the first by default
    # to predict; several in ascending order
    quantile: Annotated[float | Sequence[float], Either(_LEVEL, ListOf(_LEVEL, 2, MAX_OUTPUTS))] = (
        0.5
    )
    # What chooses recipes, epochs and the ensemble instead of the loss: its name, or a function of
    # the truth and of predictions (probabilities of classes), the higher the better.
    metric: Annotated[str | Callable[[Array, Array], float] | None, Optional(Text())] = None
    # Factor of the weights of the rows of each class in training; 1 for those left out.
    class_weight: Annotated[
        str | Mapping[Any, float] | None, Optional(Either(Text(), _WEIGHTS))
    ] = None
    # The second of two classes is predicted where its probability is above. By default tuned for a
    # metric of decisions (`TUNED_METRICS`) or costs, and one half otherwise.
    threshold: Annotated[float | None, Optional(_LEVEL)] = None
    # (2, 2), of a row by true (down) and by predicted class (across)
    costs: Annotated[Any, Optional(ListOf(ListOf(Number(), 2, 2), 2, 2))] = None

    def __post_init__(self) -> None:
        """Check all values that do not depend on a table."""
        check_loss(self.loss)
        _check_metric(self.metric)
        _check_quantile(self.quantile, self.loss, self.metric)
        _check_class_weight(self.class_weight)
        check_threshold(self.threshold)
        _check_costs(self.costs)

    @property
    def task(self) -> str | None:
        """The task that the settings imply, if any."""
        metric = self.metric if isinstance(self.metric, str) else None
        if self.loss is not None or metric in NUMBER_METRICS:
            return REGRESSION
        for_classes = (self.class_weight, self.threshold, self.costs)
        given = any(value is not None for value in for_classes)
        return CLASSIFICATION if given or metric in (LOG_LOSS, *CLASS_METRICS) else None

    def to_json(self) -> dict[str, Any]:
        """Return what differs from the defaults as JSON-able values.

        Class weights are pairs, as labels need not be text; of a function there is the name.
        """
        values: dict[str, Any] = {
            "loss": self.loss,
            "metric": self.metric_name,
            "class_weight": self.class_weight,
            "threshold": None if self.threshold is None else float(self.threshold),
            "costs": None if self.costs is None else np.asarray(self.costs, np.float64).tolist(),
        }
        if self.loss == "quantile" or self.metric == "quantile":
            values["quantile"] = self.levels[0] if len(self.levels) == 1 else list(self.levels)
        if isinstance(self.class_weight, Mapping):
            weights = self.class_weight.items()
            values["class_weight"] = [[_plain(label), float(weight)] for label, weight in weights]
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_json` described."""
        given = dict(values)
        if given.get("metric", LOG_LOSS) not in METRICS:
            given["metric"] = UnknownMetric(given["metric"])
        if isinstance(given.get("class_weight"), list):
            given["class_weight"] = dict(map(tuple, given["class_weight"]))
        if isinstance(given.get("quantile"), list):
            given["quantile"] = tuple(given["quantile"])
        return cls(**given)

    @property
    def metric_name(self) -> str | None:
        """The name of the metric that chooses; None where the loss does."""
        if self.metric is None or isinstance(self.metric, str):
            return self.metric
        return getattr(self.metric, "__name__", str(self.metric))

    def validation_words(self, task: str) -> str:
        """Return what chooses recipes and epochs, in words."""
        usual = LOG_LOSS if task == CLASSIFICATION else self.loss or "squared"
        if self.metric_name in (None, LOG_LOSS, usual):
            return _(_LOSS_WORDS[usual])
        kind = (CLASS_METRICS | NUMBER_METRICS).get(str(self.metric_name))
        name = str(self.metric_name) if kind is None else metric_name(kind.name)
        return _("how far {name} is from perfect").format(name=name)

    @property
    def levels(self) -> tuple[float, ...]:
        """The levels of the quantiles: one, or several."""
        quantile: Any = self.quantile
        return tuple(map(float, (quantile,) if isinstance(quantile, Real) else quantile))

    def check_task(self, task: str, *, n_targets: int = 1) -> None:
        """Raise `InputError` if a setting does not suit the task, or the number of targets."""
        if n_targets > 1:
            _check_joint(self, n_targets)
        if self.loss is not None and task != REGRESSION:
            raise InputError(
                "The loss {loss!r} is for numbers, but the target holds classes: leave it out, or choose regression.",
                loss=self.loss,
            )
        known = (LOG_LOSS, *CLASS_METRICS) if task == CLASSIFICATION else tuple(NUMBER_METRICS)
        if isinstance(self.metric, str) and self.metric not in known:
            what = "classes" if task == CLASSIFICATION else "numbers"
            raise InputError(
                "The metric {metric!r} is not for {what}: choose one of {known}.",
                metric=self.metric,
                what=what,
                known=_(", ").join(known),
            )
        if self.class_weight is not None and task != CLASSIFICATION:
            raise InputError(
                "class_weight is given, but the target holds numbers: leave it out, or"
                " choose classification."
            )

        if task != CLASSIFICATION and not (self.threshold is None and self.costs is None):
            raise InputError(
                "A threshold or costs are given, but the target holds numbers: leave them out, or"
                " choose classification."
            )

    def fit_target_encoder(
        self,
        task: str,
        target: Array,
        weight: Array | None,
        *,
        names: Sequence[str] = ("target",),
        classes: Array | None = None,  # of a target of probabilities
    ) -> TargetEncoder:
        """Return a target encoder, fitted on the target, or on several of these names."""
        if classes is not None:
            return self._with_threshold(ClassEncoder(classes))
        if target.ndim == 2:
            return JointEncoder.fit(names, target, lambda own: self._fit_single(task, own, weight))
        encoder = self._fit_single(task, target, weight)
        if len(self.levels) == 1 or self.loss != "quantile":
            return encoder
        return JointEncoder(tuple(map(str, self.levels)), (encoder,) * len(self.levels))

    def _fit_single(self, task: str, target: Array, weight: Array | None) -> TargetEncoder:
        match task:
            case "classification":
                return self._with_threshold(ClassEncoder.fit(target, weight))
            case "regression" if self.loss == "poisson":
                return CountEncoder.fit(target, weight)
            case "regression":
                return RegressionEncoder.fit(target, weight)
            case _:
                raise InputError(
                    "task is {task!r}: give 'classification' or 'regression'.", task=task
                )

    @property
    def decision_metric(self) -> MetricKind | None:
        """What the threshold is tuned for."""
        if self.threshold is not None:
            return None
        if self.costs is not None:
            return cost_metric(self.costs)
        return CLASS_METRICS[self.metric] if self.metric in TUNED_METRICS else None

    def _with_threshold(self, encoder: ClassEncoder) -> ClassEncoder:
        if self.threshold is None and self.costs is None:
            return encoder
        if len(encoder.classes) != 2:
            raise InputError(
                "A threshold or costs are given, but there are {n_classes} classes: they are for two.",
                n_classes=len(encoder.classes),
            )
        return encoder if self.threshold is None else replace(encoder, threshold=self.threshold)

    def network_loss(self, target_encoder: TargetEncoder) -> Loss:
        """Return the loss that the networks minimize."""
        if isinstance(target_encoder, ClassEncoder):
            binary = len(target_encoder.classes) == 2
            return losses.BinaryCrossEntropy() if binary else losses.CrossEntropy()
        if isinstance(target_encoder, JointEncoder) and target_encoder.of_classes:
            return losses.BinaryCrossEntropy()
        match self.loss:
            case "quantile" if len(self.levels) > 1:
                return losses.Quantiles(self.levels)
            case "quantile":
                return losses.Quantile(self.levels[0])
            case "absolute":
                return losses.Absolute()
            case "poisson":
                return losses.Poisson()
        return losses.Squared()

    def make_metric(
        self,
        target_encoder: TargetEncoder,
        target: Array,  # (n_samples,), labels or numbers; the rows to evaluate come first
        weight: Array | None,  # (n_samples,)
        *,
        n_evaluated: int,
    ) -> Metric | None:
        """Return the metric to select by; None if it is the loss."""
        if self.metric is None or self.metric in (LOG_LOSS, self.loss or "squared"):
            return None
        return make_metric(
            self.metric,
            target_encoder,
            self.network_loss(target_encoder),
            target,
            weight,
            quantile=self.levels[0],
            n_evaluated=n_evaluated,
        )

    def row_weight(self, classes: Array, codes: Array, weight: Array | None) -> Array | None:
        """Return the weight of each row in training: its own times that of its class."""
        if self.class_weight is None:
            return weight
        of_class = class_weights(self.class_weight, classes, codes, weight)
        return of_class[codes] if weight is None else of_class[codes] * weight

    def weigh_probabilities(
        self, classes: Array, probabilities: Array, weight: Array | None
    ) -> tuple[Array, Array | None]:
        """Return probabilities and weights of rows, whose log loss counts classes by their weights.

        ``sum(w[k] * t[k] * -log p[k])`` is the loss of the probabilities ``w[k] * t[k]`` over their
        sum, times this sum.
        """
        if self.class_weight is None:
            return probabilities, weight
        parts = probabilities if weight is None else probabilities * weight[:, None]
        codes = np.tile(np.arange(len(classes)), len(parts))
        parts = parts * class_weights(self.class_weight, classes, codes, parts.ravel())
        totals = parts.sum(axis=1)
        return parts / totals[:, None], totals


def _plain(label: Any) -> Any:
    """Return a label as JSON holds it: dates and the like as text."""
    label = label.item() if isinstance(label, np.generic) else label
    return label if isinstance(label, str | bool | int | float) else str(label)


def class_weights(
    class_weight: str | Mapping[Any, float],
    classes: Array,  # (n_classes,), the labels
    codes: Array,  # (n_samples,) ints, index of each row's class
    weight: Array | None = None,  # (n_samples,)
) -> Array:
    """Return the weight of each class, like scikit-learn's `compute_class_weight`.

    A balanced class has the weight ``total / (n_classes * total of the class)``.
    """
    if isinstance(class_weight, str):
        totals = np.bincount(codes, weight, minlength=len(classes))
        return np.asarray(totals.sum() / (len(classes) * totals))
    labels = classes.tolist()
    unknown = [label for label in class_weight if label not in labels]
    if unknown and any(label not in class_weight for label in labels):
        raise InputError(
            "class_weight names the class {unknown!r}, which no row has: the classes are {classes}.",
            unknown=unknown[0],
            classes=_(", ").join(map(repr, labels[:8])),
        )
    return np.array([float(class_weight.get(label, 1.0)) for label in labels])
