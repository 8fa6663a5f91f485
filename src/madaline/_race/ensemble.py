"""The ensemble is what predicts: some recipes of the race, each with its networks and a weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, final

import numpy as np

from madaline._race.dataset import Dataset
from madaline._race.ensemble_weights import weighted_mean
from madaline._race.evaluation.score import FoldOutputs, mean_and_error
from madaline._race.state import Candidate, empty
from madaline._tables.io.spill import Rows, spill_to_disk
from madaline.nn._engine.blas import one_threaded_products
from madaline.nn._sparse_rows import Features, dense
from madaline.nn._surgery import hidden_layers, units_of
from madaline.nn.arrays import Array, Workspace, row_blocks
from madaline.nn.network import Network
from madaline.nn.optimizers import Bounds

# Rows that the networks of all folds predict, at most: evenly spread over the evaluated
_AVERAGED_ROWS = 2000

_CHUNK = 512  # rows that are predicted at a time: copies of them need memory where columns are many


@final
@dataclass(frozen=True, eq=False)
class EnsembleMember:
    """One recipe of an ensemble, with a network for each fold."""

    key: str  # identifies it in the race (`Candidate.key`)
    recipe_id: str  # its recipe
    name: str  # the recipe's name, for people
    n_bins: int  # the encoding of its input
    network: Network  # the layers
    theta: Array  # (folds, parameters): the parameters
    output: Rows  # (n_samples, n_outputs): the out-of-fold raw outputs, in the order of the dataset
    weight: float  # its weight in the mean
    # what the parameters may not cross, of the shape of `theta`; set when units are pruned
    bounds: Bounds | None = None

    @property
    def units(self) -> tuple[int, ...]:
        """Units of each hidden layer."""
        return tuple(units_of(self.network, layer) for layer in hidden_layers(self.network))

    @property
    def row_multiply_adds(self) -> int:
        """Multiply-adds of predicting one row with the networks of all folds."""
        return len(self.theta) * self.network.multiply_adds()


@final
@dataclass(frozen=True, eq=False)
class Ensemble:
    """A weighted mean of recipes."""

    members: tuple[EnsembleMember, ...]  # recipes whose weights are positive and add up to one
    # (n_samples, n_outputs): its output, where those of the members are no longer kept
    mean_output: Rows | None = None

    @classmethod
    def of(cls, candidates: Mapping[str, Candidate], weights: Mapping[str, float]) -> Ensemble:
        """Return the ensemble of some candidates of a race at their best epochs."""
        return cls(
            tuple(
                EnsembleMember(
                    key,
                    member.recipe_id,
                    member.name,
                    member.recipe.n_bins,
                    member.network,
                    member.theta,
                    member.output,
                    weights[key],
                )
                for key, member in candidates.items()
                if weights.get(key, 0.0) > 0
            )
        )

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each member, by its key."""
        return {member.key: member.weight for member in self.members}

    @property
    def row_multiply_adds(self) -> int:
        """Multiply-adds of predicting one row with all networks."""
        return sum(member.row_multiply_adds for member in self.members)

    @property
    def output(self) -> Array:
        """The out-of-fold raw output, shape (n_samples, n_outputs), in float64."""
        if self.mean_output is not None:
            return self.mean_output[:]
        outputs = [member.output for member in self.members]
        return weighted_mean(outputs, np.asarray([member.weight for member in self.members]))

    def moved(self, offsets: Array, sizes: Array | float) -> Ensemble:
        """Return the ensemble with a number added to each output of every network.

        The outputs of all together were multiplied by `sizes`, (n_samples, 1).
        """
        members = []
        for member in self.members:
            theta = member.theta.copy()
            member.network.bind(theta)[-1]["bias"][...] += offsets.astype(np.float32)
            members.append(replace(member, theta=theta))
        return Ensemble(tuple(members), spill_to_disk(self.output + offsets * sizes))

    def of_rows(self, rows: slice) -> Ensemble:
        """Return the ensemble with outputs for some rows only."""
        return Ensemble(
            tuple(replace(member, output=member.output[rows]) for member in self.members)
        )

    def without_member_outputs(self) -> Ensemble:
        """Return the ensemble with its own output, but without those of its members."""
        members = tuple(replace(member, output=empty()) for member in self.members)
        return Ensemble(members, spill_to_disk(self.output))

    def predict(self, dataset: Dataset, fold: int, places: Array) -> Array:
        """Return the raw output of a fold's networks for some rows, shape (n_rows, n_outputs)."""
        output = np.zeros((len(places), dataset.n_outputs))
        for member in self.members:
            for start in range(0, len(places), _CHUNK):
                rows = slice(start, start + _CHUNK)
                x = dataset.encoded(member.n_bins, fold, places[rows])
                output[rows] += member.weight * member.network.predict(member.theta[fold], x)
        return output

    def fold_outputs(self, dataset: Dataset, *, temperature: float | Array = 1.0) -> FoldOutputs:
        """Return the outputs of the networks of each fold for some of the evaluated rows."""
        of_folds = dataset.rows.spread(_AVERAGED_ROWS)
        indices = np.concatenate(of_folds)
        folds = range(dataset.rows.n_folds)
        with one_threaded_products():
            outputs = np.stack(
                [self.predict(dataset, fold, indices) / temperature for fold in folds]
            )
        return FoldOutputs(
            outputs,
            np.repeat(folds, [len(places) for places in of_folds]),
            dataset.target[indices],
            dataset.prior_output()[indices],
            dataset.weights(indices),
        )


