"""Writes a model as a program in another language: the ending of the file says in which."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from madaline._apps.export.c_code import c_code
from madaline._apps.export.js_code import js_code
from madaline._apps.export.lowering import lower
from madaline._apps.export.page import page_of
from madaline._apps.export.program import Program
from madaline._models.model import FittedModel
from madaline._tables.io.atomic import write_atomically

ENDINGS = (".c", ".js", ".html")
"""Of the names of programs."""


def write_program(model: FittedModel, path: str | os.PathLike[str]) -> Program:
    """Write a model as a program, and return it; the file replaces another only when complete."""
    path, program = Path(path), lower(model)
    for ending, text in _texts(model, program, path).items():
        write_atomically(path.with_suffix(ending), text.encode())
    return program


def _texts(model: FittedModel, program: Program, path: Path) -> Mapping[str, str]:
    """Return what the files hold, by their endings."""
    match path.suffix:
        case ".c":
            return c_code(program, path.stem)
        case ".js":
            return js_code(program, path.stem)
        case _:
            return page_of(program, path.stem, model.summary.scores)
