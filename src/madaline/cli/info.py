"""`madaline info`: what a fitted model is, from its file alone."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from madaline.cli.importance import importance_lines
from madaline.cli.progress import decision_line
from madaline.cli.report import column_table, finite, network_lines, verdict_lines
from madaline.cli.words import paragraph, say
from madaline.data.io.tensor_file import VERSION
from madaline.model import FittedModel
from madaline.words import count, size, some, work

HELP = "look into a fitted model"

DESCRIPTION = """\
Says what a model predicts and from which columns, how well, which networks it
consists of, and what was decided on the way to it.
"""

EXAMPLES = """\
example:
  madaline info penguins.madaline
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Tell the parser what can be typed."""
    parser.add_argument("model", metavar="MODEL", help="a file that `madaline fit` wrote")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: Namespace) -> None:
    """Describe a model."""
    path = Path(arguments.model)
    model = FittedModel.load(path)
    text = json.dumps(finite(_facts(model, path))) if arguments.json else _page(model, path)
    say(text, sys.stdout)


def _page(model: FittedModel, path: Path) -> str:
    matters = importance_lines(model.summary.importances)
    sections = (_what(model), verdict_lines(model.summary), matters, _columns(model))
    more = (_networks(model, path), _decisions(model))
    texts = ("\n".join(lines) for lines in (*sections, *more))
    return "\n\n".join(text for text in texts if text)


def _what(model: FittedModel) -> Iterator[str]:
    summary = model.summary
    yield paragraph(
        f"Predicts {summary.target} ({_outcome(model)}) from"
        f" {count(summary.n_columns, 'column')}, learned from {count(summary.n_samples, 'row')}."
    )


def _outcome(model: FittedModel) -> str:
    classes = _classes(model)
    return "a number" if classes is None else f"{len(classes)} classes: {some(classes)}"


def _classes(model: FittedModel) -> list[Any] | None:
    classes = getattr(model.predictor.target_encoder, "classes", None)
    return None if classes is None else list(classes)


def _columns(model: FittedModel) -> Iterator[str]:
    yield "Columns:"
    yield from column_table(model.schema)


def _networks(model: FittedModel, path: Path) -> Iterator[str]:
    yield from network_lines(model.summary)
    yield (
        f"Trained in {count(model.summary.epochs, 'epoch')}, {work(model.summary.multiply_adds)};"
        f" the file has {size(path.stat().st_size)}"
    )
    yield f"(format {VERSION}, fitted by madaline {model.version})."


def _decisions(model: FittedModel) -> Iterator[str]:
    yield "Decisions:" if model.decisions else "No decision was needed."
    for decision in model.decisions:
        yield decision_line(decision)


def _facts(model: FittedModel, path: Path) -> dict[str, Any]:
    classes = _classes(model)
    return {
        "model": str(path),
        "bytes": path.stat().st_size,
        "format": VERSION,
        "madaline": model.version,
        **model.summary.to_json(),
        "classes": None if classes is None else np.array(classes, dtype=object).tolist(),
        "columns": model.schema.to_json()["columns"],
        "decisions": [decision.to_json() for decision in model.decisions],
    }
