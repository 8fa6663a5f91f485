"""PyTorch's contenders: convolutional networks as tutorials write them, trained for 30 epochs."""

from __future__ import annotations

from typing import Any

import numpy as np

from sensing.contest import Outcome, Task, judge

EPOCHS = 30
BATCH = 64


def lenet(task: Task, train_x: Any, test_x: Any) -> Outcome:
    """Return how good a network of the size of LeNet-5 is on pictures, (n, height, width)."""
    from torch import nn

    layers = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.LazyLinear(120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, len(np.unique(task.train_y))),
    )
    return _trained(layers, task, train_x[:, None], test_x[:, None])


def steps(task: Task, train_x: Any, test_x: Any) -> Outcome:
    """Return how good a fully convolutional network is on sequences, (n, length, channels).

    Wang, Yan and Oates (2017), "Time series classification from scratch with deep neural networks".
    """
    from torch import nn

    layers = nn.Sequential(
        *_block(train_x.shape[2], 128, 7),
        *_block(128, 256, 5),
        *_block(256, 128, 3),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(128, len(np.unique(task.train_y))),
    )
    return _trained(layers, task, train_x.swapaxes(1, 2), test_x.swapaxes(1, 2))


def _block(below: int, channels: int, size: int) -> list[Any]:
    from torch import nn

    convolution = nn.Conv1d(below, channels, size, padding=size // 2)
    return [convolution, nn.BatchNorm1d(channels), nn.ReLU()]


def _trained(network: Any, task: Task, train_x: Any, test_x: Any) -> Outcome:
    """Train with Adam and cross-entropy, on numbers of mean zero and unit size."""
    import torch

    torch.manual_seed(0)
    mean, scale = train_x.mean(), train_x.std()
    x, test = (
        torch.from_numpy(((one - mean) / scale).astype(np.float32)) for one in (train_x, test_x)
    )
    classes, codes = np.unique(task.train_y, return_inverse=True)
    y = torch.from_numpy(codes)
    network(x[:2])  # makes the layers whose size follows from what they see
    for layer in network.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    optimizer = torch.optim.Adam(network.parameters())
    for _ in range(EPOCHS):
        network.train()
        for rows in torch.randperm(len(x)).split(BATCH):
            if len(rows) > 1:  # batch normalization needs two
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(network(x[rows]), y[rows]).backward()
                optimizer.step()
    network.eval()
    with torch.no_grad():
        probabilities = network(test).softmax(dim=1).numpy()
    return judge(task.test_y, classes, probabilities)
