"""An online learner in one file: everything that is needed to go on to the same bits."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from madaline.data.io.tensor_file import read_tensor_file, write_tensor_file
from madaline.errors import ModelFileError
from madaline.nn.arrays import Array
from madaline.online.columns import StreamColumns
from madaline.online.encoder import StreamEncoder
from madaline.online.learner import OnlineLearner
from madaline.online.tasks import task_from_state
from madaline.online.weighting import Weighting

ONLINE = "madaline online model"
"""The kind of file."""

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
    population = learner.networks.population
    stored: dict[str, Array] = {f"encoder.{name}": array for name, array in arrays.items()}
    stored |= {f"weighting.{name}": a for name, a in learner.weighting.to_arrays().items()}
    stored |= {f"memory.{name}": array for name, array in population.memory.items()}
    stored |= {f"column.{name}": array for name, array in population.columns.items()}
    stored |= {"theta": population.theta, "history": learner.history.means}
    for ring, names in _RINGS.items():
        stored |= {f"{ring}.{name}": getattr(getattr(learner, ring), name) for name in names}
    description = {
        "task": learner.task.to_state(),
        "columns": learner.columns.to_state(),
        "encoder": encoder,
        "n_added": {ring: getattr(learner, ring).n_added for ring in _RINGS},
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
    if state["task"]["kind"] != kind:
        raise ModelFileError(
            f"{path} predicts {state['task']['kind']}, not {kind}: load it with"
            f" {'OnlineRegressor' if kind == 'classes' else 'OnlineClassifier'}."
        )
    columns = StreamColumns.from_state(state["columns"])
    learner = OnlineLearner(task_from_state(state["task"]), columns.names, seed=0)
    learner.columns = columns
    learner.encoder = StreamEncoder.from_state(columns, state["encoder"], _named(arrays, "encoder"))
    learner.history.means = arrays["history"].copy()
    learner.weighting = Weighting.from_arrays(_named(arrays, "weighting"))
    n_inputs = learner.n_history + learner.encoder.n_features
    learner.networks.widen(np.arange(learner.n_history), n_inputs, learner.task.n_outputs)
    _restore(learner, state, arrays)
    return learner


def _restore(learner: OnlineLearner, state: dict[str, Any], arrays: dict[str, Array]) -> None:
    """Fill in the networks, the rows and the random numbers."""
    population = learner.networks.population
    population.theta[:] = arrays["theta"]
    for name, matrix in _named(arrays, "memory").items():
        population.memory[name][:] = matrix
    for name, column in _named(arrays, "column").items():
        population.columns[name][:] = column
    for ring, names in _RINGS.items():
        for name in names:
            setattr(getattr(learner, ring), name, arrays[f"{ring}.{name}"].copy())
        getattr(learner, ring).n_added = state["n_added"][ring]
    learner.rng.bit_generator.state = state["rng"]


def _named(arrays: dict[str, Array], part: str) -> dict[str, Array]:
    """Return the arrays of a part, under their own names."""
    prefix = f"{part}."
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
