"""`madaline stream`: learning from a table row by row, in the order of time."""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np

from madaline._apps.cli.console import (
    check_destination,
    picture_path,
    say_json,
    say_lines,
    suggestion,
    tell,
    write_picture,
)
from madaline._apps.cli.fit_request import source_name
from madaline._apps.cli.options import (
    FIT_DEFAULTS,
    FORMATS,
    JSON,
    READING,
    SEED,
    TASK,
    Command,
    Option,
    at_least,
    order_by,
)
from madaline._apps.cli.training_data import TrainingTable
from madaline._base.language import _, translate, translate_word
from madaline._base.language.widths import pad_left
from madaline._base.words import (
    format_count,
    format_distinct,
    format_list,
    format_number,
    paragraph,
)
from madaline._models.online.columns import BOOLEAN as OF_BOOLEANS
from madaline._models.online.columns import StreamColumns
from madaline._models.online.learner import OnlineLearner
from madaline._models.online.playback import Playback, Segment
from madaline._models.online.tasks import Classes, Numbers
from madaline._models.watching.alarm import Alarm
from madaline._models.watching.monitor import Monitor
from madaline._models.watching.source import MAX_LABEL
from madaline._models.watching.stream_source import StreamSource, kinds_of
from madaline._tables.formats.choice import ORDINARY, Choice, Given
from madaline._tables.kinds import GIVEN_KINDS, KINDS
from madaline._tables.kinds.kind import BOOLEAN, DROPPED
from madaline._tables.table import Table
from madaline._tables.target import infer_task
from madaline._tables.text_columns import choose_text_formats, read_formats
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.records._results.blocks import Charts, Section, points
from madaline.records._results.curves import loss_figure, shares_figure
from madaline.records._results.figure import Figure
from madaline.records.regimes import RegimeReturned, Regimes

_SEGMENTS = 12  # lines of the table
PARTS = 10  # of each line in the picture
_MAX_RETURNS = 8  # returns that are printed, at most: the latest
_MAX_LEADS = 3  # changes of the lead that are printed, at most: the latest
_MAX_CHANGES = 5  # changes that are printed, at most
_RESTLESS_ROWS = 2000  # a column that changed more often than once in so many rows always does


# fmt: off
STREAM = Command(
    """
    Predicts every row of a table before it learns the row's label, in the order of
    the file or of a column, and shows how well: beside "no change" (numbers: "last
    value"), which predicts the latest label that is known, and beside a linear
    model of the same inputs that learns each row once. Networks learn again from
    the latest 32, 512 or 8,192 rows, their memory; the last column shows which
    memory has the largest weight.

    examples:
      madaline stream prices.csv --target up --time day
      madaline stream orders.parquet --target returned --delay 500
    """,
    (
        Option("TABLE", FORMATS),
        Option("--target COLUMN", "the column to predict", action="append", required=True),
        order_by(),
        *READING,
        Option("--delay ROWS", "after how many more rows a label is known (default: %(default)s)", type=at_least(0), default=0),
        TASK,
        Option("--drop COLUMN ...", "leave these columns out"),
        Option("--category COLUMN ...", "treat these as categories, even if they hold numbers"),
        Option("--kind COLUMN=KIND ...", _("give the kind of a column: {GIVEN_KINDS}").format(GIVEN_KINDS=_(", ").join(GIVEN_KINDS))),
        SEED,
        Option("-o --output MODEL", "write the model here after each line, for `OnlineClassifier.load`, `OnlineRegressor.load`"),
        Option("--picture FILE", "draw loss and weights over time: a name that ends in .html, .svg, .png or .pdf"),
        JSON,
    ),
    defaults=FIT_DEFAULTS,
)
# fmt: on


def run_stream(arguments: Namespace) -> None:
    path = Path(arguments.output) if arguments.output else None
    if path is not None:
        check_destination(path, sources=[arguments.table])
    picture = picture_path(arguments.picture, sources=[arguments.table])
    learner, table, y = _read(arguments)
    is_classes = isinstance(learner.task, Classes)
    if not arguments.json:
        say_lines(_first_lines(arguments, table, is_classes=is_classes))
    changes = _StreamChanges(table, "log loss" if is_classes else "mean absolute error")
    segments: list[Segment] = []
    for segment in _segments(Playback(learner, table, y, arguments.delay), changes):
        segments.append(segment)
        if not arguments.json:
            say_lines([_line(segment)])
        if path is not None:  # what stops the command later loses no more than the next part
            learner.save(path)
    if picture is not None:
        drawn = Charts([*_figures(learner, changes)])
        sentences = [*_told(learner), *changes.sentences()]
        title = _("{n_samples:,} rows of {table}").format(
            n_samples=table.n_samples, table=arguments.table
        )
        write_picture(picture, title, [Section([drawn, *points(sentences)])])
    if arguments.json:
        say_json(_facts(segments, path, learner, changes))
        return
    say_lines(_last_lines(Segment.merged(segments), learner, changes.sentences()))
    if path is not None:
        say_lines(["", _saved_line(path, is_classes=is_classes)])


