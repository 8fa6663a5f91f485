"""`madaline fill`: the gaps of a table filled from its other columns, and how good that is."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from madaline._cli.console import (
    FORMATS,
    Commands,
    at_least,
    check_destination,
    say_csv,
    say_json,
    say_lines,
    tell,
    writing,
)
from madaline._cli.sample import separator_of
from madaline._cli.training_data import all_given_kinds
from madaline._data.io.atomic import write_atomically
from madaline._data.io.compression import compressed, plain_name
from madaline._data.io.rows import recognize
from madaline._data.io.table_files import (
    WrittenTable,
    check_output,
    format_predictions,
    without_formulas,
    write_frame,
)
from madaline._extras import load_polars
from madaline._filling.merging import merge
from madaline._sampling.source import Source
from madaline._words import format_count, paragraph
from madaline.errors import InputError
from madaline.nn.arrays import Array

_MARK, _NUMBER = "{}_filled", "imputation"


def add_fill(commands: Commands) -> None:
    """Add `madaline fill`."""
    arguments = commands.add(
        "fill",
        _fill,
        "fill the gaps of a table",
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
        usage="madaline fill TABLE [-o FILE] [options]",
        task=None,
    )
    arguments.add("TABLE", FORMATS)
    arguments.add("--mark", "add a column NAME_filled for each with gaps: which cells were filled")
    text = "draw N tables instead of the best values, one below the other; the column"
    arguments.add("--draws N", f"{text} {_NUMBER} numbers them", type=at_least(1))
    arguments.add("--no-check", "do not measure how good filling is, which takes half of the time")
    arguments.add_seed()
    arguments.add("--jobs N", "threads (default: all)", type=at_least(1))
    columns = arguments.add_columns()
    columns.add_reading()
    output = arguments.group("output")
    output.add("-o --output FILE", "CSV, TSV, jsonl, Parquet or Feather (default: CSV, printed)")
    output.add_spreadsheet()
    output.add_json("print what was filled, and how good it is, as one JSON object")
    output.add("-q --quiet", "print no progress")


def _fill(arguments: Namespace) -> None:
    from madaline._filling.imputer import Imputer

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
        n_jobs=arguments.jobs or -1,
    )

    def report(text: str) -> None:
        if not arguments.quiet:
            tell(f"  {text}")

    source = imputer._read(  # once, as standard input can be read but once
        arguments.table, arguments.encoding
    )
    imputer._fit_source(source, only_gaps=True, report=report)
    if arguments.draws is None:
        tables = [imputer._filler.best(source.table)]
    else:
        tables = imputer._filler.draws(source.table, arguments.draws, arguments.seed)
    gaps = imputer._gaps_of(source.table)
    _write(path, source, tables, gaps, arguments)
    if arguments.json:
        say_json(_as_json(imputer))
    else:
        lines = [paragraph(line) for line in str(imputer).splitlines()]
        if path is not None:
            say_lines(lines)
        elif not arguments.quiet:
            tell(*lines)


def _as_json(imputer: Any) -> dict[str, Any]:
    quality = imputer.quality_
    columns = [] if quality is None else quality.columns
    names = ("column", "is_category", "n_hidden", "error", "error_of_usual")
    return {
        "n_gaps": imputer.n_gaps_,
        "errors": [{name: getattr(one, name) for name in names} for one in columns],
        "notes": list(imputer.notes_),
    }


def _write(
    path: Path | None,
    source: Source,
    tables: Sequence[Mapping[str, Array]],
    gaps: Mapping[str, Array],
    arguments: Namespace,
) -> None:
    """Write the tables one below the other, in the format that the name of the file says."""
    ending = ".csv" if path is None else Path(plain_name(path)).suffix
    n_rows = source.table.n_samples
    marks = {name: np.tile(own, len(tables)) for name, own in gaps.items() if arguments.mark}
    number = None
    if arguments.draws is not None:
        number = np.repeat(np.arange(1, len(tables) + 1), n_rows)
    if path is not None and ending not in (".csv", ".tsv"):
        with writing(path):
            write_frame(path, _frame(source, tables, gaps, marks, number))
    else:
        columns = _texts(source, tables, gaps, marks, number)
        if arguments.spreadsheet:
            columns = without_formulas(columns)
        names = [column.name for column in source.columns]
        separator = "\t" if ending == ".tsv" else separator_of(arguments.table, names)
        content = format_predictions(columns, separator=separator)
        if path is None:
            say_csv(content)
            return
        with writing(path):
            write_atomically(path, compressed(path, content))
    tell(f"Wrote {path} ({format_count(n_rows * len(tables), 'row')}).")


def _frame(
    source: Source,
    tables: Sequence[Mapping[str, Array]],
    gaps: Mapping[str, Array],
    marks: Mapping[str, Array],
    number: Array | None,
) -> Any:
    """Return a polars frame of the tables, with the types of the file."""
    polars = load_polars()
    typed = _file(source).typed
    by_name = {column.name: column for column in source.columns}
    parts = [
        merge(
            typed,
            recognize(typed),
            {name: by_name[name].written(table[name]) for name in gaps},
            gaps,
            list(by_name),
        )
        for table in tables
    ]
    frame = polars.concat(parts)
    frame = frame.with_columns(
        polars.col(name).round().cast(polars.Int64) for name in _whole_numbers(source)
    )
    for name, mark in marks.items():
        frame = frame.with_columns(polars.Series(_free(_MARK.format(name), frame.columns), mark))
    if number is not None:
        frame.insert_column(0, polars.Series(_free(_NUMBER, frame.columns), number))
    return frame


def _texts(
    source: Source,
    tables: Sequence[Mapping[str, Array]],
    gaps: Mapping[str, Array],
    marks: Mapping[str, Array],
    number: Array | None,
) -> dict[str, Array]:
    """Return the columns of the tables as texts; what stands in a text file stays as it is."""
    columns = {}
    for one in source.columns:
        given = _file(source).written[one.name].cast(load_polars().String).fill_null("")
        texts, parts = np.array(given.to_list(), object), []
        for table in tables:
            parts.append(texts.copy())
            if one.name in gaps:
                own = gaps[one.name]
                parts[-1][own] = one.in_file(table[one.name][own])
        columns[one.name] = np.concatenate(parts)
    for name, mark in marks.items():
        columns[_free(_MARK.format(name), columns)] = np.where(mark, "true", "false").astype(object)
    if number is None:
        return columns
    return {_free(_NUMBER, columns): number.astype(str).astype(object), **columns}


def _whole_numbers(source: Source) -> list[str]:
    """Return the columns of a text file whose numbers are all written as whole ones."""
    typed, written = _file(source).typed, _file(source).written
    is_text, is_number = load_polars().String, load_polars().Float64
    names = []
    for name in typed.columns:
        if typed[name].dtype == is_number and written[name].dtype == is_text:
            texts = written[name].filter(typed[name].is_not_null())
            if len(texts) and texts.str.contains(r"^\s*[+-]?\d{1,15}\s*$").all():
                names.append(name)
    return names


def _file(source: Source) -> WrittenTable:
    assert source.file is not None  # the command reads files alone
    return source.file


def _free(name: str, taken: Collection[str]) -> str:
    """Return a name that no column has."""
    while name in taken:
        name += "_"
    return name
