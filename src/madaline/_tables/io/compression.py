"""Compressed files: gzip, bzip2, xz, Zstandard and zip, recognized by their first bytes.

A file is checked against the memory that its table will take, before that is taken.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, final

from madaline._base.extras import load_extra
from madaline._base.words import format_size
from madaline.errors import InputError
from madaline.nn._engine.memory import used_memory

_COPIES = 3  # copies of a file's bytes that reading makes: as they are, decoded, encoded again
CELL_BYTES = 24  # bytes for each cell of a text file while it is read
VALUE_BYTES, TEXT_BYTES = 8, 64  # bytes of a value in a column of numbers or dates, and of a text

SEPARATORS = (b",", b";", b"\t", b"|")


def most_bytes(limit: int | None) -> int | None:
    """Return how many bytes a file may hold, decompressed; None where there is no limit."""
    return None if limit is None else max(0, limit - used_memory()) // _COPIES


class TooLargeError(InputError):
    """A table does not fit into memory."""


def check_size(path: Path, n_bytes: int, most: int | None) -> None:
    """Raise `InputError` if a file holds more bytes than it may."""
    if most is not None and n_bytes > most:
        raise TooLargeError(
            "{path} holds more than {most}, decompressed, which is more than fits into memory: give fewer rows or columns, or raise the limit (--memory).",
            path=path,
            most=format_size(most),
        )


def check_cells(path: Path, content: bytes, limit: int | None) -> None:
    """Raise `InputError` if the cells of a text would take too much memory, about."""
    if limit is None:
        return
    n_cells = max(map(content.count, SEPARATORS)) + content.count(b"\n")
    _check(path, (_COPIES - 1) * len(content) + CELL_BYTES * n_cells, limit)


def check_frame(path: Path, frame: Any, limit: int | None) -> None:
    """Raise `InputError` if the columns of a polars frame would take too much memory, about."""
    texts = [column for column in frame.get_columns() if str(column.dtype) == "String"]
    n_letters = 0 if limit is None else sum(column.str.len_bytes().sum() or 0 for column in texts)
    check_rows(path, frame.height, frame.dtypes, limit, n_letters)


def check_rows(
    path: Path, n_rows: int, types: Sequence[Any], limit: int | None, n_letters: int = 0
) -> None:
    """Raise `InputError` if so many rows of columns of polars would take too much memory, about."""
    texts = sum(str(dtype) == "String" for dtype in types)
    n_bytes = n_rows * (TEXT_BYTES * texts + VALUE_BYTES * (len(types) - texts)) + n_letters
    if limit is not None:
        _check(path, n_bytes, limit)


def _check(path: Path, needed: int, limit: int) -> None:
    needed += used_memory()
    if needed > limit:
        raise TooLargeError(
            "To read {path} would take about {needed} of memory, more than the limit of {limit}: give fewer rows or columns, or raise the limit (--memory).",
            path=path,
            needed=format_size(needed),
            limit=format_size(limit),
        )


_BLOCK = 2**20  # bytes that are decompressed at a time


@final
@dataclass(frozen=True)
class _Compression:
    """A way to compress files."""

    name: str
    suffix: str  # how the names of its files end
    start: bytes  # how its files start
    compress: Callable[[bytes], bytes]
    opened: Callable[[IO[bytes]], Any]  # from a file of compressed bytes to one of the bytes


def _zstandard() -> Any:
    """Return the module that handles Zstandard: Python's own from 3.14 on."""
    name = "compression.zstd" if sys.version_info >= (3, 14) else "zstandard"
    return load_extra(name, extra="files", purpose="A file compressed with Zstandard")


def _open_zstandard(file: IO[bytes]) -> Any:
    module = _zstandard()
    if sys.version_info >= (3, 14):
        return module.ZstdFile(file)
    # As a stream, since the header of what was streamed does not tell its size.
    return module.ZstdDecompressor().stream_reader(file, read_across_frames=True)


