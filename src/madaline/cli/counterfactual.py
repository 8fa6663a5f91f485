"""`madaline counterfactual`: what would have to be different for another answer."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from typing import Any

import numpy as np

from madaline.cli.report import finite
from madaline.cli.rows import add_rows_arguments, read_rows
from madaline.cli.words import paragraph, say
from madaline.errors import InputError
from madaline.explain.counterfactuals.search import MOST_COLUMNS, counterfactuals
from madaline.model import FittedModel
from madaline.words import count

HELP = "say what would have to be different for another answer"

DESCRIPTION = """\
Looks for the smallest change of a row that leads to another prediction, within
the values seen in training. It says what the networks would predict, not what
becomes of somebody who changes.
"""

EXAMPLES = """\
examples:
  madaline counterfactual loans.madaline new.csv --row 3 --to approved
  madaline counterfactual loans.madaline new.csv --row 3 --only amount duration
  madaline counterfactual houses.madaline new.csv --row 0 --at-least 300000
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Tell the parser what can be typed."""
    parser.usage = "madaline counterfactual MODEL TABLE --row N [--to CLASS] [options]"
    parser.add_argument("model", metavar="MODEL", help="a file that `madaline fit` wrote")
    parser.add_argument("table", metavar="TABLE", help="CSV, TSV or Parquet file, gzip too")
    parser.add_argument(
        "--row",
        metavar="N",
        type=int,
        nargs="+",
        action="extend",
        help="the rows, counted from 0 (default: the first)",
    )
    parser.add_argument(
        "--to", metavar="CLASS", help="the class that is wished; by default the next probable one"
    )
    parser.add_argument(
        "--at-least", metavar="X", type=float, help="the lowest number that will do"
    )
    parser.add_argument(
        "--at-most", metavar="X", type=float, help="the highest number that will do"
    )
    parser.add_argument(
        "--only",
        metavar="COLUMN",
        nargs="+",
        action="extend",
        help="the columns that may change (default: all)",
    )
    parser.add_argument(
        "--most",
        metavar="N",
        type=int,
        default=MOST_COLUMNS,
        help="how many columns may change at a time (default: %(default)s)",
    )
    add_rows_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: Namespace) -> None:
    """Look for another answer."""
    model = FittedModel.load(arguments.model)
    target = _target(model, arguments)
    given = read_rows(arguments.table, model, skip_broken=arguments.skip_broken)
    rows = arguments.row or [0]
    for row in rows:
        if not 0 <= row < len(given.kept):
            raise InputError(
                f"--row is {row}, but the table has {count(len(given.kept), 'row')}, counted from"
                f" 0: give a number from 0 to {len(given.kept) - 1}."
            )
        if not given.kept[row]:
            raise InputError(f"--row is {row}, whose file cannot be read: choose another row.")
    found = counterfactuals(
        model,
        given.table.take(np.searchsorted(given.numbers, rows)),
        target=target,
        columns=arguments.only,
        most_columns=arguments.most,
        row_numbers=rows,
    )
    if arguments.json:
        result = {"counterfactuals": [one.to_json() for one in found]}
        say(json.dumps(finite(result)), sys.stdout)
    else:
        say("\n".join(paragraph(str(one)) for one in found), sys.stdout)


def _target(model: FittedModel, arguments: Namespace) -> Any:
    """Return the class or the range that is wished."""
    limits = (arguments.at_least, arguments.at_most)
    if model.summary.task == "classification":
        if limits != (None, None):
            raise InputError(
                f"{arguments.model} predicts classes: say --to CLASS instead of a limit."
            )
        return arguments.to
    if arguments.to is not None or limits == (None, None):
        raise InputError(
            f"{arguments.model} predicts a number, {model.summary.target}: say what will do with"
            " --at-least X, --at-most X or both."
        )
    return limits
