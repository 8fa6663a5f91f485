"""Checks at the edge: what the parameters of an estimator may be."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from madaline.errors import InputError


def read_kinds(kinds: Any) -> Mapping[str, str] | None:
    """Return what some columns are to be taken for, or say that it is no mapping."""
    if kinds is None or isinstance(kinds, Mapping):
        return kinds
    raise InputError(f"kinds is {kinds!r}: give a mapping such as {{'zip': 'category'}}.")


def read_effort(effort: Any) -> int:
    """Return the number of epochs, or say what is wrong with it."""
    whole = isinstance(effort, Integral) and not isinstance(effort, bool)
    if not whole or effort < 1:
        raise InputError(f"effort is {effort!r}: give the most epochs to train, a whole number.")
    return int(effort)


def read_seed(random_state: int | np.random.RandomState | None) -> int:
    """Return one seed: an integer as it is, otherwise drawn as scikit-learn would.

    Examples
    --------
    >>> read_seed(7)
    7
    >>> read_seed(np.random.RandomState(0)) == read_seed(np.random.RandomState(0))
    True
    """
    generator = check_random_state(random_state)
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(generator.randint(np.iinfo(np.int32).max))
