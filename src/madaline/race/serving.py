"""What a process does that works for another one: tasks, one after the other, as it is told."""

from __future__ import annotations

import gc
import os
import pickle
import signal
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path
from typing import Any

from madaline.engine.blas import one_threaded_products
from madaline.nn.compiled import compiled_kernels
from madaline.nn.follower import follower
from madaline.race.channel import Channel
from madaline.race.shared_memory import Attached


def begin() -> None:
    """Begin to work, in the process of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import madaline.race.lesson  # noqa: F401

    compiled_kernels()  # a fit that is worth processes is worth them: now, while nobody waits
    follower()
    gc.freeze()  # what was imported stays: it need not be looked through again and again


def serve(folder: Path, address: Any, key: bytes) -> None:
    """Carry out tasks, in the process of a worker, as long as the other process lives."""
    attached = Attached(folder)
    lost = suppress(EOFError, OSError, AuthenticationError)
    with lost, Client(address, authkey=key) as connection, one_threaded_products():
        channel = Channel(connection)
        while True:
            channel.send(_carried_out(attached, channel.receive()))
    os._exit(0)  # nobody would give this process anything else to do


def _carried_out(attached: Attached, message: bytes) -> bytes:
    """Return what a task returned or raised, as bytes."""
    try:
        kept, number, arguments = pickle.loads(message)
        attached.forget_all_but(kept)
        return written((True, attached.object(number)(*arguments)))
    except Exception as error:
        return written((False, _that_travels(error)))


def _that_travels(error: Exception) -> Exception:
    """Return the error, or one that says the same where it cannot be sent to another process."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def within_a_worker() -> bool:
    """Return whether this process works for another one, which may have many such."""
    import multiprocessing

    return multiprocessing.parent_process() is not None


def written(message: Any) -> bytes:
    """Return a message as bytes."""
    return pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
