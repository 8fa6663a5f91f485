"""A column encoder turns one column into features of about unit size."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import cached_property
from typing import Any, ClassVar, Self

from madaline.nn.arrays import Array


class ColumnEncoder(ABC):
    """Encodes one column; it is fitted once and never changes. Subclasses are frozen dataclasses.

    Attributes
    ----------
    kind : str
        The kind of column it is for.
    name : str
        Name of the column.
    """

    kind: ClassVar[str]
    name: str

    def __getstate__(self) -> dict[str, Any]:
        """Return what a pickle or a copy holds: the fields alone."""
        return {item.name: getattr(self, item.name) for item in fields(self)}  # type: ignore[arg-type]

    @property
    @abstractmethod
    def feature_names(self) -> tuple[str, ...]:
        """What each feature stands for; empty where the column has no information."""

    @cached_property
    def n_features(self) -> int:
        """Number of features, bins not counted."""
        return len(self.feature_names)

    @property
    def rising(self) -> tuple[bool, ...]:
        """Whether each feature never falls when the value grows; False for missing values."""
        return (False,) * self.n_features

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
        """Return the number of rows whose value, as `read` returned it, is unknown to the model."""
        del column  # only categories and texts have unknown values
        return 0

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able description and the arrays that go with it, by default none."""
        return asdict(self), {}  # type: ignore[call-overload]

    @classmethod
    def from_state(cls, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> Self:
        """Return the encoder that `to_state` described."""
        del arrays  # by default there are none
        return cls(**{name: tuple(v) if isinstance(v, list) else v for name, v in state.items()})


def missing_name(name: str) -> str:
    """Return the name of the indicator of missing values."""
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
