"""What the file of an online learner holds, checked before a learner is made of it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from madaline._base.codec import check_of
from madaline._base.json_checks import (
    TRUTH,
    Fields,
    ListOf,
    Malformed,
    Number,
    OneOf,
    Optional,
    Row,
    Whole,
)
from madaline._models.online.columns import (
    BOOLEAN,
    CATEGORY,
    MOMENT,
    N_CODES,
    NUMBER,
    UNKNOWN,
    StreamColumns,
)
from madaline._models.online.encoder import CIRCLES, QUARTERS
from madaline._models.online.networks import HORIZONS
from madaline._models.online.regimes import MAX_REGIMES
from madaline._models.online.replay import MEMORIES, SCALED_ROWS
from madaline._models.online.tasks import TASK
from madaline._tables.io.tensor_file import ONLINE, read_tensor_file
from madaline._tables.io.tensor_header import named
from madaline.nn.arrays import Array
from madaline.records.reading import DECISION


def kind_of_learner(path: str | os.PathLike[str]) -> str:
    """Return what the learner of a file predicts: ``"classes"`` or ``"numbers"``."""
    state: Any = read_tensor_file(path, ONLINE)[0]
    task = state.get("task") if isinstance(state, dict) else None
    return "classes" if isinstance(task, dict) and task.get("kind") == "classes" else "numbers"


def check_state(state: Any, arrays: Mapping[str, Array]) -> None:
    """Raise `Malformed` unless a learner can be made of a description and arrays."""
    STATE(state)
    _check_sizes(state, arrays)
    _check_regimes(state)
    _check_encoder(state, arrays)
    _check_rows(state["columns"]["kinds"], arrays)


COUNT = Whole(0, 2**53)

GENERATOR = Fields(
    {
        "bit_generator": OneOf(("PCG64",)),
        "state": Fields({"state": Whole(0, 2**128 - 1), "inc": Whole(0, 2**128 - 1)}),
        "has_uint32": Whole(0, 1),
        "uinteger": Whole(0, 2**32 - 1),
    }
)


STRETCHES = ListOf(Row((COUNT, COUNT)))

REGIMES = Fields(
    {
        "max_regimes": Whole(0, MAX_REGIMES),
        "current": Whole(-1, 2**53),
        "n_stored": COUNT,
        "rows_led": COUNT,
        "n_unlike": COUNT,
        "n_seen": COUNT,
        "is_new": TRUTH,
        "drawn": STRETCHES,
        "regimes": ListOf(
            Fields({"number": COUNT, "stretches": STRETCHES, "usual": Number()}), most=MAX_REGIMES
        ),
        "decisions": ListOf(DECISION),
    }
)


STATE = Fields(
    {
        "task": TASK,
        "columns": check_of(StreamColumns),
        "encoder": Fields({"n_features": COUNT, "circled": ListOf(Row((COUNT, COUNT)))}),
        "n_added": Fields({"replay": COUNT, "recent": COUNT}),
        "leads": Fields({"means": Optional(ListOf(Number())), "decisions": ListOf(DECISION)}),
        "regimes": REGIMES,
        "rng": GENERATOR,
        "widened_at": COUNT,
        "seed": Whole(0, 2**32 - 1),
    }
)
"""The description."""

_NOT_NEGATIVE = (  # arrays without negatives
    "memory.squares",
    "column.steps",
    "replay.weight",
    "regimes.weights",
    "regimes.top",
    "regimes.past",
)


def _check_sizes(state: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Raise `Malformed` unless the rows are as many and as wide as the description says.

    What is made of a description takes no more memory than they do.
    """
    n_columns = len(state["columns"]["names"])
    n_outputs = max(1, len(state["task"].get("classes", ())))
    n_inputs = len(MEMORIES) * n_outputs + state["encoder"]["n_features"]
    shapes = {
        "replay.raw": (max(HORIZONS), n_columns),
        "replay.x": (max(HORIZONS), n_inputs),
        "replay.target": (max(HORIZONS), n_outputs),
        "recent.ring": (SCALED_ROWS, n_columns),
    }
    for name, shape in shapes.items():
        if name not in arrays or arrays[name].shape != shape:
            raise Malformed("has not the shape {shape}", shape=shape).within(name)


def _check_regimes(state: Mapping[str, Any]) -> None:
    """Raise `Malformed` unless the stretches of regimes are rows that were learned."""
    n_rows = state["n_added"]["replay"]
    of_regimes = [one["stretches"] for one in state["regimes"]["regimes"]]
    drawn = [(first + 1, last) for first, last in state["regimes"]["drawn"]]
    for stretches in [drawn, *of_regimes]:
        if not all(1 <= first <= last <= n_rows for first, last in stretches):
            raise Malformed("holds rows that were not learned").within("regimes")


