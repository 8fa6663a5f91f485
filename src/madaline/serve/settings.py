"""What a server was told: which models, where to listen, and the limits of a request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from madaline.errors import InputError

NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
"""Names of models stand in paths and in metrics as they are."""


@dataclass(frozen=True)
class Settings:
    """The settings of a server.

    Parameters
    ----------
    models : mapping of str to path
        The file of each model, by its name.
    host : str
        The address to listen at; by default this machine alone can connect.
    port : int
        The port; 0 is any that is free.
    max_rows : int
        Rows of a request, at most.
    max_bytes : int
        Bytes of a request's body, at most.
    timeout : float
        Seconds until a request is answered, with an error if need be.
    token : str, optional
        What requests must carry.
    report : path, optional
        An HTML file to show as the report of the only model.
    watch : path, optional
        The folder in which monitors keep their state; without it, nothing is watched.
    reload_seconds : float
        How often files are looked at.
    access_log : bool
        Whether each request is a line of the log.
    """

    models: Mapping[str, Path]
    host: str = "127.0.0.1"
    port: int = 8000
    max_rows: int = 10_000
    max_bytes: int = 10_000_000
    timeout: float = 10.0
    token: str | None = None
    report: Path | None = None
    watch: Path | None = None
    reload_seconds: float = 1.0
    access_log: bool = False

    @property
    def only(self) -> str | None:
        """The name of the model, where there is one alone."""
        return next(iter(self.models)) if len(self.models) == 1 else None


def named_models(given: Iterable[str]) -> dict[str, Path]:
    """Return the files of models by their names, which are those of the files unless given.

    Parameters
    ----------
    given : iterable of str
        Paths, or names and paths: ``NAME=PATH``.

    Raises
    ------
    InputError
        If two have the same name, or a name cannot stand in a path.

    Examples
    --------
    >>> models = named_models(["models/income.madaline", "old=income.madaline"])
    >>> {name: path.as_posix() for name, path in models.items()}
    {'income': 'models/income.madaline', 'old': 'income.madaline'}
    """
    models: dict[str, Path] = {}
    for text in given:
        name, path = _name_and_path(text)
        if not NAME.fullmatch(name):
            raise InputError(
                f"{name!r} cannot be the name of a model, which has letters, digits, _, . and -:"
                f" give another one, as in NAME={path}."
            )
        if name in models:
            raise InputError(
                f"Two models have the name {name}: give one another name, as in NAME={path}."
            )
        models[name] = path
    return models


def _name_and_path(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if equals and not Path(text).exists():
        return name, Path(path)
    return Path(text).stem, Path(text)
