"""The operations that programs are made of: each makes a few numbers of a row from others.

What an operation does is told here, once. Each back end (C, JavaScript) has a function of its name,
with the same arguments: values, constants, and then the whole numbers that its loops run to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, dataclass_transform, final

import numpy as np

from madaline.nn.arrays import Array


@final
class Value(int):
    """What a step makes: the number of the step."""


Sizes: TypeAlias = Sequence[int]
"""How many numbers each step before makes."""


@dataclass_transform(frozen_default=True, eq_default=False)
class Operation:
    """What makes some numbers of a row; each is a frozen dataclass."""

    dtype: ClassVar[str]  # of what it makes: float32, float64, or int32 for numbers of levels

    def __init_subclass__(cls, makes: str = "float32") -> None:
        cls.dtype = makes
        dataclass(frozen=True, eq=False)(cls)

    def dims(self, _: Sizes, /) -> tuple[int, ...]:
        """Return what its loops run to: by default the length of its last constant."""
        return (len(self.constants[-1]),)

    def size(self, sizes: Sizes, /) -> int:
        """Return how many numbers it makes."""
        return self.dims(sizes)[0]

    @property
    def name(self) -> str:
        """The name of its function in each language."""
        words = re.sub("(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()
        return "_".join([words, *(own for own in self.arguments if isinstance(own, str))])

    @property
    def arguments(self) -> list[Any]:
        """Values, constants and names, in the order of its function's arguments."""
        return list(vars(self).values())

    @property
    def constants(self) -> list[Array]:
        """Its arrays."""
        return [own for own in self.arguments if isinstance(own, np.ndarray)]

    @property
    def values(self) -> Iterator[Value]:
        """What it takes of steps before."""
        for own in self.arguments:
            yield from own if isinstance(own, tuple) else [own] if isinstance(own, Value) else []


class ReadNumbers(Operation, makes="float64"):
    """The values of columns of numbers, Booleans (1, 0) and dates (days since 1970); NaN: none."""

    columns: Array  # (n,)


class ReadLevel(Operation, makes="int32"):
    """The number of a level; after those of all levels come missing and unseen (-1)."""

    column: int
    n_levels: int

    def dims(self, _: Sizes, /) -> tuple[int, ...]:
        return (1,)


PARTS = ("time", "year", "month", "weekday", "hour")
"""Parts of a date: seconds since 1970, the year, and others counted from 0, Monday the first."""


class DateParts(Operation, makes="float64"):
    """Parts of a date, by their place in `PARTS`; all are NaN if it is missing."""

    days: Value  # one number
    parts: Array  # (n,)


class FillMissing(Operation, makes="float64"):
    """Numbers with a constant where one is missing."""

    x: Value
    centers: Array


class TakePlaces(Operation, makes="float64"):
    """Some of the numbers."""

    x: Value
    places: Array


class ScaleSmoothly(Operation):
    """``z / sqrt(1 + (z / 3)**2)`` with ``z = (x - center) / spread``, within 1e100."""

    x: Value
    centers: Array
    spreads: Array


class FlagMissing(Operation):
    """1 where a number is missing, else 0, minus the share of rows in which it was."""

    x: Value
    shares: Array


class CenterNumbers(Operation):
    """Numbers minus a constant, zero where one is missing."""

    x: Value
    centers: Array


class CircleParts(Operation):
    """The sine and the cosine of cyclic parts, zero where one is missing."""

    x: Value
    periods: Array

    def dims(self, _: Sizes, /) -> tuple[int, ...]:
        return (2 * len(self.periods), len(self.periods))


class LookUpLevel(Operation):
    """A row of a table for each level; levels may share one."""

    level: Value
    rows: Array  # (n_levels + 2,): of each level, missing and unseen its row
    table: Array  # (n_rows, n)

    def dims(self, _: Sizes, /) -> tuple[int, ...]:
        return (self.table.shape[1],)


