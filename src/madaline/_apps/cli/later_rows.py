"""As rows come after a fit: `madaline forecast`, `madaline watch`, `madaline update`."""

from __future__ import annotations

import shlex
import sys
from argparse import Action, ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from madaline._apps.cli.console import (
    check_destination,
    picture_path,
    say_csv,
    say_json,
    say_lines,
    suggestion,
    tell,
    write_picture,
    writing,
)
from madaline._apps.cli.options import (
    FORMATS,
    JSON,
    MODEL,
    READING,
    RESOURCES,
    SPREADSHEET,
    Command,
    Option,
    above_zero,
    at_least,
    coverage,
    order_by,
    table_of_model,
)
from madaline._apps.cli.reading import (
    load_model,
    observe,
    open_model_rows,
    read_rows,
    read_table_of,
    time_columns,
)
from madaline._apps.cli.sections import kept_lines
from madaline._apps.cli.spark_lines import spark_lines
from madaline._apps.cli.streams import row_times
from madaline._apps.cli.training_data import read_groups, read_weight
from madaline._base.language import _, tight, translate_word
from madaline._base.language.widths import align
from madaline._base.words import (
    format_change,
    format_count,
    format_size,
    format_with_error,
    metric_name,
    option_value,
    paragraph,
    printable,
)
from madaline._models.fitting.means import Means
from madaline._models.fitting.training_data import Roles
from madaline._models.fitting.updating.going_back import better_model, go_back
from madaline._models.fitting.updating.update import update_model
from madaline._models.model import FittedModel
from madaline._models.model.model_rows import RowBlock
from madaline._models.runtime.forecast import with_date_texts
from madaline._models.watching import FALSE_ALARMS
from madaline._models.watching.alarm import Alarm
from madaline._models.watching.monitor import Monitor
from madaline._tables.column import is_missing
from madaline._tables.io.atomic import alone
from madaline._tables.io.source_files import reads_in_blocks
from madaline._tables.io.table_files import (
    check_ending,
    format_predictions,
    without_formulas,
    write_predictions,
)
from madaline._tables.table import Table
from madaline._tell.progress.row_progress import RowProgress
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.records._results.blocks import Charts, Section, points
from madaline.records.model_decisions import AS_IT_IS, Updated, WentBack

# fmt: off
FORECAST = Command(
    """
    Predicts the rows that follow the last known ones, series by series, each with
    an interval, by a model that was fitted with --lags. Where the model needs more
    than times and the past, such as prices, --future names a file of the rows to
    come; rows of it that hold the target are known from then on.

    examples:
      madaline fit sales.csv --target sales --time date --series store \\
        --lags --horizon 14
      madaline forecast sales.madaline --horizon 14 -o next.csv
      madaline forecast sales.madaline --future prices.csv
    """,
    (
        *MODEL,
        Option("--horizon N", "rows of each series (default: as many as the model learned to predict)", type=at_least(1)),
        Option("--totals", "add the totals of all series, and of each level of the first columns of --series"),
        Option("--future FILE", "a table of later rows, with what is known of them"),
        *READING,
        Option("-o --output OUT", "file to write: CSV, TSV, jsonl, Parquet or Feather (default: CSV to standard output)"),
        Option("--coverage SHARE", "share of new rows whose number lies in its interval (default: %(default)s)", type=coverage, default=0.9),
        SPREADSHEET,
        JSON,
    ),
    usage="madaline forecast MODEL [--horizon N] [--future FILE] [-o OUT] [options]",
)
# fmt: on


