"""Small tables with a fault that was planted, and short fits of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.fits import fitting_of

from madaline._models.diagnosis.finding import Finding
from madaline._models.diagnosis.out_of_fold import OutOfFold
from madaline._race.plan import Plan
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Squared


@pytest.fixture(scope="session")
def sound() -> Callable[..., tuple[dict[str, Any], Any]]:
    """Return a maker of a table in which nothing is wrong, and of its target."""

    def make(task: str = "binary", n_rows: int = 600, seed: int = 0) -> tuple[dict[str, Any], Any]:
        rng = np.random.default_rng(seed)
        width, length = rng.normal(size=(2, n_rows))
        city = rng.choice(["Bonn", "Kiel", "Ulm"], n_rows)
        signal = width + length + 1.0 * (city == "Kiel") + 0.2 * rng.normal(size=n_rows)
        columns = {
            "width": np.where(rng.random(n_rows) < 0.05, np.nan, width),
            "length": length,
            "height": rng.normal(size=n_rows),
            "city": city.astype(object),
        }
        if task == "regression":
            return columns, signal
        cuts = [0.3] if task == "binary" else [-0.6, 1.0]
        return columns, np.array(["low", "high", "top"], object)[np.digitize(signal, cuts)]

    return make


@pytest.fixture(scope="session")
def diagnose() -> Callable[..., tuple[Finding, ...]]:
    """Return a function that fits a table for a short time and returns what was found."""

    def few(plan: Plan) -> Plan:
        return replace(plan, recipes=plan.recipes[1:3], n_folds=5)

    def run(columns: dict[str, Any], target: Any, **options: Any) -> tuple[Finding, ...]:
        options = {"effort": 8, "adjust": few} | options
        fitting = fitting_of(Table.from_columns(columns), target, **options)
        list(fitting)
        return fitting.evaluation.diagnosis.findings

    return run


@pytest.fixture
def make_out_of_fold() -> Callable[..., OutOfFold]:
    """Return a maker of out-of-fold predictions from columns, a target and raw outputs."""

    def make(columns: dict[str, Any], target: Any, output: Any, classes: Any = None) -> OutOfFold:
        table = Table.from_columns(columns)
        target, output = (np.asarray(one, np.float64) for one in (target, output))
        if target.ndim == 1:
            target, output = target[:, None], output[:, None]
        loss: Any = Squared()
        if classes is not None:
            loss = BinaryCrossEntropy() if target.shape[1] == 1 else CrossEntropy()
        prior = np.broadcast_to(loss.initial_output(target), target.shape)
        half = table.n_samples // 2
        bounds = (0, half, table.n_samples)
        schema = Schema.infer(table)
        return OutOfFold(table, schema, bounds, loss, output, prior, target, classes)

    return make
