"""The first interrupt (Ctrl-C, a notebook's stop button) ends a fit in order, a second at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def first_interrupt(stop: Callable[[], None]) -> Iterator[None]:
    """Call a function at the first interrupt in this block; the second raises KeyboardInterrupt.

    An exception in the midst of an epoch would leave a race in an undefined state. Where interrupts
    do not raise KeyboardInterrupt (they are ignored, or another program handles them), and in
    threads, which get none, nothing changes.

    Parameters
    ----------
    stop : callable
        Asks for the end.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop()

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
