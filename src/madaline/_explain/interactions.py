r"""Interactions: pairs of columns whose joint effect is not the sum of their single effects.

If the networks :math:`f` are additive in two columns, then changing both changes the prediction by
the sum of what changing either does. The remainder,

.. math:: D = f(x) - f(x_{j \to z}) - f(x_{k \to z}) + f(x_{jk \to z}),

is their interaction, with :math:`z` the values of another row. :math:`\sqrt{E[D^2] / 4}` is the
standard deviation of all that depends on both columns together (the superset importance of Liu and
Owen, 2006, https://doi.org/10.1198/016214505000001410), and exactly zero for additive networks. It
is reported as a share of the standard deviation of the predictions.

On planted interactions it was as sharp as second-order accumulated effects at a quarter of the
work, and handles categories. Friedman's H divides by the joint effect of the two columns, and found
an interaction of 0.3 between two columns of noise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from madaline._charts.html import bar, block, more
from madaline._charts.html import table as table_html
from madaline._charts.listing import Listing
from madaline._data.table import Table
from madaline._explain.columns import as_table, encoder_of, spread_rows
from madaline._explain.readout import margins
from madaline._model import FittedModel
from madaline._race.importance import permute_rows
from madaline.errors import InputError
from madaline.nn.arrays import Array

NOTABLE = 0.1
"""Strength from which an interaction is reported; networks that learned a sum reach 0.06."""

SHOWN_PAIRS = 15
"""Pairs that are shown, at most."""

MOST_ROWS = 500
"""Rows used, at most."""

MOST_COLUMNS = 12
"""Columns whose pairs are examined, at most: those with the largest effects."""


@dataclass(frozen=True)
class Interaction:
    """The joint effect of two columns beyond the sum of their single effects.

    Parameters
    ----------
    columns : tuple of str
        The two.
    strength : float
        Its standard deviation, as a share of that of all predictions.
    standard_error : float
        Standard error of the strength, from the scatter of the rows.

    Examples
    --------
    >>> print(Interaction(("age", "height"), 0.31, 0.02))
    age and height interact: their joint effect is 31% (± 2.0%) of the spread of the predictions.
    """

    columns: tuple[str, str]
    strength: float
    standard_error: float

    def __repr__(self) -> str:
        """Return the sentence."""
        return f"<Interaction: {self}>"

    def __str__(self) -> str:
        """Return the interaction in a sentence."""
        first, second = self.columns
        return (
            f"{first} and {second} interact: their joint effect is {self.strength:.0%}"
            f" (± {self.standard_error:.1%}) of the spread of the predictions."
        )

    @property
    def clear(self) -> bool:
        """Whether it is significant, and a tenth or more."""
        return self.strength - 2 * self.standard_error > 0 and self.strength >= NOTABLE

    def to_json(self) -> dict[str, Any]:
        """Return the interaction as JSON-able values."""
        return asdict(self) | {"columns": list(self.columns)}


class Interactions(Listing[Interaction]):
    """Pairs of columns, the strongest first (final)."""

    __slots__ = ()

    def to_columns(self) -> dict[str, Any]:
        """Return both columns, the strength, its standard error, and whether it is clear."""
        first, second = ([one.columns[place] for one in self] for place in (0, 1))
        names = ("strength", "standard_error", "clear")
        values = {name: [getattr(one, name) for one in self] for name in names}
        return {"first": first, "second": second} | values

    def _repr_html_(self) -> str:
        shown = self[:SHOWN_PAIRS]
        longest = max((one.strength for one in shown), default=0.0) or 1.0
        rows = [
            [
                " and ".join(one.columns),
                f"{one.strength:.0%} ± {one.standard_error:.1%}",
                bar(one.strength, longest, spread=one.standard_error),
                "" if one.clear else "no clear effect",
            ]
            for one in shown
        ]
        unclear = [number for number, one in enumerate(shown) if not one.clear]
        caption = "Joint effect of two columns, as a share of the spread of the predictions"
        header = ["columns", "joint effect", "", ""]
        return block(
            table_html(header, rows, right=(1,), caption=caption, unclear=unclear),
            more(len(shown), len(self), "pairs"),
        )


def interactions(
    model: FittedModel,
    table: Table | Mapping[str, Any],
    columns: Sequence[str] | None = None,
    *,
    output: Any = None,
    seed: int = 0,
) -> Interactions:
    """Return how strongly pairs of columns interact.

    Measured in log-odds of classes (all together) and in logarithms of counts, the scale on which
    networks are additive.

    Parameters
    ----------
    model : FittedModel
        The model.
    table : Table or mapping of str to array
        Rows like those to be predicted; of more than 500, every k-th.
    columns : sequence of str, optional
        The columns to pair; by default the 12 with the largest effects.
    output : str, float or int, optional
        Which of several targets or quantiles: its name, level or index.
    seed : int, default=0
        Seed of the pairs of rows.

    Returns
    -------
    Interactions
        Every pair, the strongest first; `Interaction.clear` marks those to report.

    Raises
    ------
    InputError
        If the model uses no such column, or there are fewer than two rows or columns.
    """
    model = model.of_output(output)
    table = spread_rows(as_table(table), MOST_ROWS).select(model.predictor.encoder.columns)
    if table.n_samples < 2:
        raise InputError("The table has one row, and an interaction needs two: add rows.")
    for name in columns or ():
        encoder_of(model, name)
    names = list(dict.fromkeys(columns or table.names))
    if len(names) < 2:
        raise InputError(f"An interaction needs two columns, and there is {len(names)}.")
    donors = table.take(permute_rows(table.n_samples, np.random.default_rng(seed)))
    unchanged = _predictions(model, table, donors, ())
    variance = float(unchanged.var(axis=0).sum())
    single = {name: _predictions(model, table, donors, (name,)) for name in names}
    if columns is None:
        moved = {name: np.square(unchanged - changed).mean() for name, changed in single.items()}
        most = sorted(names, key=lambda name: -moved[name])[:MOST_COLUMNS]
        names = [name for name in names if name in most]
    found = []
    for first, second in combinations(names, 2):
        both = _predictions(model, table, donors, (first, second))
        remainder = unchanged - single[first] - single[second] + both
        found.append(_interaction((first, second), remainder, variance))
    return Interactions(sorted(found, key=lambda interaction: -interaction.strength))


def _predictions(model: FittedModel, table: Table, donors: Table, columns: Sequence[str]) -> Array:
    """Return margins with some columns taken from other rows, (n_rows, n_outputs)."""
    changed = Table({**table.columns, **{name: donors[name] for name in columns}})
    return margins(model.predictor.output(changed))


def _interaction(columns: tuple[str, str], remainder: Array, variance: float) -> Interaction:
    squares = np.square(remainder).sum(axis=1) / 4
    if variance == 0 or not squares.any():
        return Interaction(columns, 0.0, 0.0)
    strength = float(np.sqrt(squares.mean() / variance))
    error = float(squares.std() / np.sqrt(len(squares))) / (2 * strength * variance)
    return Interaction(columns, strength, error)
