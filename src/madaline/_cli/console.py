"""How commands are declared and read, and what they print and write."""

from __future__ import annotations

import errno
import json
import math
import sys
import tempfile
from argparse import ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from inspect import cleandoc
from pathlib import Path
from typing import Any, final

from madaline._charts.figure import Figure
from madaline._charts.html import bullets, document, figures, heading
from madaline._data.io.atomic import check_place, write_document
from madaline._data.kinds import GIVEN_KINDS
from madaline._evaluation.conformal import check_coverage
from madaline._extras import load_extra
from madaline._language import LANGUAGES
from madaline._language.translation import translate, translate_word
from madaline._language.widths import wrap
from madaline._words import format_list, paragraph, say
from madaline.errors import InputError

FORMATS = "a file (CSV, TSV, jsonl, Parquet, Feather or xlsx, compressed too), - for standard input"
"""Where a table may come from."""


@final
class Arguments:
    """The arguments of a command, or of a group of them: a parser whose arguments are short."""

    def __init__(self, parser: Any) -> None:
        self._parser = parser

    def group(self, title: str) -> Arguments:
        """Return a group of arguments, under a title of its own."""
        return Arguments(self._parser.add_argument_group(translate_word(title)))

    def exclusive(self) -> Arguments:
        """Return a group of arguments of which only one may be given, in the same place."""
        return Arguments(self._parser.add_mutually_exclusive_group())

    def add(self, form: str, text: str, **settings: Any) -> None:
        """Add an argument as its form says.

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
        self._parser.add_argument(*names, help=translate(text), **settings)

    def add_model(self) -> None:
        """Add the file of a fitted model."""
        self.add("MODEL", "a file that `madaline fit` wrote")
        text = (
            "of a file that `madaline fit --by` wrote, the group whose model is meant, with commas"
        )
        self.add("--group KEY", f"{text} between values; common is the model of all rows")

    def add_table(self, **settings: Any) -> None:
        """Add a table for a fitted model, and how its files are read."""
        text = f"{FORMATS}, a pattern of files in quotes, or a folder of them, of images or sounds"
        self.add("TABLE", text, **settings)
        self.add_reading()
        self.add("--skip-broken", "go on without images and sounds that cannot be read")
        self.add_root()

    def add_reading(self) -> None:
        """Add how a table in a file is read."""
        text = "how a text file is encoded, such as gb18030 or windows-1250"
        self.add("--encoding NAME", f"{text} (default: UTF-8 if it is, else guessed)")
        text = "words and numbers that stand for missing values, such as tbc or -999"
        self.add("--missing WORD ...", text)

    def add_root(self) -> None:
        """Add the folder that files named in a table must be in."""
        text = "folder that images and sounds named in the table must be in"
        self.add("--root FOLDER", f"{text} (default: that of the table)")

    def add_spreadsheet(self) -> None:
        """Add the option to write text that no spreadsheet takes for a formula."""
        text = "write ' before text that a spreadsheet would take for a formula (= + - @)"
        self.add("--spreadsheet", text)

    def add_task(self) -> None:
        """Add the task, where it is not to be inferred."""
        text = "what the target is (default: inferred from its values)"
        self.add("--task", text, choices=("classification", "regression"))

    def add_seed(self) -> None:
        """Add the seed."""
        text = "seed of all random numbers (default: %(default)s)"
        self.add("--seed N", text, type=at_least(0), default=0)

    def add_columns(self) -> Arguments:
        """Add what is said about columns, and return their group."""
        columns = self.group("columns (each may name several, and be repeated)")
        columns.add("--drop COLUMN ...", "leave these columns out")
        columns.add("--category COLUMN ...", "treat these as categories, even if they hold numbers")
        columns.add("--number COLUMN ...", "treat these as numbers")
        columns.add("--text COLUMN ...", "treat these as texts, by their words")
        kinds = ", ".join(GIVEN_KINDS)
        columns.add("--kind COLUMN=KIND ...", f"give the kind of a column: {kinds}")
        return columns

    def add_groups(self) -> None:
        """Add the column that tells which rows belong together."""
        self.add("--groups COLUMN", "rows with equal values (a patient, a day) stay in one fold")

    def add_times(self) -> None:
        """Add when rows were recorded, which decides how they are held out."""
        text = "when rows were recorded: scores are of later rows, predicted from earlier ones"
        times = self.exclusive()
        times.add("--time COLUMN", f"{text} (default: as the fit finds best)")
        times.add("--in-order", "the rows are in the order of time")
        times.add("--no-time", "deal rows to folds at random, whatever their dates")

    def add_resources(self) -> None:
        """Add the processors and the memory of a fit."""
        text = "processors to use; the result does not depend on it (default: all)"
        self.add("--jobs N", text, type=at_least(1))
        text = "memory to take at most, such as 2GB (default: three quarters of what is free)"
        self.add("--memory SIZE", text)

    def add_time(self, default: str = "as in the file") -> None:
        """Add the column that orders the rows."""
        self.add("--time COLUMN", f"sort the rows by this column (default: {default})")

    def add_json(self, text: str = "print one JSON object") -> None:
        """Add the option to print JSON."""
        self.add("--json", text)


@final
class Commands:
    """The commands of the parser."""

    def __init__(self, subparsers: Any) -> None:
        self._subparsers = subparsers

    def add(
        self,
        name: str,
        run: Callable[[Namespace], None],
        about: str,
        description: str,
        /,
        usage: str | None = None,
        **defaults: Any,
    ) -> Arguments:
        """Add a command and return its arguments; examples end its description."""
        description, examples = cleandoc(description).rsplit("\n\n", 1)
        parser = self._subparsers.add_parser(
            name,
            help=translate(about),
            description=help_paragraphs(description),
            epilog=translate(examples),
            usage=usage and translate(usage),
            formatter_class=HelpFormatter,
        )
        parser.set_defaults(run=run, **defaults)
        add_language(parser)
        return Arguments(parser)


@final
class HelpFormatter(RawDescriptionHelpFormatter):
    """Writes help in the language that people read."""

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        """Add the usage, after a word of that language."""
        super().add_usage(
            usage, actions, groups, translate_word("usage: ") if prefix is None else prefix
        )

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrap(text, width, "", "").splitlines()


def help_paragraphs(text: str) -> str:
    """Return paragraphs of help in the language that people read; English ones as they stand."""
    paragraphs = text.split("\n\n")
    translated = [translate(" ".join(one.split())) for one in paragraphs]
    return "\n\n".join(
        one if new == " ".join(one.split()) else paragraph(new)
        for one, new in zip(paragraphs, translated, strict=True)
    )


def add_language(parser: Any) -> None:
    """Add the language of messages, which is read before the parser writes a word."""
    text = "language of what people read (default: MADALINE_LANG, or that of the system)"
    parser.add_argument("--lang", choices=tuple(LANGUAGES), help=translate(text))


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


def coverage(text: str) -> float:
    """Return a coverage, for argparse."""
    try:
        return check_coverage(float(text))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no share between 0 and 1, such as 0.9") from None


_ENDINGS = (".html", ".svg", ".png", ".pdf")


def say_lines(lines: Iterable[str]) -> None:
    """Write lines of a result to standard output."""
    say("\n".join(lines), sys.stdout)


def say_page(sections: Iterable[Iterable[str]]) -> None:
    """Write the lines of each section to standard output, with an empty line between sections."""
    texts = ("\n".join(lines) for lines in sections)
    say_lines(["\n\n".join(text for text in texts if text)])


def tell(*texts: str) -> None:
    """Write messages to standard error."""
    for text in texts:
        say(text, sys.stderr)


def say_json(value: dict[str, Any]) -> None:
    """Write a result to standard output, as one JSON object."""
    say(json.dumps(finite(value)), sys.stdout, as_it_is=True)


def say_csv(content: bytes) -> None:
    """Write a table in CSV to standard output: its bytes, but to a terminal as printable text."""
    if sys.stdout is None:
        return
    if sys.stdout.isatty():
        say(content.decode().removesuffix("\n"), sys.stdout, as_it_is=True)
        return
    sys.stdout.flush()  # CSV is in UTF-8, whatever the encoding of the terminal: it is a file
    sys.stdout.buffer.write(content)


def finite(value: Any) -> Any:
    """Return a JSON-able value with None for what JSON lacks: infinities and NaN."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: finite(item) for name, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, list | tuple) else value


