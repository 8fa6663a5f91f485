"""How good madaline is on pictures, beside a small convolutional network of PyTorch.

Default arguments, one seed, one thread. The network of PyTorch has two blocks of two convolutions
with batch normalization, and learns for one cycle of 30 epochs; where flips make no sense, it does
without, which somebody has to know.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from tables import DEFAULT_FOLDER

FASHION = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package dataset-fashion-mnist puts its files."""

PHOTOGRAPHS = (
    "astronaut",
    "chelsea",
    "coffee",
    "hubble_deep_field",
    "immunohistochemistry",
    "retina",
    "rocket",
)
"""Photographs of color that the package scikit-image holds, beside two of scikit-learn."""

SIDE, PATCHES = 16, 400
"""Pixels of a side of a patch of a photograph, and patches of each."""

EPOCHS, BATCH, RATE = 30, 64, 3e-3
"""Of the network of PyTorch: epochs, pictures of a batch and the highest learning rate."""


@dataclass(frozen=True)
class Pictures:
    """Pictures (n, height, width, channels) and their classes, to learn from and to test."""

    train_x: Any
    train_y: Any
    test_x: Any
    test_y: Any
    flips: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each set and contender."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=tuple(SETS))
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, default=tuple(CONTENDERS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--fashion", type=Path, default=FASHION)
    options = parser.parse_args(arguments)
    print("| set | to learn from, to test | contender | right | log loss | processor s |")
    print("| --- | ---: | --- | ---: | ---: | ---: |")
    with threadpool_limits(1):
        for name in options.sets:
            pictures = SETS[name](options)
            for contender in options.only:
                print(" | ".join(_row(name, pictures, contender, options.seed)), flush=True)
    return 0


def _row(name: str, pictures: Pictures, contender: str, seed: int) -> Iterator[str]:
    from sklearn.metrics import log_loss

    start = process_time()
    classes, probabilities = CONTENDERS[contender](pictures, seed)
    seconds = process_time() - start
    yield f"| {name} | {len(pictures.train_x):,}, {len(pictures.test_x):,}"
    yield contender
    yield f"{np.mean(classes[probabilities.argmax(axis=1)] == pictures.test_y):.2%}"
    yield f"{log_loss(pictures.test_y, probabilities, labels=classes):.4f}"
    yield f"{seconds:.0f} |"


def mnist(options: argparse.Namespace) -> Pictures:
    """Return the digits of mnist_5k, as `benchmarks/senses.py` divides them."""
    with np.load(options.folder / "images" / "mnist_5k.npz") as data:
        x, y = data["X"], data["y"]
    return _divided(x[..., None], y, 1000, flips=False)


def digits(options: argparse.Namespace) -> Pictures:  # noqa: ARG001
    """Return the digits of 8 x 8 pixels that scikit-learn holds."""
    from sklearn.datasets import load_digits

    data = load_digits()
    return _divided(data.images[..., None].astype(np.uint8), data.target, 597, flips=False)


def photographs(options: argparse.Namespace) -> Pictures:  # noqa: ARG001
    """Return patches of nine photographs, to tell which of them: no two share a pixel."""
    from skimage import data
    from sklearn.datasets import load_sample_images

    whole = [getattr(data, name)() for name in PHOTOGRAPHS] + load_sample_images().images
    rng = np.random.default_rng(0)
    patches = [_patches(one, rng) for one in whole]
    codes = np.repeat(np.arange(len(whole)), [len(one) for one in patches])
    return _divided(np.concatenate(patches), codes, 1000, flips=True)


def fashion(options: argparse.Namespace) -> Pictures:
    """Return 5,000 clothes of Fashion-MNIST to learn from, and its 10,000 to test."""
    x, y = (_idx(options.fashion / f"train-{kind}") for kind in _IDX)
    order = np.random.default_rng(0).permutation(len(x))[:5000]
    test_x, test_y = (_idx(options.fashion / f"t10k-{kind}") for kind in _IDX)
    return Pictures(x[order][..., None], y[order], test_x[..., None], test_y, flips=True)


_IDX = ("images-idx3-ubyte.gz", "labels-idx1-ubyte.gz")


def _idx(path: Path) -> Any:
    """Return what a file in the format of MNIST holds."""
    content = gzip.decompress(path.read_bytes())
    shape = np.frombuffer(content, ">i4", content[3], 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(shape)


def _patches(photograph: Any, rng: np.random.Generator) -> Any:
    """Return some of the patches that a photograph can be cut into."""
    rows, columns = (length // SIDE for length in photograph.shape[:2])
    whole = photograph[: rows * SIDE, : columns * SIDE, :3]
    cut = whole.reshape(rows, SIDE, columns, SIDE, 3).swapaxes(1, 2).reshape(-1, SIDE, SIDE, 3)
    return cut[rng.permutation(len(cut))[:PATCHES]]


def _divided(x: Any, y: Any, n_test: int, *, flips: bool) -> Pictures:
    order = np.random.default_rng(0).permutation(len(x))
    train, test = order[:-n_test], order[-n_test:]
    return Pictures(x[train], y[train], x[test], y[test], flips)


def ours(pictures: Pictures, seed: int) -> tuple[Any, Any]:
    """Return the classes and the probabilities of the test part, by madaline."""
    from madaline import AdaptiveClassifier

    model = AdaptiveClassifier(random_state=seed, n_jobs=1).fit(pictures.train_x, pictures.train_y)
    return model.classes_, model.predict_proba(pictures.test_x)


def torch(pictures: Pictures, seed: int) -> tuple[Any, Any]:
    """Return the same by a convolutional network of PyTorch (AdamW, one cycle)."""
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    classes, codes = np.unique(pictures.train_y, return_inverse=True)
    x, test = (_standardized(one, pictures.train_x) for one in (pictures.train_x, pictures.test_x))
    y = torch.from_numpy(codes)
    network = _network(x.shape[1], x.shape[2], len(classes))
    network = network.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=0.01)
    steps = len(x) // BATCH
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, epochs=EPOCHS, steps_per_epoch=steps
    )
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x))[: steps * BATCH].split(BATCH):
            own = x[rows]
            if pictures.flips:
                own = torch.where(torch.rand(len(own), 1, 1, 1) < 0.5, own.flip(3), own)
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(own), y[rows]).backward()
            optimizer.step()
            cycle.step()
    network.eval()
    with torch.no_grad():
        parts = [network(own).softmax(dim=1) for own in test.split(256)]
    return classes, torch.cat(parts).numpy().astype(float)


