"""The first interrupt asks for the end, the second raises, even where Python lost the exception."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

import pytest

from madaline._models.fitting.training import first_interrupt

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="signals are POSIX"),
    pytest.mark.usefixtures("interrupts"),
]


def test_the_first_asks_for_the_end_and_the_second_raises():
    asked = []
    with first_interrupt(lambda: asked.append(1)) as check:
        signal.raise_signal(signal.SIGINT)
        check()
        assert asked == [1]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert asked == [1]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_one_that_was_lost_is_raised_again():
    with first_interrupt(lambda: None) as check:
        signal.raise_signal(signal.SIGINT)
        with suppress(KeyboardInterrupt):  # as a finalizer does
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            check()
