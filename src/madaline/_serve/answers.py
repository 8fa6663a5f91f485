"""Answers to requests: rows that wait at the same time are predicted together, by one thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from madaline._data.encoders.encoded import Encoded
from madaline._data.target import ClassEncoder
from madaline._evaluation.conformal import check_coverage
from madaline._explain import Explanation, explain
from madaline._model import FittedModel
from madaline._serve.rows import Rows, joined
from madaline.errors import InputError
from madaline.nn.arrays import Array

MOST_EXPLAINED = 100
"""Rows of a request that are explained, at most."""


@dataclass(frozen=True)
class Wanted:
    """What a request wants beside predictions and probabilities.

    Parameters
    ----------
    explain : bool
        Whether to explain each prediction.
    coverage : float, optional
        The share of new rows whose true value intervals or sets should contain.
    """

    explain: bool = False
    coverage: float | None = None

    @property
    def more(self) -> bool:
        """Whether anything is wanted."""
        return self.explain or self.coverage is not None


@dataclass(frozen=True, eq=False)
class Asked:
    """What a request asks.

    Parameters
    ----------
    rows : Rows
        The rows to predict.
    wanted : Wanted
        What to add to the predictions.
    keys : sequence of str or int, optional
        A key for each row, under which labels will come.
    more : mapping
        What the shape of the request needs for its answer.
    """

    rows: Rows
    wanted: Wanted = Wanted()
    keys: Sequence[Hashable] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Answer:
    """The predictions for the rows of a request.

    Parameters
    ----------
    predictions : list
        Labels or numbers.
    probabilities : ndarray of shape (n_rows, n_classes), optional
        The probability of each class.
    unseen : mapping of str to int
        Columns with categories, or texts without a word, that training did not have, and in how
        many rows.
    bounds : ndarray of shape (n_rows, 2), optional
        Lower and upper bounds of intervals.
    sets : bool ndarray of shape (n_rows, n_classes), optional
        Whether each class is in a row's set.
    explanation : Explanation, optional
        Of all rows.
    """

    predictions: list[Any]
    probabilities: Array | None = None
    unseen: Mapping[str, int] = field(default_factory=dict)
    bounds: Array | None = None
    sets: Array | None = None
    explanation: Explanation | None = None


def check_wanted(wanted: Wanted, n_rows: int) -> None:
    """Raise `InputError` if more is wanted than can be had."""
    if wanted.coverage is not None:
        check_coverage(wanted.coverage)
    if wanted.explain and n_rows > MOST_EXPLAINED:
        raise InputError(
            f"{n_rows:,} rows are too many to explain: send {MOST_EXPLAINED} at most, or leave out"
            " explain."
        )


def answer(model: FittedModel, rows: Rows, wanted: Wanted) -> Answer:
    """Return the answer to one request.

    Parameters
    ----------
    model : FittedModel
        The model.
    rows : Rows
        The rows.
    wanted : Wanted
        What to add to the predictions.

    Raises
    ------
    InputError
        If a value cannot be read, or the coverage cannot be promised.
    """
    table = rows.table()
    encoded = model.predictor.encode(table, n_jobs=1)
    (found,) = _predicted(model, encoded, [rows.n_rows])
    bounds, sets = _with_coverage(model, encoded, wanted.coverage)
    return Answer(
        found.predictions,
        found.probabilities,
        encoded.unseen,
        bounds,
        sets,
        explain(model, table) if wanted.explain else None,
    )


def answers_together(model: FittedModel, requests: Sequence[Rows]) -> list[Answer] | None:
    """Return the answers to several requests, predicted as one table.

    Parameters
    ----------
    model : FittedModel
        The model.
    requests : sequence of Rows
        The rows of each; all are plain.

    Returns
    -------
    list of Answer or None
        None where a row needs attention of its own: it cannot be read, or has an unseen category.
    """
    try:
        encoded = model.predictor.encode(joined(requests), n_jobs=1)
    except InputError:
        return None
    if encoded.unseen:
        return None
    return _predicted(model, encoded, [rows.n_rows for rows in requests])


def _predicted(model: FittedModel, encoded: Encoded, lengths: Sequence[int]) -> list[Answer]:
    """Return the predictions for the rows of each request, in their order."""
    predictor = model.predictor
    output = predictor.output(encoded, n_jobs=1)
    predictions = predictor.decode(output).tolist()
    of_classes = isinstance(predictor.target_encoder, ClassEncoder)
    probabilities = predictor.probabilities(output) if of_classes else None
    answers, start = [], 0
    for length in lengths:
        own = slice(start, start + length)
        answers.append(
            Answer(predictions[own], None if probabilities is None else probabilities[own])
        )
        start += length
    return answers


def _with_coverage(
    model: FittedModel, encoded: Encoded, coverage: float | None
) -> tuple[Array | None, Array | None]:
    """Return the bounds of intervals, or sets of classes, where they are wanted."""
    if coverage is None:
        return None, None
    if isinstance(model.predictor.target_encoder, ClassEncoder):
        return None, model.predict_set(encoded, coverage, n_jobs=1)
    return model.predict_interval(encoded, coverage, n_jobs=1), None


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
