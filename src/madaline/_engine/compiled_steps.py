"""The steps of the optimizers, compiled: one pass over the parameters of one network."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline._engine.compiled_arithmetic import ONE, compiled
from madaline.nn.arrays import Array

SCHEDULE_FREE, ADAM = 0, 1

TINY = np.finfo(np.float32).tiny


@compiled
def schedule_free_step(rule: Any, state: Any, gradient: Array) -> None:
    """Take a step as `madaline.nn.optimizers.ScheduleFreeAdamW` does; `first` is z."""
    beta1, beta2, epsilon = rule.betas[0], rule.betas[1], rule.betas[2]
    state.counts[0] += ONE
    steps = state.counts[0]
    warmup = min(ONE, steps / rule.warmup_steps)
    rate, decay = rule.learning_rate * warmup, rule.weight_decay * warmup
    weight = rate * rate * steps**rule.power
    state.counts[1] += weight
    share = weight / max(state.counts[1], TINY)
    kept, back = ONE - share, (ONE - beta1) + beta1 * share
    root = np.sqrt(sum_of_weights(beta2, steps))
    rate, floor, bounded = rate * root, epsilon * root, rule.lower.size > 0
    for index in range(gradient.size):
        slope, y, z = gradient[index], state.theta[index], state.first[index]
        square = state.squares[index] * beta2 + slope * slope
        state.squares[index] = square
        delta = slope / (np.sqrt(square) + floor) * (rate * rule.rates[index])
        delta += y * (decay * rule.decays[index])
        if bounded:
            delta = z - min(max(z - delta, rule.lower[index]), rule.upper[index])
        state.first[index] = z - delta
        state.theta[index] = y * kept + z * share - delta * back


@compiled
def adam_step(rule: Any, state: Any, gradient: Array) -> None:
    """Take a step as `madaline.nn.optimizers.Adam` does; `first` holds the slopes."""
    beta1, beta2, epsilon = rule.betas[0], rule.betas[1], rule.betas[2]
    state.counts[0] += ONE
    steps = state.counts[0]
    warmup = min(ONE, steps / rule.warmup_steps)
    root = np.sqrt(sum_of_weights(beta2, steps))
    rate, decay = rule.learning_rate * warmup, rule.weight_decay * warmup
    rate, floor = rate * root / sum_of_weights(beta1, steps), epsilon * root
    for index in range(gradient.size):
        slope, theta = gradient[index], state.theta[index]
        square = state.squares[index] * beta2 + slope * slope
        state.squares[index] = square
        slope = state.first[index] * beta1 + slope
        state.first[index] = slope
        delta = slope / (np.sqrt(square) + floor) * (rate * rule.rates[index])
        state.theta[index] = theta - delta - theta * (decay * rule.decays[index])


@compiled
def sum_of_weights(beta: Any, steps: Any) -> Any:
    """Return ``1 + beta + ... + beta**(steps - 1)``, as `madaline.nn.optimizers`."""
    beta = np.float64(beta)
    return np.float32(np.expm1(np.float64(steps) * np.log(beta)) / (beta - 1.0))