def _figures(learner: OnlineLearner, changes: _StreamChanges) -> Iterator[Figure]:
    """Yield loss, weights, and regimes where there are several."""
    yield from changes.figures([decision.epoch for decision in learner.leads.decisions])
    regimes = Regimes(learner.memory.table(learner.n_learned))
    if len(regimes) > 1:
        yield regimes.figure()


def _told(learner: OnlineLearner) -> Iterator[str]:
    """Yield which networks led, and what returned for long."""
    regimes = Regimes(learner.memory.table(learner.n_learned))
    lasting = regimes.lasting(learner.memory.decisions)
    for decision in learner.decisions:
        if not isinstance(decision, RegimeReturned) or decision in lasting:
            yield decision.sentence


def _saved_line(path: Path, *, is_classes: bool) -> str:
    loader = "OnlineClassifier" if is_classes else "OnlineRegressor"
    return _("Saved {path}: madaline.{loader}.load({name!r}) goes on from here.").format(
        path=path, loader=loader, name=str(path)
    )


def _read(arguments: Namespace) -> tuple[OnlineLearner, Table, Array]:
    """Return a new learner, and the rows with their labels in the order of time."""
    data = TrainingTable.read(arguments)
    if len(data.target_names) > 1:
        names = format_list(data.target_names)
        raise InputError("A stream has one target, but --target names {names}.", names=names)
    is_classes = (arguments.task or infer_task(data.roles.target)[0]) == "classification"
    choices = choose_text_formats(data.table, data.kinds)
    table, y = _rows_in_order(_converted(data, choices), data.roles.target, arguments.time)
    task = Classes() if is_classes else Numbers(written=data.roles.written)
    learner = OnlineLearner(task, list(table.names), arguments.seed)
    _tell_formats(learner.columns, data, choices)
    return learner, table, y


def _facts(
    segments: Sequence[Segment],
    path: Path | None,
    learner: OnlineLearner,
    changes: _StreamChanges,
) -> dict[str, Any]:
    return {
        "segments": [_segment_facts(segment) for segment in segments],
        "all": _segment_facts(Segment.merged(segments)),
        "file": None if path is None else str(path),
        "decisions": [decision.to_json() for decision in learner.decisions],
        "regimes": [one.to_json() for one in learner.memory.table(learner.n_learned)],
        "changes": changes.facts(),
    }


def _segments(playback: Playback, changes: _StreamChanges) -> Iterator[Segment]:
    """Play a table back; yield each segment as it is done, and watch the parts of each."""
    parts: list[Segment] = []
    for part in playback.segments(_SEGMENTS * PARTS):
        changes.add(part)
        parts.append(part)
        if len(parts) == PARTS:
            yield Segment.merged(parts)
            parts = []
    if parts:
        yield Segment.merged(parts)


def _converted(data: TrainingTable, choices: Mapping[str, Choice]) -> Table:
    """Return the table with each column read as in a fit, or as its kind was given."""
    table = read_formats(data.table, {name: choice.format for name, choice in choices.items()})
    columns = {}
    for name in table.names:
        kind = Given.of(data.kinds.get(name)).kind
        if kind != DROPPED:
            columns[name] = KINDS[kind].read(name, table[name]) if kind else table[name]
    return Table(columns)


def _tell_formats(
    columns: StreamColumns, data: TrainingTable, choices: Mapping[str, Choice]
) -> None:
    """Tell the model, and the user, how text was read; so rows to come are read, too."""
    columns.written = [choices.get(name, ORDINARY).format for name in columns.names]
    are_booleans = [data.kinds.get(name) == BOOLEAN for name in columns.names]
    columns.kinds = [OF_BOOLEANS if given else None for given in are_booleans]
    notes = [
        _("{name}: {words}.").format(name=name, words=choice.words)
        for name, choice in choices.items()
        if choice.words
    ]
    tell(*map(paragraph, (*data.notes, *notes)))


