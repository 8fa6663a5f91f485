"""Images, sequences of fixed size and their patterns as nodes: all are scaled by channel."""

from __future__ import annotations

import numpy as np

from madaline._apps.export.graph import Graph
from madaline._tables.kinds.image import ImageEncoder
from madaline._tables.kinds.sequence import PatternEncoder, SequenceEncoder
from madaline._tables.media.kernels import KERNELS, TAPS
from madaline._tables.media.transforms import coarse_shares
from madaline.nn.arrays import Array


def image_features(
    graph: Graph,
    name: str,  # the input, float32 of shape (rows, height, width, channels)
    encoder: ImageEncoder,  # the encoder of the column
) -> str:
    """Return the features of images, float32 of shape (rows, n_features)."""
    centered = graph.add("Sub", name, np.asarray(encoder.mean, np.float32))
    values = graph.add("Div", centered, np.asarray(encoder.scale, np.float32))
    return graph.add("Reshape", values, np.array([0, encoder.n_features]))


def sequence_features(
    graph: Graph,
    # the input, float64 of shape (rows, length, channels + 1): numbers, NaN where there is none,
    # and last the share of them that are known
    name: str,
    encoder: SequenceEncoder,  # the encoder of the column
) -> str:
    """Return the features of sequences, float32 of shape (rows, n_features)."""
    return graph.add(
        "Reshape", scaled_steps(graph, name, encoder), np.array([0, encoder.n_features])
    )


def scaled_steps(graph: Graph, name: str, encoder: SequenceEncoder) -> str:
    """Return the scaled steps of sequences, float32 of shape (rows, length, channels + 1)."""
    mean, scale = (
        np.append(np.asarray(one, np.float32), last).astype(np.float64)
        for one, last in ((encoder.mean, 0), (encoder.scale, 1))
    )
    values = graph.add("Div", graph.add("Sub", name, mean), scale)
    known = graph.add("Where", graph.add("IsNaN", values), np.array(0.0), values)
    return graph.cast(known, np.float32)


ALL = np.arange(len(KERNELS))
NOTHING = np.array(0, np.float32)


def pattern_features(
    graph: Graph,
    name: str,  # the input, as for `sequence_features`
    encoder: PatternEncoder,  # the encoder of the column
) -> str:
    """Return the outline and the patterns of sequences, float32 of shape (rows, n_features)."""
    steps = scaled_steps(graph, name, encoder.steps)  # (rows, length, channels + 1)
    coarse = graph.add("MatMul", coarse_shares(*encoder.lengths), steps)
    outline = graph.add("Reshape", coarse, np.array([0, int(np.prod(encoder.outline_shape))]))
    shares = graph.add("Sub", _shares(graph, steps, encoder), encoder.mean)
    known = graph.add("Gather", steps, np.array(len(encoder.steps.mean)), axis=2)  # (rows, length)
    there = graph.add("Greater", graph.add("ReduceMax", known, np.array([1])), NOTHING)
    patterns = graph.add("Where", there, graph.add("Div", shares, encoder.scale), NOTHING)
    return graph.add("Concat", outline, patterns, axis=1)


def _shares(graph: Graph, steps: str, encoder: PatternEncoder) -> str:
    """Return the share of steps at which each pattern occurs, (rows, n_patterns)."""
    kernels = encoder.kernels
    bounds = (np.array([0]), np.array([len(encoder.steps.mean)]))
    numbers = graph.add("Slice", steps, *bounds, np.array([2]))
    channels = graph.add("Transpose", numbers, perm=[0, 2, 1])  # (rows, channels, length)
    shares = []
    for number, dilation in enumerate(kernels.dilations):
        weight = _weights(kernels.channels[number], kernels.lags[number])
        pads = [weight.shape[-1] // 2 * dilation] * 2
        sums = graph.add("Conv", channels, weight, dilations=[dilation], pads=pads)
        margin = TAPS // 2 * dilation
        inside = np.arange(margin, encoder.steps.length - margin)
        shares.append(_above(graph, sums, kernels.thresholds[:, number], number, inside))
    joined = graph.add("Concat", *shares, axis=2)  # (rows, 2, dilations * kernels, n_thresholds)
    return graph.add("Reshape", joined, np.array([0, kernels.n_patterns]))


def _weights(channels: Array, lags: Array) -> Array:
    """Return the weights of the kernels of a dilation, float32 of shape (kernels, channels, taps).

    A channel that is looked at later has its taps later.
    """
    taps = np.full((len(KERNELS), TAPS), -1.0)
    most = int(abs(lags).max())
    taps[ALL[:, None], np.array(KERNELS)] = 2
    taps /= 3
    weight = np.zeros((*channels.shape, TAPS + 2 * most), np.float32)
    for lag in range(-most, most + 1):
        at_lag = np.where(lags == lag, channels, 0)[..., None] * taps[:, None]
        weight[..., most + lag : most + lag + TAPS] += at_lag
    return weight


def _above(graph: Graph, sums: str, thresholds: Array, number: int, inside: Array) -> str:
    """Return how often sums and their changes are above thresholds.

    The shape is (rows, 2, kernels, n_thresholds). Every other kernel looks at the inside alone.
    """

    def wide(values: str, axis: int = 1) -> str:
        return graph.add("Unsqueeze", values, np.array([axis]))

    within = (number + ALL) % 2 == 1
    shares = []
    for chosen in (ALL[~within], ALL[within]):
        gathered = graph.add("Gather", sums, chosen, axis=1)
        if within[chosen[0]] and inside.size:
            gathered = graph.add("Gather", gathered, inside, axis=2)
        views = graph.add("Concat", *map(wide, (gathered, _changes(graph, gathered))), axis=1)
        above = graph.add("Greater", wide(views, 3), thresholds[:, chosen, :, None])
        above = graph.cast(above, np.float32)  # (rows, 2, kernels, n_thresholds, steps)
        shares.append(graph.add("ReduceMean", above, np.array([-1]), keepdims=0))
    order = np.argsort(np.concatenate([ALL[~within], ALL[within]]))
    return graph.add("Gather", graph.add("Concat", *shares, axis=2), order, axis=2)


def _changes(graph: Graph, sums: str) -> str:
    """Return by how much sums are above those of the step before, and 0 at the first."""
    last = np.array([-1])
    first, others = (
        graph.add("Slice", sums, *map(np.array, ends), last) for ends in ([[0], [1]], [[0], [-1]])
    )
    before = graph.add("Concat", first, others, axis=-1)
    return graph.add("Sub", sums, before)
