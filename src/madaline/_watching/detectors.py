"""Sequential tests side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from madaline._watching.reference import Alternatives, Reference
from madaline.nn.arrays import Array

MOST = 4096  # rows that are kept


@final
class Recent:
    """The latest rows.

    Examples
    --------
    >>> recent = Recent(1)
    >>> recent.add(np.array([[1.0], [np.nan], [3.0]]), np.array([10, 11, 12]))
    >>> recent.values(0, since=11)
    array([3.])
    """

    def __init__(self, n_signals: int) -> None:
        self.ring = np.full((MOST, n_signals), np.nan)
        self.rows = np.full(MOST, -1, np.int64)
        self.n_added = 0

    def add(self, values: Array, rows: Array) -> None:
        """Take in rows with their numbers."""
        values, rows = values[-MOST:], rows[-MOST:]
        places = (self.n_added + np.arange(len(rows))) % MOST
        self.ring[places], self.rows[places] = values, rows
        self.n_added = (self.n_added + len(rows)) % (1 << 62)

    def values(self, number: int, since: int, until: int | None = None) -> Array:
        """Return what a signal was from a row on, oldest first, without missing values."""
        place = self.n_added % MOST
        order = np.concatenate([np.arange(place, MOST), np.arange(place)])
        rows = self.rows[order]
        held = rows >= since if until is None else (rows >= since) & (rows <= until)
        found: Array = self.ring[order[held], number]
        return found[~np.isnan(found)]


COLLECTED = 300  # values of a new reference: after an alarm, or where there is none from training

NEARLY = 0.1
"""Share of the largest winnings from which a bet may tell since when; the latest is believed."""

AT_ONCE = 1024  # rows that are tested at once; how many changes no result


@final
@dataclass(frozen=True)
class Signal:
    """What is tested."""

    what: str  # what it tells
    name: str  # the column, or what is predicted
    kind: str  # what its values are
    share: float  # its share of all false alarms

    def reference(self, values: Array) -> Reference:
        """Return the reference of some values, none of them missing."""
        if self.what == "missing":
            counts = np.array([np.sum(values == 0), np.sum(values == 1)], np.float64)
            return Reference(np.zeros(0), np.array([0, 1]), np.zeros(0, np.intp), counts)
        return Reference.of_levels(values) if self.kind == "level" else Reference.of_numbers(values)

    def alternatives(self, reference: Reference) -> Alternatives:
        """Return what may become of it."""
        return reference.alternatives(of_losses=self.what == "errors")


@final
@dataclass(frozen=True, eq=False)
class Crossing:
    """A test that reached its threshold."""

    signal: int  # its number
    row: int  # the row at which it did
    # since when the best of its bets has been winning: an estimate of where the change was
    since: int
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
class Bank:
    """Sequential tests of the same rows."""

    def __init__(
        self,
        signals: Sequence[Signal],
        references: Sequence[Reference | None],
        false_alarms: float,
    ) -> None:
        self.signals, self.references = tuple(signals), list(references)
        self.false_alarms = false_alarms
        self.seen = [np.zeros(0 if one is None else len(one.counts)) for one in references]
        self.began = np.zeros(len(signals), np.int64)
        self.recent = Recent(len(signals))
        self._bets = [_Bets.none() for _ in signals]
        for number in range(len(signals)):
            self._begin(number)

    def add(self, values: Array, rows: Array, ties: Array) -> list[Crossing]:
        """Test some rows.

        Shapes: `values` (n_rows, n_signals); `rows` (n_rows,); `ties` (n_rows, n_signals).
        """
        found: list[Crossing] = []
        start = 0
        while start < len(rows):
            some = slice(start, start + AT_ONCE)
            n_tested, crossings = self._test(values[some], rows[some], ties[some])
            found += crossings
            start += n_tested
        return found

    def restart(self, number: int, row: int) -> None:
        """Let a test begin anew: what comes after a row becomes the reference."""
        self.began[number] = row + 1
        self.replace(number, None)

    def state(self, number: int) -> Array:
        """Return the winnings of each bet of a test, and since when it has been winning."""
        return self._bets[number].state

    def replace(self, number: int, reference: Reference | None) -> None:
        """Let a test begin anew with another reference; without one, it collects."""
        self.references[number] = reference
        self.seen[number] = np.zeros(0 if reference is None else len(reference.counts))
        self._begin(number)

    def resume(self, number: int, seen: Array, state: Array) -> None:
        """Go on from what `state` returned, and with the counts of the cells."""
        for own, given in ((self.seen[number], seen), (self.state(number), state)):
            if own.shape != given.shape or own.dtype != given.dtype:
                raise ValueError("another shape")
            if not np.isfinite(given).all() or (given < 0).any():
                raise ValueError("numbers that no test has")
            own[...] = given

    def _test(self, values: Array, rows: Array, ties: Array) -> tuple[int, list[Crossing]]:
        """Test rows up to the first at which a test begins or ends; return how many."""
        n_rows = min(len(rows), self._rows_to_collect(values))
        values, rows, ties = values[:n_rows], rows[:n_rows], ties[:n_rows]
        cells: dict[int, Array] = {}
        tested = _Tested([], [])
        for number, reference in enumerate(self.references):
            if reference is not None:
                cells[number] = cell = reference.cells(values[:, number])
                ranks = reference.ranks(cell, self.seen[number], ties[:, number])
                tested.add(self._bets[number], ranks)
        n_tested, crossed = tested.run(rows)
        self._keep(values[:n_tested], rows[:n_tested], cells)
        found = [self._crossing([*cells][one], int(rows[n_tested - 1])) for one in crossed]
        shown = [one for one in found if one.shows(self.signals[one.signal].what)]
        for one in found:
            if one in shown:
                self.restart(one.signal, one.row)
            else:
                self._begin(one.signal)
        self._collect()
        return n_tested, shown

    def _keep(self, values: Array, rows: Array, cells: dict[int, Array]) -> None:
        """Count values in their cells, and remember the rows."""
        self.recent.add(values, rows)
        for number, cell in cells.items():
            tested = cell[: len(rows)]
            seen = self.seen[number]
            seen += np.bincount(tested[tested >= 0], minlength=len(seen))

    def _crossing(self, number: int, row: int) -> Crossing:
        reference, bets = self.references[number], self._bets[number]
        assert reference is not None
        _, winnings, began = bets.state
        good = np.flatnonzero(winnings >= NEARLY * winnings.max())
        best = int(good[np.lexsort((-winnings[good], -began[good]))[0]])
        change, cell = bets.alternatives.names[best]
        since = int(began[best])
        values = self.recent.values(number, since)
        return Crossing(number, row, since, change, cell, reference, values)

    def _rows_to_collect(self, values: Array) -> int:
        """Return how many rows may come before a reference is complete; at least one."""
        rows = len(values)
        for number in self._collecting():
            lacking = COLLECTED - len(self.recent.values(number, int(self.began[number])))
            filled = np.cumsum(~np.isnan(values[:rows, number]))
            rows = min(rows, int(np.searchsorted(filled, lacking)) + 1)
        return max(1, rows)

    def _collect(self) -> None:
        """Let tests begin whose reference is complete."""
        for number in self._collecting():
            values = self.recent.values(number, int(self.began[number]))
            if len(values) >= COLLECTED:
                self.replace(number, self.signals[number].reference(values))

    def _collecting(self) -> list[int]:
        return [number for number, one in enumerate(self.references) if one is None]

    def _begin(self, number: int) -> None:
        signal, reference = self.signals[number], self.references[number]
        self._bets[number] = _Bets.none()
        if reference is not None:
            alternatives = signal.alternatives(reference)
            self._bets[number] = _Bets.on(alternatives, self.false_alarms / signal.share)


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


@dataclass(frozen=True, eq=False)
class _Tested:
    """The tests that take part, and what their bets pay at each row."""

    bets: list[_Bets]
    paid: list[Array]

    def add(self, bets: _Bets, ranks: Array) -> None:
        """Add a test that has alternatives."""
        self.bets.append(bets)
        self.paid.append(bets.alternatives.pay(ranks))

    def run(self, rows: Array) -> tuple[int, list[int]]:
        """Return how many rows were tested, up to the first alarm, and which tests raised it."""
        if not self.bets:
            return len(rows), []
        widths = [one.state.shape[1] for one in self.bets]
        starts = np.concatenate([[0], np.cumsum(widths)[:-1]])
        weights = np.repeat([1 / (one.threshold * one.state.shape[1]) for one in self.bets], widths)
        state = np.concatenate([one.state for one in self.bets], axis=1)
        paid = np.concatenate(self.paid, axis=1)
        n_tested, crossed = 0, np.zeros(0, np.intp)
        while n_tested < len(rows) and not len(crossed):
            _win(state, int(rows[n_tested]), paid[n_tested])
            crossed = np.flatnonzero(np.add.reduceat(weights * state[0], starts) >= 1)
            n_tested += 1
        for one, own in zip(self.bets, np.split(state, starts[1:], axis=1), strict=True):
            one.state[...] = own
        return n_tested, crossed.tolist()


def _win(state: Array, row: int, paid: Array) -> None:
    """Let a row decide all bets."""
    total, best, since = state
    np.copyto(since, row, where=best <= 1)
    np.maximum(best, 1, out=best)
    total += 1
    state[:2] *= paid
