"""`madaline serve`: fitted models answer over HTTP."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from madaline._cli.console import tell
from madaline._serve.settings import LIMITS, Settings, check_token, named_models
from madaline.errors import InputError


def run_serve(arguments: Namespace) -> None:
    settings = Settings(
        named_models(arguments.model),
        host=arguments.host,
        port=arguments.port,
        **{name: getattr(arguments, name) for name in LIMITS},
        token=_token(arguments.token_file),
        allow_hosts=arguments.allow_host,
        replace_any=arguments.replace_any,
        report=_report_file(arguments),
        watch=_folder(arguments.watch),
        access_log=arguments.access_log,
    )
    from madaline._serve.server import serve

    serve(settings, tell)


def _token(path: str | None) -> str | None:
    """Return the token; an empty one is refused, as it was meant to be one."""
    token = os.environ.get("MADALINE_TOKEN")
    source = "$MADALINE_TOKEN"
    if path is not None:
        token = Path(path).read_bytes().decode("utf-8", "replace").strip()
        source = path
    if token is not None:
        check_token(token, f"The token in {source}")
    return token


def _folder(path: str | None) -> Path | None:
    if path is None:
        return None
    if not Path(path).is_dir():
        raise InputError(f"--watch names {path}, which is no folder: make it first.")
    return Path(path)


def _report_file(arguments: Namespace) -> Path | None:
    if arguments.report is None:
        return None
    if len(arguments.model) > 1:
        raise InputError("--report is that of one model: leave it out, or serve one.")
    path = Path(arguments.report)
    path.read_bytes()  # what is wrong with it is known at the start
    return path
