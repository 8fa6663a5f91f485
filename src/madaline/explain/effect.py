"""An effect is a curve: what is predicted along the values of one column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline.explain.readout import Readout
from madaline.explain.shape import bends
from madaline.nn.arrays import Array

ACCUMULATED, PARTIAL = "accumulated", "partial"
"""Kinds of effects."""

FLAT = 0.1
"""Share of the whole curve's range within which a stretch of it counts as flat."""

MOST_STRETCHES = 4
"""Stretches that a sentence tells of."""

NOTHING = {"probability": 0.005, "log_odds": 0.02}
"""Changes that are not worth a word; of a number, a fiftieth of its standard deviation."""


@dataclass(frozen=True, eq=False)
class Effect:
    """How predictions change along the values of a column (final).

    Parameters
    ----------
    column : str
        Its name.
    kind : {"accumulated", "partial"}
        How it was found.
    values : ndarray of shape (n_values,)
        Numbers or moments in ascending order, or levels, the most frequent first.
    counts : int ndarray of shape (n_values,)
        Rows of each level; of numbers, those above the value before and up to this one.
    prediction : ndarray of shape (n_values,)
        What is predicted there on average, the other columns left as they are: in a probability,
        log-odds or the target's unit.
    individual : ndarray of shape (n_rows, n_values), optional
        The same of single rows, for a partial dependence.
    readout : Readout
        What is predicted.
    """

    column: str
    kind: str
    values: Array
    counts: Array
    prediction: Array
    individual: Array | None
    readout: Readout

    def __repr__(self) -> str:
        """Say it in a sentence."""
        return f"<Effect of {self.column}: {self.sentence}>"

    def __str__(self) -> str:
        """Say it in a sentence, with the curve beside."""
        return "\n".join([self.sentence, *self.lines()])

    @property
    def name(self) -> str:
        """What is predicted, in words."""
        return self.readout.name

    @property
    def range(self) -> float:
        """How far the highest and the lowest prediction are apart."""
        return float(np.ptp(self.prediction))

    @property
    def sentence(self) -> str:
        """What the curve says, in a sentence.

        Stretches within a tenth of its range count as flat, and more where it has many bends.
        """
        if self.range <= self._nothing:
            amount = self._amount(self.range)
            return f"{self.column} hardly moves the {self.name}: by {amount} at most."
        return self._levels_sentence() if self.values.dtype == object else self._curve_sentence()

    def lines(self, width: int = 30) -> list[str]:
        """Return the curve as lines of text with bars."""
        texts = [value_text(value) for value in self.values]
        longest = min(28, max(map(len, texts)))
        rows = [f"{count:,} rows" for count in self.counts]
        low = float(self.prediction.min())
        lines = []
        for text, value, of_rows in zip(texts, self.prediction, rows, strict=True):
            bar = "#" * round(width * (value - low) / self.range) if self.range else ""
            shown = text if len(text) <= longest else f"{text[: longest - 3]}..."
            level = f"{self.readout.level(value):>9}"
            if self.values.dtype == object:
                level += f"{of_rows:>{2 + max(map(len, rows))}}"
            lines.append(f"  {shown:>{longest}}  {level}  {bar}".rstrip())
        return lines

    def to_json(self) -> dict[str, Any]:
        """Return the effect as JSON-able values."""
        moments = self.values.dtype.kind == "M"
        values = [value_text(one) for one in self.values] if moments else self.values.tolist()
        return {
            "column": self.column,
            "kind": self.kind,
            "of": self.name,
            "values": values,
            "counts": self.counts.tolist(),
            "prediction": self.prediction.tolist(),
            "sentence": self.sentence,
        }

    @property
    def _nothing(self) -> float:
        target_encoder: Any = self.readout.predictor.target_encoder
        return NOTHING.get(self.readout.scale) or target_encoder.scale / 50

    def _amount(self, difference: float) -> str:
        return self.readout.amount(difference)

    def _levels_sentence(self) -> str:
        high, low = int(self.prediction.argmax()), int(self.prediction.argmin())
        level = self.readout.level
        return (
            f"Of {self.column}, the {self.name} is highest for {value_text(self.values[high])}"
            f" ({level(self.prediction[high])}) and lowest for {value_text(self.values[low])}"
            f" ({level(self.prediction[low])}), {self._amount(self.range)} apart."
        )

    def _curve_sentence(self) -> str:
        tolerance = FLAT * self.range
        stretches = bends(self.prediction, tolerance)
        while len(stretches) > MOST_STRETCHES:
            tolerance *= 1.25
            stretches = bends(self.prediction, tolerance)
        start = value_text(self.values[0])
        parts = []
        for number, (first, last) in enumerate(stretches):
            change = float(self.prediction[last] - self.prediction[first])
            what = _verb(change, tolerance)
            stays = what == "stays about the same"
            amount = "" if stays else f" by {self._amount(change)}{self._jump(first, last)}"
            stop = value_text(self.values[last])
            if number == 0:
                parts.append(f"From {self.column} {start} to {stop} the {self.name} {what}{amount}")
            else:
                parts.append(f"then to {stop} {what}{amount}")
        return ", ".join(parts) + "."

    def _jump(self, first: int, last: int) -> str:
        """Return where most of a stretch's change is, if it is between two neighboring values."""
        steps = np.diff(self.prediction[first : last + 1])
        most = int(np.abs(steps).argmax())
        if len(steps) < 3 or abs(steps[most]) <= abs(steps.sum()) / 2:
            return ""
        low, high = (value_text(self.values[first + most + one]) for one in (0, 1))
        return f" (most of it from {low} to {high})"


def value_text(value: Any) -> str:
    """Return a value of a column as a reader wants it.

    Examples
    --------
    >>> value_text(12500.0), value_text(0.1234567), value_text("red"), value_text(True)
    ('12500', '0.1235', 'red', 'true')
    """
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, np.datetime64):
        return str(value.astype("datetime64[s]")).replace("T00:00:00", "").replace("T", " ")
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e9
        return f"{value:.0f}" if whole else f"{value:.4g}"
    return str(value)


def _verb(change: float, flat: float) -> str:
    if abs(change) <= flat:
        return "stays about the same"
    return "rises" if change > 0 else "falls"