# Rows that go through a network at a time, so that activations stay in the processor's cache
_EVALUATION_CHUNK = 1024


class LossComparison(NamedTuple):
    """The loss of an ensemble beside the lowest so far, and the standard error of the difference.

    The standard error is that of the differences row by row.
    """

    loss: float
    best_loss: float
    standard_error: float


@final
@dataclass(frozen=True, eq=False)
class Evaluator:
    """Computes losses of ensembles out of fold, on every row or a sample."""

    dataset: Dataset  # the rows
    step: int  # every step-th row is evaluated

    @property
    def rows(self) -> slice:
        """The rows that are evaluated."""
        return slice(0, self.dataset.rows.n_evaluated, self.step)

    def sampled(self, ensemble: Ensemble) -> Ensemble:
        """Return the ensemble with outputs for the evaluated rows only."""
        return ensemble if self.step == 1 else ensemble.of_rows(slice(None, None, self.step))

    def losses(self, ensemble: Ensemble) -> Array:
        """Return the losses of an ensemble of `sampled` outputs, shape (evaluated,)."""
        target = self.dataset.target[self.rows]
        losses = np.empty(len(target))
        for rows in row_blocks(*target.shape):
            losses[rows] = self.dataset.loss.rows(ensemble.of_rows(rows).output, target[rows])
        return losses

    def baseline_losses(self) -> Array:
        """Return the losses of the best constants, shape (evaluated,)."""
        constant = self.dataset.prior_output()
        target = self.dataset.target
        losses = self.dataset.loss.rows(constant[self.rows], target[self.rows])
        return np.asarray(losses, np.float64)

    def compare(self, losses: Array, best: Array) -> LossComparison:
        """Return how losses differ from the best, row by row."""
        weight = self.dataset.weights(self.rows)
        groups = self.dataset.groups_of(self.rows)
        lowest, _ = mean_and_error(best, weight, groups)
        increase, error = mean_and_error(losses - best, weight, groups)
        return LossComparison(lowest + increase, lowest, error)

    def output(self, member: EnsembleMember, step: int) -> Array:
        """Return the out-of-fold outputs of networks for every step-th row."""
        return np.concatenate(self._through(member, slice(None), self._features(member, step)))

    def layer_inputs(self, member: EnsembleMember, layer: int) -> Sequence[Features]:
        """Return the inputs of a layer, for the evaluated rows of each fold."""
        features = self._features(member, self.step)
        return self._through(member, slice(layer), features) if layer else features

    def output_from(self, member: EnsembleMember, layer: int, inputs: Sequence[Features]) -> Array:
        """Return the outputs of networks for the evaluated rows, given the inputs of a layer."""
        return np.concatenate(self._through(member, slice(layer, None), inputs))

    def _features(self, member: EnsembleMember, step: int) -> list[Features]:
        features = []
        for fold in range(self.dataset.rows.n_folds):
            places = self.dataset.rows.held_out(fold)
            every = slice(-(-places.start // step) * step, places.stop, step)
            features.append(self.dataset.features.seen(member.n_bins, fold, every))
        return features

    def _through(
        self, member: EnsembleMember, layers: slice, inputs: Sequence[Features]
    ) -> list[Array]:
        """Return the outputs of some layers of each fold's networks, chunk by chunk."""

        def of_fold(fold: int) -> Array:
            x = inputs[fold]
            bound = list(
                zip(member.network.layers, member.network.bind(member.theta[fold]), strict=True)
            )
            chunks = []
            for start in range(0, max(1, len(x)), _EVALUATION_CHUNK):
                chunk = dense(x[start : start + _EVALUATION_CHUNK])
                workspace = Workspace()
                with np.errstate(over="ignore", invalid="ignore"):  # they may have diverged
                    for layer, parameters in bound[layers]:
                        chunk, _ = layer.forward(parameters, chunk, workspace=workspace)
                chunks.append(chunk)
            return np.concatenate(chunks)

        with one_threaded_products():
            return [of_fold(fold) for fold in range(len(inputs))]