def run_forecast(arguments: Namespace) -> None:
    path = _path_of_forecast(arguments)
    model = load_model(arguments)
    rows = None
    if arguments.future is not None:
        rows, __ = read_table_of(arguments.future, model, arguments)
    columns = with_date_texts(
        model.predictor.forecast(
            arguments.horizon, rows, coverage=arguments.coverage, totals=arguments.totals
        )
    )
    written = without_formulas(columns) if arguments.spreadsheet else columns
    if path is not None:
        with writing(path):
            write_predictions(path, written)
        n_rows = len(columns[model.output_names[0]])
        tell(
            _("Wrote {predictions} to {path}.").format(
                predictions=format_count(n_rows, "prediction"), path=path
            )
        )
    if arguments.json:
        facts = {"output": str(path)} if path is not None else {}
        lists = {name: values.tolist() for name, values in columns.items()}
        say_json({"target": model.summary.target, "columns": lists, **facts})
    elif path is None:
        say_csv(format_predictions(written))
    else:
        say_lines(spark_lines(model.predictor, arguments.horizon, rows))


def _path_of_forecast(arguments: Namespace) -> Path | None:
    """Return the file to write, checked; None for standard output."""
    if arguments.output in (None, "-"):
        return None
    path = Path(arguments.output)
    check_destination(path, sources=[arguments.model, *filter(None, [arguments.future])])
    check_ending(path)
    return path


class _InPlaceOfTable(Action):
    """An option with which the argument TABLE is not needed."""

    def __call__(
        self, parser: ArgumentParser, namespace: Namespace, values: Any, *__: object
    ) -> None:
        setattr(namespace, self.dest, values)
        for one in parser._actions:  # an optional TABLE could not stand behind options
            one.required = one.required and one.dest != "table"


# fmt: off
UPDATE = Command(
    """
    Compares three candidates on new rows, each predicted by networks that did not
    learn from it: the model as it is, its networks adjusted to the new rows, and
    new networks. A change is kept only if it lowers the loss by more than a
    standard error. The old rows take part as far as the model keeps them
    (--keep-rows, here or in `madaline fit`). Earlier models that it keeps
    (--keep-models) are tried first; --regime goes back to one.

    examples:
      madaline update sales.madaline january.csv -o sales.madaline
      madaline update sales.madaline january.csv -o new.madaline --keep-rows 5000
      madaline update sales.madaline --regime 2026-03-01
    """,
    (
        *MODEL,
        Option("TABLE", _("{FORMATS}; the target is among its columns, and rows are in the order of time, or of the column that the model knows the times of").format(FORMATS=FORMATS)),
        *READING,
        Option("-o --output NEW", "where to write the updated model; may be MODEL, which it is by default with --regime"),
        Option("--keep-rows N", "how many rows to keep in the file for later updates (default: as many as before)", type=at_least(0)),
        Option("--keep-models N", "how many earlier models to keep in the file, up to 8, and to try first on new rows (default: as many as before)", type=at_least(0)),
        Option("--regime NAME", "go back to this earlier model that the file keeps (`madaline info` has the names); takes no TABLE", action=_InPlaceOfTable),
        *RESOURCES,
        Option("--json", "print the result as one JSON object"),
        Option("-q --quiet", "print the file and the outcome in one line, nothing else"),
    ),
    usage="madaline update MODEL TABLE -o NEW [--keep-rows N] [options]\n       madaline update MODEL --regime NAME [-o NEW]",
    defaults={"root": None, "skip_broken": False, "table": None},
)
# fmt: on


def run_update(arguments: Namespace) -> None:
    regime, table = arguments.regime, arguments.table
    if (table is None) == (regime is None) or (regime is None and arguments.output is None):
        raise InputError("Give a TABLE and -o NEW, or no TABLE and --regime NAME.")
    path = Path(arguments.output or arguments.model)
    check_destination(path, sources=[] if table is None else [table])
    in_place = path.exists() and Path(arguments.model).exists() and path.samefile(arguments.model)
    if in_place and arguments.group is not None:
        raise InputError(
            "{path} holds many models, of which one is updated: name another file.", path=path
        )
    with alone(path) if in_place else nullcontext():
        n_before, model = _updated(path, arguments)
    if arguments.json:
        say_json(_update_facts(model, path))
    elif regime is not None:
        say_lines([model.changes[-1].sentence, *kept_lines(model), *_saved_lines(model, path)])
    elif arguments.quiet:
        say_lines([_update_line(model.updates[-1], path)])
    else:
        say_lines(_update_lines(n_before, model, arguments, path))


