"""`madaline fill`: the gaps of a table filled from its other columns, and how good that is."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from madaline._apps.cli.console import (
    check_destination,
    say_json,
    tell,
)
from madaline._apps.cli.options import (
    COLUMNS,
    FORMATS,
    QUIET,
    READING,
    SEED,
    SPREADSHEET,
    Command,
    Option,
    OptionGroup,
    at_least,
)
from madaline._apps.cli.sample import say_results, write_rows
from madaline._apps.cli.training_data import all_given_kinds
from madaline._apps.filling.merging import merge
from madaline._apps.sampling.source import SourceTable
from madaline._base.extras import load_polars
from madaline._base.language import _
from madaline._base.words import paragraph
from madaline._tables.io.recognition import recognize
from madaline._tables.io.table_files import (
    WrittenTable,
    check_output,
)
from madaline.errors import InputError
from madaline.nn.arrays import Array

_MARK = "{}_filled"


IMPUTATION = "imputation"  # the column that numbers the tables of `madaline fill --draws`

# fmt: off
FILL = Command(
    """
    Fills each gap with the best value that the other columns tell: of numbers the
    mean of what may be there, of categories the most probable one. Types and formats
    stay, and cells that are there never change. Tells how good the values are:
    some that are known are hidden, filled, and compared. For standard errors and
    correlations draw several tables with --draws: best values vary too little.
    Networks of madaline take tables with gaps as they are.

    examples:
      madaline fill people.csv -o full.csv
      madaline fill people.csv --mark -o full.csv
      madaline fill people.csv --draws 5 -o five.csv
    """,
    (
        Option("TABLE", FORMATS),
        Option("--mark", "add a column NAME_filled for each with gaps: which cells were filled"),
        Option("--draws N", _("draw N tables instead of the best values, one below the other; the column {IMPUTATION} numbers them").format(IMPUTATION=IMPUTATION), type=at_least(1)),
        Option("--no-check", "do not measure how good filling is, which takes half of the time"),
        SEED,
        OptionGroup(COLUMNS.title, (*COLUMNS.options,
            *READING,
        )),
        OptionGroup("output", (
            Option("-o --output FILE", "CSV, TSV, jsonl, Parquet or Feather (default: CSV, printed)"),
            SPREADSHEET,
            Option("--json", "print what was filled, and how good it is, as one JSON object"),
            QUIET,
        )),
    ),
    usage="madaline fill TABLE [-o FILE] [options]",
    defaults={"task": None},
)
# fmt: on


def run_fill(arguments: Namespace) -> None:
    from madaline._apps.filling.imputer import Imputer

    path = None if arguments.output is None else Path(arguments.output)
    if path is not None:
        check_output(path)
        check_destination(path, sources=[arguments.table])
    if arguments.json and path is None:
        raise InputError("--json prints the figures: write the table to a file with -o.")
    imputer = Imputer(
        kinds=all_given_kinds(arguments),
        missing=arguments.missing,
        check=not arguments.no_check,
        random_state=arguments.seed,
    )
    source = imputer._read(  # once, as standard input can be read but once
        arguments.table, arguments.encoding
    )
    report = (lambda _: None) if arguments.quiet else (lambda text: tell(f"  {text}"))
    imputer._fit_source(source, only_gaps=True, report=report)
    tables = imputer._filled(source.table, arguments.draws, arguments.seed)
    gaps = imputer._gaps_of(source.table)
    filled = _FilledFile(source, tables, gaps, arguments.mark, arguments.draws is not None)
    write_rows(arguments, filled.n_rows, filled.texts, filled.frame)
    if arguments.json:
        say_json(_as_json(imputer))
    else:
        say_results(arguments, map(paragraph, str(imputer).splitlines()))


def _as_json(imputer: Any) -> dict[str, Any]:
    errors = [] if imputer.quality_ is None else imputer.quality_.columns
    return {
        "n_gaps": imputer.n_gaps_,
        "errors": [asdict(error) for error in errors],
        "notes": list(imputer.notes_),
    }


@final
@dataclass(frozen=True, eq=False)
class _FilledFile:
    """Filled tables of a file, one below the other."""

    source: SourceTable
    tables: Sequence[Mapping[str, Array]]
    gaps: Mapping[str, Array]  # Booleans (n_rows,) of each column that has any
    marks: bool  # whether columns tell which cells were filled
    numbers: bool  # whether a column numbers the tables

    @property
    def n_rows(self) -> int:
        """Rows of all tables together."""
        return self.source.table.n_samples * len(self.tables)

    def frame(self) -> Any:
        """Return a polars frame of the tables, with the types of the file."""
        polars = load_polars()
        typed = self._file.typed
        written = {column.name: column.written for column in self.source.columns}
        parts = [
            merge(
                typed,
                recognize(typed),
                {name: written[name](table[name]) for name in self.gaps},
                self.gaps,
                list(written),
            )
            for table in self.tables
        ]
        frame = polars.concat(parts)
        frame = frame.with_columns(
            polars.col(column.name).round().cast(polars.Int64)
            for column in self.source.columns
            if column.dtype == "Int64" and frame.schema[column.name] == polars.Float64
        )
        for name, mark in self._marks().items():
            frame = frame.with_columns(
                polars.Series(_free(_MARK.format(name), frame.columns), mark)
            )
        if self.numbers:
            frame.insert_column(0, polars.Series(_free(IMPUTATION, frame.columns), self._numbers()))
        return frame

    def texts(self) -> dict[str, Array]:
        """Return the columns of the tables as texts; what stands in a text file stays as it is."""
        columns = {}
        for column in self.source.columns:
            given = self._file.written[column.name].cast(load_polars().String).fill_null("")
            texts, parts = np.array(given.to_list(), object), []
            for table in self.tables:
                parts.append(texts.copy())
                if column.name in self.gaps:
                    gaps = self.gaps[column.name]
                    parts[-1][gaps] = column.in_file(table[column.name][gaps])
            columns[column.name] = np.concatenate(parts)
        for name, mark in self._marks().items():
            words = np.where(mark, "true", "false").astype(object)
            columns[_free(_MARK.format(name), columns)] = words
        if not self.numbers:
            return columns
        return {_free(IMPUTATION, columns): self._numbers().astype(str).astype(object), **columns}

    def _marks(self) -> dict[str, Array]:
        return {n: np.tile(gaps, len(self.tables)) for n, gaps in self.gaps.items() if self.marks}

    def _numbers(self) -> Array:
        return np.repeat(np.arange(1, len(self.tables) + 1), self.source.table.n_samples)

    @property
    def _file(self) -> WrittenTable:
        assert self.source.file is not None  # the command reads files alone
        return self.source.file


def _free(name: str, taken: Collection[str]) -> str:
    """Return a name that no column has."""
    while name in taken:
        name += "_"
    return name
