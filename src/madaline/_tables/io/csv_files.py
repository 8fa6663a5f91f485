"""Parses the text of a CSV file with any separator into columns of text."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, product
from pathlib import Path
from typing import Any

from madaline._base.extras import load_polars
from madaline._base.language import _
from madaline._base.words import format_count
from madaline._tables.formats.number_format import FormattedNumber
from madaline._tables.io.compression import plain_name
from madaline._tables.io.encodings import encoding_of
from madaline._tables.io.surroundings import HEAD, TAIL, count_above, count_below, skipped_words
from madaline._tables.table import listed
from madaline.errors import InputError

_SEPARATORS = (",", ";", "\t", "|", "^", "~")
_BLANKS = {" ": "[ \\t]+", "  ": "[ \\t]*(?:  |\\t)[ \\t]*"}
"""What separates the values of a table that is aligned by blanks: one or more, or two or more."""
_QUOTED = r'(?<!\S)"(?:[^"\n]|"")*"(?!\S)'

_SNIFFED_LINES, _MIN_USUAL = 50, 0.8
"""Lines that are looked at, and the share of them that have the usual width below a title."""

_MIN_SPLIT = 0.5  # share of lines that a separator splits alike, unless spaces do so for all

_TAIL_LETTERS = 2**14  # letters at the end of a file that are looked at

_BLOCK = 2**20
_HEAD_BYTES = 2**16  # that show the separator

_MAX_LINES = 5  # lines of a value, more than which show a quote that is never closed


def parse_csv(path: Path, content: bytes) -> tuple[Any, tuple[str, ...]]:
    """Return a polars frame of a CSV file, all of it text, and what was done, in sentences."""
    given = _CsvText.of(content.decode())
    found = given.separator or separator_of(path, given.text)
    given, separator = given.without_alignment(found)
    text, given, notes = _table_text(given, separator, is_aligned=found in _BLANKS)
    return _frame(path, text, given, separator), (*_separator_notes(given, found), *notes)


def stream_csv(path: Path, texts: Iterable[str]) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Yield a polars frame of each part of a CSV file, all of it text, and sentences.

    Each part of the text ends where a line ends. The first tells the separator and the names of the
    columns; only the last is looked at for totals and notes below the table.
    """
    parts = iter(texts)
    part, header, found, line = next(parts, ""), "", "", 0
    _check_streamable(path, part)
    while part:
        following, given = next(parts, ""), _CsvText.of(part)
        found = found or given.separator or separator_of(path, given.text)
        given, separator = given.without_alignment(found)
        if header:
            given = replace(given, text=header + given.text, n_before=line - header.count("\n"))
        text, given, notes = _table_text(
            given,
            separator,
            is_aligned=found in _BLANKS and not header,
            above=not header,
            below=not following,
        )
        frame = _frame(path, text, given, separator)
        yield frame, (*(() if header else _separator_notes(given, found)), *notes)
        header, line = header or _header(text, separator), line + part.count("\n")
        part = following


def _check_streamable(path: Path, text: str) -> None:
    """Refuse a large file whose lines can only be read all together."""
    if _RULER.search(text[:_BLOCK]) or _QUOTED_LINES.fullmatch(text[:_BLOCK]):
        raise InputError(
            "{path} is too large for a table that is drawn with lines, or whose lines are quoted as a whole: write it as CSV.",
            path=path,
        )


def _header(text: str, separator: str) -> str:
    """Return the first line of a table, which names the columns; a quoted name may hold more."""
    reader = _rows(text, separator)
    next(reader)
    return "".join(line + "\n" for line in text.split("\n", reader.line_num)[: reader.line_num])


def _separator_notes(given: _CsvText, separator: str) -> list[str]:
    if given.separator or separator not in _BLANKS:
        return []
    if separator == " ":
        return [_("Read with the separator {separator!r}.").format(separator=separator)]
    return ["Read as a table whose columns are aligned by two spaces or more."]


def _table_text(
    given: _CsvText,
    separator: str,
    *,
    is_aligned: bool = False,
    above: bool = True,
    below: bool = True,
) -> tuple[str, _CsvText, list[str]]:
    """Return the lines of a table alone, the text with them, and what was done, in sentences."""
    given, notes = _without_surroundings(given, separator, above=above, below=below)
    text, n_blank = _without_blank_lines(given.text, separator)
    if n_blank:
        notes.append(
            _("Skipped {blank_lines}.").format(blank_lines=format_count(n_blank, "blank line"))
        )
    text, of_rows = _with_row_names(text, separator, is_aligned=is_aligned)
    return text, given, [*notes, *of_rows]


