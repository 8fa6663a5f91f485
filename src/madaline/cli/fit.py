"""`madaline fit`: from a table in a file to a fitted model in a file."""

from __future__ import annotations

import json
import shlex
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from madaline.cli.destination import check_destination, unwritable
from madaline.cli.importance import importance_lines
from madaline.cli.objective import add_objective_arguments, read_objective
from madaline.cli.progress import choose_progress
from madaline.cli.report import column_lines, finite, network_lines, verdict_lines
from madaline.cli.training_data import TrainingData, file_options, source_name
from madaline.cli.words import paragraph, say
from madaline.data.io.folders import LABEL
from madaline.data.kinds import KINDS
from madaline.data.target import check_learnable, infer_task
from madaline.errors import InputError, MadalineError
from madaline.fitting import Fitting
from madaline.model import FittedModel
from madaline.nn.arrays import Array
from madaline.race.recipe import legend
from madaline.words import count, size

HELP = "learn to predict a column of a table"

DESCRIPTION = """\
Learns to predict one column of a table from the others, and writes the model
to one file. Whether that column holds classes or numbers, and what the others
are, is found out and said; sizes, rates and stopping points are decided by
what predicts unseen rows best.
"""

EXAMPLES = """\
examples:
  madaline fit penguins.csv --target species
  madaline fit houses.parquet --target price --category zip --drop id
  madaline fit pictures/                   (pictures/cat/1.png, pictures/dog/1.png, ...)
  madaline fit sounds/                     (sounds/yes/1.wav, sounds/no/1.wav, ...)
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Tell the parser what can be typed."""
    parser.usage = "madaline fit TABLE --target COLUMN [-o MODEL] [options]"
    parser.add_argument(
        "table",
        metavar="TABLE",
        help="CSV, TSV or Parquet file, gzip too; or a folder of images or sounds for each class",
    )
    parser.add_argument(
        "--target",
        metavar="COLUMN",
        help="the column to predict; of images and sounds, their folder",
    )
    parser.add_argument(
        "-o", "--output", metavar="MODEL", help="where to write; by default TABLE.madaline, here"
    )
    parser.add_argument(
        "--task",
        choices=("classification", "regression"),
        help="what the target is; by default told from its values",
    )
    add_objective_arguments(parser)
    columns = parser.add_argument_group("columns (each may name several, and be repeated)")
    for option, words in (
        ("--drop", "leave these columns out"),
        ("--category", "take these for categories, numbers though they may be"),
        ("--number", "take these for numbers"),
        ("--text", "take these for texts, whose words count"),
    ):
        columns.add_argument(
            option, metavar="COLUMN", nargs="+", action="extend", default=[], help=words
        )
    columns.add_argument(
        "--kind",
        metavar="COLUMN=KIND",
        nargs="+",
        action="extend",
        default=[],
        help=f"take a column for what it is: {', '.join(KINDS[:-1])}",
    )
    rows = parser.add_argument_group("rows")
    rows.add_argument("--weight", metavar="COLUMN", help="how much each row counts")
    rows.add_argument(
        "--groups",
        metavar="COLUMN",
        help="rows alike here (a patient, a day) are judged only by networks that saw none of them",
    )
    rows.add_argument(
        "--skip-broken", action="store_true", help="leave out images and sounds that cannot be read"
    )
    rows.add_argument(
        "--folds",
        metavar="N",
        type=_at_least(2),
        help="parts that the rows are judged in (default: 3 to 10, the fewer the more rows)",
    )
    work = parser.add_argument_group("work")
    work.add_argument(
        "--effort",
        metavar="EPOCHS",
        type=_at_least(1),
        default=100,
        help="how often a network may see the table, at most (default: %(default)s)",
    )
    work.add_argument(
        "--seed",
        metavar="N",
        type=_at_least(0),
        default=0,
        help="decides every random number (default: %(default)s)",
    )
    work.add_argument(
        "--jobs",
        metavar="N",
        type=_at_least(1),
        help="processors to use; the result does not depend on it (default: all)",
    )
    talk = parser.add_argument_group("output")
    talk.add_argument("--json", action="store_true", help="print the result as one JSON object")
    talk.add_argument("--quiet", action="store_true", help="print the result, nothing before it")


def run(arguments: Namespace) -> None:
    """Fit a model and say what it is worth."""
    path = Path(arguments.output) if arguments.output else _default_path(arguments.table)
    check_destination(path, sources=[arguments.table])
    if arguments.target is None and Path(arguments.table).is_dir():
        arguments.target = LABEL
    data = TrainingData.read(arguments)
    objective = read_objective(arguments, data.target)
    task = arguments.task or objective.task or infer_task(data.target)[0]
    _check_target(data.target, task, arguments.target)
    fitting = Fitting(
        data.table,
        data.target,
        task=arguments.task,
        target_name=arguments.target,
        objective=objective,
        sample_weight=data.weight,
        groups=data.groups,
        folds=arguments.folds,
        kinds=data.kinds,
        effort=arguments.effort,
        seed=arguments.seed,
        n_jobs=arguments.jobs or -1,
        source=source_name(arguments.table),
        file_options=file_options(arguments),
        checkpoint=path.with_name(f"{path.name}.checkpoint"),
    )
    with _whole_or_nothing(fitting, path):
        if not arguments.quiet:
            say("\n".join(_opening(arguments.table, data, fitting)), sys.stderr)
        with choose_progress(quiet=arguments.quiet) as progress:
            for record, decision in fitting:
                progress.show(record, decision)
        model = fitting.model()
        if model.diagnosis is not None:
            model = replace(model, diagnosis=model.diagnosis.named(data.names))
        model.save(path)
    fitting.discard_checkpoint()
    say(_as_json(model, path) if arguments.json else "\n".join(_result(model, path)), sys.stdout)


