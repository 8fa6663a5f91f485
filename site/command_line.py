"""The reference of the command line, from its parsers: the directive `commands`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from madaline._apps.cli.parser import build_parser


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("commands", Commands)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class Commands(SphinxDirective):
    """A section for each command, with its usage and all its options."""

    def run(self) -> list[nodes.Node]:
        """Return the sections."""
        self.env.note_dependency(__file__)
        return [self._section(name, parser) for name, parser in commands(build_parser())]

    def _section(self, name: str, parser: argparse.ArgumentParser) -> nodes.section:
        section = nodes.section("", nodes.title("", name), ids=[name], names=[name])
        self.state.document.note_explicit_target(section)
        section += nodes.paragraph("", parser.description or "")
        section += nodes.literal_block("", parser.format_usage().strip(), language="text")
        for group in parser._action_groups:
            entries = [entry(action, parser) for action in group._group_actions if shown(action)]
            if entries:
                section += nodes.rubric("", (group.title or "").capitalize())
                section += nodes.definition_list("", *entries, classes=["options"])
        if parser.epilog:
            section += nodes.literal_block("", parser.epilog, language="text")
        return section


def commands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield each command with its parser."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


def shown(action: argparse.Action) -> bool:
    """Tell whether an argument is for users."""
    return action.help is not argparse.SUPPRESS


def entry(action: argparse.Action, parser: argparse.ArgumentParser) -> nodes.definition_list_item:
    """Return an argument with what it does, as `--help` says it."""
    formatter = parser._get_formatter()
    invocation = formatter._format_action_invocation(action)
    help_ = formatter._expand_help(action) if action.help else ""
    term = nodes.term("", "", nodes.literal("", invocation))
    return nodes.definition_list_item("", term, nodes.definition("", nodes.paragraph("", help_)))