def _frame(path: Path, text: str, given: _CsvText, separator: str) -> Any:
    polars, (names, unnamed) = load_polars(), _names(path, text, separator)
    try:
        frame = polars.read_csv(text.encode(), separator=separator, infer_schema=False)
    except polars.exceptions.NoDataError:
        raise InputError(
            "{path} is empty: give a table with column names and rows.", path=path
        ) from None
    except polars.exceptions.PolarsError as error:
        _check_widths(path, given, separator)
        reason = str(error).splitlines()[0][:100]
        raise InputError(
            "{path} is not a table that can be read ({reason}): check that every quote is closed.",
            path=path,
            reason=reason,
        ) from None
    if frame.width != len(names):
        raise InputError(
            "{path} is not a table: its first line and the rows do not fit together.", path=path
        )
    if frame.width > 1 and frame[:, -1].null_count() and not _are_full(frame, text, separator):
        _check_widths(path, given, separator)  # a short row looks like missing values
    frame = frame.rename(dict(zip(frame.columns, names, strict=True)))
    empty = [name for name in unnamed if not frame[name].drop_nulls().len()]
    return frame.drop(empty)  # lines end with a separator


def _are_full(frame: Any, text: str, separator: str) -> bool:
    """Return whether as many separators as values show that no row is short, without parsing."""
    return '"' not in text and text.count(separator) == (frame.height + 1) * (frame.width - 1)


def separator_of(path: Path, text: str) -> str:
    """Return the separator that splits the first lines into equally many values, and most."""
    head = "\n".join(text[: 1 << 20].split("\n", _SNIFFED_LINES)[:_SNIFFED_LINES])
    widths = {separator: _width(head, separator) for separator in _SEPARATORS}
    if plain_name(path).endswith((".tsv", ".tab")) and widths["\t"][1] > 1:
        return "\t"
    best = max(_SEPARATORS, key=lambda separator: widths[separator])
    return best if widths[best][0] > _MIN_SPLIT else _blanks_of(path, head) or best


def separator_in(path: Path, encoding: str | None = None) -> str:
    """Return what separates the values of a line of a file; empty of one that is no plain text."""
    with path.open("rb") as file:
        content = file.read(_HEAD_BYTES)
    try:
        encoding, _ = encoding_of(path, content, encoding)
    except InputError:
        return ""
    head = content.decode(encoding, "replace")
    return separator_of(path, head.rpartition("\n")[0] or head)


def _blanks_of(path: Path, head: str) -> str:
    """Return the blanks that split all lines into as many values; empty if there are none."""
    rows = {
        blanks: [row for row in _rows(_without_alignment(head, blanks), "\t") if row]
        for blanks in _BLANKS
    }
    for n_unnamed, blanks in product((0, 1), reversed(_BLANKS)):
        first, *others = rows[blanks] or [[]]
        alike = len(first) > 1 and {len(row) for row in others} == {len(first) + n_unnamed}
        are_columns = blanks == "  " and not n_unnamed  # otherwise some number tells from texts
        if alike and (are_columns or any(map(FormattedNumber.of, others[0]))):
            if n_unnamed and not _has_row_names(head, blanks):
                _refuse_alignment(path, first, others)
            return blanks
    first, *others = rows["  "] or [[]]
    if len(first) > 1 and others and all(len(row) > 1 for row in others):
        _refuse_alignment(path, first, others)
    return ""


def _has_row_names(head: str, blanks: str) -> bool:
    """Return whether the first value of a line is quoted, or stands before all names."""
    names, line = [line for line in head.split("\n") if line.strip()][:2]
    value = re.match(rf"\s*.*?(?={_BLANKS[blanks]})", line)
    indent = len(names) - len(names.lstrip())
    return line.lstrip().startswith('"') or (value is not None and value.end() <= indent)


def _refuse_alignment(path: Path, first: list[str], others: list[list[str]]) -> None:
    line, row = next((line, row) for line, row in enumerate(others, 2) if len(row) != len(first))
    raise InputError(
        "{path} looks like a table whose columns are aligned by spaces, but line {line} has {n_row} values where the first line has {n_first}: write it with commas.",
        path=path,
        line=line,
        n_row=len(row),
        n_first=len(first),
    )


def _without_alignment(text: str, blanks: str) -> str:
    """Return a text with a tab in place of blanks, of none at the ends of lines."""
    text = re.sub(r"^[ \t]+|[ \t]+(?=\r?$)", "", text, flags=re.MULTILINE)
    if '"' not in text:
        return re.sub(_BLANKS[blanks], "\t", text)
    pattern = re.compile(f"({_QUOTED})|{_BLANKS[blanks]}")
    return pattern.sub(lambda match: match[1] or "\t", text)


