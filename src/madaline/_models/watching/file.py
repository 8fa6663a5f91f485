"""What the file of a monitor holds, checked before a monitor is made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from madaline._base.codec import check_of
from madaline._base.json_checks import AnyNumber, Fields, ListOf, Number, Optional, Text, Whole
from madaline._models.online.columns import KEY
from madaline._models.online.file import COUNT, GENERATOR
from madaline._models.watching.alarm import Alarm
from madaline._models.watching.binned_mean import PARTS
from madaline._models.watching.detectors import RECENT_ROWS, WatchedSignal
from madaline._models.watching.source import MAX_NEW_LEVELS, Source
from madaline._tables.io.tensor_header import named
from madaline._tables.profile import LEVELS
from madaline.nn.arrays import Array

MAX_PENDING = 10_000  # rows that wait for their label; the oldest are let go
MAX_ALARMS = 10_000  # alarms that are kept; the oldest are let go


def check_state(state: Any, arrays: Mapping[str, Array], source: Source) -> None:
    """Raise `ValueError` unless a monitor of a source can be made of a description and arrays."""
    STATE(state)
    lengths = {"rows": len(source.of_rows), "labels": len(source.of_labels)}
    for name, length in lengths.items():
        bank = state["banks"][name]
        _must(len(bank["began"]) == len(bank["means"]) == length, "tests")
    _must(len(state["new_levels"]) == len(source.levels), "levels")
    _must(len(set(state["pending_keys"])) == len(state["pending_rows"]), "keys")
    _check_pending(arrays["pending"], len(state["pending_rows"]), source.n_kept)
    for name in ("losses.sums", "losses.counts"):
        losses = arrays[name]
        _must(losses.shape == (PARTS,) and losses.dtype == np.float64, "losses")
        _must(bool((losses >= 0).all() and np.isfinite(losses).all()), "losses")
    for name, tested in (("rows", source.of_rows), ("labels", source.of_labels)):
        signals = [signal for signal, _ in tested]
        _check_bank(signals, source, state["banks"][name]["means"], named(arrays, f"{name}."))


_BANK = Fields(
    {"began": ListOf(COUNT), "n_added": Whole(0, 2**62), "means": ListOf(Optional(AnyNumber()))}
)

STATE = Fields(
    {
        "identity": Text(64),
        "false_alarms": Number(1, 1e15, above=True),
        "n_rows": COUNT,
        "n_labels": COUNT,
        "n_accepted": COUNT,
        "rngs": ListOf(GENERATOR, 2, 2),
        "alarms": ListOf(check_of(Alarm), most=MAX_ALARMS),
        "new_levels": ListOf(ListOf(Text(), most=MAX_NEW_LEVELS, distinct=True)),
        "pending_keys": ListOf(KEY, most=MAX_PENDING),
        "pending_rows": ListOf(COUNT, most=MAX_PENDING),
        "losses_width": Whole(1, 2**53),
        "banks": Fields({"rows": _BANK, "labels": _BANK}),
    }
)
"""The description."""

_MAX_COUNT = 1e15


def _check_pending(predictions: Array, n_rows: int, width: int) -> None:
    """Raise `ValueError` if the predictions that wait are none."""
    shapes = [(n_rows, width), *([] if n_rows else [(0, 1)])]
    _must(predictions.dtype == np.float64 and predictions.shape in shapes, "predictions")
    _must(bool(np.isfinite(predictions).all()), "predictions")


def _check_bank(
    signals: Sequence[WatchedSignal],
    source: Source,
    means: Sequence[float | None],
    arrays: Mapping[str, Array],
) -> None:
    """Raise `ValueError` if the latest rows or the references of some tests are none."""
    ring = arrays["ring"]
    numbers = arrays["numbers"]
    _must(ring.shape == (RECENT_ROWS, len(signals)) and ring.dtype == np.float64, "latest rows")
    _must(numbers.shape == (RECENT_ROWS,) and numbers.dtype == np.int64, "latest rows")
    for number, (signal, mean) in enumerate(zip(signals, means, strict=True)):
        if signal.kind == "level":
            present = ring[:, number][~np.isnan(ring[:, number])]
            _must(_are_codes(present, _most_codes(signal, source)), "levels in the latest rows")
        if mean is not None:
            _check_reference(signal, source, named(arrays, f"{number}."))


def _check_reference(signal: WatchedSignal, source: Source, arrays: Mapping[str, Array]) -> None:
    """Raise `ValueError` if the reference of a signal is none."""
    edges, codes, others, counts = itemgetter("edges", "codes", "others", "counts")(arrays)
    _must(edges.dtype == counts.dtype == np.float64 and edges.ndim == counts.ndim == 1, "cells")
    _must(codes.dtype == others.dtype == np.int64 and codes.ndim == others.ndim == 1, "cells")
    _must(bool(np.isfinite(edges).all() and (np.diff(edges) > 0).all()), "edges")
    _must(bool(((counts >= 0) & (counts < _MAX_COUNT)).all() and counts.sum() > 0), "counts")
    if signal.kind != "level":
        fits = len(edges) > 0 and len(counts) == len(edges) + 2 and not len(codes) + len(others)
    else:
        several = 0 if signal.what == "missing" else 2
        fits = not len(edges) and len(codes) <= LEVELS and len(counts) == len(codes) + several
        levels = np.concatenate([codes, others])
        most = _most_codes(signal, source)
        fits = fits and _are_codes(levels, most) and len(np.unique(levels)) == len(levels)
    _must(fits, "cells")


def _most_codes(signal: WatchedSignal, source: Source) -> int:
    """Return the largest code that a level may have."""
    if signal.what == "missing":
        return 1
    return len(source.levels[signal.what, signal.name].known) + MAX_NEW_LEVELS


def _are_codes(values: Array, most: int) -> bool:
    return bool(((values >= 0) & (values <= most) & (values == np.floor(values))).all())


def _must(fits: bool, what: str) -> None:
    if not fits:
        raise ValueError(what)
