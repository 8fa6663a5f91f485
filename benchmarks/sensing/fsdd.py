"""Spoken digits (FSDD): 3,000 recordings of six speakers, the 300 official ones of them to test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sensing import models, torch_models
from sensing.task import Outcome, Task

NAME = "fsdd, 300 recordings of known speakers"
COEFFICIENTS = 20
FRAMES = 64


def load(folder: Path) -> Task:
    """Return the waveforms; each speaker's first five recordings of each digit are to test."""
    x, y, _, index, _ = read(folder)
    test = index < 5
    return Task(
        NAME,
        [x[row] for row in np.flatnonzero(~test)],
        y[~test],
        [x[row] for row in np.flatnonzero(test)],
        y[test],
    )


def read(folder: Path) -> tuple[list[Any], Any, Any, Any, int]:
    """Return waveforms, digits, speakers, numbers of the recordings, and the rate."""
    with np.load(folder / "audio" / "fsdd.npz") as data:
        x = np.split(data["audio"], np.cumsum(data["lengths"])[:-1])
        return x, data["y"], data["speaker"], data["index"], int(data["rate"])


def contenders(
    task: Task, rate: int = 8000, *, chosen: dict[str, Any] | None = None, **facts: Any
) -> dict[str, Callable[[], Outcome]]:
    """Return who contends; `chosen` is what was chosen for one of them on other rows, if it was."""
    return {
        models.MADALINE: lambda: models.madaline(as_sounds(task, rate), **facts),
        "SVC on mean MFCC (scikit-learn)": partial(_on_means, models.svc, task, rate),
        "MLP on mean MFCC (scikit-learn)": partial(_on_means, models.mlp, task, rate),
        "CNN on log-mel (PyTorch)": partial(_on_images, task, rate, chosen, **facts),
    }


def as_sounds(task: Task, rate: int) -> Task:
    """Return the task with waveforms as madaline's sounds."""
    from madaline import sounds

    return replace(task, train_x=sounds(task.train_x, rate), test_x=sounds(task.test_x, rate))


def _on_means(fit: Callable[..., Outcome], task: Task, rate: int) -> Outcome:
    """Fit to the means and standard deviations of the cepstral coefficients over each recording."""
    from scipy.fft import dct

    def means(waves: Any) -> Any:
        cepstra = [dct(one, norm="ortho")[:, :COEFFICIENTS] for one in log_mel(waves, rate)]
        return np.stack([np.r_[one.mean(axis=0), one.std(axis=0)] for one in cepstra])

    return fit(task, means(task.train_x), means(task.test_x))


def _on_images(task: Task, rate: int, chosen: dict[str, Any] | None, groups: Any = None) -> Outcome:
    """Fit to spectrograms, cut or followed by silence to one length."""

    def images(waves: Any) -> Any:
        silence = np.full((FRAMES, log_mel(waves[:1], rate)[0].shape[1]), np.log(1e-6))
        return np.stack([np.r_[one, silence][:FRAMES] for one in log_mel(waves, rate)])

    train, test = (images(one) for one in (task.train_x, task.test_x))
    return torch_models.lenet(task, train, test, groups, chosen)


def log_mel(waves: Any, rate: int) -> list[Any]:
    """Return the spectrograms that madaline uses, so that all contenders have the same input."""
    from madaline import sounds
    from madaline._tables.kinds.sound import BANDS
    from madaline._tables.media.transforms import Spectrogram

    spectrogram = Spectrogram(BANDS, rate / 2)
    return [spectrogram.of(one) for one in sounds(waves, rate)]
