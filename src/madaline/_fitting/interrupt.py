"""The first interrupt (Ctrl-C, a notebook's stop button) ends a fit in order, a second at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def first_interrupt(stop: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Call a function at the first interrupt in this block; the second raises KeyboardInterrupt.

    An exception in the midst of an epoch would leave a race in an undefined state. Where interrupts
    do not raise KeyboardInterrupt (they are ignored, or another program handles them), and in
    threads, which get none, nothing changes.

    Parameters
    ----------
    stop : callable
        Asks for the end.

    Yields
    ------
    check : callable
        Raises KeyboardInterrupt again if the second one was lost: Python ignores exceptions in
        finalizers, such as those of temporary files.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield lambda: None
        return

    again: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        signal.signal(signal.SIGINT, handle_again)
        stop()

    def handle_again(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        again.append(number)
        raise KeyboardInterrupt

    def check() -> None:
        if again:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, handle)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
