"""The values that a counterfactual may choose for a column, and the distance between two of them.

The distance has no unit: a number's difference in interquartile ranges, and one for a category. A
number that mostly has one value, such as a capital gain, has no interquartile range: a change
counts one, as for a category, plus its difference in halves of the whole range.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from madaline._models.model import FittedModel
from madaline._tables.column import MOMENT
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import DATETIME, ColumnEncoder, ColumnSchema
from madaline.nn.arrays import Array

_MAX_NUMBERS = 16  # values of a number tried at first; the best are then refined
_MAX_LEVELS = 64  # of a category that are tried, the most frequent
_DAY = 86_400.0
_MIN_STEP = 1e-300  # of a number; floats have no digits below it
_MAX_STEPS = 1e9  # that are counted


_PROTECTED = frozenset(
    {
        *("age", "birth", "birthdate", "birthday", "black", "born", "disability", "dob"),
        *("ethnic", "ethnicity", "gender", "hispanic", "nationality", "race", "religion"),
        *("sex", "white"),
    }
)
"""Words in the names of columns that nobody should be asked to change."""


def is_fixed(column: ColumnSchema) -> bool:
    """Return whether a column only changes where that is asked for: a date, or who somebody is.

    >>> from madaline._tables.kinds.kind import NUMBER
    >>> names = ("ageAtEntry", "is_black", "mileage", "blackberries")
    >>> [is_fixed(ColumnSchema(name, NUMBER, 0, 9, "")) for name in names]
    [True, True, False, False]
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column.name).lower()
    return column.kind == DATETIME or not _PROTECTED.isdisjoint(re.findall(r"[a-z]+", apart))


class Choices(ABC):
    """The values that a column may be changed to."""

    name: str  # the column

    @abstractmethod
    def others(self, value: Any) -> list[Any]:
        """Return the values to try instead of a value."""

    @abstractmethod
    def distance(self, before: Any, after: Any) -> float:
        """Return the size of a change, without a unit."""

    def read(self, value: Any) -> Any:
        """Return a value of the column as the search compares it, None if missing."""
        return value

    def write(self, value: Any) -> Any:
        """Return such a value as the column holds it."""
        return value

    def between(self, before: Any, after: Any, n_values: int) -> list[Any]:
        """Return about so many values from one to another, which is the last."""
        del before, n_values  # there is nothing between levels
        return [after]


@final
@dataclass(frozen=True)
class _LevelChoices(Choices):
    """Levels of a category, or true and false."""

    name: str  # the column
    levels: tuple[Any, ...]  # the levels

    def others(self, value: Any) -> list[Any]:
        """Return all other levels."""
        return [level for level in self.levels if level != value]

    def distance(self, before: Any, after: Any) -> float:
        """Return one, or zero for no change."""
        return float(before != after)


@final
@dataclass(frozen=True)
class _NumberChoices(Choices):
    """Numbers, or moments in seconds since 1970, within the range of training.

    >>> ages = _NumberChoices("age", (17.0, 25.0, 90.0), 20.0, 0.0, 1.0)
    >>> ages.others(25.0), ages.distance(25.0, 30.0), ages.between(25.0, 28.0, 62)
    ([17.0, 90.0], 0.25, [26.0, 27.0, 28.0])
    """

    name: str  # the column
    tried: tuple[float, ...]  # values to try at first, in ascending order
    spread: float  # the interquartile range; half the range where it is zero
    minimum: float  # smallest distance of a change: 1 where the interquartile range is zero
    step: float  # numbers are multiples of it: 1 in a column of whole numbers
    moments: bool = False  # whether the numbers stand for moments

    def read(self, value: Any) -> Any:
        """Return a number, or the seconds of a moment; None if missing."""
        if self.moments:
            seconds = float(value.astype(MOMENT).astype(np.int64)) / 1e6
            return None if np.isnat(value) else seconds
        return None if np.isnan(value) else float(value)

    def write(self, value: Any) -> Any:
        """Return the number, or the moment."""
        if self.moments and value is not None:
            return np.datetime64(round(value * 1e6), "us")
        return value

    def others(self, value: Any) -> list[Any]:
        """Return the values to try first."""
        return [number for number in self.tried if number != value]

    def distance(self, before: Any, after: Any) -> float:
        """Return the difference in interquartile ranges; one for a missing value."""
        if before is None or before == after:
            return float(before is None)
        return float(self.minimum + abs(after - before) / self.spread)

    def between(self, before: Any, after: Any, n_values: int) -> list[Any]:
        """Return multiples of the step, or of several steps if there are too many."""
        if before is None:
            return [after]
        n_steps = int(min(abs(after - before) / self.step, _MAX_STEPS))
        step = self.step * max(1, -(-n_steps // n_values)) * (1 if after > before else -1)
        start = round(before / self.step) * self.step  # so that values are round numbers
        values = [_tidy(start + count * step) for count in range(n_values + 2)]
        low, high = min(before, after), max(before, after)
        return [*(number for number in values if low < number < high), after]


def choices_of(model: FittedModel, names: Sequence[str]) -> list[Choices]:
    """Return the choices for the columns of these names."""
    encoders = {encoder.name: encoder for encoder in model.predictor.encoder.encoders}
    return [_choices(encoders[name], model.schema[name]) for name in names]


def _choices(encoder: ColumnEncoder, schema: ColumnSchema) -> Choices:
    if KINDS[encoder.kind].has_levels:
        return _LevelChoices(encoder.name, encoder.candidates[:_MAX_LEVELS])
    spread, minimum = _spread(schema.quartiles)
    low, high = schema.quartiles[0], schema.quartiles[-1]
    if encoder.kind == DATETIME:
        step = _DAY if high - low > _MAX_NUMBERS * _DAY else 1.0
        days = low + step * np.floor(np.linspace(0, high - low, _MAX_NUMBERS) / step)
        return _NumberChoices(encoder.name, _ascending(days), spread, minimum, step, moments=True)
    step = 1.0 if schema.whole else 10.0 ** np.floor(np.log10(max(spread / 100, _MIN_STEP)))
    round_numbers = [
        _tidy(step * np.round(number / step)) for number in (*schema.quartiles, *encoder.candidates)
    ]
    tried = _thinned(_ascending(np.clip(round_numbers, low, high)))
    return _NumberChoices(encoder.name, tried, spread, minimum, float(step))


def _spread(quartiles: tuple[float, ...]) -> tuple[float, float]:
    """Return the unit of distances, and the smallest distance of a change."""
    low, lower, _, upper, high = quartiles
    if upper > lower:
        return upper - lower, 0.0
    return max(high / 2 - low / 2, _MIN_STEP), 1.0


def _tidy(number: float) -> float:
    """Return a number without its last digits, which are rounding errors."""
    return float(f"{number:.12g}")


def _ascending(values: Any) -> tuple[float, ...]:
    return tuple(float(number) for number in np.unique(np.asarray(values, np.float64)))


def _thinned(values: tuple[float, ...]) -> tuple[float, ...]:
    """Return at most `_MAX_NUMBERS` of the values, both ends included."""
    count = min(len(values), _MAX_NUMBERS)
    indices: Array = np.linspace(0, len(values) - 1, count).round().astype(np.intp)
    return tuple(values[index] for index in indices)
