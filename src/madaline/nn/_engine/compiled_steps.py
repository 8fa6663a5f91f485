"""The gradients of the losses and the steps of the optimizers, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline.nn._engine.compiled_arithmetic import HALF, ONE, ZERO, compiled, exp
from madaline.nn.arrays import Array

(
    _CROSS_ENTROPY,
    _BINARY_CROSS_ENTROPY,
    _SQUARED,
    _ABSOLUTE,
    _HUBER,
    _QUANTILE,
    _POISSON,
    _QUANTILES,
) = range(8)

_MAX_LOG = np.float32(30)  # as in `madaline.nn.losses._regression`


@compiled
def loss_gradient(
    rule: Any, weight: Array, index: Array, output: Array, target: Array, gradient: Array
) -> None:
    """Write the gradient of a batch's mean loss by its raw output."""
    batch, n_outputs = output.shape
    if rule.loss == _CROSS_ENTROPY:
        _softmax_gradient(output, target, rule.loss_settings[0], gradient)
    else:
        for row in range(batch):
            for unit in range(n_outputs):
                setting = rule.loss_settings[unit]
                slope = _slope_of_loss(rule.loss, setting, output[row, unit], target[row, unit])
                gradient[row, unit] = slope / np.float32(n_outputs)
    for row in range(batch):
        share = ONE / np.float32(batch)
        if weight.size:
            share *= weight[index[row]]
        for unit in range(n_outputs):
            gradient[row, unit] *= share


@compiled
def _softmax_gradient(output: Array, target: Array, smoothing: Any, gradient: Array) -> None:
    """Write ``softmax(output) - target`` for each row, targets smoothed over the classes."""
    classes = output.shape[1]
    for row in range(output.shape[0]):
        largest = output[row, 0]
        for unit in range(1, classes):
            if output[row, unit] > largest:
                largest = output[row, unit]
        total = ZERO
        for unit in range(classes):
            gradient[row, unit] = exp(output[row, unit] - largest)
            total += gradient[row, unit]
        for unit in range(classes):
            true = target[row, unit] * (ONE - smoothing) + smoothing / np.float32(classes)
            gradient[row, unit] = gradient[row, unit] / total - true


@compiled
def _slope_of_loss(loss: int, setting: Any, output: Any, target: Any) -> Any:
    """Return the slope of one output's loss, as the `slope` of each class in `nn.losses`."""
    error = output - target
    if loss == _BINARY_CROSS_ENTROPY:
        true = target * (ONE - setting) + setting * HALF
        return ONE / (ONE + exp(-output)) - true
    if loss == _SQUARED:
        return error + error
    if loss == _ABSOLUTE:
        return np.sign(error)
    if loss == _HUBER:
        return -setting if error < -setting else (setting if error > setting else error)
    if loss == _QUANTILE or loss == _QUANTILES:  # noqa: SIM109 - numba compiles a comparison faster
        return (ONE if output > target else ZERO) - setting
    return exp(output if output < _MAX_LOG or output != output else _MAX_LOG) - target


SCHEDULE_FREE, _ADAM = 0, 1

_TINY = np.finfo(np.float32).tiny


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
    share = weight / max(state.counts[1], _TINY)
    kept, back = ONE - share, (ONE - beta1) + beta1 * share
    root = np.sqrt(_sum_of_weights(beta2, steps))
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
    root = np.sqrt(_sum_of_weights(beta2, steps))
    rate, decay = rule.learning_rate * warmup, rule.weight_decay * warmup
    rate, floor = rate * root / _sum_of_weights(beta1, steps), epsilon * root
    for index in range(gradient.size):
        slope, theta = gradient[index], state.theta[index]
        square = state.squares[index] * beta2 + slope * slope
        state.squares[index] = square
        slope = state.first[index] * beta1 + slope
        state.first[index] = slope
        delta = slope / (np.sqrt(square) + floor) * (rate * rule.rates[index])
        state.theta[index] = theta - delta - theta * (decay * rule.decays[index])


@compiled
def _sum_of_weights(beta: Any, steps: Any) -> Any:
    """Return ``1 + beta + ... + beta**(steps - 1)``, as `madaline.nn.optimizers`."""
    beta = np.float64(beta)
    return np.float32(np.expm1(np.float64(steps) * np.log(beta)) / (beta - 1.0))
