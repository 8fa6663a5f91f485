"""`madaline compare`: other methods and madaline side by side, on the same folds of a table."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from time import monotonic

from madaline._cli.arguments import FORMATS, Commands, at_least
from madaline._cli.fit import given_time
from madaline._cli.output import picture_path, say_json, say_lines, tell, write_picture
from madaline._cli.training_data import TrainingTable
from madaline._comparison.comparison import compare_methods, loss_of
from madaline._comparison.measuring import Measured, Work
from madaline._comparison.methods import CONSTANT, METHODS, chosen_methods
from madaline._comparison.result import Comparison
from madaline._comparison.rows import MAX_ROWS, ComparedRows
from madaline._data.target import REGRESSION
from madaline._evaluation.objective import LOSSES, Objective
from madaline._words import format_count, format_duration, format_number, metric_name, paragraph
from madaline.errors import InputError

_OF_A_FIT = {
    "metric": None,
    "class_weight": None,
    "memory": None,
    "root": None,
    "skip_broken": False,
}
"""Options that reading a table for a fit asks for, and a comparison lacks."""


def add_compare(commands: Commands) -> None:
    """Add `madaline compare`."""
    arguments = commands.add(
        "compare",
        _compare,
        "set other methods beside madaline, on the same folds",
        """
        Fits madaline and other methods to the same folds of a table, and tells how good
        they are, what they cost, and which one to take: the linear model, where it is as
        good. Ctrl-C ends it with the methods that are fitted.

        examples:
          madaline compare penguins.csv --target species
          madaline compare houses.csv --target price --models linear forest madaline
          madaline compare sales.csv --target sales --time date -o compare.html
        """,
        usage="madaline compare TABLE --target COLUMN [--models NAME ...] [options]",
        **_OF_A_FIT,
    )
    arguments.add("TABLE", FORMATS)
    arguments.add("--target COLUMN", "the column to predict", action="append")
    arguments.add_task()
    text = "what to minimize of a number, such as poisson for counts (default: %(default)s)"
    arguments.add("--loss", text, choices=LOSSES)
    text = "the quantile of --loss quantile (default: %(default)s)"
    arguments.add("--quantile SHARE", text, type=float, default=0.5)
    names = ", ".join(name for name in METHODS if name != CONSTANT)
    arguments.add("--models NAME ...", f"{names} (default: those that are installed)")
    arguments.add_columns()
    rows = arguments.group("rows")
    rows.add("--weight COLUMN", "how much each row counts")
    rows.add_groups()
    rows.add_times()
    rows.add_reading()
    text = f"rows to compare on, drawn from a larger table, or all (default: {MAX_ROWS:,})"
    rows.add("--rows N", text, type=_rows_or_all, default=MAX_ROWS)
    rows.add("--folds N", "folds (default: 5, or 3 of 20,000 rows or more)", type=at_least(2))
    work = arguments.group("work")
    text = "epochs of madaline's networks, at most (default: %(default)s)"
    work.add("--effort EPOCHS", text, type=at_least(1), default=100)
    work.add_seed()
    work.add("--jobs N", "processors to use (default: all)", type=at_least(1))
    output = arguments.group("output")
    output.add("-o --output PICTURE", "write a page or a picture: .html, .svg, .png or .pdf")
    output.add_json()
    output.add("-q --quiet", "print no progress")


def _compare(arguments: Namespace) -> None:
    names = chosen_methods(arguments.models or None)
    path = picture_path(arguments.output, sources=[arguments.table])
    rows, start = _rows(arguments), monotonic()
    work = Work(arguments.effort, arguments.jobs or -1, arguments.seed)

    def show(name: str, one: Measured) -> None:
        if not arguments.quiet:
            tell(_progress_line(name, one, rows, seconds=monotonic() - start))

    if not arguments.quiet:
        tell(*_opening_lines(rows, names))
    comparison = compare_methods(rows, names, work, show)
    if path is not None:
        title = f"Methods compared: {arguments.target[0]}"
        write_picture(
            path,
            comparison.figures(),
            title=title,
            sentences=[*comparison.verdict, *comparison.remarks],
            above=comparison.html(),
        )
        tell(f"Wrote {path}.")
    if arguments.json:
        say_json(comparison.to_json())
    else:
        say_lines(_lines(comparison))


def _rows(arguments: Namespace) -> ComparedRows:
    """Return the rows of a file, and their folds."""
    data = TrainingTable.read(arguments)
    if len(data.target_names) > 1:
        raise InputError("Methods are compared on one target: name one column with --target.")
    task = arguments.task or (None if arguments.loss is None else REGRESSION)
    data.check_target(task)
    rows = ComparedRows.of(
        data.table,
        data.target,
        task=task,
        target_name=data.target_names[0],
        objective=Objective(arguments.loss, arguments.quantile),
        sample_weight=data.weight,
        folds=arguments.folds,
        max_rows=arguments.rows,
        groups=data.groups,
        time=given_time(arguments, data),
        kinds=data.kinds,
        seed=arguments.seed,
    )
    return replace(rows, notes=(*data.notes, *rows.notes))


def _opening_lines(rows: ComparedRows, names: tuple[str, ...]) -> Iterator[str]:
    fitted = sum(METHODS[n].is_installed and METHODS[n].learns(rows.loss) for n in names)
    folds = "stretches of time" if rows.times is not None else "folds"
    what = "a number"
    if rows.classes is not None:
        what = format_count(len(rows.classes), "class", "classes")
    yield paragraph(
        f"Comparing {format_count(fitted, 'method')} on {rows.folds.n_folds} {folds} of"
        f" {format_count(rows.table.n_samples, 'row')}; the target is {what}."
    )
    if rows.table.n_samples < rows.n_given:
        kept = "small and large targets" if rows.classes is None else "classes"
        kept += "" if rows.groups is None else " and groups"
        yield paragraph(
            f"The rows are drawn from {rows.n_given:,}, with the same shares of {kept}; --rows all"
            " takes all."
        )


def _progress_line(name: str, one: Measured, rows: ComparedRows, *, seconds: float) -> str:
    loss, metric = format_number(loss_of(one, rows), 4), metric_name(rows.metrics[0])
    return f"  {METHODS[name].title:<19} {metric} {loss} (after {format_duration(seconds)})"


def _lines(comparison: Comparison) -> Iterator[str]:
    """Yield the screen: the table, the verdict, and what was compared."""
    yield from comparison.lines()
    yield ""
    yield from map(paragraph, comparison.verdict)
    yield paragraph(comparison.setting)
    yield from map(paragraph, comparison.remarks)


def _rows_or_all(text: str) -> int | None:
    return None if text == "all" else at_least(10)(text)
