"""JAX: an epoch is one compiled ``lax.scan`` over its steps, a population ``vmap`` of it."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from timing.case import LEARNING_RATE, Case, Trainer

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def prepare(case: Case, threads: int) -> list[Trainer]:
    """Return the case as JAX trains it."""
    del threads  # JAX counts the processors that it may use
    x, y = map(jnp.asarray, case.data())
    keys = jax.random.split(jax.random.key(0), case.members)
    rng = np.random.default_rng(1)

    def step(state: Any, index: Any) -> tuple[Any, None]:
        return _step(state, x[index], y[index]), None

    def epoch(state: Any, order: Any) -> Any:
        return jax.lax.scan(step, state, order)[0]

    if case.members == 1:
        state, fast_epoch = _start(case, keys[0]), jax.jit(epoch, donate_argnums=0)
    else:
        state = jax.vmap(lambda key: _start(case, key))(keys)
        fast_epoch = jax.jit(jax.vmap(epoch), donate_argnums=0)

    def run(epochs: int) -> None:
        nonlocal state
        for _ in range(epochs):
            order = case.orders(rng)
            state = fast_epoch(state, jnp.asarray(order if case.members > 1 else order[0]))
        jax.block_until_ready(state)

    def loss() -> float:
        layers = state[0]
        if case.members > 1:
            layers = jax.tree.map(lambda values: values[0], layers)
        return float(_loss(layers, x, y))

    return [Trainer(run, loss, "vmap" if case.members > 1 else "")]


def _start(case: Case, key: Any) -> Any:
    """Return the layers, both moments of Adam, and the number of steps."""
    layers = [
        (
            jax.random.normal(one, (inputs, units)) * (2 / inputs) ** 0.5,
            jnp.zeros(units),
        )
        for one, (inputs, units) in zip(
            jax.random.split(key, len(case.shapes)), case.shapes, strict=True
        )
    ]
    means, squares = (jax.tree.map(jnp.zeros_like, layers) for _ in range(2))
    return layers, means, squares, 0.0


def _loss(layers: Any, x: Any, y: Any) -> Any:
    for weight, bias in layers[:-1]:
        x = jax.nn.relu(x @ weight + bias)
    weight, bias = layers[-1]
    log_probability = jax.nn.log_softmax(x @ weight + bias)
    return -jnp.take_along_axis(log_probability, y[:, None], axis=1).mean()


def _step(state: Any, x: Any, y: Any) -> Any:
    layers, means, squares, steps = state
    gradient = jax.grad(_loss)(layers, x, y)
    steps = steps + 1
    means = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, means, gradient)
    squares = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, squares, gradient)
    mean_share, square_share = 1 - BETA1**steps, 1 - BETA2**steps

    def moved(parameter: Any, mean: Any, square: Any) -> Any:
        root = jnp.sqrt(square / square_share) + EPSILON
        return parameter - LEARNING_RATE * mean / mean_share / root

    return jax.tree.map(moved, layers, means, squares), means, squares, steps
