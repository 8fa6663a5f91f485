"""`madaline predict` with a model for each group: each row by that of its group."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from madaline._apps.cli.console import tell
from madaline._apps.cli.known_truth import KnownTruth
from madaline._apps.cli.reading import check_written, open_media
from madaline._base.words import paragraph
from madaline._models.model import FittedModel
from madaline._models.model.known_rows import Copies
from madaline._models.model.many import ModelsByGroup
from madaline._models.model.predictions import predict_columns
from madaline._models.model.reading import WrittenAs, carried_column, reading_options
from madaline._race.evaluation.scores import score_predictions
from madaline._tables.column import is_missing
from madaline._tables.io.source_files import reads_in_blocks
from madaline._tables.io.table_files import read_file
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn.arrays import Array


@final
@dataclass(frozen=True, eq=False)
class PredictedGroups:
    """The predictions of all rows of a table, each by the model of its group."""

    target: str
    n_rows: int
    columns: dict[str, Array]  # what is written
    without: str  # a sentence on rows without a model
    unseen: dict[str, int]  # in how many rows a category has a level that no training row had
    categories: list[str]
    truths: tuple[KnownTruth, ...]  # where the table holds the truth


def predict_by_group(arguments: Namespace) -> PredictedGroups:
    """Predict the rows of a file in their order."""
    models = ModelsByGroup.load(arguments.model)
    index = models.index
    check_written(arguments, index.task, index.target, [index.target])
    if Path(arguments.table).is_dir() or reads_in_blocks(arguments.table):
        raise InputError(
            "{table} is read as a whole where each group has a model: give a smaller file, or the rows of one group with --group.",
            table=arguments.table,
        )
    table, notes = _read_for_all(models, arguments)
    carried = {name: carried_column(table, name) for name in dict.fromkeys(arguments.id)}
    parts, without = models.parts_of(table)
    predicted = [
        _predicted_part(models.model(number), rows, table, arguments, notes)
        for number, rows in parts
    ]
    tell(*map(paragraph, dict.fromkeys(notes)))
    names = dict.fromkeys(name for part in predicted for name in part.columns) or [index.target]
    columns = {name: _spread(predicted, name, table.n_samples) for name in names}
    unseen = sum((Counter(part.unseen) for part in predicted), Counter[str]())
    return PredictedGroups(
        index.target,
        table.n_samples,
        carried | columns,
        without,
        dict(unseen),
        [*index.texts],
        tuple(_scored(models, predicted, parts)),
    )


@final
@dataclass(frozen=True, eq=False)
class _GroupRows:
    """The predictions of the rows of a model."""

    rows: Array  # their numbers in the table
    columns: Mapping[str, Array]
    unseen: Mapping[str, int]
    prediction: Array
    truth: Array | None
    copies: Copies | None


def _read_for_all(models: ModelsByGroup, arguments: Namespace) -> tuple[Table, list[str]]:
    """Return what the models need of a file, and what was done to its values."""
    index, carry = models.index, arguments.id
    first = models.model(next(models.index.numbered())[0])
    options = reading_options(first, encoding=arguments.encoding, missing=arguments.missing)
    texts = [name for name in carry if name not in index.columns]
    options["categories"] = [*index.texts, *index.by, *texts]
    columns = dict.fromkeys([*index.columns, *index.by, index.target, *carry])
    file = read_file(arguments.table, columns=[*columns], **options)
    return file.table, [*file.notes]


def _predicted_part(
    model: FittedModel, rows: Array, table: Table, arguments: Namespace, notes: list[str]
) -> _GroupRows:
    """Return the predictions of a model for some rows."""
    written, part = WrittenAs.of(table.take(rows), model)
    notes += written.notes
    past, target = model.predictor.past, model.summary.target
    truth = part[target] if target in part.names else None
    if past is not None:
        notes += past.remarks(part)
        part = past.add(part)
    opened = open_media(part, model, Path(arguments.table), arguments)
    predicted = predict_columns(
        model, opened.table, probabilities=arguments.proba, coverage=arguments.coverage
    )
    truth = None if truth is None else truth[opened.numbers]
    return _GroupRows(
        rows[opened.numbers],
        predicted.columns,
        predicted.unseen,
        predicted.prediction,
        truth,
        model.copies(opened.table, truth),
    )


def _spread(parts: Sequence[_GroupRows], name: str, n_samples: int) -> Array:
    """Return a column of all rows; without a value where there is no model, or no such class."""
    column = np.full(n_samples, None)
    for part in parts:
        values = part.columns.get(name)
        if values is not None:
            column[part.rows] = values.tolist()
        elif name.startswith("probability_"):
            column[part.rows] = 0.0
    kinds = {type(value) for value in column.tolist()}
    return column.astype(np.float64) if kinds == {float} else column


def _scored(
    models: ModelsByGroup, parts: Sequence[_GroupRows], numbered: Sequence[tuple[int, Array]]
) -> Iterator[KnownTruth]:
    """Yield the scores of all rows with a truth, if there are any."""
    known = [part for part in parts if part.truth is not None]
    if not known:
        return
    truth = np.concatenate([part.truth for part in known if part.truth is not None])
    prediction = np.concatenate([part.prediction for part in known])
    copies = _joined_copies(known)
    others = slice(None) if copies is None or copies.others is None else copies.others
    n_known = int((~is_missing(truth)).sum())
    truth, prediction = truth[others], prediction[others]
    n_scored = int((~is_missing(truth)).sum())
    if not n_scored or prediction.ndim > 1:
        return
    loss, target = models.model(numbered[0][0]).predictor.loss, models.index.target
    scores = score_predictions(prediction, truth, loss=loss, name=target)
    yield KnownTruth(target, n_scored, n_known - n_scored, copies, scores=scores)


def _joined_copies(parts: Sequence[_GroupRows]) -> Copies | None:
    """Return which rows of all parts were trained on; None if that cannot be told of some."""
    each = [part.copies for part in parts]
    if any(copies is None for copies in each):
        return None
    sizes = np.array([len(part.rows) for part in parts]) / sum(len(part.rows) for part in parts)
    known = [copies for copies in each if copies is not None]
    return Copies(
        np.concatenate([copies.found for copies in known]),
        float(sizes @ [copies.share for copies in known]),
        float(np.sqrt(np.square(sizes) @ np.square([copies.error for copies in known]))),
        all(copies.complete for copies in known),
    )
