"""Ways in which people copy objects, and whether two objects hold the same."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

import joblib
import numpy as np


def by_joblib(one):
    file = io.BytesIO()
    joblib.dump(one, file)
    file.seek(0)
    return joblib.load(file)


WAYS = {
    "pickle": lambda one: pickle.loads(pickle.dumps(one)),
    "deepcopy": copy.deepcopy,
    "joblib": by_joblib,
}


def same(one, other):
    """Return whether two objects hold the same bits, through and through."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        if one.dtype == object:
            return one.shape == other.shape and same(one.tolist(), other.tolist())
        return (
            one.dtype == other.dtype
            and one.shape == other.shape
            and one.tobytes() == other.tobytes()
        )
    if isinstance(one, np.random.Generator):
        return one.bit_generator.state == other.bit_generator.state
    if is_dataclass(one) and not isinstance(one, type):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    if isinstance(one, Mapping):
        return same(list(one.items()), list(other.items()))
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float):
        return one == other or (one != one and other != other)
    if hasattr(one, "__dict__") and not isinstance(one, type) and not callable(one):
        return same(vars(one), vars(other))
    return bool(one == other)
