"""`madaline look`: what a table holds, how it is read, and what a fit would do with it."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from madaline._cli.arguments import FORMATS, Commands
from madaline._cli.fit import given_time
from madaline._cli.output import check_destination, say_json, say_lines, tell, writing
from madaline._cli.training_data import TrainingTable, source_name
from madaline._data.io.media_tables import LABEL
from madaline._data.io.table_files import STANDARD_INPUT
from madaline._data.table import Table
from madaline._data.target.values import missing_values
from madaline._look.columns import BLOCKS
from madaline._look.look import Look
from madaline._look.looking import look_at
from madaline._model import FittedModel
from madaline._report.page import check_jinja
from madaline._words import format_size, paragraph
from madaline.errors import InputError

_OF_A_FIT = {"weight": None, "metric": None, "class_weight": None}
"""Options that reading a table for a fit asks for, and a look lacks."""

_MAX_SENTENCES = 8  # of one kind on the screen; the page has all


def add_look(commands: Commands) -> None:
    """Add `madaline look`."""
    arguments = commands.add(
        "look",
        _look,
        "look at a table before a fit",
        """
        Shows what each column holds and how it was read, which values are missing, how
        columns are associated with the target and each other, copies, leaks, dates and
        gaps, and what a fit would do with the table. With -o it writes a page.

        examples:
          madaline look penguins.csv
          madaline look penguins.csv --target species -o penguins.html
          madaline look sales.xlsx --target sales --missing tbc -999
        """,
        usage="madaline look TABLE [--target COLUMN] [-o PAGE] [options]",
        **_OF_A_FIT,
    )
    arguments.add("TABLE", f"{FORMATS}, or a folder of images or sounds")
    arguments.add("--target COLUMN", "the column to predict", action="append")
    arguments.add_task()
    arguments.add_columns()
    rows = arguments.group("rows")
    rows.add_groups()
    rows.add_times()
    rows.add_reading()
    rows.add("--skip-broken", "leave out images and sounds that cannot be read")
    rows.add_root()
    rows.add("--memory SIZE", "memory to take at most, such as 2GB")
    output = arguments.group("output")
    output.add("-o --output PAGE", "write a self-contained HTML page")
    output.add_json()


def _look(arguments: Namespace) -> None:
    path = None if arguments.output is None else Path(arguments.output)
    if path is not None:
        check_jinja()
        check_destination(path, sources=[arguments.table])
    seen = look_of(arguments)
    if path is not None:
        with writing(path):
            seen.save(path)
        tell(f"Wrote {path} ({format_size(path.stat().st_size)}).")
    if arguments.json:
        say_json(seen.to_json())
    else:
        say_lines(_lines(seen))


def look_of(arguments: Namespace) -> Look:
    """Return the look at the table that a command was given."""
    if arguments.target is None and Path(arguments.table).is_dir():
        arguments.target = [LABEL]
    data = TrainingTable.read(arguments, to_fit=False)
    if len(data.target_names) > 1:
        raise InputError("A look is at one target: name one column with --target.")
    has_target = bool(data.target_names)
    if has_target:
        data.check_target(arguments.task)
    source, notes = arguments.table, data.notes
    if data.encoding and arguments.encoding is None:
        notes = (
            f"The file is read as {data.encoding}: if letters are wrong, name its encoding"
            " (--encoding).",
            *notes,
        )
    return look_at(
        data.table,
        data.target if has_target else None,
        target_name=data.target_names[0] if has_target else "",
        task=arguments.task,
        groups=data.groups,
        time=given_time(arguments, data),
        kinds=data.kinds,
        notes=notes,
        source="standard input" if source == str(STANDARD_INPUT) else source_name(source),
    ).for_command_line()


def look_again(model: FittedModel, table: Table, source: str) -> Look:
    """Return the look at a table with the columns of a model, as the model reads them."""
    names, target = model.target_names, None
    if len(names) == 1 and names[0] in table and not missing_values(table[names[0]]).all():
        target = table[names[0]]
    table = table.drop(name for name in names if name in table)
    kept = {column.name: column.kind for column in model.schema.columns if column.kept}
    return look_at(
        table,
        target,
        target_name=names[0],
        task=model.summary.task,
        kinds={name: kind for name, kind in kept.items() if name in table},
        source=source,
    ).for_command_line()


def _lines(seen: Look) -> Iterator[str]:
    """Yield the screen: the columns, what stands out, and what a fit would do."""
    yield paragraph(f"{seen.source}: {seen.headline}")
    yield from map(paragraph, seen.notes[:_MAX_SENTENCES])
    yield ""
    yield from seen.lines(blocks=_has_blocks())
    yield ""
    yield from map(paragraph, seen.remarks)
    if seen.findings:
        yield ""
        for sentence in seen.told_findings:
            yield paragraph(sentence, first="- ")
    yield from map(paragraph, seen.plan)


def _has_blocks() -> bool:
    """Return whether the terminal has characters for small distributions."""
    try:
        BLOCKS.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
