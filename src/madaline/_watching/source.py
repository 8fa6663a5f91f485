"""Where the signals of a monitor come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from madaline._data.column import to_column
from madaline._data.conversion import as_numbers
from madaline._data.formats.number_format import NumberFormat
from madaline._data.table import Table
from madaline._watching.bank import Signal
from madaline._watching.reference import Reference
from madaline.errors import InputError
from madaline.nn.arrays import Array

MOST_NEW = 1000
"""Levels that were not there in training whose names are kept, of each column."""

LONGEST_NAME = 200
"""Letters that are kept of a level that came later: levels that begin alike count as one."""

LARGEST_LABEL = 1e100
"""Numbers of labels are no larger, so that sums of errors do not overflow."""

Tested = tuple[Signal, Reference | None]
"""A signal, and what it was like before, if that is known."""


@dataclass(eq=False)
class LevelCodes:
    """The codes of the levels of a column: of those that are known, and of new ones (final).

    Parameters
    ----------
    known : sequence of str
        Levels of the training table.
    new : list of str
        Levels that came later.

    Examples
    --------
    >>> codes = LevelCodes(["red", "blue"])
    >>> codes.read(np.array(["blue", None, "mauve"], object)), codes.name(2)
    (array([ 1., nan,  2.]), 'mauve')
    """

    known: tuple[str, ...]
    new: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Give each level a number."""
        self.codes = {level: code for code, level in enumerate([*self.known, *self.new])}

    def read(self, levels: Array) -> Array:
        """Return the code of each level in float64; NaN where it is missing."""
        return np.array([np.nan if one is None else self._code(one) for one in levels.tolist()])

    def name(self, code: int) -> str:
        """Return the level of a code."""
        names = [*self.known, *self.new]
        return names[code] if code < len(names) else "other"

    def _code(self, level: str) -> int:
        code = self.codes.get(level)
        if code is None:
            level = short_name(level)
            code = self.codes.get(level)
        if code is None:
            if len(self.new) >= MOST_NEW:
                return len(self.codes)
            code = self.codes[level] = len(self.codes)
            self.new.append(level)
        return code


def short_name(level: str) -> str:
    """Return a level as a file can hold it: not too long, and without halves of characters.

    Examples
    --------
    >>> short_name("red"), len(short_name("x" * 999))
    ('red', 200)
    """
    text = level.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 3]}..."


def checked_numbers(name: str, labels: Array, written: NumberFormat | None = None) -> Array:
    """Return labels as numbers, NaN where they are missing; refuse infinities and the like."""
    column = labels if labels.dtype.kind == "f" else to_column(name, labels)
    numbers = as_numbers(name, column, written)
    wrong = np.abs(numbers) > LARGEST_LABEL
    if wrong.any():
        raise InputError(
            f"A label is {numbers[wrong][0]:g}: give numbers of at most {LARGEST_LABEL:g}, or leave"
            " it out."
        )
    return numbers


class Source(ABC):
    """Abstract base: what is known of each row when it is predicted, and once its label is known.

    Attributes
    ----------
    of_rows, of_labels : list of (Signal, Reference or None)
        What is tested of each row, and of each label.
    levels : mapping of (str, str) to LevelCodes
        The codes of signals that are levels, by what they tell and their names.
    loss_name : str
        What the loss is; it is the first signal of labels.
    identity : str
        Tells the model from others.
    n_kept : int
        Numbers that are kept of a row until its label comes.
    """

    of_rows: list[Tested]
    of_labels: list[Tested]
    levels: dict[tuple[str, str], LevelCodes]
    loss_name: str
    identity: str
    n_kept: int

    @abstractmethod
    def table(self, rows: Any) -> Table:
        """Return rows as a table."""

    @abstractmethod
    def observe(self, table: Table, uniform: Array) -> tuple[Array, Array]:
        """Return the signals of rows, (n_rows, n_signals), and what is kept until labels come.

        Of the uniform numbers, shape (n_rows,), each row has one.
        """

    @abstractmethod
    def labels(self, y: Array) -> Array:
        """Return labels as `learn` takes them; `InputError` if they are none."""

    @abstractmethod
    def learn(self, kept: Array, y: Array) -> Array:
        """Return the signals of labels, (n_rows, n_signals); NaN where a label is missing."""

    def cell_name(self, signal: Signal, reference: Reference, cell: int) -> str:
        """Return the level of a cell; the cell of others has several."""
        if cell < len(reference.codes):
            return self.levels[signal.what, signal.name].name(int(reference.codes[cell]))
        return "other"
