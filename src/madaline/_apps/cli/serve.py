"""`madaline serve`: fitted models answer over HTTP."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from madaline._apps.cli.console import tell
from madaline._apps.cli.options import Command, Option, above_zero, at_least
from madaline._apps.serve.settings import LIMITS, Settings, check_token, named_models
from madaline._base.language import _
from madaline.errors import InputError

# fmt: off
SERVE = Command(
    """
    Serves models to programs (JSON: rows as people write them, MLflow's shapes, the
    Open Inference Protocol) and to people (a page with a form). A model is read
    again when its file changes. Ctrl-C or SIGTERM ends the server once it has
    answered the requests that have begun. Other machines can ask only with --host;
    then set a token.

    examples:
      madaline serve penguins.madaline
      madaline serve income=models/adult.madaline models/churn.madaline --port 9000
      curl localhost:8000/predict -d '{"bill_length_mm": 38.5, "sex": null, ...}'
    """,
    (
        Option("MODEL", "files that `madaline fit` wrote; NAME=PATH gives one another name", nargs='+'),
        Option("--host ADDRESS", "address to listen at; 0.0.0.0 is all of them (default: 127.0.0.1, this machine alone)", default=Settings.host),
        Option("--port N", _("port to listen at; 0 is any that is free (default: {port})").format(port=Settings.port), type=at_least(0), default=Settings.port),
        Option("--token-file FILE", "a file with a token that requests must carry (default: $MADALINE_TOKEN, if it is set)"),
        Option("--allow-host NAME", "a host name that requests may use beside localhost and --host, such as that of a proxy; *.example.com allows all names below it; may be given several times", action="append", default=[]),
        Option("--max-rows N", _("rows of a request, at most (default: {max_rows:,})").format(max_rows=Settings.max_rows), type=at_least(1), default=Settings.max_rows),
        Option("--max-cells N", _("values of a request, and its rows times the model's columns or classes, at most (default: {max_cells:,})").format(max_cells=Settings.max_cells), type=at_least(1), default=Settings.max_cells),
        Option("--max-bytes N", _("bytes of a request, at most (default: {max_bytes:,})").format(max_bytes=Settings.max_bytes), type=at_least(1), default=Settings.max_bytes),
        Option("--timeout SECONDS", _("seconds until a request is answered, or refused (default: {timeout:g})").format(timeout=Settings.timeout), type=above_zero, default=Settings.timeout),
        Option("--shutdown-timeout SECONDS", _("seconds that shutdown may take: half for requests, half for watching (default: {shutdown_timeout:g})").format(shutdown_timeout=Settings.shutdown_timeout), type=above_zero, default=Settings.shutdown_timeout),
        Option("--report FILE", "an HTML file that `madaline report` wrote, to show instead of one without a table"),
        Option("--watch FOLDER", "look for changes in the rows that are predicted; the state is kept in this folder"),
        Option("--replace-any", "let a new file replace a model of another target or with other columns, too"),
        Option("--access-log", "print a line for each request"),
    ),
    usage="madaline serve MODEL... [--host ADDRESS] [--port N] [options]",
)
# fmt: on


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
    from madaline._apps.serve.server import serve

    serve(settings, tell)


def _token(path: str | None) -> str | None:
    """Return the token; an empty one is refused, as it was meant to be one."""
    token = os.environ.get("MADALINE_TOKEN")
    source = "$MADALINE_TOKEN"
    if path is not None:
        token = Path(path).read_bytes().decode("utf-8", "replace").strip()
        source = path
    if token is not None:
        check_token(token, _("The token in {source}").format(source=source))
    return token


def _folder(path: str | None) -> Path | None:
    if path is None:
        return None
    if not Path(path).is_dir():
        raise InputError("--watch names {path}, which is no folder: make it first.", path=path)
    return Path(path)


def _report_file(arguments: Namespace) -> Path | None:
    if arguments.report is None:
        return None
    if len(arguments.model) > 1:
        raise InputError("--report is that of one model: leave it out, or serve one.")
    path = Path(arguments.report)
    path.read_bytes()  # what is wrong with it is known at the start
    return path
