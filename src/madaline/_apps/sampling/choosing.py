"""Chooses how closely a sampler follows its table: the sharpest strength that remembers no rows.

Each strength is tried on both halves of the rows. Rows that are drawn should lie as near to the
other half as to that one; from sharp to safe, the first whose share of nearer rows is allowed is
taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from madaline._apps.sampling.chain import ChainSettings, learn_chain
from madaline._apps.sampling.figures import (
    NumericRows,
    column_shapes,
    copied_share,
    membership_auc,
    nearer_share,
    pair_trends,
    tell_apart,
    usefulness,
)
from madaline._apps.sampling.growing import LADDER, SAFE, FollowStrength
from madaline._apps.sampling.quality import ColumnShape, Quality
from madaline._base.language import _
from madaline._tables.formats.number_format import NumberFormat
from madaline._tables.table import Table
from madaline.nn.arrays import Array

MAX_JUDGED = 20_000  # rows that strengths are tried on
_DRAWS = 3  # rows that are drawn for each that is learned from: a share of fewer varies by .01
MIN_SHARP = 1000  # rows of a table, below which only the safe strength is taken

Report = Callable[[str], None]


@final
@dataclass(frozen=True, eq=False)
class Chosen:
    """The strength that was taken, its figures, and rows to look at."""

    strength: FollowStrength
    quality: Quality
    real: Mapping[str, Array]  # unseen rows, and rows that were drawn
    drawn: Mapping[str, Array]
    formats: Mapping[str, NumberFormat] = field(default_factory=dict)  # of columns of numbers


@final
@dataclass(frozen=True, eq=False)
class _Half:
    """A half of the rows that a sampler learned from, the other one, and rows that it drew."""

    unseen: Table
    columns: Mapping[str, Array]  # of rows that were drawn
    rows: list[NumericRows]  # learned from, unseen, and drawn

    @classmethod
    def tried(
        cls, learned: Table, unseen: Table, strength: FollowStrength, settings: ChainSettings
    ) -> _Half:
        """Learn from one half, and draw rows."""
        chain = learn_chain(learned, strength, settings)
        values = chain.draw(_DRAWS * learned.n_samples, [settings.seed, 8])
        columns = {name: chain.cells[name].as_column(values[name]) for name in learned.names}
        rows = NumericRows.together([learned.columns, unseen.columns, columns])
        return cls(unseen, columns, rows)

    @property
    def nearer(self) -> float:
        """The share of drawn rows that lie nearer to the half learned from."""
        learned, unseen, drawn = self.rows
        return nearer_share(drawn, learned, unseen)


def choose(
    table: Table, *, privacy: float | str, settings: ChainSettings, report: Report
) -> Chosen:
    """Return the strength for a table; the name of one, instead of a limit, is that one."""
    order = np.random.default_rng([settings.seed, 7]).permutation(table.n_samples)[:MAX_JUDGED]
    n = len(order) // 2
    first = table.take(order[:n])
    second = table.take(order[n : 2 * n])
    limit = privacy if isinstance(privacy, float) else 1.0
    ladder = [strength for strength in LADDER if strength.name == privacy] or [*LADDER]
    if table.n_samples < MIN_SHARP and not isinstance(privacy, str):
        ladder = [SAFE]
    # both ways where it matters, as one half may be denser than the other
    ways = [(first, second), (second, first)][: 2 if limit < 1 else 1]
    for strength in ladder:
        shares = []
        for learned, unseen in ways:
            report(_("learning from {n:,} rows, {name}").format(n=n, name=_(strength.name)))
            half = _Half.tried(learned, unseen, strength, settings)
            shares.append(half.nearer)
        nearer = float(np.mean(shares))
        if nearer <= limit:
            break
    report("judging rows that were drawn")
    figures = _figures(half.rows, settings)
    quality = Quality(strength=strength.name, nearer=nearer, privacy=limit, **figures)
    return Chosen(strength, quality, half.unseen.columns, half.columns)


def _figures(rows: list[NumericRows], settings: ChainSettings) -> dict[str, Any]:
    """Return the figures of rows learned from, unseen rows, and drawn ones."""
    learned, unseen, all_drawn = rows
    drawn = all_drawn.take(slice(len(learned)))
    seed = settings.seed
    shapes = column_shapes(unseen, all_drawn)
    return {
        "n_learned": len(learned),
        "n_unseen": len(unseen),
        "shape": float(np.mean(shapes)),
        "trend": pair_trends(unseen, all_drawn, np.random.default_rng([seed, 9])),
        "shape_of_real": float(np.mean(column_shapes(unseen, learned))),
        "trend_of_real": pair_trends(unseen, learned, np.random.default_rng([seed, 9])),
        "judge": tell_apart(unseen, drawn, seed),
        "judge_of_learned": tell_apart(learned, drawn, seed),
        "copies": copied_share(all_drawn, learned),
        "copies_of_real": copied_share(unseen, learned),
        "membership": membership_auc(drawn, learned, unseen),
        "columns": tuple(map(ColumnShape, learned.names, shapes.clip(0, 1).tolist())),
        **_usefulness(learned, unseen, drawn, settings),
    }


def _usefulness(
    learned: NumericRows, unseen: NumericRows, drawn: NumericRows, settings: ChainSettings
) -> dict[str, Any]:
    """Return how well models that learn from drawn rows predict the target of unseen ones."""
    target = learned.names.index(settings.target)
    useful = usefulness(drawn, learned, unseen, target, settings.seed)
    figures: dict[str, Any] = {"target": settings.target if len(learned.names) > 1 else ""}
    if useful:
        of_numbers = not unseen.is_level[target] and len(np.unique(unseen.x[:, target])) > 2
        figures |= {"metric": "R²" if of_numbers else "AUC"}
        figures |= {"utility": useful[0], "utility_of_real": useful[1]}
    return figures