_COMPRESSIONS = (
    _Compression(
        "gzip",
        ".gz",
        b"\x1f\x8b",
        lambda b: gzip.compress(b, mtime=0),
        lambda file: gzip.GzipFile(fileobj=file),
    ),
    _Compression("bzip2", ".bz2", b"BZh", bz2.compress, bz2.BZ2File),
    _Compression("xz", ".xz", b"\xfd7zXZ\x00", lzma.compress, lzma.LZMAFile),
    _Compression(
        "Zstandard",
        ".zst",
        b"\x28\xb5\x2f\xfd",
        lambda content: bytes(_zstandard().compress(content)),
        _open_zstandard,
    ),
)
"""All that can be read and written."""


def plain_name(path: Path) -> str:
    """Return a file's name in lower case, without the ending of a compression."""
    name, ending = path.name.lower(), path.suffix.lower()
    is_compression = ending in {compression.suffix for compression in _COMPRESSIONS}
    return name.removesuffix(ending) if is_compression else name


def decompressed(path: Path, content: bytes, most: int | None = None) -> bytes:
    """Return the content of a file, decompressed if it is compressed."""
    for compression in _COMPRESSIONS:
        if not content.startswith(compression.start):
            continue
        try:
            with compression.opened(io.BytesIO(content)) as file:
                return _read_all(path, file, most)
        except InputError:
            raise
        except Exception as error:
            raise _damaged(path, compression, error) from None
    return content


def _damaged(path: Path, compression: _Compression, error: Exception) -> Exception:
    """Return the sentence for what cannot be decompressed; another error as it is."""
    if not _is_damage(error):
        return error
    return InputError(
        "{path} is damaged (its {name} data is cut short or changed): copy it again.",
        path=path,
        name=compression.name,
    )


def decompressed_blocks(path: Path, n_bytes: int) -> Iterator[bytes]:
    """Yield the content of a file in blocks, decompressed if it is compressed."""
    with path.open("rb") as file:
        start = file.peek(8)
        compression = next((one for one in _COMPRESSIONS if start.startswith(one.start)), None)
        content = file if compression is None else compression.opened(file)
        while True:
            try:
                block = content.read(n_bytes)
            except Exception as error:
                raise error if compression is None else _damaged(path, compression, error) from None
            if not block:
                return
            yield block


def unzipped(path: Path, content: bytes, most: int | None = None) -> bytes:
    """Return the only file in a zip archive; other content as it is."""
    if not content.startswith(b"PK\x03\x04"):
        return content
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        files = [info for info in archive.infolist() if not _is_hidden(info)]
        if len(files) == 1:
            with archive.open(files[0]) as file:
                return decompressed(path, _read_all(path, file, most), most)
    except InputError:
        raise
    except Exception as error:
        if not (_is_damage(error) or isinstance(error, zipfile.BadZipFile | RuntimeError)):
            raise
        raise InputError(
            "{path} is a damaged zip archive or Excel workbook ({error}): copy it again.",
            path=path,
            error=str(error)[:60],
        ) from None
    raise InputError(
        "{path} is a zip archive of {n_files} files: unpack it, and give one.",
        path=path,
        n_files=len(files),
    )


def _is_hidden(info: zipfile.ZipInfo) -> bool:
    return info.is_dir() or info.filename.startswith(("__MACOSX/", "."))


def _read_all(path: Path, file: IO[bytes], most: int | None) -> bytes:
    """Return all bytes of a file; `InputError` as soon as there are too many."""
    out = io.BytesIO()
    while block := file.read(_BLOCK):
        out.write(block)
        check_size(path, out.tell(), most)
    return out.getvalue()


def compressed(path: Path, content: bytes) -> bytes:
    """Return the content of a file, compressed as its name says."""
    for compression in _COMPRESSIONS:
        if path.suffix.lower() == compression.suffix:
            return compression.compress(content)
    return content


def _is_damage(error: Exception) -> bool:
    """Return whether an error says that data cannot be decompressed."""
    of_damage = (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError)
    return isinstance(error, of_damage) or type(error).__name__ == "ZstdError"
