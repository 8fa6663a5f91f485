"""Pictures made of pixels: a picture as it is, and what each of its positions adds.

They are PNG files within the page, a kilobyte or two each, which need no package to be written.
"""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Sequence

import numpy as np

from madaline.nn.arrays import Array

MORE, LESS = (10, 88, 176), (181, 74, 0)
"""The colors of what adds and of what takes away, as of bars; nothing is white."""

FLATTEST = 8
"""How many times as wide as high a strip may be, about."""

COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""What PNG calls pixels of so many numbers."""


def picture_source(picture: Sequence[Sequence[Sequence[int]]]) -> str:
    """Return a picture, numbers from 0 to 255, as the source of an ``img`` element.

    Examples
    --------
    >>> picture_source([[[0], [255]]])[:30]
    'data:image/png;base64,iVBORw0K'
    """
    return _source(np.array(picture, np.uint8))


def map_source(values: Sequence[Sequence[float]]) -> str:
    """Return what each position adds, as the source of an ``img`` element.

    The strongest one has the full color. Steps of a sequence are a strip, high enough to be seen.
    """
    amounts = np.array(values, np.float64)
    height, width = amounts.shape
    amounts = amounts.repeat(1 + width // (FLATTEST * height), axis=0)
    shares = (amounts / (np.abs(amounts).max() or 1.0))[..., None]
    colors = np.where(shares >= 0, MORE, LESS)
    return _source(np.round(255 + np.abs(shares) * (colors - 255)).astype(np.uint8))


def _source(pixels: Array) -> str:
    return f"data:image/png;base64,{b64encode(png(pixels)).decode()}"


def png(pixels: Array) -> bytes:
    r"""Return pixels as a PNG file.

    Parameters
    ----------
    pixels : uint8 ndarray of shape (height, width, channels)
        Gray, or red, green and blue; perhaps with opacity.

    References
    ----------
    "Portable Network Graphics (PNG) Specification", W3C, third edition.

    Examples
    --------
    >>> png(np.zeros((1, 1, 1), np.uint8))[:8]
    b'\x89PNG\r\n\x1a\n'
    """
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, COLOR_TYPES[channels], 0, 0, 0)
    lines = np.zeros((height, 1 + width * channels), np.uint8)  # each begins with its filter: none
    lines[:, 1:] = pixels.reshape(height, -1)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