def _updated(path: Path, arguments: Namespace) -> tuple[int, FittedModel]:
    """Return how many rows the model had learned from, and the updated one, which is saved."""
    before = load_model(arguments)
    before.check_one_output("updated")
    if arguments.regime is not None:
        model = go_back(before, arguments.regime, _today())
    else:
        rows, roles = _read_new_rows(before, arguments)
        model = update_model(
            before,
            rows.table,
            roles,
            Means(n_jobs=arguments.jobs or -1, memory_limit=arguments.memory),
            date=_today(),
            keep_rows=arguments.keep_rows,
            keep_models=arguments.keep_models,
        )
    model = model.for_command_line()
    with writing(path):
        model.save(path)
    return before.summary.n_samples, model


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _read_new_rows(model: FittedModel, arguments: Namespace) -> tuple[RowBlock, Roles]:
    """Return the rows, their target, and the weight and the groups that the fit was given, too."""
    if Path(arguments.table).is_dir() and not reads_in_blocks(arguments.table):
        raise InputError(
            "{table} is a folder: give a file that holds a table.", table=arguments.table
        )
    target = model.summary.target
    options = model.summary.request.file_options
    weight, groups = (option_value(options, name) for name in ("--weight", "--groups"))
    also = [name for name in (target, weight, groups) if name is not None]
    rows = read_rows(arguments, model, also=[*also, *time_columns(model)])
    for name in also:
        if name not in rows.table:
            raise InputError(
                "{table} has no column {name!r}, which the update needs: {suggestion}",
                table=arguments.table,
                name=name,
                suggestion=suggestion(name, rows.table.names),
            )
    return rows, Roles(
        rows.table[target],
        None if weight is None else read_weight(weight, rows.table[weight]),
        None if groups is None else read_groups(groups, rows.table[groups]),
    )


def _update_lines(
    n_before: int, model: FittedModel, arguments: Namespace, path: Path
) -> Iterator[str]:
    """Yield what was read, how the candidates did, what was kept and why, and what next."""
    past = model.predictor.past
    update = model.updates[-1]
    rows, so_far = format_count(update.rows, "row"), format_count(n_before, "row")
    what = _("{rows} of {table} for {model}").format(
        rows=rows, table=arguments.table, model=arguments.model
    )
    yield printable(_("{what}, which learned from {so_far}.").format(what=what, so_far=so_far))
    yield ""
    if isinstance(model.changes[-2:][0], WentBack):
        yield paragraph(model.changes[-2].sentence)
    if not update.reason:
        yield from _candidates(update, of_past=past is not None)
        yield ""
    yield paragraph(update.sentence)
    yield from kept_lines(model)
    yield from _saved_lines(model, path)


def _saved_lines(model: FittedModel, path: Path) -> Iterator[str]:
    file, latest = shlex.quote(str(path)), model.changes[-1]
    is_other = isinstance(latest, Updated) and latest.kept != AS_IT_IS
    of_past = model.predictor.past is not None
    yield _("Saved {path} ({size}). Next:").format(path=path, size=format_size(path.stat().st_size))
    yield f"  madaline forecast {file}" if of_past else f"  madaline predict {file} TABLE"
    yield f"  madaline {'story' if is_other else 'info'} {file}"


