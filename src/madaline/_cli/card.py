"""`madaline card`: a model card in Markdown, with the metadata that model hubs read."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from madaline._cli.arguments import add_argument, add_json, add_model
from madaline._cli.output import check_destination, say_json, writing
from madaline._model import FittedModel
from madaline._report.card import model_card, write_card
from madaline._words import say

HELP = "write a model card"

DESCRIPTION = """\
Prints a model card: Markdown about what the model predicts, how good it is,
what it needs and relies on, its limits, and how it was made, with metadata
at the top that model hubs read. Add a license and the origin of the data.
"""

EXAMPLES = """\
examples:
  madaline card penguins.madaline
  madaline card penguins.madaline -o README.md
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.usage = "madaline card MODEL [-o CARD] [--json]"
    add_model(parser)
    add_argument(parser, "-o --output CARD", "write it to a file, such as README.md, instead")
    add_json(parser, "print one JSON object with the text instead")


def run(arguments: Namespace) -> None:
    """Print the card, or write it."""
    if arguments.output is None or arguments.json:
        card = model_card(FittedModel.load(arguments.model))
        if arguments.json:
            say_json({"model": arguments.model, "card": card})
        else:
            say(card.rstrip(), sys.stdout)
        return
    path = Path(arguments.output)
    check_destination(path, sources=[arguments.model])
    model = FittedModel.load(arguments.model)
    with writing(path):
        write_card(model, path)
    say(f"Wrote {path}.", sys.stderr)
