"""Fixed kernels find patterns in sequences: features are the shares of steps where each occurs.

A kernel looks at nine steps, `dilation` steps apart: three of them count twice, the others minus
one. There are 84 of them, one for each choice of three. A pattern occurs at a step if the
weighted sum there is above a threshold, or rises by more than one from the step before. Thresholds
are quantiles of the sums, and of their changes, in training. Nothing of this is learned, so it
takes little time, and linear networks learn from the shares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, final

import numpy as np

from madaline.nn.arrays import Array

TAPS = 9  # steps that a kernel looks at
KERNELS = tuple(combinations(range(TAPS), 3))  # the three steps of each kernel that count twice
VIEWS = 2  # what thresholds are of: the sums of a kernel, and their changes from step to step

MAX_PATTERNS = 5376
"""The largest number of features, about: 84 kernels at 16 dilations with 4 thresholds each, half of
them for changes."""

MAX_DILATIONS = 16  # the largest number of dilations
_MAX_CHANNELS = 9  # a kernel looks at this many channels, at most
MAX_LAG = 1  # by how many dilations a channel is looked at later or earlier, at most

_STEPS_COUNTED, _MIN_COUNTED, _MAX_COUNTED = 2**14, 8, 64
"""Steps of training sequences that thresholds come from, about, and how many sequences. Those of a
kernel come from one of them: together, they tell apart what only differs among small sums, too."""

_BLOCK = 2**16  # numbers of padded sequences looked at together, about: they stay in the cache

_GOLDEN = (np.sqrt(5) - 1) / 2
"""Multiples of it, without their whole parts, lie evenly between 0 and 1 however many they are."""


@final
@dataclass(frozen=True, eq=False)
class Kernels:
    """Kernels with their thresholds, fitted to training sequences.

    Dempster, Schmidt and Webb (2021), "MiniRocket: a very fast (almost) deterministic transform for
    time series classification", arXiv:2012.08791; here with as many thresholds at each dilation.
    Tan, Dempster, Bergmeir and Webb (2022), "MultiRocket", arXiv:2102.00457, looks at changes, too:
    those of the sequences, which are those of the sums but for the ends.
    """

    dilations: tuple[int, ...]  # steps between the steps that a kernel looks at
    # (n_dilations, 84, n_channels), which channels each kernel adds up (1), subtracts (-1) or
    # leaves out (0).
    channels: Array
    # (n_dilations, 84, n_channels), by how many dilations each channel is looked at later.
    lags: Array
    # (2, n_dilations, 84, n_thresholds), those of each kernel's sums, and then those of their
    # changes.
    thresholds: Array

    @classmethod
    def fit(cls, steps: Array, *, most: int = MAX_PATTERNS) -> Kernels:
        """Return about `most` patterns at most, 168 or more, for sequences without gaps."""
        _, length, n_channels = steps.shape
        each = most // (VIEWS * len(KERNELS))
        dilations = _dilations(length, max(1, min(MAX_DILATIONS, each)))
        n_thresholds = max(1, each // len(dilations))
        channels, lags = _channels(len(dilations), n_channels)
        shape = (VIEWS, len(dilations), len(KERNELS), n_thresholds)
        levels = (_GOLDEN * np.arange(1, np.prod(shape) + 1) % 1).reshape(shape)
        kernels = cls(dilations, channels, lags, np.zeros(shape, np.float32))
        n_counted = min(_MAX_COUNTED, max(_MIN_COUNTED, _STEPS_COUNTED // length))
        chosen = steps[:: -(-len(steps) // n_counted)]
        for number, (dilation, kernel, views) in enumerate(kernels.views(chosen)):
            sequence = int(_GOLDEN * number % 1 * len(chosen))
            for view, sums in enumerate(np.sort(views[:, sequence], axis=1)):
                quantiles = _quantiles(sums, levels[view, dilation, kernel])
                kernels.thresholds[view, dilation, kernel] = quantiles
        return kernels

    @property
    def n_patterns(self) -> int:
        """Number of features."""
        return int(self.thresholds.size)

    @property
    def n_changes(self) -> int:
        """How many of them, the last ones, are of changes."""
        return int(self.thresholds[1:].size)

    def shares(self, steps: Array) -> Array:
        """Return the share of steps at which each pattern occurs, (n_samples, n_patterns).

        Sequences have the length of those of training.
        """
        shares = np.empty((len(steps), *self.thresholds.shape), np.float32)
        longest = steps.shape[1] + (TAPS - 1) * self.dilations[-1]
        at_once = max(1, _BLOCK // (longest * steps.shape[2]))
        for start in range(0, len(steps), at_once):
            rows = slice(start, start + at_once)
            for dilation, kernel, views in self.views(steps[rows]):
                thresholds = self.thresholds[:, dilation, kernel, :, None, None]
                above = (views[:, None] > thresholds).astype(np.float32)  # (2, n_thresholds, ...)
                n_above = above @ np.ones(above.shape[-1], np.float32)  # quicker than to count
                shares[rows, :, dilation, kernel] = (n_above / above.shape[-1]).transpose(2, 0, 1)
        return shares.reshape(len(steps), -1)

    def views(self, steps: Array) -> Iterator[tuple[int, int, Array]]:
        """Yield what thresholds are of: the sums of each kernel, and their changes; 0 at the first.

        With the index of the dilation and of the kernel comes (2, n_samples, length or less).

        Sums are a third of the weighted ones. Every other kernel only looks where all of its nine
        steps are within the sequence.
        """
        length = steps.shape[1]
        for number, dilation in enumerate(self.dilations):
            margin = TAPS // 2 * dilation
            mixed, view = self._mixed(steps, number, margin)
            in_time = np.ascontiguousarray(mixed.transpose(2, 0, 1))
            taps = [in_time[..., tap * dilation : tap * dilation + length] for tap in range(TAPS)]
            third = sum(taps[1:], start=taps[0]) / np.float32(3)  # (n_sums, n_samples, length)
            pair_of, pair = (-1, -1, -1), third[0]
            for kernel, (first, second, last) in enumerate(KERNELS):
                mixed_sum = view[kernel]
                if pair_of != (first, second, mixed_sum):  # the next kernels may have the same one
                    pair_of = first, second, mixed_sum
                    pair = taps[first][mixed_sum] + taps[second][mixed_sum] - third[mixed_sum]
                inside = (number + kernel) % 2 == 1 and length > 2 * margin
                at = slice(margin, length - margin) if inside else slice(None)
                yield number, kernel, _with_changes(pair[:, at], taps[last][mixed_sum][:, at])

    def _mixed(self, steps: Array, number: int, margin: int) -> tuple[Array, Array]:
        """Return the sums of channels that a dilation looks at, and which sum each kernel.

        The sums, (n_samples, length + 2 * margin, n_sums), are 0 beyond the ends of the sequences.
        """
        dilation, n_channels = self.dilations[number], steps.shape[2]
        both = np.concatenate([self.channels[number], self.lags[number]], axis=1)
        looked_at, view = np.unique(both, axis=0, return_inverse=True)
        signs, lags = looked_at[:, :n_channels], looked_at[:, n_channels:]
        most = int(abs(lags).max())
        reach, width = margin + most * dilation, steps.shape[1] + 2 * margin
        padded = np.pad(steps, ((0, 0), (reach, reach), (0, 0)))
        mixed = np.zeros((len(steps), width, len(looked_at)), np.float32)
        for lag in np.unique(lags).tolist():
            start = (most + lag) * dilation
            signs_of_lag = np.where(lags == lag, signs, 0).T.astype(np.float32)
            mixed += padded[:, start : start + width] @ signs_of_lag
        return mixed, view

    def to_arrays(self) -> dict[str, Array]:
        """Return the arrays that a file keeps."""
        return {"channels": self.channels, "lags": self.lags, "thresholds": self.thresholds}

    @classmethod
    def from_state(cls, dilations: Any, arrays: Mapping[str, Array]) -> Kernels:
        """Return the kernels that a file kept."""
        return cls(tuple(dilations), arrays["channels"], arrays["lags"], arrays["thresholds"])


def _with_changes(some: Array, others: Array) -> Array:
    """Return the sums of both, and by how much each is above the one before; 0 at the first."""
    both = np.empty((VIEWS, *some.shape), np.float32)
    np.add(some, others, out=both[0])
    both[1, :, :1] = 0
    np.subtract(both[0, :, 1:], both[0, :, :-1], out=both[1, :, 1:])
    return both


def _quantiles(values: Array, levels: Array) -> Array:
    """Return quantiles of sorted values, interpolated."""
    places = np.arange(len(values))
    return np.asarray(np.interp(levels * (len(values) - 1), places, values))


def _dilations(length: int, most: int) -> tuple[int, ...]:
    """Return dilations with which nine steps fit into a sequence, evenly spaced in powers.

    Where they repeat, a kernel has other thresholds.
    """
    largest = max(1.0, (length - 1) / (TAPS - 1))
    return tuple(np.geomspace(1, largest, most).astype(int).tolist())


def _channels(n_dilations: int, n_channels: int) -> tuple[Array, Array]:
    """Return the channels that each kernel looks at, few more often than many, and their lags.

    Half of them are subtracted, so that patterns tell whether channels move together or apart.
    """
    rng = np.random.default_rng(0)
    chosen, lags = np.zeros((2, n_dilations, len(KERNELS), n_channels), np.int64)
    most = min(n_channels, _MAX_CHANNELS)
    for index in np.ndindex(*chosen.shape[:2]):
        n_looked_at = int(2 ** rng.uniform(0, np.log2(most + 1)))
        signs = rng.choice([-1, 1], n_looked_at)
        looked_at = rng.permutation(n_channels)[:n_looked_at]
        chosen[index][looked_at] = signs * signs[0]
        lags[index][looked_at[1:]] = rng.integers(-MAX_LAG, MAX_LAG + 1, n_looked_at - 1)
    return chosen, lags
