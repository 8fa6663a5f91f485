"""Augmentation changes the rows of a training batch at random, so that networks overfit less.

Columns of tables are hidden, images and sequences warped, images flipped, sequences and pitches
shifted. Rows that networks are evaluated on stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from madaline._race.features import NetworkInputs
from madaline._race.recipe import GridRecipe, Recipe
from madaline._tables.media.grids import Grid, add_offsets, flip, move_pitches, warp
from madaline.nn.arrays import Array, Rng, Workspace


@dataclass(frozen=True)
class Augmentation:
    """What a recipe changes in the rows of a training batch."""

    columns: tuple[int, ...]  # the column that each feature was made from
    column_dropout: float  # probability that a row hides a column
    # the images, sequences and sounds that are warped, flipped and shifted
    grids: tuple[Grid, ...] = ()
    warping: float = 0.0  # how much images and sequences are warped
    flips: float = 0.0  # probability that an image is flipped left to right
    offset: float = 0.0  # how far sequences are shifted as a whole
    pitch: float = 0.0  # how far the pitches of sounds are shifted

    @classmethod
    def of(cls, recipe: Recipe, inputs: NetworkInputs) -> Self:
        """Return the augmentation of a recipe for some features."""
        columns = inputs.columns[recipe.n_bins]
        if not isinstance(recipe, GridRecipe):
            return cls(columns, recipe.column_dropout)
        return cls(
            columns,
            recipe.column_dropout,
            inputs.grids,
            recipe.warping,
            recipe.flips,
            recipe.offset,
            recipe.pitch,
        )

    @property
    def active(self) -> bool:
        """Whether it changes anything."""
        return any((self.column_dropout, self.warping, self.flips, self.offset, self.pitch))

    def apply(self, x: Array, rngs: Sequence[Rng], workspace: Workspace) -> Array:
        """Return changed rows, (folds, batch, features); those given are overwritten."""
        if self.column_dropout:
            self._hide_columns(x, rngs, workspace)
        if self.flips:
            self._flip(x, rngs)
        if self.warping:
            x = self._warp(x, rngs, workspace)
        if self.offset or self.pitch:
            self._shift(x, rngs)
        return x

    def _hide_columns(self, x: Array, rngs: Sequence[Rng], workspace: Workspace) -> None:
        """Set the features of some columns to zero, in each row others; scale up the rest."""
        columns = np.asarray(self.columns)
        factors = np.stack([self.column_factors(x.shape[1:2], rng) for rng in rngs])
        of_features = workspace.empty(x.shape, np.float32)
        x *= np.take(factors, columns, axis=-1, out=of_features, mode="clip")

    def column_factors(self, shape: tuple[int, ...], rng: Rng) -> Array:
        """Return what to multiply each column of some rows by, shape (*shape, columns).

        Zero for hidden columns; the others are scaled up, so that sums keep their size.
        """
        factors = rng.random((*shape, max(self.columns) + 1), np.float32)
        np.greater_equal(factors, self.column_dropout, out=factors)
        factors *= np.float32(1 / (1 - self.column_dropout))
        return factors

    def _flip(self, x: Array, rngs: Sequence[Rng]) -> None:
        for grid in self.grids:
            if not grid.of_steps:
                for rows, rng in zip(x[..., grid.features], rngs, strict=True):
                    flip(rows, grid.sides, self.flips, rng)

    def _warp(self, x: Array, rngs: Sequence[Rng], workspace: Workspace) -> Array:
        for grid in self.grids:
            rows = x[..., grid.features]
            warped = workspace.empty(rows.shape, np.float32)
            sides = (*grid.sides, 1)[:2]  # a sequence is an image of width 1
            for given, out, rng in zip(rows, warped, rngs, strict=True):
                warp(given, sides, self.warping, rng, out=out, workspace=workspace)
            if warped.shape == x.shape:
                return warped
            rows[...] = warped
        return x

    def _shift(self, x: Array, rngs: Sequence[Rng]) -> None:
        for grid in self.grids:
            if not grid.of_steps:
                continue
            for rows, rng in zip(x[..., grid.features], rngs, strict=True):
                if self.pitch and grid.spectral:
                    move_pitches(rows, grid.sides[0], self.pitch, rng)
                if self.offset:
                    add_offsets(rows, grid.sides[0], self.offset, rng)
