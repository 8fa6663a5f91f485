"""Arguments that several commands share, and short forms of argparse's calls."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from typing import Any

SEVERAL: dict[str, Any] = {"nargs": "+", "action": "extend"}
"""Settings of an option that takes several values and may be repeated."""

FORMATS = "a file (CSV, TSV, jsonl, Parquet, Feather or xlsx, compressed too), - for standard input"
"""Where a table may come from."""

TABLE = f"{FORMATS}, or a folder of images or sounds"


def add_model(parser: ArgumentParser) -> None:
    """Add the file of a fitted model."""
    parser.add_argument("model", metavar="MODEL", help="a file that `madaline fit` wrote")


def add_table(parser: ArgumentParser, *, optional: bool = False) -> None:
    """Add a table for a fitted model."""
    parser.add_argument("table", metavar="TABLE", nargs="?" if optional else None, help=TABLE)
    add_encoding(parser)
    add_flag(parser, "--skip-broken", "go on without images and sounds that cannot be read")
    add_root(parser)


def add_spreadsheet(parser: Any) -> None:
    """Add the option to write text that no spreadsheet takes for a formula."""
    text = "write ' before text that a spreadsheet would take for a formula (= + - @)"
    add_flag(parser, "--spreadsheet", text)


def add_encoding(parser: Any) -> None:
    """Add the encoding of a table in a text file."""
    text = "how a text file is encoded, such as gb18030 or windows-1250 (default: UTF-8 if it is)"
    add_option(parser, "--encoding NAME", text)


def add_root(parser: Any) -> None:
    """Add the folder that files named in a table must be in."""
    text = (
        "folder that images and sounds named in the table must be in (default: that of the table)"
    )
    add_option(parser, "--root FOLDER", text)


def add_json(parser: Any, text: str = "print one JSON object") -> None:
    """Add the option to print JSON."""
    add_flag(parser, "--json", text)


def add_flag(parser: Any, name: str, text: str) -> None:
    """Add an option without a value, such as ``-q --quiet``."""
    parser.add_argument(*name.split(), action="store_true", help=text)


def add_option(parser: Any, names: str, text: str, **settings: Any) -> None:
    """Add an option with a value to a parser or a group, such as ``-o --output PATH``."""
    *options, metavar = names.split()
    parser.add_argument(*options, metavar=metavar, help=text, **settings)


def at_least(least: int) -> Callable[[str], int]:
    """Return a reader of whole numbers that are not too small, for argparse."""

    def read(text: str) -> int:
        number = int(text) if text.strip().lstrip("+-").isdecimal() else least - 1
        if number < least:
            raise ArgumentTypeError(f"{text!r} is not a whole number of {least} or more")
        return number

    return read


def above_zero(text: str) -> float:
    """Return a number of seconds, for argparse."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def quantiles(text: str) -> float | tuple[float, ...]:
    """Return a level, or several with commas between them, for argparse.

    Examples
    --------
    >>> quantiles("0.9"), quantiles("0.1,0.9")
    (0.9, (0.1, 0.9))
    """
    try:
        levels = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no number between 0 and 1, such as 0.9") from None
    return levels if len(levels) > 1 else levels[0]
