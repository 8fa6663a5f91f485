"""How the table of a file is read for a fitted model: its columns, and how these are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from madaline._base.language import _
from madaline._base.words import option_value
from madaline._models.model.model import FittedModel
from madaline._tables.conversion import as_moments, as_numbers
from madaline._tables.formats.characters import check_missing
from madaline._tables.formats.choice import READINGS, Choice, Format
from madaline._tables.kinds.number import NumberEncoder
from madaline._tables.table import Table
from madaline._tables.target import REGRESSION
from madaline._tables.text_columns import choose_text_formats, missing_notes, read_formats
from madaline.errors import InputError
from madaline.nn.arrays import Array


def needed_columns(model: FittedModel) -> list[str]:
    """Return the columns that rows must have, also those of the past."""
    past = model.predictor.past
    return [*model.predictor.encoder.columns, *(() if past is None else past.read)]


def reading_options(
    model: FittedModel,
    *,
    carry: Sequence[str] = (),
    encoding: str | None = None,
    missing: Sequence[str] = (),
) -> dict[str, Any]:
    """Return how a file is read, for `read_file` and `open_rows`.

    Columns that are only carried along are read as text, which 007 stays.
    """
    encoder, past = model.predictor.encoder, model.predictor.past
    texts = [name for name in carry if name not in encoder.columns]
    others = () if past is None else past.lags.others
    of_past = [column.name for column in others if column.classes]
    return {
        "categories": [*encoder.categories, *written_formats(model), *texts, *of_past],
        "encoding": encoding,
        "otherwise": option_value(model.summary.request.file_options, "--encoding"),
        "missing": check_missing([*encoder.missing, *missing]),
    }


def written_formats(model: FittedModel) -> dict[str, Format]:
    """Return how the numbers and dates of a model's table were written."""
    target = {} if model.schema.target is None else {model.target_names[0]: model.schema.target}
    past = model.predictor.past
    others = () if past is None else past.lags.others
    of_past = {column.name: column.written for column in others if column.written is not None}
    return {**model.predictor.encoder.written, **of_past, **target}


@final
@dataclass(frozen=True)
class WrittenAs:
    """How numbers and dates in text are written, decided by a table or by its first rows."""

    learned: Mapping[str, Format]  # as in the model's table
    others: Mapping[str, Choice]  # where the model learned from plain numbers and dates
    notes: tuple[str, ...]  # in sentences, and which words count as missing

    @classmethod
    def of(cls, rows: Table, model: FittedModel) -> tuple[WrittenAs, Table]:
        """Return how the numbers and dates of rows are written, and the rows with them read."""
        learned = written_formats(model)
        rows = read_formats(rows, learned)
        others = _other_formats(rows, model)
        rows = read_formats(rows, {name: choice.format for name, choice in others.items()})
        notes = [
            _("{name}: {words}.").format(name=name, words=choice.words)
            for name, choice in others.items()
            if choice.words
        ]
        plain = missing_notes(rows, model.predictor.encoder.plain)
        return cls(learned, others, (*notes, *plain)), rows

    def read(self, rows: Table) -> Table:
        """Return rows with numbers and dates as the model needs them."""
        formats = {name: choice.format for name, choice in self.others.items()}
        return read_formats(read_formats(rows, self.learned), formats)


def _other_formats(table: Table, model: FittedModel) -> dict[str, Choice]:
    """Return how numbers and dates are written in another form than the model's.

    The model learned from plain numbers and dates, but the table holds text in these columns.
    """
    kinds = {encoder.name: encoder.kind for encoder in model.predictor.encoder.encoders}
    if model.summary.task == REGRESSION:
        kinds |= dict.fromkeys(model.target_names, NumberEncoder.kind)
    kinds = {
        name: kind
        for name, kind in kinds.items()
        if kind in READINGS and name in table and not _is_plain(name, table[name], kind)
    }
    return choose_text_formats(table.select(kinds), kinds) if kinds else {}


def carried_column(table: Table, name: str) -> Array:
    """Return a column that identifies rows; whole numbers without decimals."""
    if name not in table:
        raise InputError(
            "The table has no column {name}, which was to identify the rows: check the name.",
            name=name,
        )
    values = np.asarray(table[name])
    if values.dtype.kind != "f":
        return values
    return np.array([None if x != x else int(x) if x == int(x) else x for x in values], object)


def _is_plain(name: str, column: Array, kind: str) -> bool:
    """Return whether a column reads as numbers or dates as Python writes them."""
    try:
        (as_numbers if kind == NumberEncoder.kind else as_moments)(name, column)
    except InputError:
        return False
    return True