def _rows_in_order(table: Table, y: Array, time: str | None) -> tuple[Table, Array]:
    """Return the rows, and their labels, in the order of a column."""
    if time is None:
        return table, y
    order = row_order(table, time, remedy=", or give its kind with --kind")
    return table.take(order), y[order]


def check_column(table: Table, name: str) -> None:
    if name not in table:
        raise InputError(
            "There is no column {name!r}: {suggestion}",
            name=name,
            suggestion=suggestion(name, table.names),
        )


def row_order(table: Table, time: str, *, remedy: str = "") -> Array:
    """Return the numbers of the rows in the order of a column."""
    return np.argsort(row_times(table, time, remedy=remedy), kind="stable")


def row_times(table: Table, time: str, *, remedy: str = "") -> Array:
    """Return a column that orders the rows; its text may hold dates."""
    check_column(table, time)
    choice = choose_text_formats(table).get(time, ORDINARY)
    column = read_formats(table, {time: choice.format})[time]
    if column.dtype.kind not in "fM":
        why = choice.words.partition(":")[0].partition(";")[0]
        raise InputError(
            "--time {time} holds text{why}: name a column of dates or numbers{remedy}.",
            time=time,
            why=f" ({why})" if why else "",
            remedy=remedy,
        )
    return column


def _first_lines(arguments: Namespace, table: Table, *, is_classes: bool) -> Iterator[str]:
    """Yield what is played, and the head of the table."""
    order = (
        "file order"
        if arguments.time is None
        else _("the order of {time}").format(time=arguments.time)
    )
    known = (
        _("{delay:,} rows later").format(delay=arguments.delay)
        if arguments.delay
        else "before the next row"
    )
    name = shlex.quote(source_name(arguments.table))
    yield paragraph(
        _("{n_samples:,} rows of {name} in {order}; labels known {known}.").format(
            n_samples=table.n_samples, name=name, order=order, known=known
        )
    )
    names = ["RMSE", "last value", "linear"]
    if is_classes:
        names = ["accuracy", "no change", "linear", "log loss"]
    titles = zip(map(translate_word, ["rows", *names]), (19, 8, 10, 8, 8), strict=False)
    measures = "  ".join(pad_left(title, width) for title, width in titles)
    yield f"\n{measures}  {translate_word('memory of most weight')}"


def _line(segment: Segment) -> str:
    rows = f"{segment.first:,}-{segment.last:,}"
    weight = segment.horizons[segment.leading]
    memory = translate(
        _("{leading:,} rows ({weight:.0%})").format(leading=segment.leading, weight=weight)
    )
    return f"{rows:>19}  {_measures(segment)}  {memory}"


def _last_lines(whole: Segment, learner: OnlineLearner, changes: Iterable[str]) -> Iterator[str]:
    """Yield the whole, when other networks began to lead, and what changed."""
    yield f"{pad_left(translate_word('all'), 19)}  {_measures(whole)}"
    yield from _regime_lines(learner)
    for number, sentence in enumerate(changes):
        if number == 0:
            yield "\nChanges:"
        yield paragraph(sentence, "  ", "    ")
    decisions = learner.leads.decisions
    left_out = len(decisions) - _MAX_LEADS
    if left_out > 0:
        yield _("\nThe lead changed {times} before:").format(times=format_count(left_out, "time"))
    for decision in decisions[-_MAX_LEADS:]:
        yield f"\n{paragraph(decision.sentence)}"


def _regime_lines(learner: OnlineLearner) -> Iterator[str]:
    """Yield what was there when, and what returned."""
    n_rows = learner.n_learned
    regimes = Regimes(learner.memory.table(n_rows))
    if len(regimes) < 2:
        return
    line = regimes.timeline(n_rows)
    about = format_number(float(f"{n_rows / len(line):.2g}"))
    yield ""
    yield paragraph(
        _(
            "Regimes: each letter stands for about {about} rows; where the same letter comes again, the same networks predict well again."
        ).format(about=about)
    )
    yield f"  {line}"
    if not learner.memory.decisions:
        yield "  None has come back."
    returned = regimes.lasting(learner.memory.decisions)
    left_out = len(learner.memory.decisions) - len(returned[-_MAX_RETURNS:])
    for decision in returned[-_MAX_RETURNS:]:
        yield paragraph(decision.sentence, "  ", "    ")
    if left_out:
        yield paragraph(
            _("Not listed, as they were earlier or did not last: {returns}.").format(
                returns=format_count(left_out, "return")
            ),
            "  ",
            "    ",
        )


