"""Reads the sound in a file: WAV by itself, other formats with soundfile, where that is there."""

from __future__ import annotations

import os
from pathlib import Path

from madaline.data.media.sounds import Sound, make_sound
from madaline.data.media.wave_file import read_wave
from madaline.errors import BrokenFileError, InputError
from madaline.nn.arrays import Array

WAVES = (".wav", ".wave")
"""How the names of WAV files end."""

OTHERS = (".flac", ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".au")
"""How the names of files end that soundfile opens (``pip install "madaline[sounds]"``)."""

ENDINGS = (*WAVES, *OTHERS)
"""How the names of files of sounds end; other files are left alone."""


def read_sound(path: str | os.PathLike[str], *, least_rate: float = 0.0) -> Sound:
    """Return the sound in a file.

    Parameters
    ----------
    path : path
        A WAV file, or one that soundfile opens.
    least_rate : float
        Numbers a second that a model needs.

    Raises
    ------
    BrokenFileError
        If there is no such file, or it cannot be used.
    InputError
        If it takes soundfile, which is not installed.
    """
    path = Path(path)
    read = _read_other if path.suffix.lower() in OTHERS else read_wave
    if not path.is_file():
        raise BrokenFileError(f"There is no file {path}: correct its name, or leave it out.")
    if read is _read_other:
        _check_soundfile(path)
    try:
        sound = read(path)
    except InputError as error:
        raise BrokenFileError(str(error)) from None
    if sound.rate < least_rate:
        raise BrokenFileError(
            f"{path} has {sound.rate:,} numbers a second, too few for the model, which takes"
            f" {least_rate:,.0f} at least: record it at a higher rate, or leave it out."
        )
    return sound


def names_sounds(column: Array) -> bool:
    """Return whether a column of levels holds the names of sound files, and nothing else.

    Examples
    --------
    >>> import numpy as np
    >>> names_sounds(np.array(["one.wav", None, "TWO.flac"], dtype=object))
    True
    """
    levels = set(column.tolist()) - {None}
    return bool(levels) and all(str(level).lower().endswith(ENDINGS) for level in levels)


def _check_soundfile(path: Path) -> None:
    try:
        import soundfile  # noqa: F401
    except (ImportError, OSError):  # OSError where the library that it wraps is missing
        raise InputError(
            f"{path} is no WAV file: convert it to WAV, or let soundfile open it: pip install"
            ' "madaline[sounds]".'
        ) from None


def _read_other(path: Path) -> Sound:
    import soundfile

    try:
        waveform, rate = soundfile.read(path, dtype="float32")
    except (RuntimeError, OSError) as error:  # soundfile's own are RuntimeErrors
        reason = str(error).splitlines()[0].rpartition(": ")[2].rstrip(".")
        raise InputError(
            f"{path} cannot be read as a sound ({reason}): convert it, or leave it out."
        ) from None
    return make_sound(str(path), waveform, rate)
