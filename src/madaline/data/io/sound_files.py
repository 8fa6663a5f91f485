"""Reads a folder of sounds; those of each class are in a folder of their own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from madaline.data.io.folders import Folder, files_in, read_each
from madaline.data.media.sound_file import ENDINGS, read_sound
from madaline.data.media.sounds import SOUND_NAME, Sound
from madaline.errors import InputError


def read_sound_folder(
    folder: str | os.PathLike[str], *, least_rate: float = 0.0, skip_broken: bool = False
) -> Folder:
    """Read all sounds in a folder and in its folders, in the order of their paths.

    Parameters
    ----------
    folder : path
        Sound files in folders named after their class, or files without a class.
    least_rate : float
        Numbers a second that a model needs.
    skip_broken : bool, default=False
        Whether to leave out files that cannot be used, and say so.

    Raises
    ------
    InputError
        If there is no such folder, no sound in it, or one that cannot be used.
    """
    folder = Path(folder)
    paths = files_in(folder, ENDINGS)
    if not paths:
        raise InputError(
            f"The folder {folder} holds no sounds: put WAV files into it, those of each class into"
            " a folder of their own."
        )
    sounds, kept = read_each(
        paths, partial(read_sound, least_rate=least_rate), skip_broken=skip_broken
    )
    column = np.empty(len(sounds), dtype=object)
    column[:] = sounds
    return Folder.of(folder, paths, kept, SOUND_NAME, column, [*rate_notes(sounds)])


def rate_notes(sounds: Iterable[Sound]) -> Iterator[str]:
    """Yield in a sentence that sounds have different rates, if they have."""
    rates = {sound.rate for sound in sounds}
    if len(rates) > 1:
        yield (
            f"The sounds have {min(rates):,} to {max(rates):,} numbers a second: only pitches that"
            " all of them can hold are listened to."
        )
