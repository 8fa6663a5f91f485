"""A line of progress: drawn over and over where that can be, otherwise written now and then."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import TextIO, final

from madaline._base.language import translate
from madaline._base.language.widths import clip_to_width, display_width, pad
from madaline._base.words import say

# Seconds between two lines in a log; as the work gets longer, pauses do.
MIN_PAUSE = 10.0
_MAX_PAUSE = 300.0

_WIDTH = 79  # characters of a drawn line, at most


@final
class DrawnLine:
    """One line of a stream; of no stream, none."""

    def __init__(self, stream: TextIO | None, *, redraws: bool, first: float = 0.0) -> None:
        """In a log, the first line comes after so many seconds."""
        self._stream = stream
        self.redraws = stream is not None and redraws
        self._width = 0  # of what is drawn
        self._next = first

    def show(self, words: Callable[[], str], elapsed: float) -> None:
        """Draw words over the last ones, or write them where a line is due."""
        if self.redraws:
            self._draw(words())
        elif self._stream is not None and elapsed >= self._next:
            self._next = elapsed + min(max(MIN_PAUSE, elapsed / 2), _MAX_PAUSE)
            say(f"  {words()}", self._stream)

    def say(self, text: str) -> None:
        """Write text that stays, in place of the line."""
        self.clear()
        say(text, self._stream)

    def clear(self) -> None:
        """Leave the terminal as it was."""
        if self._width:
            self._draw("")

    def _draw(self, line: str) -> None:
        assert self._stream is not None
        line = clip_to_width(translate(line), _WIDTH)
        self._stream.write("\r" + pad(line, self._width) + "\r" * (not line))
        self._stream.flush()
        self._width = display_width(line)


def can_redraw(stream: TextIO) -> bool:
    """Whether a stream ends at a terminal that rich can draw over."""
    return (
        stream.isatty()
        and os.environ.get("TERM", "") not in ("", "dumb", "unknown")
        and "CI" not in os.environ
        and "utf" in (stream.encoding or "").lower()
        and find_spec("rich") is not None
    )


def in_notebook() -> bool:
    """Return whether a notebook shows what is written."""
    return "ipykernel" in sys.modules
