"""Runs the playground: a server on this machine, and a browser that shows its page."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from madaline._apps.playground.app import make_app
from madaline._apps.playground.settings import PlaygroundSettings
from madaline._apps.serve.server import address_of, check_packages, listening, make_server_of
from madaline._base.extras import load_polars
from madaline._base.language import _
from madaline.errors import InputError


def run_playground(settings: PlaygroundSettings, log: Callable[[str], object] = print) -> None:
    """Serve the playground until the process is told to end (SIGTERM, SIGINT).

    `InputError` if a package is missing, the table cannot be read, or the port cannot be had.
    """
    check_packages("madaline playground")
    with suppress(InputError):  # while one thread imports it, scikit-learn fails in the others
        load_polars()
    with listening(settings) as listener, suppress(KeyboardInterrupt):
        server = make_server_of(settings, partial(make_app, settings))
        address = address_of(listener)
        log(_("The playground is at {address} (Ctrl-C ends it).").format(address=address))
        if settings.browser and can_show_a_window():
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        server.run(sockets=[listener])  # raises the signal again that ended it


def can_show_a_window() -> bool:
    """Return whether a browser has a screen; one in the terminal would hide the address."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
