"""`madaline effects`: how predictions change along the values of columns."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from madaline.cli.report import finite
from madaline.cli.rows import add_rows_arguments, read_rows
from madaline.cli.words import paragraph, say
from madaline.data.table import Table
from madaline.explain.effect import ACCUMULATED, PARTIAL, Effect
from madaline.explain.effects import effects
from madaline.explain.importances import important_columns
from madaline.explain.interactions import Interaction, interactions
from madaline.model import FittedModel

HELP = "say how predictions change with a column"

DESCRIPTION = """\
Says how predictions change along the values of a column, the other columns as
they are: one sentence, and the curve below it. Without --column, one sentence
for each of the most important columns, and which of them interact.
"""

EXAMPLES = """\
examples:
  madaline effects houses.madaline houses.csv
  madaline effects houses.madaline houses.csv --column size
  madaline effects penguins.madaline penguins.csv --column sex --class Adelie
"""

MOST_SENTENCES = 8
"""Columns that are told of when none is named."""

MOST_PAIRS = 3
"""Pairs of columns that are told of."""


def add_arguments(parser: ArgumentParser) -> None:
    """Tell the parser what can be typed."""
    parser.usage = "madaline effects MODEL TABLE [--column COLUMN ...] [options]"
    parser.add_argument("model", metavar="MODEL", help="a file that `madaline fit` wrote")
    parser.add_argument(
        "table", metavar="TABLE", help="rows like those learned from: CSV, TSV or Parquet"
    )
    parser.add_argument(
        "--column", metavar="COLUMN", nargs="+", action="extend", default=[], help="the columns"
    )
    parser.add_argument("--class", metavar="CLASS", dest="label", help="whose probability")
    parser.add_argument(
        "--partial",
        action="store_true",
        help="partial dependence: give every value to every row, not only values near its own",
    )
    parser.add_argument("--log-odds", action="store_true", help="measure log-odds of a class")
    add_rows_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: Namespace) -> None:
    """Say what columns do."""
    model = FittedModel.load(arguments.model)
    table = read_rows(arguments.table, model, skip_broken=arguments.skip_broken).table
    names = list(dict.fromkeys(arguments.column or important_columns(model, MOST_SENTENCES)))
    found = [_effect(model, table, name, arguments) for name in names]
    pairs = _pairs(model, table) if not arguments.column else []
    if arguments.json:
        result = {
            "effects": [one.to_json() for one in found],
            "interactions": [one.to_json() for one in pairs],
        }
        say(json.dumps(finite(result)), sys.stdout)
    else:
        say("\n".join(_page(found, pairs, curves=bool(arguments.column))), sys.stdout)


def _effect(model: FittedModel, table: Table, name: str, arguments: Namespace) -> Effect:
    return effects(
        model,
        table,
        name,
        kind=PARTIAL if arguments.partial else ACCUMULATED,
        target_class=arguments.label,
        scale="log_odds" if arguments.log_odds else None,
    )


def _pairs(model: FittedModel, table: Table) -> list[Interaction]:
    if len(model.predictor.encoder.columns) < 2 or table.n_samples < 2:
        return []
    return list(interactions(model, table))


def _page(found: list[Effect], pairs: list[Interaction], *, curves: bool) -> Iterator[str]:
    for number, one in enumerate(found):
        if number and curves:
            yield ""
        yield paragraph(one.sentence, rest="" if curves else "  ")
        if curves:
            yield from one.lines()
    if curves or not pairs:
        return
    clear = [one for one in pairs if one.clear][:MOST_PAIRS]
    for pair in clear:
        yield paragraph(str(pair), rest="  ")
    if not clear:
        yield paragraph("No two columns interact noticeably: the model is nearly additive.")
