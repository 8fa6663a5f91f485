"""Fixtures of the explanations' tests: models made by hand, whose attributions are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from madaline._models.runtime.frozen_networks import NetworkPart
from madaline.nn.layers import Linear, ScaledLinear, SiLU
from madaline.nn.network import Network

N_BINS = (0, 16, 64)


@pytest.fixture(scope="session")
def models(fittings: dict[str, Any]) -> dict[str, Any]:
    """A fitted model of each task."""
    return {task: fitting.model() for task, (fitting, _) in fittings.items()}


@pytest.fixture(scope="session")
def columns(make_columns: Callable[..., Any]) -> dict[str, dict[str, Any]]:
    """New rows for the model of each task."""
    return {
        task: make_columns(task, n_samples=30, seed=1)[0]
        for task in ("binary", "multiclass", "regression")
    }


@pytest.fixture(scope="session")
def with_parts() -> Callable[..., Any]:
    """Return a model with other networks."""

    def replaced(model: Any, parts: Any) -> Any:
        return replace(model, predictor=replace(model.predictor, parts=tuple(parts)))

    return replaced


@pytest.fixture(scope="session")
def wild(models: dict[str, Any], with_parts: Callable[..., Any]) -> dict[str, Any]:
    """Models whose networks have large weights drawn by chance, in all encodings at once."""

    def drawn(model: Any) -> Any:
        predictor, rng = model.predictor, np.random.default_rng(0)
        n_outputs = predictor.parts[0].network.layers[-1].out_features
        parts = []
        for n_bins in N_BINS:
            gates = tuple(int(column) for column in predictor.encoder.feature_columns(n_bins))
            layers = (ScaledLinear(gates, 12), SiLU(), Linear(12, 9), SiLU(), Linear(9, n_outputs))
            network = Network(layers)
            theta = network.initialize((2, 3), rng).theta
            theta += 0.3 * rng.standard_normal(theta.shape).astype(np.float32)
            parts.append(NetworkPart(n_bins, network, theta, np.array([0.2, 0.8]) / len(N_BINS)))
        return with_parts(model, parts)

    return {task: drawn(model) for task, model in models.items()}
