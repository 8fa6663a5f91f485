"""`madaline doctor`: problems of a model, or of a table that it shall predict."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from madaline._cli.arguments import add_json, add_model, add_table
from madaline._cli.output import say_json
from madaline._cli.rows import read_given_rows
from madaline._diagnosis.finding import Diagnosis
from madaline._model import FittedModel
from madaline._words import format_count, paragraph, say

HELP = "list problems of a model, or of a new table"

DESCRIPTION = """\
Lists what was found when a model was fitted, the worst first: columns that leak
the target, labels that look wrong, groups of rows that are predicted badly, and
more, each with the numbers and a remedy. With a table, also how its rows differ
from those of training.
"""

EXAMPLES = """\
examples:
  madaline doctor penguins.madaline
  madaline doctor penguins.madaline new_penguins.csv
"""

_MAX_ROWS = 10
"""Numbers of rows that are printed, at most; --json has more."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.usage = "madaline doctor MODEL [TABLE] [--skip-broken] [--root FOLDER] [--json]"
    add_model(parser)
    add_table(parser, nargs="?")
    add_json(parser)


def run(arguments: Namespace) -> None:
    """Diagnose a model, and a table."""
    model = FittedModel.load(arguments.model)
    of_table = None
    if arguments.table is not None:
        rows = read_given_rows(arguments, model)
        of_table = model.diagnose(rows.table).renumbered(rows.numbers).named(rows.files)
    if arguments.json:
        of_fit = None if model.diagnosis is None else model.diagnosis.facts()
        result = {"model": arguments.model, "fit": of_fit}
        if of_table is not None:
            result |= {"table": arguments.table, "new_rows": of_table.facts()}
        say_json(result)
        return
    say("\n".join(_of_fit_lines(model)), sys.stdout)
    if of_table is not None:
        say("\n".join(["", *_lines(of_table, f"The rows of {arguments.table}")]), sys.stdout)


def _of_fit_lines(model: FittedModel) -> Iterator[str]:
    what = f"The fit of {model.summary.target} to {format_count(model.summary.n_samples, 'row')}"
    if model.diagnosis is None:
        yield paragraph(
            f"{what} was not diagnosed by madaline {model.version}, which wrote the file: fit it"
            " again to see findings."
        )
    else:
        yield from _lines(model.diagnosis, what)


def _lines(diagnosis: Diagnosis, what: str) -> Iterator[str]:
    """Yield the findings grouped by their severity."""
    if not diagnosis.findings:
        yield paragraph(f"{what}: no problem was found.")
        return
    yield paragraph(f"{what}: {format_count(len(diagnosis), 'finding')}.")
    for severity, findings in diagnosis.by_severity().items():
        if findings:
            yield f"{severity.capitalize()}:"
        for finding in findings:
            yield paragraph(finding.sentence, first="  - ", rest="    ")
            if finding.rows:
                shown = finding.examples(_MAX_ROWS)
                yield paragraph(f"Such as {shown}.", first="    ", rest="    ")
