"""The parser of the command line: one subparser for each command."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn, final

from madaline import __version__
from madaline._cli.arguments import Commands
from madaline._cli.describe import add_card, add_doctor, add_export, add_info, add_report, add_story
from madaline._cli.explain import add_counterfactual, add_effects, add_explain
from madaline._cli.fit import add_fit
from madaline._cli.predict import add_predict
from madaline._cli.serve import add_serve
from madaline._cli.streams import add_stream, add_watch
from madaline._cli.update import add_update
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

COMMANDS = (
    add_fit,
    add_predict,
    add_explain,
    add_info,
    add_story,
    add_effects,
    add_counterfactual,
    add_doctor,
    add_report,
    add_card,
    add_export,
    add_stream,
    add_serve,
    add_watch,
    add_update,
)


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
    commands = Commands(parser.add_subparsers(title="commands", metavar="COMMAND"))
    for add in COMMANDS:
        add(commands)
    return parser


@final
class _Parser(argparse.ArgumentParser):
    """A parser whose errors are sentences like all others."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise the error as `InputError`."""
        raise InputError(f"{message.rstrip('.')} (see `{self.prog} --help`).")
