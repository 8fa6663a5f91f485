"""The linear model beside the networks of a stream."""

from __future__ import annotations

import numpy as np
import pytest

from madaline._models.online.playback import LinearModel
from madaline._models.online.tasks import Classes, Numbers


def test_it_makes_room_for_inputs_and_classes():
    task = Classes(["up", "down"])
    model = LinearModel(task)
    for _ in range(30):
        model.learn(np.array([1.0]), np.array(["up"]))
        model.learn(np.array([-1.0]), np.array(["down"]))
    task.admit(np.array(["level"]))
    assert model.predict(np.array([1.0, 0.0])).shape == (1, 3)
    for _ in range(30):
        model.learn(np.array([0.0, 1.0]), np.array(["level"]))
    assert model.predict(np.array([0.0, 1.0])).argmax() == 2
    assert model.predict(np.array([3.0])).argmax() == 0


def test_it_moves_with_the_scale_of_numbers():
    task = Numbers()
    task.start(np.array([90.0, 110.0]))
    model = LinearModel(task)
    for x in np.random.default_rng(0).standard_normal(500):
        model.learn(np.array([x]), np.array([100 + 10 * x]))
    before = model.predict(np.array([0.5]))[0, 0]
    assert before == pytest.approx(105, abs=0.5)
    task.rescale(np.array([0.0, 500.0]))
    np.testing.assert_allclose(model.predict(np.array([0.5]))[0, 0], before)


def test_large_inputs_do_not_diverge():
    task = Numbers()
    task.start(np.array([-1.0, 1.0]))
    model = LinearModel(task)
    for x in np.random.default_rng(0).standard_normal((200, 50)) * 100:
        model.learn(x, x[:1] / 100)
    assert np.isfinite(model.predict(np.ones(50))).all()
