"""`madaline playground`: watch networks learn, on a page."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from madaline._cli.console import Commands, at_least, tell
from madaline._serve.settings import Access, checked_hosts


def add_playground(commands: Commands) -> None:
    """Add `madaline playground`."""
    arguments = commands.add(
        "playground",
        _playground,
        "watch networks learn, on a page in the browser",
        """
        Opens a page on which networks learn, on data that are made up or on a table of
        yours. Only this machine can open it, and nothing leaves it. Networks learn only
        while a page asks for it. Ctrl-C ends it.

        examples:
          madaline playground
          madaline playground penguins.csv --lang zh
        """,
        usage="madaline playground [TABLE] [--port N] [options]",
    )
    text = "a table to choose columns of (CSV, Parquet, xlsx ...); a page takes one, too"
    arguments.add("TABLE", text, nargs="?")
    text = f"port to listen at; 0 is any that is free (default: {Access.port})"
    arguments.add("--port N", text, type=at_least(0), default=Access.port)
    text = "a host name that pages may use beside localhost, such as that of a proxy;"
    text += " *.example.com allows all names below it; may be given several times"
    arguments.add("--allow-host NAME", text, action="append", default=[])
    arguments.add("--no-browser", "only tell the address")


def _playground(arguments: Namespace) -> None:
    from madaline._playground import PlaygroundSettings, run_playground

    settings = PlaygroundSettings(
        table=None if arguments.table is None else Path(arguments.table),
        port=arguments.port,
        allow_hosts=checked_hosts(arguments.allow_host),
        browser=not arguments.no_browser,
    )
    run_playground(settings, tell)
