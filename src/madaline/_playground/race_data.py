"""The data of a population: made up by a few lines of Python, or a table of the visitor's own.

The lines that a page shows are those that made its data, so that they do the same elsewhere.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, final

import numpy as np

from madaline._data.io.table_files import read_file
from madaline._data.table import Table
from madaline._data.target import CLASSIFICATION, check_learnable, infer_task
from madaline._data.target.values import left_out_words, missing_values
from madaline._data.text_columns import read_numbers
from madaline._fitting import Fitting
from madaline._words import format_list
from madaline.errors import InputError
from madaline.nn.arrays import Array

SOURCES: Mapping[str, str] = {
    "xor": """\
import numpy as np

rng = np.random.default_rng({seed})
X = rng.uniform(-1, 1, ({rows}, 2))
y = (X[:, 0] * X[:, 1] > 0).astype(int)
X += rng.normal(0, {noise}, X.shape)
""",
    "circles": """\
from sklearn.datasets import make_circles

X, y = make_circles({rows}, noise={noise}, factor=0.5, random_state={seed})
""",
    "moons": """\
from sklearn.datasets import make_moons

X, y = make_moons({rows}, noise={noise}, random_state={seed})
""",
    "spirals": """\
import numpy as np

rng = np.random.default_rng({seed})
y = rng.integers(0, 2, {rows})
angle = 3 * np.pi * np.sqrt(rng.uniform(0.02, 1, {rows}))
X = np.stack([angle * np.cos(angle + np.pi * y), angle * np.sin(angle + np.pi * y)], axis=1) / 9
X += rng.normal(0, {noise}, X.shape)
""",
}
"""Lines that make `X` and `y` of two columns and two classes."""

_ROWS, _NOISE, _EFFORT, _SEED = (60, 2000), (0.0, 1.0), (2, 1000), (0, 2**31)
_ENDINGS = (".csv", ".tsv", ".txt", ".jsonl")  # of files of text
_MAX_ROWS = 20_000  # of a table: with more, an epoch takes long
_FIT = """\
model = {estimator}(effort={effort}, random_state={seed}).fit({data})
print(model.scores_[0])
"""
_Number = TypeVar("_Number", int, float)


@final
@dataclass(frozen=True)
class Asked:
    """What a page asks to be learned."""

    data: str  # a name of `SOURCES`, or "table"
    rows: int
    noise: float
    effort: int
    seed: int
    file: str = ""  # the name of a table's file
    text: str = ""  # its content; empty for the table that the playground was started with
    target: str = ""  # its column to predict

    @classmethod
    def read(cls, given: Any) -> Asked:
        """Return what a JSON value asks; `InputError` if it is something else."""
        if not isinstance(given, dict) or given.get("data") not in (*SOURCES, "table"):
            raise InputError(f"data must be one of {format_list(SOURCES)}, table.")
        words = {name: given.get(name, "") for name in ("file", "text", "target")}
        if not all(isinstance(word, str) for word in words.values()):
            raise InputError("file, text and target must be text.")
        return cls(
            given["data"],
            _read(given, "rows", 300, int, _ROWS),
            _read(given, "noise", 0.2, float, _NOISE),
            _read(given, "effort", 100, int, _EFFORT),
            _read(given, "seed", 0, int, _SEED),
            **words,
        )

    @property
    def made(self) -> str:
        """The lines of Python that make the data; of a table, none."""
        source = SOURCES.get(self.data, "")
        return source.format(rows=self.rows, noise=self.noise, seed=self.seed)

    def python(self, task: str) -> str:
        """Return the lines of Python that do the same as the race."""
        estimator = "AdaptiveClassifier" if task == CLASSIFICATION else "AdaptiveRegressor"
        data = f"{self.file!r}, {self.target!r}" if self.data == "table" else "X, y"
        fit = _FIT.format(estimator=estimator, effort=self.effort, seed=self.seed, data=data)
        imports, _, made = self.made.partition("\n\n")
        own = f"from madaline import {estimator}\n"
        if not made:
            return f"{own}\n{fit}"
        return f"{imports}\n\n{own}\n{made}{fit}"

    def fitting(self, path: Path | None = None) -> Fitting:
        """Return the fit that has not begun yet; a table without content is read from a path."""
        if self.data == "table":
            table, y = self._table(path)
        else:
            space: dict[str, Any] = {}
            exec(self.made, space)  # one of the texts above, with numbers in it
            columns, y = space["X"].T, space["y"]
            table = Table.from_columns({f"x{place}": one for place, one in enumerate(columns)})
        task, _ = infer_task(y)
        check_learnable(y, task, name=self.target or "y")
        return Fitting(
            table,
            y,
            task=task,
            target_name=self.target or "y",
            effort=self.effort,
            seed=self.seed,
        )

    def _table(self, path: Path | None) -> tuple[Table, Array]:
        """Return the columns and the target of a table, without rows that have no target."""
        table = read_table(self.file, self.text, path=path)
        if self.target not in table:
            names = format_list(table.names, limit=20)
            raise InputError(f"The table has no column {self.target!r}: it has {names}.")
        if table.n_samples > _MAX_ROWS:
            raise InputError(
                f"The table has {table.n_samples:,} rows: a page takes {_MAX_ROWS:,} at most; for"
                " more, use `madaline fit TABLE --target COLUMN --live`."
            )
        others = table.drop([self.target])
        y, _ = read_numbers(self.target, table[self.target], "", beside=others)
        missing = missing_values(y)
        if left_out_words(self.target, missing):
            others, y = others.take(~missing), y[~missing]
        whole = y.dtype.kind == "f" and (y == np.floor(y)).all() and abs(y).max() < 2**53
        return others, y.astype(np.int64) if whole else y


def read_table(name: str, text: str = "", *, path: Path | None = None) -> Table:
    """Return the table of a file's content; without one, that of a path."""
    if path is not None and not text:
        return read_file(path).table
    ending = Path(name).suffix.lower()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"table{ending if ending in _ENDINGS else '.csv'}"
        copy.write_text(text, encoding="utf-8")
        return read_file(copy).table


def _read(
    given: Mapping[str, Any],
    name: str,
    default: _Number,
    kind: Callable[[Any], _Number],
    bounds: tuple[_Number, _Number],
) -> _Number:
    """Return a number of a JSON value that is within bounds, or else its default."""
    value, (least, most) = given.get(name, default), bounds
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not (whole or (kind is float and isinstance(value, float))) or not least <= value <= most:
        raise InputError(f"{name} is {value!r}: give a number from {least:g} to {most:g}.")
    return kind(value)
