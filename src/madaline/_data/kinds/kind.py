"""The kinds of columns: what one is called, what is in a column, and what makes features of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Annotated, Any, ClassVar, Self

from madaline._data.array_checks import ArrayCheck
from madaline._data.codec import Finite, Items, Positive, Stored
from madaline._data.formats.choice import READINGS, Format
from madaline._data.json_checks import OneOf
from madaline.nn.arrays import Array

NUMBER, CATEGORY, BOOLEAN, DATETIME = "number", "category", "boolean", "datetime"
IMAGE, TEXT, SEQUENCE, SOUND = "image", "text", "sequence", "sound"
DROPPED = "dropped"
KINDS = (NUMBER, CATEGORY, BOOLEAN, DATETIME, IMAGE, TEXT, SEQUENCE, SOUND, DROPPED)
"""All kinds of columns."""

GIVEN_KINDS = (*KINDS, *(f"{kind}:{one}" for kind, ones in READINGS.items() for one in ones))
"""All that may be given as the kind of a column: kinds, some also with a reading of text."""

ORDERED = (NUMBER, BOOLEAN, DATETIME)
"""Kinds of columns whose values have an order."""

OF_MANY_VALUES = (IMAGE, TEXT, SEQUENCE, SOUND)
"""Kinds of columns that hold many values a row."""


@dataclass(frozen=True)
class ColumnSchema(Stored):
    """The kind of one column, and what is in it.

    Parameters
    ----------
    name : str
        Name of the column.
    kind : {"number", "category", "boolean", "datetime", "image", "text", "sequence", "sound",
        "dropped"}
        How it is encoded.
    n_missing : int
        Number of rows without a value.
    n_distinct : int
        Number of distinct values, not counting missing ones.
    detail : str
        What is in it; of a dropped column, why it is left out.
    quartiles : tuple of float
        Of numbers, and of moments in seconds since 1970: the smallest, the quartiles, the largest;
        each a value that occurs.
    whole : bool, default=False
        Whether there are only whole numbers.
    written : NumberFormat or DateFormat, optional
        How its numbers or dates are written, where they were read from text.
    note : str
        How it was read, or why text that looks like numbers or dates was not; empty if there is
        nothing to tell.
    """

    name: str
    kind: Annotated[str, OneOf(KINDS)]
    n_missing: int
    n_distinct: int
    detail: str
    quartiles: Annotated[tuple[float, ...], Items(most=5)] = ()
    whole: bool = False
    written: Format | None = None
    note: str = ""

    @property
    def kept(self) -> bool:
        """Whether it is a column to learn from."""
        return self.kind != DROPPED


class ColumnEncoder(Stored, ABC):
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
        return self.to_json(), {}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> Self:
        """Return the encoder that `to_state` described."""
        del arrays  # by default there are none
        return cls.from_json(state)

    @classmethod
    def array_checks(
        cls, state: Mapping[str, Any], n_outputs: int, arrays: Mapping[str, Array], prefix: str
    ) -> Iterator[tuple[str, ArrayCheck]]:
        """Yield the names behind `prefix` of the arrays of a described encoder, and their checks.

        `n_outputs` are those of the networks, and `arrays` all of the file, none of them checked.
        """
        del state, n_outputs, arrays, prefix
        yield from ()


def same_length(values: Mapping[str, Any], first: str, second: str) -> str:
    """Return what is wrong with two lists that must be of one length; "" if nothing is."""
    n_first, n_second = len(values[first]), len(values[second])
    return "" if n_first == n_second else f"has {n_first} {first}, but {n_second} {second}"


Channels = Annotated[tuple[Finite, ...], Items(least=1, most=4096)]
Scales = Annotated[tuple[Positive, ...], Items(least=1, most=4096)]
"""A number for each channel, and one above zero."""


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
