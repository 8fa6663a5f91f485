"""`madaline effects`: how predictions change along the values of columns."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from madaline._cli.arguments import add_argument, add_json, add_model, add_table
from madaline._cli.explain import add_output_choice, load_one_output
from madaline._cli.output import say_json
from madaline._cli.rows import read_given_rows
from madaline._explain.effects import ACCUMULATED, PARTIAL, Effect, effects
from madaline._explain.importances import Interaction, important_columns, interactions
from madaline._words import paragraph, say

HELP = "show how predictions change with a column"

DESCRIPTION = """\
Shows how predictions change along the values of a column, the other columns as
they are: one sentence, and the curve below it. Without --column, one sentence
for each of the most important columns, and which of them interact.
"""

EXAMPLES = """\
examples:
  madaline effects houses.madaline houses.csv
  madaline effects houses.madaline houses.csv --column size
  madaline effects penguins.madaline penguins.csv --column sex --class Adelie
"""

_MAX_SENTENCES = 8
"""Columns that are shown when none is named."""

_MAX_INTERACTIONS = 3
"""Interactions that are shown."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.usage = "madaline effects MODEL TABLE [--column COLUMN ...] [options]"
    add_model(parser)
    add_table(parser)
    add_argument(parser, "--column COLUMN ...", "the columns")
    add_output_choice(parser)
    add_argument(parser, "--class CLASS", "whose probability", dest="label")
    text = "partial dependence: give every value to every row, not only values near its own"
    add_argument(parser, "--partial", text)
    add_argument(parser, "--log-odds", "measure log-odds of a class")
    add_json(parser)


def run(arguments: Namespace) -> None:
    """Print effects and interactions."""
    model = load_one_output(arguments)
    table = read_given_rows(arguments, model).table
    names = list(dict.fromkeys(arguments.column or important_columns(model, _MAX_SENTENCES)))
    found = [
        effects(
            model,
            table,
            name,
            kind=PARTIAL if arguments.partial else ACCUMULATED,
            target_class=arguments.label,
            scale="log_odds" if arguments.log_odds else None,
        )
        for name in names
    ]
    pairs: list[Interaction] = []
    if not arguments.column and len(model.predictor.encoder.columns) > 1 < table.n_samples:
        pairs = list(interactions(model, table))
    if arguments.json:
        curves = [one.to_json() for one in found]
        say_json({"effects": curves, "interactions": [pair.to_json() for pair in pairs]})
    else:
        say("\n".join(_page(found, pairs, curves=bool(arguments.column))), sys.stdout)


def _page(found: list[Effect], pairs: list[Interaction], *, curves: bool) -> Iterator[str]:
    for number, one in enumerate(found):
        if number and curves:
            yield ""
        yield paragraph(one.sentence, rest="" if curves else "  ")
        if curves:
            yield from one.lines()
    if curves or not pairs:
        return
    clear = [pair for pair in pairs if pair.clear][:_MAX_INTERACTIONS]
    for pair in clear:
        yield paragraph(str(pair), rest="  ")
    if not clear:
        yield paragraph("No two columns interact noticeably: the model is nearly additive.")
