"""Adaptive training of `NeuralNetwork` beside plain training with each of five learning rates.

On the data sets of the classroom, each network is trained for as many epochs by plain gradient
descent with each of five learning rates, and by adaptive training, which has to find its own; what
it spends on trials counts as epochs. Each seed draws other rows, another split and other weights.
Figures are of rows that no network learned from: accuracy, or R² of numbers.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madaline import NeuralNetwork
from madaline.nn.layers import ReLU
from madaline.nn.losses import Squared

RATES = (0.1, 0.3, 1.0, 3.0, 10.0)
TEST_SHARE = 0.3
N_NEW_ROWS = 1000  # of a generated set, to evaluate on

Split = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]


@dataclass(frozen=True)
class Lesson:
    """A data set and the network that a course would take for it."""

    hidden_size: int | tuple[int, ...]
    epochs: int = 1000
    rectifier: bool = False  # ReLU instead of Sigmoid
    numbers: bool = False  # whether numbers are predicted, and not classes


LESSONS = {
    "xor": Lesson(5),
    "moons": Lesson(8),
    "circles": Lesson(8),
    "spirals": Lesson(16),
    "iris": Lesson(8),
    "digits": Lesson(32, epochs=300, rectifier=True),
    "breast_cancer": Lesson(16),
    "diabetes": Lesson(8, numbers=True),
    # Not in the list of the classroom, to confirm
    "wine": Lesson(8),
    "classification": Lesson(16),
    "friedman": Lesson(16, numbers=True),
    "quantiles": Lesson(16),
}


def drawn(name: str, seed: int) -> Split:
    """Return rows to learn from with their targets, and rows to evaluate on, with theirs."""
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    n_rows, rng = 300 + N_NEW_ROWS, np.random.default_rng(seed)
    generated = {
        "moons": lambda: datasets.make_moons(n_rows, noise=0.2, random_state=seed),
        "circles": lambda: datasets.make_circles(n_rows, noise=0.1, factor=0.5, random_state=seed),
        "spirals": lambda: spirals(n_rows, rng),
        "classification": lambda: datasets.make_classification(
            n_rows, 10, n_informative=5, n_clusters_per_class=2, random_state=seed
        ),
        "friedman": lambda: datasets.make_friedman1(n_rows, noise=1.0, random_state=seed),
        "quantiles": lambda: datasets.make_gaussian_quantiles(
            n_samples=n_rows, n_features=2, n_classes=3, random_state=seed
        ),
    }
    if name == "xor":
        x = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
        y = np.array([0, 1, 1, 0])
        return x, y, x, y
    if name in generated:
        x, y = generated[name]()
        split = x[N_NEW_ROWS:], x[:N_NEW_ROWS], y[N_NEW_ROWS:], y[:N_NEW_ROWS]
    else:
        x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        classes = None if LESSONS[name].numbers else y
        split = train_test_split(x, y, test_size=TEST_SHARE, random_state=seed, stratify=classes)
    return _standardized(*split, numbers=LESSONS[name].numbers)


def spirals(n_rows: int, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return two arms that turn once around one another."""
    label = rng.integers(0, 2, n_rows)
    turn = 2 * np.pi * np.sqrt(rng.uniform(0.02, 1, n_rows))
    angle = turn + np.pi * label
    x = (turn * [np.cos(angle), np.sin(angle)]).T + rng.normal(scale=0.3, size=(n_rows, 2))
    return x, label


def _standardized(
    x: NDArray[Any], x_new: NDArray[Any], y: NDArray[Any], y_new: NDArray[Any], *, numbers: bool
) -> Split:
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale == 0] = 1
    if numbers:
        y, y_new = ((one - y.mean()) / y.std() for one in (y, y_new))
    return (x - mean) / scale, y, (x_new - mean) / scale, y_new


def untrained(name: str, split: Split, seed: int) -> NeuralNetwork:
    """Return the network of a lesson before its training."""
    lesson = LESSONS[name]
    n_classes = 1 if lesson.numbers else len(np.unique(split[1]))
    return NeuralNetwork(
        split[0].shape[1],
        lesson.hidden_size,
        n_classes if n_classes > 2 else 1,
        activation=ReLU() if lesson.rectifier else None,
        loss=Squared() if lesson.numbers else None,
        random_state=seed,
    )


def trained(name: str, seed: int, rate: float | None) -> tuple[float, float, int, float]:
    """Return score and loss on new rows, decisions, seconds; of adaptive training if no rate."""
    split = drawn(name, seed)
    network = untrained(name, split, seed)
    started = process_time()
    if rate is None:
        network.train(*split[:2], LESSONS[name].epochs)
    else:
        network.train(*split[:2], LESSONS[name].epochs, rate, adaptive=False)
    seconds = process_time() - started
    x_new, y_new = split[2:]
    with np.errstate(all="ignore"):
        output = network.forward(x_new)
        if not np.isfinite(output).all():  # it diverged: as good as no network
            return (-1.0 if LESSONS[name].numbers else 0.0), np.inf, 0, seconds
        loss = network.loss(y_new, output)
    return network.score(x_new, y_new), loss, len(network.decisions_), seconds


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a line for each learning rate, for adaptive training, and of both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", default=list(LESSONS), choices=LESSONS)
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args(arguments)
    columns = ("score", "error", "worst", "loss", "decisions", "seconds")
    print(f"{'data':16}{'training':12}" + "".join(f"{name:>10}" for name in columns))
    for name in options.data:
        results = {
            rate: np.array([trained(name, seed, rate) for seed in range(options.seeds)])
            for rate in (*RATES, None)
        }
        adaptive = results.pop(None)
        best = max(results, key=lambda rate: results[rate][:, 0].mean())
        for rate, figures in results.items():
            mark = " best" if rate == best else ""
            print(line(name, f"{rate:g}{mark}", figures))
        print(line(name, "adaptive", adaptive))
        difference = adaptive[:, 0] - results[best][:, 0]
        error = difference.std(ddof=1) / np.sqrt(len(difference)) if len(difference) > 1 else np.nan
        print(f"{name:16}difference {difference.mean():+.4f} ± {error:.4f}", flush=True)


def line(name: str, training: str, figures: NDArray[np.float64]) -> str:
    """Return a line of the table: means over seeds, with the worst score."""
    score = figures[:, 0]
    error = score.std(ddof=1) / np.sqrt(len(score)) if len(score) > 1 else np.nan
    _, loss, decisions, seconds = figures.mean(axis=0)
    return (
        f"{name:16}{training:12}{score.mean():10.4f}{error:10.4f}{score.min():10.4f}{loss:10.4f}"
        f"{decisions:10.1f}{seconds:10.2f}"
    )


if __name__ == "__main__":
    main()
