"""A population is a matrix: one row for each network, one column for each parameter.

Whatever is done to networks is done to rows: selection takes rows, a snapshot copies the matrix,
workers get slices of it. A layer's weight is a *view* of some columns, and the optimizer's memory
is made of matrices of the same shape, so that nothing gets lost when rows move. A single network is
a population of one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from math import prod
from typing import Literal, TypeAlias

import numpy as np

from madaline.errors import InputError
from madaline.nn.arrays import Array

# What a parameter is for: only a ``weight`` decays; each kind may learn at its own rate, but for
# the ``structure`` of trees, which has no gradient
Kind: TypeAlias = Literal["weight", "bias", "gate", "structure"]


@dataclass(frozen=True)
class Slot:
    """One named parameter array of every member.

    >>> Slot("weight", (2, 3)).size
    6
    """

    name: str  # name within the network, for example ``"0.weight"``
    shape: tuple[int, ...]  # shape for one member
    kind: Kind = "weight"  # what it is for
    # how many inputs meet in one unit; sets the size of initial weights and learning rates
    fan_in: int = 1

    @property
    def size(self) -> int:
        """Number of parameters in this array."""
        return prod(self.shape)


@dataclass(frozen=True)
class Layout:
    """Which columns of the population's matrix hold which parameter array.

    >>> layout = Layout((Slot("weight", (2, 3)), Slot("bias", (3,), "bias")))
    >>> layout.size
    9
    >>> theta = np.arange(18.0).reshape(2, 9)
    >>> layout.views(theta)["bias"]
    array([[ 6.,  7.,  8.],
           [15., 16., 17.]])
    """

    slots: tuple[Slot, ...]

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """First column of every slot, and after the last slot the number of columns."""
        return (0, *accumulate(slot.size for slot in self.slots))

    @property
    def size(self) -> int:
        """Number of parameters of one member."""
        return self.offsets[-1]

    def views(self, matrix: Array) -> dict[str, Array]:
        """Return every parameter array as a view of `matrix`."""
        axes = matrix.shape[:-1]
        return {
            slot.name: matrix[..., start:stop].reshape(axes + slot.shape)
            for slot, start, stop in zip(self.slots, self.offsets, self.offsets[1:], strict=False)
        }

    def row(self, value: Callable[[Slot], float], dtype: type = np.float32) -> Array:
        """Return one number for each parameter, given one number for each slot."""
        values: list[Array] = [np.full(slot.size, value(slot), dtype) for slot in self.slots]
        return np.concatenate(values) if values else np.empty(0, dtype)


@dataclass
class Population:
    """Networks of one layout, with all that belongs to them, a row each.

    >>> layout = Layout((Slot("weight", (2,)),))
    >>> population = Population(layout, np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    >>> population.members
    3
    >>> population.take([2, 0]).theta
    array([[5., 6.],
           [1., 2.]])
    """

    layout: Layout  # what the columns mean
    theta: Array  # (*axes, parameters): the parameters
    # (*axes, parameters): what the optimizer remembers about each parameter
    memory: dict[str, Array] = field(default_factory=dict)
    # (*axes, 1): one number for each member: its learning rate, its weight decay, its count of
    # steps
    columns: dict[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that the matrix has the layout's columns; `InputError` if not."""
        if self.theta.shape[-1] != self.layout.size:
            raise InputError(
                "theta has {shape} columns but the layout describes {size}: give a matrix made for this layout.",
                shape=self.theta.shape[-1],
                size=self.layout.size,
            )

    @property
    def axes(self) -> tuple[int, ...]:
        """Shape of the population, such as ``(recipes, folds)``; ``()`` is one network."""
        return self.theta.shape[:-1]

    @property
    def members(self) -> int:
        """Number of networks."""
        return prod(self.axes)

    def __getitem__(self, index: int | slice | tuple[int | slice, ...]) -> Population:
        """Return some of the networks as *views*: training them trains these."""
        return self._each(lambda matrix: matrix[index])

    def take(self, index: Sequence[int]) -> Population:
        """Return copies of some entries of the first axis; an index given twice clones."""
        rows = list(index)
        return self._each(lambda matrix: matrix[rows])

    def copy_from(self, other: Population) -> None:
        """Overwrite these networks by others of the same shape, memory and columns included."""
        self.theta[...] = other.theta
        for name, matrix in other.memory.items():
            self.memory[name][...] = matrix
        for name, column in other.columns.items():
            self.columns[name][...] = column

    def snapshot(self) -> Population:
        """Return a copy to come back to."""
        return self._each(np.copy)

    def _each(self, change: Callable[[Array], Array]) -> Population:
        return Population(
            self.layout,
            change(self.theta),
            {name: change(matrix) for name, matrix in self.memory.items()},
            {name: change(column) for name, column in self.columns.items()},
        )
