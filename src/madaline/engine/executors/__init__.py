"""Executors run tasks: one after the other, on threads, or in processes."""

from madaline.engine.executors.base import Executor as Executor
from madaline.engine.executors.base import Shared as Shared
from madaline.engine.executors.choice import choose_executor as choose_executor
from madaline.engine.executors.processes import Processes as Processes
from madaline.engine.executors.serial import Serial as Serial
from madaline.engine.executors.threads import Threads as Threads
