"""Permutation importance: how much worse predictions get when a column's values are permuted.

If the networks predict as well after each row's age is replaced by that of another row, age does
not matter to them. This is done on out-of-fold rows, so that a column from which networks learned
mere chance has no importance (Breiman, 2001, "Random forests", section 10,
https://doi.org/10.1023/A:1010933404324).

Redundant columns hide each other: where one is permuted, the networks still have the other. Permute
them together to measure their joint importance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, final

import numpy as np

from madaline._base.codec import Count, Items, Stored
from madaline._base.language import _
from madaline._base.words import format_estimate, format_with_error, metric_name
from madaline._race.dataset import Dataset, Offset
from madaline._race.ensemble import Ensemble, EnsembleMember
from madaline._race.evaluation.score import LOSS_METRICS, mean_and_error
from madaline.nn._engine.blas import one_threaded_products
from madaline.nn.arrays import Array, Rng, Workspace
from madaline.nn.layers import ScaledLinear
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss, Squared
from madaline.records._results.blocks import Bar, Block, Cell, Section, TextTable, more
from madaline.records._results.result import Listing

PERMUTED_ROWS = 2000  # rows to permute, at most: evenly spread over the evaluated ones
_MIN_ROWS = 200  # rows to permute, if there are as many, however much work it is

# Features of a column of which copies are made, at most: of more, sums over all are quicker
_MAX_COPIED = 4096

# Separates the random numbers of permutations from those of folds, batches and training
_STREAM = 2**32 - 3


@dataclass(frozen=True)
class Importance(Stored):
    """How much worse predictions get when the values of some columns are permuted.

    Attributes
    ----------
    columns : tuple[str, ...]
        The column, or several that are permuted together.
    metric : str
        The metric that gets worse: a loss or R², named as in scikit-learn.
    value : float
        By how much, in the unit of the metric; positive if the columns help.
    standard_error : float
        Of the value, from the scatter of the rows.
    n_rows : int
        Among which values were permuted; 0 if an older file does not say it.

    Examples
    --------
    >>> print(Importance(("age",), "log_loss", 0.031, 0.004))
    age: log loss worse by 0.0310 ± 0.0040
    """

    columns: Annotated[tuple[str, ...], Items(least=1)]
    metric: str
    value: float
    standard_error: float
    n_rows: Count = 0

    def __repr__(self) -> str:
        """Return the importance in a line."""
        return f"<Importance {self}>"

    def __str__(self) -> str:
        """Return the importance in a line."""
        value, error = format_with_error((self.value, self.standard_error), self.standard_error)
        unclear = "" if self.clear else " (no clear effect)"
        return _("{name}: {metric} worse by {value} ± {error}{unclear}").format(
            name=self.name,
            metric=metric_name(self.metric),
            value=value,
            error=error,
            unclear=unclear,
        )

    @property
    def name(self) -> str:
        """The names of the columns, joined."""
        return " + ".join(self.columns)

    @property
    def clear(self) -> bool:
        """Whether the columns help significantly: by more than two standard errors."""
        return self.value > 2 * self.standard_error


class Measure(NamedTuple):
    """How the predictions of a target are evaluated: a metric that is a multiple of its loss."""

    loss: Loss
    outputs: slice
    metric: str
    factor: float

    def rows(self, output: Array, target: Array) -> Array:
        """Return the metric of each row, given all raw outputs, in float64."""
        losses = self.loss.rows(output[..., self.outputs], target[..., self.outputs])
        return self.factor * np.asarray(losses, np.float64)


def importance_of(
    columns: Sequence[str],
    rise: Array,
    weight: Array | None,
    groups: Array | None,
    metric: str,
) -> Importance:
    """Return the importance of columns, given the rise of each row's metric.

    `weight` and `groups` are as in `mean_and_error`.
    """
    mean, error = mean_and_error(rise.astype(np.float64), weight, groups)
    return Importance(tuple(columns), metric, mean, error, len(rise))


def metric_of_loss(loss: Loss, scale: float) -> tuple[str, float]:
    """Return the name of the metric that is a multiple of a loss, and the multiple.

    `scale` is one, in the target's own unit. Squares are left in units of the target's variance, so
    that a rise of the loss is a fall of R².

    >>> metric_of_loss(Squared(), 12.0)
    ('r2', 1.0)
    """
    if isinstance(loss, BinaryCrossEntropy | CrossEntropy):
        return "log_loss", 1.0
    if isinstance(loss, Squared):
        return "r2", 1.0
    name, factor = LOSS_METRICS[type(loss)]
    return name, factor * scale


def out_of_fold_importances(
    ensemble: Ensemble,
    dataset: Dataset,
    names: Sequence[str],
    *,
    work: float,
    seed: int,
    measures: Sequence[Measure],
    temperature: float | Array = 1.0,  # (n_outputs,)
) -> tuple[tuple[Importance, ...], ...]:
    """Return the importance of every column on out-of-fold rows.

    The values of a column are permuted among rows of the same fold, and predicted by the networks
    of that fold. The work, in multiply-adds, limits the number of rows to no fewer than
    `_MIN_ROWS`. Returns those for the mean over the targets, and then for each target, the most
    important column first; none if no fold has two rows to permute.
    """
    nothing: tuple[tuple[Importance, ...], ...] = ((),) * (1 + len(measures))
    if (
        len(names) < 2 and not dataset.inputs.of_columns_alone
    ):  # no other columns beside a grid or a sequence
        return nothing
    folds = _permuted_rows(ensemble, dataset, len(names), work)
    if not folds:
        return nothing
    rises = _rises(ensemble, dataset, folds, len(names), seed, measures, temperature)
    rise, rows = np.concatenate(rises, axis=2), np.concatenate([*folds.values()])
    weight = dataset.weights(rows)
    groups = dataset.groups_of(rows)

    def ranked(rises: Array) -> tuple[Importance, ...]:
        importances = [
            importance_of([name], of_name, weight, groups, measures[0].metric)
            for name, of_name in zip(names, rises, strict=True)
        ]
        return tuple(sorted(importances, key=lambda importance: -importance.value))

    return ranked(rise.mean(axis=0)), *map(ranked, rise)


def _permuted_rows(
    ensemble: Ensemble, dataset: Dataset, n_columns: int, work: float
) -> dict[int, Array]:
    """Return the rows of each fold among which values are permuted, for so many multiply-adds."""
    affordable = int(work / _permutation_work(ensemble, n_columns))
    spread = dataset.rows.spread(min(PERMUTED_ROWS, max(_MIN_ROWS, affordable)))
    return {fold: rows for fold, rows in enumerate(spread) if len(rows) > 1}


def _rises(
    ensemble: Ensemble,
    dataset: Dataset,
    folds: Mapping[int, Array],  # the rows of each
    n_columns: int,
    seed: int,
    measures: Sequence[Measure],
    temperature: float | Array,
) -> list[Array]:
    """Return by how much rows of each fold get worse, (measures, columns, rows)."""
    whole_output = ensemble.output

    def of_fold(fold: int, rows: Array) -> Array:
        rng = np.random.default_rng([seed, _STREAM, fold])
        donors = np.stack([permute_rows(len(rows), rng) for _ in range(n_columns)])
        outputs = [
            member.weight * _permuted_output(member, dataset, fold, rows, donors)
            for member in ensemble.members
        ]
        before, after = whole_output[rows] / temperature, np.sum(outputs, axis=0) / temperature
        if dataset.offset is not None:
            changes = _offset_changes(dataset.offset, rows, donors)
            after = dataset.offset.added(after + changes, rows)
        target = dataset.target[rows]
        return np.stack(
            [measure.rows(after, target) - measure.rows(before, target) for measure in measures]
        )

    with one_threaded_products():
        return [of_fold(*fold) for fold in folds.items()]


def _offset_changes(offset: Offset, rows: Array, donors: Array) -> Array:
    """Return how what is added to outputs changes with each column, (columns, rows, outputs)."""
    changes = np.zeros((len(donors), len(rows), offset.values.shape[1]))
    for column, part in offset.parts.items():
        values = part[rows]
        changes[column] = values[donors[column]] - values
    return changes


def _permutation_work(ensemble: Ensemble, n_columns: int) -> int:
    """Return the multiply-adds of permuting every column of one row.

    The first layer's are those of two forward passes, the others' those of one for each column.
    """
    total = 0
    for member in ensemble.members:
        first = 0
        if isinstance(member.network.layers[0], ScaledLinear):
            first = int(np.prod(member.network.layers[0].slots()[1].shape))
        total += 2 * first + n_columns * (member.network.multiply_adds() - first)
    return total


def permute_rows(n_rows: int, rng: Rng) -> Array:
    """Return a random permutation of row indices that leaves no row in its place."""
    order = rng.permutation(n_rows)
    donors = np.empty(n_rows, np.intp)
    donors[order] = np.roll(order, 1)
    return donors


def _permuted_output(
    member: EnsembleMember,
    dataset: Dataset,
    fold: int,
    rows: Array,  # int (n_rows,)
    donors: Array,  # int (n_columns, n_rows): among `rows`, where each value is taken from
) -> Array:
    """Return the output of a fold's networks for each permuted column, (columns, rows, outputs).

    The first layer is a sum over columns, so that only the part of the permuted column is computed
    anew: with 73 columns and 2,000 rows, in a fifth of the time.
    """
    x = dataset.encoded(member.n_bins, fold, rows)
    column_of = np.asarray(dataset.inputs.columns[member.n_bins])
    network = member.network
    theta = member.theta[fold]
    if not isinstance(network.layers[0], ScaledLinear):
        each = (np.where(column_of == column, x[donor], x) for column, donor in enumerate(donors))
        return np.array([network.predict(theta, permuted) for permuted in each], np.float64)
    output = np.empty((len(donors), len(x), dataset.n_outputs))
    first, *others = network.bind(theta)
    gates = np.asarray(network.layers[0].columns)
    weight = first["weight"] * first["gate"][gates, None]  # (n_features, units)
    before = x @ weight + first["bias"]  # (n_rows, units)

    def following(hidden: Array) -> Array:
        for layer, parameters in zip(network.layers[1:], others, strict=True):
            hidden, _ = layer.forward(parameters, hidden, workspace=Workspace())
        return hidden

    output[:] = following(before)
    for column, donor in enumerate(donors):
        features = np.flatnonzero(column_of == column)
        if len(features) > _MAX_COPIED:
            part = x @ np.where((column_of == column)[:, None], weight, 0)
            output[column] = following(before + (part[donor] - part))
            continue
        values = x[:, features]
        change = values[donor] - values
        if change.any():  # not where all rows have one value, as in most columns of sparse tables
            output[column] = following(before + change @ weight[features])
    return output


_MAX_ROWS = 20  # columns that are shown, at most


@final
class Importances(Listing[Importance]):
    """Importances, the highest first.

    >>> found = Importances([Importance(("age",), "log_loss", 0.031, 0.004)])
    >>> found
    age: log loss worse by 0.0310 ± 0.0040
    >>> found.to_columns()["clear"]
    [True]
    """

    __slots__ = ()

    def to_columns(self) -> dict[str, Any]:
        """Return the column, the metric, by how much it gets worse, and whether that is clear."""
        names = ("metric", "value", "standard_error", "clear")
        values = {name: [getattr(item, name) for item in self] for name in names}
        return {"column": [item.name for item in self]} | values

    def sections(self) -> Iterator[Section]:
        yield Section(self.blocks())

    def blocks(self, n_shown: int = _MAX_ROWS) -> list[Block]:
        """Return the table of the first ones, to be put among others."""
        shown = self[:n_shown]
        longest = max((item.value + 2 * item.standard_error for item in shown), default=0.0) or 1.0
        rows: list[list[Cell]] = []
        for item in shown:
            drawn = Bar(item.value, longest, spread=2 * item.standard_error)
            effect = "" if item.clear else _("no clear effect")
            rows.append(
                [item.name, format_estimate(item.value, item.standard_error), drawn, effect]
            )
        worse = (
            _("{metric} worse by").format(metric=metric_name(shown[0].metric))
            if shown
            else "worse by"
        )
        told = TextTable(
            ["column", worse, "", ""],
            rows,
            right=(1,),
            caption="How much worse predictions get when a column is shuffled (± standard error)",
            unclear=[number for number, item in enumerate(shown) if not item.clear],
        )
        return [told, *more(len(shown), len(self), "columns")]
