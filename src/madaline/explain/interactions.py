r"""Interactions: pairs of columns of which the networks make more than of each alone.

If the networks :math:`f` add up what two columns say, then changing both changes the answer by the
sum of what changing either does. What is left,

.. math:: D = f(x) - f(x_{j \to z}) - f(x_{k \to z}) + f(x_{jk \to z}),

is their interaction, with :math:`z` the values of another row. :math:`\sqrt{E[D^2] / 4}` is the
spread of all that depends on both columns together (the superset importance of Liu and Owen, 2006,
https://doi.org/10.1198/016214505000001410), and exactly zero for networks that add. It is told as a
share of the spread of all answers.

On planted interactions it was as sharp as second-order accumulated effects at a quarter of the
work, and knows categories. Friedman's H divides by what both columns say at all, and found an
interaction of 0.3 between two columns that say nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from madaline.data.table import Table
from madaline.errors import InputError
from madaline.explain.effects import encoder_of
from madaline.explain.readout import as_table, margins, spread_rows
from madaline.model import FittedModel
from madaline.nn.arrays import Array
from madaline.race.importance import exchange_rows

WORTH_A_WORD = 0.1
"""Strength from which an interaction counts as one; networks that learned a sum come to 0.06."""

MOST_ROWS = 500
"""Rows that are looked at, at most."""

MOST_COLUMNS = 12
"""Columns whose pairs are looked at, at most: those that move the answers most."""


@dataclass(frozen=True)
class Interaction:
    """How much two columns say together beyond what each says alone.

    Parameters
    ----------
    columns : tuple of str
        The two.
    strength : float
        The spread of what they say together, as a share of the spread of all answers.
    standard_error : float
        How far off the strength may easily be, from the scatter of the rows.

    Examples
    --------
    >>> print(Interaction(("age", "height"), 0.31, 0.02))
    age and height work together: what they say beyond each alone spreads 31% (± 2.0%) as far as all
    predictions do.
    """

    columns: tuple[str, str]
    strength: float
    standard_error: float

    def __str__(self) -> str:
        """Say it in a sentence."""
        first, second = self.columns
        return (
            f"{first} and {second} work together: what they say beyond each alone spreads"
            f" {self.strength:.0%} (± {self.standard_error:.1%}) as far as all predictions do."
        )

    @property
    def clear(self) -> bool:
        """Whether it is worth a word: of a strength of a tenth or more, beyond doubt."""
        return self.strength - 2 * self.standard_error > 0 and self.strength >= WORTH_A_WORD

    def to_json(self) -> dict[str, Any]:
        """Return the interaction as JSON-able values."""
        return asdict(self) | {"columns": list(self.columns)}


def interactions(
    model: FittedModel,
    table: Table | Mapping[str, Any],
    columns: Sequence[str] | None = None,
    *,
    seed: int = 0,
) -> tuple[Interaction, ...]:
    """Return how strongly pairs of columns work together in what the networks say.

    Measured in log-odds where classes are predicted (all classes together) and in logarithms where
    amounts are, since that is where networks add up.

    Parameters
    ----------
    model : FittedModel
        The model.
    table : Table or mapping of str to array
        Rows like those that the model is used on; of more than 500, every k-th.
    columns : sequence of str, optional
        Whose pairs; by default those of the 12 columns that move the answers most.
    seed : int, default=0
        Decides which rows are put together.

    Returns
    -------
    tuple of Interaction
        Every pair, the strongest first; `Interaction.clear` says which are worth a word.

    Raises
    ------
    InputError
        If the model uses no such column, or there are fewer than two rows or columns.
    """
    table = spread_rows(as_table(table), MOST_ROWS).select(model.predictor.encoder.columns)
    if table.n_samples < 2:
        raise InputError("The table has one row, which has none to be put together with: add rows.")
    for name in columns or ():
        encoder_of(model, name)
    names = list(dict.fromkeys(columns or table.names))
    if len(names) < 2:
        raise InputError(f"An interaction needs two columns, and there is {len(names)}.")
    donors = table.take(exchange_rows(table.n_samples, np.random.default_rng(seed)))
    own = _answers(model, table, donors, ())
    spread = float(own.var(axis=0).sum())
    alone = {name: _answers(model, table, donors, (name,)) for name in names}
    if columns is None:
        moved = {name: float(np.square(own - one).mean()) for name, one in alone.items()}
        most = sorted(names, key=lambda name: -moved[name])[:MOST_COLUMNS]
        names = [name for name in names if name in most]
    found = []
    for first, second in combinations(names, 2):
        both = _answers(model, table, donors, (first, second))
        beyond = own - alone[first] - alone[second] + both
        found.append(_interaction((first, second), beyond, spread))
    return tuple(sorted(found, key=lambda one: -one.strength))


def _answers(model: FittedModel, table: Table, donors: Table, columns: Sequence[str]) -> Array:
    """Return what the networks say with some columns of other rows, (n_rows, n_answers)."""
    changed = Table({**table.columns, **{name: donors[name] for name in columns}})
    return margins(model.predictor.output(changed))


def _interaction(columns: tuple[str, str], beyond: Array, spread: float) -> Interaction:
    squares = np.square(beyond).sum(axis=1) / 4
    if spread == 0 or not squares.any():
        return Interaction(columns, 0.0, 0.0)
    strength = float(np.sqrt(squares.mean() / spread))
    error = float(squares.std() / np.sqrt(len(squares))) / (2 * strength * spread)
    return Interaction(columns, strength, error)
