"""The state of a monitor in one file, from which it goes on to the same alarms."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np

from madaline._data.codec import check_of
from madaline._data.io import tensor_file
from madaline._data.io.tensor_header import named
from madaline._data.json_checks import (
    Either,
    Fields,
    ListOf,
    Measured,
    Number,
    Optional,
    Text,
    Whole,
)
from madaline._data.profile import LEVELS
from madaline._online.columns import KEY
from madaline._online.file import GENERATOR
from madaline._watching.alarm import Alarm, Alarms
from madaline._watching.detectors import RECENT_ROWS, Detectors, WatchedSignal
from madaline._watching.monitor import MAX_ALARMS, MAX_PENDING, PARTS, Monitor
from madaline._watching.reference import Reference
from madaline._watching.source import MAX_NEW_LEVELS, LevelCodes, Source
from madaline.errors import ModelFileError
from madaline.nn.arrays import Array


def save_monitor(monitor: Monitor, path: str | os.PathLike[str]) -> None:
    """Write the state of a monitor; see `Monitor.save`."""
    arrays: dict[str, Array] = {}
    for name, bank in _banks(monitor):
        arrays |= {f"{name}.{key}": array for key, array in _bank_arrays(bank).items()}
    arrays |= {"losses.sums": monitor.losses.sums, "losses.counts": monitor.losses.counts}
    pending = [one for _, one in monitor.pending.values()]
    arrays["pending"] = np.stack(pending) if pending else np.zeros((0, 1))
    description = {
        "identity": monitor.source.identity,
        "false_alarms": monitor.false_alarms,
        "n_rows": monitor.n_rows,
        "n_labels": monitor.n_labels,
        "n_accepted": monitor.n_accepted,
        "rngs": [rng.bit_generator.state for rng in monitor.rngs],
        "alarms": [alarm.to_json() for alarm in monitor.alarms],
        "new_levels": [list(codes.new) for codes in monitor.source.levels.values()],
        "pending_keys": list(monitor.pending),
        "pending_rows": [row for row, _ in monitor.pending.values()],
        "losses_width": monitor.losses.width,
        "banks": {name: _bank_state(bank) for name, bank in _banks(monitor)},
    }

    def check(state: Any, stored: Mapping[str, Array]) -> None:
        STATE(state)
        source = copy(monitor.source)
        source.levels = dict(source.levels)  # `_resume` replaces them
        _read(state, stored, source)

    tensor_file.write_tensor_file(path, tensor_file.MONITOR, description, arrays, check=check)


def load_monitor(path: str | os.PathLike[str], source: Source) -> Monitor:
    """Return the monitor that `save_monitor` wrote, of the model that it watched.

    `ModelFileError` if there is no such file, it holds something else, or it watched another model.
    """
    state, arrays = tensor_file.read_tensor_file(path, tensor_file.MONITOR)
    with tensor_file.refusing_malformed(path, tensor_file.MONITOR):
        STATE(state)
        if state["identity"] != source.identity:
            raise ModelFileError(
                f"{os.fspath(path)} is of a monitor of another model: watch this one anew."
            )
        try:
            return _read(state, arrays, source)
        except (KeyError, ValueError) as error:
            raise tensor_file.damaged(
                path, f"lacks or has wrong arrays ({error})", tensor_file.MONITOR
            ) from None


def _read(state: Any, arrays: Mapping[str, Array], source: Source) -> Monitor:
    """Return the monitor of a description and arrays; a `ValueError` if they are no such."""
    monitor = Monitor(source, state["false_alarms"])
    _check_lengths(state, source)
    _resume(monitor, state, arrays)
    return monitor


def _banks(monitor: Monitor) -> list[tuple[str, Detectors]]:
    return [("rows", monitor.rows), ("labels", monitor.labels)]


def _bank_state(bank: Detectors) -> dict[str, Any]:
    return {
        "began": bank.began.tolist(),
        "n_added": bank.recent.n_added,
        "means": [None if reference is None else reference.mean for reference in bank.references],
    }


def _bank_arrays(bank: Detectors) -> dict[str, Array]:
    arrays = {"ring": bank.recent.ring, "numbers": bank.recent.rows}
    for number, reference in enumerate(bank.references):
        if reference is not None:
            arrays |= {f"{number}.{name}": array for name, array in _parts(reference).items()}
            arrays[f"{number}.seen"] = bank.seen[number]
            arrays[f"{number}.state"] = bank.state(number)
    return arrays


def _parts(reference: Reference) -> dict[str, Array]:
    return {
        "edges": reference.edges,
        "codes": reference.codes.astype(np.int64),
        "others": reference.others.astype(np.int64),
        "counts": reference.counts,
    }


def _resume(monitor: Monitor, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Fill a new monitor of the same model."""
    source = monitor.source
    for (key, codes), new in zip(source.levels.items(), state["new_levels"], strict=True):
        source.levels[key] = LevelCodes(codes.known, list(new))
    for name, bank in _banks(monitor):
        _resume_bank(bank, source, state["banks"][name], named(arrays, f"{name}."))
    for rng, rng_state in zip(monitor.rngs, state["rngs"], strict=True):
        rng.bit_generator.state = rng_state
    monitor.losses.width = state["losses_width"]
    for name in ("sums", "counts"):
        _check_track(arrays[f"losses.{name}"])
        getattr(monitor.losses, name)[...] = arrays[f"losses.{name}"]
    _check_pending(state, arrays["pending"], source.n_kept)
    pending = zip(state["pending_rows"], arrays["pending"], strict=True)
    monitor.pending = dict(zip(state["pending_keys"], pending, strict=True))
    monitor.n_rows, monitor.n_labels = state["n_rows"], state["n_labels"]
    monitor.n_accepted = state["n_accepted"]
    monitor.alarms = Alarms(map(Alarm.from_json, state["alarms"]))