def _candidates(update: Updated, *, of_past: bool) -> Iterator[str]:
    name = metric_name(update.metric)
    rows = "new rows, by networks that did not learn from them"
    if update.latest_rows:
        latest = format_count(update.latest_rows, "new row")
        rows = _("the latest {latest}, by networks that learned from those before").format(
            latest=latest
        )
    yield _("{name}{name2} on {rows}:").format(name=name[:1].upper(), name2=name[1:], rows=rows)
    lines = [("", translate_word("loss"), translate_word("difference ± s.e."), "")]
    losses = format_with_error(
        [loss for _name, loss, _error in update.candidates], update.loss_error / 10
    )
    for (candidate, loss, error), shown in zip(update.candidates, losses, strict=True):
        difference = "" if candidate == AS_IT_IS else format_change(loss - update.loss, error)
        mark = translate_word("kept") if candidate == update.kept else ""
        lines.append((translate_word(candidate), shown, difference, mark))
    yield from align(lines, right=(1, 2), widths=(14, 10, 24), start="  ")
    if update.anew_loss is None and not of_past:
        yield "Not fitted anew: that needs kept rows, or as many new rows as were learned from."


def _update_line(update: Updated, path: Path) -> str:
    before, now = format_with_error((update.loss, update.loss_now), update.loss_error / 10)
    return _("{path}: {kept}, {metric} {now} (before {before})").format(
        path=path, kept=update.kept, metric=metric_name(update.metric), now=now, before=before
    )


def _update_facts(model: FittedModel, path: Path) -> dict[str, Any]:
    return {
        "model": str(path),
        "bytes": path.stat().st_size,
        "update": model.changes[-1].to_json(),
        "updates": len(model.updates),
        "kept_rows": 0 if model.kept_rows is None else model.kept_rows.n_rows,
        "kept_models": [] if model.kept_models is None else list(model.kept_models.files),
        "scores": [score.to_json() for score in model.summary.scores],
    }


_MAX_LINES = 20  # lines that are printed, at most
_MAX_COMPARED = 2000  # labeled rows that earlier models are compared on, at most: the latest


# fmt: off
WATCH = Command(
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
    (
        *MODEL,
        *table_of_model(),
        Option("--target COLUMN", "the true values (default: that of the model, if there)"),
        order_by("that of the model, otherwise as in the file"),
        Option("--false-alarms ROWS", _("rows for each false alarm (default: {FALSE_ALARMS:,})").format(FALSE_ALARMS=FALSE_ALARMS), type=above_zero, default=FALSE_ALARMS),
        Option("--state FILE", "start from the state in this file if it exists, and save the state to it"),
        Option("--picture FILE", "draw the loss over time: a name that ends in .html, or .svg, .png, .pdf with matplotlib"),
        JSON,
    ),
)
# fmt: on


def run_watch(arguments: Namespace) -> None:
    sources = [arguments.model, arguments.table]
    picture = picture_path(arguments.picture, sources=sources)
    state = None if arguments.state is None else Path(arguments.state)
    if state is not None:
        check_destination(state, sources=sources)
    model = load_model(arguments)
    with nullcontext() if state is None else alone(state):
        monitor, n_before, first, better = _watched(model, state, arguments)
    alarms = monitor.alarms[n_before:]
    if picture is not None:
        title = _("{target}: {rows} watched").format(
            target=model.summary.target, rows=format_count(monitor.n_rows, "row")
        )
        drawn = Section([Charts([monitor.figure()])])
        write_picture(picture, title, [drawn, Section(points(map(str, alarms)))])
    if arguments.json:
        say_json(_watch_facts(monitor, first, alarms, better))
        return
    say_lines(_watch_lines(alarms, monitor, arguments))
    say_lines(_better_lines(better, arguments.model))


def _watch_facts(
    monitor: Monitor, first: int, alarms: Sequence[Alarm], better: WentBack | None
) -> dict[str, Any]:
    return {
        "n_rows": monitor.n_rows - first,
        "n_labels": monitor.n_labels,
        "alarms": [alarm.to_json() | {"sentence": alarm.sentence} for alarm in alarms],
        "better_model": None if better is None else better.to_json(),
    }


