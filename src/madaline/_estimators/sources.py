"""A table that a fit reads from files, block by block: `y` is the name of one of its columns."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from madaline._data.io.compression import TooLargeError
from madaline._data.io.recognition import Form, RecognizedRows
from madaline._data.io.source_files import is_large
from madaline._data.io.table_files import FileTable, read_file
from madaline._data.table import Table, alike
from madaline._data.target.values import side_by_side
from madaline._words import warn
from madaline.errors import InputError, RowsLeftOutWarning, TextReadWarning
from madaline.nn.arrays import Array

if TYPE_CHECKING:
    from madaline._fitting.large_table import LargeTable
    from madaline._fitting.sampling import Roles
    from madaline._request import FitRequest


@final
@dataclass(frozen=True, eq=False)
class SourceRows:
    """Rows of a table in files: all of a small one, a sample of a large one."""

    X: Table  # the columns to learn from
    y: Array
    target_names: str | tuple[str, ...]
    weight: Array | None
    groups: Array | None
    large: LargeTable | None = None  # where these are a sample
    # int (n_samples,): the number of each row in the table, where it was read block by block
    numbers: Array | None = None


def is_name(y: Any) -> bool:
    """Return whether a target is given by the name of a column, or by those of several."""
    several = isinstance(y, list | tuple) and len(y) > 0 and all(isinstance(o, str) for o in y)
    return isinstance(y, str) or several


def read_source(
    estimator: Any,
    given: RecognizedRows,
    y: Any,
    sample_weight: Any,
    groups: Any,
    folds: Any,
    time: Any,
    request: FitRequest,
) -> SourceRows | None:
    """Return rows of a table in files, or of a query; None if they are in memory."""
    from madaline._data.rows import open_rows
    from madaline._fitting.large_table import LargeTable
    from madaline._fitting.sampling import draw_rows
    from madaline._story.row_progress import shown

    if given.form not in (Form.FILES, Form.QUERY):
        return None
    X = given.content
    of_files, words = given.form == Form.FILES, request.missing
    if of_files and not is_large(given):
        _check_folder(X)
        try:
            file = read_file(first_path(X), missing=words)
            return _read_at_once(estimator, file, y, sample_weight, groups)
        except TooLargeError:
            pass
    source = open_rows(given, missing=words)
    if source is None and of_files:
        raise InputError(
            f"X is {str(first_path(X))!r}, which is no table that is read block by block: give"
            " Parquet, Arrow, CSV or JSON lines, or read it first."
        )
    if source is None or not (of_files or isinstance(y, str) or set(y) <= set(source.names)):
        return None  # labels of a query's rows
    source = shown(source, sys.stdout) if estimator.verbose and sys.stdout else source
    roles = _roles(source.names, y, sample_weight, groups)
    given_folds = None if request.folds is not None else folds
    in_memory = {"folds": given_folds is not None} | {
        name: name in request.time.arguments for name in ("series", "lags", "past")
    }
    for name, is_given in in_memory.items():
        if is_given:
            raise InputError(
                f"{name} is given, but X is read block by block, and {name} needs all rows at"
                " once: leave it out, or read X first."
            )
    if not (time is None or isinstance(time, str | bool)):
        raise InputError("time must be the name of a column of X, True or False.")
    classes = estimator._task == "classification"
    drawn = draw_rows(source, roles, seed=request.seed, classes=classes)
    if drawn.left_out:
        warn(drawn.left_out, RowsLeftOutWarning)
    read = _LabelReader(roles.targets) if classes else _NumberReader(roles.targets)
    large = None
    if not drawn.is_complete:
        large = LargeTable(source, roles, drawn, read, request.seed)
    return _taken_apart(drawn.table, roles, read(drawn.table), large=large, numbers=drawn.numbers)


def _taken_apart(table: Table, roles: Roles, y: Array, **more: Any) -> SourceRows:
    names = roles.targets
    return SourceRows(
        table.drop(roles.names),
        y,
        names[0] if len(names) == 1 else names,
        None if roles.weight is None else table[roles.weight],
        None if roles.groups is None else table[roles.groups],
        **more,
    )


def _read_at_once(
    estimator: Any, file: FileTable, y: Any, sample_weight: Any, groups: Any
) -> SourceRows:
    """Return all rows of a small file."""
    table, roles = file.table, _roles(file.table.names, y, sample_weight, groups)
    for note in file.notes:
        warn(note, TextReadWarning)
    columns = [table[name] for name in roles.targets]
    if estimator._task == "classification":
        columns = [_labels(column) for column in columns]
    return _taken_apart(table, roles, side_by_side(columns))


def _check_folder(X: Any) -> None:
    """Refuse a folder that is no table."""
    if not isinstance(X, list | tuple) and Path(X).is_dir():
        raise InputError(
            f"The folder {X} holds no tables, or images or sounds beside them: put files of"
            " Parquet, Arrow, CSV or JSON lines into it, or give a pattern such as"
            f" {str(Path(X, '*.parquet'))!r}."
        )


def first_path(X: Any) -> str | os.PathLike[str]:
    """Return the path that files are given by, or the first of those that are listed."""
    path: str | os.PathLike[str] = X[0] if isinstance(X, list | tuple) else X
    return path


def _roles(names: Sequence[str], y: Any, sample_weight: Any, groups: Any) -> Roles:
    from madaline._fitting.sampling import Roles

    if not is_name(y):
        raise InputError(
            "X is a table in files, so y must be the name of its column to predict, such as"
            f" y={names[-1]!r}."
        )
    for what, name in (("sample_weight", sample_weight), ("groups", groups)):
        if name is not None and not isinstance(name, str):
            raise InputError(f"{what} must be the name of a column of X, a table in files.")
    roles = Roles((y,) if isinstance(y, str) else tuple(y), sample_weight, groups)
    for name in roles.names:
        if name not in names:
            raise InputError(f"X has no column {name!r}: {alike(name, names)}")
    if len(set(roles.names)) < len(roles.names):
        raise InputError(f"A column has two roles among {', '.join(roles.names)}: name each once.")
    return roles


@final
@dataclass(frozen=True)
class _NumberReader:
    """Reads the numbers that some columns hold."""

    names: tuple[str, ...]

    def __call__(self, table: Table) -> Array:
        """Return the targets of rows, float64."""
        for name in self.names:
            if table[name].dtype.kind != "f" or table[name].ndim > 1:
                raise InputError(
                    f"The column {name} holds no numbers: AdaptiveRegressor predicts numbers,"
                    " AdaptiveClassifier predicts classes."
                )
        return side_by_side([table[name] for name in self.names])


@final
@dataclass(frozen=True)
class _LabelReader:
    """Reads the labels that some columns hold; whole numbers as such."""

    names: tuple[str, ...]

    def __call__(self, table: Table) -> Array:
        """Return the labels of rows."""
        return side_by_side([_labels(table[name]) for name in self.names])


def _labels(column: Array) -> Array:
    whole = column.dtype.kind == "f" and bool((column == np.floor(column)).all())
    if whole and np.abs(column).max(initial=0) < 2**53:
        return column.astype(np.int64)
    return column.astype("datetime64[D]").astype(str) if column.dtype.kind == "M" else column
