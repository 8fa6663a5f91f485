"""A schema holds the kind of each column of a table, and why some are left out."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

import numpy as np

from madaline._base.codec import Count, Stored
from madaline._base.language import _, translate, translate_word
from madaline._base.language.widths import align
from madaline._base.words import format_count
from madaline._tables.formats.choice import ORDINARY, Choice, Given
from madaline._tables.formats.date_format import DateFormat
from madaline._tables.formats.number_format import NumberFormat
from madaline._tables.kinds import GIVEN_KINDS, KINDS
from madaline._tables.kinds.kind import (
    BOOLEAN,
    CATEGORY,
    DATETIME,
    DROPPED,
    IMAGE,
    LEVELS,
    NUMBER,
    NUMBERS,
    SEQUENCE,
    SOUND,
    TEXT,
    ColumnSchema,
    format_short,
)
from madaline._tables.kinds.number import is_whole, range_words
from madaline._tables.media.files import SOUND_ENDINGS, names_files
from madaline._tables.media.images import image_codes
from madaline._tables.media.signals import Signal, Sound, holds
from madaline._tables.table import Table, alike
from madaline._tables.terms import is_of_names, is_text
from madaline._tables.text_columns import choose_text_formats, read_formats
from madaline.errors import InputError
from madaline.nn.arrays import Array


@dataclass(frozen=True)
class Schema(Stored):
    """The kind of each column of a table."""

    columns: tuple[ColumnSchema, ...]  # in the order of the table
    n_samples: Count  # rows of the table
    # how the numbers of the target were written, where they were read from text
    target: NumberFormat | None = None

    @classmethod
    def infer(
        cls,
        table: Table,  # the training table, without the target
        # the kinds of some columns, for example ``{"zip": "category"}``
        kinds: Mapping[str, str] | None = None,
    ) -> Schema:
        """Infer the kind of each column.

        Columns without information (constant, all missing) and identifiers are dropped; a column
        whose kind is given is only dropped when it has no information.
        """
        return cls(infer_columns(table, kinds), table.n_samples)

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of the columns that are used."""
        return tuple(column.name for column in self.columns if column.kept)

    @property
    def single(self) -> tuple[str, ...]:
        """Names of the columns that are used and hold one value a row, unlike images."""
        return tuple(
            o.name for o in self.columns if o.kept and KINDS[o.kind].holds in (NUMBERS, LEVELS)
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Why columns of text were not read, then how others were, in a sentence each."""
        noted = [column for column in self.columns if column.note]
        noted.sort(key=lambda column: column.written is not None)
        return tuple(
            _("{name}: {note}.").format(name=column.name, note=column.note) for column in noted
        )

    @property
    def formats(self) -> dict[str, NumberFormat]:
        """How the numbers of columns are written that were read from text."""
        formats = {column.name: column.written for column in self.columns}
        return {name: one for name, one in formats.items() if isinstance(one, NumberFormat)}

    def read(self, table: Table) -> Table:
        """Return a table with its columns of text read as those of the training table were."""
        return read_formats(table, {column.name: column.written for column in self.columns})

    def __getitem__(self, name: str) -> ColumnSchema:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def __repr__(self) -> str:
        """Return how many columns there are, and how many are used, in one line."""
        kept = _("{n_kept:,} of {n_columns:,} columns used").format(
            n_kept=len(self.kept), n_columns=len(self.columns)
        )
        return f"<Schema of {self.n_samples:,} rows: {kept}>"

    def __str__(self) -> str:
        """Return an aligned table."""
        rows = [tuple(map(translate_word, _HEADER)), *map(_cells, self.columns)]
        return "\n".join(align(rows, right=_RIGHT))

    def _repr_html_(self) -> str:
        rows = [
            ("th", tuple(map(translate_word, _HEADER))),
            *(("td", _cells(column)) for column in self.columns),
        ]
        body = "".join(
            "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) + "</tr>"
            for tag, row in rows
        )
        return f"<table>{body}</table>"

    def to_json(self) -> dict[str, Any]:
        return {"n_samples": self.n_samples} | super().to_json()


_HEADER = ("column", "kind", "missing", "distinct", "detail")
_RIGHT = (2, 3)


def _cells(column: ColumnSchema) -> tuple[str, ...]:
    return (
        translate(column.name),
        translate_word(column.kind),
        f"{column.n_missing:,}",
        f"{column.n_distinct:,}",
        translate_word(column.detail),
    )


_DISTINCT_SHARE = 0.95  # share of distinct values above which text is an identifier, or free text
_MIN_WORDS_ALONE = 1.5  # words of a level from which levels are texts without another column
_MIN_TEXTS, _MIN_RUN = 20, 100  # fewer texts, and shorter runs of numbers, may differ by chance
_MIN_LOG_ODDS = 20.0  # against whole numbers being all different by chance: e to this power to one
_MAX_WHOLE = 2.0**53  # beyond it, not all whole numbers can be told apart

_DIGITS = "0123456789"

_ID_NAME = re.compile(
    r"(^|[\W_])(id|ids|uid|uuid|guid|index|idx|rowid|rownum|rownames|row names|key)$|[a-z](Id|ID)$"
)


def infer_columns(
    table: Table,  # the training table, without the target
    kinds: Mapping[str, str] | None = None,  # what some columns are to be taken for
) -> tuple[ColumnSchema, ...]:
    """Return what each column of a table is, as `Schema.infer` describes."""
    kinds = {} if kinds is None else kinds
    _check_kinds(table, kinds)
    choices = choose_text_formats(table, kinds)
    table = read_formats(table, {name: choice.format for name, choice in choices.items()})
    given = {name: Given.of(kind).kind for name, kind in kinds.items()}
    columns = tuple(_infer(table, name, given.get(name)) for name in table.names)
    if not any(column.kept for column in columns):
        columns = tuple(_kept_alone(column, table, kinds) for column in columns)
    if sum(column.kept for column in columns) == 1:
        columns = tuple(_by_letters(column, table, kinds) for column in columns)
    return tuple(_noted(column, choices.get(column.name, ORDINARY)) for column in columns)


def _noted(column: ColumnSchema, choice: Choice) -> ColumnSchema:
    """Return the schema of a column with how it was read; of one left out that is no news."""
    if choice.format is None:
        return replace(column, note=choice.words or column.note)
    if not column.kept:
        return column
    note = choice.words or column.note
    if choice.words and column.note:
        note = _("{choice}; {note}").format(choice=choice.words, note=column.note)
    return replace(
        column,
        written=choice.format,
        note=note,
        detail=_("{detail}; {how}").format(detail=_detail(column, choice.format), how=choice.how),
    )


def _detail(column: ColumnSchema, written: NumberFormat | DateFormat) -> str:
    """Return what is in a column, numbers in their unit."""
    if column.kind != NUMBER or not column.quartiles or not isinstance(written, NumberFormat):
        return column.detail
    ends = column.quartiles[0], column.quartiles[-1]
    return range_words(*ends, whole=column.whole, written=written)


def _check_kinds(table: Table, kinds: Mapping[str, str]) -> None:
    for name, kind in kinds.items():
        if name not in table:
            raise InputError(
                "The kind of {name!r} was given, but there is no such column: {alike}",
                name=name,
                alike=alike(name, table.names),
            )
        if kind not in GIVEN_KINDS:
            raise InputError(
                "Column {name!r} cannot be of the kind {kind!r}: choose one of {GIVEN_KINDS}.",
                name=name,
                kind=kind,
                GIVEN_KINDS=_(", ").join(GIVEN_KINDS),
            )


def _infer(table: Table, name: str, given: str | None) -> ColumnSchema:
    if given == DROPPED:
        return _column(table, name, DROPPED, "as told")
    held = _held_kind(table[name])
    if held is not None and given not in (None, held):
        raise InputError(
            "Column {name!r} holds {held}s: its kind is {held} or dropped, not {given}.",
            name=name,
            held=held,
            given=given,
        )
    if given is not None:
        table = Table({name: KINDS[given].read(name, table[name])})
    kind = given or _natural_kind(table, name)
    described = _column(table, name, kind, KINDS[kind].detail(table, name))
    reason = _uninformative(described) or (None if given else _identifier(table, described))
    return replace(described, kind=DROPPED, detail=reason) if reason else _ranged(described, table)


def _held_kind(column: Array) -> str | None:
    """Return the kind of a column of images or signals; None where it must be inferred."""
    if column.ndim > 1:
        return IMAGE
    if holds(column, Signal):
        return SOUND if holds(column, Sound) else SEQUENCE
    return None


def _natural_kind(table: Table, name: str) -> str:
    column = table[name]
    held = _held_kind(column)
    if held is not None:
        return held
    if column.dtype.kind == "f":
        return NUMBER
    if column.dtype.kind == "M":
        return DATETIME
    levels = table.distinct(name)
    if set(map(type, levels.values)) <= {bool, type(None)}:
        return BOOLEAN
    if names_files(levels.values, SOUND_ENDINGS):
        return SOUND
    return TEXT if is_text(levels) else CATEGORY


def _column(table: Table, name: str, kind: str, detail: str) -> ColumnSchema:
    column = table[name]
    if column.ndim > 1:
        n_missing, n_distinct = 0, int(image_codes(column).max(initial=-1)) + 1
    elif column.dtype.kind == "O":
        levels = table.distinct(name)
        n_missing, n_distinct = levels.n_missing, int(np.count_nonzero(levels.is_present))
    else:
        ascending = table.ascending(name)
        n_missing = len(column) - len(ascending)
        n_steps = int(np.count_nonzero(ascending[1:] != ascending[:-1]))
        n_distinct = n_steps + 1 if len(ascending) else 0
    return ColumnSchema(name, kind, n_missing, n_distinct, detail)


def _uninformative(column: ColumnSchema) -> str | None:
    if column.n_distinct == 0:
        return "no value in any row"
    if column.n_distinct == 1 and column.n_missing == 0:
        return "constant: the same value in every row"
    return None


def _ranged(described: ColumnSchema, table: Table) -> ColumnSchema:
    """Return the schema of a column with the quartiles of its numbers or moments."""
    name, kind = described.name, KINDS[described.kind]
    if kind.holds != NUMBERS or described.n_distinct == 0:
        return described
    ascending = table.ascending(name)
    of_rank = ascending[np.arange(5) * (len(ascending) - 1) // 4]
    quartiles = tuple(float(number) for number in kind.numbers(name, of_rank))
    whole = ascending.dtype.kind == "f" and is_whole(ascending)
    note = far_nines(ascending) if ascending.dtype.kind == "f" else ""
    return replace(described, quartiles=quartiles, whole=whole, note=note)


_NINES = re.compile(r"-?99+")
_MIN_NINES = 3  # rows of a number of nines that make one ask whether it means missing values


def far_nines(ascending: Array) -> str:
    """Return in words that an outermost number of nines may stand for missing values, if any.

    It does if it repeats, farther from the other numbers than these are from each other.
    """
    for number, sign in ((ascending[0], 1), (ascending[-1], -1)):
        others = ascending[ascending != number]
        n_rows = len(ascending) - len(others)
        if n_rows < _MIN_NINES or len(others) < n_rows or not _NINES.fullmatch(f"{number:.0f}"):
            continue
        nearest = others[0 if sign > 0 else -1]
        if number.is_integer() and abs(nearest - number) > others[-1] - others[0]:
            rows = format_count(n_rows, "row")
            return _(
                "{number:.0f} in {rows} lies far from all other numbers; missing=[{number:.0f}] makes it a missing value"
            ).format(number=number, rows=rows)
    return ""


def _identifier(table: Table, described: ColumnSchema) -> str | None:
    """Return why a column looks like an identifier, which is useless for new rows."""
    name, column = described.name, table[described.name]
    n_values = len(column) - described.n_missing
    if described.n_distinct < _DISTINCT_SHARE * n_values:
        return None
    if described.kind == CATEGORY and n_values >= _MIN_TEXTS:
        distinct = _("{n_distinct:,} distinct texts in {n_values:,} rows").format(
            n_distinct=described.n_distinct, n_values=n_values
        )
        return numbering_of(table, name) or _("{distinct}: an identifier or free text").format(
            distinct=distinct
        )
    if described.kind != NUMBER or not is_whole(column):
        return None
    if _ID_NAME.search(name) and n_values >= _MIN_TEXTS:
        return "whole numbers, nearly all distinct, named like an identifier"
    return numbering_of(table, name)


def numbering_of(table: Table, name: str) -> str | None:
    """Return in words that a column only numbers the rows; None if it does not.

    Whole numbers do if all are different where chance would repeat some, and so do codes that
    differ in such a number alone.
    """
    column, start, end = table[name], "", ""
    if len(column) < _MIN_RUN or column.ndim > 1 or column.dtype.kind not in "fO":
        return None
    if column.dtype.kind == "O":
        if not all(isinstance(value, str) for value in column):
            return None
        start, end = around_numbers(column.tolist())
        inner = [value[len(start) : len(value) - len(end)] for value in column]
        if not all(part.isascii() and part.isdigit() and len(part) < 16 for part in inner):
            return None
        column = np.array(inner, np.float64)
    ascending = np.sort(column)
    if not abs(ascending[[0, -1]]).max() < _MAX_WHOLE or not is_whole(column):
        return None
    if not (np.diff(ascending) > 0).all():
        return None
    # Of numbers at random, exp(-n² / (2 width)) is how likely all are different: the birthday
    # problem. Where they are not spread evenly, it is less.
    if len(column) ** 2 < _MIN_LOG_ODDS * 2 * (ascending[-1] - ascending[0] + 1):
        return None
    low, high = (f"{start}{format_short(number)}{end}" for number in ascending[[0, -1]])
    return _("a running number from {low} to {high}").format(low=low, high=high)


def around_numbers(texts: Sequence[str]) -> tuple[str, str]:
    """Return what stands before and behind the numbers in which texts differ alone."""
    before = _common_start(texts).rstrip(_DIGITS)
    return before, _common_start([text[::-1] for text in texts])[::-1].lstrip(_DIGITS)


def _common_start(texts: Sequence[str]) -> str:
    """Return the characters that all texts begin with."""
    pairs = zip(min(texts, default=""), max(texts, default=""), strict=False)
    return "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _kept_alone(column: ColumnSchema, table: Table, kinds: Mapping[str, str]) -> ColumnSchema:
    """Keep what looks like an identifier, as there is nothing else to learn from."""
    if column.name in kinds or _uninformative(column) is not None:
        return column
    kind = _natural_kind(table, column.name)
    if kind == CATEGORY and is_text(table.distinct(column.name), _MIN_WORDS_ALONE):
        return replace(column, kind=TEXT, detail=KINDS[TEXT].detail(table, column.name))
    detail = _("{detail}; kept, as there is no other column").format(detail=column.detail)
    return _ranged(replace(column, kind=kind, detail=detail), table)


def _by_letters(column: ColumnSchema, table: Table, kinds: Mapping[str, str]) -> ColumnSchema:
    """Return the schema of an only column, which is read by its letters if it holds names."""
    if (
        column.kind != CATEGORY
        or column.name in kinds
        or not is_of_names(table.distinct(column.name))
    ):
        return column
    return replace(column, kind=TEXT, detail=KINDS[TEXT].detail(table, column.name))
