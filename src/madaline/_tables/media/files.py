"""Opens files of images and sounds: regular files only, and none outside of a folder."""

from __future__ import annotations

import os
import stat
import struct
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, BinaryIO

import numpy as np

from madaline._base.extras import how_to_install, load_extra
from madaline._base.language import _
from madaline._tables.media.images import size_words
from madaline._tables.media.signals import Sound, make_sound
from madaline.errors import BrokenFileError, InputError
from madaline.nn.arrays import Array


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a file for reading, or raise `OSError` if it is no regular one.

    To open a pipe would wait for its writer.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(None, "it is no regular file")
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def path_within(name: str, folder: Path, root: Path) -> Path:
    """Return the path of a file that a table names, if it is in a folder or below it.

    A table from a stranger may name any file of its reader, whose image a report would then show.
    The error is the same whether there is such a file or not.
    """
    path = folder / name
    try:
        inside = Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
    except ValueError:  # a null character
        inside = False
    if inside:
        return path
    raise BrokenFileError(
        "{name} is not in the folder {root}: only files in it are opened. Move the file there, or name a folder that holds all files (root=).",
        name=name,
        root=root,
    )


_SOUNDFILE_ENDINGS = (".flac", ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".au")
"""Endings of the names of files that soundfile opens (the extra sounds)."""

SOUND_ENDINGS = (".wav", ".wave", *_SOUNDFILE_ENDINGS)
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
    """Return the sound in a file, if its sampling rate is high enough for a model, in hertz."""
    path = Path(path)
    if not path.is_file():
        raise BrokenFileError(
            "There is no file {path}: correct its name, or leave it out.", path=path
        )
    is_other = path.suffix.lower() in _SOUNDFILE_ENDINGS
    if is_other:
        _check_soundfile(path)
    try:
        sound = _read_other(path) if is_other else read_wave(path)
    except InputError as error:
        raise BrokenFileError(error.english) from None
    if sound.rate < least_rate:
        raise BrokenFileError(
            "{path} has a sampling rate of {rate:,} hertz, but the model needs at least {least_rate:,.0f}: record it at a higher rate, or leave it out.",
            path=path,
            rate=sound.rate,
            least_rate=least_rate,
        )
    return sound


def names_files(column: Array, endings: tuple[str, ...]) -> bool:
    """Return whether a column holds names of files with such endings, and nothing else but gaps."""
    levels = set(column.tolist()) - {None}
    return bool(levels) and all(str(level).lower().endswith(endings) for level in levels)


def read_wave(path: str | os.PathLike[str]) -> Sound:
    """Return the sound in a WAV file: integers of 8 to 32 bits, or floating-point numbers.

    Microsoft and IBM (1991), "Multimedia Programming Interface and Data Specifications 1.0".
    """
    path = Path(path)
    try:
        with open_regular(path) as file:
            content = file.read()
    except OSError as error:
        raise InputError(
            "{path} cannot be read ({strerror}): check its name.",
            path=path,
            strerror=error.strerror,
        ) from None
    chunks = _chunks(content)
    if not {"fmt ", "data"} <= chunks.keys() or len(chunks["fmt "]) < 16:
        raise InputError(
            "{path} is no WAV file, or broken: convert it, or leave it out.", path=path
        )
    code, channels, rate, _, frame, bits = struct.unpack("<HHIIHH", chunks["fmt "][:16])
    if code == _EXTENSIBLE and len(chunks["fmt "]) >= 26:
        (code,) = struct.unpack("<H", chunks["fmt "][24:26])
    size = frame // max(1, channels)
    data = chunks["data"][: len(chunks["data"]) // max(1, frame) * frame]
    if not channels or not rate or ((code, size) not in _TYPES and (code, size) != (_INTEGER, 3)):
        raise InputError(
            "{path} is a WAV file of an unknown encoding (code {code}, {bits} bits): convert it to 16-bit PCM, or leave it out.",
            path=path,
            code=code,
            bits=bits,
        )
    return make_sound(str(path), _numbers(data, code, size).reshape(-1, channels), rate)


def _check_soundfile(path: Path) -> None:
    try:
        import soundfile  # noqa: F401
    except (ImportError, OSError):  # OSError if the wrapped C library is missing
        raise InputError(
            "{path} is no WAV file: convert it to WAV, or install soundfile with {how_to_install}.",
            path=path,
            how_to_install=how_to_install("sounds", "soundfile"),
        ) from None


def _read_other(path: Path) -> Sound:
    import soundfile

    try:
        with open_regular(path) as file:
            waveform, rate = soundfile.read(file, dtype="float32")
    except (RuntimeError, OSError) as error:  # soundfile raises RuntimeErrors
        reason = str(error).splitlines()[0].rpartition(": ")[2].rstrip(".")
        raise InputError(
            "{path} cannot be read as a sound ({reason}): convert it, or leave it out.",
            path=path,
            reason=reason,
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


IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
"""Endings of the names of image files; other files are ignored."""

_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")
"""Pillow's names of the formats that are opened, whatever the ending says. It knows fifty more, and
some start other programs: PostScript starts Ghostscript."""

MAX_PIXELS = 2**26
"""Pixels of an image, at most, such as 8,192 x 8,192. A file of some kilobytes may hold a thousand
times as many, and decoding takes up to twelve bytes for each."""

MAX_SIDE = 64  # larger images are reduced to this size: the work of a fit grows with their pixels
_OPENED_SIDES = 4  # photos are reduced to so many final sides until the final size is known
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}  # Pillow's name for images of so many channels


def kept_side(shape: Sequence[int] | None) -> int:
    """Return the largest side to open images with, given their final shape."""
    return _OPENED_SIDES * max([MAX_SIDE, *(shape or ())[:2]])


def open_image(path: Path, *, largest: int) -> Any:
    """Return the image in a file: upright, gray or in color, with sides of at most `largest`.

    Many photos would fill the memory.
    """
    pillow = load_extra("PIL.Image", extra="images", purpose="Reading image files")
    try:
        with open_regular(path) as content, pillow.open(content, formats=_FORMATS) as file:
            if file.width * file.height > MAX_PIXELS:
                raise ValueError(_TOO_MANY_PIXELS)
            file.draft(None, (largest, largest))  # JPEG files are decoded faster
            return _converted(file, largest)
    except FileNotFoundError:
        reason = "there is no such file"
    except pillow.UnidentifiedImageError:
        reason = "it is no PNG, JPEG, GIF, BMP, WebP or TIFF image"
    except (pillow.DecompressionBombError, pillow.DecompressionBombWarning):
        reason = _TOO_MANY_PIXELS
    except OSError as error:
        reason = error.strerror or _first_line(error)
    except (SyntaxError, ValueError) as error:
        reason = _first_line(error)
    raise BrokenFileError(
        "{path} cannot be read as an image ({reason}): correct its name, or leave it out.",
        path=path,
        reason=reason,
    )


_TOO_MANY_PIXELS = _("it has more than {MAX_PIXELS:,} pixels").format(MAX_PIXELS=MAX_PIXELS)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".") or type(error).__name__


