"""Reads the waveform in a WAV file: whole numbers of 8 to 32 bits, or floating-point numbers."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np

from madaline.data.media.sounds import Sound, make_sound
from madaline.errors import InputError
from madaline.nn.arrays import Array

_WHOLE, _FLOATING, _EXTENSIBLE = 1, 3, 0xFFFE
_TYPES = {(_WHOLE, 1): "u1", (_WHOLE, 2): "<i2", (_WHOLE, 4): "<i4"} | {
    (_FLOATING, 4): "<f4",
    (_FLOATING, 8): "<f8",
}


def read_wave(path: str | os.PathLike[str]) -> Sound:
    """Return the sound in a file.

    Parameters
    ----------
    path : path
        A WAV file.

    Raises
    ------
    InputError
        If there is no such file, it is no WAV file or one of another kind, or it holds no sound.

    References
    ----------
    Microsoft and IBM (1991), "Multimedia Programming Interface and Data Specifications 1.0".
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): check the name, from the folder that you"
            " work in."
        ) from None
    chunks = _chunks(content)
    if not {"fmt ", "data"} <= chunks.keys() or len(chunks["fmt "]) < 16:
        raise InputError(f"{path} is no WAV file, or broken: convert it, or leave it out.")
    code, channels, rate, _, frame, bits = struct.unpack("<HHIIHH", chunks["fmt "][:16])
    if code == _EXTENSIBLE and len(chunks["fmt "]) >= 26:
        (code,) = struct.unpack("<H", chunks["fmt "][24:26])
    size = frame // max(1, channels)
    data = chunks["data"][: len(chunks["data"]) // max(1, frame) * frame]
    if not channels or not rate or ((code, size) not in _TYPES and (code, size) != (_WHOLE, 3)):
        raise InputError(
            f"{path} is a WAV file of another kind (code {code}, {bits} bits): convert it to whole"
            " numbers of 16 bits (PCM), or leave it out."
        )
    return make_sound(str(path), _numbers(data, code, size).reshape(-1, channels), rate)


def _chunks(content: bytes) -> dict[str, bytes]:
    """Return the parts of a file by their names; of one cut short, what is there."""
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
    """Return the numbers of all channels, float32."""
    if size == 3:
        parts = np.frombuffer(data, np.uint8).reshape(-1, 3).astype(np.int32)
        whole = parts[:, 0] << 8 | parts[:, 1] << 16 | parts[:, 2] << 24  # the sign comes last
        return np.asarray(whole, np.float32)
    with np.errstate(over="ignore"):  # what becomes infinite is named with the file
        numbers = np.frombuffer(data, _TYPES[code, size]).astype(np.float32)
    return numbers - 128 if size == 1 else numbers
