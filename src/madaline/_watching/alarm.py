"""An alarm is a change that a test found: what changed, since when, how much, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from madaline._charts.html import Listing, block, paragraph, table
from madaline._watching.detectors import Bank, Crossing, Signal
from madaline._watching.source import Source, short_name
from madaline._words import short
from madaline.nn.arrays import Array

WHATS = ("values", "missing", "predictions", "errors", "calibration")  # what may change
MEASURES = ("median", "interquartile range", "share", "mean")  # how a change is measured
KINDS = ("number", "datetime", "level", "difference of shares")  # what the values of a signal are
LATEST = 1e15  # seconds that are shown as a date, at most

REMEDIES = {
    "values": "check where {name} comes from, and update the model if the change is to stay",
    "missing": "check where {name} comes from, and update the model if the change is to stay",
    "predictions": "see which columns changed, and label some new rows",
    "errors": "update the model with the rows since then (model.update, madaline update)",
    "calibration": "update the model with the rows since then (model.update, madaline update)",
}
"""What to do about it."""


@dataclass(frozen=True)
class Alarm:
    """A change that was found.

    Parameters
    ----------
    what : {"values", "missing", "predictions", "errors", "calibration"}
        What changed: the values of a column, how many of them are missing, the predictions, the
        loss, or whether predictions are as often right, or as high on average, as they should be.
    name : str
        The column, or what is predicted.
    row : int
        The row at which it was found, counted from 1.
    since : int
        The row since which it is estimated to have changed.
    measure : {"median", "interquartile range", "share", "mean"}
        How the change is measured.
    before, now : float
        That measure before, and since then.
    kind : {"number", "datetime", "level", "difference of shares"}
        What the values are.
    level : str
        Of a share: of which level.
    is_new : bool
        Whether that level did not occur before.
    loss_name : str
        What the loss is.
    loss_before, loss_now : float or None
        The mean loss before, and since then; None where no labels are known.

    Examples
    --------
    >>> alarm = Alarm("values", "temperature", 4352, 4310, "median", 21.3, 25.1, "number")
    >>> print(alarm)
    temperature: median 21.3 before, 25.1 since row 4,310. Check where temperature comes from, and
    update the model if the change is to stay.
    """

    what: str
    name: str
    row: int
    since: int
    measure: str
    before: float
    now: float
    kind: str = "number"
    level: str = ""
    is_new: bool = False
    loss_name: str = ""
    loss_before: float | None = None
    loss_now: float | None = None

    @property
    def seen(self) -> str:
        """What changed."""
        before, now, since = *self._written(), f"since row {self.since:,}"
        if self.is_new:
            return f"{self.name}: new level {self.level!r}, {now} of the rows {since}"
        measure = f"share of {self.level!r}" if self.level else self.measure
        if self.what == "missing":
            measure = "share of missing values"
        elif self.measure == "mean":
            return f"{self.name}: {before} before, {now} {since}"
        return f"{self.name}: {measure} {before} before, {now} {since}"

    @property
    def remedy(self) -> str:
        """What to do."""
        return REMEDIES[self.what].format_map({"name": self.name})

    @property
    def general_remedy(self) -> str:
        """What to do, in words that suit several alarms."""
        return REMEDIES[self.what].format_map({"name": "each column"})

    @property
    def change_and_loss(self) -> str:
        """What changed, and what became of the loss."""
        return f"{self.seen}.{self._of_loss}"

    @property
    def sentence(self) -> str:
        """What changed, what became of the loss, and what to do."""
        remedy = self.remedy
        return f"{self.change_and_loss} {remedy[0].upper()}{remedy[1:]}."

    def __str__(self) -> str:
        """Return the sentence."""
        return self.sentence

    def to_json(self) -> dict[str, Any]:
        """Return the alarm as JSON-able values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Alarm:
        """Return the alarm that `to_json` described."""
        return cls(**values)

    @property
    def _of_loss(self) -> str:
        if self.loss_before is None or self.loss_now is None or self.measure == "mean":
            return ""
        before, now = short(self.loss_before), short(self.loss_now)
        return f" {self.loss_name[:1].upper()}{self.loss_name[1:]} {before} before, {now} since."

    def _written(self) -> tuple[str, str]:
        """Return the measure before and now, in its unit."""
        if self.measure == "share":
            return f"{self.before:.2%}", f"{self.now:.2%}"
        if self.kind == "difference of shares":
            return f"{self.before:+.1%}", f"{self.now:+.1%}"
        if self.kind != "datetime":
            digits = 3
            while digits < 9 and short(self.before, digits) == short(self.now, digits):
                digits += 1
            return short(self.before, digits), short(self.now, digits)
        are_dates = abs(self.before) < LATEST and abs(self.now) < LATEST  # NaN is not
        if self.measure != "median" or not are_dates:
            return f"{self.before / 86400:.3g} days", f"{self.now / 86400:.3g} days"
        unit = "D" if abs(self.now - self.before) > 3 * 86400 else "s"
        before, now = (np.datetime64(round(one), "s") for one in (self.before, self.now))
        first, second = (str(one.astype(f"M8[{unit}]")).replace("T", " ") for one in (before, now))
        return first, second


