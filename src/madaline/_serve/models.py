"""The models of a server, each with the threads that answer, read again when its file changes."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import final

from madaline._data.kinds.kind import CATEGORY, DATETIME, NUMBER, SOUND, ColumnEncoder
from madaline._data.target import ClassEncoder
from madaline._model import FittedModel
from madaline._report.data import Report, class_labels
from madaline._report.page import render_page
from madaline._serve.answers import MAX_BATCH_ROWS, Answer, Extras, Worker
from madaline._serve.messages import Refusal, RequestedRows
from madaline._serve.metrics import Metrics
from madaline._serve.settings import Settings
from madaline._serve.watching import ENDING, Watcher
from madaline._words import format_list
from madaline.errors import InputError

_Stamp = tuple[int, int, int] | None
"""What tells whether a file has changed: inode, size, time; None where there is none."""


@final
class Registry:
    """The models that are served, by their names.

    A model is replaced in one step, once its new file has been read: requests are answered by the
    old one or by the new one. A file that cannot be read changes nothing but the log, the health
    and the metrics; at the start it is an `InputError`.
    """

    def __init__(
        self, settings: Settings, metrics: Metrics, log: Callable[[str], object] = print
    ) -> None:
        self._settings, self._metrics, self._log = settings, metrics, log
        self._paths = {name: Path(path) for name, path in settings.models.items()}
        self._stamps = {name: _stamp(path) for name, path in self._paths.items()}
        self._settling: dict[str, _Stamp] = {}
        self.problems: dict[str, str] = {}  # why the newest file of some models is not served
        self._models: dict[str, ServedModel] = {}
        for name in self._paths:
            self._models[name] = self._read(name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the models."""
        return tuple(self._paths)

    @property
    def models(self) -> list[ServedModel]:
        """The newest models of all names."""
        return list(self._models.values())

    def get(self, name: str) -> ServedModel:
        """Return the newest model of a name; `Refusal` if there is none."""
        if name not in self._models:
            names = format_list(self.names, limit=12)
            raise Refusal(404, f"No model {name!r} is served: there are {names}.")
        return self._models[name]

    async def follow(self, seconds: float) -> None:
        """Look at the files for ever, and read those that changed."""
        while True:
            await asyncio.sleep(seconds)
            await self.look()

    async def look(self) -> None:
        """Look at each file; it is read, or gone, when it looks the same, and new, twice.

        So a file that is still being copied is not taken for a broken one.
        """
        for name, path in self._paths.items():
            stamp = _stamp(path)
            if stamp == self._stamps[name]:
                self._settling.pop(name, None)
            elif name not in self._settling or self._settling[name] != stamp:
                self._settling[name] = stamp
            else:
                self._stamps[name] = self._settling.pop(name)
                if stamp is None:
                    self._keep(name, f"{path} is gone: put a model there.")
                else:
                    await self._replace(name)

    def close(self) -> None:
        """End the threads of all models, once they have answered what is waiting, in time."""
        for model in self.models:
            model.close(self._watching_seconds)
        for model in self.models:
            model.wait()

    @property
    def _watching_seconds(self) -> float:
        """How long watching may take at the end of a model."""
        return self._settings.shutdown_timeout / 2

    async def _replace(self, name: str) -> None:
        try:
            model = await asyncio.to_thread(self._read, name)
        except Exception as error:  # whatever it is, the server goes on
            self._metrics.loaded(name, done=False)
            self._keep(name, str(error))
            return
        old, self._models[name] = self._models[name], model
        problem = self.problems.pop(name, None)
        if model is not old:
            old.close(self._watching_seconds)
            await asyncio.to_thread(old.wait)
            self._log(f"{name} was replaced by version {model.version}.")
            if old.watcher is not None:
                self._log(
                    f"Watching {name} uses the state of the new version: labels for rows that the"
                    " old version predicted are refused."
                )
        elif problem is not None:
            self._log(f"The file of {name} is again the one that is served.")

    def _keep(self, name: str, why: str) -> None:
        """Go on with a model whose file cannot replace it."""
        self.problems[name] = why
        self._metrics.outdated(name, True)
        self._log(f"{name} was not replaced; the old model goes on: {why}")

    def _read(self, name: str) -> ServedModel:
        """Return the model of a name, ready to answer.

        Where the file has the same bytes as before, the old model goes on, with all rows and keys
        that wait for labels.
        """
        path, before = self._paths[name], self._models.get(name)
        version = _version(path)
        if before is not None and version == before.version:
            model = before
        else:
            fitted = FittedModel.load(path)
            _check_served(fitted, path)
            if before is not None and not self._settings.replace_any:
                _check_replaces(fitted, before.model, path)
            model = self._started(name, fitted, version)
        self._metrics.loaded(name, done=True)
        return model

    def _started(self, name: str, model: FittedModel, version: str) -> ServedModel:
        """Return a model with its threads."""
        count, watcher, folder = self._metrics.batch_counter(name), None, self._settings.watch
        if folder is not None:
            path = folder / f"{name}-{version}{ENDING}"
            watcher = Watcher(name, model, path, self._metrics, self._log)
        return ServedModel(
            name, model, version, Worker(model, count), Worker(model, count), watcher
        )


