"""`madaline playground`: watch networks learn, on a page."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from madaline._cli.console import Commands, at_least, tell
from madaline._playground import Settings, run_playground


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
        usage="madaline playground [TABLE] [--port N] [--no-browser] [--lang zh]",
    )
    text = "a table to choose columns of (CSV, Parquet, xlsx ...); a page takes one, too"
    arguments.add("TABLE", text, nargs="?")
    text = f"port to listen at; 0 is any that is free (default: {Settings.port})"
    arguments.add("--port N", text, type=at_least(0), default=Settings.port)
    arguments.add("--no-browser", "only tell the address")


def _playground(arguments: Namespace) -> None:
    settings = Settings(
        table=None if arguments.table is None else Path(arguments.table),
        port=arguments.port,
        browser=not arguments.no_browser,
    )
    run_playground(settings, tell)
