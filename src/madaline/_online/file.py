"""An online learner in one file: everything that is needed to go on to the same bits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from madaline._data.io.tensor_errors import refusing_malformed
from madaline._data.io.tensor_file import ONLINE, read_tensor_file, write_tensor_file
from madaline._data.io.tensor_header import named
from madaline._online.columns import StreamColumns
from madaline._online.encoder import StreamEncoder
from madaline._online.file_checks import STATE, check_array, check_encoder, check_rows, check_sizes
from madaline._online.learner import OnlineLearner
from madaline._online.tasks import task_from_state
from madaline._online.weighting import LeadTracker
from madaline.errors import ModelFileError
from madaline.nn.arrays import Array

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
    InputError
        If the file could not be read again: it is not written.
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
    write_tensor_file(path, ONLINE, description, stored, check=_read)


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
    with refusing_malformed(path, ONLINE):
        learner = _read(state, arrays)
    if learner.task.kind != kind:
        raise ModelFileError(
            f"{path} predicts {learner.task.kind}, not {kind}: load it with"
            f" {'OnlineRegressor' if kind == 'classes' else 'OnlineClassifier'}."
        )
    return learner


def kind_of_learner(path: str | os.PathLike[str]) -> str:
    """Return what the learner of a file predicts: ``"classes"`` or ``"numbers"``."""
    state: Any = read_tensor_file(path, ONLINE)[0]
    task = state.get("task") if isinstance(state, dict) else None
    return "classes" if isinstance(task, dict) and task.get("kind") == "classes" else "numbers"


def _read(state: Any, arrays: Mapping[str, Array]) -> OnlineLearner:
    """Return the learner of a description and arrays; a `ValueError` if they are no such."""
    STATE(state)
    check_sizes(state, arrays)
    check_encoder(state, arrays)
    columns = StreamColumns.from_state(state["columns"])
    learner = OnlineLearner(task_from_state(state["task"]), columns.names, seed=0)
    learner.columns = columns
    learner.encoder = StreamEncoder.from_state(columns, state["encoder"], named(arrays, "encoder."))
    learner.update_inputs()
    history = np.arange(learner.n_history)
    learner.networks.widen(history, learner.n_inputs, learner.task.n_outputs)
    learner.replay.widen(history, learner.n_inputs, learner.task.n_outputs)
    learner.leads = LeadTracker.from_state(learner.scales.horizons, state["leads"])
    for name, own in _arrays(learner).items():
        check_array(name, arrays, own)
        own[...] = arrays[name]
    check_rows(columns.kinds, arrays)
    learner.weighting.weigh()
    for ring in _RINGS:
        getattr(learner, ring).n_added = state["n_added"][ring]
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
