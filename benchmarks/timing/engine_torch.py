"""PyTorch: a population as batched products or network by network, whichever is quicker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from timing.case import LEARNING_RATE, Case, Trainer


def prepare(case: Case, threads: int) -> list[Trainer]:
    """Return the case as PyTorch trains it, operation by operation."""
    _start(threads)
    one_by_one = [_one_by_one(case, lambda function: function)]
    if case.members == 1:
        return one_by_one
    return [*one_by_one, _batched(case, lambda function: function)]


def prepare_compiled(case: Case, threads: int) -> list[Trainer]:
    """Return the case with ``torch.compile`` on the loss, and so on its gradient.

    A population is one compiled function of batched products: 16 functions would take minutes.
    """
    _start(threads)
    return [(_one_by_one if case.members == 1 else _batched)(case, torch.compile)]


def _start(threads: int) -> None:
    torch.set_num_threads(threads)
    torch.manual_seed(0)


def _one_by_one(case: Case, compiled: Callable[..., Any]) -> Trainer:
    x, y = map(torch.from_numpy, case.data())
    networks = [_network(case) for _ in range(case.members)]
    optimizers = [_adam(network.parameters()) for network in networks]
    loss_of = [
        compiled(lambda x, y, network=network: cross_entropy(network(x), y)) for network in networks
    ]

    rng = np.random.default_rng(1)

    def run(epochs: int) -> None:
        for _ in range(epochs):
            orders = torch.from_numpy(case.orders(rng))
            for order, member_loss, optimizer in zip(orders, loss_of, optimizers, strict=True):
                for index in order:
                    optimizer.zero_grad()
                    member_loss(x[index], y[index]).backward()
                    optimizer.step()

    def loss() -> float:
        with torch.no_grad():
            return float(cross_entropy(networks[0](x), y))

    return Trainer(run, loss, "one after the other" if case.members > 1 else "")


def _batched(case: Case, compiled: Callable[..., Any]) -> Trainer:
    x, y = map(torch.from_numpy, case.data())
    layers = [
        [
            torch.empty(case.members, a, b).uniform_(-(a**-0.5), a**-0.5).requires_grad_()
            for a in (inputs, 1)
        ]
        for inputs, b in case.shapes
    ]
    optimizer = _adam([parameter for layer in layers for parameter in layer])
    rng = np.random.default_rng(1)

    def output(x: Any) -> Any:
        for number, (weight, bias) in enumerate(layers):
            x = torch.baddbmm(bias, x, weight)  # (members, batch, units)
            x = torch.relu(x) if number < len(layers) - 1 else x
        return x

    def loss_of(x: Any, y: Any) -> Any:
        return case.members * cross_entropy(output(x).flatten(0, 1), y.flatten())

    fast_loss = compiled(loss_of)

    def run(epochs: int) -> None:
        for _ in range(epochs):
            for index in torch.from_numpy(case.orders(rng)).unbind(1):
                optimizer.zero_grad()
                fast_loss(x[index], y[index]).backward()
                optimizer.step()

    def loss() -> float:
        with torch.no_grad():
            members = case.members
            return float(loss_of(x.expand(members, *x.shape), y.expand(members, -1))) / members

    return Trainer(run, loss, "batched products")


def _network(case: Case) -> Any:
    layers = [
        layer for shape in case.shapes for layer in (torch.nn.Linear(*shape), torch.nn.ReLU())
    ]
    return torch.nn.Sequential(*layers[:-1])


def _adam(parameters: Any) -> Any:
    return torch.optim.Adam(parameters, lr=LEARNING_RATE, fused=True)
