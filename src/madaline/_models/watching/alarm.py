"""An alarm is a change that a test found: what changed, since when, how much, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import numpy as np

from madaline._base.codec import NOT_STORED, Stored
from madaline._base.json_checks import OneOf
from madaline._base.language import _, tight, translate, translate_word
from madaline._models.watching.detectors import Detection, Detectors, WatchedSignal
from madaline._models.watching.source import LevelCodes, Source, short_name
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline.records._results.blocks import Paragraph, Section, TextTable
from madaline.records._results.result import Listing

CHANGES = ("values", "missing", "predictions", "errors", "calibration")  # what may change
# how a change is measured
_MEASURES = ("median", "interquartile range", "share", "share above", "mean")
KINDS = ("number", "datetime", "level", "difference of shares")  # what the values of a signal are
_MAX_DATE = 1e15  # seconds that are shown as a date, at most
_MIN_LABELS = 10  # labels since a change from which its effect on the loss is told

_REMEDIES = {
    "values": "check where {name} comes from, and update the model if the change is to stay",
    "missing": "check where {name} comes from, and update the model if the change is to stay",
    "predictions": "see which columns changed, and label some new rows",
    "errors": "update the model with the rows since then",
    "calibration": "update the model with the rows since then",
}
"""What to do about it."""


@dataclass(frozen=True)
class Alarm(Stored):
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
    measure : {"median", "interquartile range", "share", "share above", "mean"}
        How the change is measured.
    before, now : float
        That measure before, and since then.
    kind : {"number", "datetime", "level", "difference of shares"}
        What the values are.
    level : str
        Of a share: of which level, or above which value.
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

    what: Annotated[str, OneOf(CHANGES)]
    name: str
    row: int
    since: int
    measure: Annotated[str, OneOf(_MEASURES)]
    before: float
    now: float
    kind: Annotated[str, OneOf(KINDS)] = "number"
    level: str = ""
    is_new: bool = False
    loss_name: str = ""
    loss_before: float | None = None
    loss_now: float | None = None
    # how numbers of the column and of the target are, in their unit
    written: NumberFormat = field(default=PLAIN, compare=False, repr=False, metadata=NOT_STORED)
    of_target: NumberFormat = field(default=PLAIN, compare=False, repr=False, metadata=NOT_STORED)

    def in_unit(self, source: Source) -> Alarm:
        """Return the alarm as the numbers of its column and of the target are written."""
        formats, of_target = source.formats, source.formats.get("", PLAIN)
        of_column = self.what in ("values", "missing")
        written = formats.get(self.name, PLAIN) if of_column else of_target
        return replace(self, written=written, of_target=of_target)

    @property
    def seen(self) -> str:
        """What changed."""
        before, now, since = *self._written(), _("since row {since:,}").format(since=self.since)
        if self.is_new:
            return _("{name}: new level {level!r}, {now} of the rows {since}").format(
                name=self.name, level=self.level, now=now, since=since
            )
        if self.measure == "share above":
            return _("{name}: share above {level} {before} before, {now} {since}").format(
                name=self.name, level=self.level, before=before, now=now, since=since
            )
        measure = (
            _("share of {level!r}").format(level=self.level) if self.level else _(self.measure)
        )
        if self.what == "missing":
            measure = _("share of missing values")
        elif self.measure == "mean":
            return _("{name}: {before} before, {now} {since}").format(
                name=self.name, before=before, now=now, since=since
            )
        return _("{name}: {measure} {before} before, {now} {since}").format(
            name=self.name, measure=measure, before=before, now=now, since=since
        )

    @property
    def remedy(self) -> str:
        """What to do."""
        return _(_REMEDIES[self.what]).format(name=self.name)

    @property
    def general_remedy(self) -> str:
        """What to do, in words that suit several alarms."""
        return _(_REMEDIES[self.what]).format(name=_("each column"))

    @property
    def change_and_loss(self) -> str:
        """What changed, and what became of the loss."""
        return tight(_("{sentence}.").format(sentence=self.seen) + self._of_loss)

    @property
    def sentence(self) -> str:
        """What changed, what became of the loss, and what to do."""
        remedy = self.remedy
        return _("{change_and_loss} {remedy}{remedy2}.").format(
            change_and_loss=self.change_and_loss, remedy=remedy[0].upper(), remedy2=remedy[1:]
        )

    def __str__(self) -> str:
        return self.sentence

    @property
    def _of_loss(self) -> str:
        if self.loss_before is None or self.loss_now is None or self.measure == "mean":
            return ""
        before, now = map(self.of_target.show, (self.loss_before, self.loss_now))
        return _(" {loss_name}{loss_name2} {before} before, {now} since.").format(
            loss_name=self.loss_name[:1].upper(),
            loss_name2=self.loss_name[1:],
            before=before,
            now=now,
        )

    def _written(self) -> tuple[str, str]:
        """Return the measure before and now, in its unit."""
        if self.measure in ("share", "share above"):
            return f"{self.before:.2%}", f"{self.now:.2%}"
        if self.kind == "difference of shares":
            return f"{self.before:+.1%}", f"{self.now:+.1%}"
        if self.kind != "datetime":
            digits = 3
            show = self.written.show
            while digits < 9 and show(self.before, digits) == show(self.now, digits):
                digits += 1
            return show(self.before, digits), show(self.now, digits)
        are_dates = abs(self.before) < _MAX_DATE and abs(self.now) < _MAX_DATE  # NaN is not
        if self.measure != "median" or not are_dates:
            return _("{before:.3g} days").format(before=self.before / 86400), _(
                "{now:.3g} days"
            ).format(now=self.now / 86400)
        unit = "D" if abs(self.now - self.before) > 3 * 86400 else "s"
        before, now = (np.datetime64(round(value), "s") for value in (self.before, self.now))
        first, second = (
            str(date.astype(f"M8[{unit}]")).replace("T", " ") for date in (before, now)
        )
        return first, second


class Alarms(Listing[Alarm]):
    """Alarms in the order in which they were raised."""

    __slots__ = ()

    def sections(self) -> Iterator[Section]:
        rows = [
            [f"{alarm.row:,}", translate_word(alarm.what), translate(alarm.sentence)]
            for alarm in self
        ]
        told = TextTable(["row", "what changed", "how, and what to do"], rows, right=[0])
        yield Section([told if self else Paragraph("No alarm.")])

    def to_columns(self) -> dict[str, Any]:
        """Return all fields and the sentence of each alarm."""
        names = [
            name for name in Alarm.__dataclass_fields__ if name not in ("written", "of_target")
        ]
        columns: dict[str, Any] = {name: [getattr(alarm, name) for alarm in self] for name in names}
        return columns | {"sentence": [alarm.sentence for alarm in self]}


def describe(
    detection: Detection, signal: WatchedSignal, labels: Detectors, source: Source
) -> Alarm:
    """Return the alarm of a test."""
    measure, before, now = _measured(detection, signal)
    level = ""
    is_new = False
    if signal.kind == "level" and signal.what != "missing":
        level, is_new = _level(detection, source.levels[signal.what, signal.name])
    loss_before, loss_now = _loss(labels, detection, source)
    alarm = Alarm(
        signal.what,
        signal.name,
        detection.row,
        detection.since,
        measure,
        before,
        now,
        signal.kind,
        short_name(level),
        is_new,
        source.loss_name,
        loss_before,
        loss_now,
    ).in_unit(source)
    is_of_values = measure in ("median", "interquartile range")
    return _by_share(alarm, detection) if is_of_values and len({*alarm._written()}) == 1 else alarm


def _level(detection: Detection, names: LevelCodes) -> tuple[str, bool]:
    """Return the level whose share changed, and whether it did not occur before."""
    codes = detection.reference.codes
    if detection.cell < len(codes):
        return names.name(int(codes[detection.cell])), False
    if detection.cell == len(codes):  # a cell of several levels
        return "other", False
    return _commonest_new(detection, names), True


def _by_share(alarm: Alarm, detection: Detection) -> Alarm:
    """Return the alarm with the share above the value at which shares before and now differ most.

    Where most values are the same, a median may stay although there are more, or fewer, others.
    """
    cut, before, now = detection.reference.widest_gap(detection.values)
    if alarm.kind == "datetime" and abs(cut) < _MAX_DATE:
        level = str(np.datetime64(round(cut), "s")).replace("T", " ").removesuffix(" 00:00:00")
    else:
        level = alarm.written.show(cut, 6)
    return replace(alarm, measure="share above", before=before, now=now, level=level)


def _measured(detection: Detection, signal: WatchedSignal) -> tuple[str, float, float]:
    """Return how a change is measured, and the measure before and since then."""
    reference = detection.reference
    values = detection.values
    if signal.kind == "level":
        return "share", reference.share(detection.cell), detection.share
    if signal.what in ("errors", "calibration"):
        return "mean", reference.mean, float(np.mean(values))
    quantile = reference.quantile
    if detection.change == "shift":
        return "median", quantile(0.5), float(np.median(values))
    low, high = np.quantile(values, (0.25, 0.75))
    return "interquartile range", quantile(0.75) - quantile(0.25), float(high - low)


def _commonest_new(detection: Detection, names: LevelCodes) -> str:
    values = detection.values
    new = values[detection.reference.cells(values) == detection.cell]
    codes, numbers = np.unique(new.astype(np.intp), return_counts=True)
    return names.name(int(codes[np.argmax(numbers)]))


def _loss(
    labels: Detectors, detection: Detection, source: Source
) -> tuple[float | None, float | None]:
    """Return the mean loss in training and since a change, where enough labels are known."""
    reference = source.of_labels[0][1] if source.of_labels else None
    if reference is None:
        return None, None
    since = labels.recent.values(0, detection.since, detection.row)
    if len(since) < _MIN_LABELS:
        return None, None
    return reference.mean, float(np.mean(since))
