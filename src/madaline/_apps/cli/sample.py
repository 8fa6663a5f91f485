"""`madaline sample`: rows like those of a table, and how like they are."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from madaline._apps.cli.console import (
    check_destination,
    say_csv,
    say_json,
    say_lines,
    tell,
    writing,
)
from madaline._apps.cli.options import (
    COLUMNS,
    FORMATS,
    QUIET,
    READING,
    SEED,
    SPREADSHEET,
    Command,
    Option,
    OptionGroup,
    at_least,
)
from madaline._apps.cli.training_data import all_given_kinds
from madaline._apps.sampling import Sampler
from madaline._base.extras import load_polars
from madaline._base.language import _
from madaline._base.words import format_count, format_size, paragraph
from madaline._tables.io.atomic import write_atomically
from madaline._tables.io.compression import compressed, plain_name
from madaline._tables.io.csv_files import separator_in
from madaline._tables.io.table_files import (
    STANDARD_INPUT,
    check_output,
    format_predictions,
    without_formulas,
    write_frame,
)
from madaline._tables.io.tensor_file import SAMPLER, is_of_kind
from madaline.errors import InputError

# fmt: off
SAMPLE = Command(
    """
    Learns what ties the columns of a table together, and draws rows like those: with
    the same columns, types and formats, and nobody of the table among them. Tells
    how like real rows they are and how much is remembered, measured on rows that
    were held out. Values of few rows, identifiers and free texts are replaced. This
    is no differential privacy.

    examples:
      madaline sample penguins.csv -n 1000 -o rows.csv
      madaline sample penguins.csv -n 500 --given species=Gentoo -o gentoo.csv
      madaline sample people.csv -n 10000 -o rows.csv --page rows.html
      madaline sample people.csv --save people.sampler -n 10 -o rows.csv
      madaline sample people.sampler -n 10000 --seed 2 -o rows.csv
    """,
    (
        Option("TABLE", _("{FORMATS}; or a file that --save wrote").format(FORMATS=FORMATS)),
        Option("-n --rows N", "how many rows (default: 1000)", type=at_least(1), default=1000),
        Option("--given COLUMN=VALUE ...", "values of some columns; the rest is drawn to fit them"),
        Option("--balanced COLUMN", "as many rows of each value of this column"),
        SEED,
        OptionGroup("learning", (
            Option("--privacy SHARE", "share of rows that may lie nearer to rows learned from than to others, or safe, middle or sharp (default: 0.53)", default='0.53'),
            Option("--min-rows N", "values of fewer rows are not drawn (default: %(default)s)", type=at_least(1), default=5),
            Option("--first COLUMN ...", "columns to draw first, so that --given costs nothing"),
            Option("--target COLUMN", "the column that models predict to see how useful the rows are (default: the last)"),
            Option("--jobs N", "threads (default: all)", type=at_least(1)),
        )),
        OptionGroup(COLUMNS.title, (*COLUMNS.options,
            *READING,
        )),
        OptionGroup("output", (
            Option("-o --output FILE", "CSV, TSV, jsonl, Parquet or Feather (default: CSV, printed)"),
            SPREADSHEET,
            Option("--page PAGE", "write a page of distributions side by side"),
            Option("--save FILE", "write the sampler; the file is as confidential as the table"),
            Option("--json", "print the figures as one JSON object"),
            QUIET,
        )),
    ),
    usage="madaline sample TABLE -n ROWS [-o FILE] [options]",
    defaults={"task": None},
)
# fmt: on


def run_sample(arguments: Namespace) -> None:
    _check(arguments)
    given = dict(_given(text) for text in arguments.given)
    sampler = _sampler(arguments)
    if arguments.save is not None:
        with writing(Path(arguments.save)):
            sampler.save(arguments.save)
        tell(
            _("Wrote {save} ({size}).").format(
                save=arguments.save, size=format_size(Path(arguments.save).stat().st_size)
            )
        )
    values = sampler._values(arguments.rows, arguments.seed, given or None, arguments.balanced)
    write_rows(
        arguments,
        arguments.rows,
        lambda: {one.name: one.in_file(values[one.name]) for one in sampler._stored.columns},
        lambda: load_polars().DataFrame(sampler._frame(values)),
    )
    if arguments.page is not None:
        with writing(Path(arguments.page)):
            sampler.save_page(arguments.page)
        tell(_("Wrote {page}.").format(page=arguments.page))
    if arguments.json:
        say_json({"notes": list(sampler.notes_), **sampler.quality_.to_json()})
    else:
        notes = (paragraph(note, first="- ") for note in sampler.notes_)
        say_results(arguments, [*map(paragraph, sampler.quality_.sentences()), *notes])


def _check(arguments: Namespace) -> None:
    """Refuse files that cannot be written, before anything is learned."""
    if arguments.output is not None:
        check_output(Path(arguments.output))
    elif arguments.json:
        raise InputError("--json prints the figures: write the rows to a file with -o.")
    for other in filter(None, (arguments.output, arguments.page, arguments.save)):
        check_destination(Path(other), sources=[arguments.table])


def _sampler(arguments: Namespace) -> Sampler:
    """Return a sampler of a file, or one that learned from a table."""
    if is_of_kind(arguments.table, SAMPLER):
        if arguments.page is not None:
            raise InputError("A page needs the table: a saved sampler has no rows to compare with.")
        return Sampler.load(arguments.table)
    sampler = Sampler(
        privacy=_privacy(arguments.privacy),
        min_rows=arguments.min_rows,
        first=arguments.first,
        kinds=all_given_kinds(arguments),
        missing=arguments.missing,
        random_state=arguments.seed,
        n_jobs=arguments.jobs or -1,
    )

    def report(text: str) -> None:
        if not arguments.quiet:
            tell(f"  {text}")

    return sampler.fit(
        arguments.table, target=arguments.target, report=report, encoding=arguments.encoding
    )


def _privacy(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _given(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InputError(
            "--given is {text!r}: write the column and its value, as species=Gentoo.", text=text
        )
    return name, value


def write_rows(
    arguments: Namespace,
    n_rows: int,
    texts: Callable[[], Mapping[str, Any]],
    frame: Callable[[], Any],
) -> None:
    """Write texts to a text file or to the screen, and a frame of polars to any other file."""
    path = None if arguments.output is None else Path(arguments.output)
    ending = ".csv" if path is None else Path(plain_name(path)).suffix
    if path is not None and ending not in (".csv", ".tsv"):
        with writing(path):
            write_frame(path, frame())
    else:
        columns = without_formulas(texts()) if arguments.spreadsheet else texts()
        read = Path(arguments.table)
        separator = "" if read == STANDARD_INPUT else separator_in(read, arguments.encoding)
        separator = "\t" if ending == ".tsv" else separator if len(separator) == 1 else ","
        content = format_predictions(columns, separator=separator)
        if path is None:
            say_csv(content)
            return
        with writing(path):
            write_atomically(path, compressed(path, content))
    tell(_("Wrote {path} ({rows}).").format(path=path, rows=format_count(n_rows, "row")))


def say_results(arguments: Namespace, lines: Iterable[str]) -> None:
    """Print what was found: beside rows that are printed, to standard error."""
    if arguments.output is not None:
        say_lines(lines)
    elif not arguments.quiet:
        tell(*lines)
