"""Whole epochs of training as one compiled loop: gather, forward, loss, backward, step.

It does for one network what `madaline.nn` does for many with NumPy, in the same order; the two
agree within 1e-5 a step. It covers the networks that race on tables: gates, hidden layers with one
activation, linear outputs. While it runs, Python's lock is free, so threads train networks side by
side. Only `madaline.nn._engine.numba_backend` calls it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from madaline.nn._engine.compiled_arithmetic import (
    ONE,
    ZERO,
    add_bias,
    compiled,
    exp,
    multiply,
    multiply_elements,
    multiply_transposed,
    sum_rows,
    transpose,
)
from madaline.nn._engine.compiled_steps import (
    SCHEDULE_FREE,
    adam_step,
    loss_gradient,
    schedule_free_step,
)
from madaline.nn.arrays import Array
from madaline.nn.layers._activations import LEAK as LEAK_OF_SILU

_SILU, _RELU, _LEAKY_SILU = 0, 1, 2

_LEAK = np.float32(LEAK_OF_SILU)


class TrainingRows(NamedTuple):
    """What a network learns from; `fold_values` (n_samples, n) overwrite some features."""

    features: CompiledRows  # (n_samples, n_features)
    fold_columns: Array  # (n,)
    fold_values: Array  # (n_samples, n)
    target: Array  # (n_samples, n_outputs)
    weight: Array  # (n_samples,), or (0,) for no weights


class Layers(NamedTuple):
    """The shape of a network; a network without gates has no `columns`."""

    sizes: Array  # (n_layers + 1,): features, units of each hidden layer, outputs
    weights: Array  # (n_layers,): where each layer's weight starts in theta
    biases: Array  # (n_layers,): where its bias starts
    columns: Array  # (n_features,): the gate of each feature
    activation: int


class Rule(NamedTuple):
    """How a network learns."""

    loss: int
    loss_settings: Array  # (n_outputs,): label smoothing, delta or level of each output
    optimizer: int
    betas: Array  # (3,): beta1, beta2, epsilon
    power: np.float32  # of the weights of the schedule-free average
    learning_rate: np.float32
    weight_decay: np.float32
    warmup_steps: np.float32
    rates: Array  # (n_parameters,): multiples of the learning rate
    decays: Array  # (n_parameters,): multiples of the weight decay
    lower: Array  # (n_parameters,): what no parameter may cross, or (0,) for no bounds
    upper: Array


class State(NamedTuple):
    """What changes: parameters and the optimizer's memory, one number for each parameter."""

    theta: Array
    first: Array  # z of ScheduleFreeAdamW, slopes of Adam
    squares: Array
    counts: Array  # (2,): steps so far, and the sum of the weights in the average


class _Room(NamedTuple):
    """Arrays of a step, flat; layers start at multiples of `size`."""

    x: Array  # (batch, n_features), or (batch, 0) where rows are without their zeros
    sparse: _SparseBatch  # those
    target: Array  # (batch, n_outputs)
    gated: Array  # (n_features, units of the first layer): its weight times the gates; as `x`
    values: Array  # outputs of the layers
    slopes: Array  # slopes of their activations
    back: Array  # gradients by the outputs of two neighboring layers
    part: Array  # a weight, transposed, or a part of its gradient
    gradient: Array  # (n_parameters,)
    size: int


@compiled
def train(
    rows: TrainingRows, layers: Layers, rule: Rule, state: State, order: Array, shown: Array
) -> None:
    """Take one step for each batch, (steps, batch) row indices, in place.

    `shown` says which columns each row of each batch shows, (steps, batch, columns), or is empty.
    """
    room = _make_room(layers, rows.features, order.shape[1], state.theta.size)
    last, n_outputs = layers.sizes.size - 2, layers.sizes[-1]
    output = _layer_view(room.values, room, last, n_outputs)
    slope = _layer_view(room.back, room, last % 2, n_outputs)  # where `backward` starts
    for step in range(order.shape[0]):
        _gather(rows, order[step], room)
        if shown.size:
            _hide(shown[step], layers.columns, room.x)
            _hide_sparse(shown[step], layers.columns, room.sparse)
        forward(layers, state.theta, room)
        loss_gradient(rule, rows.weight, order[step], output, room.target, slope)
        backward(layers, state.theta, room)
        if rule.optimizer == SCHEDULE_FREE:
            schedule_free_step(rule, state, room.gradient)
        else:
            adam_step(rule, state, room.gradient)


