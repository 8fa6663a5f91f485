"""How a command is declared: its options, with what they say, and how their values are read."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

from madaline._base.language import _, translate, translate_word
from madaline._race.evaluation.conformal import check_coverage
from madaline._tables.kinds import GIVEN_KINDS

FORMATS = "a file (CSV, TSV, jsonl, Parquet, Feather or xlsx, compressed too), - for standard input"
"""Where a table may come from."""


@final
class Option:
    """An argument of a command, whose form says how it is given.

    ``MODEL`` is needed; ``-q --quiet`` is a flag; ``-o --output PATH`` has a value; and ``--drop
    COLUMN ...`` has several values and may be repeated. `settings` are those of argparse.
    """

    def __init__(self, form: str, text: str, **settings: Any) -> None:
        *names, last = form.removesuffix(" ...").split()
        if not names and not last.startswith("-"):
            names = [last.lower()]
            settings = {"metavar": last, **settings}
        elif not last.startswith("-"):
            settings = {"metavar": last, **settings}
        else:
            names = [*names, last]
            settings = settings or {"action": "store_true"}
        if form.endswith(" ..."):
            settings = {"nargs": "+", "action": "extend", "default": [], **settings}
        self.names = tuple(names)
        self.text = text
        self.settings = settings

    def add_to(self, parser: Any) -> None:
        """Add the argument to a parser of argparse, or to a group of it."""
        parser.add_argument(*self.names, help=translate(self.text), **self.settings)


@final
@dataclass(frozen=True)
class OptionGroup:
    """Options under a title of their own."""

    title: str
    options: Sequence[Option | ExclusiveOptions]

    def add_to(self, parser: Any) -> None:
        """Add the group to a parser."""
        add_options(parser.add_argument_group(translate_word(self.title)), self.options)


@final
@dataclass(frozen=True)
class ExclusiveOptions:
    """Options of which only one may be given."""

    options: Sequence[Option]

    def add_to(self, parser: Any) -> None:
        """Add the options to a parser."""
        add_options(parser.add_mutually_exclusive_group(), self.options)


def add_options(parser: Any, options: Iterable[Option | OptionGroup | ExclusiveOptions]) -> None:
    """Add options to a parser."""
    for option in options:
        option.add_to(parser)


@final
@dataclass(frozen=True, eq=False)
class Command:
    """What a command says of itself, and its options."""

    description: str  # examples end it
    options: Sequence[Option | OptionGroup | ExclusiveOptions]
    usage: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)  # of options that it does not have


def at_least(least: int) -> Callable[[str], int]:
    """Return a reader of whole numbers that are not too small, for argparse."""

    def read(text: str) -> int:
        number = int(text) if text.strip().lstrip("+-").isdecimal() else least - 1
        if number < least:
            raise ArgumentTypeError(
                _("{text!r} is not a whole number of {least} or more").format(
                    text=text, least=least
                )
            )
        return number

    return read


def above_zero(text: str) -> float:
    """Return a number of seconds, for argparse."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ArgumentTypeError(_("{text!r} is not a number above 0").format(text=text))
    return number


def coverage(text: str) -> float:
    """Return a coverage, for argparse."""
    try:
        return check_coverage(float(text))
    except ValueError:
        raise ArgumentTypeError(
            _("{text!r} is no share between 0 and 1, such as 0.9").format(text=text)
        ) from None


def span(text: str) -> float | str:
    """Return a number of steps, or a length of time in words as it is, for argparse."""
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


def quantiles(text: str) -> float | tuple[float, ...]:
    """Return a level, or several with commas between them, for argparse."""
    try:
        levels = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ArgumentTypeError(
            _("{text!r} is no number between 0 and 1, such as 0.9").format(text=text)
        ) from None
    return levels if len(levels) > 1 else levels[0]


def rows_or_all(text: str) -> int | None:
    """Return a number of rows, None for all, for argparse."""
    return None if text == "all" else at_least(10)(text)


def table_of_model(**settings: Any) -> tuple[Option, ...]:
    """Return the options for a table that a fitted model reads."""
    return (
        Option(
            "TABLE",
            _(
                "{FORMATS}, a pattern of files in quotes, or a folder of them, of images or sounds"
            ).format(FORMATS=FORMATS),
            **settings,
        ),
        *READING,
        Option("--skip-broken", "go on without images and sounds that cannot be read"),
        ROOT,
    )


def order_by(default: str = "as in the file") -> Option:
    """Return the option for the column that orders the rows."""
    return Option(
        "--time COLUMN",
        _("sort the rows by this column (default: {default})").format(default=default),
    )


FIT_DEFAULTS: Mapping[str, Any] = {
    **dict.fromkeys(("weight", "groups", "root", "memory", "metric", "class_weight")),
    **dict.fromkeys(("number", "text"), ()),
    "skip_broken": False,
}
"""Options that reading a table for a fit asks for, and other commands may lack."""

# Each option and what it says of itself is one line.
# fmt: off
READING = (
    Option("--encoding NAME", "how a text file is encoded, such as gb18030 or windows-1250 (default: UTF-8 if it is, else guessed)"),
    Option("--missing WORD ...", "words and numbers that stand for missing values, such as tbc or -999"),
)
ROOT = Option("--root FOLDER", "folder that images and sounds named in the table must be in (default: that of the table)")
SKIP_BROKEN = Option("--skip-broken", "leave out images and sounds that cannot be read")
MODEL = (
    Option("MODEL", "a file that `madaline fit` wrote"),
    Option("--group KEY", "of a file that `madaline fit --by` wrote, the group whose model is meant, with commas between values; common is the model of all rows"),
)
TARGET = Option("--target COLUMN", "the column to predict", action="append")
TASK = Option("--task", "what the target is (default: inferred from its values)", choices=("classification", "regression"))
COLUMNS = OptionGroup("columns (each may name several, and be repeated)", (
    Option("--drop COLUMN ...", "leave these columns out"),
    Option("--category COLUMN ...", "treat these as categories, even if they hold numbers"),
    Option("--number COLUMN ...", "treat these as numbers"),
    Option("--text COLUMN ...", "treat these as texts, by their words"),
    Option("--kind COLUMN=KIND ...", _("give the kind of a column: {GIVEN_KINDS}").format(GIVEN_KINDS=_(", ").join(GIVEN_KINDS))),
))
WEIGHT = Option("--weight COLUMN", "how much each row counts")
GROUPS = Option("--groups COLUMN", "rows with equal values (a patient, a day) stay in one fold")
TIMES = ExclusiveOptions((
    Option("--time COLUMN", "when rows were recorded: scores are of later rows, predicted from earlier ones (default: as the fit finds best)"),
    Option("--in-order", "the rows are in the order of time"),
    Option("--no-time", "deal rows to folds at random, whatever their dates"),
))
SEED = Option("--seed N", "seed of all random numbers (default: %(default)s)", type=at_least(0), default=0)
RESOURCES = (
    Option("--jobs N", "processors to use; the result does not depend on it (default: all)", type=at_least(1)),
    Option("--memory SIZE", "memory to take at most, such as 2GB (default: three quarters of what is free)"),
)
JOBS = Option("--jobs N", "processors to use (default: all)", type=at_least(1))
SPREADSHEET = Option("--spreadsheet", "write ' before text that a spreadsheet would take for a formula (= + - @)")
JSON = Option("--json", "print one JSON object")
QUIET = Option("-q --quiet", "print no progress")
