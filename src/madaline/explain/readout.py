"""What is read off a model: one number a row, and how such numbers are said in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline.data.table import Table
from madaline.data.target import ClassEncoder
from madaline.errors import InputError
from madaline.explain.scale import LOG_ODDS, PROBABILITY, TARGET, LogOdds, Probability
from madaline.model import FittedModel
from madaline.nn.arrays import Array
from madaline.runtime.predictor import Predictor


@dataclass(frozen=True, eq=False)
class Readout:
    """The probability or the log-odds of a class, or the predicted number (final).

    Parameters
    ----------
    predictor : Predictor
        The networks.
    scale : {"probability", "log_odds", "target"}
        In what it is measured.
    place : int
        Number of the class; of a predicted number, zero.
    name : str
        What it is, in words.
    """

    predictor: Predictor
    scale: str
    place: int
    name: str

    def __call__(self, table: Table) -> Array:
        """Return one number for each row, shape (n_samples,), in float64."""
        return self.of_output(self.predictor.output(table))

    def of_output(self, output: Array) -> Array:
        """Return one number for each row of a raw output, shape (n_samples,)."""
        if self.scale == TARGET:
            return self.predictor.decode(output)
        answer = LogOdds() if self.scale == LOG_ODDS else Probability()
        return answer.value(output, _asked(output, self.place))

    def amount(self, difference: float) -> str:
        """Return the size of a difference in words."""
        size = abs(difference)
        if self.scale != PROBABILITY:
            return short(size)
        points = f"{100 * size:.0f}" if size >= 0.095 else f"{100 * size:.2g}"
        return f"{points} {'point' if points == '1' else 'points'}"

    def level(self, value: float) -> str:
        """Return a value in words."""
        return f"{value:.1%}" if self.scale == PROBABILITY else short(value, 4)


def margins(output: Array) -> Array:
    """Return raw outputs as they add up: log-odds of each class, or numbers on the link's scale.

    Parameters
    ----------
    output : ndarray of shape (n_samples, n_outputs)
        Raw outputs.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
        Of two classes the log-odds of the second, of several those of each against all others.

    Examples
    --------
    >>> margins(np.log([[0.2, 0.3, 0.5]])).round(2)
    array([[-1.39, -0.85,  0.  ]])
    """
    if output.shape[1] == 1:
        return output
    places = range(output.shape[1])
    return np.stack([LogOdds().value(output, _asked(output, one)) for one in places], axis=1)


def readouts_of(
    model: FittedModel, target_class: Any = None, scale: str | None = None, *, default: str
) -> list[Readout]:
    """Return what is to be read off a model.

    Parameters
    ----------
    model : FittedModel
        The model.
    target_class : label, optional
        A class; by default the second of two, or each of several.
    scale : {"probability", "log_odds"}, optional
        In what classes are measured.
    default : {"probability", "log_odds"}
        In what, if nothing is said.

    Raises
    ------
    InputError
        If there is no such class or scale.
    """
    target_encoder, target = model.predictor.target_encoder, model.summary.target
    if not isinstance(target_encoder, ClassEncoder):
        if target_class is not None or scale not in (None, TARGET):
            what = f"the scale {scale!r}" if target_class is None else f"the class {target_class!r}"
            raise InputError(
                f"This model predicts a number, {target}, but {what} was asked for: leave it out."
            )
        return [Readout(model.predictor, TARGET, 0, target)]
    if scale not in (None, PROBABILITY, LOG_ODDS):
        raise InputError(f"scale is {scale!r}: choose {PROBABILITY!r} or {LOG_ODDS!r}.")
    scale = scale or default
    word = "probability" if scale == PROBABILITY else "log-odds"
    places = list(range(len(target_encoder.classes)))
    if target_class is not None:
        places = [class_place(target_encoder, target_class)]
    elif len(places) == 2:
        places = [1]
    return [
        Readout(model.predictor, scale, place, f"{word} of {target_encoder.classes[place]}")
        for place in places
    ]


def class_place(target_encoder: ClassEncoder, label: Any) -> int:
    """Return the number of a class; a text that stands for a label will do.

    Raises
    ------
    InputError
        If there is no such class.
    """
    labels = target_encoder.classes.tolist()
    if label in labels:
        return int(labels.index(label))
    texts = [str(one) for one in labels]
    if isinstance(label, str) and texts.count(label) == 1:
        return texts.index(label)
    shown = ", ".join(texts[:8]) + (", ..." if len(texts) > 8 else "")
    raise InputError(f"There is no class {label!r}: choose one of {shown}.")


def _asked(output: Array, place: int) -> Array:
    return np.full(len(output), place)


def as_table(table: Table | Mapping[str, Any]) -> Table:
    """Return a table of columns, or say that there is nothing in it."""
    table = table if isinstance(table, Table) else Table.from_columns(table)
    if table.n_samples == 0:
        raise InputError("The table has no rows: give some, such as those learned from.")
    return table


def spread_rows(table: Table, n_rows: int) -> Table:
    """Return at most so many rows of a table, evenly spread."""
    step = max(1, -(-table.n_samples // n_rows))
    return table if step == 1 else table.take(slice(None, None, step))


def short(number: float, digits: int = 3) -> str:
    """Return a number with a few digits that count.

    Examples
    --------
    >>> short(0.012345), short(3.0), short(206855.4), short(-1234.5, 4)
    ('0.0123', '3', '207,000', '-1,234')
    """
    rounded = float(f"{number:.{digits}g}")
    many = 1000 <= abs(rounded) < 1e15
    return f"{rounded:,.0f}" if many else f"{rounded:.{digits}g}"
