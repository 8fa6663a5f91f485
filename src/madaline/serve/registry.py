"""The models of a server, each read again when its file changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from madaline.serve.metrics import Metrics
from madaline.serve.refusals import no_such_model
from madaline.serve.served import ServedModel

Stamp = tuple[int, int, int] | None
"""What tells whether a file has changed: inode, size, time; None where there is none."""


class Registry:
    """The models that are served (final).

    A model is replaced in one step, once its new file has been read: requests are answered by the
    old one or by the new one. A file that cannot be read changes nothing but the log, the health
    and the metrics.

    Parameters
    ----------
    paths : mapping of str to path
        The file of each model.
    metrics : Metrics
        Counts what is read.
    log : callable
        Gets a sentence of what happened.
    watch : path, optional
        The folder of the states of monitors, where rows are watched.

    Raises
    ------
    InputError
        If a file cannot be read at the start.
    """

    def __init__(
        self,
        paths: Mapping[str, Path],
        metrics: Metrics,
        log: Callable[[str], object],
        *,
        watch: Path | None = None,
    ) -> None:
        self._paths = dict(paths)
        self._metrics = metrics
        self._log = log
        self._watch = watch
        self._stamps = {name: _stamp(path) for name, path in self._paths.items()}
        self._settling: dict[str, Stamp] = {}
        self.problems: dict[str, str] = {}
        self._models = {name: self._read(name) for name in self._paths}

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
        """Look at each file; it is read when it looks the same, and new, twice.

        So a file that is still being copied is not taken for a broken one.
        """
        for name, path in self._paths.items():
            stamp = _stamp(path)
            if stamp in (None, self._stamps[name]):
                self._settling.pop(name, None)
            elif self._settling.get(name) != stamp:
                self._settling[name] = stamp
            else:
                self._stamps[name] = self._settling.pop(name)
                await self._replace(name)

    def close(self) -> None:
        """End the threads of all models, once they have answered what is waiting."""
        for model in self._models.values():
            model.close()

    async def _replace(self, name: str) -> None:
        try:
            model = await asyncio.to_thread(self._read, name)
        except Exception as error:  # whatever it is, the server goes on
            self.problems[name] = str(error)
            self._metrics.loaded(name, done=False)
            self._log(f"{name} was not replaced, the model from before goes on: {error}")
            return
        old, self._models[name] = self._models[name], model
        self.problems.pop(name, None)
        await asyncio.to_thread(old.close)
        self._log(f"{name} was replaced by version {model.version}.")

    def _read(self, name: str) -> ServedModel:
        path = self._paths[name]
        model = ServedModel.read(name, path, self._metrics, self._log, watch=self._watch)
        self._metrics.loaded(name, done=True)
        return model


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