def is_pillow_images(X: object) -> bool:
    """Return whether `X` is a list of images of Pillow."""
    pillow = sys.modules.get("PIL.Image")  # imported by whoever made such an image
    if pillow is None or not isinstance(X, list | tuple) or not X:
        return False
    return all(isinstance(item, pillow.Image) for item in X)


def read_pillow_images(
    images: Sequence[Any], shape: tuple[int, ...] | None = None
) -> tuple[Array, list[str]]:
    """Return images of Pillow, which are not changed, as an array, and what was done to them.

    They get the height, width and channels of `shape`, by default those of `common_shape`.
    """
    converted = []
    for index, image in enumerate(images):
        try:
            converted.append(_converted(image, kept_side(shape)))
        except (OSError, SyntaxError, ValueError):
            raise InputError(
                "Image {index} (counted from 0) cannot be read: open its file anew, or leave it out.",
                index=index,
            ) from None
    shape = shape or common_shape(converted)
    pixels = np.stack([resized(image, shape) for image in converted])
    return pixels, [*resizing_notes(converted, shape)]


def common_shape(images: Sequence[Any]) -> tuple[int, int, int]:
    """Return the height, width and channels to resize images to, gray if all images are.

    It is the most frequent size, or else the median of sizes, at most `MAX_SIDE` a side.
    """
    sizes = Counter(image.size for image in images)
    (size, n_alike), *_ = sizes.most_common(1)
    if 2 * n_alike < len(images):
        size = tuple(median(sides) for sides in zip(*(image.size for image in images), strict=True))
    smaller = min(1.0, MAX_SIDE / max(size))
    width, height = (max(1, round(side * smaller)) for side in size)
    return height, width, 1 if all(image.mode == "L" for image in images) else 3


def resized(image: Any, shape: Sequence[int]) -> Array:
    """Return the pixels of an image, (height, width, channels), bytes."""
    height, width, channels = shape
    image = image.convert(_MODES[channels])
    if image.size != (width, height):
        image = image.resize((width, height))
    return np.asarray(image, np.uint8).reshape(height, width, channels)


def resizing_notes(images: Iterable[Any], shape: tuple[int, ...]) -> Iterator[str]:
    """Yield a sentence on how many images were resized, if any were."""
    sizes = Counter(image.size for image in images)
    resized = sum(count for size, count in sizes.items() if size != (shape[1], shape[0]))
    if resized:
        yield _("{resized:,} of {total:,} images were resized to {size_words}.").format(
            resized=resized, total=sizes.total(), size_words=size_words(shape)
        )


def _converted(image: Any, largest: int) -> Any:
    """Return a copy of an image: upright, mode L or RGB, at most `largest` pixels a side."""
    from PIL import Image, ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode in ("1", "L"):
        image = image.convert("L")
    elif image.mode[0] in "IF":
        image = _scaled_to_bytes(image)
    elif image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    else:
        image = image.convert("RGB")
    image.thumbnail((largest, largest))
    return image


def _scaled_to_bytes(image: Any) -> Any:
    """Return a gray image of 16 bits, or of fractions, with values from 0 to 255."""
    from PIL import Image

    pixels = np.nan_to_num(np.asarray(image, np.float64))
    highest = pixels.max(initial=0)
    if highest > 255:
        pixels *= 255 / 65535
    elif highest <= 1 and image.mode == "F":
        pixels *= 255
    return Image.fromarray(np.clip(np.round(pixels), 0, 255).astype(np.uint8))
