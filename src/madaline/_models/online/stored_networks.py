"""Stored networks answer together: their hidden layers are one, so a row takes one product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np

from madaline._models.online.tasks import StreamTask
from madaline.nn.arrays import Array
from madaline.nn.population import Layout

N_VOTERS = 4  # networks of a regime that predict: those that had the largest weights


@final
class StoredNetworks:
    """The voters of each stored regime, side by side."""

    def __init__(
        self, layout: Layout, seen: Array, thetas: Sequence[Array], weights: Sequence[Array]
    ) -> None:
        voters = [np.argsort(-each, kind="stable")[:N_VOTERS] for each in weights]
        shares = np.array([each[some] for each, some in zip(weights, voters, strict=True)])
        self._shares = shares / shares.sum(axis=1, keepdims=True)  # (regimes, voters)
        views = layout.views(np.concatenate([t[v] for t, v in zip(thetas, voters, strict=True)]))
        first = views["0.weight"] * seen[np.concatenate(voters)].transpose(0, 2, 1)
        self._n_inputs = first.shape[1]
        self._first = np.ascontiguousarray(first.transpose(1, 0, 2).reshape(self._n_inputs, -1))
        self._first_bias = views["0.bias"].ravel()
        self._second = views["2.weight"].copy()  # (networks, units, n_outputs)
        self._second_bias = views["2.bias"][:, None].copy()  # (networks, 1, n_outputs)

    def predict(self, x: Array, task: StreamTask) -> Array:
        """Return what each regime predicts, (regimes, n_samples, n_outputs)."""
        hidden = x @ self._first
        hidden += self._first_bias
        hidden /= 1 + np.exp(-np.maximum(hidden, -80))  # SiLU
        networks, units, n_outputs = self._second.shape
        split = hidden.reshape(len(x), networks, units).transpose(1, 0, 2)
        predictions = task.predictions(np.matmul(split, self._second) + self._second_bias)
        each = predictions.reshape(*self._shares.shape, len(x), n_outputs)
        return np.asarray((each * self._shares[:, :, None, None]).sum(axis=1))
