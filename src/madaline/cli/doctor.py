"""`madaline doctor`: what is wrong with a model, or with a table that it is to predict."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from madaline.cli.report import finite
from madaline.cli.rows import add_rows_arguments, read_rows
from madaline.cli.words import paragraph, say
from madaline.diagnosis.diagnosis import Diagnosis
from madaline.model import FittedModel
from madaline.words import count

HELP = "say what is wrong with a model, or with a new table"

DESCRIPTION = """\
Says what was found when a model was fitted, the worst first: columns that give
the target away, labels that look wrong, groups of rows that are predicted
badly, and more, each with the numbers and what helps. With a table, also how
its rows differ from those that were learned from.
"""

EXAMPLES = """\
examples:
  madaline doctor penguins.madaline
  madaline doctor penguins.madaline new_penguins.csv
"""

SHOWN_ROWS = 10
"""Numbers of rows that are printed, at most; --json has more."""


def add_arguments(parser: ArgumentParser) -> None:
    """Tell the parser what can be typed."""
    parser.usage = "madaline doctor MODEL [TABLE] [--skip-broken] [--json]"
    parser.add_argument("model", metavar="MODEL", help="a file that `madaline fit` wrote")
    parser.add_argument(
        "table", metavar="TABLE", nargs="?", help="CSV, TSV or Parquet file to predict, gzip too"
    )
    add_rows_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: Namespace) -> None:
    """Diagnose a model, and a table."""
    model = FittedModel.load(arguments.model)
    of_table = None if arguments.table is None else _of_table(model, arguments)
    if arguments.json:
        result = {"model": arguments.model, "fit": _json(model.diagnosis)}
        if arguments.table is not None:
            result |= {"table": arguments.table, "new_rows": _json(of_table)}
        say(json.dumps(finite(result)), sys.stdout)
        return
    say("\n".join(_of_fit_lines(model)), sys.stdout)
    if of_table is not None:
        say("", sys.stdout)
        say("\n".join(_lines(of_table, f"The rows of {arguments.table}")), sys.stdout)


def _of_table(model: FittedModel, arguments: Namespace) -> Diagnosis:
    """Return what was found, with the names of the files where the rows are files."""
    rows = read_rows(arguments.table, model, skip_broken=arguments.skip_broken)
    return model.diagnose(rows.table).renumbered(rows.numbers).named(rows.files)


def _json(diagnosis: Diagnosis | None) -> object:
    return None if diagnosis is None else diagnosis.to_json()


def _of_fit_lines(model: FittedModel) -> Iterator[str]:
    what = f"The fit of {model.summary.target} to {count(model.summary.n_samples, 'row')}"
    if model.diagnosis is None:
        yield paragraph(
            f"{what} was not looked at by madaline {model.version}, which wrote the file: fit it"
            " again to know."
        )
    else:
        yield from _lines(model.diagnosis, what)


def _lines(diagnosis: Diagnosis, what: str) -> Iterator[str]:
    """Yield the findings grouped by their severity."""
    if not diagnosis.findings:
        yield paragraph(f"{what}: nothing was found.")
        return
    yield paragraph(f"{what}: {count(len(diagnosis), 'finding')}.")
    for severity, findings in diagnosis.by_severity().items():
        if findings:
            yield f"{severity.capitalize()}:"
        for finding in findings:
            yield paragraph(finding.sentence, first="  - ", rest="    ")
            if finding.rows:
                shown = finding.examples(SHOWN_ROWS)
                yield paragraph(f"such as {shown}", first="    ", rest="    ")
