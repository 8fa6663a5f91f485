"""The validation loss of each fold, and what a race computes it from: encoded rows and targets."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import final

import numpy as np

from madaline._race.ensemble_weights import greedy_weights
from madaline._race.evaluation.metrics import TIE_BREAK, Metric
from madaline._race.features import NetworkInputs, RowFeatures
from madaline._race.monotone import parameter_bounds
from madaline._tables.io.spill import Rows
from madaline._tables.splits.folds import FoldedRows
from madaline.nn._engine.blas import one_threaded_products
from madaline.nn._engine.solving import RowSpace
from madaline.nn._sparse_rows import arrays_of, dense
from madaline.nn.arrays import Array
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss
from madaline.nn.network import Network
from madaline.nn.optimizers import Bounds


@final
@dataclass(frozen=True)
class AllRows:
    """The rows of a large table, of which a dataset holds a sample."""

    n_samples: int
    n_learned: tuple[int, ...]  # from how many of them each network of a recipe learns
    n_blocks: int  # in how many parts they are learned from, one in each epoch


@final
@dataclass(frozen=True, eq=False)
class Offset:
    """What is added to the outputs of networks, which learn what is left of the target.

    Before, they are multiplied by the size of what they predict, where sizes differ.
    """

    values: Array  # (n_samples, n_outputs)
    # the same of each column that it is the sum of, by the index of the column, before sizes
    parts: Mapping[int, Array] = field(default_factory=dict)
    sizes: Array | None = None  # (n_samples, 1)

    def added(self, output: Array, places: slice | Array) -> Array:
        """Return outputs of networks for some rows with what is added to them."""
        sizes = 1.0 if self.sizes is None else self.sizes[places]
        return np.asarray(output * sizes + self.values[places])

    def of_output(self, index: int) -> Offset:
        """Return that of one of several outputs."""
        output = slice(index, index + 1)
        parts = {column: part[:, output] for column, part in self.parts.items()}
        return Offset(self.values[:, output], parts, self.sizes)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Encoded training rows, sorted by fold."""

    rows: FoldedRows  # the order of the rows
    features: RowFeatures  # what networks see of them
    inputs: NetworkInputs  # what these features stand for
    # (n_samples, n_outputs): what the networks should say, float32; classes are one-hot, two
    # classes are 0 and 1
    target: Array
    loss: Loss  # what is made small
    weight: Array | None = None  # (n_samples,): weight of each row, float32, with mean one
    # int (n_samples,): number of the group of each row; rows of a group are not independent
    groups: Array | None = None
    metric: Metric | None = None  # what evaluates outputs instead of the loss
    offset: Offset | None = None  # what is added to the outputs of networks
    all_rows: AllRows | None = None  # what networks learn from, where that is not these rows

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return self.rows.n_samples

    @property
    def n_training(self) -> int:
        """Training rows of the network that has the fewest."""
        return self.rows.n_training if self.all_rows is None else min(self.all_rows.n_learned)

    @property
    def n_blocks(self) -> int:
        """Epochs in which networks learn from all rows once."""
        return 1 if self.all_rows is None else self.all_rows.n_blocks

    def steps_of_pass(self, batch_size: int) -> list[int]:
        """Return in how many batches each network learns from all rows once."""
        if self.all_rows is None:
            return self.rows.steps(batch_size)
        sizes = self.all_rows.n_learned
        if not self.rows.n_final:
            sizes = (min(sizes),) * len(sizes)
        return [max(1, size // batch_size) for size in sizes]

    @property
    def n_outputs(self) -> int:
        """Number of raw outputs of a network."""
        return int(self.target.shape[1])

    @property
    def evaluated(self) -> slice:
        """The places of the rows that are evaluated."""
        return slice(0, self.rows.n_evaluated)

    @property
    def evaluated_facts(self) -> tuple[Array, Array | None, Array | None]:
        """The targets, weights and groups of the rows that are evaluated."""
        places = self.evaluated
        return self.target[places], self.weights(places), self.groups_of(places)

    def encoded(self, n_bins: int, fold: int, places: slice | Array) -> Array:
        """Return some rows, (rows, n_features), as the networks of a fold see them."""
        return dense(self.features.seen(n_bins, fold, places))

    def bounds(self, network: Network, n_bins: int) -> Bounds | None:
        """Return what the parameters of a network may not cross, if columns are constrained."""
        directions = self.inputs.directions
        return parameter_bounds(network, directions[n_bins]) if directions else None

    def weights(self, places: slice | Array) -> Array | None:
        """Return the weights of some rows."""
        return None if self.weight is None else self.weight[places]

    def groups_of(self, places: slice | Array) -> Array | None:
        """Return the groups of some rows."""
        return None if self.groups is None else self.groups[places]

    def validation_loss(self, output: Array, places: slice | Array | None = None) -> float:
        """Return the validation loss of out-of-fold outputs, by default of all evaluated rows.

        With a metric, return its distance to perfect instead, plus a trace of the loss as a tie
        break.
        """
        places = self.evaluated if places is None else places
        with np.errstate(over="ignore", invalid="ignore"):  # networks may have diverged
            loss = float(self.loss.mean(output, self.target[places], self.weights(places)))
        if self.metric is None:
            return loss
        return self.metric.distance(self.shifted(output, places), places) + TIE_BREAK * loss

    def shifted(self, output: Array, places: slice | Array) -> Array:
        """Return the outputs of networks for some rows with what is added to them."""
        return output if self.offset is None else self.offset.added(output, places)

    def sizes(self, places: slice | Array) -> Array | float:
        """Return by what outputs of networks for some rows are multiplied, (n_rows, 1), or one."""
        sizes = None if self.offset is None else self.offset.sizes
        return 1.0 if sizes is None else np.asarray(sizes[places])

    def from_anchors(self) -> Dataset:
        """Return the dataset with targets of which networks learn differences."""
        if self.offset is None:
            return self
        return replace(self, target=self.shifted(self.target, slice(None)))

    @cached_property
    def row_spaces(self) -> Mapping[bool, RowSpace]:
        """The spaces that the rows of patterns span, with and without those of changes."""
        features = dense(self.features[0])
        with one_threaded_products():
            n_others = features.shape[1] - self.inputs.n_changes
            return {True: RowSpace.of(features), False: RowSpace.of(features[:, :n_others])}

    def best_weights(self, outputs: Sequence[Rows], *, by_loss: bool = False) -> Array:
        """Return the weights of outputs, each (n_evaluated, n_outputs), in their best mean.

        By loss is quicker, where a metric evaluates.
        """
        target = self.target[self.evaluated]
        weight = self.weights(self.evaluated)
        objective = None if by_loss or self.metric is None else self.validation_loss
        with one_threaded_products():
            return greedy_weights(outputs, target, self.loss, weight=weight, objective=objective)

    def of_output(self, index: int) -> Dataset:
        """Return the dataset of one of several outputs."""
        target = self.target[:, index : index + 1]
        loss = self.loss.of_output(index)
        offset = self.offset
        offset = None if offset is None else offset.of_output(index)
        return replace(self, target=target, loss=loss, metric=None, offset=offset)

    def prior(self, fold: int) -> Array:
        """Return what a network that knows nothing but its own training targets should say.

        Half a row of every class is added: a class that a fold's networks have never seen is rare,
        not impossible (Jeffreys' prior).
        """
        return np.asarray(self._priors[fold])

    @cached_property
    def _priors(self) -> Array:
        return np.stack([self._prior(network) for network in range(self.rows.n_networks)])

    def _prior(self, network: int) -> Array:
        places = self.rows.training(network)
        target = self.target[places]
        weight = np.ones(len(places)) if self.weight is None else self.weight[places]
        if isinstance(self.loss, BinaryCrossEntropy | CrossEntropy):
            classes = self.loss.one_of_each(self.n_outputs)
            target = np.concatenate([target, classes])
            weight = np.concatenate([weight, np.full(len(classes), 0.5)])
        return self.loss.initial_output(target.astype(np.float64, copy=False), weight)

    @cached_property
    def digest(self) -> str:
        """A text that is the same only for the same rows, in the same folds, and the same loss."""
        measure = "" if self.metric is None else self.metric.name
        digest = hashlib.sha256(f"{self.loss!r} {measure} {self.rows.bounds}".encode())
        rows = self.rows
        features = [array for x in self.features.encoded.values() for array in arrays_of(x)]
        arrays = [self.target, *features, rows.order, *rows.learned, self.weight]
        arrays += self.inputs.directions.values()
        for array in arrays:
            if array is not None:
                digest.update(np.ascontiguousarray(array).data)
        if self.all_rows is not None:
            digest.update(repr(self.all_rows).encode())
        return digest.hexdigest()

    def prior_output(self) -> Array:
        """Return the out-of-fold raw output of the baseline, shape (n_evaluated, n_outputs)."""
        sizes = np.diff(self.rows.bounds)
        return np.repeat(self._priors[: len(sizes)].astype(np.float32), sizes, axis=0)
