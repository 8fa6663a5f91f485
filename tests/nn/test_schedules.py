"""Schedules: where they start, turn and end."""

from __future__ import annotations

import numpy as np
import pytest

from madaline.nn import schedules
from madaline.nn.schedules import Constant, Cosine, CosLog4, FlatCosine, OneCycle, Warmup

SCHEDULES = [Constant(), Warmup(100), Cosine(100), FlatCosine(100), CosLog4(100), OneCycle(100)]
every_schedule = pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
STEPS = np.arange(201)


@every_schedule
def test_factors_lie_between_zero_and_one(schedule):
    factors = schedule(STEPS)
    assert factors.min() >= 0
    assert factors.max() <= 1


@every_schedule
def test_a_step_for_each_member_gives_a_factor_for_each(schedule):
    column = STEPS.astype(np.float32).reshape(3, 67, 1)
    factors = schedule(column)
    assert factors.shape == column.shape
    assert factors.dtype == np.float32
    each = [float(schedule(int(step))) for step in STEPS]
    np.testing.assert_allclose(factors.ravel(), each, atol=1e-6)


@every_schedule
def test_no_steps_at_all_make_no_trouble(schedule):
    if not isinstance(schedule, Constant):
        assert np.isfinite(type(schedule)(0)(STEPS)).all()


@every_schedule
def test_repr_evaluates_to_the_schedule(schedule):
    assert eval(repr(schedule), vars(schedules)) == schedule


@pytest.mark.parametrize(
    ("schedule", "points"),
    [
        (Constant(0.3), {0: 0.3, 50: 0.3, 200: 0.3}),
        (Warmup(100), {0: 0.01, 49: 0.5, 99: 1, 200: 1}),
        (Cosine(100), {0: 1, 25: (1 + np.sqrt(0.5)) / 2, 50: 0.5, 100: 0, 200: 0}),
        (FlatCosine(100, 0.2), {0: 1, 20: 1, 60: 0.5, 100: 0, 200: 0}),
        (CosLog4(150), {0: 0, 10: 0, 30: 0, 70: 0, 150: 0, 200: 0, 10 * (2**0.5 - 1): 1}),
        (OneCycle(100), {0: 0.04, 15: 0.52, 30: 1, 65: 0.50005, 100: 1e-4, 200: 1e-4}),
    ],
    ids=repr,
)
def test_a_schedule_passes_through_its_points(schedule, points):
    for step, factor in points.items():
        assert float(schedule(step)) == pytest.approx(factor, abs=1e-9)


def test_one_cycle_has_no_jump():
    assert np.abs(np.diff(OneCycle(1000)(np.arange(1001)))).max() < 0.006
