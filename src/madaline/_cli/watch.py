"""`madaline watch`: what changes in new rows, tested row by row."""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path

import numpy as np

from madaline._cli.arguments import Commands, above_zero
from madaline._cli.output import (
    check_destination,
    picture_path,
    say_json,
    say_lines,
    write_picture,
    writing,
)
from madaline._cli.rows import read_rows, time_columns
from madaline._cli.streams import check_column, row_order
from madaline._data.io.atomic import alone
from madaline._model import FittedModel
from madaline._watching.alarm import Alarm
from madaline._watching.monitor import FALSE_ALARMS, Monitor
from madaline._words import format_count, paragraph

_MAX_LINES = 20  # lines that are printed, at most


def add_watch(commands: Commands) -> None:
    """Add `madaline watch`."""
    arguments = commands.add(
        "watch",
        _watch,
        "find what changes in new rows: columns, predictions, errors, calibration",
        """
        Takes the rows of a table in the order of the file or of a column, and tests
        whether columns, predictions and, where the target is known, errors and
        calibration change. There is one false alarm in 10,000 rows, at most and on
        average, as long as rows are independent and nothing changes.

        examples:
          madaline watch churn.madaline this_month.csv --time day
          madaline watch churn.madaline monday.csv --state churn.monitor
          madaline watch churn.madaline tuesday.csv --state churn.monitor   (goes on)
        """,
    )
    arguments.add_model()
    arguments.add_table()
    arguments.add("--target COLUMN", "the true values (default: that of the model, if there)")
    arguments.add_time("that of the model, otherwise as in the file")
    text = f"rows for each false alarm (default: {FALSE_ALARMS:,})"
    arguments.add("--false-alarms ROWS", text, type=above_zero, default=FALSE_ALARMS)
    text = "start from the state in this file if it exists, and save the state to it"
    arguments.add("--state FILE", text)
    text = "draw the loss over time: a name that ends in .html, or .svg, .png, .pdf with matplotlib"
    arguments.add("--picture FILE", text)
    arguments.add_json()


def _watch(arguments: Namespace) -> None:
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
    say_lines(_watch_lines(alarms, monitor, arguments))


def _watched(
    model: FittedModel, state: Path | None, arguments: Namespace
) -> tuple[Monitor, int, int]:
    """Return the monitor after the rows, saved, and how many alarms and rows it had before."""
    resumed = state if state is not None and state.exists() else None
    monitor = model.watch(false_alarms=arguments.false_alarms, file=resumed)
    n_before, first = len(monitor.alarms), monitor.n_rows
    target, time = arguments.target or model.summary.target, arguments.time
    known = [] if time is not None else time_columns(model)
    table = read_rows(
        arguments, model, also=[name for name in (target, time, *known) if name]
    ).table
    if arguments.target:
        check_column(table, target)
    if time is not None:
        table = table.take(row_order(table, time))
    elif model.summary.forward is not None:
        times = model.summary.forward.times_of(model.schema.read(table))
        table = table if times is None else table.take(np.argsort(times, kind="stable"))
    monitor.observe(table, table.columns.get(target))  # the target where it is known
    if state is not None:
        with writing(state):
            monitor.save(state)
    return monitor, n_before, first


def _watch_lines(alarms: Sequence[Alarm], monitor: Monitor, arguments: Namespace) -> Iterator[str]:
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
