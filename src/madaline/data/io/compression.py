"""Compressed files: gzip, bzip2, xz and Zstandard, recognized by their first bytes."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from madaline.errors import InputError
from madaline.extras import load_extra


@dataclass(frozen=True)
class Compression:
    """A way to compress files (final).

    Parameters
    ----------
    name : str
        Its name, for messages.
    suffix : str
        How the names of its files end.
    start : bytes
        How its files start.
    compress, decompress : callable
        From bytes to bytes.
    """

    name: str
    suffix: str
    start: bytes
    compress: Callable[[bytes], bytes]
    decompress: Callable[[bytes], bytes]


def _zstandard() -> Any:
    """Return the module that handles Zstandard: Python's own from 3.14 on."""
    name = "compression.zstd" if sys.version_info >= (3, 14) else "zstandard"
    return load_extra(name, extra="files", purpose="A file compressed with Zstandard")


def _decompress_zstandard(content: bytes) -> bytes:
    module = _zstandard()
    if sys.version_info >= (3, 14):
        return bytes(module.decompress(content))
    # As a stream, since the header of what was streamed does not tell its size.
    reader = module.ZstdDecompressor().stream_reader(content, read_across_frames=True)
    return bytes(reader.read())


COMPRESSIONS = (
    Compression("gzip", ".gz", b"\x1f\x8b", lambda b: gzip.compress(b, mtime=0), gzip.decompress),
    Compression("bzip2", ".bz2", b"BZh", bz2.compress, bz2.decompress),
    Compression("xz", ".xz", b"\xfd7zXZ\x00", lzma.compress, lzma.decompress),
    Compression(
        "Zstandard",
        ".zst",
        b"\x28\xb5\x2f\xfd",
        lambda content: bytes(_zstandard().compress(content)),
        _decompress_zstandard,
    ),
)
"""All that can be read and written."""


def plain_name(path: Path) -> str:
    """Return a file's name in lower case, without the ending of a compression.

    Examples
    --------
    >>> plain_name(Path("data/Houses.CSV.gz")), plain_name(Path("houses.jsonl"))
    ('houses.csv', 'houses.jsonl')
    """
    name, ending = path.name.lower(), path.suffix.lower()
    return name.removesuffix(ending) if any(one.suffix == ending for one in COMPRESSIONS) else name


def decompressed(path: Path, content: bytes) -> bytes:
    """Return the content of a file, decompressed if it is compressed.

    Raises
    ------
    InputError
        If it is cut short or changed, or the package that decompresses it is not installed.
    """
    for one in COMPRESSIONS:
        if not content.startswith(one.start):
            continue
        try:
            return one.decompress(content)
        except InputError:
            raise
        except Exception as error:
            if not _is_damage(error):
                raise
            raise InputError(
                f"{path} is damaged (its {one.name} data is cut short or changed): copy it again."
            ) from None
    return content


def compressed(path: Path, content: bytes) -> bytes:
    """Return the content of a file, compressed as its name says."""
    for one in COMPRESSIONS:
        if path.suffix.lower() == one.suffix:
            return one.compress(content)
    return content


def _is_damage(error: Exception) -> bool:
    """Return whether an error says that data cannot be decompressed."""
    known = (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError)
    return isinstance(error, known) or type(error).__name__ == "ZstdError"
