"""The image encoder scales pixels to about unit size, channel by channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from madaline._base.json_checks import OneOf, Whole
from madaline._base.language import _
from madaline._tables.conversion import as_images
from madaline._tables.kinds.kind import (
    IMAGE,
    MEDIA,
    Channels,
    ColumnEncoder,
    Kind,
    Scales,
    TrainingColumn,
    format_short,
)
from madaline._tables.media.images import CHANNELS, size_words
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn.arrays import Array, row_blocks

WHITE = 255  # the largest value of a pixel in a file

_Side = Annotated[int, Whole(1, 4096)]


@dataclass(frozen=True, eq=False)
class ImageEncoder(ColumnEncoder):
    """Encodes a column of images: ``(pixel - mean) / scale`` of each channel."""

    name: str
    # height, width and channels; features are positions one after the other, row by row, the
    # channels of each together
    shape: tuple[_Side, _Side, Annotated[int, OneOf(tuple(CHANNELS))]]
    # for each channel the mean over all pixels of all training images, and their standard
    # deviation; 1 where all are the same
    mean: Channels
    scale: Scales
    # the largest value that a pixel may have: 1 where all were fractions, 255 where they seem to be
    # bytes, 0 where neither is clear
    brightest: Annotated[int, OneOf((0, 1, WHITE))] = 0

    kind = IMAGE

    @classmethod
    def fit(cls, name: str, column: Array, sample_weight: Array | None = None) -> ImageEncoder:
        """Return the encoder of training images, shape (n_samples, height, width, channels)."""
        weight = np.ones(len(column)) if sample_weight is None else sample_weight
        total, squares = np.zeros((2, column.shape[-1]))
        for rows in row_blocks(len(column), int(np.prod(column.shape[1:]))):
            pixels = column[rows].astype(np.float64)
            share = weight[rows] / weight.sum()
            total += np.einsum("n,nhwc->c", share, pixels)
            squares += np.einsum("n,nhwc->c", share, np.square(pixels))
        mean = total / np.prod(column.shape[1:3])
        squares /= np.prod(column.shape[1:3])
        variance = squares - np.square(mean)
        variance = np.where(variance > 1e-9 * squares, variance, 1.0)
        scale = np.sqrt(variance)
        means, scales = tuple(mean.tolist()), tuple(scale.tolist())
        return cls(name, column.shape[1:], means, scales, _brightest(column))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The row, the column and the channel of each pixel."""
        return tuple(f"{self.name} {row},{column},{channel}"
                     for row, column, channel in np.ndindex(*self.shape))  # fmt: skip

    @property
    def n_features(self) -> int:
        return int(np.prod(self.shape))

    @property
    def grid_shape(self) -> tuple[int, ...]:
        return self.shape

    def read(self, column: Array) -> Array:
        """Return the images, if they have the size of those that it was fitted on."""
        if column.shape[1:] != self.shape:
            found = size_words(column.shape[1:]) if column.ndim == 4 else "no images"
            remedy = "resize" if column.ndim == 4 else "open"
            raise InputError(
                "Column {name!r} holds {found}, but the model learned from {size_words}: {remedy} them first.",
                name=self.name,
                found=found,
                size_words=size_words(self.shape),
                remedy=remedy,
            )
        return column

    def off_scale(
        self,
        column: Array,  # (n_samples, height, width, channels)
    ) -> str:
        """Return a warning if pixels seem to be on another scale than in training, else ""."""
        if self.brightest == 1 and column.max(initial=0) > 2:  # more than a rounding error
            return _(
                "Column {name}: pixels go up to {max:g}, but the model learned from fractions, 0 to 1: divide bytes by {WHITE}."
            ).format(name=self.name, max=column.max(), WHITE=WHITE)
        may_be_fractions = self.brightest == WHITE and column.dtype != np.uint8
        if may_be_fractions and _brightest(column) == 1:
            return _(
                "Column {name}: pixels are fractions, 0 to 1, but the model learned from 0 to {WHITE}: multiply them by {WHITE}."
            ).format(name=self.name, WHITE=WHITE)
        return ""

    def of_files(self, pixels: Array) -> Array:
        """Return pixels of files, 0 to 255, on the scale of those that it was fitted on."""
        return pixels / np.float32(WHITE) if self.brightest == 1 else pixels

    @property
    def files_note(self) -> str:
        """A sentence about what `of_files` changes; empty if nothing."""
        if self.brightest != 1:
            return ""
        return _(
            "Pixels of files are divided by {WHITE}, as the model learned from fractions, 0 to 1."
        ).format(WHITE=WHITE)

    def write(self, column: Array, out: Array) -> None:
        pixels = out.reshape(column.shape)
        np.subtract(column, np.asarray(self.mean, np.float32), out=pixels)
        pixels /= np.asarray(self.scale, np.float32)
        if not np.shares_memory(pixels, out):  # a slice of a wider table
            out[...] = pixels.reshape(out.shape)

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong between the channels, their means and their scales."""
        channels = values["shape"][2]
        alike = len(values["mean"]) == len(values["scale"]) == channels
        return (
            ""
            if alike
            else _("has {channels} channels, but another number of means or scales").format(
                channels=channels
            )
        )


def _brightest(column: Array) -> int:
    """Return the largest value that a pixel may have, judging by all; 0 where it is not clear."""
    if not column.size or column.min() < 0:
        return 0
    highest = column.max()
    if 0 < highest <= 1:
        return 1
    return WHITE if WHITE / 2 < highest <= WHITE else 0


class ImageKind(Kind):
    """Images of one size."""

    name, words, holds, json = IMAGE, ("column of images", "columns of images"), MEDIA, "array"
    encoders = (ImageEncoder,)

    def read(self, name: str, column: Array) -> Array:
        return as_images(name, column)

    def detail(self, table: Table, name: str) -> str:
        """Return the size of the images, and the range of pixels."""
        images = table[name]
        if not len(images):
            return size_words(images.shape[1:])
        low, high = format_short(images.min()), format_short(images.max())
        return _("{size_words}, from {low} to {high}").format(
            size_words=size_words(images.shape[1:]), low=low, high=high
        )

    def fit(self, training: TrainingColumn) -> ImageEncoder:
        return ImageEncoder.fit(training.name, training.values, training.weight)
