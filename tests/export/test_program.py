"""A program predicts what the runtime predicts, and people can read it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from interpreting import FUNCTIONS, interpret, typed
from tests.export.conftest import KINDS

from madaline._apps.export.lowering import lower
from madaline._apps.export.operations import OPERATIONS
from madaline._models.runtime.frozen_networks import NetworkPart
from madaline.errors import InputError
from madaline.nn.layers import Linear, Tanh
from madaline.nn.network import Network

pytestmark = pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")


def compare(model, answers, rows) -> None:
    """Hold that the answers to rows are those of the runtime."""
    predictor = model.predictor
    if "probabilities" in answers:
        expected = predictor.predict_proba(rows)
        found = answers["probabilities"].reshape(expected.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
        classes = [one.classes for one in predictor.target_encoder.each]
        labels = answers["label"].reshape(len(rows), -1).astype(int)
        told = np.stack([of[own] for of, own in zip(classes, labels.T, strict=True)], axis=1)
        assert told.tolist() == predictor.predict(rows).reshape(told.shape).tolist()
        return
    expected = predictor.predict(rows)
    size = np.ptp(expected, axis=0)
    found = answers["prediction"].reshape(expected.shape)
    assert (np.abs(found - expected) <= 1e-5 * np.abs(expected) + 1e-6 * size).all()
    bounds = predictor.predict_interval(rows).reshape(len(rows), -1, 2)
    for number in range(bounds.shape[1]):
        found = answers[f"interval{number}"]
        np.testing.assert_allclose(found, bounds[:, number], rtol=1e-5, atol=1e-6 * size.max())


@pytest.mark.parametrize("kind", KINDS)
def test_a_program_predicts_what_the_runtime_predicts(kind, models, rows) -> None:
    model, some = models(kind), rows[:120]
    program = lower(model)
    given = typed(program, model.predictor.encoder, model.predictor.table(some))
    found = [interpret(program, row) for row in given]
    compare(model, {name: np.array([one[name] for one in found]) for name in found[0]}, some)


def test_every_operation_is_used_and_interpreted(models) -> None:
    used = {type(step) for kind in KINDS for step in lower(models(kind)).steps}
    assert used == set(OPERATIONS)
    assert {one.__name__ for one in OPERATIONS} == FUNCTIONS.keys()


def test_people_can_read_it(models) -> None:
    lines = list(lower(models("numbers")).lines())
    assert lines[0] == "column 0 = 'width', number"
    assert "column 3 = 'city', category: " in lines[3]
    assert "v1 = FillMissing(x=v0, centers=[" in "\n".join(lines)
    assert any(line.startswith("prediction = v") for line in lines)
    assert max(map(len, lines)) < 250


def test_layers_that_no_language_has_are_refused(models) -> None:
    model = models("bare")
    network = Network((Linear(1, 3), Tanh(), Linear(3, 1)))
    theta = network.initialize((1, 2), np.random.default_rng(0)).theta
    parts = (NetworkPart(0, network, theta, np.ones(1)),)
    changed = replace(model, predictor=replace(model.predictor, parts=parts))
    with pytest.raises(InputError, match="A layer Tanh cannot be exported"):
        lower(changed)
