"""A number told from an image, a sound or a text: fitted and predicted on the command line."""

from __future__ import annotations

import json
import wave

import numpy as np
import pandas as pd
import pytest

RATE = 4000
N_TRAIN = 120

rng = np.random.default_rng(0)


def evaluated(run, place, table: pd.DataFrame, target: str, *words: object) -> float:
    """Fit to the first rows; return the share of the others' variance that is explained."""
    table[:N_TRAIN].to_csv(place / "train.csv", index=False)
    table[N_TRAIN:].drop(columns=target).to_csv(place / "new.csv", index=False)
    fitted = run("fit", "train.csv", "--target", target, "-o", "numbers.madaline", *words)
    assert fitted.code == 0, fitted.err
    assert f"Predicts {target} (a number)" in run("info", "numbers.madaline").out
    told = json.loads(run("predict", "numbers.madaline", "new.csv", "--json").out)
    truth = table[target][N_TRAIN:].to_numpy()
    error = np.array(told["columns"][target]) - truth
    return float(1 - np.square(error).mean() / truth.var())


def test_the_angle_of_a_stroke_in_an_image(run, place):
    Image = pytest.importorskip("PIL.Image", reason="Pillow reads image files")
    rows, columns = np.mgrid[-6:6, -6:6] + 0.5
    lines = []
    for number, angle in enumerate(rng.uniform(-60, 60, 160)):
        slope = np.deg2rad(angle)
        far = np.abs(columns * np.cos(slope) - rows * np.sin(slope) - rng.uniform(-1, 1))
        pixels = 255 * np.exp(-np.square(far / rng.uniform(0.7, 1.5)))
        Image.fromarray(pixels.astype(np.uint8)).save(place / f"{number}.png")
        lines.append((f"{number}.png", angle))
    table = pd.DataFrame(lines, columns=["stroke", "angle"])
    assert evaluated(run, place, table, "angle", "--effort", 10) > 0.9


def test_the_pitch_of_a_tone(run, place):
    lines = []
    for number, pitch in enumerate(rng.uniform(200, 1200, 160)):
        times = np.arange(int(rng.uniform(0.08, 0.15) * RATE)) / RATE
        tone = np.sin(2 * np.pi * pitch * times) + rng.normal(size=len(times)) / 5
        with wave.open(str(place / f"{number}.wav"), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            file.writeframes((5000 * tone).astype("<i2").tobytes())
        lines.append((f"{number}.wav", pitch))
    table = pd.DataFrame(lines, columns=["clip", "hertz"])
    assert evaluated(run, place, table, "hertz", "--effort", 10) > 0.9


def test_the_stars_of_a_review(run, place):
    words = ("awful", "poor", "plain", "nice", "superb")
    stars = rng.integers(1, 6, 160)
    texts = [
        " ".join(rng.permutation(["the", "tea", "box", "was", "here", words[one - 1]]))
        for one in stars
    ]
    table = pd.DataFrame({"review": texts, "stars": stars})
    assert evaluated(run, place, table, "stars", "--task", "regression", "--effort", 40) > 0.7
