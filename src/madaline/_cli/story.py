"""`madaline story`: what a fit tried, what it saw, and what it kept."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from typing import Any

from madaline._cli.arguments import add_argument, add_json, add_model
from madaline._cli.output import say_json
from madaline._model import FittedModel
from madaline._race.recipe import legend
from madaline._report.data import verdict
from madaline._story.progress import decision_line
from madaline._words import paragraph, say

HELP = "tell how a model was found"

DESCRIPTION = """\
Tells what a fit tried, what it saw, and what it kept: the recipes, which of
them were stopped early, which variants lowered the validation loss, and which
networks make the prediction. With -v, also every decision.
"""

EXAMPLES = """\
examples:
  madaline story penguins.madaline
  madaline story penguins.madaline -v
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    add_model(parser)
    add_argument(parser, "-v --verbose", "print every decision, too")
    add_json(parser)


def run(arguments: Namespace) -> None:
    """Tell the story of a model."""
    model = FittedModel.load(arguments.model)
    if arguments.json:
        say_json(_facts(model))
    else:
        texts = ("\n".join(lines) for lines in _sections(model, decisions=arguments.verbose))
        say("\n\n".join(text for text in texts if text), sys.stdout)


def _sections(model: FittedModel, *, decisions: bool) -> Iterator[Iterable[str]]:
    yield map(paragraph, verdict(model))
    story = model.story()
    for part in story.parts():
        yield story.lines(part)
    yield [paragraph(legend(record.recipe for record in model.records))]
    if decisions:
        yield ["Decisions:", *map(decision_line, model.decisions)]


def _facts(model: FittedModel) -> dict[str, Any]:
    return {
        "verdict": verdict(model),
        "story": model.story().to_json(),
        "members": model.summary.to_json()["members"],
        "decisions": [decision.to_json() for decision in model.decisions],
    }
