"""`madaline playground`: watch networks learn, on a page."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from madaline._cli.console import tell
from madaline._serve.settings import checked_hosts


def run_playground(arguments: Namespace) -> None:
    from madaline._playground import PlaygroundSettings, run_playground

    settings = PlaygroundSettings(
        table=None if arguments.table is None else Path(arguments.table),
        port=arguments.port,
        allow_hosts=checked_hosts(arguments.allow_host),
        browser=not arguments.no_browser,
    )
    run_playground(settings, tell)