def _check_target(target: Array, task: str, name: str) -> None:
    if len(target) == 1:
        raise InputError("The table has one row, and nothing can be learned from one: add rows.")
    check_learnable(target, task, name=name)
    n_classes = len(set(target.tolist()))
    if task == "classification" and n_classes > len(target) / 2:
        raise InputError(
            f"The target {name} holds {n_classes:,} different values in"
            f" {count(len(target), 'row')}, too many to be classes: choose another column, or add"
            " rows so that each class has some."
        )


def _default_path(table: str) -> Path:
    """Return the name of the model in this folder: penguins.csv.gz makes penguins.madaline."""
    return Path(Path(Path(table).name.removesuffix(".gz")).stem + ".madaline")


def _opening(source: str, data: TrainingData, fitting: Fitting) -> Iterator[str]:
    rows, columns = count(data.table.n_samples, "row"), count(data.n_columns, "column")
    yield f"Read {rows} and {columns} from {source}."
    yield from map(paragraph, data.notes)
    yield from column_lines(fitting.schema)
    yield paragraph(f"The task: {fitting.task}, {_why(fitting, data)}.")
    n_recipes, n_folds = len(fitting.plan.recipes), fitting.plan.n_folds
    networks = count(n_recipes * n_folds, "network")
    yield paragraph(
        f"The plan: {count(n_recipes, 'recipe')} x {n_folds} folds = {networks}, trained side by"
        f" side, each for at most {count(fitting.plan.epochs, 'epoch')}; those that predict unseen"
        " rows worse leave early."
    )
    yield paragraph(
        legend(recipe.name for recipe in fitting.plan.recipes)
        + " Their loss is measured on rows that they did not learn from: lower is better."
    )
    metric = fitting.race.examples.metric
    if metric is not None:
        yield paragraph(
            f"Here the loss that is shown is what the {metric.name} lacks to be perfect, as that"
            " chooses."
        )
    if fitting.resumed_epoch:
        yield f"An interrupted fit of the same table goes on after epoch {fitting.resumed_epoch}."


def _why(fitting: Fitting, data: TrainingData) -> str:
    """Return why the task is what it is, and how to overrule that where the other is possible."""
    if data.target.dtype.kind not in "iuf" or fitting.task_reason == "as told":
        return fitting.task_reason
    other = "regression" if fitting.task == "classification" else "classification"
    return f"{fitting.task_reason} (if that is wrong, add --task {other})"


@contextmanager
def _whole_or_nothing(fitting: Fitting, path: Path) -> Iterator[None]:
    """Say in a sentence what stopped a fit; it leaves no model behind."""
    try:
        yield
    except KeyboardInterrupt:
        raise MadalineError(_stopped(fitting, path)) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _unsaved(fitting, path, error) from None


def _stopped(fitting: Fitting, path: Path) -> str:
    epoch = count(fitting.resumed_epoch, "epoch")
    again = _again(fitting) or "starts anew"
    return f"Stopped after {epoch}; {path} was not written; the same command {again}."


def _unsaved(fitting: Fitting, path: Path, error: OSError) -> InputError:
    sentence, again = unwritable(path, error), _again(fitting)
    if again is None:
        return sentence
    return InputError(f"{str(sentence).rstrip('.')}; the same command {again}.")


def _again(fitting: Fitting) -> str | None:
    """Return what the same command does with the work that was kept, if any was."""
    if not fitting.kept_epoch or fitting.checkpoint is None or not fitting.checkpoint.exists():
        return None
    return f"goes on after epoch {fitting.kept_epoch}, from {fitting.checkpoint}"


def _result(model: FittedModel, path: Path) -> Iterator[str]:
    summary, story = model.summary, model.story()
    for part in ("tried", "seen"):
        yield from story.lines(part)
    yield from verdict_lines(summary)
    yield from importance_lines(summary.importances, at_most=5)
    yield from network_lines(summary)
    yield from _findings(model, path)
    yield f"Saved {path} ({size(path.stat().st_size)}). To predict other rows, type"
    rows = "FOLDER" if summary.settings.get("source", "").endswith("/") else "TABLE"
    yield f"  madaline predict {shlex.quote(str(path))} {rows}"


def _findings(model: FittedModel, path: Path) -> Iterator[str]:
    """Yield where to read of what was found, if any of it matters."""
    found = {} if model.diagnosis is None else model.diagnosis.by_severity()
    counts = [f"{len(found[one])} of {one}" for one in ("high", "medium") if found.get(one)]
    if counts:
        yield f"Worth a look ({' and '.join(counts)} severity was found), type"
        yield f"  madaline doctor {shlex.quote(str(path))}"


def _as_json(model: FittedModel, path: Path) -> str:
    result = {
        "model": str(path),
        "bytes": path.stat().st_size,
        **model.summary.to_json(),
        "columns": model.schema.to_json()["columns"],
        "decisions": [decision.to_json() for decision in model.decisions],
        "story": model.story().to_json(),
        "findings": [] if model.diagnosis is None else model.diagnosis.to_json(),
    }
    return json.dumps(finite(result))


def _at_least(least: int) -> Callable[[str], int]:
    """Return a reader of whole numbers that are not too small, for argparse."""

    def read(text: str) -> int:
        number = int(text) if text.strip().lstrip("+-").isdecimal() else least - 1
        if number < least:
            raise ArgumentTypeError(f"{text!r} is not a whole number of {least} or more")
        return number

    return read
