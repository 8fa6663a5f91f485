"""The effect of a column as a curve, and what sentences, lines and figures say of its shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from madaline._base.language import _, translate
from madaline._base.language.widths import align, clip_to_width
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline._tell.explain.columns import value_text
from madaline._tell.explain.scale import PROBABILITY, TARGET, Readout
from madaline.nn.arrays import Array
from madaline.records._results.blocks import Bar, Cell, Charts, Name, Paragraph, Section, TextTable
from madaline.records._results.figure import COLORS, OTHER, Axis, Figure, Line, Unit
from madaline.records._results.result import Result, ToFrame

_FLAT = 0.1  # share of a curve's range within which a stretch counts as flat
_MAX_WIDTH = 28  # characters of a value in a terminal
_MAX_STRETCHES = 4  # that a sentence describes
# Changes too small to describe; of a number, a fiftieth of its standard deviation.
_NEGLIGIBLE = {"probability": 0.005, "log_odds": 0.02}


@dataclass(frozen=True, eq=False)
class Effect(Result, ToFrame):
    """A curve: what is predicted along the values of a column, the other columns unchanged.

    Attributes
    ----------
    column : str
        Its name.
    kind : str
        "accumulated" or "partial".
    values : array
        Numbers or moments ascending, or levels, the most frequent first, (n_values,).
    counts : array
        Rows of each level, or above the value before and up to this one, (n_values,).
    prediction : array
        The average: a probability, log-odds, or in the target's unit, (n_values,).
    individual : array or None
        Of single rows, (n_rows, n_values), for a partial dependence.
    readout : Readout
        The prediction that is followed.
    constraint : str
        How the model was constrained to move with the column, in a sentence.
    written : NumberFormat
        How numbers of the column are written, where they have a unit.
    """

    column: str
    kind: str
    values: Array
    counts: Array
    prediction: Array
    individual: Array | None
    readout: Readout
    constraint: str = ""
    written: NumberFormat = PLAIN

    def __repr__(self) -> str:
        """Return the sentence with the column."""
        return f"<Effect of {self.column}: {self.sentence}>"

    def __str__(self) -> str:
        """Return the sentence, and the curve below it."""
        return "\n".join([translate(self.sentence), *self.lines()])

    def text_of(self, value: Any) -> str:
        """Return a value of the column as it is written."""
        return value_text(value, digits=4, longest=None, written=self.written)

    def axis(self, predictions: Iterable[float]) -> Axis:
        """Return an axis that holds some predictions."""
        unit: Unit = "share" if self.readout.scale == PROBABILITY else "number"
        return Axis.around(predictions, self.name, unit=unit, written=self.readout.written)

    @property
    def name(self) -> str:
        """What is predicted, in words."""
        return self.readout.name

    @property
    def of_levels(self) -> bool:
        """Whether the values are levels, not numbers or moments."""
        return self.values.dtype == object

    @property
    def range(self) -> float:
        """Difference between the highest and the lowest prediction."""
        return float(np.ptp(self.prediction))

    @property
    def sentence(self) -> str:
        """The shape of the curve, in a sentence, and how it was constrained, if it was.

        Stretches within a tenth of its range count as flat; within more if it has many turns.
        """
        return f"{self._shape()} {self.constraint}".rstrip()

    def _shape(self) -> str:
        encoder: Any = self.readout.predictor.target_encoder
        if self.range <= (_NEGLIGIBLE.get(self.readout.scale) or encoder.scale / 50):
            amount = self.readout.amount(self.range)
            return _("{column} hardly changes the {predicted}: by {amount} at most.").format(
                column=self.column, predicted=self._predicted, amount=amount
            )
        return self._levels_sentence() if self.of_levels else self._curve_sentence()

    def lines(self, width: int = 30) -> list[str]:
        """Return the curve as lines of text with bars."""
        low, longest = float(self.prediction.min()), self.range or 1.0
        rows = []
        for value, count, prediction in zip(self.values, self.counts, self.prediction, strict=True):
            of_rows = [translate(_("{count:,} rows").format(count=count))] if self.of_levels else []
            bar = "#" * round(width * (prediction - low) / longest)
            text = clip_to_width(self.text_of(value), _MAX_WIDTH, "...")
            rows.append([text, self.readout.level(prediction), *of_rows, bar])
        return align(rows, right=range(3 if self.of_levels else 2), widths=(0, 9), start="  ")

    def figure(
        self, predictions: Iterable[float] | None = None, curves: Iterable[Array] = ()
    ) -> Figure:
        """Return the curve of numbers or moments, with curves of single rows behind it.

        The vertical axis holds the predictions, so that effects can be compared.
        """
        moments = self.values.dtype.kind == "M"
        values = self.values.astype("datetime64[s]" if moments else float)
        shown = self.prediction if predictions is None else predictions
        unit: Unit = "moment" if moments else "number"
        horizontal = Axis.around(values.astype(float), self.column, unit=unit, written=self.written)
        return Figure(
            _("Effect of {column}").format(column=self.column),
            self.sentence,
            self.sentence,
            horizontal,
            self.axis(shown),
            (
                *(Line(values, curve, OTHER) for curve in curves),
                Line(values, self.prediction, COLORS[0], dots=True),
            ),
        )

    def to_columns(self) -> dict[str, Any]:
        """Return the values, the rows at each, and the average prediction there."""
        return {"value": self.values, "rows": self.counts, "prediction": self.prediction}

    def sections(self) -> Iterator[Section]:
        if not self.of_levels:
            yield Section([Charts([self.figure()])])
            return
        low = float(self.prediction.min())
        texts = map(self.text_of, self.values)
        rows: list[list[Cell]] = [
            [text, f"{n:,}", self.readout.level(value), Bar(value - low, self.range or 1.0)]
            for text, n, value in zip(texts, self.counts, self.prediction, strict=True)
        ]
        heads = [Name(self.column), "rows", Name(self.name), ""]
        yield Section([Paragraph(self.sentence), TextTable(heads, rows, right=(1, 2))])

    def to_json(self) -> dict[str, Any]:
        """Return the effect as JSON-able values."""
        moments = self.values.dtype.kind == "M"
        values = [self.text_of(value) for value in self.values] if moments else self.values.tolist()
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
    def _predicted(self) -> str:
        return (
            _("predicted {name}").format(name=self.name)
            if self.readout.scale == TARGET
            else self.name
        )

    def _levels_sentence(self) -> str:
        high, low = int(self.prediction.argmax()), int(self.prediction.argmin())
        level = self.readout.level
        return _(
            "Of {column}, the {predicted} is highest for {highest} ({level}) and lowest for {lowest} ({level2}), {amount} apart."
        ).format(
            column=self.column,
            predicted=self._predicted,
            highest=self.text_of(self.values[high]),
            level=level(self.prediction[high]),
            lowest=self.text_of(self.values[low]),
            level2=level(self.prediction[low]),
            amount=self.readout.amount(self.range),
        )

    def _curve_sentence(self) -> str:
        tolerance = _FLAT * self.range
        while len(stretches := stretches_of(self.prediction, tolerance)) > _MAX_STRETCHES:
            tolerance *= 1.25
        parts: list[str] = []
        for first, last in stretches:
            change = float(self.prediction[last] - self.prediction[first])
            words = "stays about the same"
            if abs(change) > tolerance:
                words = _("rises by {amount}" if change > 0 else "falls by {amount}").format(
                    amount=self.readout.amount(change)
                )
                words += self._steepest(first, last)
            stop = self.text_of(self.values[last])
            if parts:
                parts.append(_("then to {stop} {words}").format(stop=stop, words=words))
            else:
                start = self._start()
                parts.append(
                    _("From {column} {start} to {stop} the {predicted} {words}").format(
                        column=self.column,
                        start=start,
                        stop=stop,
                        predicted=self._predicted,
                        words=words,
                    )
                )
        sentence = parts[0]
        for part in parts[1:]:
            sentence = _("{first}, {then}").format(first=sentence, then=part)
        return _("{sentence}.").format(sentence=sentence)

    def _start(self) -> str:
        """Return the first value, as 0 where it differs little from that beside the second."""
        first, second = self.values[:2]
        tiny = self.values.dtype.kind == "f" and abs(first) < abs(second) / 100
        return self.written.with_unit("0") if tiny else self.text_of(first)

    def _steepest(self, first: int, last: int) -> str:
        """Return where most of a stretch's change is, if between two neighboring values."""
        steps = np.diff(self.prediction[first : last + 1])
        steepest = int(np.abs(steps).argmax())
        if len(steps) < 3 or abs(steps[steepest]) <= abs(steps.sum()) / 2:
            return ""
        low, high = map(self.text_of, self.values[first + steepest :][:2])
        return _(" (most of it from {low} to {high})").format(low=low, high=high)


