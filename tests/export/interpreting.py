"""Runs a program in NumPy, one row at a time, as its operations say; only tests need it."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline._apps.export.operations import PARTS, Value
from madaline._apps.export.program import Program
from madaline._tables.conversion import as_levels
from madaline.nn.arrays import Array
from madaline.nn.layers._activations import LEAK
from madaline.nn.losses._regression import MAX_LOG


def interpret(program: Program, row: Array, coverage: float = 0.9) -> dict[str, Array]:
    """Return the answers of a program to a row of typed values."""
    made: list[Array] = []
    for step, size in zip(program.steps, program.sizes, strict=True):
        own = [_given(one, made) for one in step.arguments]
        function = FUNCTIONS[type(step).__name__]
        if type(step).__name__ in ("ReadNumbers", "ReadLevel"):
            own = [row, *own]
        if type(step).__name__ == "BoundInterval":
            own = [*own, coverage]
        result = np.ravel(np.asarray(function(*own), step.dtype))
        assert len(result) == size, step
        made.append(result)
    return {name: made[value] for name, value in program.answers.items()}


def _given(own: Any, made: list[Array]) -> Any:
    if isinstance(own, Value):
        return made[own]
    return tuple(_given(one, made) for one in own) if isinstance(own, tuple) else own


def read_level(row: Array, column: int, n_levels: int) -> Any:
    level = row[column]
    return n_levels if np.isnan(level) else n_levels + 1 if level < 0 else level


def date_parts(days: Array, parts: Array) -> Any:
    if np.isnan(days[0]):
        return np.full(len(parts), np.nan)
    day = np.floor(days[0])
    date = np.datetime64(int(day), "D")
    year = date.astype("datetime64[Y]").astype(int) + 1970
    month = date.astype("datetime64[M]").astype(int) % 12
    found = [days[0] * 86400, year, month, (day + 3) % 7, 24 * (days[0] - day)]
    assert len(found) == len(PARTS)
    return np.array(found)[parts]


def scale_smoothly(x: Array, centers: Array, spreads: Array) -> Any:
    with np.errstate(over="ignore"):
        z = np.clip((x - centers) / spreads, -1e100, 1e100)
    return z / np.sqrt(1 + (z / 3) ** 2)


def circle_parts(x: Array, periods: Array) -> Any:
    angle = x * (2 * np.pi / periods)
    return np.nan_to_num(np.stack([np.sin(angle), np.cos(angle)], axis=1), nan=0.0)


def join_features(parts: tuple[Array, ...], sizes: Array, places: Array) -> Any:
    assert [len(part) for part in parts] == sizes.tolist()
    return np.concatenate(parts)[np.argsort(places)]


def place_on_edges(x: Array, edges: Array, starts: Array) -> Any:
    return [
        start + np.interp(own, edges[start:stop], np.arange(stop - start))
        for own, start, stop in zip(x, starts[:-1], starts[1:], strict=True)
    ]


def fill_bins(places: Array, owners: Array, lows: Array, means: Array) -> Any:
    return np.clip(places[owners] - lows, 0, 1).astype(np.float32) - means


def interpolate_rows(sums: Array, places: Array, table: Array) -> Any:
    numbers = np.arange(len(table))
    return sums + [sum(np.interp(places, numbers, column)) for column in table.T]


def weight_inputs(x: Array, weight: Array, bias: Array) -> Any:
    members, inputs, _ = weight.shape
    own = np.broadcast_to(x.reshape(-1, inputs), (members, inputs))
    return np.einsum("mi,miu->mu", own, weight) + bias


def activate(function: str, x: Array) -> Any:
    sigmoid = 1 / (1 + np.exp(-x.astype(float)))
    values = {"relu": np.maximum(x, 0), "silu": x * sigmoid, "leaky_silu": x * (sigmoid + LEAK)}
    return values[function]


def walk_trees(
    x: Array, feature: Array, threshold: Array, below: Array, roots: Array, bias: Array
) -> Any:
    leaves = []
    for root in roots:
        node = root
        while feature[node] >= 0:
            node = below[node, int(x[feature[node]] > threshold[node])]
        leaves.append(threshold[node])
    return np.array(leaves).reshape(len(bias), -1).sum(axis=1) + bias


def add_means(before: Array | None, x: Array, shares: Array) -> Any:
    means = shares.T @ x.reshape(len(shares), -1).astype(float)
    return means.ravel() + (0 if before is None else before)


def link(function: str, x: Array, n_outputs: int) -> Any:
    by_fold = x.reshape(-1, n_outputs)
    match function:
        case "sigmoid":
            return 1 / (1 + np.exp(-by_fold))
        case "softmax":
            shares = np.exp(by_fold - by_fold.max(axis=1, keepdims=True))
            return shares / shares.sum(axis=1, keepdims=True)
        case "exp":
            return np.exp(np.minimum(by_fold, MAX_LOG))
        case "sort":
            return np.sort(by_fold, axis=1)
        case _:
            return [1 - x, x]


def choose_class(x: Array, thresholds: Array) -> Any:
    return x > thresholds if len(thresholds) else np.argmax(x)


def bound_interval(
    x: Array, scores: Array, starts: Array, knots: Array, errors: Array, low: float, high: float,
    coverage: float,
) -> Any:  # fmt: skip
    centers, n = np.clip(x, low, high), len(scores)
    fold = np.repeat(np.arange(len(x)), np.diff(starts))
    values = np.sort(centers[fold] + np.interp(centers, knots, errors)[fold] * scores)
    lower = int(np.floor((1 - coverage) / 2 * (n + 1) + 1e-9))
    upper = int(np.ceil((1 + coverage) / 2 * (n + 1) - 1e-9))
    return np.clip(values[[lower - 1, upper - 1]], low, high)


FUNCTIONS: dict[str, Any] = {
    "ReadNumbers": lambda row, columns: row[columns],
    "ReadLevel": read_level,
    "DateParts": date_parts,
    "FillMissing": lambda x, centers: np.where(np.isnan(x), centers, x),
    "TakePlaces": lambda x, places: x[places],
    "ScaleSmoothly": scale_smoothly,
    "FlagMissing": lambda x, shares: np.isnan(x) - shares,
    "CenterNumbers": lambda x, centers: np.where(np.isnan(x), 0, x - centers),
    "CircleParts": circle_parts,
    "LookUpLevel": lambda level, rows, table: table[rows[level[0]]],
    "JoinFeatures": join_features,
    "PlaceOnEdges": place_on_edges,
    "FillBins": fill_bins,
    "InterpolateRows": interpolate_rows,
    "WeightInputs": weight_inputs,
    "Activate": activate,
    "WalkTrees": walk_trees,
    "AddMeans": add_means,
    "MeanOfFolds": lambda x, n_folds: x.reshape(n_folds, -1).mean(axis=0),
    "Calibrate": lambda x, temperatures: x.reshape(-1, len(temperatures)) / temperatures,
    "Link": link,
    "ToUnit": lambda x, scales, centers, lows, highs: np.clip(x * scales + centers, lows, highs),
    "ChooseClass": choose_class,
    "BoundInterval": bound_interval,
}


def typed(program: Program, encoder: Any, table: Any) -> Array:
    """Return rows of a table as a program takes them, (n_rows, n_columns)."""
    rows = np.empty((table.n_samples, len(program.columns)))
    for number, column in enumerate(program.columns):
        read = encoder.encoders[number].read(table[column.name])
        if column.kind == "datetime":
            read = np.where(np.isnat(read), np.nan, read.astype(np.int64) / 8.64e10)
        elif column.kind == "category":
            codes = {level: float(code) for code, level in enumerate(column.levels)}
            levels = as_levels(table[column.name]).tolist()
            read = [np.nan if level is None else codes.get(level, -1.0) for level in levels]
        rows[:, number] = read
    return rows
