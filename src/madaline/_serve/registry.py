"""The models of a server, each read again when its file changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from madaline._serve.metrics import Metrics
from madaline._serve.refusals import no_such_model
from madaline._serve.served import ServedModel
from madaline._serve.settings import Settings

Stamp = tuple[int, int, int] | None
"""What tells whether a file has changed: inode, size, time; None where there is none."""


class Registry:
    """The models that are served (final).

    A model is replaced in one step, once its new file has been read: requests are answered by the
    old one or by the new one. A file that cannot be read changes nothing but the log, the health
    and the metrics.

    Parameters
    ----------
    settings : Settings
        Of the server: the file of each model, and how it is replaced and watched.
    metrics : Metrics
        Counts what is read.
    log : callable
        Gets a sentence of what happened.

    Raises
    ------
    InputError
        If a file cannot be read at the start.
    """

    def __init__(
        self, settings: Settings, metrics: Metrics, log: Callable[[str], object] = print
    ) -> None:
        self._settings, self._metrics, self._log = settings, metrics, log
        self._paths = {name: Path(path) for name, path in settings.models.items()}
        self._stamps = {name: _stamp(path) for name, path in self._paths.items()}
        self._settling: dict[str, Stamp] = {}
        self.problems: dict[str, str] = {}
        self._models: dict[str, ServedModel] = {}
        for name in self._paths:
            self._models[name] = self._read(name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the models."""
        return tuple(self._paths)

    def get(self, name: str) -> ServedModel:
        """Return the newest model of a name; `Refusal` if there is none."""
        if name not in self._models:
            raise no_such_model(name, self.names)
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
        for model in self._models.values():
            model.close(self._seconds)
        for model in self._models.values():
            model.wait()

    @property
    def _seconds(self) -> float:
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
            old.close(self._seconds)
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
        model = ServedModel.read(
            name,
            self._paths[name],
            self._metrics,
            self._log,
            watch=self._settings.watch,
            before=self._models.get(name),
            replace_any=self._settings.replace_any,
        )
        self._metrics.loaded(name, done=True)
        return model


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
