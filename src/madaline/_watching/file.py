"""The state of a monitor in one file, from which it goes on to the same alarms."""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np

from madaline._data.io.tensor_file import (
    MONITOR,
    damaged,
    read_tensor_file,
    refusing_malformed,
    write_tensor_file,
)
from madaline._watching.alarm import Alarm, Alarms
from madaline._watching.detectors import Detectors
from madaline._watching.file_checks import (
    STATE,
    check_lengths,
    check_pending,
    check_recent,
    check_track,
    read_reference,
)
from madaline._watching.monitor import Monitor
from madaline._watching.reference import Reference
from madaline._watching.source import LevelCodes, Source
from madaline.errors import ModelFileError
from madaline.nn.arrays import Array


def save_monitor(monitor: Monitor, path: str | os.PathLike[str]) -> None:
    """Write the state of a monitor; see `Monitor.save`."""
    arrays: dict[str, Array] = {}
    for name, bank in _banks(monitor):
        arrays |= {f"{name}.{key}": array for key, array in _bank_arrays(bank).items()}
    arrays |= {"losses.sums": monitor.losses.sums, "losses.counts": monitor.losses.counts}
    kept = [one for _, one in monitor.pending.values()]
    arrays["pending"] = np.stack(kept) if kept else np.zeros((0, 1))
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

    write_tensor_file(path, MONITOR, description, arrays, check=check)


def load_monitor(path: str | os.PathLike[str], source: Source) -> Monitor:
    """Return the monitor that `save_monitor` wrote.

    Parameters
    ----------
    path : path
        The file.
    source : Source
        Of the model that it watched.

    Raises
    ------
    ModelFileError
        If there is no such file, it holds something else, or it watched another model.
    """
    state, arrays = read_tensor_file(path, MONITOR)
    with refusing_malformed(path, MONITOR):
        STATE(state)
        if state["identity"] != source.identity:
            raise ModelFileError(
                f"{os.fspath(path)} is of a monitor of another model: watch this one anew."
            )
        try:
            return _read(state, arrays, source)
        except (KeyError, ValueError) as error:
            raise damaged(path, f"lacks or has wrong arrays ({error})", MONITOR) from None


def _read(state: Any, arrays: Mapping[str, Array], source: Source) -> Monitor:
    """Return the monitor of a description and arrays; a `ValueError` if they are no such."""
    monitor = Monitor(source, state["false_alarms"])
    check_lengths(state, source)
    _resume(monitor, state, arrays)
    return monitor


def _banks(monitor: Monitor) -> list[tuple[str, Detectors]]:
    return [("rows", monitor.rows), ("labels", monitor.labels)]


def _bank_state(bank: Detectors) -> dict[str, Any]:
    return {
        "began": bank.began.tolist(),
        "n_added": bank.recent.n_added,
        "means": [None if one is None else one.mean for one in bank.references],
    }


def _bank_arrays(bank: Detectors) -> dict[str, Array]:
    arrays = {"ring": bank.recent.ring, "numbers": bank.recent.rows}
    for number, reference in enumerate(bank.references):
        if reference is not None:
            arrays |= {f"{number}.{name}": one for name, one in _parts(reference).items()}
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
        prefix = f"{name}."
        own = {k.removeprefix(prefix): one for k, one in arrays.items() if k.startswith(prefix)}
        _resume_bank(bank, source, state["banks"][name], own)
    for rng, one in zip(monitor.rngs, state["rngs"], strict=True):
        rng.bit_generator.state = one
    monitor.losses.width = state["losses_width"]
    for name in ("sums", "counts"):
        check_track(arrays[f"losses.{name}"])
        getattr(monitor.losses, name)[...] = arrays[f"losses.{name}"]
    check_pending(state, arrays["pending"], source.n_kept)
    pending = zip(state["pending_rows"], arrays["pending"], strict=True)
    monitor.pending = dict(zip(state["pending_keys"], pending, strict=True))
    monitor.n_rows, monitor.n_labels = state["n_rows"], state["n_labels"]
    monitor.n_accepted = state["n_accepted"]
    monitor.alarms = Alarms(map(Alarm.from_json, state["alarms"]))


def _resume_bank(
    bank: Detectors, source: Source, state: Mapping[str, Any], arrays: Mapping[str, Array]
) -> None:
    check_recent(bank.signals, source, arrays["ring"], arrays["numbers"])
    bank.recent.ring[...], bank.recent.rows[...] = arrays["ring"], arrays["numbers"]
    bank.recent.n_added = state["n_added"]
    bank.began[...] = state["began"]
    for number, (signal, mean) in enumerate(zip(bank.signals, state["means"], strict=True)):
        own = {
            name: arrays.get(f"{number}.{name}") for name in ("edges", "codes", "others", "counts")
        }
        reference = None if mean is None else read_reference(signal, source, own, mean)
        bank.replace(number, reference)
        if reference is not None:
            bank.resume(number, arrays[f"{number}.seen"], arrays[f"{number}.state"])