def _better_lines(better: WentBack | None, path: str) -> Iterator[str]:
    """Yield that an earlier model is better, if one is, and how to go back to it."""
    if better is not None:
        yield paragraph(f"{better.seen[0].upper()}{better.seen[1:]}")
        yield f"  madaline update {shlex.quote(path)} --regime {better.name}"


def _watched(
    model: FittedModel, state: Path | None, arguments: Namespace
) -> tuple[Monitor, int, int, WentBack | None]:
    """Return the monitor after the rows, saved, and how many alarms and rows it had before.

    And the earlier model that is better since errors rose, if one is.
    """
    better = None
    resumed = state if state is not None and state.exists() else None
    monitor = model.watch(false_alarms=arguments.false_alarms, file=resumed)
    n_before, first = len(monitor.alarms), monitor.n_rows
    target = arguments.target or model.summary.target
    time = arguments.time
    known = [] if time is not None else time_columns(model)
    also = [name for name in (target, time, *known) if name]
    in_time = time is not None or model.summary.forward is not None
    given = open_model_rows(arguments, model, also=also, at_once=in_time)
    names = given.rows.names
    if arguments.target and target not in names:
        raise InputError(
            "There is no column {target!r}: {suggestion}",
            target=target,
            suggestion=suggestion(target, names),
        )
    if given.in_blocks:
        done = observe(monitor, given, target, lambda table: _times(model, table, time))
        RowProgress(given.rows.n_rows_about, sys.stderr).follow(done)
    else:
        table = given.first(None).table
        times = _times(model, table, time)
        table = table if times is None else table.take(np.argsort(times, kind="stable"))
        monitor.observe(table, table.columns.get(target))  # the target where it is known
        better = _better_model(model, monitor, table, target, first)
    if state is not None:
        with writing(state):
            monitor.save(state)
    return monitor, n_before, first, better


def _better_model(
    model: FittedModel, monitor: Monitor, table: Table, target: str, first: int
) -> WentBack | None:
    """Return the earlier model that is better on the latest labeled rows since errors rose."""
    alarms = monitor.alarms[monitor.n_accepted :]
    since = [alarm.since for alarm in alarms if alarm.what in ("errors", "calibration")]
    if not since or target not in table:
        return None
    rows = np.flatnonzero(~is_missing(table[target]))
    rows = rows[rows >= since[-1] - 1 - first][-_MAX_COMPARED:]
    return better_model(model, table.take(rows), table[target][rows], _today())


def _times(model: FittedModel, table: Table, time: str | None) -> Array | None:
    """Return what orders the rows; None if they are in order."""
    if time is not None:
        return row_times(table, time)
    forward = model.summary.forward
    return None if forward is None else forward.times_of(model.schema.read(table))


def _watch_lines(alarms: Sequence[Alarm], monitor: Monitor, arguments: Namespace) -> Iterator[str]:
    """Yield what was watched and the alarms, in so few lines that they can be read."""
    first = repr(monitor).splitlines()[0]
    yield paragraph(_("{quote}: {first}").format(quote=shlex.quote(arguments.table), first=first))
    if not alarms:
        return
    n_lines, shown = 4, 0
    for alarm in alarms:
        text = paragraph(
            _("row {row:,}: {change_and_loss}").format(
                row=alarm.row, change_and_loss=alarm.change_and_loss
            ),
            "  ",
            "    ",
        )
        n_lines += text.count("\n") + 1
        if n_lines > _MAX_LINES:
            break
        shown += 1
        yield text
    if shown < len(alarms):
        yield _("  ... and {more_alarms} (--json prints all)").format(
            more_alarms=format_count(len(alarms) - shown, "more alarm")
        )
    remedies = dict.fromkeys(alarm.general_remedy for alarm in alarms)
    sentences = [
        _("{sentence}.").format(sentence=f"{remedy[0].upper()}{remedy[1:]}") for remedy in remedies
    ]
    yield paragraph(_("What to do: {sentences}").format(sentences=tight(" ".join(sentences))))