def suggestion(name: str, names: Sequence[str]) -> str:
    """Return what somebody may have meant by a name that is not there."""
    folded = {option.casefold(): option for option in reversed(names)}
    close = get_close_matches(name.casefold(), folded, n=3)
    if close:
        return f"did you mean {' or '.join(folded[match] for match in close)}?"
    return f"there are {format_list(names, limit=12)}."


def check_destination(path: Path, *, sources: Iterable[str]) -> None:
    """Refuse a path that a file could not be written to."""
    check_place(path)
    for source in sources:
        if path.exists() and Path(source).exists() and path.samefile(source):
            raise InputError(f"{path} is what is read: give another file to write.")
    with writing(path), tempfile.TemporaryFile(dir=path.parent):
        pass  # files are written beside their path and then moved, so the folder decides


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the operating system refuses while a file is written into a sentence."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from None


def unwritable(path: Path, error: OSError) -> InputError:
    """Return the sentence for a file that the operating system would not write."""
    reason = (error.strerror or str(error)).lower()
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    remedy = "free some space" if full else "allow writing there"
    return InputError(f"{path} cannot be written, {reason}: {remedy}, or write elsewhere with -o.")


def picture_path(name: str | None, *, sources: Sequence[str]) -> Path | None:
    """Return where a picture goes, or None; refuse what could not be written there."""
    if name is None:
        return None
    path = Path(name)
    if path.suffix.lower() not in _ENDINGS:
        raise InputError(f"{path} has no ending of a picture: give {', '.join(_ENDINGS)}.")
    check_destination(path, sources=sources)
    if path.suffix.lower() != ".html":
        load_extra("matplotlib.pyplot", extra="plot", purpose=f"A picture in {path.suffix}")
    return path


def write_picture(
    path: Path, drawn: Sequence[Figure], *, title: str, sentences: Sequence[str], above: str = ""
) -> None:
    """Write figures one above the other; a page has what stands above them and sentences, too."""
    with writing(path):
        if path.suffix.lower() == ".html":
            page = document(title, heading(title), above, figures(drawn), bullets(sentences))
            write_document(path, page)
        else:
            _draw(path, drawn, title)


def _draw(path: Path, drawn: Sequence[Figure], title: str) -> None:
    from matplotlib.figure import Figure as Sheet

    from madaline.plots._drawing import draw

    sheet = Sheet(figsize=(8, 3.5 * len(drawn)), layout="constrained")
    sheet.suptitle(title)
    for figure, axes in zip(drawn, sheet.subplots(len(drawn), 1, squeeze=False)[:, 0], strict=True):
        draw(figure, axes)
    sheet.savefig(path)
