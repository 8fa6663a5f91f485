"""Small tables, plans and races that the tests of training share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from madaline._race.dataset import Dataset
from madaline._race.features import NetworkInputs, RowFeatures
from madaline._race.plan import Plan
from madaline._race.race import Race
from madaline._race.recipe import TableRecipe
from madaline._tables.splits.folds import FoldedRows
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Squared

N_FEATURES = {0: 4, 16: 7}


@pytest.fixture
def make_dataset() -> Callable[..., Dataset]:
    """Return a maker of dataset whose target depends on the features, unless `shuffled`."""

    def make(
        task: str = "binary",
        *,
        n_samples: int = 61,
        n_folds: int = 3,
        seed: int = 0,
        weighted: bool = False,
        shuffled: bool = False,
    ) -> Dataset:
        rng = np.random.default_rng(seed)
        folds = rng.permutation(np.arange(n_samples) % n_folds)
        x = rng.standard_normal((n_samples, N_FEATURES[16])).astype(np.float32)
        signal = x[:, 0] * x[:, 1] + x[:, 2]
        if shuffled:
            signal = rng.permutation(signal)
        match task:
            case "binary":
                target, loss = (signal > 0)[:, None], BinaryCrossEntropy()
            case "multiclass":
                target, loss = np.eye(3)[np.digitize(signal, [-0.5, 0.5])], CrossEntropy()
            case _:
                target, loss = signal[:, None], Squared()
        weight = rng.uniform(0.2, 1.8, n_samples) if weighted else None
        return Dataset(
            FoldedRows.from_folds(folds),
            RowFeatures({bins: x[:, :width].copy() for bins, width in N_FEATURES.items()}),
            NetworkInputs({bins: tuple(range(width)) for bins, width in N_FEATURES.items()}),
            target.astype(np.float32),
            loss,
            None if weight is None else (weight / weight.mean()).astype(np.float32),
        )

    return make


@pytest.fixture
def plan() -> Plan:
    """Return a plan of four small recipes, two of them with other inputs, and one cut."""
    recipes = (
        TableRecipe(0, 3, (8, 8)),
        TableRecipe(0, 10, (8, 8)),
        TableRecipe(16, 3, (8, 8)),
        TableRecipe(16, 30, (8, 8)),
    )
    return Plan(
        recipes,
        n_folds=3,
        batch_size=16,
        epochs=6,
        patience=3,
        cuts=((2, 3), (4, 2)),
        least_gain=1.0,
        lowest_rate=1.0,
        overfit=1.0,
        widest=0,
        fewest_columns=99,
    )


@pytest.fixture(params=[0.0, 99.0], ids=["grows", "overfit"])
def busy_plan(plan: Plan, request: pytest.FixtureRequest) -> Plan:
    """Return a plan in which every policy has something to say, and says it early.

    Rows always count as many, so that the leader grows, or every fit as overfit, so that it is
    simplified.
    """
    return replace(
        plan,
        epochs=60,
        patience=2,
        least_gain=1e-4,
        lowest_rate=0.001,
        overfit=request.param,
        rows_for_a_parameter=1e9 * request.param,
        widest=16,
        fewest_columns=1,
    )


@pytest.fixture
def long_plan(plan: Plan) -> Plan:
    """Return a plan of one recipe, long enough to learn something."""
    return replace(plan, recipes=plan.recipes[:1], epochs=60, patience=12, cuts=())


@pytest.fixture
def bits() -> Callable[[Race], Any]:
    """Return what tells whether two races ended in exactly the same state."""

    def describe(race: Race) -> Any:
        return (
            race.epoch,
            race.multiply_adds,
            [
                [one.key, one.name, one.loss, one.epoch, one.record, one.racing, one.entered]
                for one in race.candidates.values()
            ],
            [one.theta.tobytes() + one.output[:].tobytes() for one in race.candidates.values()],
            [cohort.population.theta.tobytes() for cohort in race.cohorts],
        )

    return describe
