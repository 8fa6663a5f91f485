"""`madaline export`: a fitted model as an ONNX file."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from madaline._cli.arguments import add_argument, add_json, add_model
from madaline._cli.output import check_destination, say_json, writing
from madaline._export import write_onnx
from madaline._export.graph import load_onnx
from madaline._model import FittedModel
from madaline._words import format_count, format_list, format_size, say
from madaline.errors import InputError

HELP = "write a model as an ONNX file"

DESCRIPTION = """\
Writes a model as an ONNX file, which runs in other programs and languages,
without Python and madaline. It holds the whole pipeline in standard operators,
from the columns of a table to labels and probabilities, or numbers. It has one
input for each column; the metadata of the file describe them: missing numbers
are NaN, dates are seconds since 1970. Intervals and sets are not in the file.
Needs the extra onnx: pip install 'madaline[onnx]'.
"""

EXAMPLES = """\
examples:
  madaline export penguins.madaline -o penguins.onnx
  madaline export reviews.madaline --without text -o reviews.onnx
"""

_ENDING = ".onnx"
"""Ending of the files' names."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.usage = "madaline export MODEL [-o FILE.onnx] [--without COLUMN ...] [--json]"
    add_model(parser)
    add_argument(parser, "-o --output FILE", "where to write (default: MODEL.onnx, here)")
    text = "columns of texts and sounds to leave out: the file predicts as if they were empty"
    add_argument(parser, "--without COLUMN ...", text)
    add_json(parser, "print one JSON object with the inputs and outputs, too")


def run(arguments: Namespace) -> None:
    """Write the file, and tell what is in it."""
    load_onnx()
    path = Path(arguments.output or f"{Path(arguments.model).stem}{_ENDING}")
    if path.suffix != _ENDING:
        raise InputError(f"{path} does not end in {_ENDING}: choose another name.")
    check_destination(path, sources=[arguments.model])
    model = FittedModel.load(arguments.model)
    with writing(path):
        proto = write_onnx(model, path, without=arguments.without)
    if arguments.json:
        say_json(_facts(proto, path))
    graph = proto.graph
    outputs = format_list(output.name for output in graph.output)
    say(
        f"Wrote {path} ({format_size(path.stat().st_size)}):"
        f" {format_count(len(graph.input), 'input')}, one for each column; it returns {outputs}.",
        sys.stderr,
    )


def _facts(proto: Any, path: Path) -> dict[str, Any]:
    return {
        "output": str(path),
        "outputs": [output.name for output in proto.graph.output],
        "metadata": {each.key: each.value for each in proto.metadata_props},
    }
