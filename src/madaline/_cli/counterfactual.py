"""`madaline counterfactual`: the smallest change of a row that changes its prediction."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from typing import Any

import numpy as np

from madaline._cli.arguments import add_argument, add_json, add_model, add_table
from madaline._cli.explain import add_output_choice, load_one_output
from madaline._cli.output import say_json
from madaline._cli.rows import read_given_rows
from madaline._explain.counterfactuals.search import (
    MAX_CHANGED_COLUMNS,
    counterfactuals,
)
from madaline._model import FittedModel
from madaline._words import format_count, paragraph, say
from madaline.errors import InputError

HELP = "find the smallest change that leads to another prediction"

DESCRIPTION = """\
Looks for the smallest change of a row that leads to another prediction, within
the values seen in training. It shows what the networks would predict, not what
would happen if the value were changed in the world.
"""

EXAMPLES = """\
examples:
  madaline counterfactual loans.madaline new.csv --row 3 --to approved
  madaline counterfactual loans.madaline new.csv --row 3 --only amount duration
  madaline counterfactual houses.madaline new.csv --row 0 --at-least 300000
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.usage = "madaline counterfactual MODEL TABLE --row N [--to CLASS] [options]"
    add_model(parser)
    add_table(parser)
    text = "the rows, counted from 0 (default: the first)"
    add_argument(parser, "--row N ...", text, type=int, default=None)
    add_output_choice(parser)
    add_argument(parser, "--to CLASS", "the class to reach (default: the next probable one)")
    add_argument(parser, "--at-least X", "the lowest number that is enough", type=float)
    add_argument(parser, "--at-most X", "the highest number that is enough", type=float)
    add_argument(
        parser, "--only COLUMN ...", "the columns that may change (default: all)", default=None
    )
    text = "how many columns may change at a time (default: %(default)s)"
    add_argument(parser, "--most N", text, type=int, default=MAX_CHANGED_COLUMNS)
    add_json(parser)


def run(arguments: Namespace) -> None:
    """Search, and print what was found."""
    model = load_one_output(arguments)
    target = _target(model, arguments)
    given = read_given_rows(arguments, model)
    rows = arguments.row or [0]
    for row in rows:
        if not 0 <= row < len(given.kept):
            raise InputError(
                f"--row is {row}, but the table has {format_count(len(given.kept), 'row')}, counted"
                f" from 0: give a number from 0 to {len(given.kept) - 1}."
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
        say_json({"counterfactuals": [one.to_json() for one in found]})
    else:
        say("\n".join(paragraph(str(one)) for one in found), sys.stdout)


def _target(model: FittedModel, arguments: Namespace) -> Any:
    """Return the class or the range to reach."""
    limits = (arguments.at_least, arguments.at_most)
    if model.summary.task == "classification":
        if limits != (None, None):
            raise InputError(
                f"{arguments.model} predicts classes: give --to CLASS instead of a limit."
            )
        return arguments.to
    if arguments.to is not None or limits == (None, None):
        raise InputError(
            f"{arguments.model} predicts a number, {model.summary.target}: give"
            " --at-least X, --at-most X or both."
        )
    return limits
