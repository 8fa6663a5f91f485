"""The regimes of a stream: what it was like, when, and when that was known again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias, final

import numpy as np

from madaline._base.codec import Count, Finite, Share, Stored
from madaline._base.language import _
from madaline._base.words import format_count, format_share
from madaline.records._results.blocks import Section, TextTable
from madaline.records._results.figure import COLORS, Axis, Band, Figure
from madaline.records._results.result import Listing
from madaline.records.decision import Decision

Stretches: TypeAlias = tuple[tuple[Count, Count], ...]
"""The first and the last row of each stretch of a regime, counted from one."""

_MAX_SHOWN = 3  # stretches that a sentence names, at most: the latest
_SHORT = 50  # rows: a shorter stretch, or a shorter gap between two, is not worth telling
_WIDTH = 60  # letters of a timeline


def letter(number: int) -> str:
    """Return the name of a regime: A to Z, then AA.

    >>> letter(0), letter(27)
    ('A', 'AB')
    """
    before, last = divmod(number, 26)
    return (letter(before - 1) if before else "") + chr(ord("A") + last)


def long_stretches(stretches: Stretches) -> Stretches:
    """Return stretches without short ones beside them, and without short gaps.

    >>> long_stretches(((1, 900), (910, 2000), (4000, 4000)))
    ((1, 2000),)
    """
    joined: list[tuple[int, int]] = []
    for first, last in stretches:
        near = bool(joined) and first - joined[-1][1] <= _SHORT
        joined[len(joined) - near :] = [(joined[-1][0] if near else first, last)]
    return tuple(one for one in joined if one[1] - one[0] >= _SHORT) or tuple(joined)


def format_stretches(stretches: Stretches) -> str:
    """Return the latest long stretches of rows in words.

    >>> format_stretches(((4000, 9100), (14000, 16200)))
    '4,000 to 9,100 and 14,000 to 16,200'
    """
    *others, last = [
        _("{first:,} to {last:,}").format(first=first, last=last)
        for first, last in long_stretches(stretches)[-_MAX_SHOWN:]
    ] or [""]
    if not others:
        return last
    names = reduce(
        lambda first, second: _("{first}, {second}").format(first=first, second=second), others
    )
    return _("{names} and {last}").format(names=names, last=last)


@dataclass(frozen=True)
class RegimeReturned(Decision):
    """What came before is back; `epoch` is the row by which that was known."""

    action = "return"
    name: str  # of the regime: a letter
    since: Count  # the first row of it, as far as losses tell
    stretches: Stretches  # when it was there before

    def __str__(self) -> str:
        """Return the decision in a line."""
        return self.sentence

    @property
    def sentence(self) -> str:
        """Since when, as when, and how long it took to know."""
        return _(
            "Since row {since:,} regime {name} is back, as in rows {rows}; it took {delay} to know."
        ).format(
            since=self.since,
            rows=format_stretches(self.stretches),
            name=self.name,
            delay=format_count(self.epoch - self.since, "row"),
        )


@final
@dataclass(frozen=True)
class Regime(Stored):
    """A regime that is remembered."""

    name: str  # a letter
    stretches: Stretches  # when it was there
    share: Share  # of all rows
    loss: Finite  # what its networks lost when they were stored, the mean of a row
    weight: Share  # of its stored networks in predictions now

    def __str__(self) -> str:
        """Return the regime in a line."""
        return _(
            "regime {name}: rows {rows} ({share} of all); its loss was {loss:.3f} a row"
        ).format(name=self.name, rows=self.rows, share=format_share(self.share), loss=self.loss)

    @property
    def rows(self) -> str:
        """The latest of its rows, in words."""
        return format_stretches(self.stretches)


@final
class Regimes(Listing[Regime]):
    """The regimes that are remembered, in the order in which they were first seen."""

    __slots__ = ()

    def timeline(self, n_rows: int) -> str:
        """Return a letter for each of some 60 equal parts of the rows: the regime of most of them.

        A dot stands for a part that no regime was told in.

        >>> once = Regime("A", ((1, 60),), 0.5, 0.1, 0.0)
        >>> Regimes([once, Regime("B", ((61, 100),), 0.3, 0.1, 1.0)]).timeline(120)[26:]
        'AAAABBBBBBBBBBBBBBBBBBBB..........'
        """
        bounds = np.linspace(0, n_rows, min(_WIDTH, n_rows) + 1)
        covered = np.zeros((len(self) + 1, len(bounds) - 1))
        for place, regime in enumerate(self):
            for first, last in regime.stretches:
                covered[place] += np.diff(np.clip(bounds, first - 1, last))
        covered[-1] = np.diff(bounds) - covered.sum(axis=0)
        names = [one.name if len(one.name) == 1 else one.name[-1].lower() for one in self]
        return "".join([*names, "."][place] for place in covered.argmax(axis=0))

    def lasting(self, returned: Sequence[RegimeReturned]) -> list[RegimeReturned]:
        """Return those returns that lasted, and those whose regime is forgotten."""
        known = {regime.name: long_stretches(regime.stretches) for regime in self}
        return [
            one
            for one in returned
            if one.name not in known
            or any(
                abs(one.since - first) <= _SHORT <= last - one.since
                for first, last in known[one.name]
            )
        ]

    def figure(self) -> Figure:
        """Return which rows were of which regime, as bands on a line for each, to be drawn."""
        marks = [
            Band(
                np.array([first, last], float),
                np.full(2, place - 0.4),
                np.full(2, place + 0.4),
                0.7,
                COLORS[place % len(COLORS)],
            )
            for place, regime in enumerate(self)
            for first, last in long_stretches(regime.stretches)
        ]
        names = tuple(regime.name for regime in self)
        told = [_("{name} in rows {rows}").format(name=one.name, rows=one.rows) for one in self]
        return Figure(
            "Regimes",
            _("When each regime was there: {regimes}.").format(regimes=_("; ").join(told)),
            "A line for each regime; where it has several bands, the regime came back.",
            Axis.around([1.0, *(end for band in marks for end in band.x)], "row"),
            Axis(-0.5, len(names) - 0.5, "regime", names=names),
            tuple(marks),
        )

    def to_columns(self) -> dict[str, Any]:
        """Return name, rows, share of all rows, loss and weight."""
        names = ("name", "rows", "share", "loss", "weight")
        return {name: [getattr(regime, name) for regime in self] for name in names}

    def sections(self) -> Iterator[Section]:
        """Yield a table."""
        rows = [
            [r.name, format_share(r.share), f"{r.loss:.3f}", format_share(r.weight), r.rows]
            for r in self
        ]
        titles = ["regime", "share", "loss", "weight", "rows"]
        yield Section([TextTable(titles, rows, right=(1, 2, 3))])
