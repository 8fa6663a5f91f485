"""A large table for `madaline fit`: a sample is taken apart like any table, the rest in blocks."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from madaline._data.formats.characters import check_missing
from madaline._data.formats.choice import Format
from madaline._data.io.source_files import is_large
from madaline._data.rows import FileRows, open_rows
from madaline._data.table import Table
from madaline._data.target import REGRESSION
from madaline._data.target.values import side_by_side
from madaline._data.text_columns import read_column_in
from madaline._evaluation.objective import LOSSES
from madaline._fitting.large_table import LargeTable
from madaline._fitting.sampling import Roles, draw_rows
from madaline._story.row_progress import shown
from madaline.errors import InputError
from madaline.nn.arrays import Array

_IN_MEMORY = ("lags", "series", "past", "probabilities", "root")
"""Options that need all rows in memory."""


def is_in_blocks(arguments: Namespace) -> bool:
    """Return whether the table of `madaline fit` is best read block by block.

    A large file whose options need all rows in memory is not.
    """
    return is_large(arguments.table) and not (
        Path(arguments.table).is_file() and _options_in_memory(arguments)
    )


def open_to_fit(arguments: Namespace, categories: Collection[str]) -> FileRows | None:
    """Return the table of `madaline fit` to be read block by block; None if it is none."""
    source = open_rows(
        arguments.table,
        encoding=arguments.encoding,
        missing=check_missing(arguments.missing),
        categories=categories,
    )
    for option in _options_in_memory(arguments) if source is not None else ():
        raise InputError(
            f"{option} needs all rows in memory, but {arguments.table} is read block by block:"
            " leave it out, or give a smaller table."
        )
    if source is None or arguments.quiet or sys.stderr is None:
        return source
    return shown(source, sys.stderr)


def _options_in_memory(arguments: Namespace) -> list[str]:
    return [f"--{name}" for name in _IN_MEMORY if getattr(arguments, name, None)]


def draw_file(
    source: FileRows,
    arguments: Namespace,
    targets: Sequence[str],
    *,
    of_classes: bool,
) -> LargeTable:
    """Read a large table once, and return it with a sample of its rows."""
    roles = Roles(tuple(targets), arguments.weight, arguments.groups)
    of_numbers = arguments.task == REGRESSION or arguments.loss in LOSSES
    classes = True if of_classes else False if of_numbers else None
    rows = draw_rows(source, roles, seed=arguments.seed, classes=classes)
    plain = [None] * len(targets)
    return LargeTable(source, roles, rows, _TargetReader(roles.targets, plain), arguments.seed)


def with_formats(large: LargeTable, formats: Sequence[Format | None]) -> LargeTable:
    """Return a large table whose targets are written in these forms."""
    return replace(large, read_target=_TargetReader(large.roles.targets, formats))


@final
@dataclass(frozen=True)
class _TargetReader:
    """Reads targets as those of the sample were read."""

    names: tuple[str, ...]
    formats: Sequence[Format | None]  # how each is written, where it is numbers in text

    def __call__(self, table: Table) -> Array:
        """Return the targets of some rows."""
        columns = []
        for name, written in zip(self.names, self.formats, strict=True):
            column = table[name]
            columns.append(column if written is None else read_column_in(written, name, column))
        return side_by_side(columns)
