"""A fit that one watches while it runs: a server in a thread, and a page that only looks.

The fit does not wait for it, and has the same bits with it and without it.
"""

from __future__ import annotations

import threading
import time
import webbrowser
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import ClassVar, Self, final

from madaline._apps.playground.app import make_app
from madaline._apps.playground.lanes import RaceLog
from madaline._apps.playground.page import ArrayFrame, Page, Since
from madaline._apps.playground.plane import Plane
from madaline._apps.playground.race import events_frame, plane_facts
from madaline._apps.playground.run import can_show_a_window
from madaline._apps.playground.settings import PlaygroundSettings
from madaline._apps.serve.server import address_of, check_packages, listening, make_server_of
from madaline._base.language import _
from madaline._models.fitting import Fitting
from madaline._models.model import FittedModel
from madaline.errors import InputError
from madaline.records.decision import Decision
from madaline.records.history import Record

_SHARE = 0.05  # of the time of the fit that looking at it may take
_OPEN_SECONDS = 3.0  # a page that asked so lately is open


@final
class LivePage:
    """A page that shows one running fit; use it in a `with` statement around the fit.

    Parameters
    ----------
    fitting : Fitting
        The fit.
    say : callable
        Gets the sentence with the address.
    browser : bool, default=True
        Whether to open a browser where there is a screen.
    language : str, optional
        Of the page, unless its address asks for another.

    Raises
    ------
    InputError
        If the extra `serve` is not installed, or no port can be had.
    """

    # how many seconds a page can be opened once the fit is over, if none was open at its end
    last_seconds: ClassVar[float] = 60.0

    def __init__(
        self,
        fitting: Fitting,
        say: Callable[[str], object],
        *,
        browser: bool = True,
        language: str | None = None,
    ) -> None:
        check_packages("To watch a fit")
        plane = Plane.of(fitting)
        self.log = RaceLog(fitting, plane=plane, share=_SHARE)
        self._say = say
        self._browser = browser
        self._facts = {"plane": plane_facts(plane), "subject": fitting.target_name}
        self._told = 0  # events that pages have got
        self._asked = 0.0  # when a page last asked
        self._deadline = float("inf")
        settings = PlaygroundSettings(port=0, language=language)
        self._listener = listening(settings)
        self.address = address_of(self._listener)
        pages = (lambda _: self._page(),)
        make = partial(make_app, settings, pages=pages, computes=False)
        self._server = make_server_of(settings, make)
        self._thread = threading.Thread(target=self._serve, name="madaline-live", daemon=True)

    def __enter__(self) -> Self:
        """Start to serve, and tell where."""
        self._thread.start()
        self._say(
            _("Watch this fit at {address} (the page only looks).").format(address=self.address)
        )
        if self._browser and can_show_a_window():
            threading.Thread(target=webbrowser.open, args=(self.address,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the server end once an open page has all, or nobody opens one for a while."""
        if not self.log.ended:
            self.log.fail("The fit was stopped." if error is None else _sentence(error))
        self._deadline = time.monotonic() + (
            0.0 if kind is KeyboardInterrupt else self.last_seconds
        )

    def take(self, record: Record, decision: Decision | None) -> None:
        """Take in one event of the fit."""
        self.log.take(record, decision)

    def end(self, model: FittedModel) -> None:
        """Take in what the fit came to."""
        self.log.end(model)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the server has ended, or for so long; return whether it has."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def is_open(self) -> bool:
        """Whether a page asked for events lately."""
        return time.monotonic() - self._asked < _OPEN_SECONDS

    def _page(self) -> Page:
        return Page(
            path="/",
            title="A fit, live",
            template="live.html",
            script="live.js",
            routes={"/live/events": self._events},
            facts=lambda: self._facts,
        )

    def _events(self, asked: Since) -> ArrayFrame:
        frame = events_frame(self.log, asked.since)
        self._asked = time.monotonic()
        self._told = max(self._told, frame.header["next"])
        return frame

    def _serve(self) -> None:
        closing = threading.Thread(target=self._close_in_time, daemon=True)
        closing.start()
        with self._listener:
            self._server.run(sockets=[self._listener])

    def _close_in_time(self) -> None:
        while time.monotonic() < self._deadline:
            if self.log.ended and self._told == len(self.log.events):
                break
            time.sleep(0.05)
        time.sleep(0.1)  # the last answer is on its way
        self._server.should_exit = True


def _sentence(error: BaseException) -> str:
    return str(error) if isinstance(error, InputError) else "The fit was stopped."
