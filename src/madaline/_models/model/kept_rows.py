"""Rows that a model keeps for later updates, where its user allows it: a bounded random sample."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline._base.json_checks import Fields, Kinds, ListOf, Malformed, Text, Whole
from madaline._base.language import _
from madaline._base.words import clip_text
from madaline._tables.array_checks import FLOAT64, INT64, ArrayCheck, check_arrays
from madaline._tables.column import MOMENT
from madaline._tables.conversion import as_levels
from madaline._tables.io.tensor_file import refusing_unreadable
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import DROPPED, MEDIA, NUMBERS, ColumnSchema
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline._tables.target import ClassEncoder, TargetEncoder
from madaline.errors import InputError
from madaline.nn.arrays import Array, Rng

MAX_TEXT = 2**23  # characters of the distinct texts of all kept rows, at most

COLUMN = Kinds(
    "holds",
    {
        "numbers": Fields({"name": Text()}),
        "moments": Fields({"name": Text()}),
        "levels": Fields({"name": Text(), "levels": ListOf(Text(MAX_TEXT), distinct=True)}),
    },
)
"""The description of a column; its values are an array of numbers, moments, or level numbers."""


def as_learned(table: Table, schema: Schema, *, dropped: Collection[str] = ()) -> Table:
    """Return the columns that another fit could learn from, each as its kind is read.

    Those are the columns that the model uses, and constant ones, which may begin to differ.
    Identifiers and columns that the user left out are not among them.

    Columns that the model does not use may be missing from the table; `dropped` ones the user left
    out. `InputError` if a value cannot be read.
    """
    columns, table = {}, schema.read(table)
    for column in schema.columns:
        constant = column.n_distinct <= 1 and column.name not in dropped
        if column.kept or (constant and column.name in table):
            columns[column.name] = _read(table, column)
    return Table(columns)


def check_kinds(schema: Schema) -> None:
    """Refuse to keep rows of images, sequences or sounds."""
    for column in schema.columns:
        if column.kept and KINDS[column.kind].holds == MEDIA:
            raise InputError(
                "Rows with a column of kind {kind} ({name!r}) cannot be kept: leave keep_rows at 0.",
                kind=column.kind,
                name=column.name,
            )


def _read(table: Table, column: ColumnSchema) -> Array:
    name = column.name
    values = table[name] if name in table else np.full(table.n_samples, np.nan)
    if values.ndim > 1:
        return values
    if column.kind == DROPPED:
        return values if values.dtype.kind in "fM" else as_levels(values)
    kind = KINDS[column.kind]
    if kind.holds == MEDIA:
        return values
    return kind.read(name, values) if kind.holds == NUMBERS else as_levels(values)


def columns_to_state(table: Table) -> tuple[list[dict[str, Any]], dict[str, Array]]:
    """Return a JSON-able description of columns, and their values as arrays of numbers."""
    described: list[dict[str, Any]] = []
    arrays: dict[str, Array] = {}
    for number, name in enumerate(table.names):
        values = table[name]
        match values.dtype.kind:
            case "f":
                described.append({"holds": "numbers", "name": name})
            case "M":
                described.append({"holds": "moments", "name": name})
                values = values.astype(MOMENT).astype(np.int64)
            case _:
                texts = as_levels(values).tolist()
                levels = [text for text in dict.fromkeys(texts) if text is not None]
                described.append({"holds": "levels", "name": name, "levels": levels})
                values = _level_numbers(texts, levels)
        arrays[f"column{number}"] = values
    n_characters = sum(len(one) for own in described for one in own.get("levels", ()))
    if n_characters > MAX_TEXT:
        raise InputError(
            "The texts of the rows to keep have {n_characters:,} characters, more than a model file holds ({MAX_TEXT:,}): keep fewer rows.",
            n_characters=n_characters,
            MAX_TEXT=MAX_TEXT,
        )
    return described, arrays


def check_columns(
    described: Sequence[Mapping[str, Any]], n_rows: int
) -> Iterator[tuple[str, ArrayCheck]]:
    """Yield what the array of each described column must be, but for missing numbers."""
    names = [column["name"] for column in described]
    if len(set(names)) < len(names):
        raise Malformed("has two columns of one name")
    for number, column in enumerate(described):
        match column["holds"]:
            case "numbers":
                yield f"column{number}", ArrayCheck(FLOAT64, (n_rows,))
            case "moments":
                yield f"column{number}", ArrayCheck(INT64, (n_rows,))
            case _:
                last = len(column["levels"]) - 1
                yield f"column{number}", ArrayCheck(INT64, (n_rows,), -1, last)


def columns_from_state(
    described: Sequence[Mapping[str, Any]], arrays: Mapping[str, Array]
) -> Table:
    """Return the table that `columns_to_state` described."""
    columns = {}
    for number, column in enumerate(described):
        values = arrays[f"column{number}"]
        if column["holds"] == "moments":
            values = values.view(MOMENT)
        elif column["holds"] == "levels":
            levels = np.array([*column["levels"], None], dtype=object)
            values = levels[values]  # -1 is the last one, None
        columns[column["name"]] = values
    return Table(columns)


def _level_numbers(texts: Sequence[str | None], levels: Sequence[str]) -> Array:
    numbers: dict[str | None, int] = {level: number for number, level in enumerate(levels)}
    return np.array([numbers.get(text, -1) for text in texts], np.int64)


def joined(first: Table, second: Table) -> Table:
    """Return the rows of two tables below one another, with the columns that both have."""
    columns = {}
    for name in first.names:
        if name in second:
            parts = [first[name], second[name]]
            if len({one.dtype.kind for one in parts}) > 1:
                parts = [as_levels(one) for one in parts]
            columns[name] = np.concatenate(parts)
    return Table(columns)


KEPT_ROWS = Fields({"most": Whole(1, 2**40), "columns": ListOf(COLUMN, least=1)})  # in a file


@dataclass(frozen=True, eq=False)
class KeptRows:
    """A random sample of all rows that a model was fitted to and updated with.

    Every row gets a random key, ``log(u) / weight`` with u uniform from 0 to 1, and the rows of the
    largest keys stay: at any time they are a sample without replacement in which a row of twice the
    weight is twice as likely to be drawn next.

    Efraimidis and Spirakis (2006), "Weighted random sampling with a reservoir", Information
    Processing Letters 97.
    """

    table: Table  # their columns (`as_learned`)
    target: Array  # (n_rows,): their labels or numbers
    folds: Array  # int (n_rows,): the fold whose networks never saw the row; -1 if all did
    keys: Array  # (n_rows,): their random keys
    most: int  # how many rows are kept, at most

    @classmethod
    def of(
        cls,
        table: Table,
        target: Array,
        folds: Array,
        *,
        most: int,
        rng: Rng,
        weight: Array | None = None,
    ) -> KeptRows:
        """Return a sample of rows.

        `rng` decides which rows are kept; `weight`, shape (n_rows,), is above zero.
        """
        uniform = 1 - rng.random(len(target))  # above zero
        keys = np.log(uniform) / (1.0 if weight is None else weight)
        return cls(table, target, folds, np.maximum(keys, -1e300), most)._bounded()

    @property
    def n_rows(self) -> int:
        """Number of rows that are kept."""
        return len(self.target)

    def with_rows(self, new: KeptRows) -> KeptRows:
        """Return a sample of these rows and of new ones, as many as the new ones may be."""
        return KeptRows(
            joined(self.table, new.table),
            joined_targets(self.target, new.target),
            np.concatenate([self.folds, new.folds]),
            np.concatenate([self.keys, new.keys]),
            new.most,
        )._bounded()

    def check(self) -> None:
        """Raise `InputError` if the file of a model could not hold the texts of the rows."""
        for column in columns_to_state(self.table)[0]:
            with refusing_unreadable(
                _("Rows with the column {column!r} are not kept").format(
                    column=clip_text(column["name"], 60)
                )
            ):
                COLUMN(column)

    def _bounded(self) -> KeptRows:
        if self.n_rows <= self.most:
            return self
        rows = np.sort(np.argsort(-self.keys, kind="stable")[: self.most])
        target, folds, keys = self.target[rows], self.folds[rows], self.keys[rows]
        return KeptRows(self.table.take(rows), target, folds, keys, self.most)

    def to_state(self, encoder: TargetEncoder) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able description and the arrays that go with it."""
        columns, arrays = columns_to_state(self.table)
        of_classes = isinstance(encoder, ClassEncoder)
        target = encoder.encode(self.target) if of_classes else self.target.astype(np.float64)
        arrays |= {"target": target, "folds": self.folds.astype(np.int64), "keys": self.keys}
        return {"most": self.most, "columns": columns}, arrays

    @classmethod
    def from_state(
        cls,
        state: Mapping[str, Any],
        arrays: Mapping[str, Array],
        encoder: TargetEncoder,
        n_folds: int,
    ) -> KeptRows:
        """Return the rows that `to_state` described; `Malformed` if none are described."""
        KEPT_ROWS(state)
        n_rows = len(arrays["keys"]) if "keys" in arrays and arrays["keys"].ndim else 0
        if not 0 < n_rows <= state["most"]:
            raise Malformed(
                "has {n_rows} rows, but must have 1 to {state}", n_rows=n_rows, state=state["most"]
            )
        of_classes = isinstance(encoder, ClassEncoder)
        last = len(encoder.classes) - 1 if isinstance(encoder, ClassEncoder) else 0
        checks = dict(check_columns(state["columns"], n_rows)) | {
            "target": ArrayCheck(INT64, (n_rows,), 0, last)
            if of_classes
            else ArrayCheck(FLOAT64, (n_rows,)),
            "folds": ArrayCheck(INT64, (n_rows,), -1, n_folds - 1),
            "keys": ArrayCheck(FLOAT64, (n_rows,), -1e300, 0),
        }
        check_arrays({name: _known(name, array) for name, array in arrays.items()}, checks)
        target = arrays["target"]
        if isinstance(encoder, ClassEncoder):
            target = encoder.classes[target]
        table = columns_from_state(state["columns"], arrays)
        return cls(table, target, arrays["folds"], arrays["keys"], state["most"])


def _known(name: str, array: Array) -> Array:
    """Return the array, that of a column with zero in place of missing numbers."""
    may_miss = name.startswith("column") and array.dtype == np.float64
    return np.where(np.isnan(array), 0.0, array) if may_miss else array


def joined_targets(first: Array, second: Array) -> Array:
    """Return labels below one another; labels of several types stay what they are."""
    if first.dtype.kind == second.dtype.kind:
        return np.concatenate([first, second])
    return np.concatenate([first.astype(object), second.astype(object)])
