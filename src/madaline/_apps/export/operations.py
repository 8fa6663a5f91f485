"""The operations that programs are made of: each makes a few numbers of a row from others.

What an operation does is told here, once. Each back end (C, JavaScript) has a function of its name,
with the same arguments: values, constants, and then the whole numbers that its loops run to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeAlias, final

import numpy as np

from madaline.nn.arrays import Array


@final
class Value(int):
    """What a step makes: the number of the step."""


Sizes: TypeAlias = Sequence[int]
"""How many numbers each step before makes."""


@dataclass(frozen=True, eq=False)
class Operation:
    """What makes some numbers of a row."""

    dtype: ClassVar[str] = "float32"  # of what it makes; float64, and int32 for numbers of levels

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
        return [getattr(self, item.name) for item in fields(self)]

    @property
    def constants(self) -> list[Array]:
        """Its arrays."""
        return [own for own in self.arguments if isinstance(own, np.ndarray)]

    @property
    def values(self) -> Iterator[Value]:
        """What it takes of steps before."""
        for own in self.arguments:
            yield from own if isinstance(own, tuple) else [own] if isinstance(own, Value) else []


@dataclass(frozen=True, eq=False)
class ReadNumbers(Operation):
    """The values of columns of numbers, Booleans (1, 0) and dates (days since 1970); NaN: none."""

    columns: Array  # (n,)
    dtype = "float64"


@dataclass(frozen=True, eq=False)
class ReadLevel(Operation):
    """The number of a level; after those of all levels come missing and unseen (-1)."""

    column: int
    n_levels: int
    dtype = "int32"

    def dims(self, _: Sizes, /) -> tuple[int, ...]:
        return (1,)


PARTS = ("time", "year", "month", "weekday", "hour")
"""Parts of a date: seconds since 1970, the year, and others counted from 0, Monday the first."""


@dataclass(frozen=True, eq=False)
class DateParts(Operation):
    """Parts of a date, by their place in `PARTS`; all are NaN if it is missing."""

    days: Value  # one number
    parts: Array  # (n,)
    dtype = "float64"


@dataclass(frozen=True, eq=False)
class FillMissing(Operation):
    """Numbers with a constant where one is missing."""

    x: Value
    centers: Array
    dtype = "float64"


@dataclass(frozen=True, eq=False)
class TakePlaces(Operation):
    """Some of the numbers."""

    x: Value
    places: Array
    dtype = "float64"


@dataclass(frozen=True, eq=False)
class ScaleSmoothly(Operation):
    """``z / sqrt(1 + (z / 3)**2)`` with ``z = (x - center) / spread``, within 1e100."""

    x: Value
    centers: Array
    spreads: Array


@dataclass(frozen=True, eq=False)
class FlagMissing(Operation):
    """1 where a number is missing, else 0, minus the share of rows in which it was."""

    x: Value
    shares: Array


@dataclass(frozen=True, eq=False)
class CenterNumbers(Operation):
    """Numbers minus a constant, zero where one is missing."""

    x: Value
    centers: Array


@dataclass(frozen=True, eq=False)
class CircleParts(Operation):
    """The sine and the cosine of cyclic parts, zero where one is missing."""

    x: Value
    periods: Array

    def dims(self, _: Sizes, /) -> tuple[int, ...]:
        return (2 * len(self.periods), len(self.periods))


@dataclass(frozen=True, eq=False)
class LookUpLevel(Operation):
    """A row of a table for each level; levels may share one."""

    level: Value
    rows: Array  # (n_levels + 2,): of each level, missing and unseen its row
    table: Array  # (n_rows, n)

    def dims(self, _: Sizes, /) -> tuple[int, ...]:
        return (self.table.shape[1],)


@dataclass(frozen=True, eq=False)
class JoinFeatures(Operation):
    """All features: the numbers of several values, each at its place."""

    parts: tuple[Value, ...]
    sizes: Array  # (n_parts,)
    places: Array  # (n_features,): where each number of the first part goes, of the second, ...

    def dims(self, _: Sizes, /) -> tuple[int, ...]:
        return (len(self.places), len(self.parts))


@dataclass(frozen=True, eq=False)
class PlaceOnEdges(Operation):
    """Where each number lies on its edges: 2.5 is halfway between the third and the fourth.

    The edges of all numbers stand in a row. Numbers beyond them lie at the first or the last one.
    """

    x: Value
    edges: Array
    starts: Array  # (n + 1,): the first edge of each number, and how many there are
    dtype = "float64"

    def dims(self, _: Sizes, /) -> tuple[int, ...]:
        return (len(self.starts) - 1,)


@dataclass(frozen=True, eq=False)
class InterpolateRows(Operation):
    """Sums plus the rows of a table at some places: between two edges, a mix of both rows."""

    sums: Value
    places: Value
    table: Array  # (n_edges, n)

    def dims(self, sizes: Sizes, /) -> tuple[int, ...]:
        return (self.table.shape[1], sizes[self.places])


@dataclass(frozen=True, eq=False)
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


@dataclass(frozen=True, eq=False)
class Activate(Operation):
    """A function of each number: ``relu``, ``silu`` or ``leaky_silu``."""

    function: str
    x: Value

    def dims(self, sizes: Sizes, /) -> tuple[int, ...]:
        return (sizes[self.x],)


@dataclass(frozen=True, eq=False)
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


@dataclass(frozen=True, eq=False)
class AddMeans(Operation):
    """What was added before, and weighted means of the outputs of members: one for each fold."""

    before: Value | None
    x: Value  # (members * n_outputs)
    shares: Array  # (members, n_folds)
    dtype = "float64"

    def dims(self, sizes: Sizes, /) -> tuple[int, ...]:
        """Return folds, outputs and members."""
        members, n_folds = self.shares.shape
        return n_folds, sizes[self.x] // members, members

    def size(self, sizes: Sizes, /) -> int:
        n_folds, n_outputs, _ = self.dims(sizes)
        return n_folds * n_outputs


@dataclass(frozen=True, eq=False)
class MeanOfFolds(Operation):
    """The mean of the folds for each output."""

    x: Value
    n_folds: int
    dtype = "float64"

    def dims(self, sizes: Sizes, /) -> tuple[int, ...]:
        return (sizes[self.x] // self.n_folds,)


@dataclass(frozen=True, eq=False)
class Calibrate(Operation):
    """Outputs divided by their temperatures, which stand once for all folds."""

    x: Value
    temperatures: Array
    dtype = "float64"

    def dims(self, sizes: Sizes, /) -> tuple[int, ...]:
        return sizes[self.x], len(self.temperatures)


@dataclass(frozen=True, eq=False)
class Link(Operation):
    """Outputs as predictions: ``sigmoid``, ``softmax``, ``exp``, or ``sort`` of quantiles.

    ``both`` makes the probabilities of two classes of that of the second.
    """

    function: str
    x: Value
    n_outputs: int  # what is computed together: fold by fold
    dtype = "float64"

    def dims(self, sizes: Sizes, /) -> tuple[int, ...]:
        return (sizes[self.x],)

    def size(self, sizes: Sizes, /) -> int:
        return sizes[self.x] * (2 if self.function == "both" else 1)


@dataclass(frozen=True, eq=False)
class ToUnit(Operation):
    """Predictions in the unit of the target, and within its range."""

    x: Value
    scales: Array
    centers: Array
    lows: Array
    highs: Array
    dtype = "float64"


@dataclass(frozen=True, eq=False)
class ChooseClass(Operation):
    """The most probable class, or 1 for each probability above its threshold, else 0."""

    x: Value
    thresholds: Array  # (n,); none: of several classes, the most probable
    dtype = "int32"

    def dims(self, sizes: Sizes, /) -> tuple[int, ...]:
        return len(self.thresholds), sizes[self.x]

    def size(self, _: Sizes, /) -> int:
        return len(self.thresholds) or 1


@dataclass(frozen=True, eq=False)
class BoundInterval(Operation):
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
    dtype = "float64"

    def dims(self, _: Sizes, /) -> tuple[int, ...]:
        """Return two, folds and knots."""
        return 2, len(self.starts) - 1, len(self.knots)


OPERATIONS: tuple[type[Operation], ...] = (
    ReadNumbers, ReadLevel, DateParts, FillMissing, TakePlaces, ScaleSmoothly, FlagMissing,
    CenterNumbers, CircleParts, LookUpLevel, JoinFeatures, PlaceOnEdges, InterpolateRows,
    WeightInputs, Activate, WalkTrees, AddMeans, MeanOfFolds, Calibrate, Link, ToUnit, ChooseClass,
    BoundInterval,
)  # fmt: skip
"""All that a back end has to know."""

ACTIVATIONS, LINKS = (
    ("relu", "silu", "leaky_silu"),
    ("sigmoid", "softmax", "exp", "sort", "both"),
)
