"""`madaline watch`: rows played past a model, and what changed among them."""

from __future__ import annotations

import shlex
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path

from madaline._cli.arguments import above_zero, add_argument, add_json, add_model, add_table
from madaline._cli.output import (
    check_destination,
    picture_path,
    say_json,
    suggestion,
    write_picture,
    writing,
)
from madaline._cli.rows import read_rows
from madaline._cli.stream import in_order
from madaline._data.io.atomic import alone
from madaline._model import FittedModel
from madaline._watching import Alarm, Monitor
from madaline._watching.monitor import FALSE_ALARMS
from madaline._words import format_count, paragraph, say
from madaline.errors import InputError

HELP = "find what changes in new rows: columns, predictions, errors, calibration"

DESCRIPTION = """\
Takes the rows of a table in the order of the file or of a column, and tests
whether columns, predictions and, where the target is known, errors and
calibration change. There is one false alarm in 10,000 rows, at most and on
average, as long as rows are independent and nothing changes.
"""

EXAMPLES = """\
examples:
  madaline watch churn.madaline this_month.csv --time day
  madaline watch churn.madaline monday.csv --state churn.monitor
  madaline watch churn.madaline tuesday.csv --state churn.monitor   (goes on)
"""

_MAX_LINES = 20
"""Lines that are printed, at most."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    add_model(parser)
    add_table(parser)
    text = "the true values (default: that of the model, if there)"
    add_argument(parser, "--target COLUMN", text)
    add_argument(parser, "--time COLUMN", "sort the rows by this column (default: as in the file)")
    text = f"rows for each false alarm (default: {FALSE_ALARMS:,})"
    add_argument(parser, "--false-alarms ROWS", text, type=above_zero, default=FALSE_ALARMS)
    text = "start from the state in this file if it exists, and save the state to it"
    add_argument(parser, "--state FILE", text)
    text = "draw the loss over time: a name that ends in .html, or .svg, .png, .pdf with matplotlib"
    add_argument(parser, "--picture FILE", text)
    add_json(parser)


def run(arguments: Namespace) -> None:
    """Watch the rows of a table."""
    sources = [arguments.model, arguments.table]
    picture = picture_path(arguments.picture, sources=sources)
    state = None if arguments.state is None else Path(arguments.state)
    if state is not None:
        check_destination(state, sources=sources)
    model = FittedModel.load(arguments.model)
    with nullcontext() if state is None else alone(state):
        monitor, n_before, first = _watched(model, state, arguments)
    alarms = monitor.alarms[n_before:]
    if picture is not None:
        title = f"{model.summary.target}: {format_count(monitor.n_rows, 'row')} watched"
        write_picture(picture, [monitor.figure()], title=title, sentences=[*map(str, alarms)])
    if arguments.json:
        facts = [alarm.to_json() | {"sentence": alarm.sentence} for alarm in alarms]
        say_json({"n_rows": monitor.n_rows - first, "n_labels": monitor.n_labels, "alarms": facts})
        return
    say("\n".join(_lines(alarms, monitor, arguments)), sys.stdout)


def _watched(
    model: FittedModel, state: Path | None, arguments: Namespace
) -> tuple[Monitor, int, int]:
    """Return the monitor after the rows, saved, and how many alarms and rows it had before."""
    resumed = state if state is not None and state.exists() else None
    monitor = model.watch(false_alarms=arguments.false_alarms, file=resumed)
    n_before, first = len(monitor.alarms), monitor.n_rows
    _observe(monitor, model, arguments)
    if state is not None:
        with writing(state):
            monitor.save(state)
    return monitor, n_before, first


def _observe(monitor: Monitor, model: FittedModel, arguments: Namespace) -> None:
    """Let the monitor see the rows in their order, with the target where it is known."""
    target, time = arguments.target or model.summary.target, arguments.time
    also = [target, *([] if time is None else [time])]
    table = read_rows(
        arguments.table,
        model,
        root=arguments.root,
        encoding=arguments.encoding,
        also=also,
        skip_broken=arguments.skip_broken,
    ).table
    for name in also[0 if arguments.target else 1 :]:
        if name not in table:
            raise InputError(f"There is no column {name!r}: {suggestion(name, table.names)}")
    table = table if time is None else table.take(in_order(table, time))
    monitor.observe(table, table.columns.get(target))


def _lines(alarms: Sequence[Alarm], monitor: Monitor, arguments: Namespace) -> Iterator[str]:
    """Yield what was watched and the alarms, in so few lines that they can be read."""
    first = repr(monitor).splitlines()[0]
    yield paragraph(f"{shlex.quote(arguments.table)}: {first}")
    if not alarms:
        return
    n_lines, shown = 4, 0
    for alarm in alarms:
        text = paragraph(f"row {alarm.row:,}: {alarm.change_and_loss}", "  ", "    ")
        n_lines += text.count("\n") + 1
        if n_lines > _MAX_LINES:
            break
        shown += 1
        yield text
    if shown < len(alarms):
        yield f"  ... and {format_count(len(alarms) - shown, 'more alarm')} (--json prints all)"
    remedies = dict.fromkeys(alarm.general_remedy for alarm in alarms)
    sentences = [f"{remedy[0].upper()}{remedy[1:]}." for remedy in remedies]
    yield paragraph(f"What to do: {' '.join(sentences)}")
