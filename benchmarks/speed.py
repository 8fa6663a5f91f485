"""How fast madaline is, and how much memory it takes, beside its peers and the machine's best."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tables import DEFAULT_FOLDER
from timing import convolution, engine, fit, growth, models, predict, start
from timing.tables_of_text import TextTable, put_into_page, read_rows, write_rows
from timing.workers import processors, serve_if_asked

SECTIONS = {
    "engine": engine,
    "convolution": convolution,
    "fit": fit,
    "predict": predict,
    "models": models,
    "growth": growth,
    "start": start,
}
PAGE = Path(__file__).with_name("performance.md")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the sections, print their tables and write their files; 0 if all went well."""
    options = _parse(arguments)
    for name in options.sections or SECTIONS:
        section, path = SECTIONS[name], options.output / f"{name}.csv"
        if not options.read:
            write_rows(path, section.measure(options))
        tables = section.tables(read_rows(path))
        print("\n".join(table.plain() for table in tables), flush=True)
        if options.markdown:
            _write_page(name, tables)
    return 0


def _write_page(section: str, tables: Sequence[TextTable]) -> None:
    text = "\n".join(table.markdown() for table in tables)
    PAGE.write_text(put_into_page(PAGE.read_text("utf-8"), section, text), "utf-8")


class _Options(argparse.Namespace):
    """What was asked for on the command line."""

    only: list[str] | None = None

    def wants(self, name: str) -> bool:
        """Return whether an engine or method takes part."""
        return self.only is None or name in self.only


def _parse(arguments: Sequence[str] | None) -> _Options:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "sections",
        nargs="*",
        choices=[[], *SECTIONS],
        metavar="SECTION",
        help=f"of {', '.join(SECTIONS)}; default: all",
    )
    parser.add_argument("--quick", action="store_true", help="the smallest sizes, few repetitions")
    parser.add_argument("--rounds", type=int, default=5, help="repetitions of each measurement")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these engines and methods only")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("build/speed"),
        metavar="FOLDER",
        help="where the files of measurements are; default: build/speed",
    )
    parser.add_argument("--read", action="store_true", help="do not measure, read those files")
    parser.add_argument(
        "--markdown", action="store_true", help="put the tables into benchmarks/performance.md"
    )
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data folder")
    options = parser.parse_args(arguments, namespace=_Options())
    too_many = [threads for threads in options.threads if threads > processors()]
    if too_many:
        print(
            f"{too_many} threads are left out: there are {processors()} processors.",
            file=sys.stderr,
        )
        options.threads = [t for t in options.threads if t not in too_many]
    return options


if __name__ == "__main__":
    serve_if_asked(SECTIONS)
    sys.exit(main())
