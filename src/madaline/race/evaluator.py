"""A judge says how good a mix of networks is on rows that they never saw, or on every k-th of them.

Networks are asked from any layer on: when the last layers change, what they read is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from madaline.engine.blas import one_threaded_products
from madaline.evaluation.score import mean_and_error
from madaline.nn.arrays import Array, row_blocks
from madaline.nn.workspace import Workspace
from madaline.race.dataset import Examples
from madaline.race.ensemble import Ingredient, Mix

CHUNK = 1024
"""Rows that go through a network at a time, so that activations stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Judge:
    """Judges mixes on rows that their networks never saw (final).

    Parameters
    ----------
    examples : Examples
        The rows.
    step : int
        Every step-th row is judged.
    """

    examples: Examples
    step: int

    @property
    def rows(self) -> slice:
        """The places of the rows that are judged."""
        return slice(0, self.examples.rows.n_judged, self.step)

    def sampled(self, mix: Mix) -> Mix:
        """Return the mix with outputs for the judged rows only."""
        if self.step == 1:
            return mix
        return Mix(tuple(replace(one, output=one.output[:: self.step]) for one in mix.ingredients))

    def losses(self, mix: Mix) -> Array:
        """Return the losses of a mix with outputs for the judged rows, shape (judged,)."""
        target = self.examples.target[self.rows]
        losses = np.empty(len(target))
        for rows in row_blocks(*target.shape):
            part = Mix(tuple(replace(one, output=one.output[rows]) for one in mix.ingredients))
            losses[rows] = self.examples.loss.rows(part.output, target[rows])
        return losses

    def constant_losses(self) -> Array:
        """Return the losses of the best constants, shape (judged,)."""
        constant, target = self.examples.prior_output(), self.examples.target
        losses = self.examples.loss.rows(constant[self.rows], target[self.rows])
        return np.asarray(losses, np.float64)

    def compare(self, losses: Array, best: Array) -> Verdict:
        """Return how losses differ from the best, row by row."""
        weight, groups = self.examples.weights(self.rows), self.examples.groups
        groups = None if groups is None else groups[self.rows]
        lowest, _ = mean_and_error(best, weight, groups)
        increase, error = mean_and_error(losses - best, weight, groups)
        return Verdict(lowest + increase, lowest, error)

    def output(self, one: Ingredient, step: int) -> Array:
        """Return what networks say about every step-th of the rows that they never saw."""
        return np.concatenate(self._through(one, slice(None), self._inputs(one, step)))

    def read_by(self, one: Ingredient, layer: int) -> list[Array]:
        """Return what a layer reads, for the judged rows of each fold."""
        inputs = self._inputs(one, self.step)
        return self._through(one, slice(layer), inputs) if layer else inputs

    def output_from(self, one: Ingredient, layer: int, read: Sequence[Array]) -> Array:
        """Return what networks say about the judged rows, given what a layer reads."""
        return np.concatenate(self._through(one, slice(layer, None), read))

    def _inputs(self, one: Ingredient, step: int) -> list[Array]:
        inputs = []
        for fold in range(self.examples.rows.n_folds):
            places = self.examples.rows.held_out(fold)
            every = slice(-(-places.start // step) * step, places.stop, step)
            inputs.append(self.examples.encoded(one.n_bins, fold, every))
        return inputs

    def _through(self, one: Ingredient, layers: slice, inputs: Sequence[Array]) -> list[Array]:
        """Return what comes out of some layers of each fold's networks, chunk by chunk."""

        def of_fold(fold: int) -> Array:
            x = inputs[fold]
            bound = list(zip(one.network.layers, one.network.bind(one.theta[fold]), strict=True))
            chunks = []
            for start in range(0, max(1, len(x)), CHUNK):
                chunk, workspace = x[start : start + CHUNK], Workspace()
                with np.errstate(over="ignore", invalid="ignore"):  # they may have diverged
                    for layer, parameters in bound[layers]:
                        chunk, _ = layer.forward(parameters, chunk, workspace=workspace)
                chunks.append(chunk)
            return np.concatenate(chunks)

        with one_threaded_products():
            return [of_fold(fold) for fold in range(len(inputs))]


@dataclass(frozen=True)
class Verdict:
    """How a lighter mix does beside the best (final).

    Parameters
    ----------
    loss, best : float
        Its loss, and the lowest so far.
    standard_error : float
        How far their difference may easily be off, from the scatter of the rows' differences.
    """

    loss: float
    best: float
    standard_error: float
