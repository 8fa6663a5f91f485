"""Prediction: from a table to what the networks say, with NumPy alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline.core.arrays import Array
from madaline.core.losses import Loss, loss_from_config
from madaline.core.network import Network
from madaline.core.workspace import Workspace
from madaline.data.encoder import Encoded, TableEncoder
from madaline.data.table import Table
from madaline.data.target import ClassCodec, TargetCodec, codec_from_state
from madaline.data.tensor_file import read_tensor_file

CHUNK = 64
"""Rows that go through the networks at a time, always as many.

A matrix product may round differently for another number of rows. With chunks of one size, the last
one padded, what is predicted for a row never depends on the rows beside it.
"""

LARGEST_PRODUCT = 2**18
"""Multiply-adds of a matrix product up to which OpenBLAS, NumPy's matrix library on most machines,
stays on one thread: so a prediction has the same bits on any number of threads."""


@dataclass(frozen=True, eq=False)
class Part:
    """Networks with the same layers, and how much each counts.

    Parameters
    ----------
    n_bins : int
        Which encoding they see.
    network : Network
        Their layers.
    theta : ndarray of shape (recipes, folds, parameters)
        Their parameters.
    weights : ndarray of shape (recipes,)
        Share of each recipe in the prediction; over all parts the shares add up to one.

    Examples
    --------
    >>> from madaline.core.layers import Linear
    >>> theta = np.array([[[1.0, 0.0], [3.0, 0.0]]])  # one recipe, two folds: x and 3 x
    >>> Part(0, Network((Linear(1, 1),)), theta, np.ones(1)).output(np.array([[1.0], [5.0]]))
    array([[ 2.],
           [10.]])
    """

    n_bins: int
    network: Network
    theta: Array
    weights: Array

    def output(self, features: Array) -> Array:
        """Return this part's share of the raw output, shape (n_samples, n_outputs), in float64."""
        parameters = self.network.bind(self.theta)
        share = np.repeat(self.weights / self.theta.shape[1], self.theta.shape[1])
        workspace, chunks = Workspace(largest_product=LARGEST_PRODUCT), []
        for start in range(0, len(features), CHUNK):
            workspace.rewind()
            x = _padded(features[start : start + CHUNK])
            output, _ = self.network.forward(parameters, x, workspace=workspace)
            members = output.reshape(-1, *output.shape[-2:])  # (members, CHUNK, n_outputs)
            chunks.append(np.einsum("m,mco->co", share, members))
        return np.concatenate(chunks)[: len(features)] if chunks else _no_rows(self.network)


@dataclass(frozen=True, eq=False)
class Predictor:
    """An encoder, networks and a target codec: all that prediction needs.

    Parameters
    ----------
    encoder : TableEncoder
        Makes numbers of a table.
    parts : tuple of Part
        The networks.
    loss : Loss
        Owns the inverse link.
    codec : TargetCodec
        Makes labels, or numbers in the target's own unit, of predictions.
    """

    encoder: TableEncoder
    parts: tuple[Part, ...]
    loss: Loss
    codec: TargetCodec

    def __repr__(self) -> str:
        """Say in a line what it is made of."""
        networks = sum(part.theta.shape[0] * part.theta.shape[1] for part in self.parts)
        return f"<Predictor: {networks} networks on {len(self.encoder.columns)} columns>"

    def encode(self, table: Table | Mapping[str, Any]) -> Encoded:
        """Return the encoded table; it also counts categories never seen in training."""
        return self.encoder.encode(table if isinstance(table, Table) else Table.from_columns(table))

    def output(self, table: Table | Mapping[str, Any] | Encoded) -> Array:
        """Return the raw output, shape (n_samples, n_outputs), in float64."""
        encoded = table if isinstance(table, Encoded) else self.encode(table)
        shares = [part.output(encoded.features(part.n_bins)) for part in self.parts]
        return np.asarray(np.sum(shares, axis=0))

    def predict(self, table: Table | Mapping[str, Any] | Encoded) -> Array:
        """Return the predicted labels, or numbers.

        Parameters
        ----------
        table : Table, mapping of str to array, or Encoded
            The rows; needed columns must be there, others are ignored.

        Returns
        -------
        ndarray of shape (n_samples,)
            The most probable class, or the expected value.
        """
        return self.decode(self.output(table))

    def predict_proba(self, table: Table | Mapping[str, Any] | Encoded) -> Array:
        """Return the probability of each class, shape (n_samples, n_classes), in float64."""
        return self.probabilities(self.output(table))

    def decode(self, output: Array) -> Array:
        """Return labels or numbers for a raw output, shape (n_samples,)."""
        if isinstance(self.codec, ClassCodec):
            return self.codec.decode(self.probabilities(output))
        return self.codec.decode(self.loss.prediction(output))

    def probabilities(self, output: Array) -> Array:
        """Return the class probabilities of a raw output, shape (n_samples, n_classes)."""
        prediction = self.loss.prediction(output)
        if prediction.shape[1] > 1:
            return prediction
        return np.concatenate([1 - prediction, prediction], axis=1)

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able description and the arrays that go with it."""
        encoder, arrays = self.encoder.to_state()
        arrays = {f"encoder.{name}": array for name, array in arrays.items()}
        for number, part in enumerate(self.parts):
            arrays[f"part{number}.theta"] = part.theta
            arrays[f"part{number}.weights"] = part.weights
        parts = [{"n_bins": part.n_bins, "network": part.network.config()} for part in self.parts]
        return {
            "encoder": encoder,
            "parts": parts,
            "loss": self.loss.config(),
            "codec": self.codec.to_state(),
        }, arrays

    @classmethod
    def from_state(cls, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> Predictor:
        """Return the predictor that `to_state` described."""
        own = {
            name.removeprefix("encoder."): array
            for name, array in arrays.items()
            if name.startswith("encoder.")
        }
        parts = tuple(
            Part(
                part["n_bins"],
                Network.from_config(part["network"]),
                arrays[f"part{number}.theta"],
                arrays[f"part{number}.weights"],
            )
            for number, part in enumerate(state["parts"])
        )
        return cls(
            TableEncoder.from_state(state["encoder"], own),
            parts,
            loss_from_config(state["loss"]),
            codec_from_state(state["codec"]),
        )


def load(path: str | os.PathLike[str]) -> Predictor:
    """Load the predicting part of a model file.

    Parameters
    ----------
    path : path
        A file that ``madaline fit`` or ``save`` wrote.

    Returns
    -------
    Predictor
        It predicts the same bits as the model that was saved.

    Raises
    ------
    ModelFileError
        If there is no such file, it is not a model, it is damaged, or from a newer version.

    Examples
    --------
    >>> load("nowhere.madaline")
    Traceback (most recent call last):
    madaline.errors.ModelFileError: There is no file nowhere.madaline: check the name.
    """
    description, arrays = read_tensor_file(path)
    return Predictor.from_state(description["predictor"], arrays)


def _padded(x: Array) -> Array:
    if len(x) == CHUNK:
        return x
    padded = np.zeros((CHUNK, x.shape[1]), x.dtype)
    padded[: len(x)] = x
    return padded


def _no_rows(network: Network) -> Array:
    return np.empty((0, network.layout.slots[-1].shape[0]))
