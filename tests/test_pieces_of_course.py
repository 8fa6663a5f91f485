"""The live pieces of the course draw in Chromium, and say the numbers that Python computes."""

from __future__ import annotations

import importlib.util
import json
import math
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from madaline import NeuralNetwork
from madaline.nn.layers import Tanh

PROJECT = Path(__file__).resolve().parents[1]
CHAPTERS = sorted((PROJECT / "docs" / "course").glob("[1-6]_*.md"))
BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
in_browser = pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed")
# What a reader does to each piece; after each step, the numbers that it says are noted.
ACTIONS: dict[str, list[Any]] = {
    "sigmoid": [{"z": -2.5}],
    "neuron": [{"w0": 2.5}, "step", "again"],
    "xor": [{"w0": 15.25}, {"activation": '"none"'}],
    "slope": [{"rate": 0.95}, "step", "step", {"w": 1.5}],
    "chain": [{"w": -1.2, "x": 0.7}, {"y": 0}],
    "moons": [["step", 200], {"seed": '"same"'}],
    "overfit": [{"l2": 0.003}, ["step", 200]],
    "valley": [{"rate": 0.102}, {"optimizer": '"momentum"'}, {"optimizer": '"adam"'}],
    "circles": [{"learning_rate": 0.01, "batch_size": 50, "optimizer": '"adam"'}, ["step", 50]],
}
_PLAY = """
const said = {};
const numbers = (root) => Object.fromEntries(
  [...root.querySelectorAll("data")].map((one) => [one.dataset.name, Number(one.value)]));
document.querySelectorAll("figure.live").forEach((root, at) => {
  const [name, actions] = Object.entries(ACTIONS)[at];
  said[name] = [numbers(root)];
  const press = (button) => root.querySelector(`[name=${button}]`).click();
  for (const action of actions) {
    if (typeof action === "string") press(action);
    else if (Array.isArray(action)) for (let turn = 0; turn < action[1]; turn += 1) press(action[0]);
    else for (const [control, value] of Object.entries(action)) {
      const input = root.querySelector(`[name=${control}]`);
      input.value = value;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }
    said[name].push(numbers(root));
  }
  said[name].push([...root.querySelectorAll("path")].map((path) => path.getAttribute("d")));
});
document.body.append(Object.assign(document.createElement("pre"), { textContent: JSON.stringify(said) }));
"""


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"site_{name}", PROJECT / "site" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


pieces = load("pieces")


def test_each_chapter_has_pieces_and_each_piece_a_chapter() -> None:
    name = re.compile(r"^:::\{live\} (\w+)$", re.MULTILINE)
    found = [name.findall(path.read_text()) for path in CHAPTERS]
    assert all(found)
    assert sorted(piece for names in found for piece in names) == sorted(pieces.PIECES)


def test_every_word_of_the_pieces_is_in_chinese() -> None:
    catalog = load("messages").read("sphinx")
    asked: list[str] = []
    for name in pieces.PIECES:
        pieces.figure(name, lambda text: asked.append(text) or catalog.get(text, ""))
    assert [text for text in asked if not catalog.get(text)] == []


def test_every_control_has_a_label() -> None:
    for name in pieces.PIECES:
        page = "".join(pieces.figure(name, str))
        labels = re.findall(r"<label><span>[^<]+</span><(input|select) ", page)
        assert len(labels) == len(re.findall(r"<(input|select) ", page)) > 0
        assert page.count('role="img" aria-label="') == page.count("<canvas ") > 0
        assert page.count("<output>") == page.count("<noscript>") == 1


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """Return what each piece says, first and after each action, and at last its lines."""
    folder = tmp_path_factory.mktemp("pieces")
    figures = "".join("".join(pieces.figure(name, str)) for name in ACTIONS)
    scripts = [pieces.ENGINE.read_text(), pieces.SCRIPT.read_text()]
    scripts.append(f"const ACTIONS = {json.dumps(ACTIONS)};{_PLAY}")
    page = f"<!doctype html><meta charset='utf-8'><body>{figures}"
    (folder / "page.html").write_text(page + "".join(f"<script>{one}</script>" for one in scripts))
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    options += ["--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder / 'profile'}"]
    command = [str(BROWSER), *options, "--dump-dom", (folder / "page.html").as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "CONSOLE" not in done.stderr, done.stderr
    return json.loads(unescape(re.findall(r"<pre>(.*?)</pre>", done.stdout, re.DOTALL)[-1]))


def _close(found: dict[str, float], **expected: float) -> None:
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-6, abs=1e-6)


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def _loss(p: Any, y: Any) -> float:
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


@in_browser
@pytest.mark.parametrize("name", ACTIONS)
def test_a_piece_draws_and_says_numbers(said, name: str) -> None:
    *steps, lines = said[name]
    assert len(lines) > 2
    assert all("NaN" not in line for line in lines)
    assert sum(bool(line) for line in lines) > 2
    assert all(one.keys() == steps[0].keys() for one in steps)
    assert len({json.dumps(one) for one in steps}) > 1, "no action changes a number"


