"""Rows that `madaline fit` reads block by block: a sample is taken apart like any table."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from madaline._models.fitting.sampling import ColumnRoles, SampledRows, draw_rows
from madaline._race.evaluation.objective import LOSSES
from madaline._tables.formats.characters import check_missing
from madaline._tables.formats.choice import Format
from madaline._tables.io.source_files import reads_in_blocks
from madaline._tables.rows import FileRows, open_rows
from madaline._tables.target import REGRESSION
from madaline._tables.text_columns import read_column_in
from madaline._tell.progress.row_progress import shown
from madaline.errors import InputError
from madaline.nn.arrays import Array

_IN_MEMORY = ("lags", "series", "past", "probabilities", "root")
"""Options that need all rows in memory."""


def is_in_blocks(arguments: Namespace) -> bool:
    """Return whether the table of `madaline fit` is best read block by block.

    A large file whose options need all rows in memory is not.
    """
    return reads_in_blocks(arguments.table) and not (
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
            "{option} needs all rows in memory, but {table} is read block by block: leave it out, or give a smaller table.",
            option=option,
            table=arguments.table,
        )
    if source is None or getattr(arguments, "quiet", True) or sys.stderr is None:
        return source
    return shown(source, sys.stderr)


def _options_in_memory(arguments: Namespace) -> list[str]:
    return [f"--{name}" for name in _IN_MEMORY if getattr(arguments, name, None)]


def draw_sample(
    rows: FileRows,
    arguments: Namespace,
    targets: Sequence[str],
    *,
    of_classes: bool,
) -> SampledRows:
    """Read a table once, and return it with a sample of its rows."""
    roles = ColumnRoles(tuple(targets), arguments.weight, arguments.groups)
    of_numbers = arguments.task == REGRESSION or getattr(arguments, "loss", None) in LOSSES
    classes = True if of_classes else False if of_numbers else None
    drawn = draw_rows(rows, roles, seed=getattr(arguments, "seed", 0), classes=classes)
    return SampledRows(rows, roles, drawn, lambda _, column: column)


def with_formats(sampled: SampledRows, formats: Mapping[str, Format | None]) -> SampledRows:
    """Return rows whose targets are written in these forms, as those of the sample."""

    def read(name: str, column: Array) -> Array:
        written = formats[name]
        return column if written is None else read_column_in(written, name, column)

    return replace(sampled, read_column=read)
