"""Answers: what a model predicts for the rows of a request, with all that was asked for."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
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
