"""Ensembles are compared by their losses on rows that their networks were not trained on.

Outputs can be computed from any layer on: when only the last layers change, the inputs of these are
kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from madaline._engine.blas import one_threaded_products
from madaline._evaluation.score import mean_and_error
from madaline._race.dataset import Dataset
from madaline._race.ensemble import Ensemble, EnsembleMember
from madaline.nn.arrays import Array, Workspace, row_blocks
from madaline.nn.sparse_rows import Features, dense

CHUNK = 1024
"""Rows that go through a network at a time, so that activations stay in the processor's cache."""


class Comparison(NamedTuple):
    """The loss of an ensemble beside the lowest so far, and the standard error of the difference.

    The standard error is that of the differences row by row.
    """

    loss: float
    best_loss: float
    standard_error: float


@dataclass(frozen=True, eq=False)
class Evaluator:
    """Computes losses of ensembles out of fold, on every row or a sample (final).

    Parameters
    ----------
    dataset : Dataset
        The rows.
    step : int
        Every step-th row is evaluated.
    """

    dataset: Dataset
    step: int

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
        constant, target = self.dataset.prior_output(), self.dataset.target
        losses = self.dataset.loss.rows(constant[self.rows], target[self.rows])
        return np.asarray(losses, np.float64)

    def compare(self, losses: Array, best: Array) -> Comparison:
        """Return how losses differ from the best, row by row."""
        weight, groups = self.dataset.weights(self.rows), self.dataset.groups
        groups = None if groups is None else groups[self.rows]
        lowest, _ = mean_and_error(best, weight, groups)
        increase, error = mean_and_error(losses - best, weight, groups)
        return Comparison(lowest + increase, lowest, error)

    def output(self, one: EnsembleMember, step: int) -> Array:
        """Return the out-of-fold outputs of networks for every step-th row."""
        return np.concatenate(self._through(one, slice(None), self._features(one, step)))

    def layer_inputs(self, one: EnsembleMember, layer: int) -> Sequence[Features]:
        """Return the inputs of a layer, for the evaluated rows of each fold."""
        features = self._features(one, self.step)
        return self._through(one, slice(layer), features) if layer else features

    def output_from(self, one: EnsembleMember, layer: int, inputs: Sequence[Features]) -> Array:
        """Return the outputs of networks for the evaluated rows, given the inputs of a layer."""
        return np.concatenate(self._through(one, slice(layer, None), inputs))

    def _features(self, one: EnsembleMember, step: int) -> list[Features]:
        features = []
        for fold in range(self.dataset.rows.n_folds):
            own = self.dataset.rows.held_out(fold)
            every = slice(-(-own.start // step) * step, own.stop, step)
            features.append(self.dataset.kept(one.n_bins, fold, every))
        return features

    def _through(
        self, one: EnsembleMember, layers: slice, inputs: Sequence[Features]
    ) -> list[Array]:
        """Return the outputs of some layers of each fold's networks, chunk by chunk."""

        def of_fold(fold: int) -> Array:
            x = inputs[fold]
            bound = list(zip(one.network.layers, one.network.bind(one.theta[fold]), strict=True))
            chunks = []
            for start in range(0, max(1, len(x)), CHUNK):
                chunk, workspace = dense(x[start : start + CHUNK]), Workspace()
                with np.errstate(over="ignore", invalid="ignore"):  # they may have diverged
                    for layer, parameters in bound[layers]:
                        chunk, _ = layer.forward(parameters, chunk, workspace=workspace)
                chunks.append(chunk)
            return np.concatenate(chunks)

        with one_threaded_products():
            return [of_fold(fold) for fold in range(len(inputs))]
