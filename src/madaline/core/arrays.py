"""The words for arrays that the whole core shares.

Leading axes are the population's (``members``, or ``recipes, folds``); the last two are always
``(batch, features)`` for data and ``(in_features, out_features)`` for weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
"""Any NumPy array; shapes are said in words beside it."""

Rng: TypeAlias = np.random.Generator
"""The source of random numbers: always passed, never global."""

Parameters: TypeAlias = Mapping[str, Array]
"""The named parameters of one layer, each a view ``(*axes, *shape)`` into the population."""
