"""What a server serves, by name: models, each read again when its file changes."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import final

from madaline._apps.serve.answers import Worker
from madaline._apps.serve.groups import ServedGroups
from madaline._apps.serve.messages import Refusal
from madaline._apps.serve.metrics import Metrics
from madaline._apps.serve.models import ServedModel, check_replaces, check_served
from madaline._apps.serve.settings import Settings
from madaline._apps.serve.watching import ENDING, Watcher
from madaline._base.language import _
from madaline._base.words import format_list
from madaline._models.model import FittedModel
from madaline._models.model.many import ModelsByGroup
from madaline._tables.io.atomic import alone
from madaline._tables.io.tensor_file import MODELS, is_of_kind
from madaline.errors import InputError, MadalineError

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
        self._settings = settings
        self._metrics = metrics
        self._log = log
        self._paths = {name: Path(path) for name, path in settings.models.items()}
        self._stamps = {name: _stamp(path) for name, path in self._paths.items()}
        self._settling: dict[str, _Stamp] = {}
        self.problems: dict[str, str] = {}  # why the newest file of some models is not served
        self._held = ExitStack()  # keeps other servers away from the states of what is watched
        for name in self._paths if settings.watch is not None else ():
            self._held.enter_context(alone(Path(settings.watch or "", f"{name}{ENDING}")))
        self._models: dict[str, ServedModel | ServedGroups] = {}
        for name in self._paths:
            self._models[name] = self._read(name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the models."""
        return tuple(self._paths)

    @property
    def models(self) -> list[ServedModel]:
        """The newest models of all names; of a file of many, the first one."""
        return [model.first for model in self._models.values()]

    def get(self, name: str) -> ServedModel:
        """Return the newest model of a name, or ``name:group``; `Refusal` if there is none."""
        many = self.groups(name.partition(":")[0])
        if many is not None and ":" in name:
            return many.of(name.partition(":")[2])
        if many is not None:
            raise Refusal(
                404,
                "{name} holds a model for each {by}: name one, as in /models/{example}, or send rows to /models/{name}/predict.",
                name=name,
                by=_(" and ").join(many.models.index.by),
                example=many.first.name,
            )
        model = self._models.get(name)
        if not isinstance(model, ServedModel):
            names = format_list(self.names, limit=12)
            raise Refusal(
                404, "No model {name!r} is served: there are {names}.", name=name, names=names
            )
        return model

    def groups(self, name: str | None) -> ServedGroups | None:
        """Return the newest models of a name, if it has one for each group."""
        model = None if name is None else self._models.get(name)
        return model if isinstance(model, ServedGroups) else None

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
                    self._keep(name, _("{path} is gone: put a model there.").format(path=path))
                else:
                    await self._replace(name)

    def close(self) -> None:
        """End the threads of all models, once they have answered what is waiting, in time."""
        for model in self._models.values():
            model.close(self._watching_seconds)
        for model in self._models.values():
            model.wait()
        self._held.close()

    @property
    def _watching_seconds(self) -> float:
        """How long watching may take at the end of a model."""
        return self._settings.shutdown_timeout / 2

    async def _replace(self, name: str) -> None:
        try:
            model = await asyncio.to_thread(self._read, name)
        except Exception as error:  # whatever it is, the server goes on
            self._metrics.loaded(name, done=False)
            self._keep(name, error.english if isinstance(error, MadalineError) else str(error))
            return
        old = self._models[name]
        self._models[name] = model
        problem = self.problems.pop(name, None)
        if model is not old:
            old.close(self._watching_seconds)
            await asyncio.to_thread(old.wait)
            self._log(
                _("{name} was replaced by version {version}.").format(
                    name=name, version=model.version
                )
            )
            if old.watcher is not None:
                self._log(
                    _(
                        "Watching {name} uses the state of the new version: labels for rows that the old version predicted are refused."
                    ).format(name=name)
                )
        elif problem is not None:
            self._log(_("The file of {name} is again the one that is served.").format(name=name))

    def _keep(self, name: str, why: str) -> None:
        """Go on with a model whose file cannot replace it."""
        self.problems[name] = why
        self._metrics.outdated(name, True)
        self._log(
            _("{name} was not replaced; the old model goes on: {why}").format(name=name, why=why)
        )

    def _read(self, name: str) -> ServedModel | ServedGroups:
        """Return the model of a name, ready to answer.

        Where the file has the same bytes as before, the old model goes on, with all rows and keys
        that wait for labels.
        """
        path = self._paths[name]
        before = self._models.get(name)
        version = _version(path)
        if before is not None and version == before.version:
            model: ServedModel | ServedGroups = before
        elif is_of_kind(path, MODELS):
            if self._settings.watch is not None:
                raise InputError(
                    "{path} holds a model for each group, which are not watched: leave out --watch.",
                    path=path,
                )
            model = ServedGroups(name, ModelsByGroup.load(path), version)
            self._check_replaces(before, model.first.model, path)
        else:
            fitted = FittedModel.load(path)
            check_served(fitted, path)
            self._check_replaces(before, fitted, path)
            model = self._started(name, fitted, version)
        self._metrics.loaded(name, done=True)
        return model

    def _check_replaces(
        self, before: ServedModel | ServedGroups | None, new: FittedModel, path: Path
    ) -> None:
        if before is not None and not self._settings.replace_any:
            check_replaces(new, before.first.model, path)

    def _started(self, name: str, model: FittedModel, version: str) -> ServedModel:
        """Return a model with its threads."""
        count = self._metrics.batch_counter(name)
        watcher = None
        if self._settings.watch is not None:
            path = self._settings.watch / f"{name}-{version}{ENDING}"
            watcher = Watcher(name, model, path, self._metrics, self._log)
        return ServedModel(
            name, model, version, Worker(model, count), Worker(model, count), watcher
        )


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
