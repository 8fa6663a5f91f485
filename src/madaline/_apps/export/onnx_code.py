"""A program as nodes of ONNX: each step makes a matrix, a row for each row of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
    coverage: float = 0.9,  # of intervals
) -> list[str]:
    """Add the nodes of all steps, and return what holds the numbers of each."""
    nodes = _Nodes(graph, program, inputs, missing, coverage, [])
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
    coverage: float
    made: list[str]

    def add(self, operator: str, *inputs: str | Array, **attributes: Any) -> str:
        return self.graph.add(operator, *inputs, **attributes)

    def reshaped(self, x: str, *shape: int) -> str:
        """Return rows in another shape."""
        return self.add("Reshape", x, np.array([0, *shape]))

    def size(self, value: Value) -> int:
        return self.program.sizes[value]

    def clip(self, x: str, low: Any, high: Any) -> str:
        return self.add("Min", self.add("Max", x, np.asarray(low)), np.asarray(high))

    def where_missing(self, x: str, filling: Array, otherwise: str) -> str:
        return self.add("Where", self.add("IsNaN", x), filling, otherwise)


def _read_numbers(nodes: _Nodes, step: do.ReadNumbers) -> str:
    names = [nodes.inputs[column] for column in step.columns]
    return names[0] if len(names) == 1 else nodes.add("Concat", *names, axis=1)


def _read_features(nodes: _Nodes, step: do.ReadFeatures) -> str:
    return nodes.inputs[step.column]


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
    days = nodes.made[step.days]
    day = nodes.add("Floor", days)
    wanted = {PARTS[part] for part in step.parts}
    made = {"time": nodes.add("Mul", days, np.array(86_400.0))}
    if wanted & {"year", "month"}:
        made["year"], made["month"] = _civil(nodes, day)
    made["weekday"] = _remainder(nodes, nodes.add("Add", day, np.array(3.0)), 7.0)
    made["hour"] = nodes.add("Mul", nodes.add("Sub", days, day), np.array(24.0))
    return nodes.add("Concat", *(made[PARTS[part]] for part in step.parts), axis=1)


def _civil(nodes: _Nodes, days: str) -> tuple[str, str]:
    """Return the year and the month, counted from 0: years begin with March, leap days are last."""

    def plus(x: str, other: Any) -> str:
        return nodes.add("Add", x, np.array(other) if isinstance(other, float) else other)

    def minus(x: str, other: str) -> str:
        return nodes.add("Sub", x, other)

    def times(x: str, factor: float) -> str:
        return nodes.add("Mul", x, np.array(factor))

    since = plus(days, 719_468.0)  # days since 1 March of the year 0
    era = _floor(nodes, since, 146_097.0)  # 400 years
    day = _remainder(nodes, since, 146_097.0)
    leaps = minus(_floor(nodes, day, 36_524.0), _floor(nodes, day, 1_460.0))
    leaps = minus(leaps, _floor(nodes, day, 146_096.0))
    of_era = _floor(nodes, plus(day, leaps), 365.0)
    begun = plus(times(of_era, 365.0), _floor(nodes, of_era, 4.0))
    of_year = minus(day, minus(begun, _floor(nodes, of_era, 100.0)))
    after_march = _floor(nodes, plus(times(of_year, 5.0), 2.0), 153.0)
    month = _remainder(nodes, plus(after_march, 2.0), 12.0)
    is_next = nodes.graph.cast(nodes.add("Less", month, np.array(2.0)), np.float64)
    return plus(plus(times(era, 400.0), of_era), is_next), month


def _floor(nodes: _Nodes, x: str, divisor: float) -> str:
    return nodes.add("Floor", nodes.add("Div", x, np.array(divisor)))


def _remainder(nodes: _Nodes, x: str, divisor: float) -> str:
    whole = nodes.add("Mul", _floor(nodes, x, divisor), np.array(divisor))
    return nodes.add("Sub", x, whole)


def _fill_missing(nodes: _Nodes, step: do.FillMissing) -> str:
    x = nodes.made[step.x]
    return nodes.where_missing(x, step.centers[None], x)


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
    return nodes.where_missing(x, np.array([[0.0]]), nodes.add("Sub", x, step.centers[None]))


def _circle_parts(nodes: _Nodes, step: do.CircleParts) -> str:
    """Return sines and cosines: a cosine is the sine a quarter of a period later."""
    twice = nodes.add("Gather", nodes.made[step.x], np.arange(len(step.periods)).repeat(2), axis=1)
    known = nodes.where_missing(twice, np.array([[0.0]]), twice)
    angle = nodes.add("Mul", known, (2 * np.pi / step.periods).repeat(2)[None])
    shift = np.tile([0, np.pi / 2], len(step.periods))[None]
    waves = nodes.add("Sin", nodes.add("Add", angle, shift))
    return nodes.where_missing(twice, np.array([[0.0]]), waves)


def _look_up_level(nodes: _Nodes, step: do.LookUpLevel) -> str:
    level = nodes.add("Squeeze", nodes.made[step.level], np.array([1]))
    return nodes.add("Gather", step.table, nodes.add("Gather", step.rows, level, axis=0), axis=0)


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


def _fill_bins(nodes: _Nodes, step: do.FillBins) -> str:
    full = nodes.graph.cast(nodes.made[step.places], np.float32)
    return nodes.add("Sub", full, step.means[None])


def _interpolate_rows(nodes: _Nodes, step: do.InterpolateRows) -> str:
    """Return sums plus what full bins add; ONNX has no table of which it mixes two rows."""
    places = nodes.program.steps[step.places]
    assert isinstance(places, do.PlaceOnEdges)
    low, _ = _bins(places)
    table = step.table.astype(np.float64)
    rises = (table[low + 1] - table[low]).astype(np.float32)
    first = table[places.starts[:-1]].sum(axis=0, keepdims=True).astype(np.float32)
    full = nodes.graph.cast(nodes.made[step.places], np.float32)
    sums = nodes.add("Add", nodes.made[step.sums], nodes.add("MatMul", full, rises))
    return nodes.add("Add", sums, first) if first.any() else sums


def _weight_inputs(nodes: _Nodes, step: do.WeightInputs) -> str:
    """Return the sums of members; ONNX Runtime 1.31 fails for no rows where one turns 3 axes."""
    members, inputs, units = step.weight.shape
    x, bias = nodes.made[step.x], step.bias.reshape(1, -1)
    if nodes.size(step.x) == inputs:
        beside = np.moveaxis(step.weight, 0, 1).reshape(inputs, -1)
        return nodes.add("Add", nodes.add("MatMul", x, beside), bias)
    by_member = nodes.add("Transpose", nodes.reshaped(x, 1, members, inputs), perm=[2, 1, 0, 3])
    sums = nodes.add("MatMul", by_member, step.weight[:, None])
    by_row = nodes.add("Transpose", sums, perm=[2, 1, 0, 3])
    return nodes.add("Add", nodes.reshaped(by_row, members * units), bias)


def _activate(nodes: _Nodes, step: do.Activate) -> str:
    x = nodes.made[step.x]
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


def _add_means(nodes: _Nodes, step: do.AddMeans) -> str:
    n_folds, n_outputs, members = step.dims(nodes.program.sizes)
    each = nodes.reshaped(nodes.graph.cast(nodes.made[step.x], np.float64), members, n_outputs)
    means = nodes.add("MatMul", np.asarray(step.shares.T, np.float64), each)
    means = nodes.reshaped(means, n_folds * n_outputs)
    return means if step.before is None else nodes.add("Add", nodes.made[step.before], means)


def _mean_of_folds(nodes: _Nodes, step: do.MeanOfFolds) -> str:
    if step.n_folds == 1:
        return nodes.made[step.x]
    folds = nodes.reshaped(nodes.made[step.x], step.n_folds, nodes.size(step.x) // step.n_folds)
    return nodes.add("ReduceMean", folds, np.array([1]), keepdims=0)


def _calibrate(nodes: _Nodes, step: do.Calibrate) -> str:
    n_times = nodes.size(step.x) // len(step.temperatures)
    return nodes.add("Div", nodes.made[step.x], np.tile(step.temperatures, n_times)[None])


def _link(nodes: _Nodes, step: do.Link) -> str:
    x, size = nodes.made[step.x], nodes.size(step.x)
    match step.function:
        case "sigmoid":
            return nodes.add("Sigmoid", x)
        case "exp":
            return nodes.add("Exp", nodes.add("Min", x, np.array([[MAX_LOG]])))
        case "both":
            return nodes.add("Concat", nodes.add("Sub", np.array([[1.0]]), x), x, axis=1)
    n_folds = size // step.n_outputs
    each = x if n_folds == 1 else nodes.reshaped(x, n_folds, step.n_outputs)
    if step.function == "softmax":
        made = nodes.add("Softmax", each, axis=-1)
    else:
        made = nodes.graph.sorted(each, step.n_outputs)
    return made if n_folds == 1 else nodes.reshaped(made, size)


def _to_unit(nodes: _Nodes, step: do.ToUnit) -> str:
    scaled = nodes.add("Mul", nodes.made[step.x], step.scales[None])
    return nodes.clip(
        nodes.add("Add", scaled, step.centers[None]), step.lows[None], step.highs[None]
    )


def _choose_class(nodes: _Nodes, step: do.ChooseClass) -> str:
    x = nodes.made[step.x]
    if not len(step.thresholds):
        return nodes.add("ArgMax", x, axis=1, keepdims=1)
    return nodes.graph.cast(nodes.add("Greater", x, step.thresholds[None]), np.int64)


def _bound_interval(nodes: _Nodes, step: do.BoundInterval) -> str:
    """Return two errors on unseen rows by rank, added to the predictions of their folds."""
    centers = nodes.clip(nodes.made[step.x], step.low, step.high)
    scores, knots, errors = (
        np.asarray(own, np.float64) for own in (step.scores, step.knots, step.errors)
    )
    wide = nodes.add("Unsqueeze", centers, np.array([2]))  # (rows, n_folds, 1)
    widths, rises = np.diff(knots), np.diff(errors)
    parts = nodes.add("Div", nodes.add("Sub", wide, knots[:-1]), widths)
    size = nodes.add("MatMul", nodes.clip(parts, 0.0, 1.0), rises)
    size = nodes.add("Add", size, errors[:1])  # (rows, n_folds)
    fold = np.repeat(np.arange(len(step.starts) - 1), np.diff(step.starts))
    of_scores, center = (nodes.add("Gather", x, fold, axis=1) for x in (size, centers))
    values = nodes.add("Add", center, nodes.add("Mul", of_scores, scores[None]))
    n, beyond = len(scores), (1 - nodes.coverage) / 2
    ranks = [np.floor(beyond * (n + 1) + 1e-9), np.ceil((1 - beyond) * (n + 1) - 1e-9)]
    bounds = nodes.add(
        "Gather", nodes.graph.sorted(values, n), np.array(ranks, np.int64) - 1, axis=1
    )
    return nodes.clip(bounds, step.low, step.high)


_WRITERS: Mapping[type[Operation], Callable[[_Nodes, Any], str]] = {
    do.ReadNumbers: _read_numbers,
    do.ReadLevel: _read_level,
    do.ReadFeatures: _read_features,
    do.DateParts: _date_parts,
    do.FillMissing: _fill_missing,
    do.TakePlaces: _take_places,
    do.TakeFeatures: _take_places,
    do.ScaleSmoothly: _scale_smoothly,
    do.FlagMissing: _flag_missing,
    do.CenterNumbers: _center_numbers,
    do.CircleParts: _circle_parts,
    do.LookUpLevel: _look_up_level,
    do.JoinFeatures: _join_features,
    do.PlaceOnEdges: _place_on_edges,
    do.FillBins: _fill_bins,
    do.InterpolateRows: _interpolate_rows,
    do.WeightInputs: _weight_inputs,
    do.Activate: _activate,
    do.Convolve: _convolve,
    do.Pool: _pool,
    do.WalkTrees: _walk_trees,
    do.AddMeans: _add_means,
    do.MeanOfFolds: _mean_of_folds,
    do.Calibrate: _calibrate,
    do.Link: _link,
    do.ToUnit: _to_unit,
    do.ChooseClass: _choose_class,
    do.BoundInterval: _bound_interval,
}
