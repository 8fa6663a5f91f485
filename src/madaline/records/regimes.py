"""The regimes of a stream: what it was like, when, and when that was known again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from madaline._base.codec import Count, Finite, Share, Stored
from madaline._base.language import _
from madaline._base.words import format_count, format_list, format_share
from madaline.records._results.blocks import Section, TextTable
from madaline.records._results.result import Listing
from madaline.records.decision import Decision

Stretches: TypeAlias = tuple[tuple[Count, Count], ...]
"""The first and the last row of each stretch of a regime, counted from one."""

_MAX_SHOWN = 3  # stretches that a sentence names, at most: the latest


def letter(number: int) -> str:
    """Return the name of a regime: A to Z, then AA.

    >>> letter(0), letter(27)
    ('A', 'AB')
    """
    before, last = divmod(number, 26)
    return (letter(before - 1) if before else "") + chr(ord("A") + last)


def format_stretches(stretches: Stretches) -> str:
    """Return the latest stretches of rows in words.

    >>> format_stretches(((4000, 9100), (14000, 16200)))
    '4,000 to 9,100 and 14,000 to 16,200'
    """
    return format_list(
        [
            _("{first:,} to {last:,}").format(first=first, last=last)
            for first, last in stretches[-_MAX_SHOWN:]
        ],
        last=" and ",
    )


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
            "Since row {since:,} as in rows {rows} (regime {name}); it took {delay} to know."
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
