"""What a kind of column is: what it is called, how a column of it is read, what encodes it.

A kind is one class, in one file with its encoder; `madaline._tables.kinds.KINDS` has all of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Annotated, Any, ClassVar, Self

from madaline._base.codec import Finite, Items, Positive, Sentence, Stored
from madaline._base.json_checks import OneOf
from madaline._base.language import _
from madaline._tables.array_checks import ArrayCheck
from madaline._tables.column import number_text
from madaline._tables.conversion import as_levels, as_numbers
from madaline._tables.formats.choice import Format
from madaline._tables.level_counts import LevelCounts, unknown_counts
from madaline._tables.table import Table
from madaline.nn.arrays import Array

NUMBER, CATEGORY, BOOLEAN, DATETIME = "number", "category", "boolean", "datetime"
IMAGE, TEXT, SEQUENCE, SOUND = "image", "text", "sequence", "sound"
DROPPED = "dropped"
"""Columns that are left out have no kind of their own."""

PAST_ALONE = "not known in advance: only its past is used"
"""The detail of a column that is left out, of whose past columns are made."""

KIND_NAMES = (NUMBER, CATEGORY, BOOLEAN, DATETIME, IMAGE, TEXT, SEQUENCE, SOUND, DROPPED)
"""What a schema in a file may name."""

NUMBERS, LEVELS, WORDS, MEDIA = "numbers", "levels", "words", "media"
"""What the rows of a column hold: `Kind.holds`."""

_FEW_ROWS = 64  # rows up to which levels are read one by one: finding distinct ones takes longer


@dataclass(frozen=True)
class ColumnSchema(Stored):
    """The kind of one column, and what is in it."""

    name: str
    kind: Annotated[str, OneOf(KIND_NAMES)]
    n_missing: int  # rows without a value
    n_distinct: int  # distinct values, not counting missing ones
    detail: Sentence  # what is in it; of a dropped column, why it is left out
    # of numbers, and of moments in seconds since 1970: the smallest, the quartiles, the largest;
    # each a value that occurs
    quartiles: Annotated[tuple[float, ...], Items(most=5)] = ()
    whole: bool = False  # whether there are only whole numbers
    written: Format | None = None  # how its numbers or dates are written, where they were text
    # how it was read, or why text that looks like numbers or dates was not; empty if there is
    # nothing to tell
    note: Sentence = ""

    @property
    def kept(self) -> bool:
        """Whether it is a column to learn from."""
        return self.kind != DROPPED


class Kind(ABC):
    """A kind of column; it has no state."""

    name: ClassVar[str]  # what schemas and files call it
    words: ClassVar[tuple[str, str]]  # what sentences call one column of it, and several
    # what a row holds: `NUMBERS` (moments are some) and `LEVELS` can be profiled, tested for
    # changes and varied; `WORDS` can be typed and kept; `MEDIA`, images and signals, cannot
    holds: ClassVar[str]
    json: ClassVar[str]  # what a value is in JSON: a number, a boolean, a string or an array
    ordered: ClassVar[bool] = False  # whether an output may have to rise with its values
    encoders: ClassVar[tuple[type[ColumnEncoder], ...]]  # what may encode a column of it

    @property
    def profiled(self) -> bool:
        """Whether a row holds one value: a number, a moment or a level."""
        return self.holds in (NUMBERS, LEVELS)

    @property
    def has_levels(self) -> bool:
        """Whether a row holds one of some levels."""
        return self.holds == LEVELS

    @abstractmethod
    def read(self, name: str, column: Array) -> Array:
        """Return a column of any type as this kind; `InputError` if a value cannot be read."""

    @abstractmethod
    def detail(self, table: Table, name: str) -> str:
        """Return in a few words what is in a column that was read; empty if there is no value."""

    @abstractmethod
    def fit(self, training: TrainingColumn) -> ColumnEncoder:
        """Return the fitted encoder of a column."""

    def numbers(self, name: str, column: Array) -> Array:
        """Return float64 numbers, or moments as seconds since 1970; NaN is missing."""
        return as_numbers(name, column)

    def levels(self, name: str, column: Array) -> Array:
        """Return levels as text, objects of shape (n_samples,); None is missing."""
        del name  # for messages of kinds that refuse some values
        return as_levels(column)


@dataclass(frozen=True, eq=False)
class TrainingColumn:
    """A column that an encoder is fitted on, and all else that decides how it is encoded."""

    table: Table
    schema: ColumnSchema
    weight: Array | None = None  # (n_samples,)
    target: Array | None = None  # (n_samples, n_outputs): what the networks learn to predict
    n_bins: tuple[int, ...] = ()  # numbers of bins to prepare
    alone: bool = False  # whether it is the only column
    narrowing: int = 1  # what the most levels or terms with a feature of their own are divided by
    monotone: bool = False  # whether its features must rise with its values
    # returns the levels in all rows, where the table is a sample of a large one
    all_rows: Callable[[str], LevelCounts | None] = unknown_counts

    @property
    def name(self) -> str:
        """Name of the column."""
        return self.schema.name

    @property
    def values(self) -> Array:
        """The column as the table has it."""
        return self.table[self.name]

    def ascending(self, dtype_kind: str) -> Array | None:
        """Return its values in order, if they are of that type and have no weights."""
        if self.weight is not None or self.values.dtype.kind != dtype_kind:
            return None
        return self.table.ascending(self.name)

    def weighted(self) -> tuple[Array, Array | None]:
        """Return values and their weights; without weights, each distinct value once."""
        if self.weight is not None:
            return self.values, self.weight
        distinct = self.table.distinct(self.name)
        return distinct.values, distinct.counts


class ColumnEncoder(Stored, ABC):
    """Encodes one column; fitted once, it never changes. Subclasses are frozen dataclasses."""

    kind: ClassVar[str]  # the kind of column it is for
    file_kind: ClassVar[str] = ""  # what files call the encoder, where its kind has several
    by_level: ClassVar[bool] = False  # whether equal values of many rows are read only once
    name: str  # of the column

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

    @property
    def candidates(self) -> tuple[Any, ...]:
        """Levels or numbers that a counterfactual may try, beside the quartiles of numbers."""
        return ()

    @abstractmethod
    def read(self, column: Array) -> Array:
        """Return the column as this encoder needs it, (n_samples,); `InputError` if it is none."""

    def read_rows(self, table: Table) -> Array:
        """Return the column of a table as `read` does."""
        column = table[self.name]
        if len(column) <= _FEW_ROWS or not self.by_level:
            return self.read(column)
        distinct = table.distinct(self.name)
        return self.read(distinct.values).take(distinct.codes)

    @abstractmethod
    def write(self, column: Array, out: Array) -> None:
        """Write the features of rows, float32 (n_samples, n_features), which `read` returned."""

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
    return (
        ""
        if n_first == n_second
        else _("has {n_first} {first}, but {n_second} {second}").format(
            n_first=n_first, first=first, n_second=n_second, second=second
        )
    )


Channels = Annotated[tuple[Finite, ...], Items(least=1, most=4096)]
Scales = Annotated[tuple[Positive, ...], Items(least=1, most=4096)]
"""A number for each channel, and one above zero."""


def missing_name(name: str) -> str:
    """Return the name of the indicator of missing values."""
    return _("{name} is missing").format(name=name)


def write_missing(
    missing: Array,  # bool (n_samples,): where a value is missing
    share: float | None,  # of the training rows in which it was; None where there is no feature
    out: Array,  # float32 (n_samples, n_features)
) -> None:
    """Write the centered indicator of missing values to the last feature, if there is one."""
    if share is not None:
        out[:, -1] = missing - share


def format_short(number: float) -> str:
    """Return a number in four digits, or whole."""
    whole = float(number).is_integer() and abs(number) < 1e9
    return number_text(float(number)) if whole else f"{number:.4g}"
