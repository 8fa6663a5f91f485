"""What each step of a sequence adds: the attributions of patterns, spread over steps."""

from __future__ import annotations

import numpy as np

from madaline._data.encoders.pattern_encoder import PatternEncoder
from madaline._data.media.resampling import coarse_shares
from madaline.nn.arrays import Array


def pattern_map(encoder: PatternEncoder, column: Array, by_feature: Array) -> Array:
    """Return the attribution of each step and channel of some sequences.

    What a step of the outline adds goes in equal parts to the steps that it is the mean of. What a
    pattern adds goes in equal parts to the steps where it occurs, if it occurs more often than in
    training on average, and to the others if it is rarer. So the map adds up to the attributions.

    Parameters
    ----------
    encoder : PatternEncoder
        The encoder of the column.
    column : ndarray of shape (n_samples,)
        The sequences, as the encoder read them.
    by_feature : ndarray of shape (n_samples, n_features)
        The attribution of each feature.

    Returns
    -------
    float64 ndarray of shape (n_samples, length, n_channels + 1)
        The last channel is whether there is a step.
    """
    n_coarse, channels = encoder.outline_shape
    n_outline = n_coarse * channels
    outline = by_feature[:, :n_outline].reshape(len(column), n_coarse, channels)
    shares = coarse_shares(*encoder.lengths).astype(np.float64)  # (n_coarse, length)
    found = np.moveaxis(outline, 1, 2) @ shares  # (n_samples, channels + 1, length)
    found = np.moveaxis(found, 1, 2)
    _add_patterns(encoder, column, by_feature[:, n_outline:], found[..., :-1])
    return found


def _add_patterns(encoder: PatternEncoder, column: Array, adds: Array, found: Array) -> None:
    """Add to each step and channel what patterns add there."""
    kernels, steps = encoder.kernels, encoder.scaled(column)[..., :-1]
    adds = adds.reshape(len(column), *kernels.thresholds.shape)
    mean = encoder.mean.reshape(kernels.thresholds.shape)
    for dilation, kernel, views in kernels.views(steps):
        looked_at = kernels.channels[dilation, kernel] != 0
        n_inside = views.shape[-1]
        margin = (steps.shape[1] - n_inside) // 2
        at_steps = np.zeros(views.shape[1:])
        for view, number in np.ndindex(len(views), kernels.thresholds.shape[-1]):
            own = (view, dilation, kernel, number)
            occurs = views[view] > kernels.thresholds[own]
            often = occurs.mean(axis=1) >= mean[own]
            there = np.where(often[:, None], occurs, ~occurs)
            each = adds[(slice(None), *own)] / np.maximum(1, there.sum(axis=1))
            at_steps += each[:, None] * there
        inside = slice(margin, margin + n_inside)
        found[:, inside, looked_at] += (at_steps / looked_at.sum())[..., None]
