"""A program as nodes of ONNX: each step makes a matrix, a row for each row of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from madaline._apps.export import operations as do
from madaline._apps.export.graph import Graph
from madaline._apps.export.operations import PARTS, Operation, Value
from madaline._apps.export.program import Program
from madaline.nn.arrays import Array
from madaline.nn.layers._activations import LEAK
from madaline.nn.losses._regression import MAX_LOG


def write_steps(
    graph: Graph,
    program: Program,
    inputs: Sequence[str],  # of each column what holds it: float64, or levels as text, (rows, 1)
    missing: Sequence[str],  # of each column the text that stands for a missing level
) -> list[str]:
    """Add the nodes of all steps, and return what holds the numbers of each."""
    nodes = _Nodes(graph, program, inputs, missing, [])
    for step in program.steps:
        made = _WRITERS[type(step)](nodes, step)
        nodes.made.append(graph.cast(made, step.dtype) if _is_wider(step) else made)
    return nodes.made


def _is_wider(step: Operation) -> bool:
    """Return whether a writer makes float64 of what shall be float32."""
    return isinstance(step, do.ScaleSmoothly | do.FlagMissing | do.CenterNumbers | do.CircleParts)


@final
@dataclass(frozen=True)
class _Nodes:
    """The nodes so far, and what writers need to know of the program."""

    graph: Graph
    program: Program
    inputs: Sequence[str]
    missing: Sequence[str]
    made: list[str]
    # of rows with numbers of members one after the other, the same by member
    by_member: dict[str, str] = field(default_factory=dict)

    def add(self, operator: str, *inputs: str | Array, **attributes: Any) -> str:
        return self.graph.add(operator, *inputs, **attributes)

    def reshaped(self, x: str, *shape: int) -> str:
        """Return rows in another shape."""
        return self.add("Reshape", x, np.array([0, *shape]))

    def size(self, value: Value) -> int:
        return self.program.sizes[value]

    def clip(self, x: str, low: float, high: float) -> str:
        return self.add("Clip", x, np.array(low), np.array(high))

    def filled(self, x: str, filling: Array, otherwise: str = "") -> str:
        """Return numbers, or something else, and other ones where numbers are missing."""
        return self.add("Where", self.add("IsNaN", x), filling, otherwise or x)

    def full(self, places: Value) -> str:
        """Return how full bins are."""
        return self.graph.cast(self.made[places], np.float32)


def _read_numbers(nodes: _Nodes, step: do.ReadNumbers) -> str:
    names = [nodes.inputs[column] for column in step.columns]
    return names[0] if len(names) == 1 else nodes.add("Concat", *names, axis=1)


def _read_level(nodes: _Nodes, step: do.ReadLevel) -> str:
    levels = nodes.program.columns[step.column].levels
    return nodes.add(
        "LabelEncoder",
        nodes.inputs[step.column],
        keys_strings=[*levels, nodes.missing[step.column]],
        values_int64s=list(range(len(levels) + 1)),
        default_int64=len(levels) + 1,
    )


def _date_parts(nodes: _Nodes, step: do.DateParts) -> str:
    """Return parts of days since 1970; years and months as Howard Hinnant's algorithms do."""
    days = _Computed(nodes, nodes.made[step.days])
    day = days // 1.0
    since = day + 719_468.0  # days since 1 March of the year 0: years begin with March
    era, of_era = since // 146_097.0, since % 146_097.0  # 400 years
    leaps = of_era // 36_524.0 - of_era // 1_460.0 - of_era // 146_096.0
    year = (of_era + leaps) // 365.0
    of_year = of_era - (year * 365.0 + year // 4.0 - year // 100.0)
    month = ((of_year * 5.0 + 2.0) // 153.0 + 2.0) % 12.0
    is_next = nodes.graph.cast(nodes.add("Less", month.name, np.array(2.0)), np.float64)
    made = {
        "time": days * 86_400.0,
        "year": era * 400.0 + year + _Computed(nodes, is_next),
        "month": month,
        "weekday": (day + 3.0) % 7.0,
        "hour": (days - day) * 24.0,
    }
    return nodes.add("Concat", *(made[PARTS[part]].name for part in step.parts), axis=1)


@final
@dataclass(frozen=True)
class _Computed:
    """Numbers that one may calculate with."""

    nodes: _Nodes
    name: str

    def _new(self, operator: str, other: _Computed | float) -> _Computed:
        second = other.name if isinstance(other, _Computed) else np.array(other)
        return _Computed(self.nodes, self.nodes.add(operator, self.name, second))

    def __add__(self, other: _Computed | float) -> _Computed:
        return self._new("Add", other)

    def __sub__(self, other: _Computed | float) -> _Computed:
        return self._new("Sub", other)

    def __mul__(self, other: _Computed | float) -> _Computed:
        return self._new("Mul", other)

    def __floordiv__(self, other: float) -> _Computed:
        quotient = self if other == 1 else self._new("Div", other)
        return _Computed(self.nodes, self.nodes.add("Floor", quotient.name))

    def __mod__(self, other: float) -> _Computed:
        return self - self // other * other


def _take_places(nodes: _Nodes, step: do.TakePlaces) -> str:
    return nodes.add("Gather", nodes.made[step.x], step.places, axis=1)


def _scale_smoothly(nodes: _Nodes, step: do.ScaleSmoothly) -> str:
    centered = nodes.add("Sub", nodes.made[step.x], step.centers[None])
    z = nodes.clip(nodes.add("Div", centered, step.spreads[None]), -1e100, 1e100)
    third = nodes.add("Div", z, np.array(3.0))
    root = nodes.add("Sqrt", nodes.add("Add", nodes.add("Mul", third, third), np.array(1.0)))
    return nodes.add("Div", z, root)


def _flag_missing(nodes: _Nodes, step: do.FlagMissing) -> str:
    flags = nodes.graph.cast(nodes.add("IsNaN", nodes.made[step.x]), np.float64)
    return nodes.add("Sub", flags, step.shares[None])


def _center_numbers(nodes: _Nodes, step: do.CenterNumbers) -> str:
    x = nodes.made[step.x]
    return nodes.filled(x, _NOTHING, nodes.add("Sub", x, step.centers[None]))


def _circle_parts(nodes: _Nodes, step: do.CircleParts) -> str:
    """Return sines and cosines: a cosine is the sine a quarter of a period later."""
    twice = nodes.add("Gather", nodes.made[step.x], np.arange(len(step.periods)).repeat(2), axis=1)
    known = nodes.filled(twice, _NOTHING)
    angle = nodes.add("Mul", known, (2 * np.pi / step.periods).repeat(2)[None])
    shift = np.tile([0, np.pi / 2], len(step.periods))[None]
    waves = nodes.add("Sin", nodes.add("Add", angle, shift))
    return nodes.filled(twice, _NOTHING, waves)


def _join_features(nodes: _Nodes, step: do.JoinFeatures) -> str:
    names = [nodes.made[part] for part in step.parts]
    joined = names[0] if len(names) == 1 else nodes.add("Concat", *names, axis=1)
    order = np.argsort(step.places)
    is_ordered = np.array_equal(order, np.arange(len(order)))
    return joined if is_ordered else nodes.add("Gather", joined, order, axis=1)


def _place_on_edges(nodes: _Nodes, step: do.PlaceOnEdges) -> str:
    """Return how full each bin between two edges is, whose sums are places."""
    low, owner = _bins(step)
    half = nodes.add("Mul", nodes.made[step.x], np.array(0.5))  # twice 1e308 would overflow
    first, width = step.edges[low] / 2, step.edges[low + 1] / 2 - step.edges[low] / 2
    above = nodes.add("Sub", nodes.add("Gather", half, owner, axis=1), first[None])
    return nodes.clip(nodes.add("Div", above, width[None]), 0.0, 1.0)


def _bins(step: do.PlaceOnEdges) -> tuple[Array, Array]:
    """Return the lower edge of each bin, and the number whose bin it is."""
    owner = np.repeat(np.arange(len(step.starts) - 1), np.diff(step.starts))
    low = np.flatnonzero(owner[:-1] == owner[1:])
    return low, owner[low]


def _interpolate_rows(nodes: _Nodes, step: do.InterpolateRows) -> str:
    """Return sums plus what full bins add; ONNX has no table of which it mixes two rows."""
    places = nodes.program.steps[step.places]
    assert isinstance(places, do.PlaceOnEdges)
    low, _ = _bins(places)
    table = step.table.astype(np.float64)
    rises = (table[low + 1] - table[low]).astype(np.float32)
    first = table[places.starts[:-1]].sum(axis=0, keepdims=True).astype(np.float32)
    added = nodes.add("MatMul", nodes.full(step.places), rises)
    sums = nodes.add("Add", nodes.made[step.sums], added)
    return nodes.add("Add", sums, first) if first.any() else sums


def _weight_inputs(nodes: _Nodes, step: do.WeightInputs) -> str:
    """Return the sums of members; ONNX Runtime 1.31 fails for no rows where one turns 3 axes."""
    members, inputs, _ = step.weight.shape
    x, bias = nodes.made[step.x], step.bias.reshape(1, -1)
    if step.weight.dtype == np.float64:
        x = nodes.graph.cast(x, np.float64)
    if nodes.size(step.x) == inputs:
        beside = np.moveaxis(step.weight, 0, 1).reshape(inputs, -1)
        return nodes.add("Add", nodes.add("MatMul", x, beside), bias)
    by_member = nodes.by_member.get(x)
    if by_member is None:
        apart = nodes.reshaped(x, 1, members, inputs)
        by_member = nodes.add("Transpose", apart, perm=[2, 1, 0, 3])
    sums = nodes.add("MatMul", by_member, step.weight[:, None])
    return _by_row(nodes, nodes.add("Add", sums, step.bias[:, None, None]), step.bias.size)


def _by_row(nodes: _Nodes, by_member: str, size: int) -> str:
    """Return the numbers of members, (members, 1, rows, n), as those of rows.

    No node is left of this where the next step takes them by member.
    """
    apart = nodes.add("Transpose", by_member, perm=[2, 1, 0, 3])
    by_row = nodes.reshaped(apart, size)
    nodes.by_member[by_row] = by_member
    return by_row


def _activate(nodes: _Nodes, step: do.Activate) -> str:
    x = nodes.made[step.x]
    if x in nodes.by_member:
        return _by_row(nodes, _activated(nodes, step, nodes.by_member[x]), nodes.size(step.x))
    return _activated(nodes, step, x)


def _activated(nodes: _Nodes, step: do.Activate, x: str) -> str:
    if step.function == "relu":
        return nodes.add("Relu", x)
    share = nodes.add("Sigmoid", x)
    if step.function == "leaky_silu":
        share = nodes.add("Add", share, np.array(LEAK, np.float32))
    return nodes.add("Mul", x, share)


def _convolve(nodes: _Nodes, step: do.Convolve) -> str:
    members, high, wide, channels, units = step.weight.shape
    own = nodes.size(step.x) // (step.height * step.width * channels)
    weight = step.weight.transpose(0, 4, 3, 1, 2).reshape(members * units, channels, high, wide)
    grid = _to_grid(nodes, step, own, channels)
    pads = [high // 2, wide // 2] * 2
    y = nodes.add("Conv", grid, weight, step.bias.ravel(), group=own, pads=pads)
    return _from_grid(nodes, y, members, units, (step.height, step.width))


def _pool(nodes: _Nodes, step: do.Pool) -> str:
    members = nodes.size(step.x) // (step.height * step.width * step.channels)
    operator = "MaxPool" if step.function == "largest" else "AveragePool"
    window = [step.high, step.wide]
    grid = _to_grid(nodes, step, members, step.channels)
    y = nodes.add(operator, grid, kernel_shape=window, strides=window)
    shape = step.height // step.high, step.width // step.wide
    return _from_grid(nodes, y, members, step.channels, shape)


def _to_grid(nodes: _Nodes, step: do.Convolve | do.Pool, members: int, channels: int) -> str:
    """Return numbers as (rows, members * channels, height, width)."""
    x = nodes.reshaped(nodes.made[step.x], members, step.height, step.width, channels)
    by_channel = nodes.add("Transpose", x, perm=[0, 1, 4, 2, 3])
    return nodes.reshaped(by_channel, members * channels, step.height, step.width)


def _from_grid(nodes: _Nodes, y: str, members: int, channels: int, shape: tuple[int, int]) -> str:
    by_position = nodes.add(
        "Transpose", nodes.reshaped(y, members, channels, *shape), perm=[0, 1, 3, 4, 2]
    )
    return nodes.reshaped(by_position, members * channels * shape[0] * shape[1])


def _walk_trees(nodes: _Nodes, step: do.WalkTrees) -> str:
    """Return the sums of leaves as one node: each of its nodes belongs to the tree it came from."""
    tree = np.full(len(step.feature), -1)
    reached, of_tree = step.roots, np.arange(len(step.roots))
    while len(reached):
        tree[reached] = of_tree
        inner = step.feature[reached] >= 0
        reached, of_tree = step.below[reached[inner]].ravel(), of_tree[inner].repeat(2)
    order = np.argsort(tree, kind="stable")
    is_leaf = step.feature[order] < 0
    node = order - step.roots[tree[order]]
    yes, no = (
        np.where(is_leaf, 0, step.below[order, side] - step.roots[tree[order]]) for side in (0, 1)
    )
    n_sums, n_trees = step.dims(())
    return nodes.add(
        "TreeEnsembleRegressor",
        nodes.made[step.x],
        n_targets=n_sums,
        base_values=step.bias.tolist(),
        nodes_treeids=tree[order].tolist(),
        nodes_nodeids=node.tolist(),
        nodes_featureids=np.where(is_leaf, 0, step.feature[order]).tolist(),
        nodes_values=np.where(is_leaf, 0, step.threshold[order]).tolist(),
        nodes_modes=np.where(is_leaf, "LEAF", "BRANCH_LEQ").tolist(),
        nodes_truenodeids=yes.tolist(),
        nodes_falsenodeids=no.tolist(),
        target_treeids=tree[order][is_leaf].tolist(),
        target_nodeids=node[is_leaf].tolist(),
        target_ids=(tree[order][is_leaf] // n_trees).tolist(),
        target_weights=step.threshold[order][is_leaf].tolist(),
    )


def _look_up_level(nodes: _Nodes, step: do.LookUpLevel) -> str:
    level = nodes.add("Squeeze", nodes.made[step.level], np.array([1]))
    if len(step.rows) * step.table.shape[1] <= _FEW:  # a row for each level saves a step
        return nodes.add("Gather", step.table[step.rows], level, axis=0)
    return nodes.add("Gather", step.table, nodes.add("Gather", step.rows, level, axis=0), axis=0)


def _add_means(nodes: _Nodes, step: do.AddMeans) -> str:
    _, n_outputs, members = step.dims(nodes.program.sizes)
    means = nodes.graph.cast(nodes.made[step.x], np.float64)
    shares = np.asarray(step.shares, np.float64)
    if n_outputs == 1 and members > 1:
        means = nodes.add("MatMul", means, shares)
    elif shares.tolist() != [[1.0]]:
        means = nodes.add("MatMul", shares.T, nodes.reshaped(means, members, n_outputs))
        means = nodes.reshaped(means, n_outputs)
    return means if step.before is None else nodes.add("Add", nodes.made[step.before], means)


def _link(nodes: _Nodes, step: do.Link) -> str:
    x = nodes.made[step.x]
    match step.function:
        case "softmax":
            return nodes.add("Softmax", x, axis=1)
        case "sort":
            return nodes.graph.sorted(x, step.n_outputs)
        case "exp":
            return nodes.add("Exp", nodes.add("Min", x, np.array([[MAX_LOG]])))
        case "both":
            return nodes.add("Concat", nodes.add("Sub", np.array([[1.0]]), x), x, axis=1)
        case _:
            return nodes.add("Sigmoid", x)


def _to_unit(nodes: _Nodes, step: do.ToUnit) -> str:
    scaled = nodes.add("Mul", nodes.made[step.x], step.scales[None])
    numbers = nodes.add("Add", scaled, step.centers[None])
    return nodes.add("Min", nodes.add("Max", numbers, step.lows[None]), step.highs[None])


def _choose_class(nodes: _Nodes, step: do.ChooseClass) -> str:
    x = nodes.made[step.x]
    if not len(step.thresholds):
        return nodes.add("ArgMax", x, axis=1, keepdims=1)
    return nodes.graph.cast(nodes.add("Greater", x, step.thresholds[None]), np.int64)


_NOTHING = np.array([[0.0]])

_FEW = 4096
"""Numbers of a table that may stand in a file more than once."""

_WRITERS: Mapping[type[Operation], Callable[[_Nodes, Any], str]] = {
    do.ReadNumbers: _read_numbers,
    do.ReadLevel: _read_level,
    do.ReadFeatures: lambda nodes, step: nodes.inputs[step.column],
    do.DateParts: _date_parts,
    do.FillMissing: lambda nodes, step: nodes.filled(nodes.made[step.x], step.centers[None]),
    do.TakePlaces: _take_places,
    do.TakeFeatures: _take_places,
    do.ScaleSmoothly: _scale_smoothly,
    do.FlagMissing: _flag_missing,
    do.CenterNumbers: _center_numbers,
    do.CircleParts: _circle_parts,
    do.LookUpLevel: _look_up_level,
    do.JoinFeatures: _join_features,
    do.PlaceOnEdges: _place_on_edges,
    do.FillBins: lambda nodes, step: nodes.add("Sub", nodes.full(step.places), step.means[None]),
    do.InterpolateRows: _interpolate_rows,
    do.WeightInputs: _weight_inputs,
    do.Activate: _activate,
    do.Convolve: _convolve,
    do.Pool: _pool,
    do.WalkTrees: _walk_trees,
    do.AddMeans: _add_means,
    do.MeanOfFolds: lambda nodes, step: nodes.made[step.x],  # there is one
    do.Calibrate: lambda nodes, step: nodes.add("Div", nodes.made[step.x], step.temperatures[None]),
    do.Link: _link,
    do.ToUnit: _to_unit,
    do.ChooseClass: _choose_class,
}
"""What `lower` writes without intervals."""