class JoinFeatures(Operation):
    """All features: the numbers of several values, each at its place."""

    parts: tuple[Value, ...]
    sizes: Array  # (n_parts,)
    places: Array  # (n_features,): where each number of the first part goes, of the second, ...

    def dims(self, _: Sizes, /) -> tuple[int, ...]:
        return (len(self.places), len(self.parts))


class PlaceOnEdges(Operation, makes="float64"):
    """Where each number lies on its edges: 2.5 is halfway between the third and the fourth.

    The edges of all numbers stand in a row. Numbers beyond them lie at the first or the last one.
    """

    x: Value
    edges: Array
    starts: Array  # (n + 1,): the first edge of each number, and how many there are

    def dims(self, _: Sizes, /) -> tuple[int, ...]:
        return (len(self.starts) - 1,)


class FillBins(Operation):
    """How full bins are, ``min(max(place - low, 0), 1) - mean``: each reaches from edge to edge."""

    places: Value
    owners: Array  # (n,): the number that each bin is of
    lows: Array  # (n,): the edge where it begins
    means: Array  # (n,)


class InterpolateRows(Operation):
    """Sums plus the rows of a table at some places: between two edges, a mix of both rows."""

    sums: Value
    places: Value
    table: Array  # (n_edges, n)

    def dims(self, sizes: Sizes, /) -> tuple[int, ...]:
        return (self.table.shape[1], sizes[self.places])


class WeightInputs(Operation):
    """Weighted sums of each member: of inputs that all share, or each of its own."""

    x: Value
    weight: Array  # (members, inputs, units)
    bias: Array  # (members, units)

    def dims(self, sizes: Sizes, /) -> tuple[int, ...]:
        """Return members, inputs, units, and how far apart the inputs of members stand."""
        members, inputs, units = self.weight.shape
        return members, inputs, units, 0 if sizes[self.x] == inputs else inputs

    def size(self, _: Sizes, /) -> int:
        return self.bias.size


class Activate(Operation):
    """A function of each number: ``relu``, ``silu`` or ``leaky_silu``."""

    function: str
    x: Value

    def dims(self, sizes: Sizes, /) -> tuple[int, ...]:
        return (sizes[self.x],)


class WalkTrees(Operation):
    """The sums of the leaves that a row comes to: a split leads left up to its threshold.

    A leaf has the feature -1, and its threshold is what it adds.
    """

    x: Value
    feature: Array  # (n_nodes,)
    threshold: Array  # (n_nodes,)
    below: Array  # (n_nodes, 2): the nodes to the left and to the right
    roots: Array  # (n_sums * n_trees,)
    bias: Array  # (n_sums,): what is added

    def dims(self, _: Sizes, /) -> tuple[int, ...]:
        """Return sums, and trees of each."""
        return len(self.bias), len(self.roots) // len(self.bias)


class AddMeans(Operation, makes="float64"):
    """What was added before, and weighted means of the outputs of members: one for each fold."""

    before: Value | None
    x: Value  # (members * n_outputs)
    shares: Array  # (members, n_folds)

    def dims(self, sizes: Sizes, /) -> tuple[int, ...]:
        """Return folds, outputs and members."""
        members, n_folds = self.shares.shape
        return n_folds, sizes[self.x] // members, members

    def size(self, sizes: Sizes, /) -> int:
        n_folds, n_outputs, _ = self.dims(sizes)
        return n_folds * n_outputs