@in_browser
def test_the_neuron_has_the_loss_and_the_step_of_the_chapter(said) -> None:
    from sklearn.datasets import load_iris

    iris = load_iris()
    x, y = iris.data[50:, 2:] - iris.data[50:, 2:].mean(axis=0), iris.target[50:] - 1
    first, moved, stepped, again, _ = said["neuron"]
    _close(first, loss=_loss(_sigmoid(x @ [1, 1]), y), right=95)
    w, p = np.array([2.5, 1]), _sigmoid(x @ [2.5, 1])
    _close(moved, loss=_loss(p, y))
    w, b = w - x.T @ (p - y) / 100, -np.mean(p - y)
    _close(stepped, loss=_loss(_sigmoid(x @ w + b), y))
    assert again == first


@in_browser
def test_the_three_neurons_are_those_of_the_chapter(said) -> None:
    x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    for found, weight, activation in zip(
        said["xor"], (20, 15.25, 15.25), (_sigmoid, _sigmoid, lambda z: z), strict=False
    ):
        hidden = activation(x @ [[weight, 20], [20, 20]] + [-10, -30])
        z = hidden @ [20, -20] - 10
        _close(found, loss=float(np.mean(np.logaddexp(0, z) - y * z)))
        _close(found, **{f"p{row}": value for row, value in enumerate(_sigmoid(z))})


@in_browser
def test_curves_have_the_slopes_of_python(said) -> None:
    p = _sigmoid(-2.5)
    _close(said["sigmoid"][1], p=p, one=-math.log(p), zero=-math.log(1 - p))
    _, _, _, twice, moved, _ = said["slope"]
    w = 3 - 3 * (1 - 2 * 0.95) ** 2
    _close(twice, step=2, loss=(w - 3) ** 2, rule=2 * (w - 3), nudged=2 * (w - 3))
    _close(moved, step=0, loss=2.25, rule=-3)
    first, other, zero, _ = said["chain"]
    _close(first, z=0.3, p=_sigmoid(0.3), loss=-math.log(_sigmoid(0.3)))
    p = _sigmoid(-1.2 * 0.7 - 0.5)
    for found, y in ((other, 1), (zero, 0)):
        slope = (p - y) * 0.7
        _close(found, p=p, loss=_loss(p, y), rule=slope, product=slope, nudged=slope)


@in_browser
def test_ways_through_the_valley_are_those_of_the_chapter(said) -> None:
    page = (PROJECT / "docs" / "course" / "6_how_fast.md").read_text()
    names: dict[str, Any] = {"np": np}
    for cell in re.findall(r"^```\{code-cell\}\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        if "\ndef descend" in cell or cell.startswith(("def descend", "def slopes")):
            exec(re.split(r"^(?:print|figure|def draw)", cell, flags=re.MULTILINE)[0], names)
    exec("def distance(path): return np.sqrt((path[-1] ** 2).sum())", names)
    descend, momentum, adam = (
        names[f"descend{one}"] for one in ("", "_with_momentum", "_with_adam")
    )
    paths = [descend(0.01), descend(0.102), momentum(0.01, 0.8), adam(0.5)]
    for found, path in zip(said["valley"], paths, strict=False):
        w = path[-1]
        _close(found, distance=names["distance"](path), loss=(w[0] ** 2 + 20 * w[1] ** 2) / 2)


@in_browser
@pytest.mark.parametrize(
    ("name", "units", "epochs", "settings"),
    [
        ("moons", 8, 200, {"learning_rate": 1.0}),
        ("overfit", 32, 200, {"learning_rate": 1.0, "weight_decay": 0.003}),
        ("circles", 4, 50, {"learning_rate": 0.01, "optimizer": "adam", "batch_size": 50}),
    ],
)
def test_networks_learn_what_neural_network_learns(said, name, units, epochs, settings) -> None:
    data = pieces.PIECES[name](str).data
    x, y, others, theirs = (np.array(data[key]) for key in ("x", "target", "others", "theirs"))
    network = NeuralNetwork(2, units, 1, activation=Tanh(), random_state=0)
    network.train(x, y, epochs=epochs, adaptive=False, **settings)
    found = said[name][1 if name == "moons" else 2]
    held_out = network.loss(theirs, network.forward(others))
    right = 100 * np.mean(network.predict(others) == theirs.ravel())
    _close(found, epoch=epochs, loss=network.loss(y, network.forward(x)), other=held_out)
    assert found["otherRight"] == right


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
def test_starts_by_chance_end_as_the_chapter_says() -> None:
    """With the sigmoid, 13 of 20 get all rows right in 500 steps; without an activation, none."""
    data = pieces.PIECES["xor"](str).data
    script = """
const { Run } = globalThis.madalineEngine;
const { x, target, options } = JSON.parse(process.argv[1]);
console.log(JSON.stringify(["sigmoid", "none"].map((activation) => {
  let solved = 0;
  for (let seed = 1; seed <= 20; seed += 1) {
    const run = new Run({ ...options, activation, seed }, x, target, "binary");
    run.network.activation ??= { of: (sum) => sum, slope: () => 1 };
    for (let step = 0; step < 500; step += 1) run.advance();
    solved += run.network.forward(x).every(([p], row) => p > 0.5 === (target[row][0] === 1));
  }
  return solved;
})));
"""
    command = ["node", "-e", pieces.ENGINE.read_text() + script, json.dumps(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [13, 0]
