"""Makes the text of a CSV file regular: one line a row, without what is no part of the table."""

from __future__ import annotations

import re
from dataclasses import dataclass

_EXCEL = re.compile(r"\"?sep=(?P<separator>[^\r\n])\"?\r?(?:\n|\Z)", re.IGNORECASE)
"""The first line by which Excel is told the separator."""

_SPACES = " \f\v\r\t\u0085\u00a0\u2028\u2029\ufeff"
_LINE_ENDS = ("\r", "\u0085", "\u2028", "\u2029")


@dataclass(frozen=True)
class CsvText:
    r"""The text of a CSV file.

    Parameters
    ----------
    text : str
        Lines that end with ``\n`` or ``\r\n``.
    separator : str
        What its first line says; empty if nothing.
    n_before : int
        Lines before the text.
    """

    text: str
    separator: str = ""
    n_before: int = 0

    @classmethod
    def of(cls, text: str) -> CsvText:
        r"""Return a text without byte-order marks and without the line for Excel.

        Examples
        --------
        >>> CsvText.of("\ufeff\ufeffsep=;\na;b\n1;2\n")
        CsvText(text='a;b\n1;2\n', separator=';', n_before=1)
        """
        text = text.lstrip("\ufeff")
        if "\n" not in text:
            end = next((end for end in _LINE_ENDS if end in text.rstrip()), "\r")
            text = text.replace(end, "\n")
        excel = _EXCEL.match(text)
        if excel is None:
            return cls(text)
        return cls(text[excel.end() :], excel["separator"], 1)


def without_blank_lines(text: str, separator: str) -> tuple[str, int]:
    r"""Return a text without its blank lines, and how many there were.

    A line is blank if there is nothing but spaces in it. Lines within quotes stay, and so does a
    line of separators alone, which is a row without values.

    Examples
    --------
    >>> without_blank_lines('a,b\n\n1,"x\n\ny"\n  \n', ",")
    ('a,b\n1,"x\n\ny"\n', 2)
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