def _measures(segment: Segment) -> str:
    numbers = [segment.score, segment.no_change, segment.linear]
    most = max(numbers)
    is_classes = segment.loss is not None
    digits = 4 if is_classes else 3 - min(3, len(f"{most:.0f}") - 1)
    texts = format_distinct(numbers, digits) if most < 1e15 else map(format_number, numbers)
    score, no_change, linear = texts
    loss = f"  {segment.loss:8.4f}" if is_classes else ""
    return f"{score:>8}  {no_change:>10}  {linear:>8}{loss}"


def _segment_facts(segment: Segment) -> dict[str, Any]:
    measure = "root_mean_squared_error" if segment.loss is None else "accuracy"
    return {
        "first_row": segment.first,
        "last_row": segment.last,
        measure: segment.score,
        "no_change": segment.no_change,
        "linear": segment.linear,
        **({} if segment.loss is None else {"log_loss": segment.loss}),
        "weights": {str(horizon): weight for horizon, weight in segment.horizons.items()},
    }


@final
class _StreamChanges:
    """Watches the columns of a stream in the order of time, and the losses of its predictions."""

    def __init__(self, table: Table, loss_name: str) -> None:
        self._table = table
        self._monitor = Monitor(StreamSource(kinds_of(table), loss_name))
        self._segments: list[Segment] = []

    def add(self, segment: Segment) -> None:
        """Take in the next rows."""
        self._segments.append(segment)
        rows = self._table.take(slice(segment.first - 1, segment.last))
        self._monitor.observe(rows, np.minimum(segment.losses, MAX_LABEL))

    @property
    def shown(self) -> list[Alarm]:
        """The changes of columns that rarely change, and the largest rises of the loss."""
        restless = self._restless
        alarms = [alarm for alarm in self._monitor.alarms if alarm.name not in restless]
        columns = [alarm for alarm in alarms if alarm.what != "errors"]
        errors = [alarm for alarm in alarms if alarm.what == "errors"]
        errors.sort(key=lambda alarm: alarm.now - alarm.before)
        chosen = [*columns[-_MAX_CHANGES:], *errors[-_MAX_CHANGES:]][-_MAX_CHANGES:]
        return sorted(chosen, key=lambda alarm: alarm.row)

    def sentences(self) -> Iterator[str]:
        """Yield the changes in words."""
        shown = self.shown
        restless = self._restless
        yield from (f"{alarm.change_and_loss}" for alarm in shown)
        others = len(self._monitor.alarms) - len(shown) - sum(restless.values())
        if others > 0:
            yield _("The loss rose or a column changed {more_times}.").format(
                more_times=format_count(others, "more time")
            )
        if restless:
            verb = "changes" if len(restless) == 1 else "change"
            yield _(
                "{restless} {verb} all the time, as rows near in time are alike: such changes are not listed."
            ).format(restless=format_list(restless, limit=5), verb=verb)

    def facts(self) -> list[dict[str, Any]]:
        """Return all changes as JSON-able values."""
        return [alarm.to_json() | {"sentence": alarm.seen} for alarm in self._monitor.alarms]

    def figures(self, leads: Collection[int]) -> list[Figure]:
        """Return the loss over time and the weights of the memories, which lead from `leads` on."""
        monitor = self._monitor
        segments = self._segments
        rows = np.array([(segment.first + segment.last) / 2 for segment in segments])
        shares = {
            _("{horizon:,} rows").format(horizon=horizon): np.array(
                [segment.horizons[horizon] for segment in segments]
            )
            for horizon in segments[0].horizons
        }
        changes = sorted([*(alarm.since for alarm in self.shown), *leads])
        name = monitor.source.loss_name
        return [loss_figure(*monitor.losses.curve(), changes, name), shares_figure(rows, shares)]

    @property
    def _restless(self) -> Counter[str]:
        """How often columns changed that do so all the time."""
        alarms = self._monitor.alarms
        names = Counter(alarm.name for alarm in alarms if alarm.what != "errors")
        most = max(2, self._monitor.n_rows // _RESTLESS_ROWS)
        return Counter({name: number for name, number in names.items() if number > most})
