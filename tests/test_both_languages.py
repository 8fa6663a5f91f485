"""Sentences name arguments as Python does; the command line makes options of them."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from madaline import AdaptiveClassifier
from madaline._apps.cli.parser import build_parser
from madaline._base.words import for_command_line

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "madaline"
# Commands, the server and what reads files for commands know the language of their users.
OF_COMMANDS = ("cli", "serve", "playground", "io", "comparison")
OF_FILES = "_tables/rows.py"
# Only Python reaches these: they have no command.
OF_PYTHON = (
    "neural_network",
    "plots",
    "nn",
    "estimators",
    "attributions",
    "joint_encoder.py",
    "skl2onnx.py",
)
ARGUMENT = re.compile(r"(?<![\w.<])[a-z][a-z_]+=(?![=\w]*[\">])")
OPTION = re.compile(r"(?<![\w-])--[a-z]")


def sentences(path: Path) -> Iterator[str]:
    """Yield the texts of a module that people read: with spaces, and no docstrings."""
    tree = ast.parse(path.read_text())
    inside = {
        part
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr | ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node and (isinstance(node, ast.JoinedStr) or node.value is part)
        if isinstance(part, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = (getattr(part, "value", "") for part in node.values)
            text = "".join(part if isinstance(part, str) else "'x'" for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inside:
            text = node.value
        else:
            continue
        if " " in text.strip() and not re.search(r"</|/>|<\w|^ \w+=\"|^\w+\(", text):
            yield text


SHARED = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if not {*OF_COMMANDS, *OF_PYTHON} & set(path.parts)
    and path.name != "command_line.py"
    and path.relative_to(PACKAGE).as_posix() != OF_FILES
]


def test_sentences_of_both_doors_are_in_one_language() -> None:
    texts = [(path, text) for path in SHARED for text in sentences(path)]
    assert len(texts) > 1000
    of_one = [
        f"{path.relative_to(PACKAGE)}: {text}"
        for path, text in texts
        if OPTION.search(text.replace("pip install --upgrade", ""))
        or ARGUMENT.search(for_command_line(text))
    ]
    assert not of_one, "\n".join(of_one)


def test_every_option_that_takes_the_place_of_an_argument_exists() -> None:
    from madaline._base.language import command_line

    commands = build_parser()._subparsers._group_actions[0].choices.values()
    known = {option for each in commands for option in each._option_string_actions}
    options = {*command_line._OPTIONS.values(), *command_line._WITHOUT_VALUE.values()}
    assert {*options, "--drop", "--json"} <= known
    arguments = {*inspect.signature(AdaptiveClassifier).parameters}
    arguments |= {*inspect.signature(AdaptiveClassifier.fit).parameters}
    elsewhere = {"first", "task", "without", "keep_models", "max_loss"}  # of other functions
    assert set(command_line._OPTIONS) - elsewhere <= arguments
