"""A loss measures how wrong an output is; learning makes it small.

A loss owns its *inverse link*: it alone knows how a network's raw ``output`` becomes a
``prediction`` (a probability, a count, a number), so that the two can never be mismatched.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import Any

import numpy as np

from madaline.errors import InputError
from madaline.nn.arrays import Array, Workspace


class Loss(ABC):
    """Compares raw output with target, for all members at once.

    Subclasses are frozen dataclasses whose fields are settings. A ``target`` always has the shape
    of the output, or one that broadcasts to it over the population's axes; classes are one-hot.
    """

    @abstractmethod
    def rows(self, output: Array, target: Array) -> Array:
        """Return the loss of each row.

        Parameters
        ----------
        output : ndarray of shape (*axes, n_samples, n_outputs)
            Raw output.
        target : ndarray of shape (n_samples, n_outputs) or (*axes, n_samples, n_outputs)
            What it should have been.

        Returns
        -------
        ndarray of shape (*axes, n_samples)
            The loss of each row, unweighted.
        """

    @abstractmethod
    def slope(self, output: Array, target: Array, out: Array) -> Array:
        """Write the derivative of each row's loss by its output into `out` and return it.

        Parameters
        ----------
        output : ndarray of shape (*axes, n_samples, n_outputs)
            Raw output.
        target : ndarray that broadcasts to the shape of `output`
            What it should have been.
        out : ndarray of the shape of `output`
            Where to write; may be `output` itself.
        """

    def prediction(self, output: Array) -> Array:
        """Return the inverse link of the raw output, of the same shape: by default, as it is."""
        return output

    @abstractmethod
    def initial_output(self, target: Array, weight: Array | None = None) -> Array:
        """Return the best constant raw output.

        Parameters
        ----------
        target : ndarray of shape (n_samples, n_outputs)
            Targets of the training rows.
        weight : ndarray of shape (n_samples,), optional
            Weight of each row.

        Returns
        -------
        ndarray of shape (n_outputs,)
            What a network that knows nothing should say: the bias of the last layer at first.
        """

    def of_output(self, index: int) -> Loss:
        """Return the loss of one output of several, of which this one is the mean."""
        del index
        return self

    def in_order(self, output: Array) -> Array:
        """Return raw outputs in the order that predictions have: as they are, but of quantiles."""
        return output

    def mean(self, output: Array, target: Array, weight: Array | None = None) -> Array:
        """Return the weighted mean loss of each member, shape (*axes), in float64."""
        self._check_shapes(output, target)
        return np.asarray(
            np.average(self.rows(output, target).astype(np.float64), axis=-1, weights=weight)
        )

    def gradient(
        self,
        output: Array,
        target: Array,
        weight: Array | None = None,
        *,
        workspace: Workspace,
    ) -> Array:
        """Return the gradient of the mean loss of a batch by the raw output.

        Parameters
        ----------
        output : ndarray of shape (*axes, batch, n_outputs)
            Raw output.
        target : ndarray that broadcasts to the shape of `output`
            What it should have been.
        weight : ndarray of shape (*axes, batch) or one that broadcasts to it, optional
            Weight of each row, with mean one over the training rows; the batch's sum is divided by
            its number of rows, so that every row counts by its weight wherever it falls.
        workspace : Workspace
            Where the arrays come from.

        Returns
        -------
        ndarray of the shape of `output`
            ``slope * weight / batch``.
        """
        self._check_shapes(output, target)
        gradient = workspace.empty(output.shape, output.dtype)
        self.slope(output, target, gradient)
        gradient *= 1 / output.shape[-2]
        if weight is not None:
            gradient *= weight[..., None]
        return gradient

    def _check_shapes(self, output: Array, target: Array) -> None:
        """Refuse targets that NumPy would compare with outputs that are not theirs."""
        if (
            target.ndim < 2
            or target.shape[-1] != output.shape[-1]
            or output.shape[-2] not in (1, target.shape[-2])
        ):
            raise InputError(
                "The target has the shape {shape} and the output {of_output}: give a row for each row of the output, such as target[:, None] for one output, and one-hot rows for classes.",
                shape=target.shape,
                of_output=output.shape,
            )

    def config(self) -> dict[str, Any]:
        """Return the loss's name and settings as JSON-able values."""
        settings: dict[str, Any] = asdict(self)  # type: ignore[call-overload]
        return {"loss": type(self).__name__} | settings
