"""The page of a population: a race that the page drives, epoch by epoch."""

from __future__ import annotations

import re
from asyncio import to_thread
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, final

from madaline._apps.playground.datasets import DATASETS
from madaline._apps.playground.lanes import RaceLog
from madaline._apps.playground.options import TABLE
from madaline._apps.playground.page import ArrayFrame, Page, Sessions, Since
from madaline._apps.playground.plane import Plane
from madaline._apps.playground.python_code import script
from madaline._apps.playground.race_run import RaceRun
from madaline._apps.playground.tables import Tables, UserTable
from madaline._base.codec import Share, Stored
from madaline._base.json_checks import OneOf, Whole
from madaline._base.language import translate, translate_word
from madaline._base.words import recipe_name
from madaline._models.fitting import Fitting
from madaline._models.fitting.means import Means
from madaline._models.fitting.training_data import Roles
from madaline._models.request import FitRequest
from madaline._tables.table import Table
from madaline._tables.target import CLASSIFICATION, infer_task
from madaline.errors import InputError
from madaline.nn.arrays import Array

_MAX_ROWS = 20_000  # of a table: with more, an epoch takes long
# Planned multiply-adds from which numba trains. With less, NumPy takes at most twice the time of an
# epoch, and a first race after an installation does not wait until numba has compiled its code.
_COMPILED_FROM = 1e12
_PRINT = "print(model.scores_[0])"


def race_facts(table: UserTable) -> dict[str, Any]:
    """Return what the page needs of a table; `InputError` if it is too long."""
    if table.table.n_samples > _MAX_ROWS:
        raise InputError(
            "{name} has {n_samples:,} rows: a page takes {MAX_ROWS:,} at most; for more, use `madaline fit TABLE --target COLUMN --live`.",
            name=table.name,
            n_samples=table.table.n_samples,
            MAX_ROWS=_MAX_ROWS,
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


_MAX_RUNS = 8  # that are kept, at most


def race_page(tables: Tables) -> Page:
    """Return the page on which a population learns."""
    answers = _RaceAnswers(tables)
    return Page(
        path="/race",
        title="A population",
        template="race.html",
        script="race.js",
        routes={
            "/race/start": answers.start,
            "/race/next": answers.next,
            "/race/known": tables.known(race_facts),
        },
        uploads={"/race/table": tables.opened(race_facts)},
        facts=answers.facts,
    )


@final
class _RaceAnswers:
    """The answers to what the page asks."""

    def __init__(self, tables: Tables) -> None:
        self._runs = Sessions[RaceRun](_MAX_RUNS)
        self._tables = tables

    def facts(self) -> dict[str, Any]:
        """Return what the page knows from the start."""
        return {
            "datasets": [{"name": made.name, "title": made.title} for made in DATASETS.values()],
            "table": self._tables.latest(race_facts),
        }

    async def start(self, asked: RaceRequest) -> ArrayFrame:
        """Prepare a race; nothing is trained yet."""
        table = self._tables.of(asked.table) if asked.data == TABLE else None
        fitting = await to_thread(asked.fitting, table)
        run = await to_thread(lambda: RaceRun(fitting, Plane.of(fitting)))
        python = asked.python(fitting.task, "" if table is None else table.name)
        facts: dict[str, Any] = {
            "run": self._runs.add(run),
            "plane": plane_facts(run.plane),
            "python": python,
        }
        return events_frame(run.log, 0, **facts)

    async def next(self, asked: Since) -> ArrayFrame:
        """Train for an epoch, and tell what came of it."""
        async with self._runs.of(asked.run) as run:
            await to_thread(run.advance)
            return events_frame(run.log, asked.since)


def events_frame(log: RaceLog, since: int, *, until: int | None = None, **more: Any) -> ArrayFrame:
    """Return the events from a number on, or up to another; of each lane's maps, the latest."""
    events = log.events[since:until]
    told = []
    maps = dict[str, Array]()
    for event in events:
        if event["kind"] == "map":
            maps[event["lane"]] = event["pixels"]
        else:
            told.append(_translated(event))
    last = since + len(events)
    ended = log.ended and last == len(log.events)
    header = {"events": told, "next": last, "ended": ended, **more}
    return ArrayFrame(header, {f"map {lane}": pixels for lane, pixels in maps.items()})


def _translated(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event in the language of the context: its sentences, and names of recipes."""
    told = event
    for name, translated in _TEXTS.items():
        if name in event:
            told = told | {name: translated(event[name])}
    return told


def _story(sentences: list[str]) -> list[str]:
    return list(map(translate, sentences))


def _scores(scores: list[dict[str, str]]) -> list[dict[str, str]]:
    return [score | _named(translate_word(score["metric"])) for score in scores]


def _named(metric: str) -> dict[str, str]:
    """Return a metric and what it means: "R² (1 is perfect)" has both."""
    name, *meaning = re.split(r"\s*[(（]", metric.rstrip(")）"), maxsplit=1)
    return {"metric": name, "meaning": "".join(meaning)}


_TEXTS: Mapping[str, Callable[[Any], Any]] = {
    "sentence": translate,
    "subject": recipe_name,
    "name": recipe_name,
    "differs": recipe_name,
    "story": _story,
    "scores": _scores,
}
"""What is text of an event, by its name."""


def plane_facts(plane: Plane | None) -> dict[str, Any] | None:
    """Return what a page draws on a plane beside the maps: its axes, and training rows."""
    return None if plane is None else plane.to_json() | {"points": plane.points().tolist()}