class Alarms(Listing[Alarm]):
    """Alarms in the order in which they were raised."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        if not self:
            return block(paragraph("No alarm."))
        rows = [[f"{one.row:,}", one.what, one.sentence] for one in self]
        return block(table(["row", "what changed", "how, and what to do"], rows, right=[0]))

    def to_columns(self) -> dict[str, Any]:
        """Return all fields and the sentence of each alarm."""
        names = list(Alarm.__dataclass_fields__)
        columns: dict[str, Any] = {name: [getattr(one, name) for one in self] for name in names}
        return columns | {"sentence": [one.sentence for one in self]}


FEWEST_LABELS = 10  # labels since a change from which its effect on the loss is told


def describe(crossing: Crossing, signal: Signal, labels: Bank, source: Source) -> Alarm:
    """Return the alarm of a test."""
    values = crossing.values
    level, is_new = "", False
    if signal.kind == "level":
        measure, before = "share", crossing.reference.share(crossing.cell)
        now = crossing.share
        if signal.what != "missing":
            is_new = crossing.cell == len(crossing.reference.codes) + 1
            level = source.cell_name(signal, crossing.reference, crossing.cell)
        if is_new:
            level = _commonest_new(crossing, values, source.levels[signal.what, signal.name].name)
    elif signal.what in ("errors", "calibration"):
        measure, before, now = "mean", crossing.reference.mean, float(np.mean(values))
    else:
        measure, before, now = _of_numbers(crossing, values)
    loss_before, loss_now = _loss(labels, crossing, source)
    return Alarm(
        signal.what,
        signal.name,
        crossing.row,
        crossing.since,
        measure,
        before,
        now,
        signal.kind,
        short_name(level),
        is_new,
        source.loss_name,
        loss_before,
        loss_now,
    )


def _of_numbers(crossing: Crossing, values: Array) -> tuple[str, float, float]:
    quantile = crossing.reference.quantile
    if crossing.change == "shift":
        return "median", quantile(0.5), float(np.median(values))
    low, high = np.quantile(values, (0.25, 0.75))
    return "interquartile range", quantile(0.75) - quantile(0.25), float(high - low)


def _commonest_new(crossing: Crossing, values: Array, name: object) -> str:
    """Return the most frequent level among those that did not occur before."""
    new = values[crossing.reference.cells(values) == crossing.cell]
    codes, numbers = np.unique(new.astype(np.intp), return_counts=True)
    return str(name(int(codes[np.argmax(numbers)])))  # type: ignore[operator]


def _loss(labels: Bank, crossing: Crossing, source: Source) -> tuple[float | None, float | None]:
    """Return the mean loss in training and since a change, where enough labels are known."""
    reference = source.of_labels[0][1] if source.of_labels else None
    if reference is None:
        return None, None
    since = labels.recent.values(0, crossing.since, crossing.row)
    if len(since) < FEWEST_LABELS:
        return None, None
    return reference.mean, float(np.mean(since))
