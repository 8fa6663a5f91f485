"""`madaline playground`: watch networks learn, on a page."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from madaline._apps.cli.console import tell
from madaline._apps.cli.options import Command, Option, at_least
from madaline._apps.serve.settings import Access, checked_hosts
from madaline._base.language import _
from madaline.errors import InputError

# fmt: off
PLAYGROUND = Command(
    """
    Opens a page on which networks learn, on data that are made up or on a table of
    yours. Only this machine can open it, and nothing leaves it. Networks learn only
    while a page asks for it. Ctrl-C ends it.

    examples:
      madaline playground
      madaline playground penguins.csv --lang zh
      madaline playground --export pages
    """,
    (
        Option("TABLE", "a table to choose columns of (CSV, Parquet, xlsx ...); a page takes one, too", nargs='?'),
        Option("--port N", _("port to listen at; 0 is any that is free (default: {port})").format(port=Access.port), type=at_least(0), default=Access.port),
        Option("--allow-host NAME", "a host name that pages may use beside localhost, such as that of a proxy; *.example.com allows all names below it; may be given several times", action="append", default=[]),
        Option("--no-browser", "only tell the address"),
        Option("--export FOLDER", "write the pages into a folder, which opens without a server, and end"),
    ),
    usage="madaline playground [TABLE] [--port N] [options]",
)
# fmt: on


def run_playground(arguments: Namespace) -> None:
    from madaline._apps.playground import PlaygroundSettings, run_playground, write_folder

    if arguments.export is not None:
        if arguments.table is not None:
            raise InputError(
                "Pages in a folder take no table: leave {table} or --export out.",
                table=arguments.table,
            )
        path = write_folder(arguments.export)
        tell(_("Open {path} in a browser: it needs no server.").format(path=path))
        return
    settings = PlaygroundSettings(
        table=None if arguments.table is None else Path(arguments.table),
        port=arguments.port,
        allow_hosts=checked_hosts(arguments.allow_host),
        browser=not arguments.no_browser,
    )
    run_playground(settings, tell)