def _width(head: str, separator: str) -> tuple[float, int]:
    """Return the share of lines that are as wide as the first without titles, and that width."""
    widths = [len(row) for row in _rows(head, separator) if any(map(str.strip, row))]
    if not widths:
        return 0.0, 1
    first, (usual, count) = widths[0], Counter(widths).most_common(1)[0]
    if first < usual and usual > 2 and count >= _MIN_USUAL * len(widths):
        first = usual  # the first lines are titles
    if first < 2:
        return 0.0, 1
    return round(sum(width == first for width in widths) / len(widths), 1), first


def _without_surroundings(
    given: _CsvText, separator: str, *, above: bool = True, below: bool = True
) -> tuple[_CsvText, list[str]]:
    """Return a text without titles above the names of its columns and totals below the table."""
    reader, head = _rows(given.text, separator), list[list[str]]()
    ends = [0]  # the number of lines behind each row
    for row in islice(reader, HEAD):
        head.append(row)
        ends.append(reader.line_num)
    n_above = count_above(head) if above else 0
    lines = given.text[-_TAIL_LETTERS:].rstrip("\r\n").split("\n")[1:][-TAIL:]
    tail = [] if any(line.count('"') % 2 for line in lines) else [*map(_row(separator), lines)]
    has_rows = len(head) > n_above + 1
    n_below = count_below(tail, head[n_above + 1 :]) if below and has_rows else 0
    text = given.text if not n_above else given.text.split("\n", ends[n_above])[-1]
    if n_below:
        text = "\n".join(text.rstrip("\r\n").rsplit("\n", n_below)[:1]) + "\n"
    notes = [
        skipped_words(head[:n_above], "above the column names"),
        skipped_words(tail[len(tail) - n_below :], "below the table"),
    ]
    return replace(given, text=text, n_before=given.n_before + ends[n_above]), [
        *filter(None, notes)
    ]


def _row(separator: str) -> Callable[[str], list[str]]:
    return lambda line: next(_rows(line, separator), [])


def _names(path: Path, text: str, separator: str) -> tuple[list[str], list[str]]:
    """Return the names of the columns, and those of them that the file does not give."""
    header: list[str] = next((row for row in _rows(text, separator) if row), [])
    names = [name.strip() or f"column_{number}" for number, name in enumerate(header, 1)]
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise InputError(
            "{path} has more than one column {listed}: rename or remove the duplicates.",
            path=path,
            listed=listed(repeated),
        )
    return names, [name for name, cell in zip(names, header, strict=True) if not cell.strip()]


def _with_row_names(text: str, separator: str, *, is_aligned: bool) -> tuple[str, list[str]]:
    """Return a text whose first line has a name for those of rows, too, as R leaves it out."""
    rows = [row for row in islice(_rows(text, separator), HEAD) if row]
    is_of_r = len(rows) > 2 and {len(row) for row in rows[1:]} == {len(rows[0]) + 1}
    is_quoted = is_of_r and re.match(rf'"[^"]*"{re.escape(separator)}', text.split("\n", 2)[1])
    if not is_quoted and not (is_of_r and is_aligned):
        return text, []  # a value more may as well be due to a comma within a number
    return f"row_names{separator}{text}", ["The first value of each line is the name of the row."]


def _rows(text: str, separator: str) -> Any:
    """Return a reader of values of any length: texts may exceed the default limit of `csv`."""
    csv.field_size_limit(2**31 - 1)
    return csv.reader(_lines(text), delimiter=separator)


def _lines(text: str) -> Iterator[str]:
    """Yield the lines, of a block at a time: `StringIO` takes four bytes for each character."""
    start = 0
    while start < len(text):
        stop = text.find("\n", start + _BLOCK) + 1 or len(text)
        yield from io.StringIO(text[start:stop], newline="")
        start = stop


