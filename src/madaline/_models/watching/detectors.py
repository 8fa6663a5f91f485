r"""Sequential tests side by side, one for each signal: e-detectors.

A test bets on every alternative at once. The sum of the winnings of all bets that began at any
earlier value, :math:`M_n = (M_{n-1} + 1) f(u_n)`, grows by no more than one a value on average as
long as nothing changes (the Shiryaev-Roberts procedure). It is averaged over the alternatives. A
test alarms, and begins anew, where that average reaches a threshold. As it is :math:`n` on average
after :math:`n` values, a test with the threshold :math:`T` raises at most :math:`n / T` false
alarms on average, and tests whose :math:`1 / T` add up to :math:`1 / F` raise at most
:math:`n / F`, however their signals depend on one another (Shin, Ramdas and Rinaldo, 2024,
"E-detectors: a nonparametric framework for sequential change detection").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import numpy as np

from madaline._models.watching.reference import Alternatives, Reference
from madaline._tables.io.tensor_header import named, with_prefix
from madaline.nn.arrays import Array

RECENT_ROWS = 4096  # rows that are kept
TESTED_ROWS = 1024  # rows that are tested at once; how many changes no result
# Values of a new reference: after an alarm, or where training gave none
_REFERENCE_SIZE = 300
_CLOSE_WINNINGS = 0.1
"""Share of the largest winnings from which a bet may tell since when; the latest is believed."""


@final
class RecentSignals:
    """The latest rows: they tell what changed, and are the reference of a new test."""

    def __init__(self, n_signals: int) -> None:
        self.ring = np.full((RECENT_ROWS, n_signals), np.nan)
        self.rows = np.full(RECENT_ROWS, -1, np.int64)
        self.n_added = 0

    def add(self, values: Array, rows: Array) -> None:
        """Take in rows with their numbers."""
        values = values[-RECENT_ROWS:]
        rows = rows[-RECENT_ROWS:]
        places = (self.n_added + np.arange(len(rows))) % RECENT_ROWS
        self.ring[places] = values
        self.rows[places] = rows
        self.n_added = (self.n_added + len(rows)) % (1 << 62)

    def values(self, number: int, since: int, until: int | None = None) -> Array:
        """Return what a signal was from a row on, oldest first, without missing values."""
        place = self.n_added % RECENT_ROWS
        order = np.concatenate([np.arange(place, RECENT_ROWS), np.arange(place)])
        rows = self.rows[order]
        within = rows >= since if until is None else (rows >= since) & (rows <= until)
        values: Array = self.ring[order[within], number]
        return values[~np.isnan(values)]


@final
@dataclass(frozen=True)
class WatchedSignal:
    """What is tested."""

    what: str  # one of `CHANGES`
    name: str  # the column, or what is predicted
    kind: str  # one of `KINDS`
    share: float  # its share of all false alarms

    def reference(self, values: Array) -> Reference:
        """Return the reference of some values, none of them missing."""
        if self.what == "missing":
            counts = np.array([np.sum(values == 0), np.sum(values == 1)], np.float64)
            return Reference(np.zeros(0), np.array([0, 1]), np.zeros(0, np.intp), counts)
        return Reference.of_levels(values) if self.kind == "level" else Reference.of_numbers(values)


Tested: TypeAlias = tuple[WatchedSignal, Reference | None]
"""A signal, and what it was like before, if that is known."""


@final
@dataclass(frozen=True, eq=False)
class Detection:
    """A test that reached its threshold."""

    signal: int  # its number
    row: int  # the row at which it did
    since: int  # when the best of its bets began to win: an estimate of where the change was
    change: str  # what that bet was on: ``shift``, ``spread`` or ``share``
    cell: int  # of a share, the cell
    reference: Reference  # the values before
    values: Array  # the values since the change

    def shows(self, what: str) -> bool:
        """Return whether the values show a change of what is tested.

        Chance may break ties oddly, so that a level has the share that it had before. Of losses,
        only larger ones matter.
        """
        if self.change == "share":
            return self.share != self.reference.share(self.cell)
        return what != "errors" or not np.mean(self.values) <= self.reference.mean

    @property
    def share(self) -> float:
        """The share of the cell since the change."""
        return float(np.mean(self.reference.cells(self.values) == self.cell))


@final
class Detectors:
    """Sequential tests of the same rows.

    With each signal comes what it was like before; where that is None, the first values become
    it. `false_alarms` are rows for each false alarm, of all signals of all detectors whose shares
    add up to one.
    """

    def __init__(self, tested: Sequence[Tested], false_alarms: float) -> None:
        self.signals = tuple(signal for signal, _ in tested)
        self.references = [reference for _, reference in tested]
        self.false_alarms = false_alarms
        self.seen = [np.zeros(0) for _ in tested]
        self.began = np.zeros(len(tested), np.int64)
        self.recent = RecentSignals(len(tested))
        self._bets = [_Bets.none() for _ in tested]
        for number, reference in enumerate(self.references):
            self.replace(number, reference)

    def add(self, values: Array, rows: Array, ties: Array) -> list[Detection]:
        """Test rows with these numbers; uniform numbers break ties, both (n_rows, n_signals)."""
        all_detections: list[Detection] = []
        start = 0
        while start < len(rows):
            some = slice(start, start + TESTED_ROWS)
            n_tested, detections = self._test(values[some], rows[some], ties[some])
            all_detections += detections
            start += n_tested
        return all_detections

    def restart(self, number: int, row: int) -> None:
        """Let a test begin anew: what comes after a row becomes the reference."""
        self.began[number] = row + 1
        self.replace(number, None)

    def replace(self, number: int, reference: Reference | None) -> None:
        """Let a test begin anew with another reference; without one, it collects."""
        self.references[number] = reference
        self.seen[number] = np.zeros(0 if reference is None else len(reference.counts))
        self._begin(number)

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able description and the arrays that go with it."""
        means = [None if reference is None else reference.mean for reference in self.references]
        arrays = {"ring": self.recent.ring, "numbers": self.recent.rows}
        for number, reference in enumerate(self.references):
            if reference is not None:
                test = {"seen": self.seen[number], "state": self._bets[number].state}
                arrays |= with_prefix(f"{number}.", reference.to_arrays() | test)
        began = self.began.tolist()
        n_added = self.recent.n_added
        return {"began": began, "n_added": n_added, "means": means}, arrays

    def resume(self, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
        """Go on from what `to_state` returned; `ValueError` for the winnings of another test."""
        self.recent.ring[...] = arrays["ring"]
        self.recent.rows[...] = arrays["numbers"]
        self.recent.n_added = state["n_added"]
        self.began[...] = state["began"]
        for number, mean in enumerate(state["means"]):
            if mean is None:
                self.replace(number, None)
                continue
            stored = named(arrays, f"{number}.")
            self.replace(number, Reference.of_arrays(stored, float(mean)))
            _fill(self.seen[number], stored["seen"])
            _fill(self._bets[number].state, stored["state"])

    def _test(self, values: Array, rows: Array, ties: Array) -> tuple[int, list[Detection]]:
        """Test rows up to the first at which a test begins or ends; return how many."""
        n_rows = min(len(rows), self._rows_to_collect(values))
        values = values[:n_rows]
        rows = rows[:n_rows]
        ties = ties[:n_rows]
        cells: dict[int, Array] = {}
        bets = list[_Bets]()
        paid = list[Array]()
        for number, reference in enumerate(self.references):
            if reference is not None:
                cells[number] = cell = reference.cells(values[:, number])
                ranks = reference.ranks(cell, self.seen[number], ties[:, number])
                bets.append(self._bets[number])
                paid.append(self._bets[number].alternatives.pay(ranks))
        n_tested, crossed = _run(bets, paid, rows) if bets else (n_rows, [])
        self._keep(values[:n_tested], rows[:n_tested], cells)
        shown = []
        for place in crossed:
            detection = self._detection([*cells][place], int(rows[n_tested - 1]))
            if detection.shows(self.signals[detection.signal].what):
                shown.append(detection)
            else:
                self._begin(detection.signal)
        for detection in shown:
            self.restart(detection.signal, detection.row)
        self._collect()
        return n_tested, shown

    def _keep(self, values: Array, rows: Array, cells: dict[int, Array]) -> None:
        """Count values in their cells, and remember the rows."""
        self.recent.add(values, rows)
        for number, cell in cells.items():
            tested = cell[: len(rows)]
            seen = self.seen[number]
            seen += np.bincount(tested[tested >= 0], minlength=len(seen))

    def _detection(self, number: int, row: int) -> Detection:
        reference = self.references[number]
        bets = self._bets[number]
        assert reference is not None
        _, winnings, began = bets.state
        good = np.flatnonzero(winnings >= _CLOSE_WINNINGS * winnings.max())
        best = int(good[np.lexsort((-winnings[good], -began[good]))[0]])
        change, cell = bets.alternatives.names[best]
        since = int(began[best])
        values = self.recent.values(number, since)
        return Detection(number, row, since, change, cell, reference, values)

    def _rows_to_collect(self, values: Array) -> int:
        """Return how many rows may come before a reference is complete; at least one."""
        rows = len(values)
        for number in self._collecting():
            lacking = _REFERENCE_SIZE - len(self.recent.values(number, int(self.began[number])))
            filled = np.cumsum(~np.isnan(values[:rows, number]))
            rows = min(rows, int(np.searchsorted(filled, lacking)) + 1)
        return max(1, rows)

    def _collect(self) -> None:
        for number in self._collecting():
            values = self.recent.values(number, int(self.began[number]))
            if len(values) >= _REFERENCE_SIZE:
                self.replace(number, self.signals[number].reference(values))

    def _collecting(self) -> list[int]:
        return [number for number, reference in enumerate(self.references) if reference is None]

    def _begin(self, number: int) -> None:
        signal = self.signals[number]
        reference = self.references[number]
        self._bets[number] = _Bets.none()
        if reference is not None:
            alternatives = reference.alternatives(of_losses=signal.what == "errors")
            self._bets[number] = _Bets.on(alternatives, self.false_alarms / signal.share)


def _fill(present: Array, stored: Array) -> None:
    """Fill counts or winnings; `ValueError` unless they are those of such a test."""
    if present.shape != stored.shape or present.dtype != stored.dtype:
        raise ValueError("another shape")
    if not np.isfinite(stored).all() or (stored < 0).any():
        raise ValueError("numbers that no test has")
    present[...] = stored


@dataclass(frozen=True, eq=False)
class _Bets:
    """The bets of a test: winnings since any time, winnings since the best time, that time."""

    alternatives: Alternatives
    state: Array
    threshold: float

    @classmethod
    def none(cls) -> _Bets:
        return cls(Alternatives(np.zeros(0), np.zeros((0, 1)), ()), np.zeros((3, 0)), np.inf)

    @classmethod
    def on(cls, alternatives: Alternatives, threshold: float) -> _Bets:
        return cls(alternatives, np.zeros((3, len(alternatives.names))), threshold)


def _run(tests: list[_Bets], paid: list[Array], rows: Array) -> tuple[int, list[int]]:
    """Return how many rows were tested, up to the first alarm, and which tests raised it.

    What the bets of each test pay has the shape (n_rows, n_alternatives).
    """
    widths = [bets.state.shape[1] for bets in tests]
    starts = np.concatenate([[0], np.cumsum(widths)[:-1]])
    weights = np.repeat([1 / (bets.threshold * bets.state.shape[1]) for bets in tests], widths)
    state = np.concatenate([bets.state for bets in tests], axis=1)
    pay = np.concatenate(paid, axis=1)
    n_tested = 0
    crossed = np.zeros(0, np.intp)
    while n_tested < len(rows) and not len(crossed):
        _win(state, int(rows[n_tested]), pay[n_tested])
        crossed = np.flatnonzero(np.add.reduceat(weights * state[0], starts) >= 1)
        n_tested += 1
    for bets, after in zip(tests, np.split(state, starts[1:], axis=1), strict=True):
        bets.state[...] = after
    return n_tested, crossed.tolist()


def _win(state: Array, row: int, paid: Array) -> None:
    """Let a row decide all bets."""
    total, best, since = state
    np.copyto(since, row, where=best <= 1)
    np.maximum(best, 1, out=best)
    total += 1
    state[:2] *= paid
