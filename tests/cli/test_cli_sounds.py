"""A folder of sounds on the command line: fitted, predicted, and refused in a sentence."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest

RATE = 4000


def write(path: Path, values, rate: int = RATE) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((1000 * np.asarray(values)).astype("<i2").tobytes())


@pytest.fixture(scope="module")
def beeps(tmp_path_factory):
    """High and low tones, 30 of each, and a text beside them."""
    folder = tmp_path_factory.mktemp("beeps") / "sounds"
    rng = np.random.default_rng(0)
    for label, pitch in (("high", 900), ("low", 450)):
        (folder / label).mkdir(parents=True)
        for number in range(30):
            times = np.arange(int(rng.uniform(0.08, 0.2) * RATE)) / RATE
            tone = np.sin(2 * np.pi * pitch * rng.uniform(0.9, 1.1) * times)
            write(folder / label / f"{number:02}.wav", tone + rng.normal(size=len(tone)) / 5)
    (folder / "low" / "readme.txt").write_text("no sound")
    return folder


@pytest.fixture(scope="module")
def fitted(beeps):
    from madaline._apps.cli import main

    path = beeps.parent / "beeps.madaline"
    assert main(["fit", str(beeps), "-o", str(path), "--effort", "6", "--quiet"]) == 0
    return path


def test_a_folder_of_sounds_is_fitted_and_predicted(run, beeps, fitted):
    told = run("info", fitted).out
    assert "sound   sound           0        60  0.08 to 0.2 seconds, 4,000" in told
    result = json.loads(run("predict", fitted, beeps, "--json").out)
    assert result["columns"]["file"][0] == str(Path("high") / "00.wav")
    assert np.mean(np.array(result["columns"]["label"]) == ["high"] * 30 + ["low"] * 30) > 0.9


def test_a_table_may_name_sound_files(run, place, beeps):
    files = sorted(beeps.rglob("*.wav"))
    lines = [f"{path},{path.parent.name}" for path in files]
    (place / "beeps.csv").write_text("\n".join(["clip,pitch", *lines]))
    root = ("--root", beeps.parent)
    outcome = run(
        "fit", "beeps.csv", "--target", "pitch", "-o", "b.madaline", "--effort", "4", "-v", *root
    )
    assert "1 column of sounds: clip" in outcome.err
    assert "Convolutions: the units of each" in outcome.err
    rows = run("predict", "b.madaline", "beeps.csv", *root).out.splitlines()
    assert (
        np.mean([row == path.parent.name for row, path in zip(rows[1:], files, strict=True)]) > 0.9
    )
    files[3].rename(files[3].with_suffix(".old"))
    assert "03.wav: correct its name" in run("predict", "b.madaline", "beeps.csv", *root).sentence
    files[3].with_suffix(".old").rename(files[3])


def test_sounds_of_a_lower_rate_are_predicted_if_they_hold_enough(run, place, fitted):
    (place / "low").mkdir()
    for name, rate in (("fair", 3200), ("poor", 2900)):
        write(place / "low" / f"{name}.wav", np.sin(np.arange(900) / 3), rate)
    refused = run("predict", fitted, "low").sentence
    assert (
        "poor.wav has a sampling rate of 2,900 hertz, but the model needs at least 3,000" in refused
    )
    told = run("predict", fitted, "low", "--skip-broken")
    assert [bool(row.split(",")[1]) for row in told.out.splitlines()[1:]] == [True, False]
    said = " ".join(told.err.split())
    assert (
        "1 sound has a sampling rate of down to 3,200 hertz, so no frequencies above 1,600" in said
    )


def test_what_cannot_be_used_is_one_sentence(run, place, model, fitted):
    (place / "new" / "a").mkdir(parents=True)
    assert "holds no images and no sounds: put files" in run("fit", "new").sentence
    assert "holds no sounds: put files" in run("predict", fitted, "new").sentence
    write(place / "new" / "a" / "silent.wav", np.zeros(1000))
    assert "silent.wav is silent" in run("fit", "new").sentence
    write(place / "new" / "a" / "silent.wav", np.ones(20))
    assert "too short, 5 milliseconds" in run("fit", "new").sentence
    (place / "new" / "a" / "silent.wav").write_bytes(b"fLaC")
    assert "silent.wav is no WAV file" in run("predict", fitted, "new").sentence
    (place / "new" / "a" / "one.png").write_bytes(b"")
    assert "holds images (one.png) and sounds (silent.wav)" in run("fit", "new").sentence
    (place / "new" / "a" / "silent.wav").unlink()
    (place / "new" / "a" / "one.png").unlink()
    write(place / "new" / "loud.wav", np.sin(np.arange(1000)))
    assert "not in folders of their own" in run("fit", "new").sentence
    assert "the model needs a table" in run("predict", model, "new").sentence
