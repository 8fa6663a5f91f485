"""A table of the user: its columns, two of them as a plane with the target, and where it is kept.

Numbers are standardized; categories and Booleans become codes 0, 1, ... in the order of their
names, which are standardized, too, so that a category is an axis.
"""

from __future__ import annotations

import hashlib
import tempfile
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any, final

import numpy as np

from madaline._apps.playground.page import OfTable
from madaline._apps.playground.reading import is_small_text, read_apart
from madaline._apps.serve.messages import Refusal
from madaline._base.words import format_count, format_list
from madaline._race.evaluation.association import associate, views_of
from madaline._tables.column import as_texts, is_missing
from madaline._tables.io.csv_files import separator_in
from madaline._tables.io.table_files import read_file
from madaline._tables.kinds.kind import BOOLEAN, CATEGORY, NUMBER
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline._tables.target.values import (
    CLASSIFICATION,
    REGRESSION,
    check_learnable,
    infer_task,
    left_out_words,
    missing_values,
)
from madaline._tables.text_columns import read_numbers
from madaline.errors import InputError
from madaline.nn.arrays import Array

MAX_CLASSES = 10  # that can be told apart by color
_MIN_ROWS = 10
_MAX_TABLES = 8  # that are kept, at most
_MAX_NAME = 60  # characters of the name of a file
_SHOWN_LEVELS = 8  # of a category, named beside the plane
_ALIKE = 0.9  # correlation of columns from which on a plane of both is hardly more than a line
_ROWS_TRIED = 2000  # of a column, to see which columns tell most of the target
_OF_CATEGORY = 0.5  # what a category tells counts by half, as on a plane it is a few lines
_ROWS_OF_CLASS = 5  # on average, at least
_USUAL_TARGETS = {"target", "class", "label", "y", "species", "outcome"}  # names of such columns


