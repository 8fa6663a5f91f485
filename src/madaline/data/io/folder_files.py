"""Reads a folder of images or of sounds, whichever files are in it."""

from __future__ import annotations

import os
from pathlib import Path

from madaline.data.io import image_files
from madaline.data.io.folders import Folder, files_in
from madaline.data.io.image_files import read_image_folder
from madaline.data.io.sound_files import read_sound_folder
from madaline.data.media import sound_file
from madaline.errors import InputError


def read_folder(folder: str | os.PathLike[str], *, skip_broken: bool = False) -> Folder:
    """Read all images, or all sounds, in a folder and in its folders.

    Parameters
    ----------
    folder : path
        Files in folders named after their class, or files without a class.
    skip_broken : bool, default=False
        Whether to leave out files that cannot be used, and say so.

    Raises
    ------
    InputError
        If there is no such folder, it holds neither or both, or a file cannot be used.
    """
    seen, heard = (files_in(Path(folder), one.ENDINGS) for one in (image_files, sound_file))
    if seen and heard:
        raise InputError(
            f"The folder {folder} holds images ({seen[0].name}) and sounds ({heard[0].name}): put"
            " them into two folders."
        )
    if not seen and not heard:
        raise InputError(
            f"The folder {folder} holds no images and no sounds: put files"
            f" ({', '.join((*image_files.ENDINGS, *sound_file.ENDINGS))}) into it, those of each"
            " class into a folder of their own."
        )
    read = read_sound_folder if heard else read_image_folder
    return read(folder, skip_broken=skip_broken)
