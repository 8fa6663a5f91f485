"""`madaline update`: a fitted model goes on with the rows of another table."""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from madaline._cli.arguments import FORMATS, Commands, at_least
from madaline._cli.output import check_destination, say_json, say_lines, suggestion, writing
from madaline._cli.rows import FileRows, read_rows, time_columns
from madaline._cli.sections import kept_rows_line
from madaline._cli.training_data import read_groups, read_weight
from madaline._data.io.atomic import alone
from madaline._fitting.updating.update import update_model
from madaline._model import FittedModel
from madaline._words import (
    format_change,
    format_count,
    format_size,
    format_with_error,
    metric_name,
    option_value,
    paragraph,
    printable,
)
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.records.model_decisions import AS_IT_IS, Updated


def add_update(commands: Commands) -> None:
    """Add `madaline update`."""
    arguments = commands.add(
        "update",
        _update,
        "go on with new rows: as it is, adjusted, or fitted anew",
        """
        Compares three candidates on new rows, each predicted by networks that did not
        learn from it: the model as it is, its networks adjusted to the new rows, and
        new networks. A change is kept only if it lowers the loss by more than a
        standard error. The old rows take part as far as the model keeps them
        (--keep-rows, here or in `madaline fit`).

        examples:
          madaline update sales.madaline january.csv -o sales.madaline
          madaline update sales.madaline january.csv -o new.madaline --keep-rows 5000
        """,
        usage="madaline update MODEL TABLE -o NEW [--keep-rows N] [options]",
        root=None,  # for `read_rows`
        skip_broken=False,
    )
    arguments.add_model()
    text = f"{FORMATS}; the target is among its columns, and rows are in the order of time, or of"
    text += " the column that the model knows the times of"
    arguments.add("TABLE", text)
    arguments.add_reading()
    text = "where to write the updated model; may be MODEL"
    arguments.add("-o --output NEW", text, required=True)
    text = "how many rows to keep in the file for later updates (default: as many as before)"
    arguments.add("--keep-rows N", text, type=at_least(0))
    arguments.add_resources()
    arguments.add_json("print the result as one JSON object")
    arguments.add("-q --quiet", "print the file and the outcome in one line, nothing else")


def _update(arguments: Namespace) -> None:
    path = Path(arguments.output)
    check_destination(path, sources=[arguments.table])
    in_place = path.exists() and Path(arguments.model).exists() and path.samefile(arguments.model)
    with alone(path) if in_place else nullcontext():
        n_before, model = _updated(path, arguments)
    if arguments.json:
        say_json(_facts(model, path))
    elif arguments.quiet:
        say_lines([_line(model.updates[-1], path)])
    else:
        say_lines(_lines(n_before, model, arguments, path))


def _updated(path: Path, arguments: Namespace) -> tuple[int, FittedModel]:
    """Return how many rows the model had learned from, and the updated one, which is saved."""
    before = FittedModel.load(arguments.model)
    before.check_one_output("updated")
    rows, target, weight, groups = _read(before, arguments)
    model = update_model(
        before,
        rows.table,
        target,
        date=datetime.now(UTC).date().isoformat(),
        sample_weight=weight,
        groups=groups,
        keep_rows=arguments.keep_rows,
        n_jobs=arguments.jobs or -1,
        memory_limit=arguments.memory,
    )
    model = model.for_command_line()
    with writing(path):
        model.save(path)
    return before.summary.n_samples, model


def _read(
    model: FittedModel, arguments: Namespace
) -> tuple[FileRows, Array, Array | None, Array | None]:
    """Return the rows, their target, and the weight and the groups that the fit was given, too."""
    if Path(arguments.table).is_dir():
        raise InputError(f"{arguments.table} is a folder: give a file that holds a table.")
    target, options = model.summary.target, model.summary.settings.get("file_options", [])
    weight, groups = (option_value(options, name) for name in ("--weight", "--groups"))
    also = [name for name in (target, weight, groups) if name is not None]
    rows = read_rows(arguments, model, also=[*also, *time_columns(model)])
    for name in also:
        if name not in rows.table:
            raise InputError(
                f"{arguments.table} has no column {name!r}, which the update needs:"
                f" {suggestion(name, rows.table.names)}"
            )
    return (
        rows,
        rows.table[target],
        None if weight is None else read_weight(weight, rows.table[weight]),
        None if groups is None else read_groups(groups, rows.table[groups]),
    )


def _lines(n_before: int, model: FittedModel, arguments: Namespace, path: Path) -> Iterator[str]:
    """Yield what was read, how the candidates did, what was kept and why, and what next."""
    past = model.predictor.past
    update, file = model.updates[-1], shlex.quote(str(path))
    rows, so_far = format_count(update.rows, "row"), format_count(n_before, "row")
    what = f"{rows} of {arguments.table} for {arguments.model}"
    yield printable(f"{what}, which learned from {so_far}.")
    yield ""
    if not update.reason:
        yield from _candidates(update, of_past=past is not None)
        yield ""
    yield paragraph(update.sentence)
    if model.kept_rows is not None:
        yield kept_rows_line(model.kept_rows)
    yield f"Saved {path} ({format_size(path.stat().st_size)}). Next:"
    yield f"  madaline predict {file} TABLE" if past is None else f"  madaline forecast {file}"
    yield f"  madaline {'info' if update.kept == AS_IT_IS else 'story'} {file}"


def _candidates(update: Updated, *, of_past: bool) -> Iterator[str]:
    name = metric_name(update.metric)
    rows = "new rows, by networks that did not learn from them"
    if update.latest_rows:
        latest = format_count(update.latest_rows, "new row")
        rows = f"the latest {latest}, by networks that learned from those before"
    yield f"{name[:1].upper()}{name[1:]} on {rows}:"
    yield f"  {'':<14}{'loss':>12}  {'difference ± s.e.':>24}"
    losses = format_with_error([loss for _, loss, _ in update.candidates], update.loss_error / 10)
    for (candidate, loss, error), shown in zip(update.candidates, losses, strict=True):
        difference = "" if candidate == AS_IT_IS else format_change(loss - update.loss, error)
        mark = "  kept" if candidate == update.kept else ""
        yield f"  {candidate:<14}{shown:>12}  {difference:>24}{mark}"
    if update.anew_loss is None and not of_past:
        yield "Not fitted anew: that needs kept rows, or as many new rows as were learned from."


def _line(update: Updated, path: Path) -> str:
    before, now = format_with_error((update.loss, update.loss_now), update.loss_error / 10)
    return f"{path}: {update.kept}, {metric_name(update.metric)} {now} (before {before})"


def _facts(model: FittedModel, path: Path) -> dict[str, Any]:
    return {
        "model": str(path),
        "bytes": path.stat().st_size,
        "update": model.updates[-1].to_json(),
        "updates": len(model.updates),
        "kept_rows": 0 if model.kept_rows is None else model.kept_rows.n_rows,
        "scores": [score.to_json() for score in model.summary.scores],
    }
