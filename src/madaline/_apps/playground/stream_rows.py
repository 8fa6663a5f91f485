"""The rows that a stream plays: those of a world that changes when the visitor asks, or a table's.

A made-up world has two columns, and a wavy line tells two classes apart. A drift turns that line:
suddenly, from one row to the next, or gradually, as rows come more and more often from the new
world. A table has a world of its own: its rows come in their order, or in that of a column.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import final

import numpy as np

from madaline._apps.playground.pandas_code import reading_lines
from madaline._apps.playground.tables import UserTable
from madaline._base.words import format_list
from madaline._models.online.tasks import Classes, Numbers, StreamTask
from madaline._models.watching.stream_source import kinds_of
from madaline._tables.kinds.kind import BOOLEAN, CATEGORY, DATETIME, NUMBER
from madaline._tables.table import Table
from madaline._tables.target import CLASSIFICATION
from madaline.errors import InputError
from madaline.nn.arrays import Array

COLUMNS = ("x1", "x2")
CLASSES = ("orange", "blue")
GRADUAL_ROWS = 400  # that a gradual drift takes
WINDOW = 200  # rows whose accuracy is told, and that are shown
DRIFTS = ("sudden", "gradual")
_NOISE = 0.03  # share of rows whose label is wrong
_TURN = 2.1  # radians by which a drift turns the line
_KINDS = (NUMBER, CATEGORY, BOOLEAN, DATETIME)  # of columns that a stream learns from


class StreamRows(ABC):
    """Rows with labels, in their order."""

    names: tuple[str, ...]  # of the columns
    kinds: Mapping[str, str]  # of the columns, for tests of their values
    n_rows: int | None  # that there are; None for as many as one likes
    left_out: tuple[str, ...] = ()  # columns that are not learned from

    @abstractmethod
    def task(self) -> StreamTask:
        """Return a new task: classes or numbers."""

    @abstractmethod
    def take(self, start: int, n_rows: int) -> tuple[Table, Array]:
        """Return the next rows, and their labels."""

    @abstractmethod
    def python(self, seed: int, n_rows: int) -> str:
        """Return the lines of Python that predict and learn so many rows."""


@final
class World(StreamRows):
    """A plane that is cut by a wavy line, which turns.

    Examples
    --------
    >>> world = World(seed=0)
    >>> table, labels = world.take(0, 3)
    >>> table.names, labels.tolist()
    (('x1', 'x2'), ['blue', 'blue', 'orange'])
    """

    names = COLUMNS
    kinds = dict.fromkeys(COLUMNS, NUMBER)
    n_rows = None

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._angle = 0.0
        self._before = 0.0  # the angle before the latest drift
        self._since = -GRADUAL_ROWS
        self._drifts = dict[int, list[str]]()  # by the rows before them

    def task(self) -> Classes:
        return Classes()

    def drift(self, kind: str, row: int) -> None:
        """Let the world change after so many rows, in one of the ways of `DRIFTS`."""
        self._before = self._angle
        self._angle += _TURN
        self._drifts.setdefault(row, []).append(kind)
        self._since = row if kind == "gradual" else row - GRADUAL_ROWS

    def take(self, start: int, n_rows: int) -> tuple[Table, Array]:
        drawn = [(*self._rng.uniform(-1, 1, 2), *self._rng.random(2)) for _ in range(n_rows)]
        rows = np.array(drawn)[:, :2]
        (chance, wrong) = np.array(drawn)[:, 2:].T
        shares = np.array([self.share_of_new(start + place) for place in range(n_rows)])
        angles = np.where(chance < shares, self._angle, self._before)
        is_blue = (_height(rows, angles) > 0) ^ (wrong < _NOISE)
        return plane_table(rows), np.array(CLASSES, object)[is_blue.astype(int)]

    def share_of_new(self, row: int) -> float:
        """Return how many of the rows come from the new world, as a share."""
        return float(np.clip((row - self._since) / GRADUAL_ROWS, 0, 1))

    def height(self, rows: Array) -> Array:
        """Return how far points are above the line as it will be."""
        return _height(rows, np.full(len(rows), self._angle))

    def python(self, seed: int, n_rows: int) -> str:
        return _PYTHON_OF_WORLD.format(
            seed=seed,
            drifts=self._drifts,
            rows=n_rows,
            turn=_TURN,
            noise=_NOISE,
            gradual=GRADUAL_ROWS,
            window=WINDOW,
        )


@final
class UserTableRows(StreamRows):
    """The rows of a table of the user that have a target, in order."""

    def __init__(self, table: UserTable, target: str, order: str) -> None:
        others, y, task = table.supervised(target)
        others = table.schema.read(others)
        kinds = {column.name: column.kind for column in table.schema.columns}
        self.names = tuple(name for name in others.names if kinds[name] in _KINDS)
        if not self.names:
            raise InputError(
                "{name} has no column to learn from: a stream takes numbers, categories, Booleans and dates.",
                name=table.name,
            )
        self.left_out = tuple(name for name in others.names if name not in self.names)
        if order:
            rows = _row_order(table.name, others, order)
            others = others.take(rows)
            y = y[rows]
        self._table = others.select(self.names)
        self._y = y
        self._of_classes = task == CLASSIFICATION
        self._file = table
        self._target = target
        self._order = order
        self.kinds = kinds_of(self._table)
        self.n_rows = len(y)

    def task(self) -> Classes | Numbers:
        return Classes() if self._of_classes else Numbers()

    def take(self, start: int, n_rows: int) -> tuple[Table, Array]:
        some = slice(start, start + n_rows)
        return self._table.take(some), self._y[some]

    def python(self, seed: int, n_rows: int) -> str:
        names = list(self.names)
        used = [*names, self._target, *({self._order} - {*names, ""})]
        estimator = "OnlineClassifier" if self._of_classes else "OnlineRegressor"
        order = f"table = table.sort_values({self._order!r}, kind='stable')\n"
        return _PYTHON_OF_TABLE.format(
            estimator=estimator,
            reading="\n".join(reading_lines(self._file, used)),
            target=self._target,
            order=order if self._order else "",
            left_out=f".drop(columns={list(self.left_out)!r})" if self.left_out else "",
            rows=n_rows,
            seed=seed,
            noted="predicted == label" if self._of_classes else "abs(predicted - label)",
            first=None if self._of_classes else 0.0,
            same="before == label" if self._of_classes else "abs(before - label)",
            measure="accuracy" if self._of_classes else "mean absolute error",
            window=WINDOW,
        )


def orders_of(table: UserTable) -> list[str]:
    """Return the columns in whose order the rows of a table may come: dates and numbers."""
    return [name for name in table.values.names if table.values[name].dtype.kind in "Mf"]


def plane_table(rows: Array) -> Table:
    """Return points of a world as a table."""
    return Table(dict(zip(COLUMNS, rows.T, strict=True)))


def _row_order(file: str, table: Table, order: str) -> Array:
    column = table[order] if order in table else np.empty(0, object)
    if column.dtype.kind not in "Mf":
        names = [name for name in table.names if table[name].dtype.kind in "Mf"]
        raise InputError(
            "{file} has no other column {order!r} of dates or numbers: choose among {names}.",
            file=file,
            order=order,
            names=format_list(names, 8),
        )
    return np.argsort(column, kind="stable")


def _height(rows: Array, angles: Array) -> Array:
    """Return how far each row is above the wavy line, which is turned by an angle."""
    x, y = rows.T
    along = x * np.cos(angles) + y * np.sin(angles)
    across = y * np.cos(angles) - x * np.sin(angles)
    return np.asarray(across - 0.45 * np.sin(3 * along))


_PYTHON_OF_WORLD = """\
import numpy as np
from madaline import OnlineClassifier

