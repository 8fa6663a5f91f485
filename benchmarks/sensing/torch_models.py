"""PyTorch's contenders: convolutional networks as papers and tutorials write them.

For how many epochs and with how much dropout is chosen on a part of the training rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from sensing.task import Outcome, Task, evaluate

DROPOUTS = (0.0, 0.5)
"""What is tried: shares of the units before the last layers that are silenced in training."""

EPOCHS, PATIENCE, BATCH = 100, 8, 64
"""Most epochs, and those without a better one after which training ends."""


def lenet(
    task: Task, train_x: Any, test_x: Any, groups: Any = None, chosen: dict[str, Any] | None = None
) -> Outcome:
    """Return how good a network of the size of LeNet-5 is on pictures, (n, height, width).

    What is chosen is put into `chosen`, if given; what that holds already is not chosen again.
    """
    chosen = {} if chosen is None else chosen
    return _tuned(_lenet, task, train_x[:, None], test_x[:, None], groups, chosen)


def steps(task: Task, train_x: Any, test_x: Any) -> Outcome:
    """Return how good a fully convolutional network is on sequences, (n, length, channels).

    Wang, Yan and Oates (2017), "Time series classification from scratch with deep neural networks".
    """
    layers = partial(_fully_convolutional, train_x.shape[2])
    return _tuned(layers, task, train_x.swapaxes(1, 2), test_x.swapaxes(1, 2), None, {})


def _lenet(n_classes: int, dropout: float) -> Any:
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.LazyLinear(120),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, n_classes),
    )


def _fully_convolutional(below: int, n_classes: int, dropout: float) -> Any:
    from torch import nn

    return nn.Sequential(
        *_block(below, 128, 7),
        *_block(128, 256, 5),
        *_block(256, 128, 3),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(128, n_classes),
    )


def _block(below: int, channels: int, size: int) -> list[Any]:
    from torch import nn

    convolution = nn.Conv1d(below, channels, size, padding=size // 2)
    return [convolution, nn.BatchNorm1d(channels), nn.ReLU()]


def _tuned(
    make: Callable[[int, float], Any],
    task: Task,
    train_x: Any,
    test_x: Any,
    groups: Any,
    chosen: dict[str, Any],
) -> Outcome:
    """Choose on a fifth of the training rows, or of their groups, then learn from all of them."""
    classes, codes = np.unique(task.train_y, return_inverse=True)
    axes = (0, *range(2, train_x.ndim))
    mean, scale = (one(train_x, axis=axes, keepdims=True) for one in (np.mean, np.std))
    x, test = (((one - mean) / scale).astype(np.float32) for one in (train_x, test_x))
    if not chosen:
        learned, held_out = _parts(codes, groups)
        tried = []
        for dropout in DROPOUTS:
            outputs = _epochs(make(len(classes), dropout), x, codes, learned, x[held_out])
            tried.append((*_best(outputs, codes[held_out]), dropout))
        _, _, chosen["epoch"], chosen["dropout"] = min(tried)
    network = make(len(classes), chosen["dropout"])
    outputs = _epochs(network, x, codes, np.arange(len(x)), test)
    return evaluate(task.test_y, classes, next(islice(outputs, chosen["epoch"] - 1, None)))


def _parts(codes: Any, groups: Any) -> tuple[Any, Any]:
    """Return the rows to learn from and those to choose by."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    folds = kind(5, shuffle=True, random_state=0).split(codes, codes, groups)
    return next(iter(folds))


def _best(outputs: Iterator[Any], codes: Any) -> tuple[float, float, int]:
    """Return the fewest errors, the lowest loss with so many, and its epoch; stop when it is flat.

    By errors rather than by loss, which was lowest after one epoch for a new speaker.
    """
    best = (np.inf, np.inf, 0)
    for epoch, probabilities in enumerate(islice(outputs, EPOCHS), 1):
        errors = np.mean(probabilities.argmax(axis=1) != codes)
        loss = -np.log(np.clip(probabilities[np.arange(len(codes)), codes], 1e-15, 1)).mean()
        best = min(best, (float(errors), float(loss), epoch))
        if epoch - best[2] >= PATIENCE:
            break
    return best


def _epochs(network: Any, x: Any, codes: Any, learned: Any, others: Any) -> Iterator[Any]:
    """Train with Adam and cross-entropy; yield the probabilities of others after each epoch."""
    import torch

    torch.manual_seed(0)
    x, others, y = torch.from_numpy(x), torch.from_numpy(others), torch.from_numpy(codes)
    network(x[:2])  # makes the layers whose size follows from their input
    for layer in network.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    optimizer = torch.optim.Adam(network.parameters())
    while True:
        network.train()
        for rows in torch.from_numpy(learned)[torch.randperm(len(learned))].split(BATCH):
            if len(rows) > 1:  # batch normalization needs two
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(network(x[rows]), y[rows]).backward()
                optimizer.step()
        network.eval()
        with torch.no_grad():
            yield network(others).softmax(dim=1).numpy()
