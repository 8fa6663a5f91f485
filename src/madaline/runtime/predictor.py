"""Prediction: from a table to what the networks say, with NumPy alone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
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
from madaline.errors import InputError
from madaline.runtime.intervals import Intervals
from madaline.runtime.sets import Sets
from madaline.runtime.stages import Stage, stages

CHUNK = 8
"""Rows of a matrix product, always as many.

A matrix product may round differently for another number of rows, and on some processors for the
last rows of many. With chunks of one small size, the last one padded, what is predicted for a row
never depends on the rows beside it.
"""

STACK = 32
"""Chunks that go through the networks at a time, at most; NumPy multiplies each by itself."""

STACKED_NUMBERS = 2**22
"""Numbers that come out of a layer of all networks at a time, about: 16 MiB in float32."""

BLOCK = 2**12
"""Rows whose features are made at a time, so that those of a million rows need no memory."""

LARGEST_PRODUCT = 2**15
"""Multiply-adds of a matrix product. Up to 2**18, OpenBLAS, the matrix library of NumPy on most
machines, stays on one thread: so a prediction has the same bits on any number of threads."""


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
        stacks = [
            np.einsum("m,mso->so", self._share, output.reshape(-1, *output.shape[-2:]))
            for output in self._stacks(features)
        ]
        return np.concatenate(stacks)[: len(features)]

    def fold_outputs(self, features: Array) -> Array:
        """Return this part's share of the raw output of the networks of each fold alone.

        Returns
        -------
        ndarray of shape (n_folds, n_samples, n_outputs)
            In float64; the mean over the folds is `output`.
        """
        stacks = [
            np.einsum("r,rfso->fso", self.weights, output) for output in self._stacks(features)
        ]
        return np.concatenate(stacks, axis=1)[:, : len(features)]

    def _stacks(self, features: Array) -> Iterator[Array]:
        """Yield what every network says, shape (recipes, folds, rows, n_outputs), stack by stack.

        The last chunk is padded; of no rows there is one, all padding. What is yielded is written
        over by the next.
        """
        workspace = Workspace(largest_product=LARGEST_PRODUCT)
        size = CHUNK * self._n_chunks(features.shape[1])
        for start in range(0, max(1, len(features)), size):
            workspace.rewind()
            output = _in_chunks(features[start : start + size])
            for stage in self._stages:
                output = stage(output, workspace)
            yield output.reshape(*output.shape[:2], -1, output.shape[-1])

    def _n_chunks(self, n_features: int) -> int:
        """Return how many chunks to take at a time: of images fewer than of a table's rows."""
        if n_features not in self._chunks:
            numbers = CHUNK * len(self._share) * self.network.width(n_features)
            self._chunks[n_features] = max(1, min(STACK, STACKED_NUMBERS // numbers))
        return self._chunks[n_features]

    @cached_property
    def _chunks(self) -> dict[int, int]:
        """What `_n_chunks` has returned, worked out once."""
        return {}

    @cached_property
    def _share(self) -> Array:
        """How much each network counts, shape (recipes * folds,)."""
        folds = self.theta.shape[1]
        return np.repeat(self.weights / folds, folds)

    @cached_property
    def _stages(self) -> list[Stage]:
        """What the networks do, with all that depends on no row done once."""
        return stages(self.network, self.theta, CHUNK)

    def __getstate__(self) -> dict[str, Any]:
        """Return what a pickle or a copy holds: the fields alone."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


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
    conformal : Intervals or Sets
        How far off unseen rows were, for prediction intervals of numbers or sets of classes.
    temperature : float
        What raw outputs are divided by, so that probabilities are neither too sure nor too unsure.
    """

    encoder: TableEncoder
    parts: tuple[Part, ...]
    loss: Loss
    codec: TargetCodec
    conformal: Intervals | Sets
    temperature: float

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
        blocks = [
            np.sum([part.output(block.features(part.n_bins)) for part in self.parts], axis=0)
            for block in encoded.blocks(BLOCK)
        ]
        return np.concatenate(blocks) / self.temperature

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

    def predict_interval(
        self, table: Table | Mapping[str, Any] | Encoded, coverage: float = 0.9
    ) -> Array:
        """Return intervals that hold the truth of a share of new rows.

        Parameters
        ----------
        table : Table, mapping of str to array, or Encoded
            The rows.
        coverage : float, default=0.9
            That share, between 0 and 1.

        Returns
        -------
        ndarray of shape (n_samples, 2)
            Lower and upper bounds in the target's unit and range, float64.

        Raises
        ------
        InputError
            If classes are predicted, or the coverage cannot be promised.
        """
        if not isinstance(self.conformal, Intervals):
            raise InputError("This model predicts classes, not numbers: ask for predict_set.")
        of_folds = self.loss.prediction(self.fold_outputs(table))
        bounds = self.conformal.predict(of_folds[..., 0], coverage)
        return np.stack([self.codec.decode(bound) for bound in bounds.T], axis=1)

    def predict_set(
        self, table: Table | Mapping[str, Any] | Encoded, coverage: float = 0.9
    ) -> Array:
        """Return sets of classes that hold the true class of a share of new rows, or of more.

        The predicted class is always in the set; so where the networks are right more often than
        asked for, all sets have one class and the coverage is theirs.

        Parameters
        ----------
        table : Table, mapping of str to array, or Encoded
            The rows.
        coverage : float, default=0.9
            That share, between 0 and 1.

        Returns
        -------
        Boolean ndarray of shape (n_samples, n_classes)
            Whether each class is in the set of each row.

        Raises
        ------
        InputError
            If numbers are predicted, or the coverage is no share.
        """
        if not isinstance(self.conformal, Sets):
            raise InputError("This model predicts numbers, not classes: ask for predict_interval.")
        encoded = table if isinstance(table, Encoded) else self.encode(table)
        outputs = self.fold_outputs(encoded)
        of_folds = np.stack([self.probabilities(output) for output in outputs])
        predicted = self.probabilities(self.output(encoded)).argmax(axis=1)
        return self.conformal.predict(of_folds, coverage, predicted)

    def fold_outputs(self, table: Table | Mapping[str, Any] | Encoded) -> Array:
        """Return the raw output of each fold's networks, shape (n_folds, n_samples, n_outputs)."""
        encoded = table if isinstance(table, Encoded) else self.encode(table)
        blocks = [
            np.sum([part.fold_outputs(block.features(part.n_bins)) for part in self.parts], axis=0)
            for block in encoded.blocks(BLOCK)
        ]
        return np.concatenate(blocks, axis=1) / self.temperature

    def decode(self, output: Array) -> Array:
        """Return labels or numbers for a raw output, shape (n_samples,)."""
        if isinstance(self.codec, ClassCodec):
            return self.codec.decode(self.probabilities(output))
        return self.codec.decode(self.loss.prediction(output))

    def probabilities(self, output: Array) -> Array:
        """Return the class probabilities of a raw output, shape (n_samples, n_classes)."""
        return class_probabilities(self.loss, output)

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able description and the arrays that go with it."""
        encoder, arrays = self.encoder.to_state()
        conformal, known = self.conformal.to_state()
        arrays = {f"encoder.{name}": array for name, array in arrays.items()}
        arrays |= {f"conformal.{name}": array for name, array in known.items()}
        for number, part in enumerate(self.parts):
            arrays[f"part{number}.theta"] = part.theta
            arrays[f"part{number}.weights"] = part.weights
        parts = [{"n_bins": part.n_bins, "network": part.network.config()} for part in self.parts]
        return {
            "encoder": encoder,
            "parts": parts,
            "loss": self.loss.config(),
            "codec": self.codec.to_state(),
            "conformal": conformal,
            "temperature": self.temperature,
        }, arrays

    @classmethod
    def from_state(cls, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> Predictor:
        """Return the predictor that `to_state` described."""
        codec = codec_from_state(state["codec"])
        known = _named(arrays, "conformal.")
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
            TableEncoder.from_state(state["encoder"], _named(arrays, "encoder.")),
            parts,
            loss_from_config(state["loss"]),
            codec,
            Sets.from_state(known)
            if isinstance(codec, ClassCodec)
            else Intervals.from_state(state["conformal"], known),
            state["temperature"],
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


def class_probabilities(loss: Loss, output: Array) -> Array:
    """Return the class probabilities of a raw output, shape (n_samples, n_classes).

    Parameters
    ----------
    loss : Loss
        A cross-entropy.
    output : ndarray of shape (n_samples, n_outputs)
        One column for two classes, otherwise one for each class.
    """
    prediction = loss.prediction(output)
    if prediction.shape[1] > 1:
        return prediction
    return np.concatenate([1 - prediction, prediction], axis=1)


def _in_chunks(x: Array) -> Array:
    """Return rows in chunks, the last one padded, shape (n_chunks, CHUNK, n_features)."""
    n_chunks = max(1, -(-len(x) // CHUNK))
    if len(x) < n_chunks * CHUNK:
        padded = np.zeros((n_chunks * CHUNK, x.shape[1]), x.dtype)
        padded[: len(x)] = x
        x = padded
    return x.reshape(n_chunks, CHUNK, x.shape[1])


def _named(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    """Return the arrays whose names begin with a prefix, under what follows it."""
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
