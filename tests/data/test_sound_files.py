"""Sounds in other formats than WAV are read with soundfile, where that is there."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from madaline._tables.io.media_tables import read_folder
from madaline._tables.media.files import read_sound
from madaline.errors import BrokenFileError, InputError


class Refused(RuntimeError):
    """What soundfile raises."""


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "yes" / "clip.flac"
    path.parent.mkdir()
    path.write_bytes(b"fLaC")
    return path


def opened_with(monkeypatch, read):
    monkeypatch.setitem(sys.modules, "soundfile", SimpleNamespace(read=read))


def test_without_soundfile_the_remedy_is_named(clip, monkeypatch):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(InputError, match=r"clip\.flac is no WAV file: convert.*the extra sounds"):
        read_sound(clip)
    with pytest.raises(InputError, match="is no WAV file"):  # it is not the file that is broken
        read_folder(clip.parents[1], skip_broken=True)


def test_soundfile_reads_what_is_no_wave(clip, monkeypatch):
    wave = np.random.default_rng(0).normal(size=(4000, 2)).astype(np.float32)
    opened_with(monkeypatch, lambda path, dtype: (wave.astype(dtype), 8000))
    sound = read_sound(clip)
    assert (sound.rate, sound.seconds) == (8000, 0.5)
    np.testing.assert_allclose(sound.values, wave.mean(axis=1), rtol=1e-6)
    assert read_folder(clip.parents[1]).table["label"].tolist() == ["yes"]


def test_what_soundfile_refuses_is_a_broken_file(clip, monkeypatch):
    def refuse(path, dtype):
        raise Refused(f"Error opening {path!r}: Format not recognised.")

    opened_with(monkeypatch, refuse)
    with pytest.raises(
        BrokenFileError, match=r"cannot be read as a sound \(Format not recognised\)"
    ):
        read_sound(clip)
    with pytest.raises(BrokenFileError, match=r"There is no file nowhere\.ogg"):
        read_sound("nowhere.ogg")


def test_soundfile_itself_reads_flac(tmp_path):
    soundfile = pytest.importorskip("soundfile", reason="soundfile reads FLAC files")
    wave = np.sin(np.arange(4000) / 3)
    soundfile.write(tmp_path / "a.flac", wave, 8000)
    np.testing.assert_allclose(read_sound(tmp_path / "a.flac").values, wave, atol=1e-3)
