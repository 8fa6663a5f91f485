"""An online learner in one file: everything that is needed to go on to the same bits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from madaline.data.io.tensor_file import ONLINE, read_tensor_file, write_tensor_file
from madaline.errors import ModelFileError
from madaline.nn.arrays import Array
from madaline.online.columns import StreamColumns
from madaline.online.encoder import StreamEncoder
from madaline.online.leads import Leads
from madaline.online.learner import OnlineLearner
from madaline.online.tasks import task_from_state
from madaline.online.weighting import Weighting

_RINGS = {"replay": ("raw", "x", "target", "weight"), "recent": ("ring",)}


def save_learner(learner: OnlineLearner, path: str | os.PathLike[str]) -> None:
    """Write a learner to a file, replacing an existing one only when the new one is complete.

    Parameters
    ----------
    learner : OnlineLearner
        The learner.
    path : path
        Where to write.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    encoder, arrays = learner.encoder.to_state()
    stored = {f"encoder.{name}": array for name, array in arrays.items()} | _arrays(learner)
    description = {
        "task": learner.task.to_state(),
        "columns": learner.columns.to_state(),
        "encoder": encoder,
        "n_added": {ring: getattr(learner, ring).n_added for ring in _RINGS},
        "leads": learner.leads.to_state(),
        "rng": learner.rng.bit_generator.state,
    }
    write_tensor_file(path, ONLINE, description, stored)


def load_learner(path: str | os.PathLike[str], kind: str) -> OnlineLearner:
    """Return the learner of a file.

    Parameters
    ----------
    path : path
        A file that `save_learner` wrote.
    kind : str
        What it must predict: ``"classes"`` or ``"numbers"``.

    Raises
    ------
    ModelFileError
        If there is no such file, or it holds something else.
    """
    state, arrays = read_tensor_file(path, ONLINE)
    try:
        learner = _read(state, arrays)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError):
        raise ModelFileError(
            f"{path} is not as madaline writes online models: save the model again."
        ) from None
    if learner.task.kind != kind:
        raise ModelFileError(
            f"{path} predicts {learner.task.kind}, not {kind}: load it with"
            f" {'OnlineRegressor' if kind == 'classes' else 'OnlineClassifier'}."
        )
    return learner


def kind_of_learner(path: str | os.PathLike[str]) -> str:
    """Return what the learner of a file predicts: ``"classes"`` or ``"numbers"``."""
    task = read_tensor_file(path, ONLINE)[0].get("task")
    return "classes" if isinstance(task, dict) and task.get("kind") == "classes" else "numbers"


def _read(state: Mapping[str, Any], arrays: Mapping[str, Array]) -> OnlineLearner:
    """Return the learner of a description and arrays; a `ValueError` or the like if they differ."""
    columns = StreamColumns.from_state(state["columns"])
    learner = OnlineLearner(task_from_state(state["task"]), columns.names, seed=0)
    learner.columns = columns
    learner.encoder = StreamEncoder.from_state(columns, state["encoder"], _named(arrays, "encoder"))
    learner.look()
    history = np.arange(learner.n_history)
    learner.networks.widen(history, learner.n_inputs, learner.task.n_outputs)
    learner.replay.widen(history, learner.n_inputs, learner.task.n_outputs)
    learner.weighting = Weighting.from_arrays(_named(arrays, "weighting"))
    learner.leads = Leads.from_state(learner.scales.horizons, state["leads"])
    for name, own in _arrays(learner).items():
        _fill(own, arrays[name], may_be_missing=name.endswith((".raw", ".ring")))
    for ring in _RINGS:
        getattr(learner, ring).n_added = max(0, int(state["n_added"][ring]))
    learner.rng.bit_generator.state = state["rng"]
    return learner


def _arrays(learner: OnlineLearner) -> dict[str, Array]:
    """Return the arrays that are filled in place, by their names in a file."""
    population = learner.networks.population
    return {
        "theta": population.theta,
        "history": learner.history.means,
        **{f"memory.{name}": matrix for name, matrix in population.memory.items()},
        **{f"column.{name}": column for name, column in population.columns.items()},
        **{f"weighting.{name}": losses for name, losses in learner.weighting.to_arrays().items()},
        **{
            f"{ring}.{name}": getattr(getattr(learner, ring), name)
            for ring, names in _RINGS.items()
            for name in names
        },
    }


def _fill(own: Array, stored: Array, *, may_be_missing: bool) -> None:
    """Copy an array of the same shape and type, with finite numbers."""
    if stored.shape != own.shape or stored.dtype != own.dtype:
        raise ValueError("another shape or type")
    if not may_be_missing and not np.isfinite(stored).all():
        raise ValueError("no finite numbers")
    own[...] = stored


def _named(arrays: Mapping[str, Array], part: str) -> dict[str, Array]:
    """Return the arrays of a part, under their own names."""
    prefix = f"{part}."
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