def stretches_of(curve: Array, tolerance: float) -> list[tuple[int, int]]:
    """Return the stretches in which a curve rises, falls or is flat, as indices of their ends.

    The curve is first simplified to a broken line from which no point is further than the tolerance
    (Ramer, 1972; Douglas and Peucker, 1973); neighboring pieces of one direction are then joined.
    """

    def direction(first: int, last: int) -> int:
        change = curve[last] - curve[first]
        return int(np.sign(change)) if abs(change) > tolerance else 0

    points = [0, *_corners(curve, 0, len(curve) - 1, tolerance), len(curve) - 1]
    stretches: list[tuple[int, int]] = []
    for first, last in pairwise(points):
        joined = stretches and direction(*stretches[-1]) == direction(first, last)
        stretches.append((stretches.pop()[0] if joined else first, last))
    return stretches


def _corners(curve: Array, first: int, last: int, tolerance: float) -> list[int]:
    """Return the points between two others at which the broken line must turn."""
    line = np.linspace(curve[first], curve[last], last - first + 1)
    distance = np.abs(curve[first : last + 1] - line)
    if last - first < 2 or distance.max() <= tolerance:
        return []
    corner = first + int(distance.argmax())
    before = _corners(curve, first, corner, tolerance)
    return [*before, corner, *_corners(curve, corner, last, tolerance)]
