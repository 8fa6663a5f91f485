"""`madaline card`: a model card in Markdown, with the metadata that model hubs read."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from madaline.cli.destination import check_destination, unwritable
from madaline.cli.words import say
from madaline.model import FittedModel
from madaline.report import model_card, write_card

HELP = "write a model card"

DESCRIPTION = """\
Prints a model card: Markdown that says what the model predicts, how good it is,
what it needs and relies on, its limits, and how it came to be, with metadata at
the top that model hubs read. Add a license and where the data are from.
"""

EXAMPLES = """\
examples:
  madaline card penguins.madaline
  madaline card penguins.madaline -o README.md
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Tell the parser what can be typed."""
    parser.usage = "madaline card MODEL [-o CARD]"
    parser.add_argument("model", metavar="MODEL", help="a file that `madaline fit` wrote")
    parser.add_argument(
        "-o", "--output", metavar="CARD", help="where to write, such as README.md, instead"
    )


def run(arguments: Namespace) -> None:
    """Print the card, or write it."""
    path = None if arguments.output is None else Path(arguments.output)
    if path is not None:
        check_destination(path, sources=[arguments.model])
    model = FittedModel.load(arguments.model)
    if path is None:
        say(model_card(model).rstrip(), sys.stdout)
        return
    try:
        write_card(model, path)
    except OSError as error:
        raise unwritable(path, error) from None
    say(f"Wrote {path}.", sys.stderr)
