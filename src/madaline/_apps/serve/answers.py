"""Answers to requests: what a model predicts for their rows, those that wait together as one table.

A prediction of one row costs about as much as one of eight, so that a busy server predicts what has
arrived meanwhile in one micro-batch. An idle one predicts at once: nothing waits for company.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Any, final

import numpy as np

from madaline._apps.serve.messages import RequestedRows, joined
from madaline._base.language import _
from madaline._models.model import FittedModel
from madaline._race.evaluation.conformal import check_coverage
from madaline._tables.encoders.encoded import Encoded
from madaline._tables.target import ClassEncoder, JointEncoder
from madaline._tell.explain import Explanation, explain
from madaline.errors import InputError
from madaline.nn.arrays import Array

MAX_BATCH_ROWS = 256  # rows that are predicted together; requests with more are answered one by one
_MAX_EXPLAINED_ROWS = 100  # rows of a request that are explained, at most


@dataclass(frozen=True)
class Extras:
    """What a request wants beside predictions and probabilities."""

    explain: bool = False
    coverage: float | None = None  # share of new rows whose true value intervals or sets contain

    @property
    def wanted(self) -> bool:
        """Whether anything is wanted."""
        return self.explain or self.coverage is not None

    def check(self, n_rows: int, n_targets: int = 1) -> None:
        """Raise `InputError` if more is wanted than can be had."""
        if self.coverage is not None:
            check_coverage(self.coverage)
        if self.explain and n_rows * n_targets > _MAX_EXPLAINED_ROWS:
            rows = _("{n_rows:,} rows").format(n_rows=n_rows) + (
                _(" of {n_targets:,} targets").format(n_targets=n_targets) if n_targets > 1 else ""
            )
            raise InputError(
                "{rows} are too many to explain: send {MAX_EXPLAINED_ROWS} at most, or leave out explain.",
                rows=rows,
                MAX_EXPLAINED_ROWS=_MAX_EXPLAINED_ROWS // n_targets,
            )


@dataclass(frozen=True, eq=False)
class Answer:
    """The predictions for the rows of a request, with all that was asked for."""

    predictions: list[Any]  # labels or numbers
    probabilities: Array | None = None  # (rows, classes)
    # Columns with categories, or texts without a word, that training did not have: in how many rows
    unseen: Mapping[str, int] = field(default_factory=dict)
    bounds: Array | None = None  # of intervals, (rows, 2)
    sets: Array | None = None  # whether each class is in a row's set, (rows, classes)
    explanation: Explanation | None = None
    remarks: Sequence[str] = ()  # what to know of rows whose past is not known, or long ago
    # Of several targets or quantiles: the answer for each; `predictions` holds a list a row
    outputs: Sequence[Answer] = ()


def answer(model: FittedModel, rows: RequestedRows, extras: Extras) -> Answer:
    """Return the answer to one request; `InputError` if a value cannot be read."""
    table = rows.table()
    encoded = model.predictor.encode(table, n_jobs=1)
    (answered,) = _predicted(model, encoded, [rows.n_rows])
    if extras.coverage is not None:
        answered = _with_coverage(answered, model, encoded, extras.coverage)
    if extras.explain and answered.outputs:
        explained = [
            replace(answer, explanation=explain(model, table, output=index))
            for index, answer in enumerate(answered.outputs)
        ]
        answered = replace(answered, outputs=explained)
    elif extras.explain:
        answered = replace(answered, explanation=explain(model, table))
    past = model.predictor.past
    remarks = () if past is None else past.remarks(table)
    return replace(answered, unseen=encoded.unseen, remarks=remarks)


def _with_coverage(
    answered: Answer, model: FittedModel, encoded: Encoded, coverage: float
) -> Answer:
    """Return an answer with its sets of classes, or its intervals."""
    sets = of_classes(model)
    values = (model.predict_set if sets else model.predict_interval)(encoded, coverage, n_jobs=1)

    def covered(answer: Answer, told: Array) -> Answer:
        return replace(answer, sets=told) if sets else replace(answer, bounds=told)

    if values.ndim == 2:  # of one target, or one interval of several quantiles
        return covered(answered, values)
    outputs = [covered(answer, values[:, index]) for index, answer in enumerate(answered.outputs)]
    return replace(answered, outputs=outputs)


def of_classes(model: FittedModel) -> bool:
    """Return whether a model predicts classes, of one target or of several."""
    encoder = model.predictor.target_encoder
    return (
        encoder.of_classes
        if isinstance(encoder, JointEncoder)
        else isinstance(encoder, ClassEncoder)
    )


def answers_together(model: FittedModel, requests: Sequence[RequestedRows]) -> list[Answer] | None:
    """Return the answers to several requests of plain rows, predicted as one table.

    None where a row needs attention of its own: it cannot be read, or has an unseen category. With
    lags, rows of a request may belong together.
    """
    if model.predictor.past is not None:
        return None
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
    predictions = predictor.decode(output)
    probabilities = predictor.probabilities(output) if of_classes(model) else None
    answers = []
    start = 0
    for length in lengths:
        part = slice(start, start + length)
        shares = None if probabilities is None else probabilities[part]
        answers.append(_plain(predictions[part], shares))
        start += length
    return answers


def _plain(predictions: Array, probabilities: Array | None) -> Answer:
    """Return an answer; labels of several targets have one probability each."""
    if predictions.ndim == 1:
        return Answer(predictions.tolist(), probabilities)
    each = [Answer(column.tolist()) for column in predictions.T]
    if probabilities is not None:
        shares = [np.stack([1 - second, second], axis=1) for second in probabilities.T]
        each = [
            replace(answer, probabilities=share) for answer, share in zip(each, shares, strict=True)
        ]
    return Answer(predictions.tolist(), outputs=each)


@dataclass(frozen=True, eq=False)
class _Job:
    """A request that waits for its answer; the future gets it, or the error."""

    rows: RequestedRows
    extras: Extras
    future: asyncio.Future[Answer]

    @property
    def joins(self) -> bool:
        """Whether it can be predicted together with others."""
        return self.rows.plain and not self.extras.wanted and self.rows.n_rows <= MAX_BATCH_ROWS


@final
class Worker:
    """A thread that answers the jobs of one queue, and counts the rows of each batch."""

    def __init__(self, model: FittedModel, count: Callable[[int], object] = int) -> None:
        self._model = model
        self._count = count
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="madaline-serve", daemon=True)
        self._thread.start()

    async def answer(self, rows: RequestedRows, extras: Extras) -> Answer:
        """Return the answer to a request, once it is its turn; `InputError` if there is none."""
        # Another model has replaced this one while the request was read, or this process is a fork
        # of one with the thread, as those of ``gunicorn --preload`` are.
        if self._ended or not self._thread.is_alive():
            return await asyncio.to_thread(answer, self._model, rows, extras)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._queue.put(_Job(rows, extras, future))
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

    def _waiting(self, first: _Job) -> tuple[list[_Job], bool]:
        """Return the first job and those behind it, and whether the end was among them."""
        jobs = [first]
        while len(jobs) < MAX_BATCH_ROWS:
            try:
                job = self._queue.get_nowait()
            except Empty:
                break
            if job is None:
                return jobs, True
            jobs.append(job)
        return jobs, False

    def _outcomes(self, batch: Sequence[_Job]) -> list[Answer | Exception]:
        """Return the answer or the error of each job."""
        self._count(sum(job.rows.n_rows for job in batch))
        if batch[0].joins:
            together = answers_together(self._model, [job.rows for job in batch])
            if together is not None:
                return list(together)
        return [self._outcome(job) for job in batch]

    def _outcome(self, job: _Job) -> Answer | Exception:
        try:
            return answer(self._model, job.rows, job.extras)
        except Exception as error:  # whoever waits must hear of it
            return error


def _batches(jobs: Sequence[_Job]) -> Iterator[list[_Job]]:
    """Yield jobs that are answered together; those that were given up are left out."""
    batch: list[_Job] = []
    n_rows = 0
    for job in jobs:
        if job.future.cancelled():
            continue
        if not job.joins:
            yield [job]
        elif n_rows + job.rows.n_rows > MAX_BATCH_ROWS:
            yield batch
            batch = [job]
            n_rows = job.rows.n_rows
        else:
            batch.append(job)
            n_rows += job.rows.n_rows
    if batch:
        yield batch


def _deliver(jobs: Sequence[_Job], outcomes: Sequence[Answer | Exception]) -> None:
    """Hand outcomes to the event loop, all at once."""
    loop = jobs[0].future.get_loop()
    if not loop.is_closed():
        loop.call_soon_threadsafe(_settle_all, jobs, outcomes)


def _settle_all(jobs: Sequence[_Job], outcomes: Sequence[Answer | Exception]) -> None:
    for job, outcome in zip(jobs, outcomes, strict=True):
        settle(job.future, outcome)


def settle(future: asyncio.Future[Any], outcome: Any) -> None:
    """Give a future its result or its error, unless who waited has given up."""
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
