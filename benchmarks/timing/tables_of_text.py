"""A table of text, to be printed or to be put into a page; and files of rows."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class TextTable:
    """Lines of cells under a title; the first `n_texts` columns are words, the others numbers."""

    title: str
    heads: Sequence[str]
    lines: Sequence[Sequence[str]]
    n_texts: int = 1

    def plain(self) -> str:
        """Return the table with its columns aligned."""
        rows = [self.heads, *self.lines]
        widths = [max(len(row[index]) for row in rows) for index in range(len(self.heads))]
        shown = [
            "  ".join(
                cell.ljust(width) if index < self.n_texts else cell.rjust(width)
                for index, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        return "\n".join([self.title, *shown, ""])

    def markdown(self) -> str:
        """Return the table as it stands in a page."""
        rules = ["---" if index < self.n_texts else "---:" for index in range(len(self.heads))]
        rows = [self.heads, rules, *self.lines]
        return "\n".join(
            [f"{self.title}:", "", *("| " + " | ".join(row) + " |" for row in rows), ""]
        )


def beside_floor(rows: Sequence[Row], time: str, floor: str) -> tuple[str, str]:
    """Return the floor of a time, and how many times that it is; nothing where there is none.

    Examples
    --------
    >>> beside_floor([{"ms": 3.0, "floor_ms": 2.0}], "ms", "floor_ms")
    ('2.00', '1.50')
    """
    least = middle(rows, floor)
    if not least:
        return "", ""
    return digits(least), f"{median(row[time] / row[floor] for row in rows):.2f}"


def put_into_page(page: str, section: str, text: str) -> str:
    r"""Return a page with the text between the two marks of a section.

    Examples
    --------
    >>> page = "a <!-- fit: begin --> old <!-- fit: end --> b"
    >>> put_into_page(page, "fit", "new")
    'a <!-- fit: begin -->\nnew\n<!-- fit: end --> b'
    """
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise SystemExit(f"The page has no place for {section}: put {begin} and {end} into it.")
    return f"{before}{begin}\n{text}\n{end}{after}"


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write rows to a CSV file, each as soon as it is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = None
        for row in rows:
            if writer is None:
                writer = csv.DictWriter(file, list(row))
                writer.writeheader()
            writer.writerow(row)
            file.flush()


def read_rows(path: Path) -> list[Row]:
    """Read rows from a CSV file; what looks like a number is one, what is empty is None."""
    if not path.is_file():
        raise SystemExit(f"There is no file of measurements at {path}: measure first.")
    with path.open(newline="", encoding="utf-8") as file:
        return [{key: _value(text) for key, text in line.items()} for line in csv.DictReader(file)]


def grouped(rows: Iterable[Row], *keys: str) -> dict[tuple[Any, ...], list[Row]]:
    """Return the rows by what they hold under some keys, in the order in which they come."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return groups


def middle(rows: Iterable[Row], key: str) -> float:
    """Return the median of what rows hold under a key."""
    return median(float(row[key]) for row in rows)


def spread(rows: Iterable[Row], key: str) -> str:
    """Return the range of what rows hold under a key, as a share of the median."""
    values = [float(row[key]) for row in rows]
    return f"{(max(values) - min(values)) / median(values):.0%}" if len(values) > 1 else "-"


def threads_in_words(threads: int) -> str:
    """Return a number of threads as it stands in a title."""
    return "one thread" if threads == 1 else f"{threads} threads"


def digits(value: float, count: int = 3) -> str:
    """Return a number with so many digits that mean something.

    Examples
    --------
    >>> digits(0.012345), digits(123456.0)
    ('0.0123', '123,456')
    """
    if value == 0 or abs(value) >= 10 ** (count - 1):
        return f"{value:,.0f}"
    decimals = max(0, count - 1 - int(f"{value:e}".split("e")[1]))
    return f"{value:.{decimals}f}"


def _value(text: str) -> Any:
    if text == "":
        return None
    try:
        return float(text) if any(mark in text for mark in ".en") else int(text)
    except ValueError:
        return text
