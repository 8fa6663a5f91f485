"""Executors run tasks: one after the other, on threads, or in processes."""

from madaline._engine.executors.base import Executor as Executor
from madaline._engine.executors.base import Shared as Shared
from madaline._engine.executors.choice import choose_executor as choose_executor
from madaline._engine.executors.processes import Processes as Processes
from madaline._engine.executors.serial import Serial as Serial
from madaline._engine.executors.threads import Threads as Threads
