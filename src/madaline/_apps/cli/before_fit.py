"""`madaline look` and `madaline compare`: what a table holds, and other methods beside madaline."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic

from madaline._apps.cli.console import (
    check_destination,
    picture_path,
    say_json,
    say_lines,
    tell,
    write_picture,
    writing,
)
from madaline._apps.cli.fit_request import read_time, source_name
from madaline._apps.cli.options import (
    COLUMNS,
    FIT_DEFAULTS,
    FORMATS,
    GROUPS,
    JOBS,
    JSON,
    QUIET,
    READING,
    ROOT,
    SEED,
    SKIP_BROKEN,
    TARGET,
    TASK,
    TIMES,
    WEIGHT,
    Command,
    Option,
    OptionGroup,
    above_zero,
    at_least,
    rows_or_all,
)
from madaline._apps.cli.training_data import TrainingTable
from madaline._apps.comparison.compared_rows import MAX_ROWS, ComparedRows
from madaline._apps.comparison.comparison import compare_methods, fitted_methods, loss_of
from madaline._apps.comparison.measuring import MeasuredMethod, Work, usual_seconds
from madaline._apps.comparison.methods import CONSTANT, METHODS, chosen_methods
from madaline._base.language import _, translate_word
from madaline._base.language.widths import pad
from madaline._base.words import (
    WIDTH,
    format_count,
    format_duration,
    format_size,
    metric_name,
    option_words,
    paragraph,
)
from madaline._models.fitting.training_data import Roles
from madaline._models.model import FittedModel
from madaline._models.request import FitRequest
from madaline._race.evaluation.objective import LOSSES, Objective
from madaline._tables.drawing import note_of_drawn
from madaline._tables.io.media_tables import LABEL
from madaline._tables.io.source_files import reads_in_blocks
from madaline._tables.io.table_files import STANDARD_INPUT
from madaline._tables.table import Table
from madaline._tables.target import REGRESSION
from madaline._tables.target.values import missing_values
from madaline._tell.look.contents import BLOCKS
from madaline._tell.look.look import Look
from madaline._tell.look.looking import look_at
from madaline._tell.report.page import check_jinja
from madaline.errors import InputError

_ALIKE = (
    *("task", "drop", "category", "number", "text", "kind", "groups", "time", "in_order"),
    *("no_time", "encoding", "missing", "skip_broken", "root", "memory"),
)
"""Options that a look has like a fit."""


# fmt: off
LOOK = Command(
    """
    Shows what each column holds and how it was read, which values are missing, how
    columns are associated with the target and each other, copies, leaks, dates and
    gaps, and what a fit would do with the table. With -o it writes a page.

    examples:
      madaline look penguins.csv
      madaline look penguins.csv --target species -o penguins.html
      madaline look sales.xlsx --target sales --missing tbc -999
    """,
    (
        Option("TABLE", _("{FORMATS}; a folder or a pattern of such files; or a folder of images or sounds for each class").format(FORMATS=FORMATS)),
        TARGET,
        TASK,
        COLUMNS,
        OptionGroup("rows", (
            GROUPS,
            TIMES,
            *READING,
            SKIP_BROKEN,
            ROOT,
            Option("--memory SIZE", "memory to take at most, such as 2GB"),
        )),
        OptionGroup("output", (
            Option("--full", "show all columns, findings and notes, and which columns are associated with each other"),
            Option("-o --output PAGE", "write a self-contained HTML page, with all of it"),
            JSON,
        )),
    ),
    usage="madaline look TABLE [--target COLUMN] [-o PAGE] [options]",
    defaults=FIT_DEFAULTS,
)
# fmt: on


def run_look(arguments: Namespace) -> None:
    path = None if arguments.output is None else Path(arguments.output)
    if path is not None:
        check_jinja()
        check_destination(path, sources=[arguments.table])
    seen = look_of(arguments)
    if path is not None:
        with writing(path):
            seen.save(path)
        tell(_("Wrote {path} ({size}).").format(path=path, size=format_size(path.stat().st_size)))
    if arguments.json:
        say_json(seen.to_json())
    else:
        say_lines([*seen.lines(full=arguments.full, blocks=_has_blocks()), *_next_lines(arguments)])


def look_of(arguments: Namespace) -> Look:
    """Return the look at the table that a command was given."""
    if arguments.target is None and Path(arguments.table).is_dir():
        arguments.target = None if reads_in_blocks(arguments.table) else [LABEL]
    data = TrainingTable.read(arguments, to_fit=False, in_blocks=True)
    if len(data.target_names) > 1:
        raise InputError("A look is at one target: name one column with --target.")
    has_target = bool(data.target_names)
    if has_target:
        data.check_target(arguments.task)
    source, notes = arguments.table, data.notes
    if data.roles.drawn_from is not None:
        notes = (note_of_drawn(data.table.n_samples, data.n_rows), *notes)
    if data.encoding and arguments.encoding is None:
        notes = (
            _(
                "The file is read as {encoding}: if letters are wrong, name its encoding (--encoding)."
            ).format(encoding=data.encoding),
            *notes,
        )
    request = FitRequest(
        task=arguments.task, kinds=data.kinds, time=read_time(arguments, data.table.names)
    )
    source = "standard input" if source == str(STANDARD_INPUT) else source_name(source)
    roles = None
    if has_target:
        roles = replace(data.roles, names=data.target_names[0], drawn_from=None)
    return look_at(data.table, roles, request, notes=notes, source=source).for_command_line()


def look_again(model: FittedModel, table: Table, source: str) -> Look:
    """Return the look at a table with the columns of a model, as the model reads them."""
    names, target = model.target_names, None
    if len(names) == 1 and names[0] in table and not missing_values(table[names[0]]).all():
        target = table[names[0]]
    table = table.drop(name for name in names if name in table)
    kept = {column.name: column.kind for column in model.schema.columns if column.kept}
    kinds = {name: kind for name, kind in kept.items() if name in table}
    request = FitRequest(task=model.summary.task, kinds=kinds)
    roles = None if target is None else Roles(target, names=names[0])
    return look_at(table, roles, request, source=source).for_command_line()


def _next_lines(arguments: Namespace) -> Iterator[str]:
    """Yield what to type next, with the options that were given."""
    if arguments.table == str(STANDARD_INPUT):
        return
    target = arguments.target or []
    words = [arguments.table, *option_words("--target", target)]
    for name in _ALIKE:
        given, option = getattr(arguments, name), f"--{name.replace('_', '-')}"
        listed = given if isinstance(given, list) else [given] if given else []
        words += [option] if given is True else option_words(option, listed)
    yield ""
    yield _("Next:")
    fit = f"fit {shlex.join(words)}" if target else f"look {shlex.join(words)} --target COLUMN"
    yield f"  madaline {fit}"
    if not arguments.full:
        yield f"  madaline look {shlex.join(words)} --full"


def _has_blocks() -> bool:
    """Return whether the terminal has characters for small distributions."""
    try:
        BLOCKS.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


# fmt: off
COMPARE = Command(
    """
    Fits madaline and other methods to the same folds of a table, and tells how good
    they are, what they cost, and which one to take: the linear model, where it is as
    good. Ctrl-C ends it with the methods that are fitted.

    examples:
      madaline compare penguins.csv --target species
      madaline compare houses.csv --target price --models linear forest madaline
      madaline compare sales.csv --target sales --time date -o compare.html
    """,
    (
        Option("TABLE", _("{FORMATS}; a folder or a pattern of such files").format(FORMATS=FORMATS)),
        TARGET,
        TASK,
        Option("--loss", "what to minimize of a number, such as poisson for counts (default: %(default)s)", choices=LOSSES),
        Option("--quantile SHARE", "the quantile of --loss quantile (default: %(default)s)", type=float, default=0.5),
        Option("--models NAME ...", _("{METHODS} (default: those that are installed)").format(METHODS=_(", ").join(name for name in METHODS if name != CONSTANT))),
        COLUMNS,
        OptionGroup("rows", (
            WEIGHT,
            GROUPS,
            TIMES,
            *READING,
            Option("--rows N", _("rows to compare on, drawn from a larger table, or all (default: {MAX_ROWS:,})").format(MAX_ROWS=MAX_ROWS), type=rows_or_all, default=MAX_ROWS),
            Option("--folds N", "folds (default: 5, or 3 of 20,000 rows or more)", type=at_least(2)),
        )),
        OptionGroup("work", (
            Option("--effort EPOCHS", "epochs of madaline's networks, at most (default: %(default)s)", type=at_least(1), default=100),
            SEED,
            JOBS,
            Option("--time-limit SECONDS", "for each method in all folds (default: 120, longer for more than 100,000 cells)", type=above_zero),
        )),
        OptionGroup("output", (
            Option("-o --output PICTURE", "write a page or a picture: .html, .svg, .png or .pdf"),
            JSON,
            QUIET,
        )),
    ),
    usage="madaline compare TABLE --target COLUMN [--models NAME ...] [options]",
    defaults=FIT_DEFAULTS,
)
# fmt: on


def run_compare(arguments: Namespace) -> None:
    names = chosen_methods(arguments.models or None)
    path = picture_path(arguments.output, sources=[arguments.table])
    rows, start = _rows(arguments), monotonic()
    limit = arguments.time_limit or usual_seconds(rows)
    work = Work(arguments.jobs or -1, limit)
    fitted = fitted_methods(names, rows)

    def show(name: str, one: MeasuredMethod) -> None:
        if not arguments.quiet:
            seconds = monotonic() - start
            left = _seconds_left(fitted, name, seconds, limit)
            tell(_progress_line(name, one, rows, seconds=seconds, left=left))

    if not arguments.quiet:
        tell(*_opening_lines(rows, fitted, limit))
    comparison = compare_methods(rows, names, work, show)
    if path is not None:
        title = _("Methods compared: {target}").format(target=arguments.target[0])
        write_picture(path, title, comparison.sections())
        tell(_("Wrote {path}.").format(path=path))
    if arguments.json:
        say_json(comparison.to_json())
    else:
        say_lines([comparison.text(WIDTH)])


def _rows(arguments: Namespace) -> ComparedRows:
    """Return the rows of a file, and their folds."""
    data = TrainingTable.read(arguments, in_blocks=arguments.rows is not None)
    if len(data.target_names) > 1:
        raise InputError("Methods are compared on one target: name one column with --target.")
    task = arguments.task or (None if arguments.loss is None else REGRESSION)
    data.check_target(task)
    request = FitRequest(
        task=task,
        objective=Objective(arguments.loss, arguments.quantile),
        kinds=data.kinds,
        effort=arguments.effort,
        seed=arguments.seed,
        folds=arguments.folds,
        time=read_time(arguments, data.table.names),
    )
    roles = replace(data.roles, drawn_from=None)  # the rows that were drawn are all that count
    rows = ComparedRows.of(data.table, roles, request, arguments.rows)
    n_given = rows.n_given if data.roles.drawn_from is None else data.n_rows
    return replace(rows, n_given=n_given, notes=(*data.notes, *rows.notes))


def _seconds_left(fitted: tuple[str, ...], name: str, elapsed: float, limit: float) -> float:
    """Return about how many seconds are left once a method is measured."""
    place = fitted.index(name) + 1
    done, ahead = (sum(METHODS[n].work for n in part) for part in (fitted[:place], fitted[place:]))
    return min(elapsed * ahead / done, limit * (len(fitted) - place))


def _opening_lines(rows: ComparedRows, fitted: tuple[str, ...], limit: float) -> Iterator[str]:
    folds = (
        format_count(rows.folds.n_folds, "stretch of time", "stretches of time")
        if rows.times is not None
        else format_count(rows.folds.n_folds, "fold")
    )
    what = "a number"
    if rows.classes is not None:
        what = format_count(len(rows.classes), "class", "classes")
    yield paragraph(
        _(
            "Comparing {methods} on {folds} of {rows}; the target is {what}. Each may take {limit}."
        ).format(
            methods=format_count(len(fitted), "method"),
            folds=folds,
            rows=format_count(rows.table.n_samples, "row"),
            what=what,
            limit=format_duration(limit),
        )
    )
    if rows.table.n_samples < rows.n_given:
        kept = "small and large targets" if rows.classes is None else "classes"
        kept += "" if rows.groups is None else " and groups"
        yield paragraph(
            _(
                "The rows are drawn from {n_given:,}, with the same shares of {kept}; --rows all takes all."
            ).format(n_given=rows.n_given, kept=kept)
        )


def _progress_line(
    name: str, one: MeasuredMethod, rows: ComparedRows, *, seconds: float, left: float
) -> str:
    loss, metric = rows.written.show(loss_of(one, rows), 4), metric_name(rows.metrics[0])
    title = pad(translate_word(METHODS[name].title), 19)
    rest = _(", about {time} left").format(time=format_duration(max(1.0, left))) if left else ""
    return _("  {title} {metric} {loss} (after {seconds}{rest})").format(
        title=title, metric=metric, loss=loss, seconds=format_duration(seconds), rest=rest
    )
