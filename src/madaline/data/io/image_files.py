"""Reads a folder of images; those of each class are in a folder of their own.

Pillow opens the files (``pip install "madaline[images]"``). All images are brought to one size, and
what was done to them is said.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from madaline.data.io.folders import Folder, files_in, read_each
from madaline.data.io.frames import IMAGES_NAME
from madaline.data.media.images import size_words
from madaline.errors import BrokenFileError, InputError
from madaline.nn.arrays import Array

ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
"""How the names of image files end; other files are left alone."""

LARGEST_SIDE = 64
"""Larger images are made smaller before they are learned from: work grows with their pixels."""

KEPT_SIDES = 4
"""Of a photo so many times its side is kept until it is known what size all images get."""

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
"""What Pillow calls images of so many channels."""


def read_image_folder(
    folder: str | os.PathLike[str],
    *,
    shape: tuple[int, ...] | None = None,
    skip_broken: bool = False,
) -> Folder:
    """Read all images in a folder and in its folders, in the order of their paths.

    Parameters
    ----------
    folder : path
        Images in folders named after their class, or images without a class.
    shape : tuple of int, optional
        Height, width and channels to bring them to, those that a model learned from; by default the
        size that most have, or the median of sizes, at most `LARGEST_SIDE` a side; gray if all are.
    skip_broken : bool, default=False
        Whether to leave out files that cannot be read, and say so.

    Raises
    ------
    InputError
        If there is no such folder, no image in it, or one that cannot be read.
    """
    folder = Path(folder)
    paths = files_in(folder, ENDINGS)
    if not paths:
        raise InputError(
            f"The folder {folder} holds no images: put files ({', '.join(ENDINGS)}) into it, those"
            " of each class into a folder of their own."
        )
    read = partial(open_image, largest=kept_side(shape))
    images, kept = read_each(paths, read, skip_broken=skip_broken)
    target = shape or common_shape(images)
    column = np.stack([sized(one, target) for one in images])
    return Folder.of(folder, paths, kept, IMAGES_NAME, column, [*resizing_notes(images, target)])


def kept_side(shape: Sequence[int] | None) -> int:
    """Return the largest side that images are opened with, given what they are brought to."""
    return KEPT_SIDES * max([LARGEST_SIDE, *(shape or ())[:2]])


def open_image(path: Path, *, largest: int) -> Any:
    """Return an image, upright, gray or in color, no larger than needed.

    Parameters
    ----------
    path : Path
        The file.
    largest : int
        Pixels of its longer side, at most: of a thousand photos there is no room for more.

    Raises
    ------
    BrokenFileError
        If there is none, or it cannot be read.
    """
    try:
        from PIL import Image
    except ImportError:
        raise InputError(
            'To read image files, Pillow is needed: pip install "madaline[images]".'
        ) from None
    try:
        with Image.open(path) as file:
            file.draft(None, (largest, largest))  # JPEG files open quicker so
            return plain_image(file, largest=largest)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = str(error).partition(" '")[0].partition("\n")[0].rstrip(".")
        reason = reason or type(error).__name__
        absent = isinstance(error, FileNotFoundError)
        raise BrokenFileError(
            f"{path} cannot be read as an image ({'there is no such file' if absent else reason}):"
            " correct its name, or leave it out."
        ) from None


def plain_image(image: Any, *, largest: int) -> Any:
    """Return a copy of an image of Pillow: upright, gray or in color, no larger than needed."""
    from PIL import ImageOps

    plain = _plain(ImageOps.exif_transpose(image))
    plain.thumbnail((largest, largest))
    return plain


def _plain(image: Any) -> Any:
    """Return an image in gray or color, of bytes, without any transparency."""
    if image.mode in ("1", "L"):
        return image.convert("L")
    if image.mode[0] in "IF":
        return _in_bytes(image)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        return _on_white(image.convert("RGBA"))
    return image.convert("RGB")


def _in_bytes(image: Any) -> Any:
    """Return a gray image of larger numbers, or of fractions, as one from 0 to 255."""
    from PIL import Image

    pixels = np.nan_to_num(np.asarray(image, np.float64))
    highest = pixels.max(initial=0)
    if highest > 255:
        pixels *= 255 / 65535
    elif highest <= 1 and image.mode == "F":
        pixels *= 255
    return Image.fromarray(np.clip(np.round(pixels), 0, 255).astype(np.uint8))


def _on_white(image: Any) -> Any:
    """Return an image whose see-through parts are white."""
    from PIL import Image

    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


def common_shape(images: Sequence[Any]) -> tuple[int, int, int]:
    """Return the height, the width and the channels to bring images to."""
    sizes = Counter(image.size for image in images)
    (size, n_alike), *_ = sizes.most_common(1)
    if 2 * n_alike < len(images):
        size = tuple(median(sides) for sides in zip(*(image.size for image in images), strict=True))
    smaller = min(1.0, LARGEST_SIDE / max(size))
    width, height = (max(1, round(side * smaller)) for side in size)
    return height, width, 1 if all(image.mode == "L" for image in images) else 3


def sized(image: Any, shape: Sequence[int]) -> Array:
    """Return the pixels of an image, (height, width, channels), bytes."""
    height, width, channels = shape
    image = image.convert(MODES[channels])
    if image.size != (width, height):
        image = image.resize((width, height))
    return np.asarray(image, np.uint8).reshape(height, width, channels)


def resizing_notes(images: Iterable[Any], shape: tuple[int, ...]) -> Iterable[str]:
    """Yield in a sentence how many images were resized, if any."""
    sizes = Counter(image.size for image in images)
    resized = sum(count for size, count in sizes.items() if size != (shape[1], shape[0]))
    if resized:
        yield f"{resized:,} of {sizes.total():,} images were resized to {size_words(shape)}."
