"""Fixtures of the report's tests: models as their files hold them, and rows with the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from madaline._models.model import FittedModel
from madaline._tables.table import Table


@pytest.fixture(scope="session")
def models(fittings) -> dict[str, FittedModel]:
    """A model of each task."""
    return {task: FittedModel.load(path) for task, (_, path) in fittings.items()}


@pytest.fixture(scope="session")
def rows(make_columns) -> dict[str, tuple[Table, np.ndarray]]:
    """New rows for each of them, and their truth."""
    made: dict[str, Any] = {}
    for task in ("binary", "multiclass", "regression"):
        columns, target = make_columns(task, seed=1)
        made[task] = (Table.from_columns(columns), np.asarray(target))
    return made