class MeanOfFolds(Operation, makes="float64"):
    """The mean of the folds for each output."""

    x: Value
    n_folds: int

    def dims(self, sizes: Sizes, /) -> tuple[int, ...]:
        return (sizes[self.x] // self.n_folds,)


class Calibrate(Operation, makes="float64"):
    """Outputs divided by their temperatures, which stand once for all folds."""

    x: Value
    temperatures: Array

    def dims(self, sizes: Sizes, /) -> tuple[int, ...]:
        return sizes[self.x], len(self.temperatures)


class Link(Operation, makes="float64"):
    """Outputs as predictions: ``sigmoid``, ``softmax``, ``exp``, or ``sort`` of quantiles.

    ``both`` makes the probabilities of two classes of that of the second.
    """

    function: str
    x: Value
    n_outputs: int  # what is computed together: fold by fold

    def dims(self, sizes: Sizes, /) -> tuple[int, ...]:
        return (sizes[self.x],)

    def size(self, sizes: Sizes, /) -> int:
        return sizes[self.x] * (2 if self.function == "both" else 1)


class ToUnit(Operation, makes="float64"):
    """Predictions in the unit of the target, and within its range."""

    x: Value
    scales: Array
    centers: Array
    lows: Array
    highs: Array


class ChooseClass(Operation, makes="int32"):
    """The most probable class, or 1 for each probability above its threshold, else 0."""

    x: Value
    thresholds: Array  # (n,); none: of several classes, the most probable

    def dims(self, sizes: Sizes, /) -> tuple[int, ...]:
        return len(self.thresholds), sizes[self.x]

    def size(self, _: Sizes, /) -> int:
        return len(self.thresholds) or 1


class BoundInterval(Operation, makes="float64"):
    """The bounds that hold the truth of a share of new rows: the coverage, given with the row.

    Each score, an error on unseen rows, is multiplied by the size of errors at the prediction of
    its fold (between knots on a line) and added to it. The bounds are two of these by rank.
    """

    x: Value  # the prediction of each fold
    scores: Array  # (n_scores,): fold after fold, ascending within each
    starts: Array  # (n_folds + 1,): where the scores of each fold begin, and how many there are
    knots: Array  # (n_knots,): predictions, ascending
    errors: Array  # (n_knots,): how large errors are at each
    low: float  # the range of predictions and bounds
    high: float

    def dims(self, _: Sizes, /) -> tuple[int, ...]:
        """Return two, folds and knots."""
        return 2, len(self.starts) - 1, len(self.knots)


class ReadFeatures(Operation):
    """The features of a column that a back end makes itself."""

    column: int
    n: int

    def dims(self, _: Sizes, /) -> tuple[int, ...]:
        return (self.n,)


class TakeFeatures(TakePlaces):
    """Some of the features."""


class Convolve(Operation):
    """Weighted sums of windows around all positions of a grid, zeros beyond its edges.

    Members share a grid, or each has its own; positions stand one after the other, row by row, the
    channels of each together.
    """

    x: Value
    weight: Array  # (members, window's height, its width, channels, units)
    bias: Array  # (members, units)
    height: int
    width: int

    def size(self, _: Sizes, /) -> int:
        return self.height * self.width * self.bias.size


class Pool(Operation):
    """The ``largest`` number, or the ``mean``, of each channel in windows side by side."""

    function: str
    x: Value
    channels: int
    height: int
    width: int
    high: int  # of a window
    wide: int

    def size(self, sizes: Sizes, /) -> int:
        windows = (self.height // self.high) * (self.width // self.wide)
        return sizes[self.x] // (self.height * self.width) * windows


OPERATIONS: tuple[type[Operation], ...] = (
    ReadNumbers, ReadLevel, DateParts, FillMissing, TakePlaces, ScaleSmoothly, FlagMissing,
    CenterNumbers, CircleParts, LookUpLevel, JoinFeatures, PlaceOnEdges, FillBins,
    InterpolateRows, WeightInputs, Activate, WalkTrees, AddMeans, MeanOfFolds, Calibrate, Link,
    ToUnit, ChooseClass, BoundInterval,
)  # fmt: skip
"""All that a back end has to know."""

OF_GRIDS: tuple[type[Operation], ...] = (ReadFeatures, TakeFeatures, Convolve, Pool)
"""What images and sequences need, too; ONNX alone knows them."""

ACTIVATIONS, LINKS = (
    ("relu", "silu", "leaky_silu"),
    ("sigmoid", "softmax", "exp", "sort", "both"),
)