@compiled
def predict(layers: Layers, theta: Array, x: CompiledRows, out: Array, chunk: int) -> None:
    """Write the raw output of one network for encoded rows, some rows at a time."""
    last, n_outputs = layers.sizes.size - 2, layers.sizes[-1]
    n_rows = out.shape[0]
    for start in range(0, n_rows, chunk):
        stop = min(start + chunk, n_rows)
        room = _make_room(layers, x, stop - start, 0)
        if x.starts.size:
            _gather_sparse(x, np.arange(start, stop), room.sparse)
        else:
            room.x[:] = x.dense[start:stop]
        forward(layers, theta, room)
        out[start:stop] = _layer_view(room.values, room, last, n_outputs)


@compiled
def _make_room(layers: Layers, encoded: CompiledRows, batch: int, n_parameters: int) -> _Room:
    """Return the arrays of a step, uninitialized."""
    sizes = layers.sizes
    size = batch * sizes[1:].max()
    largest = 0
    for layer in range(sizes.size - 1):
        largest = max(largest, sizes[layer] * sizes[layer + 1])
    n_layers = sizes.size - 1
    n_dense = 0 if encoded.starts.size else sizes[0]
    return _Room(
        np.empty((batch, n_dense), np.float32),
        _make_sparse_batch(encoded, batch),
        np.empty((batch, sizes[-1]), np.float32),
        np.empty((n_dense, sizes[1]), np.float32),
        np.empty(n_layers * size, np.float32),
        np.empty(n_layers * size, np.float32),
        np.empty(2 * size, np.float32),
        np.empty(largest, np.float32),
        np.empty(n_parameters, np.float32),
        size,
    )


@compiled
def _layer_view(flat: Array, room: _Room, layer: int, units: int) -> Array:
    """Return the part of a flat array that belongs to a layer, shape (batch, units)."""
    batch, start = room.x.shape[0], layer * room.size
    return flat[start : start + batch * units].reshape(batch, units)


@compiled
def _weight_of(layers: Layers, theta: Array, layer: int) -> Array:
    """Return a layer's weight, or its gradient, a view of shape (in, out)."""
    start, n_in, n_out = layers.weights[layer], layers.sizes[layer], layers.sizes[layer + 1]
    return theta[start : start + n_in * n_out].reshape(n_in, n_out)


@compiled
def _bias_of(layers: Layers, theta: Array, layer: int) -> Array:
    """Return a layer's bias, or its gradient, a view of shape (out,)."""
    start = layers.biases[layer]
    return theta[start : start + layers.sizes[layer + 1]]


@compiled
def _gather(rows: TrainingRows, index: Array, room: _Room) -> None:
    """Copy a batch of rows."""
    if rows.features.starts.size:
        _gather_sparse(rows.features, index, room.sparse)
    for row in range(index.size):
        source = index[row]
        for feature in range(room.x.shape[1]):
            room.x[row, feature] = rows.features.dense[source, feature]
        for column in range(rows.fold_columns.size):
            room.x[row, rows.fold_columns[column]] = rows.fold_values[source, column]
        for unit in range(room.target.shape[1]):
            room.target[row, unit] = rows.target[source, unit]


@compiled
def _hide(shown: Array, columns: Array, x: Array) -> None:
    """Multiply the features of each column by 0, or by what makes up for the hidden ones."""
    for row in range(x.shape[0]):
        for feature in range(x.shape[1]):
            x[row, feature] *= shown[row, columns[feature]]


