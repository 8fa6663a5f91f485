"""What is read block by block: which files a path, a pattern or a list names, and queries."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from madaline._tables.io.compression import decompressed_blocks
from madaline._tables.io.recognition import (
    Form,
    RecognizedRows,
    is_table_name,
    query_kind,
    recognize,
)
from madaline._tables.io.source_parts import (
    BinaryPart,
    Part,
    TextPart,
    of_dataset,
    of_lazy_frame,
    of_relation,
)
from madaline._tables.io.table_files import STANDARD_INPUT, is_json_text
from madaline._tables.io.workbooks import is_workbook
from madaline._tables.media.files import IMAGE_ENDINGS, SOUND_ENDINGS
from madaline.errors import InputError

LARGE_FILE = 2**26  # bytes of a file from which on it is read block by block
_HEAD_BYTES = 2**16  # bytes that tell the format of a file

_MEDIA_ENDINGS = (*IMAGE_ENDINGS, *SOUND_ENDINGS)
_WHOLE_STARTS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1", b"ARROW1", b"FEA1")
"""How files start that are read as a whole: zip, old workbooks, compressed binary tables."""

_PART_OF = {"LazyFrame": of_lazy_frame, "Dataset": of_dataset, "DuckDBPyRelation": of_relation}
"""What makes a part of a query, by its type."""


def reads_in_blocks(X: Any) -> bool:
    """Return whether `X` is best read block by block: many files, a large one, or a query.

    Of smaller files the whole table decides how its columns are read.
    """
    given = recognize(X, in_blocks=True)
    paths = _paths(given.content) if given.form == Form.FILES else None
    if paths is None:
        return given.form == Form.QUERY
    if len(paths) > 1 or paths[0] != Path(given.path):
        return True
    return paths[0].is_file() and paths[0].stat().st_size >= LARGE_FILE


def find_parts(
    given: RecognizedRows, *, encoding: str | None, otherwise: str | None
) -> list[Part] | None:
    """Return the parts of a table that is read block by block; None if these rows are none."""
    X = given.content
    if given.form == Form.QUERY:
        return [_PART_OF[query_kind(X)](X)]
    paths = _paths(X) if given.form == Form.FILES else None
    if paths is None:
        return None
    folder = Path(X) if isinstance(X, str | os.PathLike) and Path(X).is_dir() else None
    return _parts_of(paths, folder, encoding=encoding, otherwise=otherwise)


def _paths(X: Any) -> list[Path] | None:
    """Return the files that a path or a list names, in their order; None if they are no tables."""
    if isinstance(X, list | tuple):
        return _regular([Path(item) for item in X]) if all(map(is_table_name, X)) else None
    if Path(X) == STANDARD_INPUT:
        return None
    path = Path(X)
    if path.is_dir():
        return table_files(path)
    if not path.exists() and glob.has_magic(str(path)):
        names = sorted(glob.glob(str(path), recursive=True))
        if not names:
            raise InputError("There is no file {path}: check the pattern.", path=path)
        return _regular([Path(name) for name in names if not Path(name).is_dir()])
    return [path]


def table_files(folder: Path) -> list[Path] | None:
    """Return the tables in a folder and its folders; None of a folder of images or sounds.

    Tables beside images, such as one of their labels, do not make it a folder of tables.
    """
    paths = [path for path in sorted(folder.rglob("*")) if not _is_hidden(path.relative_to(folder))]
    paths = [path for path in paths if path.is_symlink() or not path.is_dir()]
    tables = [path for path in paths if is_table_name(path)]
    if not tables or any(path.suffix.lower() in _MEDIA_ENDINGS for path in paths):
        return None
    for path in paths:
        _check_regular(path)
        if path not in tables and not _accompanies(path):
            pattern = str(folder / f"*{tables[0].suffix}")
            raise InputError(
                "The folder {folder} holds {name} beside tables: move it elsewhere, or name the tables with a pattern such as {pattern!r}.",
                folder=folder,
                name=path.name,
                pattern=pattern,
            )
    return tables


def _regular(paths: list[Path]) -> list[Path]:
    for path in paths:
        if path.is_symlink() or path.exists():  # else there is a sentence on the name
            _check_regular(path)
    return paths


def _check_regular(path: Path) -> None:
    """Refuse a link to a missing file, which git-annex and DVC leave, and what is no file."""
    if path.is_file():
        return
    if path.is_symlink() and not path.exists():
        raise InputError(
            "{path} is a link to a missing file: fetch the file (git annex get, dvc pull), or remove the link.",
            path=path,
        )
    kind = "a link to a folder" if path.is_dir() else "no regular file"
    raise InputError(
        "{path} is {kind}, which is not read: remove it, or name the files to read.",
        path=path,
        kind=kind,
    )


def _is_hidden(path: Path) -> bool:
    """Return whether a file is no table but beside tables, such as _SUCCESS."""
    return any(part.startswith((".", "_")) for part in path.parts)


def _accompanies(path: Path) -> bool:
    """Return whether a file describes tables, such as readme.md, or a.csv.sha256 beside a.csv."""
    described = path.with_suffix("")
    return (
        path.stem.lower() in ("readme", "license", "licence")
        or path.suffix.lower() == ".md"
        or (is_table_name(described) and described.is_file())
    )


def _parts_of(
    paths: Sequence[Path], folder: Path | None, **options: str | None
) -> list[Part] | None:
    """Return a part for each file; None for a single file that can only be read whole."""
    format_ = _format(paths[0])
    for path in paths[1:]:
        if _format(path) != format_:
            raise InputError(
                "{path} is {format}, but {other} is {other_format}: give files of one format.",
                path=path,
                format=_format(path),
                other=paths[0],
                other_format=format_,
            )
    if format_ == _WHOLE:
        if len(paths) > 1:
            raise InputError(
                "{paths} is {WHOLE}: write it as Parquet or CSV.", paths=paths[0], WHOLE=_WHOLE
            )
        return None
    if format_ in ("Parquet", "Arrow"):
        return [
            BinaryPart(path, format_, is_partitioned=_has_values(path, folder)) for path in paths
        ]
    is_json = format_ == _JSON_LINES
    return [TextPart(path, is_json=is_json, **options) for path in paths]


_JSON_LINES, _WHOLE = "JSON lines", "a file that is read as a whole"


def _format(path: Path) -> str:
    """Return the format of a file, by its first bytes."""
    if path.is_dir():
        raise InputError("{path} is a folder: give the name of a file.", path=path)
    if not path.exists():
        raise InputError("There is no file {path}: check the name.", path=path)
    with path.open("rb") as file:
        start = file.read(8)
    for format_, mark in (("Parquet", b"PAR1"), ("Arrow", b"ARROW1")):
        if start.startswith(mark):
            return format_
    content = next(decompressed_blocks(path, _HEAD_BYTES), b"")
    if is_workbook(content) or content.startswith(_WHOLE_STARTS):
        return _WHOLE
    if is_json_text(path, content):
        return _JSON_LINES if _is_object(content.lstrip().split(b"\n", 1)[0]) else _WHOLE
    return "text"


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _has_values(path: Path, folder: Path | None) -> bool:
    """Return whether folders within the given one hold values, such as year=2026."""
    return folder is not None and "=" in str(path.relative_to(folder).parent)
