"""What `madaline fit` is to make small, as it was typed."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any

from madaline.errors import InputError
from madaline.evaluation.metrics import CLASS_METRICS, NUMBER_METRICS
from madaline.evaluation.objective import BALANCED, LOG_LOSS, LOSSES, Objective
from madaline.evaluation.table_score import label_text
from madaline.nn.arrays import Array


def add_objective_arguments(parser: ArgumentParser) -> None:
    """Tell the parser what can be wanted of the networks."""
    goal = parser.add_argument_group("goal")
    goal.add_argument(
        "--loss",
        choices=LOSSES,
        help="for numbers: predict the mean, the median, a quantile, or the mean of counts",
    )
    goal.add_argument(
        "--quantile",
        metavar="SHARE",
        type=float,
        default=0.5,
        help="which one, with --loss quantile (default: %(default)s)",
    )
    goal.add_argument(
        "--metric",
        choices=(LOG_LOSS, *CLASS_METRICS, *NUMBER_METRICS),
        metavar="METRIC",
        help="what chooses recipes and stopping points instead of the loss: for classes"
        f" {', '.join(CLASS_METRICS)}; for numbers {', '.join(NUMBER_METRICS)}",
    )
    goal.add_argument(
        "--class-weight",
        metavar="WEIGHT",
        nargs="+",
        help="'balanced' lets all classes count the same in training; or several CLASS=WEIGHT",
    )


def read_objective(arguments: Namespace, target: Array) -> Objective:
    """Return what is to be made small.

    Parameters
    ----------
    arguments : Namespace
        Of `madaline fit`.
    target : ndarray of shape (n_samples,)
        The labels that class weights may name.

    Raises
    ------
    InputError
        If something cannot be wanted.
    """
    return Objective(
        loss=arguments.loss,
        quantile=arguments.quantile,
        metric=arguments.metric,
        class_weight=_class_weight(arguments.class_weight, target),
    )


def _class_weight(words: Sequence[str] | None, target: Array) -> str | dict[Any, float] | None:
    if words is None:
        return None
    if list(words) == [BALANCED]:
        return BALANCED
    labels = {label_text(label): label for label in dict.fromkeys(target.tolist())}
    weights = {}
    for word in words:
        name, _, number = word.rpartition("=")
        try:
            weights[labels.get(name, name)] = float(number if name else "")
        except ValueError:
            raise InputError(
                f"--class-weight names {word}: say balanced, or CLASS=WEIGHT such as"
                f" {next(iter(labels), 'yes')}=2."
            ) from None
    return weights
