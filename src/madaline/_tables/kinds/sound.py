"""The sound encoder encodes the spectrogram of a sound as a sequence of frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline._base.language import _
from madaline._base.words import format_count
from madaline._tables.conversion import as_sounds
from madaline._tables.kinds.kind import MEDIA, SOUND, ColumnEncoder, Kind, TrainingColumn
from madaline._tables.kinds.sequence import SequenceEncoder
from madaline._tables.media.signals import Sequence, Sound
from madaline._tables.media.transforms import Spectrogram
from madaline._tables.table import Table
from madaline.nn.arrays import Array

BANDS = 40  # frequency bands of a spectrogram


@dataclass(frozen=True, eq=False)
class SoundEncoder(ColumnEncoder):
    """Encodes a column of sounds: the logarithm of the power of each band in each frame."""

    spectrogram: Spectrogram  # from a sound to a sequence of frames
    frames: SequenceEncoder  # from the sequences to features

    kind = SOUND

    @classmethod
    def fit(cls, name: str, column: Array, sample_weight: Array | None = None) -> SoundEncoder:
        """Return the encoder of training sounds, or of the names of their files.

        Its bands go up to the highest frequency that all of them can hold.
        """
        column = as_sounds(name, column)
        highest = min(one.rate for one in column if one is not None) / 2
        spectrogram = Spectrogram(BANDS, highest)
        frames = SequenceEncoder.fit(name, _frames(spectrogram, column), sample_weight)
        return cls(spectrogram, frames)

    @property
    def name(self) -> str:  # type: ignore[override]  # of the frames
        """Name of the column."""
        return self.frames.name

    @property
    def grid_shape(self) -> tuple[int, ...]:
        """The frames, and the numbers of each."""
        return self.frames.grid_shape

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The frame and the band of each number."""
        return self.frames.feature_names

    @property
    def n_features(self) -> int:
        """Number of frames times bands, and whether there is a frame."""
        return self.frames.n_features

    def read(self, column: Array) -> Array:
        """Return the spectrograms as sequences."""
        return _frames(self.spectrogram, as_sounds(self.name, column))

    def low_rate_note(
        self,
        column: Array,  # (n_samples,): sounds, None where there is none
    ) -> str:
        """Return a sentence on how many sounds lack high frequencies that it uses, or ""."""
        highest, least = self.spectrogram.highest, self.spectrogram.least_rate
        rates = [sound.rate for sound in column if isinstance(sound, Sound)]
        low = [rate for rate in rates if least <= rate < 2 * highest]  # lower ones are refused
        if not low:
            return ""
        sounds = format_count(len(low), "sound has", "sounds have")
        return _(
            "Column {name}: {sounds} a sampling rate of down to {low:,} hertz, so no frequencies above {limit:,.0f} hertz, but the model uses up to {highest:,.0f}: those count as silent, and predictions may be worse."
        ).format(name=self.name, sounds=sounds, low=min(low), limit=min(low) / 2, highest=highest)

    def write(self, column: Array, out: Array) -> None:
        self.frames.write(column, out)

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong between the bands and the means of their frames."""
        bands, means = values["spectrogram"]["bands"], len(values["frames"]["mean"])
        return (
            ""
            if bands == means
            else _("has {bands} bands, but {means} means").format(bands=bands, means=means)
        )


def _frames(spectrogram: Spectrogram, column: Array) -> Array:
    """Return the spectrogram of each sound as a sequence."""
    frames = np.empty(len(column), dtype=object)
    frames[:] = [None if one is None else Sequence(spectrogram.of(one)) for one in column]
    return frames


class SoundKind(Kind):
    """Sounds, or the names of their files."""

    name, words, holds, json = SOUND, ("column of sounds", "columns of sounds"), MEDIA, "string"
    encoders = (SoundEncoder,)

    def read(self, name: str, column: Array) -> Array:
        return as_sounds(name, column)

    def detail(self, table: Table, name: str) -> str:
        """Return the lengths of sounds and their sampling rates."""
        present = [sound for sound in as_sounds(name, table[name]) if sound is not None]
        if not present:
            return ""
        seconds, rates = [sound.seconds for sound in present], [sound.rate for sound in present]
        rate = " to ".join(f"{limit:,}" for limit in sorted({min(rates), max(rates)}))
        return _("{shortest:.2g} to {longest:.2g} seconds, {rate} hertz").format(
            shortest=min(seconds), longest=max(seconds), rate=rate
        )

    def fit(self, training: TrainingColumn) -> SoundEncoder:
        return SoundEncoder.fit(training.name, training.values, training.weight)