def _check_widths(path: Path, given: _CsvText, separator: str) -> None:
    """Raise `InputError` for the first line that has more or fewer values than the header."""
    reader = _rows(given.text, separator)
    expected, stop = 0, given.n_before
    try:
        for row in reader:
            if len(row) < 2 and not any(map(str.strip, row)):
                continue  # a blank line
            expected = expected or len(row)
            line, start = given.n_before + reader.line_num, stop + 1
            stop = line
            if len(row) != expected and line - start > _MAX_LINES:
                raise InputError(
                    "{path} is not a table: a quote in line {first} is not closed in line {line}; correct that line.",
                    path=path,
                    first=start,
                    line=start + _MAX_LINES,
                )
            if len(row) != expected:
                raise InputError(
                    "{path} is not a table: line {line} has {n_row} values where the first line has {expected}; correct that line.",
                    path=path,
                    line=line,
                    n_row=len(row),
                    expected=expected,
                )
    except csv.Error as error:
        line = given.n_before + reader.line_num
        raise InputError(
            "{path} is not a table: line {line}: {error}.", path=path, line=line, error=error
        ) from None


_EXCEL = re.compile(r"\"?sep=(?P<separator>[^\r\n])\"?\r?(?:\n|\Z)", re.IGNORECASE)
"""The first line by which Excel is told the separator."""

_RULER = re.compile(r"^[ \t]*[|+]?[-=: ]{2,}[|+][-=:|+ \t]*(?:\r?\n|\Z)", re.MULTILINE)
"""A line that separates the rows of a table drawn with signs, as in Markdown or by a database."""

_QUOTED_LINE = re.compile(r'^"((?:[^"\n]|"")*)"[ \t]*(?=\r?$)', re.MULTILINE)
_QUOTED_LINES = re.compile(
    r'"[^"\n]*[,;\t|][^"\n]*[,;\t|][^\n]*"[ \t]*\r?(?:\n(?:"(?:[^"\n]|"")*"[ \t]*\r?|$))*'
)
"""Lines each of which a program has quoted as a whole."""

_BARS = re.compile(r"^[ \t]*\||\|[ \t]*$", re.MULTILINE)

_LONE_RETURN = re.compile("\r(?![\r\n])")
_SPACES = " \f\v\r\t\u0085\u00a0\u2028\u2029\ufeff"
_LINE_ENDS = ("\r", "\u0085", "\u2028", "\u2029")


@dataclass(frozen=True)
class _CsvText:
    r"""The text of a CSV file."""

    text: str  # lines that end with \n or \r\n
    separator: str = ""  # what its first line says; empty if nothing
    n_before: int = 0  # lines before the text

    @classmethod
    def of(cls, text: str) -> _CsvText:
        """Return a text without byte-order marks and without the line for Excel."""
        text = text.lstrip("\ufeff").replace("\n\ufeff", "\n")
        if "\r" in text and _LONE_RETURN.search(text):
            text = text if "\n" not in text else re.sub("\r+\n?", "\n", text)
        if "\n" not in text:
            end = next((end for end in _LINE_ENDS if end in text.rstrip()), "\r")
            text = text.replace(end, "\n")
        if _RULER.search(text[:_BLOCK]):
            text = _BARS.sub("", _RULER.sub("", text))
        if _QUOTED_LINES.fullmatch(text[:_BLOCK]):
            text = _QUOTED_LINE.sub(lambda match: match[1].replace('""', '"'), text)
        excel = _EXCEL.match(text)
        if excel is None:
            return cls(text)
        return cls(text[excel.end() :], excel["separator"], 1)

    def without_alignment(self, separator: str) -> tuple[_CsvText, str]:
        """Return the text with tabs in place of blanks that separate, and its separator."""
        if separator not in _BLANKS:
            return self, separator
        return replace(self, text=_without_alignment(self.text, separator)), "\t"


def _without_blank_lines(text: str, separator: str) -> tuple[str, int]:
    r"""Return a text without its blank lines, and how many there were.

    A line is blank if there is nothing but spaces in it. Lines within quotes stay, and so does a
    line of separators alone, which is a row without values.
    """
    spaces = re.escape(_SPACES.replace(separator, ""))
    later = rf"\n(?:[{spaces}]*\n|[{spaces}]+\Z)"  # begins with a fixed sign, so is found fast
    if not re.match(rf"[{spaces}]*\n", text) and not re.search(later, text):
        return text, 0
    blank = re.compile(rf"^[{spaces}]*\n|^[{spaces}]+\Z", re.MULTILINE)
    if '"' not in text:
        return blank.subn("", text)
    kept: list[str] = []
    quoted, lines = False, text.split("\n")
    last = lines.pop()  # what stands behind the last line end: nothing, or a line without an end
    for line in [*(f"{line}\n" for line in lines), *filter(None, [last])]:
        if quoted or blank.fullmatch(line) is None:
            kept.append(line)
        quoted ^= line.count('"') % 2 == 1
    n_lines = len(lines) + bool(last)
    return "".join(kept), n_lines - len(kept)
