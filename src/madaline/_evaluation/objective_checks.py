"""The checks of an objective's values: each error names the value and the remedy."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from numbers import Real
from typing import Any

import numpy as np

from madaline._evaluation.metrics import CLASS_METRICS, NUMBER_METRICS
from madaline.errors import InputError

BALANCED = "balanced"
"""The class weight that gives all classes the same total weight."""

LOG_LOSS = "log_loss"
"""The metric of classes unless another one is wanted."""

LEAST_QUANTILE = 1e-9
"""Distance of a quantile from 0 and 1, at least."""

LARGEST_FACTOR = 1e15
"""Largest cost of a mistake and weight of a class; the smallest weight is one by this."""

LOSSES = ("squared", "absolute", "quantile", "poisson")
"""Losses for numbers."""


def check_threshold(threshold: Any) -> None:
    """Raise `InputError` unless a threshold is None or a number between 0 and 1."""
    if threshold is None:
        return
    if not (isinstance(threshold, Real) and 1e-9 < float(threshold) < 1 - 1e-9):
        raise InputError(f"threshold is {threshold!r}: give a number between 0 and 1.")


def check_costs(costs: Any) -> None:
    """Raise `InputError` unless costs are None or those of two classes."""
    if costs is None:
        return
    try:
        matrix = np.asarray(costs, np.float64)
    except (TypeError, ValueError):
        matrix = np.empty(0)
    right = matrix.shape == (2, 2) and (np.abs(matrix) <= LARGEST_FACTOR).all()
    if not right or matrix[0, 0] >= matrix[0, 1] or matrix[1, 1] >= matrix[1, 0]:
        raise InputError(
            f"costs is {costs!r}: give two rows of two numbers, [[0, 1], [5, 0]] for example, by"
            " true and by predicted class, where a mistake costs more than a hit."
        )


def check_loss(loss: Any) -> None:
    """Raise `InputError` for an unknown loss."""
    if loss is not None and loss not in LOSSES:
        raise InputError(f"loss is {loss!r}: choose one of {', '.join(LOSSES)}.")


def check_metric(metric: Any) -> None:
    """Raise `InputError` for an unknown metric."""
    known = (LOG_LOSS, *CLASS_METRICS, *NUMBER_METRICS)
    if metric is None or callable(metric) or (isinstance(metric, str) and metric in known):
        return
    raise InputError(
        f"metric is {metric!r}: choose one of {', '.join(known)}, or give a function of the truth"
        " and the predictions."
    )


def check_quantile(quantile: Any, loss: str | None, metric: Any) -> None:
    """Raise `InputError` unless a quantile is a share that something uses, or several are."""
    if not isinstance(quantile, Real):
        _check_quantiles(quantile, loss, metric)
        return
    if not LEAST_QUANTILE <= float(quantile) <= 1 - LEAST_QUANTILE:
        raise InputError(
            f"quantile is {quantile!r}: give a number between 0 and 1, at least {LEAST_QUANTILE:g}"
            " from both."
        )
    if quantile != 0.5 and "quantile" not in (loss, metric):
        raise InputError(
            f"quantile is {quantile}, but the loss is {loss or 'not given'}: choose the loss"
            " quantile to predict that quantile."
        )


def check_class_weight(class_weight: Any) -> None:
    """Raise `InputError` unless class weights are balanced or positive numbers."""
    if class_weight is None or (isinstance(class_weight, str) and class_weight == BALANCED):
        return
    if not isinstance(class_weight, Mapping):
        raise InputError(
            f"class_weight is {class_weight!r}: give 'balanced', or a mapping of each class to its"
            " weight."
        )
    for label, weight in class_weight.items():
        low, high = 1 / LARGEST_FACTOR, LARGEST_FACTOR
        if not (isinstance(weight, Real) and low <= float(weight) <= high):
            raise InputError(
                f"class_weight of the class {label!r} is {weight!r}: give a number above 0, up to"
                f" {high:g}, or leave out the rows of that class."
            )


def check_joint(objective: Any, n_targets: int) -> None:
    """Raise `InputError` if an objective is for one target, and there are several."""
    for name in ("class_weight", "threshold", "costs"):
        if getattr(objective, name) is not None:
            raise InputError(
                f"{name} is given, but there are {n_targets} targets: it is for one; leave it out."
            )
    if len(objective.levels) > 1:
        raise InputError(
            f"quantile names {len(objective.levels)} levels, but there are {n_targets} targets:"
            " give one level, or fit a model for each target."
        )
    if callable(objective.metric):
        raise InputError(
            f"metric is a function, but there are {n_targets} targets: choose a metric by its name,"
            " which is averaged over them."
        )


def _check_quantiles(levels: Any, loss: str | None, metric: Any) -> None:
    """Raise `InputError` unless several quantiles ascend between 0 and 1."""
    try:
        numbers = [float(level) for level in levels]
    except (TypeError, ValueError):
        numbers = []
    ascending = all(low < high for low, high in pairwise(numbers))
    low, high = LEAST_QUANTILE, 1 - LEAST_QUANTILE
    if len(numbers) < 2 or not ascending or not low <= numbers[0] <= numbers[-1] <= high:
        raise InputError(
            f"quantile is {levels!r}: give a number between 0 and 1, or several in ascending order,"
            " such as [0.1, 0.5, 0.9]."
        )
    if loss != "quantile" or metric is not None:
        raise InputError(
            f"quantile names {len(numbers)} levels, but the loss is {loss or 'not given'} and the"
            f" metric {metric or 'not given'}: choose the loss quantile and no metric."
        )
