"""The commands by name: a line on each, and the module that is loaded when one of them runs."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from importlib import import_module
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, final

from madaline._apps.cli.help import HelpFormatter, add_language, help_paragraphs
from madaline._base.language import translate

if TYPE_CHECKING:
    from madaline._apps.cli.options import Command


@final
@dataclass(frozen=True)
class CommandEntry:
    """A command of which nothing is loaded yet.

    For the command `fit` its module has a `Command`, ``FIT``, and a function, ``run_fit``.
    """

    name: str
    module: str  # of this room
    about: str

    def add_to(self, subparsers: Any, *, name_only: bool) -> None:
        """Add the command to the parsers of all commands."""
        about = translate(self.about)
        if name_only:
            subparsers.add_parser(self.name, help=about)
            return
        command = self.load()
        description, examples = cleandoc(command.description).rsplit("\n\n", 1)
        parser = subparsers.add_parser(
            self.name,
            help=about,
            description=help_paragraphs(description),
            epilog=translate(examples),
            usage=translate(command.usage) if command.usage else None,
            formatter_class=HelpFormatter,
        )
        parser.set_defaults(run=self.run, **command.defaults)
        add_language(parser)
        for option in command.options:
            option.add_to(parser)

    def load(self) -> Command:
        """Return what the command says of itself, and its options."""
        command: Command = getattr(self._loaded(), self.name.upper())
        return command

    def run(self, arguments: Namespace) -> None:
        """Run the command."""
        getattr(self._loaded(), f"run_{self.name}")(arguments)

    def _loaded(self) -> Any:
        return import_module(f"madaline._apps.cli.{self.module}")


# fmt: off
COMMANDS = (
    CommandEntry("look", "before_fit", "look at a table before a fit"),
    CommandEntry("fit", "fit", "learn to predict a column of a table"),
    CommandEntry("predict", "predict", "predict the rows of a table"),
    CommandEntry("forecast", "later_rows", "predict the rows that come next"),
    CommandEntry("explain", "explain", "show what each prediction comes from"),
    CommandEntry("info", "describe", "describe a fitted model"),
    CommandEntry("story", "describe", "tell how a model was found"),
    CommandEntry("effects", "explain", "show how predictions change with a column"),
    CommandEntry("counterfactual", "explain", "find the smallest change that leads to another prediction"),
    CommandEntry("doctor", "describe", "list problems of a model, or of a new table"),
    CommandEntry("report", "describe", "write a report about a model"),
    CommandEntry("card", "describe", "write a model card"),
    CommandEntry("export", "export", "write a model as C, JavaScript, a page or ONNX"),
    CommandEntry("stream", "streams", "play back a table in the order of time: predict each row, then learn it"),
    CommandEntry("serve", "serve", "serve models over HTTP, with a page to try them"),
    CommandEntry("watch", "later_rows", "find what changes in new rows: columns, predictions, errors, calibration"),
    CommandEntry("update", "later_rows", "go on with new rows: as it is, adjusted, or fitted anew"),
    CommandEntry("compare", "before_fit", "set other methods beside madaline, on the same folds"),
    CommandEntry("playground", "playground", "watch networks learn, on a page in the browser"),
    CommandEntry("sample", "sample", "draw rows like those of a table"),
    CommandEntry("fill", "fill", "fill the gaps of a table"),
)
