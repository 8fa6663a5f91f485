"""A column encoder turns one column into a few features of about unit size."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from madaline.nn.arrays import Array


class ColumnEncoder(ABC):
    """What an encoder of one column can do; it is fitted once and never changes.

    Attributes
    ----------
    kind : str
        The kind of column it is for.
    name : str
        Name of the column.
    """

    kind: ClassVar[str]
    name: str

    @property
    @abstractmethod
    def feature_names(self) -> tuple[str, ...]:
        """What each feature says; empty where the column has no information."""

    @cached_property
    def n_features(self) -> int:
        """Number of features, bins not counted."""
        return len(self.feature_names)

    @property
    def grid_shape(self) -> tuple[int, ...]:
        """The sides of the grid that the features stand on, and its channels; empty if on none."""
        return ()

    @abstractmethod
    def read(self, column: Array) -> Array:
        """Return the column as this encoder needs it, shape (n_samples,).

        Raises
        ------
        InputError
            If a value cannot be read as this kind.
        """

    def n_unseen(self, column: Array) -> int:
        """Return in how many rows the column that `read` returned has an unknown level."""
        del column  # only categories have levels
        return 0

    @abstractmethod
    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able description and the arrays that go with it."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> ColumnEncoder:
        """Return the encoder that `to_state` described."""


def missing_name(name: str) -> str:
    """Return the name of the feature that tells that a value is missing."""
    return f"{name} is missing"


def write_missing(missing: Array, share: float | None, out: Array) -> None:
    """Write the centered indicator of missing values to the last feature, if there is one.

    Parameters
    ----------
    missing : bool ndarray of shape (n_samples,)
        Where a value is missing.
    share : float or None
        Share of the training rows in which it was; None where there is no such feature.
    out : float32 ndarray of shape (n_samples, n_features)
        Where to write.
    """
    if share is not None:
        out[:, -1] = missing - share
