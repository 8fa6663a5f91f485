"""Reads a folder of sounds, WAV files; those of each class are in a folder of their own."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from madaline.data.folders import Folder, files_in, left_out
from madaline.data.sounds import SOUND_NAME, Sound
from madaline.data.wave_file import ENDINGS, read_wave
from madaline.errors import InputError


def read_sound_folder(folder: str | os.PathLike[str], *, skip_broken: bool = False) -> Folder:
    """Read all sounds in a folder and in its folders, in the order of their paths.

    Parameters
    ----------
    folder : path
        WAV files in folders named after their class, or files without a class.
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
    read: list[tuple[Path, Sound]] = []
    broken: list[tuple[Path, InputError]] = []
    for path in paths:
        try:
            read.append((path, read_wave(path)))
        except InputError as error:
            broken.append((path, error))
    if broken and not (skip_broken and read):
        problem = str(broken[0][1]).rstrip(".")
        raise InputError(f"{problem}; --skip-broken leaves such files out.")
    column = np.empty(len(read), dtype=object)
    column[:] = [sound for _, sound in read]
    notes = [left_out([path.name for path, _ in broken])] if broken else []
    rates = {sound.rate for _, sound in read}
    if len(rates) > 1:
        notes.append(
            f"The sounds have {min(rates):,} to {max(rates):,} numbers a second: only pitches that"
            " all of them can hold are listened to."
        )
    return Folder.of(folder, [path for path, _ in read], SOUND_NAME, column, notes)
