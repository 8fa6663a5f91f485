"""What a server was told: which models, where to listen, and the limits of a request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from madaline._apps.serve.messages import MAX_ROWS
from madaline.errors import InputError

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")  # of a model, as it stands in paths and metrics
_TOKEN = re.compile(r"[!-~]+")  # tokens stand in headers as they are
_HOST = re.compile(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")  # a server, or all below one


LIMITS = ("max_rows", "max_cells", "max_bytes", "timeout", "shutdown_timeout")
"""Settings that limit what a request may be and take."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """Abstract: where a server listens, who may ask it, and how long it may take."""

    host: str = "127.0.0.1"  # this machine alone
    port: int = 8000
    timeout: float = 10.0  # seconds until a request is answered
    shutdown_timeout: float = 20.0
    token: str | None = None  # what requests must carry
    allow_hosts: Sequence[str] = ()  # names of the server beside its own
    access_log: bool = False


@final
@dataclass(frozen=True)
class Settings(Access):
    """The settings of a server.

    Parameters
    ----------
    models : mapping of str to path
        The file of each model, by its name.
    host, port : str, int
        Where to listen; by default this machine alone can connect. Port 0 is any that is free.
    max_rows, max_cells, max_bytes : int
        Limits of a request: rows; values, and rows times columns or classes; bytes of its body.
    timeout : float
        Seconds until a request is answered, with an error if need be.
    shutdown_timeout : float
        Seconds that ending takes, at most: half for requests, then a quarter to observe rows, and a
        quarter to save what was observed.
    token : str, optional
        What requests must carry.
    allow_hosts : sequence of str
        Names of the server that requests and pages may give beside its own; ``*.example.com`` are
        all below one.
    replace_any : bool
        Whether new files may have another target or other columns.
    report : path, optional
        An HTML file to show as the report of the only model.
    watch : path, optional
        A folder for the states of monitors; without it, nothing is watched.
    reload_seconds : float
        How often files are looked at.
    access_log : bool
        Whether each request is a line of the log of `madaline serve`.

    Raises
    ------
    InputError
        If there is no model, or a name or a token cannot be one.

    Examples
    --------
    >>> Settings({"sales": "models/sales.madaline"}, allow_hosts=["*.example.com"]).only
    'sales'
    """

    models: Mapping[str, Path | str]
    max_rows: int = MAX_ROWS
    max_cells: int = 2_000_000
    max_bytes: int = 10_000_000
    replace_any: bool = False
    report: Path | None = None
    watch: Path | None = None
    reload_seconds: float = 1.0

    def __post_init__(self) -> None:
        """Check what was told, and take paths that are text."""
        if not self.models:
            raise InputError("There is no model to serve: give at least one.")
        if not isinstance(self.models, Mapping):
            raise InputError(
                "models is {models!r}: give a dictionary of names and files, such as {{'penguins': 'penguins.madaline'}}.",
                models=self.models,
            )
        for name, path in self.models.items():
            _check_name(name, path)
            if not isinstance(path, str | Path):
                raise InputError(
                    "{name!r} is a {type}: give the path of its file.",
                    name=name,
                    type=type(path).__name__,
                )
        if self.token is not None:
            check_token(self.token, "The token")
        paths = {name: Path(path) for name, path in self.models.items()}
        object.__setattr__(self, "models", paths)
        object.__setattr__(self, "allow_hosts", checked_hosts(self.allow_hosts))
        for name in ("report", "watch"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, Path(getattr(self, name)))

    @property
    def only(self) -> str | None:
        """The name of the model, where there is one alone."""
        return next(iter(self.models)) if len(self.models) == 1 else None


def checked_hosts(hosts: Sequence[str]) -> tuple[str, ...]:
    """Return names of servers in lower case; `InputError` for what can be none."""
    if isinstance(hosts, str):
        raise InputError("allow_hosts is {hosts!r}: give a list of names.", hosts=hosts)
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise InputError(
                "{host!r} cannot be the name of a server: give one without scheme and port, such as models.example.com or *.example.com.",
                host=host,
            )
    return tuple(map(str.lower, hosts))


def named_models(given: Iterable[str]) -> dict[str, Path]:
    """Return the files of models by their names, which are those of the files unless given."""
    models: dict[str, Path] = {}
    for text in given:
        name, equals, path = text.partition("=")
        if not equals or Path(text).exists():
            name = Path(text).stem
            path = text
        _check_name(name, path)
        if name in models:
            raise InputError(
                "Two models have the name {name}: give one another name, as in NAME={Path}.",
                name=name,
                Path=Path(path),
            )
        models[name] = Path(path)
    return models


def check_token(token: str, what: str) -> None:
    """Raise `InputError` if no header can carry a token, or it is empty."""
    if not _TOKEN.fullmatch(token):
        problem = "holds spaces or characters beyond ASCII" if token else "is empty"
        raise InputError(
            "{what} {problem}: correct it, or leave it out to serve without one.",
            what=what,
            problem=problem,
        )


def _check_name(name: str, path: Path | str) -> None:
    if not _NAME.fullmatch(name):
        raise InputError(
            "{name!r} cannot be the name of a model, which has letters, digits, _, . and -: give another one, as in NAME={Path}.",
            name=name,
            Path=Path(path),
        )