@final
@dataclass(frozen=True, eq=False)
class UserTable:
    """A table and what is in its columns."""

    name: str  # of its file
    key: str  # in addresses: a checksum, so that the same file has the same one again
    table: Table  # as in the file
    values: Table  # with numbers read from text, as the schema says
    schema: Schema
    separator: str  # between the values of a line; empty if the file is no plain text
    encoding: str  # of the text, unless it is UTF-8
    notes: tuple[str, ...]  # what was done to read it, in sentences

    @classmethod
    def read(cls, path: Path, memory: int | None = None) -> UserTable:
        """Read a file, in so many bytes of memory; `InputError` if that fails."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = read_file(path, memory=memory)
        table = file.table
        schema = Schema.infer(table)
        with path.open("rb") as content:
            key = hashlib.file_digest(content, "sha256").hexdigest()[:16]
        return cls(
            path.name,
            key,
            table,
            schema.read(table),
            schema,
            separator_in(path, file.encoding or None),
            file.encoding,
            (*file.notes, *schema.notes),
        )

    @classmethod
    def of_content(cls, name: str, content: bytes) -> UserTable:
        """Read what was dropped on a page."""
        name = file_name(name)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(content)
            try:
                if is_small_text(content):
                    return cls.read(path)
                table: UserTable = read_apart(path, read_here)
                return table
            except InputError as error:
                raise InputError(str(error).replace(str(path), name)) from None

    def check_plane(self) -> None:
        """Raise `InputError` unless two columns can be a plane, and a third the target."""
        if self.table.n_samples < _MIN_ROWS:
            raise InputError(
                "{name} has {rows}: give a table with {MIN_ROWS} rows or more.",
                name=self.name,
                rows=format_count(self.table.n_samples, "row"),
                MIN_ROWS=_MIN_ROWS,
            )
        if len(self.axes) < 3:
            raise InputError(
                "{name} has {columns} of numbers or categories: a plane needs three, two inputs and a target.",
                name=self.name,
                columns=format_count(len(self.axes), "column"),
            )
        if not self.targets:
            raise InputError(
                "{name} has no column to predict: give one of numbers, or of 2 to {MAX_CLASSES} classes.",
                name=self.name,
                MAX_CLASSES=MAX_CLASSES,
            )

    @property
    def axes(self) -> list[str]:
        """Names of the columns that can be an axis; categories that hardly repeat are names."""
        most = self.table.n_samples / 2
        return [
            column.name
            for column in self.schema.columns
            if column.kind in (NUMBER, BOOLEAN)
            or (column.kind == CATEGORY and column.n_distinct <= most)
        ]

    @property
    def targets(self) -> list[str]:
        """Names of the columns that can be the target of a plane: numbers, and few classes."""
        return self._targets(MAX_CLASSES)

    @property
    def likely_target(self) -> str:
        """The name of the column that a plane predicts unless another is chosen."""
        return self._likely(self.targets)

    @property
    def likely_target_of_all(self) -> str:
        """The same where all other columns are learned from, so that classes may be many."""
        return self._likely(self._targets(self.table.n_samples / _ROWS_OF_CLASS))

    def _targets(self, most_classes: float) -> list[str]:
        return [
            column.name
            for column in self.schema.columns
            if column.name in self.axes
            and (column.n_distinct <= most_classes or column.kind == NUMBER)
            and column.n_distinct > 1
        ]

    def _likely(self, targets: list[str]) -> str:
        """Return the last one with a usual name, or else the last one of classes, or the last."""
        kinds = self._kinds
        usual = [name for name in targets if name.lower() in _USUAL_TARGETS]
        classes = [name for name in targets if kinds[name] != NUMBER]
        return [*self.table.names, *targets, *classes, *usual][-1]

    def facts(self) -> dict[str, Any]:
        """Return what a page needs to offer columns as a plane, with a first choice of them."""
        self.check_plane()
        target, kinds = self.likely_target, self._kinds
        inputs = [name for name in self.axes if name != target]
        told = {name: self._associated(name, target) for name in inputs}
        inputs.sort(key=lambda name: -told[name] * (1 if kinds[name] == NUMBER else _OF_CATEGORY))
        first = inputs[0]

        def is_no_plane(name: str) -> bool:
            """Return whether it is a few points or a line: beside a category, or one alike."""
            are_points = NUMBER not in (kinds[name], kinds[first])
            return are_points or self._associated(name, first) > _ALIKE

        inputs.sort(key=lambda name: name != first and 1 + is_no_plane(name))
        return {
            "table": self.key,
            "name": self.name,
            "rows": self.table.n_samples,
            "axes": self.axes,
            "targets": self.targets,
            "target": target,
            "columns": inputs[:2],
        }

    def _associated(self, name: str, other: str) -> float:
        """Return how much two columns tell of each other, from 0 to 1."""
        rows = self.values.take(slice(0, _ROWS_TRIED))
        views = (views_of(self._kinds[one], rows[one]) for one in (name, other))
        return associate(*views).strength

    @property
    def _kinds(self) -> dict[str, str]:
        return {column.name: column.kind for column in self.schema.columns}

    def supervised(self, target: str) -> tuple[Table, Array, str]:
        """Return the other columns, a target, of the rows that have one, and the task."""
        if target not in self.table:
            names = format_list(self.table.names, limit=20)
            raise InputError(
                "{name} has no column {target!r}: it has {names}.",
                name=self.name,
                target=target,
                names=names,
            )
        others = self.table.drop([target])
        y, _ = read_numbers(target, self.table[target], "", beside=others)
        missing = missing_values(y)
        if left_out_words(target, missing):
            others = others.take(~missing)
            y = y[~missing]
        whole = y.dtype.kind == "f" and (y == np.floor(y)).all() and abs(y).max() < 2**53
        y = y.astype(np.int64) if whole else y
        task, _ = infer_task(y)
        check_learnable(y, task, name=target)
        _check_classes(y, task, target)
        return others, y, task

    def _check_plane(self, columns: list[str], target: str) -> None:
        if len(columns) != 2:
            raise InputError("A plane needs two columns: choose two.")
        for name in (*columns, target):
            if name not in self.axes:
                raise InputError(
                    "{name} has no column {column!r} of numbers or categories: choose among {axes}.",
                    name=self.name,
                    column=name,
                    axes=format_list(self.axes, 8),
                )
        if len({*columns, target}) < 3:
            raise InputError(
                "{target!r} is the target and an axis: choose three columns.", target=target
            )

    def plane(self, columns: list[str], target: str) -> TablePlane:
        """Return two columns and the target of the rows that have all three."""
        self._check_plane(columns, target)
        missing = [is_missing(self.values[name]) for name in (*columns, target)]
        complete = ~np.logical_or.reduce(missing)
        if complete.sum() < _MIN_ROWS:
            raise InputError(
                "{name} has {sum} rows with a value in {columns}, {columns2} and {target}: choose other columns.",
                name=self.name,
                sum=complete.sum(),
                columns=columns[0],
                columns2=columns[1],
                target=target,
            )
        rows = self.values.take(np.flatnonzero(complete))
        codes = {name: _codes(rows[name]) for name in columns}
        return TablePlane(
            x=np.column_stack([values for values, _ in codes.values()]),
            y=rows[target],
            levels={name: levels for name, (_, levels) in codes.items() if levels},
            left_out=int((~complete).sum()),
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
                "{name} has {n_classes} classes: choose a target of 2 to {MAX_CLASSES}.",
                name=name,
                n_classes=n_classes,
                MAX_CLASSES=MAX_CLASSES,
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


@final
class Tables:
    """The tables that all pages share, by their keys; of the oldest ones, nothing is kept."""

    def __init__(self, path: Path | None = None) -> None:
        self._kept: OrderedDict[str, UserTable] = OrderedDict()
        if path is not None:
            table = UserTable.read(path)
            table.check_plane()
            self.add(table)

    def add(self, table: UserTable) -> None:
        """Keep a table."""
        self._kept[table.key] = table
        self._kept.move_to_end(table.key)
        while len(self._kept) > _MAX_TABLES:
            self._kept.popitem(last=False)

    def of(self, key: str) -> UserTable:
        """Return a table; `Refusal` if it is not kept any more, or never was."""
        if key not in self._kept:
            raise Refusal(410, "The server does not have this table: open its file again.")
        return self._kept[key]

    def known(self, facts: Callable[[UserTable], Any]) -> Callable[[OfTable], Any]:
        """Return what answers with the facts of a table that the page has the key of."""

        def known(asked: OfTable) -> Any:
            return facts(self.of(asked.table))

        return known

    def opened(self, facts: Callable[[UserTable], Any]) -> Callable[[str, bytes], Any]:
        """Return what keeps a table that is dropped on a page, if the page can use it."""

        def opened(name: str, content: bytes) -> Any:
            table = UserTable.of_content(name, content)
            told = facts(table)
            self.add(table)
            return told

        return opened

    def latest(self, facts: Callable[[UserTable], dict[str, Any]]) -> dict[str, Any] | None:
        """Return the facts of the table that was opened last, if a page can use it."""
        for table in [*self._kept.values()][-1:]:
            with suppress(InputError):
                return facts(table)
        return None


def read_here(path: Path, memory: int) -> UserTable:
    """Return the table of a file, in so many bytes of memory."""
    return UserTable.read(path, memory)


def file_name(given: str) -> str:
    """Return the name of a file, as a page gives it, as one that can be written in a folder.

    Examples
    --------
    >>> file_name("../penguins.csv"), file_name("..")
    ('penguins.csv', 'table.csv')
    """
    plain = given.replace("\0", "")
    windows = PureWindowsPath(plain)  # elsewhere, a backslash may be a part of the name
    name = (windows if windows.is_absolute() else Path(plain)).name[-_MAX_NAME:]
    return name if name.strip(".") else "table.csv"


def _check_classes(y: Array, task: str, name: str) -> None:
    """Refuse targets that cannot be predicted: dates, and classes of hardly any rows."""
    if y.dtype.kind == "M":
        raise InputError(
            "{name} holds dates, which cannot be predicted: choose another column.", name=name
        )
    n_classes = len(set(y.tolist()))
    if task == CLASSIFICATION and n_classes > len(y) / _ROWS_OF_CLASS:
        raise InputError(
            "{name} holds {n_classes:,} different values in {n_y:,} rows, too many to be classes: choose another column.",
            name=name,
            n_classes=n_classes,
            n_y=len(y),
        )


def _codes(column: Array) -> tuple[Array, list[str]]:
    """Return a column as numbers; categories as codes, with their levels."""
    if column.dtype.kind in "iuf":
        return column.astype(np.float64), []
    levels, codes = np.unique(as_texts(column), return_inverse=True)
    return codes.astype(np.float64), [str(level) for level in levels]