def _standardized(pictures: Any, train: Any) -> Any:
    import torch

    mean, scale = (f(train, axis=(0, 1, 2)) for f in (np.mean, np.std))
    x = ((pictures - mean) / scale).astype(np.float32).transpose(0, 3, 1, 2)
    return torch.from_numpy(x).contiguous(memory_format=torch.channels_last)


def _network(channels: int, side: int, n_classes: int) -> Any:
    from torch import nn

    return nn.Sequential(
        *_block(channels, 32),
        *_block(32, 64),
        nn.Flatten(),
        nn.Linear(64 * (side // 4) ** 2, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, n_classes),
    )


def _block(below: int, units: int) -> list[Any]:
    from torch import nn

    layers: list[Any] = []
    for own in (below, units):
        layers += [nn.Conv2d(own, units, 3, padding=1), nn.BatchNorm2d(units), nn.ReLU()]
    return [*layers, nn.MaxPool2d(2), nn.Dropout(0.25)]


SETS: dict[str, Callable[[argparse.Namespace], Pictures]] = {
    "mnist_5k": mnist,
    "digits": digits,
    "photographs": photographs,
    "fashion": fashion,
}
CONTENDERS: dict[str, Callable[[Pictures, int], tuple[Any, Any]]] = {
    "madaline": ours,
    "PyTorch": torch,
}


if __name__ == "__main__":
    sys.exit(main())
