"""A table that a fit reads from files, block by block: `y` is the name of one of its columns."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from madaline._base.language import _
from madaline._base.words import warn
from madaline._tables.io.compression import TooLargeError
from madaline._tables.io.recognition import Form, RecognizedRows
from madaline._tables.io.source_files import reads_in_blocks
from madaline._tables.io.table_files import FileTable, read_file
from madaline._tables.table import Table, alike
from madaline._tables.target.values import side_by_side
from madaline.errors import InputError, RowsLeftOutWarning, TextReadWarning
from madaline.nn.arrays import Array

if TYPE_CHECKING:
    from madaline._models.fitting.sampling import ColumnRoles, SampledRows
    from madaline._models.request import FitRequest
    from madaline._tables.rows import FileRows


@final
@dataclass(frozen=True, eq=False)
class SourceRows:
    """Rows of a table in files: all of a small one, a sample of a large one."""

    X: Table  # the columns to learn from
    y: Array
    target_names: str | tuple[str, ...]
    weight: Array | None
    groups: Array | None
    sampled: SampledRows | None = None  # all rows, where these are a sample
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
    from madaline._tables.rows import open_rows

    if given.form not in (Form.FILES, Form.QUERY):
        return None
    X = given.content
    of_files, words = given.form == Form.FILES, request.missing
    if of_files and not reads_in_blocks(given):
        _check_folder(X)
        try:
            file = read_file(given.path, missing=words)
            return _read_at_once(estimator, file, y, sample_weight, groups)
        except TooLargeError:
            pass
    rows = open_rows(given, missing=words)
    if rows is None and of_files:
        raise InputError(
            "X is {path!r}, which is no table that is read block by block: give Parquet, Arrow, CSV or JSON lines, or read it first.",
            path=str(given.path),
        )
    if rows is None or not (of_files or isinstance(y, str) or set(y) <= set(rows.names)):
        return None  # labels of a query's rows
    roles = _roles(rows.names, y, sample_weight, groups)
    _check_in_blocks(request, None if request.folds is not None else folds, time)
    return _sample_of(estimator, rows, roles, request.seed)


def _check_in_blocks(request: FitRequest, folds: Any, time: Any) -> None:
    """Refuse arguments that need all rows at once, or a value for each of them."""
    for name in ("folds", "series", "lags", "past"):
        if folds is not None if name == "folds" else name in request.time.arguments:
            raise InputError(
                "{name} is given, but X is read block by block, and {name} needs all rows at once: leave it out, or read X first.",
                name=name,
            )
    if not (time is None or isinstance(time, str | bool)):
        raise InputError("time must be the name of a column of X, True or False.")


def _sample_of(estimator: Any, rows: FileRows, roles: ColumnRoles, seed: int) -> SourceRows:
    """Read a table once, and return a sample of its rows, or all of a small one."""
    from madaline._models.fitting.sampling import SampledRows, draw_rows
    from madaline._tell.progress.row_progress import shown

    rows = shown(rows, sys.stdout) if estimator.verbose and sys.stdout else rows
    of_classes = estimator._task == "classification"
    drawn = draw_rows(rows, roles, seed=seed, classes=of_classes)
    if drawn.left_out:
        warn(drawn.left_out, RowsLeftOutWarning)
    sampled = SampledRows(rows, roles, drawn, _labels if of_classes else _numbers)
    y = sampled.target(drawn.table)
    given = _taken_apart(drawn.table, roles, y, numbers=drawn.numbers)
    return given if drawn.is_complete else replace(given, sampled=sampled)


def _taken_apart(table: Table, roles: ColumnRoles, y: Array, **more: Any) -> SourceRows:
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
        columns = [_labels(name, table[name]) for name in roles.targets]
    return _taken_apart(table, roles, side_by_side(columns))


def _check_folder(X: Any) -> None:
    """Refuse a folder that is no table."""
    if not isinstance(X, list | tuple) and Path(X).is_dir():
        raise InputError(
            "The folder {X} holds no tables, or images or sounds beside them: put files of Parquet, Arrow, CSV or JSON lines into it, or give a pattern such as {Path!r}.",
            X=X,
            Path=str(Path(X, "*.parquet")),
        )


def _roles(names: Sequence[str], y: Any, sample_weight: Any, groups: Any) -> ColumnRoles:
    from madaline._models.fitting.sampling import ColumnRoles

    if not is_name(y):
        raise InputError(
            "X is a table in files, so y must be the name of its column to predict, such as y={names!r}.",
            names=names[-1],
        )
    for what, name in (("sample_weight", sample_weight), ("groups", groups)):
        if name is not None and not isinstance(name, str):
            raise InputError(
                "{what} must be the name of a column of X, a table in files.", what=what
            )
    roles = ColumnRoles((y,) if isinstance(y, str) else tuple(y), sample_weight, groups)
    for name in roles.names:
        if name not in names:
            raise InputError(
                "X has no column {name!r}: {alike}", name=name, alike=alike(name, names)
            )
    if len(set(roles.names)) < len(roles.names):
        raise InputError(
            "A column has two roles among {names}: name each once.", names=_(", ").join(roles.names)
        )
    return roles


def _numbers(name: str, column: Array) -> Array:
    """Return the numbers that a column holds."""
    if column.dtype.kind != "f" or column.ndim > 1:
        raise InputError(
            "The column {name} holds no numbers: AdaptiveRegressor predicts numbers, AdaptiveClassifier predicts classes.",
            name=name,
        )
    return column


def _labels(name: str, column: Array) -> Array:  # noqa: ARG001
    """Return the labels that a column holds; whole numbers as such."""
    whole = column.dtype.kind == "f" and bool((column == np.floor(column)).all())
    if whole and np.abs(column).max(initial=0) < 2**53:
        return column.astype(np.int64)
    return column.astype("datetime64[D]").astype(str) if column.dtype.kind == "M" else column