@compiled
def forward(layers: Layers, theta: Array, room: _Room) -> None:
    """Write the outputs of all layers, and the slopes of their activations."""
    n_layers = layers.sizes.size - 1
    h = room.x
    for layer in range(n_layers):
        weight, bias = _weight_of(layers, theta, layer), _bias_of(layers, theta, layer)
        y = _layer_view(room.values, room, layer, layers.sizes[layer + 1])
        if layer == 0 and room.sparse.starts.size:
            _multiply_sparse(room.sparse, theta, layers.columns, weight, y)
        else:
            if layer == 0 and layers.columns.size:
                _gate_weight(theta, layers.columns, weight, room.gated)
                weight = room.gated
            multiply(h, weight, y)
        if layer == n_layers - 1:
            add_bias(y, bias)
        elif layers.activation == _RELU:
            relu(y, bias, _layer_view(room.slopes, room, layer, layers.sizes[layer + 1]))
        else:
            leak = _LEAK if layers.activation == _LEAKY_SILU else ZERO
            silu(y, bias, _layer_view(room.slopes, room, layer, layers.sizes[layer + 1]), leak)
        h = y


@compiled
def _gate_weight(theta: Array, columns: Array, weight: Array, out: Array) -> None:
    """Multiply the gate of each feature's column into its weights; gates come first in theta."""
    for feature in range(columns.size):
        gate = theta[columns[feature]]
        for unit in range(weight.shape[1]):
            out[feature, unit] = weight[feature, unit] * gate


@compiled
def silu(y: Array, bias: Array, slopes: Array, leak: np.float32) -> None:
    """Turn sums into ``z (sigmoid(z) + leak)`` with ``z = sum + bias``, and write the slopes."""
    for row in range(y.shape[0]):
        for unit in range(y.shape[1]):
            z = y[row, unit] + bias[unit]
            sigmoid = ONE / (ONE + exp(-z))
            value = z * sigmoid
            y[row, unit] = value + leak * z
            slopes[row, unit] = sigmoid + value * (ONE - sigmoid) + leak


@compiled
def relu(y: Array, bias: Array, slopes: Array) -> None:
    """Turn sums into ``max(z, 0)`` with ``z = sum + bias``, and write the slopes."""
    for row in range(y.shape[0]):
        for unit in range(y.shape[1]):
            z = y[row, unit] + bias[unit]
            y[row, unit] = ZERO if z <= ZERO else z  # what is not a number stays so
            slopes[row, unit] = ZERO if z <= ZERO else ONE


@compiled
def backward(layers: Layers, theta: Array, room: _Room) -> None:
    """Write the gradient by all parameters, from the last layer to the first."""
    for layer in range(layers.sizes.size - 2, -1, -1):
        n_in, n_out = layers.sizes[layer], layers.sizes[layer + 1]
        gradient = _layer_view(room.back, room, layer % 2, n_out)
        h = _layer_view(room.values, room, layer - 1, n_in) if layer else room.x
        weight, by_weight = (
            _weight_of(layers, theta, layer),
            _weight_of(layers, room.gradient, layer),
        )
        sum_rows(gradient, _bias_of(layers, room.gradient, layer))
        if layer == 0 and room.sparse.starts.size:
            by_gate = room.gradient[: layers.weights[0]]
            _sparse_gradient(
                room.sparse, theta, layers.columns, weight, gradient, by_gate, by_weight
            )
            continue
        part = room.part[: by_weight.size].reshape(by_weight.shape)
        multiply_transposed(h, gradient, by_weight, part)
        if layer:
            by_input = _layer_view(room.back, room, (layer - 1) % 2, n_in)
            transposed = room.part[: weight.size].reshape(n_out, n_in)
            transpose(weight, transposed)  # quicker than a product with weight.T
            multiply(gradient, transposed, by_input)
            multiply_elements(by_input, _layer_view(room.slopes, room, layer - 1, n_in))
        elif layers.columns.size:
            _gate_gradient(layers, theta, weight, by_weight, room.gradient)


