"""Reads sound files: WAV with the standard library, other formats with the package soundfile."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np

from madaline._data.media.files import open_regular
from madaline._data.media.sounds import Sound, make_sound
from madaline.errors import BrokenFileError, InputError
from madaline.nn.arrays import Array

OTHERS = (".flac", ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".au")
"""Endings of the names of files that soundfile opens (``pip install "madaline[sounds]"``)."""

ENDINGS = (".wav", ".wave", *OTHERS)
"""Endings of the names of sound files; other files are ignored."""

_INTEGER, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_TYPES = {
    (_INTEGER, 1): "u1",
    (_INTEGER, 2): "<i2",
    (_INTEGER, 4): "<i4",
    (_FLOAT, 4): "<f4",
    (_FLOAT, 8): "<f8",
}


def read_sound(path: str | os.PathLike[str], *, least_rate: float = 0.0) -> Sound:
    """Return the sound in a file.

    Parameters
    ----------
    path : path
        A WAV file, or one that soundfile opens.
    least_rate : float
        Lowest sampling rate (hertz) that a model accepts.

    Raises
    ------
    BrokenFileError
        If there is no such file, it cannot be read, or its sampling rate is too low.
    InputError
        If it needs soundfile, which is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise BrokenFileError(f"There is no file {path}: correct its name, or leave it out.")
    is_other = path.suffix.lower() in OTHERS
    if is_other:
        _check_soundfile(path)
    try:
        sound = _read_other(path) if is_other else read_wave(path)
    except InputError as error:
        raise BrokenFileError(str(error)) from None
    if sound.rate < least_rate:
        raise BrokenFileError(
            f"{path} has a sampling rate of {sound.rate:,} hertz, but the model needs at least"
            f" {least_rate:,.0f}: record it at a higher rate, or leave it out."
        )
    return sound


def names_sounds(column: Array) -> bool:
    """Return whether a column holds names of sound files, and nothing else but gaps.

    Examples
    --------
    >>> names_sounds(np.array(["one.wav", None, "TWO.flac"], dtype=object))
    True
    """
    levels = set(column.tolist()) - {None}
    return bool(levels) and all(str(level).lower().endswith(ENDINGS) for level in levels)


def read_wave(path: str | os.PathLike[str]) -> Sound:
    """Return the sound in a WAV file: integers of 8 to 32 bits, or floating-point numbers.

    Parameters
    ----------
    path : path
        The file.

    Raises
    ------
    InputError
        If the file does not exist, is no WAV file or of an unknown encoding, or holds no sound.

    References
    ----------
    Microsoft and IBM (1991), "Multimedia Programming Interface and Data Specifications 1.0".
    """
    path = Path(path)
    try:
        with open_regular(path) as file:
            content = file.read()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): check its name.") from None
    chunks = _chunks(content)
    if not {"fmt ", "data"} <= chunks.keys() or len(chunks["fmt "]) < 16:
        raise InputError(f"{path} is no WAV file, or broken: convert it, or leave it out.")
    code, channels, rate, _, frame, bits = struct.unpack("<HHIIHH", chunks["fmt "][:16])
    if code == _EXTENSIBLE and len(chunks["fmt "]) >= 26:
        (code,) = struct.unpack("<H", chunks["fmt "][24:26])
    size = frame // max(1, channels)
    data = chunks["data"][: len(chunks["data"]) // max(1, frame) * frame]
    if not channels or not rate or ((code, size) not in _TYPES and (code, size) != (_INTEGER, 3)):
        raise InputError(
            f"{path} is a WAV file of an unknown encoding (code {code}, {bits} bits): convert it"
            " to 16-bit PCM, or leave it out."
        )
    return make_sound(str(path), _numbers(data, code, size).reshape(-1, channels), rate)


def _check_soundfile(path: Path) -> None:
    try:
        import soundfile  # noqa: F401
    except (ImportError, OSError):  # OSError if the wrapped C library is missing
        raise InputError(
            f"{path} is no WAV file: convert it to WAV, or install soundfile with"
            " `pip install 'madaline[sounds]'`."
        ) from None


def _read_other(path: Path) -> Sound:
    import soundfile

    try:
        with open_regular(path) as file:
            waveform, rate = soundfile.read(file, dtype="float32")
    except (RuntimeError, OSError) as error:  # soundfile raises RuntimeErrors
        reason = str(error).splitlines()[0].rpartition(": ")[2].rstrip(".")
        raise InputError(
            f"{path} cannot be read as a sound ({reason}): convert it, or leave it out."
        ) from None
    return make_sound(str(path), waveform, rate)


def _chunks(content: bytes) -> dict[str, bytes]:
    """Return the chunks of a WAV file by name; of a truncated file, what is there."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        return {}
    chunks: dict[str, bytes] = {}
    start = 12
    while start + 8 <= len(content):
        name, size = struct.unpack("<4sI", content[start : start + 8])
        chunks.setdefault(name.decode("latin-1"), content[start + 8 : start + 8 + size])
        start += 8 + size + size % 2
    return chunks


def _numbers(data: bytes, code: int, size: int) -> Array:
    """Return the samples of all channels, interleaved, as float32."""
    if size == 3:
        parts = np.frombuffer(data, np.uint8).reshape(-1, 3).astype(np.int32)
        whole = (
            parts[:, 0] << 8 | parts[:, 1] << 16 | parts[:, 2] << 24
        )  # the last byte has the sign
        return np.asarray(whole, np.float32)
    with np.errstate(over="ignore"):  # infinite values are refused by `make_sound`
        numbers = np.frombuffer(data, _TYPES[code, size]).astype(np.float32)
    return numbers - 128 if size == 1 else numbers
