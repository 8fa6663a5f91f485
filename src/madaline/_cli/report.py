"""`madaline report`: one HTML page about a model."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from madaline._cli.arguments import add_argument, add_json, add_model, add_table
from madaline._cli.output import check_destination, say_json, writing
from madaline._cli.rows import read_given_rows
from madaline._cli.targets import side_by_side
from madaline._model import FittedModel
from madaline._report.data import Report
from madaline._report.page import check_jinja, save_page
from madaline._words import format_count, format_size, say

HELP = "write a report about a model"

DESCRIPTION = """\
Writes one self-contained HTML page: how good the model is and what to know
first, where it is good and where not, what drives it, the data, how it was
found and how to reproduce it. With a table, also the effects of columns and
some predictions explained; a few values of the table are then in the report.
If the table holds the target and its rows are new to the model, they are
scored, too. If the model was trained on them, all scores are out of fold.
"""

EXAMPLES = """\
examples:
  madaline report penguins.madaline penguins.csv
  madaline report houses.madaline new_houses.csv -o houses.html
  madaline report houses.madaline --json > houses.json
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.usage = "madaline report MODEL [TABLE] [-o REPORT] [options]"
    add_model(parser)
    add_table(parser, nargs="?")
    add_argument(parser, "-o --output REPORT", "where to write (default: MODEL.html, here)")
    add_json(parser, "print the content of the report as one JSON object instead")


def run(arguments: Namespace) -> None:
    """Write the report, or print its content."""
    path = Path(arguments.output or f"{Path(arguments.model).stem}.html")
    if not arguments.json:
        check_jinja()
        given = [] if arguments.table is None else [arguments.table]
        check_destination(path, sources=[arguments.model, *given])
    report = _report(FittedModel.load(arguments.model), arguments)
    if arguments.json:
        say_json(report.to_json())
        return
    with writing(path):
        save_page(report, path)
    say(f"Wrote {path} ({format_size(path.stat().st_size)}).", sys.stderr)


def _report(model: FittedModel, arguments: Namespace) -> Report:
    source, columns = arguments.table, model.target_names
    if source is None:
        return Report.of(model)
    given = read_given_rows(arguments, model, also=columns)
    table = given.table
    known = [table[name] for name in columns if name in table]
    target = side_by_side(known) if len(known) == len(columns) else None
    rows, names = f"the {format_count(table.n_samples, 'row')} of {Path(source).name}", None
    if given.names is not None:
        names = list(map(str, given.names))
    elif not given.kept.all():  # the numbers of the rows that are left
        names = [f"Row {number}" for number in given.numbers]
    return Report.of(model, table, target, rows=rows, names=names)
