"""The data of a population: those that the first page makes up, or a table with all its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, final

from madaline._data.table import Table
from madaline._data.target import CLASSIFICATION, infer_task
from madaline._fitting import Fitting
from madaline._playground.datasets import DATASETS
from madaline._playground.tables import UserTable
from madaline._words import format_list
from madaline.errors import InputError

TABLE = "table"  # the name of the data that are a table of the visitor
_ROWS, _NOISE, _EFFORT, _SEED = (60, 2000), (0.0, 1.0), (2, 1000), (0, 2**31)
_MAX_ROWS = 20_000  # of a table: with more, an epoch takes long
# Planned multiply-adds from which numba trains. With less, NumPy takes at most twice the time of an
# epoch, and a first race after an installation does not wait until numba has compiled its code.
_COMPILED_FROM = 1e12
_FIT = """\
model = {estimator}(effort={effort}, random_state={seed}).fit({data})
print(model.scores_[0])
"""
_Number = TypeVar("_Number", int, float)


def race_facts(table: UserTable) -> dict[str, Any]:
    """Return what the page needs of a table; `InputError` if it is too long."""
    if table.table.n_samples > _MAX_ROWS:
        raise InputError(
            f"{table.name} has {table.table.n_samples:,} rows: a page takes {_MAX_ROWS:,} at most;"
            " for more, use `madaline fit TABLE --target COLUMN --live`."
        )
    columns = list(table.table.names)
    return {
        "table": table.key,
        "name": table.name,
        "columns": columns,
        "target": table.likely_target_of_all,
    }


@final
@dataclass(frozen=True)
class RaceRequest:
    """What a page asks to be learned."""

    data: str  # a name of `DATASETS`, or `TABLE`
    rows: int
    noise: float
    effort: int
    seed: int
    target: str = ""  # the column of a table to predict

    @classmethod
    def read(cls, given: Any) -> RaceRequest:
        """Return what a JSON value asks; `InputError` if it is something else."""
        if not isinstance(given, dict) or given.get("data") not in (*DATASETS, TABLE):
            raise InputError(f"data must be one of {format_list((*DATASETS, TABLE), limit=20)}.")
        if not isinstance(given.get("target", ""), str):
            raise InputError("target must be the name of a column.")
        return cls(
            given["data"],
            _read(given, "rows", 300, int, _ROWS),
            _read(given, "noise", 0.2, float, _NOISE),
            _read(given, "effort", 100, int, _EFFORT),
            _read(given, "seed", 0, int, _SEED),
            given.get("target", ""),
        )

    def python(self, task: str, file: str = "") -> str:
        """Return the lines of Python that do the same as the race; a table is read from a file."""
        estimator = "AdaptiveClassifier" if task == CLASSIFICATION else "AdaptiveRegressor"
        own = f"from madaline import {estimator}"
        if self.data == TABLE:
            data = f"{file!r}, {self.target!r}"
            return f"{own}\n\n{self._fit(estimator, data)}"
        made = DATASETS[self.data]
        values = {"rows": self._n_rows, "noise": self.noise, "seed": self.seed}
        lines = [line.format(**values) for line in made.lines]
        numpy = ["import numpy as np"] if any("np." in line for line in lines) else []
        head = "\n".join([*numpy, *made.imports, own])
        return "\n".join([head, "", *lines, self._fit(estimator, "x, y")])

    def fitting(self, table: UserTable | None = None) -> Fitting:
        """Return the fit, which has not begun yet."""
        if table is not None:
            race_facts(table)
            columns, y, task = table.supervised(self.target)
        else:
            x, y = DATASETS[self.data].make(self._n_rows, self.noise, self.seed)
            columns = Table({f"x{place}": column for place, column in enumerate(x.T)})
            task, _ = infer_task(y)
        return Fitting(
            columns,
            y,
            task=task,
            target_name=self.target or "y",
            effort=self.effort,
            seed=self.seed,
            compiled_from=_COMPILED_FROM,
        )

    @property
    def _n_rows(self) -> int:
        return min(self.rows, DATASETS[self.data].max_rows)

    def _fit(self, estimator: str, data: str) -> str:
        return _FIT.format(estimator=estimator, effort=self.effort, seed=self.seed, data=data)


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
