"""`madaline report`: a model accounts for itself on one page."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from madaline.cli.destination import check_destination, unwritable
from madaline.cli.report import finite
from madaline.cli.rows import Rows, add_rows_arguments, read_rows
from madaline.cli.words import say
from madaline.model import FittedModel
from madaline.nn.arrays import Array
from madaline.report import report_data
from madaline.report.page import check_jinja, save_page
from madaline.words import count, size

HELP = "write a report about a model"

DESCRIPTION = """\
Writes one HTML file that any browser shows, and that needs nothing else: how
good the model is and how it came to be, the data as understood, what matters,
what was found to be wrong. With a table, best the one that was learned from,
also the effects of columns and some predictions explained; if it holds the
target, predictions are judged by it, too. A few of its values are then in the
report.
"""

EXAMPLES = """\
examples:
  madaline report penguins.madaline penguins.csv
  madaline report houses.madaline new_houses.csv -o houses.html
  madaline report houses.madaline --json > houses.json
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Tell the parser what can be typed."""
    parser.usage = "madaline report MODEL [TABLE] [-o REPORT] [--skip-broken] [--json]"
    parser.add_argument("model", metavar="MODEL", help="a file that `madaline fit` wrote")
    parser.add_argument(
        "table",
        metavar="TABLE",
        nargs="?",
        help="CSV, TSV or Parquet file, gzip too; or images or sounds in a folder",
    )
    parser.add_argument(
        "-o", "--output", metavar="REPORT", help="where to write; by default MODEL.html, here"
    )
    add_rows_arguments(parser)
    parser.add_argument(
        "--json", action="store_true", help="print what the report says as one JSON object instead"
    )


def run(arguments: Namespace) -> None:
    """Write the report, or print what it says."""
    path = Path(arguments.output or f"{Path(arguments.model).stem}.html")
    if not arguments.json:
        check_jinja()
        given = [] if arguments.table is None else [arguments.table]
        check_destination(path, sources=[arguments.model, *given])
    data = _data(FittedModel.load(arguments.model), arguments)
    if arguments.json:
        say(json.dumps(finite(data)), sys.stdout)
        return
    try:
        save_page(data, path)
    except OSError as error:
        raise unwritable(path, error) from None
    say(f"Wrote {path} ({size(path.stat().st_size)}).", sys.stderr)


def _data(model: FittedModel, arguments: Namespace) -> dict[str, Any]:
    source, name = arguments.table, model.summary.target
    if source is None:
        return report_data(model)
    given = read_rows(source, model, also=[name], skip_broken=arguments.skip_broken)
    table = given.table
    target: Array | None = dict(table.columns).get(name)
    rows = f"the {count(table.n_samples, 'row')} of {Path(source).name}"
    return report_data(model, table, target, rows=rows, names=_names(given))


def _names(given: Rows) -> list[str] | None:
    """Return the files of a folder; of a table of which rows are left out, the others' numbers."""
    if given.names is not None:
        return list(map(str, given.names))
    return None if given.kept.all() else [f"Row {number}" for number in given.numbers]
