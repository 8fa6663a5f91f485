"""The data of a population: those that the first page makes up, or a table with all its columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, final

from madaline._data.codec import Share, Stored
from madaline._data.json_checks import OneOf, Whole
from madaline._data.table import Table
from madaline._data.target import CLASSIFICATION, infer_task
from madaline._fitting import Fitting
from madaline._fitting.means import Means
from madaline._fitting.training_data import Roles
from madaline._playground.datasets import DATASETS
from madaline._playground.options import TABLE
from madaline._playground.python_code import script
from madaline._playground.tables import UserTable
from madaline._request import FitRequest
from madaline.errors import InputError

_MAX_ROWS = 20_000  # of a table: with more, an epoch takes long
# Planned multiply-adds from which numba trains. With less, NumPy takes at most twice the time of an
# epoch, and a first race after an installation does not wait until numba has compiled its code.
_COMPILED_FROM = 1e12
_PRINT = "print(model.scores_[0])"


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
class RaceRequest(Stored):
    """What a page asks to be learned."""

    data: Annotated[str, OneOf((*DATASETS, TABLE))]
    rows: Annotated[int, Whole(60, 2000)] = 300
    noise: Share = 0.2
    effort: Annotated[int, Whole(2, 1000)] = 100
    seed: Annotated[int, Whole(0, 2**31)] = 0
    table: str = ""  # key of a table of the visitor
    target: str = ""  # its column to predict

    def python(self, task: str, file: str = "") -> str:
        """Return the lines of Python that do the same as the race; a table is read from a file."""
        estimator = "AdaptiveClassifier" if task == CLASSIFICATION else "AdaptiveRegressor"
        if self.data == TABLE:
            imports, lines = list[str](), list[str]()
            data = f"{file!r}, {self.target!r}"
        else:
            imports, lines = DATASETS[self.data].python(self.rows, self.noise, self.seed)
            data = "x, y"
        lines.append(
            f"model = {estimator}(effort={self.effort}, random_state={self.seed}).fit({data})"
        )
        return script([*imports, f"from madaline import {estimator}"], [*lines, _PRINT])

    def fitting(self, table: UserTable | None = None) -> Fitting:
        """Return the fit, which has not begun yet."""
        if table is not None:
            race_facts(table)
            columns, y, task = table.supervised(self.target)
        else:
            x, y = DATASETS[self.data].make(self.rows, self.noise, self.seed)
            columns = Table({f"x{place}": column for place, column in enumerate(x.T)})
            task, _ = infer_task(y)
        request = FitRequest(task=task, effort=self.effort, seed=self.seed)
        roles = Roles(y, names=self.target or "y")
        return Fitting(request, columns, roles, Means(compiled_from=_COMPILED_FROM)).prepare()