@final
@dataclass(frozen=True, eq=False)
class ServedModel:
    """One version of a model."""

    name: str
    model: FittedModel
    version: str  # the beginning of the SHA-256 of its file
    quick: Worker  # answers requests of few rows
    patient: Worker  # answers what takes long: many rows, explanations, intervals and sets
    watcher: Watcher | None = None  # looks for changes in what is predicted

    async def answer(self, rows: RequestedRows, extras: Extras) -> Answer:
        """Return the answer to a request; `InputError` if it cannot be given."""
        extras.check(rows.n_rows)
        few = rows.n_rows <= MAX_BATCH_ROWS and not extras.wanted
        return await (self.quick if few else self.patient).answer(rows, extras)

    def observe(self, rows: RequestedRows, keys: Sequence[Hashable] | None, n_bytes: int) -> None:
        """Watch rows that were predicted, where that is wanted; it takes no time here."""
        if self.watcher is not None:
            self.watcher.observe(rows, keys, n_bytes)

    def close(self, seconds: float) -> None:
        """Let the threads end once they have done what is waiting, within some seconds."""
        self.quick.close()
        self.patient.close()
        if self.watcher is not None:
            self.watcher.close(seconds)

    def wait(self) -> None:
        """Return when the state of watching is saved."""
        if self.watcher is not None:
            self.watcher.wait()

    @cached_property
    def kinds(self) -> Mapping[str, str]:
        """The kind of each column that is needed."""
        return _kinds(self.model)

    @cached_property
    def known(self) -> Mapping[str, str]:
        """The kind of each column that rows may hold as well, as far as it is known by now."""
        past = self.model.predictor.past
        columns = () if past is None else past.lags.each
        return {column.name: CATEGORY if column.classes else NUMBER for column in columns}

    @cached_property
    def encoders(self) -> tuple[ColumnEncoder, ...]:
        """What encodes the columns that rows must have."""
        encoders = self.model.predictor.encoder.encoders
        return tuple(encoder for encoder in encoders if encoder.name in self.kinds)

    @cached_property
    def n_outputs(self) -> int:
        """Numbers that are answered for a row."""
        return len(self.classes or (0,))

    @cached_property
    def classes(self) -> list[str] | None:
        """The labels of the classes, as text; None of numbers."""
        return class_labels(self.model)

    @cached_property
    def report_facts(self) -> Report:
        """What a report tells of the model, made once; a model's file holds no row to add."""
        return Report.of(self.model)

    @cached_property
    def report(self) -> str:
        """The report, made once."""
        return render_page(self.report_facts)


def _check_served(model: FittedModel, path: Path) -> None:
    """Refuse models of several targets, and of sounds, which cannot be sent in JSON."""
    model.check_one_output("served")
    for name, kind in _kinds(model).items():
        if kind == SOUND:
            raise InputError(
                f"{path} predicts from sounds ({name}), which are not served: use"
                " `madaline predict`."
            )


def _check_replaces(new: FittedModel, old: FittedModel, path: Path) -> None:
    """Raise `InputError` if a model of a file cannot answer the requests of another one."""
    targets = [
        f"{'classes' if isinstance(model.predictor.target_encoder, ClassEncoder) else 'numbers'}"
        f" of {model.summary.target!r}"
        for model in (new, old)
    ]
    if targets[0] != targets[1]:
        difference = f"it predicts {targets[0]}, not {targets[1]}"
    elif list(_kinds(new).items()) != list(_kinds(old).items()):
        difference = _difference(_kinds(new), _kinds(old))
    else:
        return
    raise InputError(
        f"{path} holds another model, {difference}: start the server again, with --replace-any to"
        " have such files taken."
    )


def _difference(new: Mapping[str, str], old: Mapping[str, str]) -> str:
    """Return how columns differ, in words."""
    changed = [name for name in new if name in old and new[name] != old[name]]
    for names, what in (
        ([name for name in new if name not in old], "needs more columns"),
        ([name for name in old if name not in new], "lacks columns"),
        (changed, "reads columns as another kind"),
    ):
        if names:
            return f"it {what} ({format_list(names)})"
    return "its columns are in another order"


def _kinds(model: FittedModel) -> dict[str, str]:
    """Return the kind of each column that rows must have."""
    kinds = {encoder.name: encoder.kind for encoder in model.predictor.encoder.encoders}
    past = model.predictor.past
    if past is not None and past.lags.time is not None:
        kinds.setdefault(past.lags.time, DATETIME if past.lags.of_dates else NUMBER)
    return {name: kinds.get(name, CATEGORY) for name in model.predictor.columns}


def _version(path: Path) -> str:
    """Return a checksum; empty if there is no file to read, which `FittedModel.load` tells."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def _stamp(path: Path) -> _Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