def _check_rows(kinds: Sequence[str | None], arrays: Mapping[str, Array]) -> None:
    """Raise `Malformed` unless the kept rows are numbers, and codes where there are levels."""
    for name in ("replay.raw", "recent.ring"):
        for kind, values in zip(kinds, arrays[name].T, strict=True):
            present = values[~np.isnan(values)]
            fits = np.isfinite(present)
            if kind == CATEGORY or (kind is None and name == "replay.raw"):  # may become one
                fits = (present >= UNKNOWN) & (present < N_CODES) & (present == np.floor(present))
            if not fits.all():
                raise Malformed("holds a number that its column cannot have").within(name)


def check_array(name: str, arrays: Mapping[str, Array], expected: Array) -> None:
    """Raise `Malformed` unless an array is like that of a learner, with numbers that one has."""
    stored = arrays.get(name)
    if stored is None or stored.shape != expected.shape or stored.dtype != expected.dtype:
        raise Malformed("has another shape or type").within(name)
    if name in ("replay.raw", "recent.ring"):
        return
    if not np.isfinite(stored).all():
        raise Malformed("holds a number that is not finite").within(name)
    if name in _NOT_NEGATIVE and stored.size and stored.min() < 0:
        raise Malformed("holds {min:g}, but must be zero or more", min=stored.min()).within(name)


def _check_encoder(state: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Raise `Malformed` unless each column is encoded by its kind, and each feature is of one."""
    kinds = np.array(state["columns"]["kinds"], object)
    stored = named(arrays, "encoder.")
    _check_shapes(stored, len(kinds))
    scaled, categories, flags, levels = itemgetter("scaled", "categories", "flags", "levels")(
        stored
    )
    circled, circles = np.array(state["encoder"]["circled"], np.intp).reshape(-1, 2).T
    for index in (np.concatenate([scaled, categories]), circled):
        if len(np.unique(index)) < len(index) or not np.isin(index, np.arange(len(kinds))).all():
            raise Malformed("encodes a column twice, or one that is not there")
    is_moment = kinds[scaled] == MOMENT
    texts = kinds.astype(str)
    are_right = (
        np.isin(texts[scaled], (NUMBER, BOOLEAN, MOMENT)).all()
        and (texts[categories] == CATEGORY).all()
    )
    if not are_right or sorted(circled) != sorted(scaled[is_moment]):
        raise Malformed("encodes a column as another kind")
    others = np.delete(levels, categories, axis=0), np.delete(flags, scaled), levels[:, -1]
    features = [
        (stored["scaled_features"][:, None] + np.arange(1 + QUARTERS)).ravel(),
        (circles[:, None] + np.arange(2 * len(CIRCLES))).ravel(),
        levels[levels >= 0],
        flags[flags >= 0],
    ]
    used = np.sort(np.concatenate(features))
    n_features = state["encoder"]["n_features"]
    are_known = not any((weights >= 0).any() for weights in others)
    if not are_known or not np.array_equal(used, np.arange(n_features)):
        raise Malformed("has features that are not those of one column each")


def _check_shapes(stored: Mapping[str, Array], n_columns: int) -> None:
    """Raise `Malformed` unless the arrays of the encoder have their types, shapes and bounds."""
    n_scaled, n_levels = (
        stored[name].size if name in stored else 0 for name in ("scaled", "categories")
    )
    columns = (n_columns,)
    for name, shape, dtype in (
        ("scaled", (n_scaled,), np.intp),
        ("scaled_features", (n_scaled,), np.intp),
        ("categories", (n_levels,), np.intp),
        ("late", columns, np.bool_),
        ("flags", columns, np.intp),
        ("levels", (n_columns, N_CODES + 1), np.intp),
        ("centers", columns, np.float64),
        ("spreads", columns, np.float64),
        ("quartiles", (n_columns, QUARTERS + 1), np.float64),
    ):
        if name not in stored or stored[name].shape != shape or stored[name].dtype != dtype:
            raise Malformed("has another shape or type").within(f"encoder.{name}")
        if not np.isfinite(stored[name]).all() or (dtype is np.intp and (stored[name] < -1).any()):
            raise Malformed("holds what it cannot hold").within(f"encoder.{name}")
    if not (stored["spreads"] > 0).all():
        raise Malformed("is not above zero").within("encoder.spreads")
