"""Writes a model as a program in another language: the ending of the file says in which."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from madaline._apps.export.c_code import c_code
from madaline._apps.export.js_code import js_code
from madaline._apps.export.lowering import lower
from madaline._apps.export.program import Program
from madaline._models.model import FittedModel
from madaline._tables.io.atomic import write_atomically

WRITERS: Mapping[str, Callable[[Program, str], Mapping[str, str]]] = {
    ".c": c_code,
    ".js": js_code,
}
"""From the ending of a name to what makes texts, by their endings, of a program and that name."""


def write_program(model: FittedModel, path: str | os.PathLike[str]) -> Program:
    """Write a model as a program, and return it; the file replaces another only when complete."""
    path, program = Path(path), lower(model)
    for ending, text in WRITERS[path.suffix](program, path.stem).items():
        write_atomically(path.with_suffix(ending), text.encode())
    return program
