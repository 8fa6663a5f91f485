"""Chooses how closely a sampler follows its table: the sharpest strength that remembers no rows.

Each strength is tried on both halves of the rows. Rows that are drawn should lie as near to the
other half as to that one; from sharp to safe, the first whose share of nearer rows is allowed is
taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from madaline._data.table import Table
from madaline._sampling.chain import Chain, learn_chain
from madaline._sampling.figures import (
    NumericRows,
    column_shapes,
    copied_share,
    membership_auc,
    nearer_share,
    pair_trends,
)
from madaline._sampling.growing import LADDER, SAFE, FollowStrength
from madaline._sampling.judging import tell_apart, usefulness
from madaline._sampling.quality import ColumnShape, Quality
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


def choose(
    table: Table,
    *,
    privacy: float | str,
    settings: Mapping[str, Any],  # of `learn_chain`
    report: Report,
) -> Chosen:
    """Return the strength for a table; the name of one, instead of a limit, is that one."""
    seed = settings["seed"]
    rng = np.random.default_rng([seed, 7])
    order = rng.permutation(table.n_samples)[:MAX_JUDGED]
    half = len(order) // 2
    learned, unseen = table.take(order[:half]), table.take(order[half : 2 * half])
    limit = privacy if isinstance(privacy, float) else 1.0
    ladder = [one for one in LADDER if one.name == privacy] or [*LADDER]
    if table.n_samples < MIN_SHARP and not isinstance(privacy, str):
        ladder = [SAFE]
    halves = [(learned, unseen), (unseen, learned)][: 2 if limit < 1 else 1]
    for strength in ladder:
        shares = []
        for own, other in halves:  # both ways, as one half may be denser than the other
            report(f"learning from {half:,} rows, {strength.name}")
            chain = learn_chain(own, strength, **settings)
            drawn = _drawn(chain, _DRAWS * half, seed, table.names)
            rows = NumericRows.together([own.columns, other.columns, drawn])
            shares.append(nearer_share(rows[2], rows[0], rows[1]))
        nearer = float(np.mean(shares))
        if nearer <= limit:
            break
    learned, unseen = halves[-1]  # of the rows drawn last
    report("judging rows that were drawn")
    quality = _quality(rows, nearer, strength, limit, settings["target"], seed)
    return Chosen(strength, quality, unseen.columns, drawn)


def _drawn(chain: Chain, n_rows: int, seed: int, names: tuple[str, ...]) -> dict[str, Array]:
    values = chain.draw(n_rows, [seed, 8])
    return {name: chain.cells[name].as_column(values[name]) for name in names}


def _quality(
    rows: list[NumericRows],
    nearer: float,
    strength: FollowStrength,
    limit: float,
    target: str,
    seed: int,
) -> Quality:
    """Return the figures of rows learned from, unseen rows, and drawn ones."""
    learned, unseen, drawn = rows[0], rows[1], rows[2].take(slice(len(rows[0])))
    shapes = column_shapes(unseen, rows[2])
    place = learned.names.index(target)
    useful = usefulness(drawn, learned, unseen, place, seed)
    of_numbers = not unseen.is_level[place] and len(np.unique(unseen.x[:, place])) > 2
    told: dict[str, Any] = {"target": target if len(learned.names) > 1 else ""}
    if useful:
        told |= {"metric": "R²" if of_numbers else "AUC"}
        told |= {"utility": useful[0], "utility_of_real": useful[1]}
    return Quality(
        strength.name,
        len(learned),
        len(unseen),
        float(np.mean(shapes)),
        pair_trends(unseen, rows[2], np.random.default_rng([seed, 9])),
        float(np.mean(column_shapes(unseen, learned))),
        pair_trends(unseen, learned, np.random.default_rng([seed, 9])),
        tell_apart(unseen, drawn, seed),
        tell_apart(learned, drawn, seed),
        nearer,
        copied_share(rows[2], learned),
        copied_share(unseen, learned),
        membership_auc(drawn, learned, unseen),
        tuple(map(ColumnShape, learned.names, shapes.clip(0, 1).tolist())),
        limit,
        **told,
    )
