"""`madaline stream`: a table played back in the order of time, each row predicted, then learned."""

from __future__ import annotations

import shlex
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from madaline.cli.arguments import FORMATS, SEVERAL, add_json, add_option, at_least
from madaline.cli.output import check_destination, paragraph, say, say_json, suggestion
from madaline.cli.training_data import TrainingData
from madaline.data.kinds import GIVEN_KINDS
from madaline.data.table import Table
from madaline.data.target import infer_task
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.online.file import save_learner
from madaline.online.learner import OnlineLearner
from madaline.online.playback import Playback, Segment
from madaline.online.tasks import Classes, Numbers
from madaline.records.decision import Decision
from madaline.words import apart, count

HELP = "play back a table in the order of time: predict each row, then learn it"

DESCRIPTION = """\
Predicts every row of a table before it learns the row's label, in the order of
the file or of a column, and shows how well: beside "no change" (numbers: "last
value"), which predicts the latest label that is known, and beside a linear
model of the same inputs that learns each row once. The networks differ in from
how many of the latest rows they learn again; the last column shows which have
the largest weight.
"""

EXAMPLES = """\
examples:
  madaline stream prices.csv --target up --time day
  madaline stream orders.parquet --target returned --delay 500 -o orders.madaline
"""

SEGMENTS = 12
"""Lines of the table."""

