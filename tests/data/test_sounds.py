"""Sounds: waveforms and WAV files, their spectrograms, and what is refused in a sentence."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile
from scipy.signal import resample_poly

from madaline import sounds
from madaline._tables.io.media_tables import read_folder
from madaline._tables.io.recognition import to_table
from madaline._tables.kinds.sound import SoundEncoder
from madaline._tables.media.files import read_wave
from madaline._tables.media.transforms import FLOOR, Spectrogram
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline.errors import InputError

RATE = 8000


def noise(seconds=0.3, rate=RATE, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=round(seconds * rate)).astype(np.float32)


def tone(pitch, seconds=0.5, rate=RATE):
    return np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate).astype(np.float32)


@pytest.mark.parametrize(
    ("kind", "atol"),
    [("int16", 1e-3), ("int32", 1e-6), ("uint8", 0.1), ("float32", 1e-7), ("float64", 1e-7)],
)
def test_wave_files_of_every_kind_are_read(tmp_path, kind, atol):
    wave = tone(440)
    scale = {"int16": 2**15 - 1, "int32": 2**31 - 200, "uint8": 127}.get(kind, 1)
    numbers = wave * scale + (128 if kind == "uint8" else 0)
    wavfile.write(tmp_path / "a.wav", RATE, numbers.astype(kind))
    sound = read_wave(tmp_path / "a.wav")
    assert sound.rate == RATE
    np.testing.assert_allclose(sound.values / scale, wave, atol=atol)


def test_channels_are_averaged_and_24_bits_are_read(tmp_path):
    numbers = np.stack([np.arange(-400, 400), np.full(800, 20)], axis=1).astype("<i4") * 1000
    data = numbers.astype("<i4").reshape(-1, 1).view(np.uint8)[:, :3].tobytes()
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 2,
                       RATE, RATE * 6, 6, 24)  # fmt: skip
    path = tmp_path / "a.wav"
    path.write_bytes(head + b"LIST" + struct.pack("<I", 3) + b"abc\0" + b"data"
                     + struct.pack("<I", len(data)) + data)  # fmt: skip
    expected = (numbers * 256.0).mean(axis=1)
    np.testing.assert_allclose(read_wave(path).values, expected, rtol=1e-6)
    path.write_bytes(path.read_bytes()[:-1001])  # cut short: what is there counts
    assert len(read_wave(path)) < 800


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"ID3 this is an MP3", "no WAV file, or broken"),
        (b"RIFF\0\0\0\0WAVEfmt ", "no WAV file, or broken"),
        (struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36, b"WAVE", b"fmt ", 16, 2, 1, RATE, RATE, 1,
                     4, b"data", 0), r"of an unknown encoding \(code 2, 4 bits\)"),
        (struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36, b"WAVE", b"fmt ", 16, 1, 1, RATE, RATE, 2,
                     16, b"data", 0), "too short, 0 milliseconds"),
    ],
)  # fmt: skip
def test_what_is_no_wave_file_is_one_sentence(tmp_path, content, problem):
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(InputError, match=rf"a\.wav.*{problem}"):
        read_wave(tmp_path / "a.wav")


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(InputError, match=r"nowhere\.wav cannot be read"):
        read_wave("nowhere.wav")


def test_a_tone_is_loudest_in_its_band_and_loudness_does_not_matter():
    spectrogram = Spectrogram(40, RATE / 2)
    loudest = []
    for pitch in (200, 700, 2000, 3500):
        values = spectrogram.of(sounds([tone(pitch)], RATE)[0])
        assert values.shape == (48, 40)
        loudest.append(int(values.mean(axis=0).argmax()))
        assert values.max() == pytest.approx(np.log(1 + FLOOR), abs=1e-6)
        louder = spectrogram.of(sounds([1000 * tone(pitch) + 300], RATE)[0])
        np.testing.assert_allclose(louder, values, atol=2e-3)
    assert loudest == sorted(set(loudest))


def test_a_sound_of_twice_the_rate_looks_the_same():
    wave = noise() + 3 * tone(900, 0.3)
    spectrogram = Spectrogram(20, 3500.0)
    fine = resample_poly(wave, 2, 1).astype(np.float32)
    one, other = (
        spectrogram.of(sounds([values], rate)[0]) for values, rate in ((wave, RATE), (fine, 16000))
    )
    assert one.shape == other.shape
    assert np.abs(one - other).mean() < 0.05


def test_pitches_that_a_low_rate_cannot_hold_are_silent():
    wave, spectrogram = noise(), Spectrogram(20, 4000.0)
    coarse = resample_poly(wave, 3, 4).astype(np.float32)
    again = resample_poly(coarse, 4, 3).astype(np.float32)
    one, other = (
        spectrogram.of(sounds([values], rate)[0])
        for values, rate in ((coarse, 6000), (again, RATE))
    )
    assert np.all(one[:, 18:] == np.float32(np.log(FLOOR)))  # above 3,000 hertz
    assert other[:, 19:].max() < -6  # 26 decibels below the loudest, or more
    assert np.abs(one[:, :16] - other[:, :16]).mean() < 0.2
    with pytest.raises(InputError, match="8,000 is best and 6,000 needed: give sounds"):
        spectrogram.of(sounds([noise()], 5999)[0])


def test_missing_frequencies_are_noted():
    encoder = SoundEncoder.fit("call", sounds([noise(seed=seed) for seed in range(3)], RATE))
    few = sounds([noise(), noise(seed=1), noise(seed=2)], [RATE, 7000, 6000])
    note = encoder.low_rate_note(few)
    assert note.startswith("Column call: 2 sounds have a sampling rate of down to 6,000 hertz")
    assert "no frequencies above 3,000 hertz, but the model uses up to 4,000" in note
    assert encoder.read(few)[2].values.shape[1] == 40
    assert encoder.low_rate_note(few[:1]) == ""


def test_a_long_tone_looks_the_same_throughout():
    values = Spectrogram(20, 4000.0).of(sounds([tone(1000, 4.0)], RATE)[0])
    assert values.shape == (398, 20)
    loudest = values[:, values.mean(axis=0).argmax()]
    np.testing.assert_allclose(loudest, loudest[0], atol=1e-3)


def test_the_shortest_sound_has_one_frame():
    assert Spectrogram(8, 4000.0).of(sounds([noise(0.025)], RATE)[0]).shape == (1, 8)


def test_an_encoder_hears_files_as_it_hears_waveforms(tmp_path):
    waves = [np.round(1000 * noise(0.1 + place / 50, seed=place)) for place in range(8)]
    for place, wave in enumerate(waves):
        wavfile.write(tmp_path / f"{place}.wav", RATE, wave.astype(np.int16))
    names = np.array([str(tmp_path / f"{place}.wav") for place in range(8)], dtype=object)
    table = Table.from_columns({"call": names, "heard": sounds(waves, RATE)})
    schema = Schema.infer(table)
    assert [column.kind for column in schema.columns] == ["sound", "sound"]
    assert schema["call"].detail == "0.1 to 0.24 seconds, 8,000 hertz"
    assert schema["heard"].detail == schema["call"].detail
    features = []
    for name in ("call", "heard"):
        encoder = SoundEncoder.fit(name, table[name])
        again = SoundEncoder.from_state(*encoder.to_state())
        out = np.empty((8, encoder.n_features), np.float32)
        again.write(again.read(table[name]), out)
        features.append(out)
    np.testing.assert_array_equal(*features)


def test_bands_end_at_half_the_lowest_sampling_rate():
    column = sounds([noise(), noise(rate=16000), None], [RATE, 16000, 1])
    encoder = SoundEncoder.fit("call", column)
    assert encoder.spectrogram.highest == 4000
    assert encoder.read(column)[2] is None
    assert to_table(column).names == ("sound",)


def test_broken_files_of_a_folder_are_named_or_left_out(tmp_path):
    (tmp_path / "yes").mkdir()
    wavfile.write(tmp_path / "yes" / "good.wav", RATE, noise())
    wavfile.write(tmp_path / "yes" / "other.WAV", 2 * RATE, noise())
    wavfile.write(tmp_path / "yes" / "silent.wav", RATE, np.zeros(RATE, np.int16))
    (tmp_path / "yes" / "notes.txt").write_text("no sound")
    with pytest.raises(InputError, match=r"silent\.wav is silent.*; --skip-broken leaves"):
        read_folder(tmp_path)
    found = read_folder(tmp_path, skip_broken=True)
    assert [path[-9:] for path in found.names] == ["/good.wav", "other.WAV", "ilent.wav"]
    assert found.kept.tolist() == [True, True, False]
    silent = Path("yes") / "silent.wav"
    assert found.notes[0] == f"Files that cannot be read were left out: {silent}."
    assert found.notes[1].startswith("The sounds have sampling rates from 8,000 to 16,000 hertz")
    assert found.table["label"].tolist() == ["yes", "yes"]


@pytest.mark.parametrize(
    ("waves", "rate", "problem"),
    [
        ([noise(), np.zeros(4000)], RATE, r"Sound 1 .* is silent"),
        ([noise(0.01)], RATE, "too short, 10 milliseconds"),
        ([[np.nan] * 900], RATE, "missing or too large"),
        ([np.zeros((2, 2, 2))], RATE, r"has the shape \(2, 2, 2\)"),
        (["abc"], RATE, "something else than numbers"),
        ([noise()], 0, "The rate is 0"),
        ([noise()], "fast", "The rate is 'fast'"),
        ([noise()], [RATE, RATE], "There are 2 rates for 1 sounds"),
    ],
)
def test_what_is_no_sound_is_refused(waves, rate, problem):
    with pytest.raises(InputError, match=problem):
        sounds(waves, rate)


def test_what_cannot_be_read_as_sounds_is_refused():
    with pytest.raises(InputError, match="'age' cannot be read as sounds"):
        Schema.infer(Table.from_columns({"age": [1, 2, 3]}), {"age": "sound"})
