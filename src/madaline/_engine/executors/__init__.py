"""Executors run tasks side by side: in this process, in others, or on a cluster."""

from madaline._engine.executors.choice import (
    MIN_PROCESS_WORK,
    address_of,
    choose_executor,
    count_workers,
    find_executor,
)
from madaline._engine.executors.executor import Executor, Serial, Shared, Threads
from madaline._engine.executors.processes import Processes, SharedFolder

__all__ = [
    "MIN_PROCESS_WORK",
    "Executor",
    "Processes",
    "Serial",
    "Shared",
    "SharedFolder",
    "Threads",
    "address_of",
    "choose_executor",
    "count_workers",
    "find_executor",
]
