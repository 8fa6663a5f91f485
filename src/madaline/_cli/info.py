"""`madaline info`: what is in the file of a fitted model."""

from __future__ import annotations

import shlex
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from madaline._cli.arguments import add_json, add_model
from madaline._cli.output import say_json
from madaline._cli.sections import (
    column_table,
    importance_lines,
    network_lines,
    update_lines,
    verdict_lines,
)
from madaline._data.io.tensor_file import VERSION
from madaline._model import FittedModel
from madaline._report.data import verdict
from madaline._words import format_count, format_size, format_work, paragraph, say

HELP = "describe a fitted model"

DESCRIPTION = """\
Shows what a model predicts and from which columns, how well, and which networks
it consists of.
"""

EXAMPLES = """\
example:
  madaline info penguins.madaline
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    add_model(parser)
    add_json(parser)


def run(arguments: Namespace) -> None:
    """Describe a model."""
    path = Path(arguments.model)
    model = FittedModel.load(path)
    if arguments.json:
        say_json(_facts(model, path))
    else:
        texts = ("\n".join(lines) for lines in _sections(model, path))
        say("\n\n".join(text for text in texts if text), sys.stdout)


def _sections(model: FittedModel, path: Path) -> Iterator[Iterable[str]]:
    """Yield the lines of each section of the page."""
    summary = model.summary
    yield [paragraph(verdict(model)[0])]
    yield verdict_lines(model)
    yield importance_lines(summary.importances)
    yield [paragraph(model.constraints)] if model.constraints else []
    yield ["Columns:", *column_table(model.schema)]
    yield update_lines(model)
    yield [
        *network_lines(summary),
        f"Trained for {format_count(summary.epochs, 'epoch')}, {format_work(summary.multiply_adds)}"
        f"{_with_preset(summary.settings)}.",
        f"The file has {format_size(path.stat().st_size)} (format {VERSION}, written by madaline"
        f" {model.version}).",
        "How the networks were found:",
        f"  madaline story {shlex.quote(str(path))}",
    ]


def _with_preset(settings: Mapping[str, Any]) -> str:
    return f', with the preset "{settings["preset"]}"' if "preset" in settings else ""


def _facts(model: FittedModel, path: Path) -> dict[str, Any]:
    classes = getattr(model.predictor.target_encoder, "classes", None)
    return {
        "model": str(path),
        "bytes": path.stat().st_size,
        "format": VERSION,
        "madaline": model.version,
        **model.summary.to_json(),
        "classes": None if classes is None else classes.tolist(),
        "predicts": list(model.output_names),
        "columns": model.schema.to_json()["columns"],
        "kept_rows": 0 if model.kept_rows is None else model.kept_rows.n_rows,
        "updates": [update.to_json() for update in model.updates],
        "decisions": [decision.to_json() for decision in model.decisions],
    }
