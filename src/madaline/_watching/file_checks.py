"""What the file of a monitor must hold: whoever writes a file can write anything into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from madaline._data.codec import given_fields
from madaline._data.json_checks import (
    TRUTH,
    Either,
    Fields,
    ListOf,
    Measured,
    Number,
    OneOf,
    Optional,
    Text,
    Whole,
)
from madaline._data.profile import LEVELS
from madaline._online.file_checks import GENERATOR
from madaline._online.limits import KEY
from madaline._watching.alarm import KINDS, MEASURES, WHATS, Alarm
from madaline._watching.detectors import RECENT_ROWS, WatchedSignal
from madaline._watching.monitor import MAX_ALARMS, MAX_PENDING, PARTS
from madaline._watching.reference import Reference
from madaline._watching.source import MAX_NEW_LEVELS, Source
from madaline.nn.arrays import Array

COUNT = Whole(0, 2**53)

BANK = Fields(
    {
        "began": ListOf(COUNT),
        "n_added": Whole(0, 2**62),
        "means": ListOf(Optional(Measured())),
    }
)

ALARM = given_fields(
    Alarm,
    {
        "what": OneOf(WHATS),
        "measure": OneOf(MEASURES),
        "kind": OneOf(KINDS),
        "is_new": TRUTH,
    },
)

STATE = Fields(
    {
        "identity": Text(64),
        "false_alarms": Number(1, 1e15, above=True),
        "n_rows": COUNT,
        "n_labels": COUNT,
        "n_accepted": COUNT,
        "rngs": ListOf(GENERATOR, 2, 2),
        "alarms": ListOf(ALARM, most=MAX_ALARMS),
        "new_levels": ListOf(ListOf(Text(), most=MAX_NEW_LEVELS, distinct=True)),
        "pending_keys": ListOf(Either(KEY, Text()), most=MAX_PENDING),  # older ones may be longer
        "pending_rows": ListOf(COUNT, most=MAX_PENDING),
        "losses_width": Whole(1, 2**53),
        "banks": Fields({"rows": BANK, "labels": BANK}),
    },
)
"""The description."""

LARGEST_COUNT = 1e15


def check_lengths(state: Mapping[str, Any], source: Source) -> None:
    """Raise `ValueError` if there are not as many of each as the model has."""
    lengths = {"rows": len(source.of_rows), "labels": len(source.of_labels)}
    for name, length in lengths.items():
        bank = state["banks"][name]
        _must(len(bank["began"]) == len(bank["means"]) == length, "tests")
    _must(len(state["new_levels"]) == len(source.levels), "levels")
    _must(len(set(state["pending_keys"])) == len(state["pending_rows"]), "keys")


def check_pending(state: Mapping[str, Any], kept: Array, width: int) -> None:
    """Raise `ValueError` if the predictions that wait are none."""
    _must(kept.dtype == np.float64 and len(kept) == len(state["pending_rows"]), "predictions")
    _must(not len(kept) or kept.shape == (len(kept), width), "predictions")
    _must(bool(np.isfinite(kept).all()), "predictions")


def check_track(values: Array) -> None:
    """Raise `ValueError` if sums or counts of losses are none."""
    _must(values.shape == (PARTS,) and values.dtype == np.float64, "losses")
    _must(bool((values >= 0).all() and np.isfinite(values).all()), "losses")


def check_recent(
    signals: Sequence[WatchedSignal], source: Source, ring: Array, numbers: Array
) -> None:
    """Raise `ValueError` if the latest rows are none."""
    _must(ring.shape == (RECENT_ROWS, len(signals)) and ring.dtype == np.float64, "latest rows")
    _must(numbers.shape == (RECENT_ROWS,) and numbers.dtype == np.int64, "latest rows")
    for signal, values in zip(signals, ring.T, strict=True):
        if signal.kind == "level":
            present = values[~np.isnan(values)]
            _must(_are_codes(present, _most_codes(signal, source)), "levels in the latest rows")


def read_reference(
    signal: WatchedSignal, source: Source, parts: Mapping[str, Array | None], mean: float
) -> Reference:
    """Return the reference of a signal; `ValueError` if there is none."""
    edges, codes, others, counts = (parts[name] for name in ("edges", "codes", "others", "counts"))
    if edges is None or codes is None or others is None or counts is None:
        raise ValueError("a reference")
    _must(edges.dtype == counts.dtype == np.float64 and edges.ndim == counts.ndim == 1, "cells")
    _must(codes.dtype == others.dtype == np.int64 and codes.ndim == others.ndim == 1, "cells")
    _must(bool(np.isfinite(edges).all() and (np.diff(edges) > 0).all()), "edges")
    _must(bool(((counts >= 0) & (counts < LARGEST_COUNT)).all() and counts.sum() > 0), "counts")
    if signal.kind != "level":
        fits = len(edges) > 0 and len(counts) == len(edges) + 2 and not len(codes) + len(others)
    else:
        several = 0 if signal.what == "missing" else 2
        fits = not len(edges) and len(codes) <= LEVELS and len(counts) == len(codes) + several
        both, most = np.concatenate([codes, others]), _most_codes(signal, source)
        fits = fits and _are_codes(both, most) and len(np.unique(both)) == len(both)
    _must(fits, "cells")
    return Reference(edges, codes.astype(np.intp), others.astype(np.intp), counts, float(mean))


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
