r"""Permutation importance of columns on any table with known targets, and interactions of pairs.

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

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from madaline._base.language import _
from madaline._models.model import FittedModel
from madaline._models.runtime.predictor import Predictor
from madaline._race.importance import (
    PERMUTED_ROWS,
    Importances,
    Measure,
    importance_of,
    metric_of_loss,
    permute_rows,
)
from madaline._tables.table import Table
from madaline._tables.target import JointEncoder, TargetEncoder
from madaline._tell.explain.columns import as_table, encoder_of, spread_rows
from madaline._tell.explain.scale import margins
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import Loss
from madaline.records._results.blocks import Bar, Cell, Section, TextTable, more
from madaline.records._results.result import Listing

# Of an interaction that is reported: networks that learned a sum reach .06, or .11 on one of two
# draws of four planted functions, where planted ones have .39 or more
_MIN_STRENGTH = 0.1
_MAX_SHOWN_PAIRS = 15
_MAX_ROWS = 500  # that are used
_MAX_COLUMNS = 12  # that are paired, those with the largest effects


def importances(
    model: FittedModel,
    table: Table | Mapping[str, Any],
    target: Array,  # (n_samples,), their labels or numbers
    *,
    output: Any = None,
    together: Sequence[Sequence[str]] | None = None,
    repeats: int = 5,
    seed: int = 0,
) -> Importances:
    """Return how much worse the model predicts when columns' values are permuted among rows.

    Columns with the same information hide each other's importance: permute them `together`. On
    training rows, overfitting counts as importance: give other rows, or read
    `model.summary.importances`, which the fit measured out of fold. Of more than 2,000 rows every
    k-th is used; of several targets the mean over all by default.
    """
    table = as_table(table)
    if len(target) != table.n_samples:
        raise InputError(
            "There are {n_target} targets for {n_samples} rows: give one for each.",
            n_target=len(target),
            n_samples=table.n_samples,
        )
    if table.n_samples < 2:
        raise InputError("The table has one row, and permuting needs two: add rows.")
    if repeats < 1:
        raise InputError("repeats is {repeats}: give a whole number from 1 up.", repeats=repeats)
    groups = _groups(model, together)
    rows = slice(None, None, -(-table.n_samples // PERMUTED_ROWS))
    table = table.take(rows).select(model.predictor.encoder.columns)
    truth = model.predictor.target_encoder.matrix(np.asarray(target)[rows])
    measures = _measures(model.predictor, output)
    before = _metric_rows(model, table, truth, measures)
    measured = []
    for number, columns in enumerate(groups):
        rng = np.random.default_rng([seed, number])
        rise = np.zeros(len(before))
        for __ in range(repeats):
            donors = permute_rows(table.n_samples, rng)
            permuted = {name: table[name][donors] for name in columns}
            changed = Table({**table.columns, **permuted})
            rise += _metric_rows(model, changed, truth, measures) - before
        measured.append(importance_of(columns, rise / repeats, None, None, measures[0].metric))
    return Importances(sorted(measured, key=lambda importance: -importance.value))


def important_columns(model: FittedModel, most: int) -> list[str]:
    """Return the columns with a clear importance, or the first ones if none has.

    Columns of images and texts are left out, if there are others.
    """
    clear = [importance.columns[0] for importance in model.summary.clear_importances]
    names = clear or list(model.predictor.encoder.columns)
    return ([name for name in names if name in model.schema.single] or names)[:most]


def _groups(model: FittedModel, together: Sequence[Sequence[str]] | None) -> list[tuple[str, ...]]:
    if together is None:
        return [(name,) for name in model.predictor.encoder.columns]
    if isinstance(together, str) or any(isinstance(group, str) or not group for group in together):
        raise InputError(
            "together is {together!r}: give groups of columns, such as [['width', 'length']].",
            together=together,
        )
    groups = [tuple(columns) for columns in together]
    for columns in groups:
        for name in columns:
            encoder_of(model, name)
    return groups


def _measures(predictor: Predictor, output: Any) -> list[Measure]:
    """Return how the predictions of each target are evaluated, or those of one."""
    encoder = predictor.target_encoder
    if not isinstance(encoder, JointEncoder):
        return [_measure(predictor.loss, encoder, slice(None))]
    measures = [
        _measure(predictor.loss.of_output(index), of_target, slice(index, index + 1))
        for index, of_target in enumerate(encoder.encoders)
    ]
    return measures if output is None else [measures[encoder.index(output)]]


def _measure(loss: Loss, encoder: TargetEncoder, outputs: slice) -> Measure:
    scale = encoder.unit
    return Measure(loss, outputs, *metric_of_loss(loss, scale))


def _metric_rows(
    model: FittedModel, table: Table, truth: Array, measures: Sequence[Measure]
) -> Array:
    """Return the mean metric of each row, shape (n_samples,), in float64."""
    output = model.predictor.output(table)
    rows = [measure.rows(output, truth) for measure in measures]
    return np.asarray(np.mean(rows, axis=0))


@dataclass(frozen=True)
class Interaction:
    """The joint effect of two columns beyond the sum of their single effects.

    Attributes
    ----------
    columns : tuple[str, str]
        The two.
    strength : float
        Standard deviation of the joint effect, as a share of that of all predictions.
    standard_error : float
        Of the strength, from the scatter of the rows.
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
        if not self.clear:
            return _(
                "{first} and {second} do not clearly interact: their joint effect is {strength:.0%} (± {standard_error:.1%}) of the spread of the predictions."
            ).format(
                first=first,
                second=second,
                strength=self.strength,
                standard_error=self.standard_error,
            )
        return _(
            "{first} and {second} interact: their joint effect is {strength:.0%} (± {standard_error:.1%}) of the spread of the predictions."
        ).format(
            first=first, second=second, strength=self.strength, standard_error=self.standard_error
        )

    @property
    def clear(self) -> bool:
        """Whether it is significant, and a tenth or more."""
        return self.strength - 2 * self.standard_error > 0 and self.strength >= _MIN_STRENGTH

    def to_json(self) -> dict[str, Any]:
        """Return the interaction as JSON-able values."""
        return asdict(self) | {"columns": list(self.columns)}


