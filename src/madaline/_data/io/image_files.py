"""Opens image files with Pillow, and brings images to one size."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from madaline._data.media.files import open_regular
from madaline._data.media.images import size_words
from madaline._extras import load_extra
from madaline.errors import BrokenFileError, InputError
from madaline.nn.arrays import Array

ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
"""Endings of the names of image files; other files are ignored."""

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")
"""Pillow's names of the formats that are opened, whatever the ending says. It knows fifty more, and
some start other programs: PostScript starts Ghostscript."""

MOST_PIXELS = 2**26
"""Pixels of an image, at most, such as 8,192 x 8,192. A file of some kilobytes may hold a thousand
times as many, and decoding takes up to twelve bytes for each."""

LARGEST_SIDE = 64
"""Larger images are reduced to this size: the work of a fit grows with their pixels."""

KEPT_SIDES = 4
"""Photos are reduced to this multiple of the final side until the final size is known."""

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
"""Pillow's name for images of so many channels."""


def kept_side(shape: Sequence[int] | None) -> int:
    """Return the largest side to open images with, given their final shape."""
    return KEPT_SIDES * max([LARGEST_SIDE, *(shape or ())[:2]])


def open_image(path: Path, *, largest: int) -> Any:
    """Return the image in a file: upright, gray or in color, reduced where it is large.

    Parameters
    ----------
    path : Path
        The file.
    largest : int
        Pixels of the longer side, at most: many photos would fill the memory.

    Raises
    ------
    BrokenFileError
        If there is no such file, it is no regular file, none of `FORMATS` or broken, or has more
        than `MOST_PIXELS`.
    """
    pillow = load_extra("PIL.Image", extra="images", purpose="Reading image files")
    try:
        with open_regular(path) as content, pillow.open(content, formats=FORMATS) as file:
            _check_pixels(*file.size)
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
        f"{path} cannot be read as an image ({reason}): correct its name, or leave it out."
    )


_TOO_MANY_PIXELS = f"it has more than {MOST_PIXELS:,} pixels"


def _check_pixels(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise ValueError(_TOO_MANY_PIXELS)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".") or type(error).__name__


def is_pillow_images(X: object) -> bool:
    """Return whether `X` is a list of images of Pillow.

    Examples
    --------
    >>> is_pillow_images([np.zeros((8, 8))]), is_pillow_images([])
    (False, False)
    """
    pillow = sys.modules.get("PIL.Image")  # imported by whoever made such an image
    if pillow is None or not isinstance(X, list | tuple) or not X:
        return False
    return all(isinstance(item, pillow.Image) for item in X)


def read_pillow_images(
    images: Sequence[Any], shape: tuple[int, ...] | None = None
) -> tuple[Array, list[str]]:
    """Return images of Pillow as an array, and notes on what was done to them.

    Parameters
    ----------
    images : sequence of PIL.Image.Image
        Images of any size and mode, which are not changed.
    shape : tuple of int, optional
        Height, width and channels to resize them to; by default that of `common_shape`.

    Returns
    -------
    pixels : uint8 ndarray of shape (n_samples, height, width, channels)
    notes : list of str
        Whether some were resized.

    Raises
    ------
    InputError
        If one cannot be read.
    """
    converted = []
    for index, image in enumerate(images):
        try:
            converted.append(_converted(image, kept_side(shape)))
        except (OSError, SyntaxError, ValueError):
            raise InputError(
                f"Image {index} (counted from 0) cannot be read: open its file anew, or leave it"
                " out."
            ) from None
    shape = shape or common_shape(converted)
    pixels = np.stack([resized(image, shape) for image in converted])
    return pixels, [*resizing_notes(converted, shape)]


def common_shape(images: Sequence[Any]) -> tuple[int, int, int]:
    """Return the height, width and channels to resize images to, gray if all images are.

    It is the most frequent size, or else the median of sizes, at most `LARGEST_SIDE` a side.
    """
    sizes = Counter(image.size for image in images)
    (size, n_alike), *_ = sizes.most_common(1)
    if 2 * n_alike < len(images):
        size = tuple(median(sides) for sides in zip(*(image.size for image in images), strict=True))
    smaller = min(1.0, LARGEST_SIDE / max(size))
    width, height = (max(1, round(side * smaller)) for side in size)
    return height, width, 1 if all(image.mode == "L" for image in images) else 3


def resized(image: Any, shape: Sequence[int]) -> Array:
    """Return the pixels of an image, (height, width, channels), bytes."""
    height, width, channels = shape
    image = image.convert(MODES[channels])
    if image.size != (width, height):
        image = image.resize((width, height))
    return np.asarray(image, np.uint8).reshape(height, width, channels)


def resizing_notes(images: Iterable[Any], shape: tuple[int, ...]) -> Iterator[str]:
    """Yield a sentence on how many images were resized, if any were."""
    sizes = Counter(image.size for image in images)
    resized = sum(count for size, count in sizes.items() if size != (shape[1], shape[0]))
    if resized:
        yield f"{resized:,} of {sizes.total():,} images were resized to {size_words(shape)}."


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
