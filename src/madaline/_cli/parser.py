"""The parser of the command line: one subparser for each command."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn, final

from madaline import __version__
from madaline._cli import (
    card,
    counterfactual,
    doctor,
    effects,
    explain,
    export,
    fit,
    info,
    predict,
    report,
    serve,
    story,
    stream,
    update,
    watch,
)
from madaline.errors import InputError

_DESCRIPTION = """\
Many adaptive networks, learning together: madaline learns from a table, tunes
itself, explains its decisions, and predicts.
"""

_EXAMPLES = """\
examples:
  madaline fit penguins.csv --target species     (writes penguins.madaline)
  madaline predict penguins.madaline new_penguins.csv
  madaline explain penguins.madaline new_penguins.csv
  madaline info penguins.madaline
  madaline story penguins.madaline
  madaline doctor penguins.madaline new_penguins.csv
  madaline effects penguins.madaline penguins.csv
  madaline counterfactual penguins.madaline penguins.csv --row 3
  madaline report penguins.madaline penguins.csv -o penguins.html
  madaline card penguins.madaline -o README.md
  madaline export penguins.madaline -o penguins.onnx
  madaline update penguins.madaline more.csv -o penguins.madaline
  madaline stream prices.csv --target up --time day
  madaline serve penguins.madaline
  madaline watch penguins.madaline new_penguins.csv

`madaline COMMAND --help` describes each.
"""

COMMANDS: dict[str, Any] = {
    "fit": fit,
    "predict": predict,
    "explain": explain,
    "info": info,
    "story": story,
    "effects": effects,
    "counterfactual": counterfactual,
    "doctor": doctor,
    "report": report,
    "card": card,
    "export": export,
    "stream": stream,
    "serve": serve,
    "watch": watch,
    "update": update,
}


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = _Parser(
        prog="madaline",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"madaline {__version__}")
    parser.set_defaults(run=lambda _: parser.print_help())
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, command in COMMANDS.items():
        subparser = commands.add_parser(
            name,
            help=command.HELP,
            description=command.DESCRIPTION,
            epilog=command.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser


@final
class _Parser(argparse.ArgumentParser):
    """A parser whose errors are sentences like all others."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise the error as `InputError`."""
        raise InputError(f"{message.rstrip('.')} (see `{self.prog} --help`).")