MOST = 8
"""Decisions that are printed, at most: the latest."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("table", metavar="TABLE", help=FORMATS)
    add_option(parser, "--target COLUMN", "the column to predict", required=True)
    add_option(parser, "--time COLUMN", "sort the rows by this column (default: as in the file)")
    text = "after how many more rows a label is known (default: %(default)s)"
    add_option(parser, "--delay ROWS", text, type=at_least(0), default=0)
    text = "what the target is (default: inferred from its values)"
    parser.add_argument("--task", choices=("classification", "regression"), help=text)
    for option, text in (
        ("--drop COLUMN", "leave these columns out"),
        ("--category COLUMN", "treat these as categories, even if they hold numbers"),
        ("--kind COLUMN=KIND", f"give the kind of a column: {', '.join(GIVEN_KINDS)}"),
    ):
        add_option(parser, option, text, default=[], **SEVERAL)
    text = "seed of all random numbers (default: %(default)s)"
    add_option(parser, "--seed N", text, type=at_least(0), default=0)
    text = (
        "write the model here after each line, for `OnlineClassifier.load`, `OnlineRegressor.load`"
    )
    add_option(parser, "-o --output MODEL", text)
    add_json(parser)
    parser.set_defaults(  # what `TrainingData` reads for `madaline fit`, too
        number=[],
        text=[],
        weight=None,
        groups=None,
        skip_broken=False,
        root=None,
        memory=None,
        metric=None,
        class_weight=None,
    )


def run(arguments: Namespace) -> None:
    """Play back a table."""
    path = Path(arguments.output) if arguments.output else None
    if path is not None:
        check_destination(path, sources=[arguments.table])
    data = TrainingData.read(arguments)
    is_classes = (arguments.task or infer_task(data.target)[0]) == "classification"
    table, y = _in_order(_levels(data), data.target, arguments.time)
    task = Classes() if is_classes else Numbers()
    learner = OnlineLearner(task, list(table.names), arguments.seed)
    segments: list[Segment] = []
    lines = _Lines(arguments.json, is_classes=is_classes)
    lines.open(arguments, table)
    for segment in Playback(learner, table, y, arguments.delay).segments(SEGMENTS):
        segments.append(segment)
        lines.add(segment)
        if path is not None:  # what stops the command later loses no more than the next part
            save_learner(learner, path)
    if arguments.json:
        decisions = [one.to_json() for one in learner.leads.decisions]
        facts = _facts(segments, is_classes=is_classes, path=path)
        say_json({**facts, "decisions": decisions})
        return
    lines.close(segments, learner.leads.decisions)
    if path is not None:
        loader = "OnlineClassifier" if is_classes else "OnlineRegressor"
        say(f"\nSaved {path}: madaline.{loader}.load({str(path)!r}) goes on from here.", sys.stdout)


def _levels(data: TrainingData) -> Table:
    """Return the table with columns that were given as categories as text."""
    columns = dict(data.table.columns)
    for name, kind in data.kinds.items():
        if kind == "dropped":
            del columns[name]
        elif kind == "category" and columns[name].dtype.kind == "f":
            values = columns[name]
            texts = [None if value != value else f"{value:g}" for value in values.tolist()]
            columns[name] = np.array(texts, dtype=object)
    return Table(columns)


def _in_order(table: Table, y: Array, time: str | None) -> tuple[Table, Array]:
    """Return the rows, and their labels, in the order of a column."""
    if time is None:
        return table, y
    if time not in table:
        raise InputError(f"There is no column {time!r}: {suggestion(time, table.names)}")
    order = in_order(table, time)
    return table.take(order), y[order]


def in_order(table: Table, time: str) -> Array:
    """Return the numbers of the rows in the order of a column."""
    if table[time].dtype.kind not in "fM":
        raise InputError(f"--time {time} holds text: name a column of dates or numbers.")
    return np.argsort(table[time], kind="stable")


class _Lines:
    """The lines of the table, printed as segments are done."""

    def __init__(self, is_silent: bool, *, is_classes: bool) -> None:
        self._is_silent, self._is_classes = is_silent, is_classes

    def open(self, arguments: Namespace, table: Table) -> None:
        """Print what is played, and the head of the table."""
        order = "the file" if arguments.time is None else arguments.time
        known = f"{arguments.delay:,} rows later" if arguments.delay else "before the next row"
        self._say(
            f"{table.n_samples:,} rows of {shlex.quote(arguments.table)} in the order of {order};"
            f" labels are known {known}."
        )
        measures = "    RMSE  last value    linear"
        if self._is_classes:
            measures = "accuracy   no change    linear  log loss"
        self._say(f"\n{'rows':>19}  {measures}  largest weight")

    def add(self, segment: Segment) -> None:
        """Print a line."""
        rows = f"{segment.first:,}-{segment.last:,}"
        weight = segment.horizons[segment.leading]
        self._say(f"{rows:>19}  {self._numbers(segment)}  {segment.leading:,} rows ({weight:.0%})")

    def close(self, segments: Sequence[Segment], decisions: Collection[Decision]) -> None:
        """Print the whole, and when other networks began to lead."""
        whole = _whole(segments, is_classes=self._is_classes)
        self._say(f"{'all':>19}  {self._numbers(whole)}")
        left_out = len(decisions) - MOST
        if left_out > 0:
            self._say(f"\nThe lead changed {count(left_out, 'time')} before:")
        for decision in list(decisions)[-MOST:]:
            self._say(f"\n{paragraph(decision.sentence)}")

    def _numbers(self, one: Segment) -> str:
        score, no_change, linear = apart([one.score, one.no_change, one.linear])
        loss = f"  {one.loss:8.4f}" if one.loss is not None else ""
        return f"{score:>8}  {no_change:>10}  {linear:>8}{loss}"

    def _say(self, text: str) -> None:
        if not self._is_silent:
            say(text, sys.stdout)


def _whole(segments: Sequence[Segment], *, is_classes: bool) -> Segment:
    """Return all segments as one."""
    counts = np.array([one.last - one.first + 1 for one in segments])
    power = 1 if is_classes else 2

    def mean(values: list[float]) -> float:
        return float(np.average(np.power(values, power), weights=counts) ** (1 / power))

    losses = [one.loss for one in segments if one.loss is not None]
    return Segment(
        1,
        segments[-1].last,
        mean([one.score for one in segments]),
        mean([one.no_change for one in segments]),
        mean([one.linear for one in segments]),
        float(np.average(losses, weights=counts)) if losses else None,
        {
            horizon: mean([one.horizons[horizon] for one in segments])
            for horizon in segments[0].horizons
        },
    )


def _facts(segments: Sequence[Segment], *, is_classes: bool, path: Path | None) -> dict[str, Any]:
    measure = "accuracy" if is_classes else "root_mean_squared_error"
    parts = [*segments, _whole(segments, is_classes=is_classes)]
    described = [
        {
            "first_row": one.first,
            "last_row": one.last,
            measure: one.score,
            "no_change": one.no_change,
            "linear": one.linear,
            **({} if one.loss is None else {"log_loss": one.loss}),
            "weights": {str(horizon): weight for horizon, weight in one.horizons.items()},
        }
        for one in parts
    ]
    return {
        "segments": described[:-1],
        "all": described[-1],
        "file": None if path is None else str(path),
    }
