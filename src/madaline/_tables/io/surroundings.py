"""What stands around a table in a spreadsheet: titles above it, totals and notes below.

Rows are lists of cells as text, None or empty where there is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from madaline._base.extras import load_polars
from madaline._base.language import _
from madaline._base.words import clip_text, format_count, format_list
from madaline._tables.formats.characters import is_not_given, words_for
from madaline._tables.formats.column_formats import choose_number_format
from madaline._tables.formats.date_format import WrittenDate
from madaline._tables.formats.number_format import FormattedNumber, NumberFormat

Row = Sequence[str | None]

HEAD, TAIL = 30, 10  # rows at the start and at the end of a table that are looked at
_NAMED_ROWS = 1000  # rows in which the names of columns are looked for
_MIN_DISTINCT = 0.8  # share of different values above which the first column holds no levels

_TOTALS, _NOTES = frozenset(words_for("total")), words_for("note")


def count_above(head: Sequence[Row]) -> int:
    """Return how many of the first rows stand above the names of the columns."""
    width = max(map(_width, head), default=0)
    for number, row in enumerate(head):
        if width < 2 or len(_filled(row)) > width / 2:
            names, below = _filled(row), [*filter(_filled, head[number + 1 :])]
            is_header = len(names) == width and len(set(names)) == width
            is_title = any(map(_filled, head[:number]))
            return number if is_title and is_header and _are_names(row, below) else 0
    return 0


def count_below(tail: Sequence[Row], body: Sequence[Row]) -> int:
    """Return how many of the last rows stand below a table, given some rows of it."""
    width, n_below = max(map(_width, body), default=0), 0
    first = [row[0] or "" for row in body if _filled(row[:1])]
    are_values = all(map(_is_value, first))
    has_levels = len(set(first)) < _MIN_DISTINCT * len(first)  # "average" may be one of them
    for number in range(len(tail) - 1, 0, -1):
        row = tail[number]
        cells = _filled(row)
        if not cells:
            continue
        is_apart = not _filled(tail[number - 1]) or len(row) < width
        is_short = len(row) < width and any(map(str.isalpha, cells[0]))  # "2 rows in set"
        of_table = width < 2 or (are_values and _is_value(cells[0]) and not is_short)
        is_total = not has_levels and cells[0].strip(" :").casefold() in _TOTALS
        is_note = len(cells) == 1 < width and (
            is_apart or are_values or cells[0].casefold().startswith(_NOTES)
        )
        if of_table or not (is_note or is_total):
            break
        n_below = len(tail) - number
    while 0 < n_below < len(tail) and not _filled(tail[-n_below - 1]):
        n_below += 1  # blank rows between the table and what stands below it
    return n_below


def second_table(raw: Any) -> str:
    """Return in a sentence that names of columns stand below an empty row; empty if none do."""
    polars, width = load_polars(), _width(raw.row(0)) if raw.height else 0
    is_filled = raw.select(polars.any_horizontal(polars.all().is_not_null())).to_series()
    for number in (is_filled & ~is_filled.shift(1)).arg_true().to_list():
        row, *below = filter(_filled, raw[number:].head(HEAD).rows())
        is_of_other_width = len(below) > 1 and {_width(row)} == {*map(_width, below)} != {width}
        if len(_filled(row)) > 1 and (is_of_other_width or _are_names(row, below)):
            shown = format_list(map(repr, _filled(row)), limit=3)
            return _(
                "Below an empty row, names of columns seem to stand again ({shown}): what follows was read as more rows; if it is another table, move it to a sheet of its own."
            ).format(shown=shown)
    return ""


def without_stray_rows(frame: Any) -> tuple[Any, ...]:
    """Return a polars frame without rows that are none, and what was done, in sentences.

    They are a second line of names, units, totals, notes, repeated names of columns, and empty
    rows at the end.
    """
    if frame.width < 2 or frame.to_series(0).dtype.is_nested():
        return (frame,)
    frame, of_end = _without_empty_end(frame)
    frame, of_names = with_all_names(frame)
    frame, of_rows = _without_totals(frame)
    doubts = (_total_above(frame), _lone_values(frame), _doubtful_names(frame))
    return frame, *filter(None, (of_end, of_names, of_rows, *doubts))


_UNNAMED = re.compile(r"column_\d+|__UNNAMED__\d+")  # what columns are called that have no name


def with_all_names(frame: Any) -> tuple[Any, str]:
    """Return a frame without units, or without more names, in its first row, and a sentence."""
    head = frame.head(HEAD).rows()
    if len(head) < 3 or not all(cell is None or isinstance(cell, str) for cell in head[0]):
        return frame, ""
    columns = [[row[n] for row in head[1:] if row[n] is not None] for n in range(frame.width)]
    of_values = [n for n, cells in enumerate(columns) if cells and all(map(_is_value, cells))]
    words = [head[0][n] for n in of_values if head[0][n]]
    if len(words) < 2 and len(words) < len(_filled(head[0])):
        return frame, ""
    if not words or any(_is_value(word) or is_not_given(word) for word in words):
        return frame, ""
    if any(cell and (frame[1:, n] == cell).any() for n, cell in enumerate(head[0])):
        return frame, ""  # it is a row like others
    shown = format_list(map(repr, _filled(head[0])), limit=3)
    if not any(map(_UNNAMED.fullmatch, frame.columns)):
        return frame[1:], _("Skipped the units or further names in the first row: {shown}.").format(
            shown=shown
        )
    names, above = list[str](), ""
    for name, below in zip(frame.columns, head[0], strict=True):
        above = above if _UNNAMED.fullmatch(name) else name
        names.append(" ".join(filter(None, [above, below])) or name)
    if len(set(names)) < len(names):
        return frame, ""
    return frame[1:].rename(dict(zip(frame.columns, names, strict=True))), (
        _("The names of columns stand in two lines: {names}.").format(
            names=format_list(map(repr, names), limit=3)
        )
    )


def _without_empty_end(frame: Any) -> tuple[Any, str]:
    """Return a frame without the empty rows at its end, as Excel leaves them, and a sentence."""
    polars = load_polars()
    if frame.height == 0 or any(cell is not None for cell in frame.row(-1)):
        return frame, ""
    is_filled = frame.select(polars.any_horizontal(polars.all().is_not_null())).to_series()
    if not is_filled.any():
        return frame, ""
    height = is_filled.arg_true()[-1] + 1
    rows = format_count(frame.height - height, "empty row")
    return frame.head(height), _("Skipped {rows} below the table.").format(rows=rows)


def _without_totals(frame: Any) -> tuple[Any, str]:
    """Return a frame without totals, notes and repeated names, and a sentence.

    Totals and notes lack values of columns in which no other row lacks one.
    """
    polars = load_polars()
    first = frame.to_series(0).cast(polars.String, strict=False).str.strip_chars()
    word = first.str.to_lowercase().str.extract(r"^(grand total|[^\s:]+)")
    maybe = (word.is_in(list(_TOTALS)) | (first == frame.columns[0])).fill_null(value=False)
    ends = range(frame.height - min(TAIL, frame.height // 2), frame.height)
    numbers = sorted({*maybe.arg_true(), *ends})
    others = frame.filter(~polars.int_range(polars.len()).is_in(numbers))
    complete = [n for n, column in enumerate(others.get_columns()) if not column.null_count()]
    levels, stray = set(first.filter(~maybe)[: ends.start]), dict[int, Row]()
    for number in reversed(numbers):
        row = [None if cell is None else str(cell) for cell in frame.row(number)]
        n_lacking = sum(row[n] is None for n in complete)
        is_last = number + len(stray) + 1 == frame.height
        is_note = first[number] not in levels and not _is_value(first[number])
        if (
            (row == frame.columns and not all(map(_is_value, row)))
            or (maybe[number] and n_lacking)
            or (is_last and first[number] and is_note and len(_filled(row)) == 1 < n_lacking)
            or (is_last and not _filled(row))
            or (is_last and _are_totals(row, frame.head(number)))
        ):
            stray[number] = row
    if not stray or len(stray) > max(TAIL, frame.height / 10):
        return frame, ""
    kept = frame.filter(~polars.int_range(polars.len()).is_in([*stray]))
    return kept, skipped_words([stray[number] for number in sorted(stray)], "among the rows")


def _total_above(frame: Any) -> str:
    """Return in a sentence that the first row holds totals; empty if it does not."""
    row = [None if cell is None else str(cell) for cell in frame.row(0)] if frame.height else []
    if not _are_totals(row, frame[1:]):
        return ""
    shown = repr(clip_text(_filled(row)[0], 40))
    return _(
        "The first row ({shown}) seems to hold totals of the others: remove it if it does."
    ).format(shown=shown)


def _lone_values(frame: Any) -> str:
    """Return in a sentence that a few rows hold one value where all others are full, if any do."""
    polars = load_polars()
    n_null = frame.select(polars.sum_horizontal(polars.all().is_null())).to_series()
    full, lone = frame.filter(n_null == 0), frame.filter(n_null == frame.width - 1)
    n_lone = lone.height
    if frame.width < 3 or full.height + n_lone < frame.height or not 0 < n_lone <= full.height / 10:
        return ""
    found = {name: lone[name].drop_nulls().to_list() for name in lone.columns}
    values = [value for values in found.values() for value in values]
    if any(map(_is_value, values)) or any(
        full[name].is_in(found[name]).any() for name in found if found[name]
    ):
        return ""  # a number, or a level like those of other rows
    shown = format_list((repr(clip_text(value, 40)) for value in values), limit=3)
    rows, verb = format_count(n_lone, "row"), "holds" if n_lone == 1 else "hold"
    return _("{rows} {verb} nothing but {shown}: remove headings and numbers of pages.").format(
        rows=rows, verb=verb, shown=shown
    )


def _are_totals(row: Row, others: Any) -> bool:
    """Return whether the numbers of a row are sums or means of the others, in any language.

    Beside them stands one word at most, in the first or the second column, and nothing where all
    others have a value.
    """
    cells = [(n, cell) for n, cell in enumerate(row) if cell and cell.strip()]
    words = [n for n, cell in cells if not _is_value(cell)]
    lacking = {*range(len(row))} - {n for n, _ in cells}
    if not cells or not _MIN_ADDED <= others.height <= _MAX_ADDED or words not in ([], [0], [1]):
        return False
    if all(others[:, n].null_count() for n in lacking):
        return False
    added = [_is_total(cell, others[:, n]) for n, cell in cells if n not in words]
    return sum(added) > (0 if words else 1) and 2 * sum(added) >= len(added)


_MIN_ADDED, _MAX_ADDED = 3, 100_000
"""Rows that are needed to tell that they add up to another one, and that are added at most."""


def _is_total(cell: str, column: Any) -> bool:
    """Return whether a number is the sum or the mean of a column, as far as it has digits."""
    texts = [str(value) for value in column.drop_nulls().to_list()]
    written = choose_number_format([*dict.fromkeys([*texts, cell])], told=True).format
    if not isinstance(written, NumberFormat):
        return False
    values, number = np.array([*map(written.parse, texts)]), written.parse(cell)
    values = values[~np.isnan(values)]
    fraction = cell.rpartition(written.decimal)[2] if written.decimal in cell else ""
    tolerance = 0.5 * 10.0 ** -sum(map(str.isdigit, fraction)) + 1e-9 * np.abs(values).sum()
    totals = (values.sum(), values.mean()) if len(values) else ()
    return bool(number) and any(abs(number - total) <= tolerance for total in totals)


def _doubtful_names(frame: Any) -> str:
    """Return in a sentence that names of columns may be values; empty if they are none."""
    like_values = [name for name in frame.columns if _is_like_values(name, frame[name])]
    if len(like_values) < 2:
        return ""
    shown = format_list(map(repr, like_values), limit=3)
    return _(
        "{shown} are taken for names of columns but look like their values: if the file has no line of names, write one above."
    ).format(shown=shown)


def _is_like_values(name: str, column: Any) -> bool:
    """Return whether the name of a column of text is one of its values, or a date above dates."""
    cells = column.head(_NAMED_ROWS).drop_nulls()
    if cells.dtype != load_polars().String or cells.is_empty():
        return False
    if WrittenDate.of(name) is not None:
        return WrittenDate.of(cells[0]) is not None
    return not _is_value(name) and name in cells


def skipped_words(rows: Sequence[Row], where: str) -> str:
    """Return in a sentence which rows were skipped; empty if none were."""
    first = [repr(clip_text(cells[0], 40)) for cells in map(_filled, rows) if cells]
    if not first:
        return ""
    return _("Skipped {lines} {where}: {first}.").format(
        lines=format_count(len(first), "line"), where=where, first=format_list(first, limit=3)
    )


def _filled(row: Row) -> list[str]:
    return [cell.strip() for cell in row if cell is not None and cell.strip()]


def _width(row: Row) -> int:
    return max((number for number, cell in enumerate(row, 1) if cell and cell.strip()), default=0)


def _is_value(cell: object) -> bool:
    if not isinstance(cell, str):
        return cell is not None
    text = cell
    return FormattedNumber.of(text) is not None or WrittenDate.of(text) is not None


def _are_names(row: Row, below: Sequence[Row]) -> bool:
    """Return whether a row holds words, and the rows below numbers or dates in some column."""
    if any(map(_is_value, row)) or not below:
        return False
    columns = ([r[n] for r in below if n < len(r) and r[n]] for n in range(len(row)))
    return any(column and all(map(_is_value, column)) for column in columns)