@compiled
def _gate_gradient(
    layers: Layers, theta: Array, weight: Array, by_weight: Array, gradient: Array
) -> None:
    """Turn the gradient by the gated weight into those by the weight and by the gates."""
    gradient[: layers.weights[0]] = ZERO
    for feature in range(layers.columns.size):
        column = layers.columns[feature]
        gate, slope = theta[column], ZERO
        for unit in range(weight.shape[1]):
            slope += weight[feature, unit] * by_weight[feature, unit]
            by_weight[feature, unit] *= gate
        gradient[column] += slope


class CompiledRows(NamedTuple):
    """CompiledRows rows, with their zeros or without; what is not used is empty."""

    dense: Array  # (n_samples, n_features), or (0, 0)
    starts: Array  # (n_samples + 1,), or (0,)
    indices: Array  # (n_numbers,)
    values: Array  # (n_numbers,)


class _SparseBatch(NamedTuple):
    """Room for the rows of a batch without their zeros."""

    starts: Array  # (batch + 1,), or (0,) where rows have their zeros
    indices: Array
    values: Array


@compiled
def _make_sparse_batch(encoded: CompiledRows, batch: int) -> _SparseBatch:
    """Return room for any rows, as many as a batch has."""
    longest = 0
    for row in range(encoded.starts.size - 1):
        longest = max(longest, encoded.starts[row + 1] - encoded.starts[row])
    return _SparseBatch(
        np.zeros(batch + 1 if encoded.starts.size else 0, np.int64),
        np.empty(batch * longest, np.int32),
        np.empty(batch * longest, np.float32),
    )


@compiled
def _gather_sparse(encoded: CompiledRows, index: Array, batch: _SparseBatch) -> None:
    """Copy the rows of a batch."""
    at = 0
    for row in range(index.size):
        for number in range(encoded.starts[index[row]], encoded.starts[index[row] + 1]):
            batch.indices[at] = encoded.indices[number]
            batch.values[at] = encoded.values[number]
            at += 1
        batch.starts[row + 1] = at


@compiled
def _hide_sparse(shown: Array, columns: Array, batch: _SparseBatch) -> None:
    """Multiply the features of each column by 0, or by what makes up for the hidden ones."""
    for row in range(batch.starts.size - 1):
        for number in range(batch.starts[row], batch.starts[row + 1]):
            batch.values[number] *= shown[row, columns[batch.indices[number]]]


@compiled
def _multiply_sparse(
    batch: _SparseBatch, theta: Array, columns: Array, weight: Array, out: Array
) -> None:
    """Write the sums of the first layer's units, without biases; gates come first in theta."""
    for row in range(out.shape[0]):
        sums = out[row]
        sums[:] = ZERO
        for number in range(batch.starts[row], batch.starts[row + 1]):
            feature = batch.indices[number]
            gate = theta[columns[feature]] if columns.size else ONE
            value, weights = batch.values[number] * gate, weight[feature]
            for unit in range(sums.size):
                sums[unit] += value * weights[unit]


@compiled
def _sparse_gradient(
    batch: _SparseBatch,
    theta: Array,
    columns: Array,
    weight: Array,
    gradient: Array,
    by_gate: Array,
    by_weight: Array,
) -> None:
    """Write the gradients by the gates and by the weight, given that by the sums."""
    by_gate[:] = ZERO
    by_weight[:] = ZERO
    for row in range(gradient.shape[0]):
        of_row = gradient[row]
        for number in range(batch.starts[row], batch.starts[row + 1]):
            feature, value = batch.indices[number], batch.values[number]
            weights, by_own, gate, slope = weight[feature], by_weight[feature], ONE, ZERO
            if columns.size:
                gate = theta[columns[feature]]
                for unit in range(of_row.size):
                    slope += weights[unit] * of_row[unit]
                by_gate[columns[feature]] += value * slope
            for unit in range(of_row.size):
                by_own[unit] += value * gate * of_row[unit]
