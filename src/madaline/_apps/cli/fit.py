"""`madaline fit`: from a table in a file to a fitted model in a file."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from madaline._apps.cli.console import (
    check_destination,
    say_json,
    say_lines,
    tell,
    unwritable,
)
from madaline._apps.cli.fit_request import read_objective, read_request
from madaline._apps.cli.options import (
    COLUMNS,
    FORMATS,
    GROUPS,
    READING,
    RESOURCES,
    ROOT,
    SEED,
    SKIP_BROKEN,
    TASK,
    TIMES,
    WEIGHT,
    Command,
    Option,
    OptionGroup,
    above_zero,
    at_least,
    quantiles,
    span,
)
from madaline._apps.cli.sections import answer_line, answer_lines, detail_lines, opening_lines
from madaline._apps.cli.training_data import TrainingTable
from madaline._base.language import _
from madaline._base.words import (
    for_command_line,
    format_count,
    paragraph,
    printable,
)
from madaline._models.fitting import Fitting
from madaline._models.fitting.many import MIN_ROWS
from madaline._models.fitting.means import Means, TimeLimit
from madaline._models.fitting.training import first_interrupt
from madaline._models.model import FittedModel
from madaline._race.evaluation.leakage import join_leaks
from madaline._race.evaluation.metrics import CLASS_METRICS, NUMBER_METRICS, TUNED_METRICS
from madaline._race.evaluation.objective import LOG_LOSS, LOSSES
from madaline._race.plan import ALL, BALANCED, MEMBERS, PRESETS
from madaline._tables.io.compression import plain_name
from madaline._tables.io.media_tables import LABEL
from madaline._tables.io.source_files import reads_in_blocks
from madaline._tables.io.table_files import STANDARD_INPUT
from madaline._tell.progress.progress import Clock, choose_progress
from madaline.errors import ClusterError, InputError, MadalineError
from madaline.records.race_decisions import Interrupted

if TYPE_CHECKING:
    from madaline._apps.playground.live import LivePage

_NAME_OF_CLASSES = "class"  # what is predicted where the target has a column for each

_LAST_LOOK_SECONDS = 5.0  # how long the end of a fit waits for a page that is open

_INTERRUPTED = b"\nInterrupted: saving the best model so far; interrupt again to stop at once.\n"


# fmt: off
FIT = Command(
    """
    Learns to predict one column of a table from the others, and writes the model
    to one file. Whether that column holds classes or numbers, and what the others
    are, is inferred and printed; sizes, learning rates and stopping points are
    those that predict unseen rows best. Ctrl-C ends training and saves the best
    model so far; a fit that was killed goes on when the same command is typed
    again.

    examples:
      madaline fit penguins.csv --target species
      madaline fit houses.parquet --target price --category zip --drop id
      madaline fit bikes.csv --target casual,registered
      madaline fit "sales/*.parquet" --target price
      madaline fit teacher.csv --target no,yes --probabilities
      madaline fit sales.csv --target sales --time date --lags --horizon 14
      madaline fit stores.csv --target sales --by store --common
      madaline fit pictures/          (pictures/cat/1.png, pictures/dog/1.png, ...)
      madaline fit sounds/            (sounds/yes/1.wav, sounds/no/1.wav, ...)
    """,
    (
        Option("TABLE", _("{FORMATS}; a folder or a pattern of such files; or a folder of images or sounds for each class").format(FORMATS=FORMATS)),
        Option("--target COLUMN", "the column to predict, or several together, with commas between them; of images and sounds, their folder", action="append"),
        Option("-o --output MODEL", "where to write (default: TABLE.madaline, here)"),
        TASK,
        OptionGroup("goal", (
            Option("--loss", "for numbers: predict the mean, the median, a quantile, or the mean of counts", choices=LOSSES),
            Option("--probabilities", "the columns of --target hold the probabilities of classes with their names, such as another model predicts"),
            Option("--quantile SHARE", "the quantile of --loss quantile, or several, as in 0.1,0.5,0.9 (default: 0.5)", type=quantiles, default=0.5),
            Option("--metric METRIC", _("what chooses recipes and stopping points instead of the loss: for classes {CLASS_METRICS}; for numbers {NUMBER_METRICS}").format(CLASS_METRICS=_(", ").join(CLASS_METRICS), NUMBER_METRICS=_(", ").join(NUMBER_METRICS)), choices=(LOG_LOSS, *CLASS_METRICS, *NUMBER_METRICS)),
            Option("--class-weight WEIGHT", "'balanced' gives all classes the same weight in training; or several CLASS=WEIGHT", nargs='+'),
            Option("--threshold SHARE", _("of two classes, predict the second one above this probability; by default tuned for the metrics {TUNED_METRICS}, otherwise 0.5").format(TUNED_METRICS=_(", ").join(TUNED_METRICS)), type=float),
            Option("--costs COST", "of two classes in sorted order, such as no and yes: the cost of yes predicted for no, and of no for yes; the threshold is tuned for the lowest mean cost", nargs=2, type=float),
        )),
        OptionGroup("a model for each group of rows", (
            Option("--by COLUMN", "fit a model for each value of these columns, such as stores, into one file", nargs='+'),
            Option("--common", "fit one to all rows, too, which answers for groups that are new, small, or cannot be fitted"),
            Option("--min-rows N", _("rows from which on a group gets a model of its own (default: 1; with --common {MIN_ROWS})").format(MIN_ROWS=MIN_ROWS), type=at_least(1)),
            Option("--compare-common", "tell, out of fold, whether one model for all is better, or one for each"),
        )),
        OptionGroup(COLUMNS.title, (*COLUMNS.options,
            Option("--increasing COLUMN ...", "predictions never fall when these grow; of two classes, the second's"),
            Option("--decreasing COLUMN ...", "predictions never rise when these grow"),
        )),
        OptionGroup("rows", (
            WEIGHT,
            GROUPS,
            TIMES,
            Option("--gap TIME", "time between the last row learned and the first predicted, as '7 days' or 7 steps", type=span),
            Option("--horizon TIME", "how far ahead rows are predicted, as '7 days' or 7 steps", type=span),
            Option("--series COLUMN ...", "the columns that tell series of rows apart, such as stores and products"),
            Option("--lags ROWS", "make columns of the target so many rows before, such as 1 7 28, for `madaline forecast`; without a number, those that the times suggest", nargs="*", type=at_least(1)),
            Option("--past COLUMN", "with --lags, use only the past of these, whose values are not known in advance", nargs='+'),
            *READING,
            SKIP_BROKEN,
            ROOT,
            Option("--folds N", "folds of the cross-validation (default: 3 to 10, fewer for more rows)", type=at_least(2)),
        )),
        OptionGroup("work", (
            Option("--preset", "quick: less time, higher loss; best: more time, lower loss (default: %(default)s)", choices=tuple(PRESETS), default=BALANCED.name),
            Option("--members", "all: boosted trees beside networks, where they help (default: %(default)s)", choices=MEMBERS, default=ALL),
            Option("--effort EPOCHS", "epochs of a network, at most (default: %(default)s)", type=at_least(1), default=100),
            Option("--time-limit SECONDS", "end within so many seconds, with the best model so far; it then depends on the clock", type=above_zero),
            SEED,
            *RESOURCES,
            Option("--on ADDRESS", "train on a cluster, with the same result: ray://HOST:10001, dask://HOST:8786; ray or dask for processes of this machine"),
            Option("--keep-rows N", "rows that the model's file may hold for `madaline update` (default: none)", type=at_least(0), default=0),
        )),
        OptionGroup("output", (
            Option("--json", "print the result as one JSON object"),
            Option("-q --quiet", "print the file and the score in one line, nothing else"),
            Option("--live", "watch the fit on a page while it runs, served to this machine alone; same result"),
            Option("-v --verbose", "print every decision, too; with -vv also every epoch of every recipe", action='count', default=0),
        )),
    ),
    usage="madaline fit TABLE --target COLUMN [-o MODEL] [options]",
)
# fmt: on


def run_fit(arguments: Namespace) -> None:
    """Fit a model, or one for each group of rows, and write the file."""
    path = Path(arguments.output) if arguments.output else _default_path(arguments.table)
    limit = None if arguments.time_limit is None else TimeLimit(arguments.time_limit)
    check_destination(path, sources=[arguments.table])
    if arguments.by and arguments.live:
        raise InputError("--live shows one fit, and --by makes many: leave one of them out.")
    if arguments.by:
        from madaline._apps.cli.many import fit_by

        fit_by(arguments, path)
        return
    if arguments.target is None and Path(arguments.table).is_dir():
        arguments.target = None if reads_in_blocks(arguments.table) else [LABEL]
    data = TrainingTable.read(arguments, in_blocks=True)
    data = data.probabilities(arguments) if arguments.probabilities else data
    _fit_one(arguments, data, path, limit)


def _fit_one(
    arguments: Namespace, data: TrainingTable, path: Path, limit: TimeLimit | None
) -> None:
    """Fit one model; say what is found before, while and after it trains."""
    fitting = _fitting(arguments, data, path, limit)
    live = _live_page(fitting) if arguments.live else None
    with _whole_or_nothing(fitting, path):
        _tell_opening(arguments, data, fitting)
        with first_interrupt(lambda: _interrupted(fitting)) as check:
            model = _train(fitting, arguments, live)
            check()
            if model.diagnosis is not None:
                model = replace(model, diagnosis=model.diagnosis.named(data.names))
            model = model.for_command_line()
            model.save(path)
    if not _kept_for_later(fitting, path):
        fitting.checkpoint.discard()
    _tell_result(arguments, model, path)
    if live is not None:
        _leave(live)


def _tell_opening(arguments: Namespace, data: TrainingTable, fitting: Fitting) -> None:
    """Print what was read and what will be tried, and warn of leaks."""
    if not arguments.quiet:
        tell(*opening_lines(arguments.table, data, fitting))
        if arguments.verbose:
            tell(*detail_lines(fitting))
    leaks = (
        for_command_line(_("warning: {leak}").format(leak=leak))
        for leak in join_leaks(fitting.leaks)
    )
    tell(*(paragraph(printable(leak)) for leak in leaks))
    if in_order := fitting.prepared.sorted_rows:
        tell(paragraph(printable(_("note: {in_order}").format(in_order=in_order))))


def _tell_result(arguments: Namespace, model: FittedModel, path: Path) -> None:
    """Print the result, in the form that was asked for."""
    if arguments.quiet:  # a leak that no form of the search fits looks so
        leaks = [one.sentence for one in model.diagnosis or () if one.kind == "one column"]
        tell(
            *(
                paragraph(printable(_("warning: {sentence}").format(sentence=sentence)))
                for sentence in leaks
            )
        )
    if arguments.json:
        say_json(_facts(model, path))
    elif arguments.quiet:
        say_lines([answer_line(model, path)])
    else:
        say_lines(["", *answer_lines(model, path, networks=arguments.verbose > 0)])


def _fitting(
    arguments: Namespace, data: TrainingTable, path: Path, limit: TimeLimit | None
) -> Fitting:
    """Return the fitting that the arguments describe."""
    classes = np.array(data.target_names) if arguments.probabilities else None
    objective = read_objective(arguments, data.roles.target if classes is None else classes)
    if classes is None:
        data.check_target(arguments.task or objective.task)
    roles = data.roles
    if classes is not None:
        roles = replace(roles, names=_NAME_OF_CLASSES, classes=classes)
    means = Means(
        n_jobs=arguments.jobs or -1,
        executor=arguments.on,
        memory_limit=arguments.memory,
        time_limit=limit,
        checkpoint=path.with_name(f"{path.name}.checkpoint"),
    )
    request = read_request(arguments, data, objective)
    return Fitting(request, data.table, roles, means).prepare()


def _train(fitting: Fitting, arguments: Namespace, live: LivePage | None) -> FittedModel:
    """Return the fitted model; show its training, also on a page."""
    stream = None if arguments.quiet else sys.stderr
    clock = Clock(fitting.plan, arguments.time_limit, fitting.race.max_epochs)
    shown = choose_progress(stream, clock, verbosity=arguments.verbose)
    with live or nullcontext(), shown as progress:
        for record, decision in fitting:
            progress.show(record, decision)
            if live is not None:
                live.take(record, decision)
        progress.evaluate()
        model = fitting.model()
        if live is not None:
            live.end(model)
        return model


def _live_page(fitting: Fitting) -> LivePage:
    """Return the page that shows a fit while it runs."""
    from madaline._apps.playground.live import LivePage

    return LivePage(fitting, tell)


def _leave(live: LivePage) -> None:
    """Wait until a page has all of the fit, or nobody opens one for a while."""
    with suppress(KeyboardInterrupt):
        if not live.is_open or not live.wait(_LAST_LOOK_SECONDS):
            tell(
                _(
                    "The page {address} can be opened for {last_seconds:.0f} s more, and then keeps what it shows (Ctrl-C ends this at once)."
                ).format(address=live.address, last_seconds=live.last_seconds)
            )
            live.wait()
    tell("The live page is no longer served; where it is open, it keeps what it shows.")


def _default_path(table: str) -> Path:
    """Return the name of the model in this folder: penguins.csv.gz makes penguins.madaline.

    A pattern makes that of its folder.
    """
    path = Path(table)
    while has_magic(path.name):
        path = path.parent
    if path == STANDARD_INPUT or not path.name:
        return Path("model.madaline")
    return Path(Path(path.name[: len(plain_name(path))]).stem + ".madaline")


@contextmanager
def _whole_or_nothing(fitting: Fitting, path: Path) -> Iterator[None]:
    """Turn what stops a fit into a sentence; it leaves no model behind."""
    try:
        yield
    except KeyboardInterrupt:
        epochs, again = format_count(fitting.race.epoch, "epoch"), _again(fitting) or "starts anew"
        raise MadalineError(
            "Stopped after {epochs}; {path} was not written; the same command {again}.",
            epochs=epochs,
            path=path,
            again=again,
        ) from None
    except BrokenPipeError:
        raise
    except (OSError, ClusterError) as error:
        sentence = unwritable(path, error) if isinstance(error, OSError) else error
        resumes = _again(fitting)
        if resumes is None:
            raise sentence from None
        raise type(sentence)(
            _("{sentence}; the same command {resumes}.").format(
                sentence=str(sentence).rstrip("."), resumes=resumes
            )
        ) from None


def _interrupted(fitting: Fitting) -> None:
    """Ask for the end at the first interrupt, and say so at once, in the midst of whatever runs."""
    fitting.stop()
    with suppress(OSError):
        os.write(2, _INTERRUPTED)


def _kept_for_later(fitting: Fitting, path: Path) -> bool:
    """Return whether an interrupted fit can go on; say what was saved."""
    interrupts = [decision for decision in fitting.decisions if isinstance(decision, Interrupted)]
    if not interrupts:
        return False
    again = _again(fitting)
    sentence = _("{sentence} {path} holds the best model so far").format(
        sentence=interrupts[0].sentence, path=path
    )
    rest = _("; the same command {again}.").format(again=again) if again else "."
    tell(paragraph(sentence + rest))
    return again is not None


def _again(fitting: Fitting) -> str | None:
    """Return how the same command resumes from the checkpoint, if there is one."""
    checkpoint = fitting.checkpoint
    if not checkpoint.epoch or checkpoint.path is None or not checkpoint.path.exists():
        return None
    return _("goes on after epoch {epoch}, from {path}").format(
        epoch=checkpoint.epoch, path=checkpoint.path
    )


def _facts(model: FittedModel, path: Path) -> dict[str, Any]:
    return {
        "model": str(path),
        "bytes": path.stat().st_size,
        **model.summary.to_json(),
        "columns": model.schema.to_json()["columns"],
        "decisions": [decision.to_json() for decision in model.decisions],
        "story": model.story().to_json(),
        "findings": [] if model.diagnosis is None else model.diagnosis.facts(),
    }
