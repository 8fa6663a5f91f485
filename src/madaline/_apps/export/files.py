"""Writes a model as a program in another language: the ending of the file says in which."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from madaline._apps.export.c_code import c_code
from madaline._apps.export.distilling import MAX_LOSS, Distilled, distill
from madaline._apps.export.js_code import js_code
from madaline._apps.export.lowering import lower
from madaline._apps.export.page import page_of
from madaline._apps.export.program import Program
from madaline._models.model import FittedModel
from madaline._tables.io.atomic import write_atomically
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn._engine.memory import read_size

ENDINGS = (".c", ".js", ".html")
"""Of the names of programs."""


def write_program(model: FittedModel, path: str | os.PathLike[str]) -> Program:
    """Write a model as a program, and return it; the file replaces another only when complete."""
    path, program = Path(path), lower(model)
    _write(_texts(model, program, path), path)
    return program


def write_small_program(
    model: FittedModel,
    path: str | os.PathLike[str],
    rows: Table,
    max_bytes: int | str,
    *,
    max_loss: float = MAX_LOSS,
    seed: int = 0,
) -> tuple[Program, Distilled]:
    """Write one network as C that learned from a model, and return what it costs: see `distill`.

    The rows are those of the training table, or others like them; labels are not needed. The
    compiled source takes no more flash than the bytes, such as ``"32k"``.
    """
    path = Path(path)
    program, distilled = distill(model, rows, _bytes(max_bytes), max_loss=max_loss, seed=seed)
    _write(c_code(program, path.stem), path)
    return program, distilled


def _bytes(size: int | str) -> int:
    try:
        return read_size(size)
    except InputError:
        raise InputError(
            "The size is {size!r}: give one such as 32k, or a number of bytes.", size=size
        ) from None


def _write(texts: Mapping[str, str], path: Path) -> None:
    for ending, text in texts.items():
        write_atomically(path.with_suffix(ending), text.encode())


def _texts(model: FittedModel, program: Program, path: Path) -> Mapping[str, str]:
    """Return what the files hold, by their endings."""
    match path.suffix:
        case ".c":
            return c_code(program, path.stem)
        case ".js":
            return js_code(program, path.stem)
        case _:
            return page_of(program, path.stem, model.summary.scores)
