"""Micro-batches: rows that wait at the same time are predicted together, by one thread.

A prediction of one row costs about as much as one of eight, so that a busy server predicts what has
arrived meanwhile as one table. An idle one predicts at once: nothing waits for company.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from madaline._model import FittedModel
from madaline._serve.answers import Answer, Wanted, answer, answers_together
from madaline._serve.rows import Rows

MOST_TOGETHER = 256
"""Rows that are predicted together, at most; requests with more are answered one by one."""


@dataclass(frozen=True, eq=False)
class Job:
    """A request that waits for its answer.

    Parameters
    ----------
    rows : Rows
        What to predict.
    wanted : Wanted
        What to add.
    future : asyncio.Future
        Gets the answer, or the error.
    """

    rows: Rows
    wanted: Wanted
    future: asyncio.Future[Answer]

    @property
    def joins(self) -> bool:
        """Whether it can be predicted together with others."""
        return self.rows.plain and not self.wanted.more and self.rows.n_rows <= MOST_TOGETHER


class Worker:
    """A thread that answers the jobs of one queue (final).

    Parameters
    ----------
    model : FittedModel
        The model that predicts.
    count : callable, optional
        Called with the number of rows of each batch.
    """

    def __init__(self, model: FittedModel, count: Callable[[int], object] = int) -> None:
        self._model = model
        self._count = count
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="madaline-serve", daemon=True)
        self._thread.start()

    async def answer(self, rows: Rows, wanted: Wanted) -> Answer:
        """Return the answer to a request, once it is its turn.

        Raises
        ------
        InputError
            If the rows cannot be used.
        """
        if self._ended:  # another model has replaced this one while the request was read
            return await asyncio.to_thread(answer, self._model, rows, wanted)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._queue.put(Job(rows, wanted, future))
        return await future

    def close(self) -> None:
        """End the thread after the jobs that are waiting; to be called where `answer` is."""
        self._ended = True
        self._queue.put(None)

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            waiting, ended = self._waiting(first)
            for batch in _batches(waiting):
                _deliver(batch, self._outcomes(batch))
            if ended:
                return

    def _waiting(self, first: Job) -> tuple[list[Job], bool]:
        """Return the first job and those behind it, and whether the end was among them."""
        jobs = [first]
        while len(jobs) < MOST_TOGETHER:
            try:
                job = self._queue.get_nowait()
            except Empty:
                break
            if job is None:
                return jobs, True
            jobs.append(job)
        return jobs, False

    def _outcomes(self, batch: Sequence[Job]) -> list[Answer | Exception]:
        """Return the answer or the error of each job."""
        self._count(sum(job.rows.n_rows for job in batch))
        if batch[0].joins:
            together = answers_together(self._model, [job.rows for job in batch])
            if together is not None:
                return list(together)
        return [self._outcome(job) for job in batch]

    def _outcome(self, job: Job) -> Answer | Exception:
        try:
            return answer(self._model, job.rows, job.wanted)
        except Exception as error:  # whoever waits must hear of it
            return error


def _batches(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Yield jobs that are answered together; those that were given up are left out."""
    batch: list[Job] = []
    n_rows = 0
    for job in jobs:
        if job.future.cancelled():
            continue
        if not job.joins:
            yield [job]
        elif n_rows + job.rows.n_rows > MOST_TOGETHER:
            yield batch
            batch, n_rows = [job], job.rows.n_rows
        else:
            batch.append(job)
            n_rows += job.rows.n_rows
    if batch:
        yield batch


def _deliver(jobs: Sequence[Job], outcomes: Sequence[Answer | Exception]) -> None:
    """Hand outcomes to the event loop, all at once."""
    loop = jobs[0].future.get_loop()
    if not loop.is_closed():
        loop.call_soon_threadsafe(_settle, jobs, outcomes)


def _settle(jobs: Sequence[Job], outcomes: Sequence[Answer | Exception]) -> None:
    for job, outcome in zip(jobs, outcomes, strict=True):
        if job.future.done():
            continue
        if isinstance(outcome, Exception):
            job.future.set_exception(outcome)
        else:
            job.future.set_result(outcome)
