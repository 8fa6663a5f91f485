"""What is known of a sampler: how like real rows its rows are, and how much it remembers.

All of it is measured with a sampler of one half of the rows. The other half, which it never saw, is
what its rows are compared with: a sampler that copies its table would look perfect beside the rows
it learned from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, final

from madaline._base.codec import Count, LongText, Share, Stored
from madaline._base.json_checks import OneOf, Text
from madaline._base.language import _
from madaline._base.words import format_count, format_share
from madaline.records._results.blocks import Bar, Cell, Paragraph, Section, TextTable, points
from madaline.records._results.result import Result, ToFrame

_MAX_COLUMNS = 100


@final
@dataclass(frozen=True)
class ColumnShape(Stored):
    """How alike a column is in drawn and in real rows, 1 at best."""

    name: LongText
    shape: Share


@final
@dataclass(frozen=True)
class Quality(Stored, Result, ToFrame):
    """Figures of a sampler that learned from one half of the rows; prints as sentences.

    Attributes
    ----------
    strength : str
        How closely the sampler follows its table: safe, middle or sharp.
    n_learned, n_unseen : int
        Rows of both halves.
    shape, trend : float
        How alike columns, and pairs of columns, are to those of unseen rows; 1 at best.
    shape_of_real, trend_of_real : float
        The same of the rows learned from: what chance leaves.
    judge, judge_of_learned : float
        AUC with which boosted trees tell drawn rows from unseen ones, and from those learned from.
        0.5 at best.
    nearer : float
        Share of drawn rows that lie nearer to a row learned from than to any unseen one. 0.5: it
        remembers nothing.
    copies, copies_of_real : float
        Share of drawn rows, and of unseen ones, that are equal to a row learned from.
    membership : float
        AUC with which the distance to the nearest drawn row tells rows learned from and unseen
        rows. 0.5 at best.
    target, metric, utility, utility_of_real : str, str, float, float
        How well models that learned from drawn rows, and from real ones, predict a column of the
        unseen rows. The metric is empty where that could not be measured.
    columns : tuple of ColumnShape
        How alike each column is.
    privacy : float
        The share of `nearer` that was allowed.
    """

    strength: Annotated[str, OneOf(("safe", "middle", "sharp"))]
    n_learned: Count
    n_unseen: Count
    shape: Share
    trend: float
    shape_of_real: Share
    trend_of_real: float
    judge: Share
    judge_of_learned: Share
    nearer: Share
    copies: Share
    copies_of_real: Share
    membership: Share
    columns: tuple[ColumnShape, ...]
    privacy: Share
    target: LongText = ""
    metric: Annotated[str, Text(20)] = ""
    utility: float = 0.0
    utility_of_real: float = 0.0

    @property
    def sentence(self) -> str:
        """The figures that matter most."""
        nearer = round(100 * self.nearer)
        return _(
            "A classifier tells these rows from real ones with AUC {text:.2f} (0.50 is a guess); {nearer} of 100 lie nearer to the rows learned from than to others (50: it remembers none); {copies}."
        ).format(text=max(0.5, self.judge), nearer=nearer, copies=self._copies)

    @property
    def _copies(self) -> str:
        if not self.copies:
            return "none is a copy"
        real = _(", as are {copies_of_real} of real rows").format(
            copies_of_real=format_share(self.copies_of_real, 2)
        )
        return _("{copies} are copies{real}").format(
            copies=format_share(self.copies, 2), real=real if self.copies_of_real else ""
        )

    def sentences(self) -> Iterator[str]:
        """Yield all figures in sentences."""
        yield self.sentence
        if self.nearer > self.privacy:
            yield _(
                "More lie nearer than the {privacy} that privacy allows, even with the safest strength: the table has few rows for its columns."
            ).format(privacy=format_share(self.privacy, 0))
        pairs = _(", pairs of columns to {trend:.3f} ({trend_of_real:.3f})").format(
            trend=self.trend, trend_of_real=self.trend_of_real
        )
        yield _(
            "Columns are alike to {shape:.3f} (those of both halves of the real rows to {shape_of_real:.3f}){text}; 1 is equal."
        ).format(
            shape=self.shape,
            shape_of_real=self.shape_of_real,
            text="" if self.trend != self.trend else pairs,
        )
        yield from self._usefulness()
        yield _(
            "Beside the rows learned from, the classifier has AUC {text:.2f}; copies would lower that, too. The distance of a row to the nearest drawn one tells with AUC {membership:.2f} whether it was learned from (0.50 is a guess)."
        ).format(text=max(0.5, self.judge_of_learned), membership=self.membership)
        halves = f"{format_count(self.n_learned, 'row')}"
        yield _(
            "Measured with a sampler of {halves}, beside {n_unseen:,} that it never saw; strength: {strength}."
        ).format(halves=halves, n_unseen=self.n_unseen, strength=_(self.strength))

    def _usefulness(self) -> Iterator[str]:
        """Yield how well models of drawn rows predict the target, if there is one."""
        if self.metric:
            yield _(
                "A model that learned from these rows predicts {target} of real ones with {metric} {utility:.3f}; one that learned from real rows with {utility_of_real:.3f}."
            ).format(
                target=self.target,
                metric=self.metric,
                utility=self.utility,
                utility_of_real=self.utility_of_real,
            )
        elif self.target:
            yield _(
                "How well models predict {target} was not measured: it has a single value, or too many or too rare ones. Choose another column as target."
            ).format(target=self.target)

    def to_columns(self) -> dict[str, Any]:
        """Return how alike each column is."""
        return {
            "column": [column.name for column in self.columns],
            "shape": [column.shape for column in self.columns],
        }

    __str__ = __repr__ = Result.text

    def sections(self) -> Iterator[Section]:
        worst = sorted(self.columns, key=lambda one: one.shape)[:_MAX_COLUMNS]
        rows: list[list[Cell]] = [
            [column.name, Bar(column.shape, 1.0, f"{column.shape:.3f}")] for column in worst
        ]
        first, *others = self.sentences()
        yield Section([Paragraph(first), *points(others)], first=True)
        yield Section([TextTable(["column", "alike"], rows)])
