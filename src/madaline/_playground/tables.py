"""A table of the user: its columns, and two of them as a plane, with the target.

Numbers are standardized; categories and Booleans become codes 0, 1, ... in the order of their
names, which are standardized, too, so that a category is an axis.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from madaline._data.column import is_missing
from madaline._data.io.table_files import read_file
from madaline._data.kinds.kind import BOOLEAN, CATEGORY, NUMBER
from madaline._data.schema import Schema
from madaline._data.table import Table
from madaline._data.target.values import REGRESSION, infer_task
from madaline._words import format_count, format_list
from madaline.errors import InputError
from madaline.nn.arrays import Array

MAX_CLASSES = 10  # that can be told apart by color
_MIN_ROWS = 10
_MAX_NAME = 60  # characters of the name of a file
_SHOWN_LEVELS = 8  # of a category, named beside the plane


@final
@dataclass(frozen=True, eq=False)
class UserTable:
    """A table and what is in its columns."""

    name: str  # of its file
    table: Table  # with numbers read from text, as the schema says
    schema: Schema

    @classmethod
    def read(cls, path: Path) -> UserTable:
        """Read a file; `InputError` if that fails, or nothing in it can be shown."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = read_file(path).table
        schema = Schema.infer(table)
        found = cls(path.name, schema.read(table), schema)
        if len(found.axes) < 3:
            raise InputError(
                f"{path.name} has {format_count(len(found.axes), 'column')} of numbers or"
                " categories: give a table with two of them and a target."
            )
        if table.n_samples < _MIN_ROWS:
            raise InputError(
                f"{path.name} has {format_count(table.n_samples, 'row')}: give a table with"
                f" {_MIN_ROWS} rows or more."
            )
        return found

    @classmethod
    def of_content(cls, name: str, content: bytes) -> UserTable:
        """Read what was dropped on a page."""
        name = file_name(name)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(content)
            try:
                return cls.read(path)
            except InputError as error:
                raise InputError(str(error).replace(str(path), name)) from None

    @property
    def axes(self) -> list[str]:
        """Names of the columns that can be an axis."""
        kinds = (NUMBER, CATEGORY, BOOLEAN)
        return [column.name for column in self.schema.columns if column.kind in kinds]

    @property
    def targets(self) -> list[str]:
        """Names of the columns that can be the target: numbers, and classes that are few."""
        return [
            column.name
            for column in self.schema.columns
            if column.name in self.axes
            and (column.n_distinct <= MAX_CLASSES or column.kind == NUMBER)
            and column.n_distinct > 1
        ]

    def facts(self) -> dict[str, Any]:
        """Return what a page needs to offer its columns, with a first choice of them."""
        targets = self.targets
        if not targets:
            raise InputError(
                f"{self.name} has no column to predict: give one of numbers, or of 2 to"
                f" {MAX_CLASSES} classes."
            )
        kinds = {column.name: column.kind for column in self.schema.columns}
        few = [name for name in targets if kinds[name] != NUMBER]
        target = few[0] if few else targets[-1]
        numbers = [name for name in self.axes if kinds[name] == NUMBER and name != target]
        others = [name for name in self.axes if name not in numbers and name != target]
        return {
            "name": self.name,
            "rows": self.table.n_samples,
            "axes": self.axes,
            "targets": targets,
            "target": target,
            "columns": (numbers + others)[:2],
        }

    def plane(self, columns: list[str], target: str) -> TablePlane:
        """Return two columns and the target of the rows that have all three."""
        for name in (*columns, target):
            if name not in self.axes:
                raise InputError(
                    f"{self.name} has no column {name!r} of numbers or categories: choose among"
                    f" {format_list(self.axes, 8)}."
                )
        if len({*columns, target}) < 3:
            raise InputError(f"{target!r} is the target and an axis: choose three columns.")
        missing = [is_missing(self.table[name]) for name in (*columns, target)]
        kept = ~np.logical_or.reduce(missing)
        if kept.sum() < _MIN_ROWS:
            raise InputError(
                f"{self.name} has {kept.sum()} rows with a value in {columns[0]}, {columns[1]} and"
                f" {target}: choose other columns."
            )
        rows = self.table.take(np.flatnonzero(kept))
        codes = {name: _codes(rows[name]) for name in columns}
        return TablePlane(
            x=np.column_stack([values for values, _ in codes.values()]),
            y=rows[target],
            levels={name: levels for name, (_, levels) in codes.items() if levels},
            left_out=int((~kept).sum()),
            of_numbers=self._of_numbers(rows[target], target),
        )

    def _of_numbers(self, target: Array, name: str) -> bool:
        """Return whether numbers are predicted, not classes."""
        task, _ = infer_task(target)
        n_classes = len(np.unique(target))
        if task == REGRESSION or (n_classes > MAX_CLASSES and target.dtype.kind in "iuf"):
            return True
        if not 2 <= n_classes <= MAX_CLASSES:
            raise InputError(
                f"{name} has {n_classes} classes: choose a target of 2 to {MAX_CLASSES}."
            )
        return False


@final
@dataclass(frozen=True, eq=False)
class TablePlane:
    """Two columns of a table as a plane, and the target."""

    x: Array  # (n_samples, 2), numbers and codes
    y: Array  # (n_samples,), as in the table
    levels: Mapping[str, list[str]]  # of columns that are categories, in the order of their codes
    left_out: int  # rows without a value in one of the three
    of_numbers: bool  # whether the target is a number, not a class

    def notes(self) -> dict[str, str]:
        """Return which code each category has, by the name of its column."""
        return {
            name: format_list(
                [f"{code} {level}" for code, level in enumerate(levels)], _SHOWN_LEVELS
            )
            for name, levels in self.levels.items()
        }


def file_name(given: str) -> str:
    """Return the name of a file, as a page gives it, as one that can be written in a folder.

    Examples
    --------
    >>> file_name("../penguins.csv"), file_name("..")
    ('penguins.csv', 'table.csv')
    """
    name = Path(given.replace("\\", "/").replace("\0", "")).name[-_MAX_NAME:]
    return name if name.strip(".") else "table.csv"


def _codes(column: Array) -> tuple[Array, list[str]]:
    """Return a column as numbers; categories as codes, with their levels."""
    if column.dtype.kind in "iuf":
        return column.astype(np.float64), []
    levels, codes = np.unique(column.astype(str), return_inverse=True)
    return codes.astype(np.float64), [str(level) for level in levels]
