"""The engine of the playground in JavaScript equals the Python, step for step."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from madaline._apps.playground.datasets import DATASETS
from madaline._apps.playground.learning import NetworkRun
from madaline._apps.playground.learning_data import LearningData
from madaline._apps.playground.options import ACTIVATIONS, OPTIMIZERS, NetworkOptions

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")

EPOCHS = 200
MIN_STEPS = 200  # later ones may part: where training is unsteady, it magnifies rounding
ENGINE = files("madaline._apps.playground") / "static" / "engine.js"
_WALK = """
const fs = require("fs");
(0, eval)(fs.readFileSync(process.argv[1], "utf8"));
const { Run } = globalThis.madalineEngine;
const given = JSON.parse(fs.readFileSync(0, "utf8"));
const run = new Run(given.options, given.x, given.target, given.loss);
const [epochs, theta] = [[], []];
for (let at = 0; at < given.epochs; at += 1) {
  const now = run.advance();
  const { weights, biases } = run.network.parameters;
  theta.push([...weights.flat(), ...biases].flatMap((vector) => [...vector]));
  if (now === null) break;
  epochs.push([now.loss, now.validationLoss, now.learningRate]);
}
const decisions = run.network.decisions.map(({ kind, epoch, kept }) => [kind, epoch, kept ?? null]);
process.stdout.write(JSON.stringify({ epochs, theta, decisions }));
"""
_DRAW = """
const fs = require("fs");
(0, eval)(fs.readFileSync(process.argv[1], "utf8"));
const { Rng } = globalThis.madalineEngine;
const rng = new Rng(Number(process.argv[2]));
const order = rng.permutation(999);
const normals = Array.from({ length: 50000 }, () => rng.normal());
process.stdout.write(JSON.stringify([order, normals, rng.permutation(8), rng.share()]));
"""


def _node(script: str, *arguments: str, text: str = "") -> Any:
    command = ["node", "-e", script, str(ENGINE), *arguments]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("seed", [0, 1, 2**31 - 1])
def test_draws_are_those_of_numpy(seed: int) -> None:
    order, normals, other, share = _node(_DRAW, str(seed))
    rng = np.random.default_rng(seed)
    assert order == rng.permutation(999).tolist()
    np.testing.assert_allclose(normals, rng.standard_normal(50000), rtol=0, atol=1e-13)
    assert other == rng.permutation(8).tolist()
    assert share == rng.random()


def _walk(options: NetworkOptions, epochs: int = EPOCHS) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the losses, weights and decisions of some epochs, from Python and from the engine."""
    data = LearningData.of(options, None)
    target = np.asarray(data.codes, float)[:, None]
    loss = "binary" if data.classes else "squared"
    if data.n_outputs > 1:
        target, loss = np.eye(data.n_outputs)[data.codes], "classes"
    given = {"x": data.x.tolist(), "target": target.tolist(), "loss": loss, "epochs": epochs}
    answered = _node(_WALK, text=json.dumps({**given, "options": options.to_json()}))
    run = NetworkRun(options, data)
    walked: dict[str, Any] = {"epochs": [], "theta": []}
    for _ in range(epochs):
        done = run.advance(1)
        network = run.network
        parts = (*network.weights, *network.biases)
        walked["theta"].append(np.concatenate([part.ravel() for part in parts]))
        if run.ended:
            break
        walked["epochs"] += [[now.loss, now.validation_loss, now.learning_rate] for now in done]
    walked["decisions"] = [
        [type(decision).__name__, decision.epoch, decision.kept if decision.tried else None]
        for decision in run.network.decisions_
    ]
    return walked, answered


def _assert_same(options: NetworkOptions, epochs: int = EPOCHS) -> None:
    walked, answered = _walk(options, epochs)
    assert answered["decisions"] == walked["decisions"]
    assert len(answered["epochs"]) == len(walked["epochs"])
    for name in ("epochs", "theta"):
        for here, there in zip(answered[name], walked[name], strict=True):
            np.testing.assert_allclose(
                np.array(here, float), np.array(there, float), rtol=1e-6, atol=1e-6
            )


@pytest.mark.parametrize("adaptive", [False, True])
@pytest.mark.parametrize("data", DATASETS)
def test_engine_walks_all_data(data: str, adaptive: bool) -> None:
    rows = 80 if data == "digits" else 120
    _assert_same(NetworkOptions(data=data, rows=rows, adaptive=adaptive, batch_size=30))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_engine_walks_all_rules(activation: str, optimizer: str) -> None:
    rate = 0.01 if optimizer == "adam" else 0.1
    options = NetworkOptions(
        data="circles",
        rows=100,
        activation=activation,
        optimizer=optimizer,
        learning_rate=rate,
        l1=0.001,
        l2=0.01,
        features=("x1", "x1x2", "sin2"),
        seed=3,
    )
    _assert_same(options, epochs=-(-MIN_STEPS // 7))  # of 70 rows in batches of 10


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden": ()},
        {"batch_size": 0, "learning_rate": 0.01},
        {"hidden": (1,), "data": "spirals", "noise": 0.0, "batch_size": 0},
        {"learning_rate": 10.0, "held_out": 0.0, "batch_size": 0},
        {"hidden": (8, 8), "noise": 0.5, "rows": 50, "optimizer": "adam"},
    ],
)
def test_engine_walks_what_the_coach_does(changes: dict[str, Any]) -> None:
    _assert_same(NetworkOptions(**{"rows": 100, "adaptive": True, **changes}))