drifts = {drifts}  # after so many rows
rng = np.random.default_rng({seed})
model, right = OnlineClassifier(random_state={seed}), []
angle, before, since = 0.0, 0.0, -{gradual}
for row in range({rows}):
    for kind in drifts.get(row, []):
        before, angle = angle, angle + {turn}
        since = row if kind == "gradual" else row - {gradual}
    (x1, x2), (chance, wrong) = rng.uniform(-1, 1, 2), rng.random(2)
    turn = angle if chance < (row - since) / {gradual} else before
    along = x1 * np.cos(turn) + x2 * np.sin(turn)
    across = x2 * np.cos(turn) - x1 * np.sin(turn)
    is_blue = (across > 0.45 * np.sin(3 * along)) != (wrong < {noise})
    given, label = {{"x1": x1, "x2": x2}}, "blue" if is_blue else "orange"
    right.append(model.predict_one(given) == label)
    model.learn_one(given, label)
print(f"accuracy of the latest {window} rows {{np.mean(right[-{window}:]):.3f}}")
print(*(one.sentence for one in model.decisions_), sep="\\n")
"""

_PYTHON_OF_TABLE = """\
import numpy as np
import pandas as pd
from madaline import {estimator}

{reading}
table = table.dropna(subset=[{target!r}])
{order}model, noted, same, before = {estimator}(random_state={seed}), [], [], {first}
for row in table.head({rows}){left_out}.to_dict("records"):
    label = row.pop({target!r})
    predicted = model.predict_one(row)
    noted.append({noted})
    same.append({same})
    model.learn_one(row, label)
    before = label
print(f"{measure} of the latest {window} rows {{np.mean(noted[-{window}:]):.3f}}")
print(f"... by repeating the label before {{np.mean(same[-{window}:]):.3f}}")
print(*(one.sentence for one in model.decisions_), sep="\\n")
"""