class Interactions(Listing[Interaction]):
    """Pairs of columns, the strongest first."""

    __slots__ = ()

    def to_columns(self) -> dict[str, Any]:
        """Return both columns, the strength, its standard error, and whether it is clear."""
        first, second = ([pair.columns[place] for pair in self] for place in (0, 1))
        names = ("strength", "standard_error", "clear")
        values = {name: [getattr(pair, name) for pair in self] for name in names}
        return {"first": first, "second": second} | values

    def sections(self) -> Iterator[Section]:
        shown = self[:_MAX_SHOWN_PAIRS]
        longest = max((pair.strength for pair in shown), default=0.0) or 1.0
        rows: list[list[Cell]] = [
            [
                _(" and ").join(pair.columns),
                f"{pair.strength:.0%} ± {pair.standard_error:.1%}",
                Bar(pair.strength, longest, spread=pair.standard_error),
                "" if pair.clear else _("no clear interaction"),
            ]
            for pair in shown
        ]
        unclear = [number for number, pair in enumerate(shown) if not pair.clear]
        caption = _(
            "Joint effect of two columns, as a share of the spread of the predictions. Networks also interact a little where columns only add up: below {MIN_STRENGTH:.0%}, no interaction is clear."
        ).format(MIN_STRENGTH=_MIN_STRENGTH)
        heads = ["columns", "joint effect", "", ""]
        told = TextTable(heads, rows, right=(1,), caption=caption, unclear=unclear)
        yield Section([told, *more(len(shown), len(self), "pairs")])


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
    """
    model = model.of_output(output)
    table = spread_rows(as_table(table), _MAX_ROWS).select(model.predictor.encoder.columns)
    if table.n_samples < 2:
        raise InputError("The table has one row, and an interaction needs two: add rows.")
    for name in columns or ():
        encoder_of(model, name)
    names = list(dict.fromkeys(columns or table.names))
    if len(names) < 2:
        raise InputError(
            "An interaction needs two columns, and there is {n_names}.", n_names=len(names)
        )
    donors = table.take(permute_rows(table.n_samples, np.random.default_rng(seed)))
    unchanged = _predictions(model, table, donors, ())
    variance = float(unchanged.var(axis=0).sum())
    single = {name: _predictions(model, table, donors, (name,)) for name in names}
    if columns is None:
        moved = {name: np.square(unchanged - changed).mean() for name, changed in single.items()}
        most = sorted(names, key=lambda name: -moved[name])[:_MAX_COLUMNS]
        names = [name for name in names if name in most]
    pairs = []
    for first, second in combinations(names, 2):
        together = _predictions(model, table, donors, (first, second))
        remainder = unchanged - single[first] - single[second] + together
        pairs.append(_interaction((first, second), remainder, variance))
    return Interactions(sorted(pairs, key=lambda interaction: -interaction.strength))


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
