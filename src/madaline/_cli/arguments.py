"""How commands and their arguments are declared and read, and the arguments that several share."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable
from inspect import cleandoc
from typing import Any, cast

FORMATS = "a file (CSV, TSV, jsonl, Parquet, Feather or xlsx, compressed too), - for standard input"
"""Where a table may come from."""

TABLE = f"{FORMATS}, or a folder of images or sounds"

TASKS = ("classification", "regression")


def add_command(
    commands: Any,
    name: str,
    run: Callable[[Namespace], None],
    about: str,
    description: str,
    examples: str,
) -> ArgumentParser:
    """Add a command and return its parser, which takes its arguments."""
    parser = commands.add_parser(
        name,
        help=about,
        description=cleandoc(description),
        epilog=cleandoc(examples),
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return cast("ArgumentParser", parser)


def add_argument(parser: Any, form: str, text: str, **settings: Any) -> None:
    """Add an argument, to a parser or a group of it, as its form says.

    ``MODEL`` is needed; ``-q --quiet`` is a flag; ``-o --output PATH`` has a value; and
    ``--drop COLUMN ...`` has several values and may be repeated.
    """
    *names, last = form.removesuffix(" ...").split()
    if not names and not last.startswith("-"):
        names, settings = [last.lower()], {"metavar": last, **settings}
    elif not last.startswith("-"):
        settings = {"metavar": last, **settings}
    elif settings:
        names = [*names, last]
    else:
        names, settings = [*names, last], {"action": "store_true"}
    if form.endswith(" ..."):
        settings = {"nargs": "+", "action": "extend", "default": [], **settings}
    parser.add_argument(*names, help=text, **settings)


def add_model(parser: Any) -> None:
    """Add the file of a fitted model."""
    add_argument(parser, "MODEL", "a file that `madaline fit` wrote")


def add_table(parser: Any, **settings: Any) -> None:
    """Add a table for a fitted model."""
    add_argument(parser, "TABLE", TABLE, **settings)
    add_encoding(parser)
    text = "go on without images and sounds that cannot be read"
    add_argument(parser, "--skip-broken", text)
    add_root(parser)


def add_spreadsheet(parser: Any) -> None:
    """Add the option to write text that no spreadsheet takes for a formula."""
    text = "write ' before text that a spreadsheet would take for a formula (= + - @)"
    add_argument(parser, "--spreadsheet", text)


def add_encoding(parser: Any) -> None:
    """Add the encoding of a table in a text file."""
    text = "how a text file is encoded, such as gb18030 or windows-1250 (default: UTF-8 if it is)"
    add_argument(parser, "--encoding NAME", text)


def add_root(parser: Any) -> None:
    """Add the folder that files named in a table must be in."""
    text = "folder that images and sounds named in the table must be in (default: that of the"
    add_argument(parser, "--root FOLDER", f"{text} table)")


def add_json(parser: Any, text: str = "print one JSON object") -> None:
    """Add the option to print JSON."""
    add_argument(parser, "--json", text)


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
    """Return a level, or several with commas between them, for argparse."""
    try:
        levels = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no number between 0 and 1, such as 0.9") from None
    return levels if len(levels) > 1 else levels[0]
