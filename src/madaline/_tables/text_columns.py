"""Columns of text that stand for numbers or dates: finds them, and reads them in their format."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from madaline._base.language import _
from madaline._tables.conversion import as_moments, as_numbers
from madaline._tables.formats.characters import counted_as_missing, is_not_given
from madaline._tables.formats.choice import (
    DATES,
    NUMBERS,
    ORDINARY,
    Choice,
    Format,
    Given,
    not_read,
)
from madaline._tables.formats.column_formats import choose_date_format, choose_number_format
from madaline._tables.formats.date_format import COMPACT, DateFormat
from madaline._tables.formats.number_format import COMMA, POINT, NumberFormat
from madaline._tables.table import Distinct, Table
from madaline.errors import InputError
from madaline.nn.arrays import Array

_MAX_CODES = 20  # as many different whole numbers as text are levels, such as codes of classes

_COMPACT = re.compile(COMPACT)

_MAX_WORD_SHARE = 0.1  # share of rows with unknown words up to which they count as missing


def choose_text_formats(
    table: Table,
    # kinds of some columns, such as ``"category"`` or ``"number:decimal-comma"``
    kinds: Mapping[str, str] | None = None,
) -> dict[str, Choice]:
    """Return the choice of a format for each column of text that may hold numbers or dates."""
    given = {name: Given.of(kind) for name, kind in (kinds or {}).items()}
    texts = {}
    for name in table.names:
        kind = given.get(name, Given()).kind
        if kind in ("", NUMBERS, DATES) and (kind or name not in table.levels):
            found = _texts(table, name)
            texts.update({name: found} if found else {})
    choices = choose_formats(texts, given)
    for name, choice in choices.items():
        if choice.format is not None and choice.format.words and name not in given:
            choices[name] = _with_seldom_words(table.distinct(name), choice)
        elif choice == ORDINARY and name not in given:
            choices[name] = Choice(words=likeness(texts[name]))
    for name, choice in choices.items():
        reading = given.get(name, Given()).reading
        if reading and choice.format is None:
            raise InputError(
                "Column {name!r} cannot be read with the {reading}{words}: give another kind.",
                name=name,
                reading=reading.replace("-", " "),
                words=f" ({choice.words})" if choice.words else "",
            )
    return {
        name: ORDINARY
        if choice.plain and name not in given and len(texts[name]) <= _MAX_CODES
        else choice
        for name, choice in choices.items()
    }


def _with_seldom_words(levels: Distinct, choice: Choice) -> Choice:
    """Return a choice, or why it is none: words that are not known are missing if seldom."""
    words = choice.format.words if choice.format is not None else ()
    counts = {
        text: int(count)
        for text, count in zip(levels.values, levels.counts, strict=True)
        if text is not None
    }
    often = max(words, key=counts.__getitem__)
    if sum(map(counts.__getitem__, words)) <= _MAX_WORD_SHARE * sum(counts.values()):
        return choice
    return not_read("numbers" if isinstance(choice.format, NumberFormat) else "dates", often)


def read_formats(table: Table, formats: Mapping[str, Format | None]) -> Table:
    """Return the table with its columns of text read in their formats; others stay as they are."""
    read = {
        name: read_column_in(form, name, table[name])
        for name, form in formats.items()
        if form is not None and name in table and table[name].dtype == object
    }
    return table.replaced(read) if read else table


def missing_notes(table: Table, names: Iterable[str]) -> Iterator[str]:
    """Yield which words count as missing in columns that hold numbers or dates."""
    for name in names:
        if name in table and table[name].dtype == object and table[name].ndim == 1:
            words = (item for item in table[name].tolist() if isinstance(item, str))
            counts = Counter(word for word in words if is_not_given(word))
            if counts:
                yield counted_as_missing(name, counts)


def read_numbers(
    name: str,
    # (n_samples,): the column; if it does not hold numbers as text, it is returned as it is
    column: Array,
    # the kind that the user gave, such as ``"number:decimal-comma"``, or empty
    kind: str = NUMBERS,
    *,
    beside: Table | None = None,  # other columns, which may decide what this one leaves open
) -> tuple[Array, Choice]:
    """Return a column of text as numbers where it holds any, and how it was read."""
    kinds = {name: kind} if kind else {}
    choice = choose_text_formats(Table({name: column}), kinds).get(name, ORDINARY)
    if not choice.sure and beside is not None:
        choice = choose_text_formats(beside.replaced({name: column}), kinds)[name]
    if not isinstance(choice.format, NumberFormat):
        return column, choice
    return read_column_in(choice.format, name, column), choice


def read_column_in(written: Format, name: str, column: Array) -> Array:
    """Return a column of text as numbers or moments, in its format."""
    if isinstance(written, DateFormat):
        return as_moments(name, column, written)
    return as_numbers(name, column, written)


def _decimal_mark(chosen: Choice, texts: Sequence[str]) -> str:
    """Return the decimal mark that a column shows beyond doubt; empty if none."""
    if not isinstance(chosen.format, NumberFormat) or not chosen.sure:
        return ""
    marked = any(POINT in text or COMMA in text for text in texts)
    return chosen.format.decimal if marked else ""


def choose_formats(
    columns: Mapping[str, Sequence[str]], given: Mapping[str, Given] | None = None
) -> dict[str, Choice]:
    """Return the choice for each column of distinct texts."""
    given = given or {}
    choices = {name: _choose(texts, given.get(name, Given())) for name, texts in columns.items()}
    marks = {_decimal_mark(choice, columns[name]) for name, choice in choices.items()} - {""}
    orders = {
        choice.format.order
        for choice in choices.values()
        if isinstance(choice.format, DateFormat) and "first" in choice.words
    }
    mark, order = (shown.pop() if len(shown) == 1 else "" for shown in (marks, orders))
    return choices | {
        name: _choose(columns[name], given.get(name, Given()), mark, order)
        for name, choice in choices.items()
        if not choice.sure
    }


def _choose(texts: Sequence[str], given: Given, mark: str = "", order: str = "") -> Choice:
    told = bool(given.kind)
    is_compact = not given.kind and all(map(_COMPACT.fullmatch, texts))
    if given.kind in ("", NUMBERS) and not is_compact:
        choice = choose_number_format(texts, given=given.reading, hint=mark, told=told)
        if choice != ORDINARY or given.kind:
            return choice
    if given.kind in ("", DATES):
        return choose_date_format(texts, given=given.reading, hint=order, told=told)
    return ORDINARY


def _texts(table: Table, name: str) -> list[str]:
    """Return the distinct texts of a column; none if it holds anything else."""
    column = table[name]
    if column.dtype != object or column.ndim > 1:
        return []
    first = next((item for item in column if item is not None), None)
    if not isinstance(first, str):
        return []
    levels = [item for item in table.distinct(name).values if item is not None]
    return levels if all(isinstance(item, str) for item in levels) else []


_SAMPLE, _MIN_TEXTS = 1000, 20
"""Texts that are looked at, and how many are needed to tell what they have in common."""

_MIN_SHARE, _MAX_SHAPES = 0.9, 4
"""The share of texts that the most frequent shapes must have, and how many shapes these are."""

_MAX_WORDS, _MAX_UNITS = 24, 5
"""Different words between numbers, such as the names of months, and behind one, at most."""

_MIN_ALIKE = 4  # texts for each of these words, at least

_DIGITS, _WORD = re.compile(r"\d+"), re.compile(r"[^\W\d_]+")
_CODE = re.compile(r"0\d+$|\d*[^\d.,].*\d{5}|\d{5,}[^\d.,]+\d.*")
"""Digits with a zero before them, and long runs of digits beside others."""

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_OF_CODES = re.compile(r"0(?:\.0){2,}|.*[-+()#@_*\\|a]0.*|.*0-.*|.*0 0.*")
"""Shapes of versions and addresses, telephone numbers, spans, and letters right before digits."""

_OF_UNITS = re.compile(r"[^0]*0[^0]*a[^0]*")
"""Shapes of a number and words behind it, as of postal codes, houses and streets."""


def likeness(texts: Sequence[str]) -> str:
    """Return in words what the distinct texts of a column look like; empty if ordinary."""
    texts = texts[:_SAMPLE]
    if len(texts) < _MIN_TEXTS:
        return ""
    shapes = Counter(_WORD.sub("a", _DIGITS.sub("0", text.strip())) for text in texts)
    usual = [shape for shape, __ in shapes.most_common(_MAX_SHAPES) if "0" in shape]
    words = {word for text in texts for word in _WORD.findall(text)}
    if (
        sum(map(shapes.__getitem__, usual)) < _MIN_SHARE * len(texts)
        or len(words) > min(_MAX_WORDS, len(texts) / _MIN_ALIKE)
        or (words and max(map(len, words)) < 2 and any("0a" in shape for shape in usual))
        or any(map(_OF_CODES.fullmatch, usual))
        or any(_CODE.match(text.strip()) for text in texts)
        or (len(words) > _MAX_UNITS and all(map(_OF_UNITS.fullmatch, usual)))
        or 2 * sum(text.strip()[:1].isdigit() for text in texts) < len(texts)
    ):
        return ""
    of_days = 2 * sum(_YEAR.search(text) is not None for text in texts) > len(texts)
    what, remedy = "numbers", "give plain numbers"
    if of_days:
        what, remedy = "dates", "write them as 2019-01-16"
    example = next(text for text in texts if text.strip()[:1].isdigit())
    if words:  # a text that shows the words
        example = next(filter(_WORD.search, texts))
    return _("looks like {what}, such as {example!r}, but was not read as such; {remedy}").format(
        what=what, example=example[:40], remedy=remedy
    )