def _resume_bank(
    bank: Detectors, source: Source, state: Mapping[str, Any], arrays: Mapping[str, Array]
) -> None:
    _check_recent(bank.signals, source, arrays["ring"], arrays["numbers"])
    bank.recent.ring[...], bank.recent.rows[...] = arrays["ring"], arrays["numbers"]
    bank.recent.n_added = state["n_added"]
    bank.began[...] = state["began"]
    for number, (signal, mean) in enumerate(zip(bank.signals, state["means"], strict=True)):
        if mean is None:
            bank.replace(number, None)
            continue
        names = ("edges", "codes", "others", "counts", "seen", "state")
        *parts, seen, bets = (arrays[f"{number}.{name}"] for name in names)
        bank.replace(number, _read_reference(signal, source, parts, mean))
        bank.resume(number, seen, bets)


COUNT = Whole(0, 2**53)

_BANK = Fields(
    {"began": ListOf(COUNT), "n_added": Whole(0, 2**62), "means": ListOf(Optional(Measured()))}
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
        "pending_keys": ListOf(Either(KEY, Text()), most=MAX_PENDING),  # older ones may be longer
        "pending_rows": ListOf(COUNT, most=MAX_PENDING),
        "losses_width": Whole(1, 2**53),
        "banks": Fields({"rows": _BANK, "labels": _BANK}),
    }
)
"""The description."""

_MAX_COUNT = 1e15


def _check_lengths(state: Mapping[str, Any], source: Source) -> None:
    """Raise `ValueError` if there are not as many of each as the model has."""
    lengths = {"rows": len(source.of_rows), "labels": len(source.of_labels)}
    for name, length in lengths.items():
        bank = state["banks"][name]
        _must(len(bank["began"]) == len(bank["means"]) == length, "tests")
    _must(len(state["new_levels"]) == len(source.levels), "levels")
    _must(len(set(state["pending_keys"])) == len(state["pending_rows"]), "keys")


def _check_pending(state: Mapping[str, Any], kept: Array, width: int) -> None:
    """Raise `ValueError` if the predictions that wait are none."""
    _must(kept.dtype == np.float64 and len(kept) == len(state["pending_rows"]), "predictions")
    _must(not len(kept) or kept.shape == (len(kept), width), "predictions")
    _must(bool(np.isfinite(kept).all()), "predictions")


def _check_track(values: Array) -> None:
    """Raise `ValueError` if sums or counts of losses are none."""
    _must(values.shape == (PARTS,) and values.dtype == np.float64, "losses")
    _must(bool((values >= 0).all() and np.isfinite(values).all()), "losses")


def _check_recent(
    signals: Sequence[WatchedSignal], source: Source, ring: Array, numbers: Array
) -> None:
    """Raise `ValueError` if the latest rows are none."""
    _must(ring.shape == (RECENT_ROWS, len(signals)) and ring.dtype == np.float64, "latest rows")
    _must(numbers.shape == (RECENT_ROWS,) and numbers.dtype == np.int64, "latest rows")
    for signal, values in zip(signals, ring.T, strict=True):
        if signal.kind == "level":
            present = values[~np.isnan(values)]
            _must(_are_codes(present, _most_codes(signal, source)), "levels in the latest rows")


def _read_reference(
    signal: WatchedSignal, source: Source, parts: Sequence[Array], mean: float
) -> Reference:
    """Return the reference of a signal; `ValueError` if there is none."""
    edges, codes, others, counts = parts
    _must(edges.dtype == counts.dtype == np.float64 and edges.ndim == counts.ndim == 1, "cells")
    _must(codes.dtype == others.dtype == np.int64 and codes.ndim == others.ndim == 1, "cells")
    _must(bool(np.isfinite(edges).all() and (np.diff(edges) > 0).all()), "edges")
    _must(bool(((counts >= 0) & (counts < _MAX_COUNT)).all() and counts.sum() > 0), "counts")
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
