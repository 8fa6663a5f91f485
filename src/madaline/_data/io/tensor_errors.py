"""The sentences for files that are not read, and for those that are not written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from madaline.errors import InputError, ModelFileError
from madaline.version import __version__

MODEL = "madaline model"
CHECKPOINT = "madaline checkpoint"
ONLINE = "online model of madaline"
MONITOR = "monitor of madaline"
"""Kinds of files."""

CHANGED = "was cut short or changed"
ELSEWHERE = ", or written by another user or on another machine"
"""What may have happened to a file whose checksum, or signature, is wrong."""


@contextmanager
def refusing_malformed(
    path: str | os.PathLike[str], kind: str = MODEL, *, writer: Any = None
) -> Iterator[None]:
    """Make one sentence of whatever is wrong with the content of a file that is whole.

    It raises `ModelFileError` in place of `Malformed`, or any other ValueError. The `writer` is the
    version of madaline that wrote the file, if it tells; it may tell anything.
    """
    try:
        yield
    except ModelFileError:
        raise
    except ValueError as error:
        raise _of_another(path, str(error), kind, writer) from None


@contextmanager
def refusing_unreadable(what: str, remedy: str = "correct it in the table") -> Iterator[None]:
    """Make one sentence of what a file cannot hold, before it is written.

    It raises `InputError` in place of `Malformed`, or any other ValueError; `what` is refused, such
    as "Column 'a' cannot be learned from".
    """
    try:
        yield
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{what}, as no file can hold it ({error}): {remedy}.") from None


def written_by(description: Any) -> Any:
    """Return what the description of a model tells of the madaline that wrote it."""
    return description.get("madaline") if type(description) is dict else None


def not_of_kind(
    path: str | os.PathLike[str], kind: str, *, is_online: bool = False
) -> ModelFileError:
    """Return the sentence for a file that is something else; it may be an online model."""
    if kind == MODEL and is_online:
        return ModelFileError(
            f"{path} is an online model: load it in Python with madaline.load, or play a table"
            " back with `madaline stream`."
        )
    remedies = {
        MODEL: ": give a file that `madaline fit` or `save` wrote.",
        ONLINE: ": give a file that `save` of an online estimator, or `madaline stream -o`, wrote.",
        MONITOR: ": give a file that `save` of a monitor wrote.",
    }
    remedy = remedies.get(kind, ", so no interrupted fit can be resumed.")
    return ModelFileError(f"{path} is not {'an' if kind == ONLINE else 'a'} {kind}{remedy}")


def newer(path: str | os.PathLike[str], version: str, ours: int) -> ModelFileError:
    """Return the sentence for a file of a later version of the files."""
    return ModelFileError(
        f"{os.fspath(path)} was written by a newer madaline (file version {version}, this one reads"
        f" up to {ours}): upgrade with `pip install --upgrade madaline`."
    )


def damaged(
    path: str | os.PathLike[str], problem: str = f"it {CHANGED}", kind: str = MODEL
) -> ModelFileError:
    """Return the sentence for a file that is not what was written, and what is wrong with it."""
    again = ": copy it again, or fit the model again."
    remedies = {MODEL: again, ONLINE: again, MONITOR: ": watch the model anew."}
    remedy = remedies.get(kind, ", so the interrupted fit cannot be resumed.")
    return ModelFileError(f"{os.fspath(path)} is damaged ({problem}){remedy}")


def _of_another(
    path: str | os.PathLike[str], problem: str, kind: str, writer: Any
) -> ModelFileError:
    """Return the sentence for a file that is whole, but not as this madaline writes it."""
    remedies = {
        MODEL: "fit the model again",
        CHECKPOINT: "start the fit anew",
        ONLINE: "save the model again",
        MONITOR: "watch the model anew",
    }
    remedy = remedies[kind]
    name, ours = os.fspath(path), _numbers(__version__)
    theirs = _numbers(writer)
    if not theirs or theirs == ours:
        return ModelFileError(
            f"{name} is whole, but not as madaline {__version__} writes it ({problem}): {remedy},"
            " or use the version that wrote it."
        )
    if theirs > ours:
        remedy = "upgrade with `pip install --upgrade madaline`"
    return ModelFileError(
        f"{name} was written by madaline {writer}, which this one ({__version__}) cannot read"
        f" ({problem}): {remedy}."
    )


def _numbers(version: Any) -> tuple[int, ...]:
    """Return the numbers of a version such as 0.1.0; none of anything else."""
    parts = version.split(".") if type(version) is str and len(version) <= 20 else []
    return tuple(int(part) for part in parts) if all(map(str.isdecimal, parts)) else ()
