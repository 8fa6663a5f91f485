"""The parser of the command line: one subparser for each command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Collection
from importlib import import_module
from typing import Any, NoReturn, final

from madaline import __version__
from madaline._apps.cli.commands import COMMANDS
from madaline._apps.cli.help import HelpFormatter, add_language, help_paragraphs
from madaline._base.language import _, translate, translate_word
from madaline._base.words import clip_text
from madaline.errors import InputError

# Where argparse looks up its sentences, and what it shows of None.
argparse._ = lambda text: text and _(text)  # type: ignore[attr-defined]

_DESCRIPTION = """\
Many adaptive networks, learning together: madaline learns from a table, tunes
itself, explains its decisions, and predicts.
"""

_EXAMPLES = """\
examples:
  madaline look penguins.csv --target species
  madaline fit penguins.csv --target species
  madaline predict penguins.madaline new_penguins.csv
  madaline explain penguins.madaline new_penguins.csv
  madaline report penguins.madaline penguins.csv -o penguins.html

`madaline COMMAND --help` describes each.
"""

_FILES = ("TABLE", "MODEL", "FILE", "REPORT", "PAGE", "CARD", "PICTURE", "FOLDER")  # names of files


def build_parser(words: Collection[str] | None = None) -> argparse.ArgumentParser:
    """Return the parser of the whole command line.

    Commands that are not among the `words` to be parsed have a line of help alone: to know their
    options takes most of madaline.
    """
    parser = _Parser(
        prog="madaline",
        description=help_paragraphs(_DESCRIPTION),
        epilog=translate(_EXAMPLES),
        formatter_class=HelpFormatter,
    )
    text = translate("show program's version number and exit")
    parser.add_argument("--version", action="version", version=f"madaline {__version__}", help=text)
    add_language(parser)
    text = translate("print what completes commands in this shell, and exit")
    parser.add_argument(
        "--print-completion",
        action=_PrintCompletion,
        choices=("bash", "zsh", "fish", "tcsh", "powershell"),
        help=text,
    )
    parser.set_defaults(run=lambda _: parser.print_help())
    subparsers = parser.add_subparsers(title=translate_word("commands"), metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(subparsers, name_only=words is not None and command.name not in words)
    return parser


@final
class _PrintCompletion(argparse.Action):
    """Prints a script that completes commands, options and names of files in a shell."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: Any = None) -> None:  # noqa: ARG002
        try:
            shtab: Any = import_module("shtab")
        except ImportError:
            raise InputError(
                "Completion in shells needs shtab, which is not installed: `pip install shtab`."
            ) from None
        whole: Any = build_parser()
        for command in whole._subparsers._group_actions[0].choices.values():
            for action in command._actions:
                if str(action.metavar) in _FILES:
                    action.complete = shtab.FILE
        sys.stdout.write(shtab.complete(whole, values) + "\n")
        parser.exit()


@final
class _Parser(argparse.ArgumentParser):
    """A parser whose errors are sentences like all others."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False, add_help=False)
        text = translate("show this help message and exit")
        self.add_argument("-h", "--help", action="help", help=text)
        self._positionals.title = translate_word("positional arguments")
        self._optionals.title = translate_word("options")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Return the arguments; refuse others here, where the command is known."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            are_files = all(map(os.path.isfile, unknown))
            remedy = "; write the pattern of several files in quotes" if are_files else ""
            self.error(
                _("unrecognized arguments: {unknown}{remedy}").format(
                    unknown=clip_text(" ".join(unknown), 200), remedy=remedy
                )
            )
        return known, unknown

    def error(self, message: str) -> NoReturn:
        """Raise the error as `InputError`."""
        raise InputError(
            "{message} (see `{prog} --help`).", message=message.rstrip("."), prog=self.prog
        )
