"""What an array of a file must be: type, shape and bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from madaline._base.json_checks import LARGEST, Malformed
from madaline.nn.arrays import Array

FLOAT32, FLOAT64, INT64 = "<f4", "<f8", "<i8"


@final
@dataclass(frozen=True)
class ArrayCheck:
    """An array of finite numbers within bounds; a side of None may have any length above zero."""

    dtype: str
    shape: tuple[int | None, ...]
    low: float = -LARGEST
    high: float = LARGEST
    above: bool = False  # whether numbers must be above `low`
    ascending: bool = False  # whether each must be above the one before
    infinite: bool = False  # whether infinity is a number, too

    def __call__(self, array: Array) -> None:
        """Raise `Malformed` if the array is something else."""
        if array.dtype != np.dtype(self.dtype):
            raise Malformed(
                "has elements of type {dtype}, but must have {wanted}",
                dtype=array.dtype,
                wanted=self.dtype,
            )
        wanted = self.shape
        if array.ndim != len(wanted) or not all(map(_fits, array.shape, wanted)):
            raise Malformed(
                "has the shape {shape}, but must have {wanted}", shape=array.shape, wanted=wanted
            )
        if not array.size:
            return
        least, most = array.min().item(), array.max().item()  # both are NaN if a number is
        fine = most <= self.high or (self.infinite and most == np.inf)
        if not (fine and (least > self.low if self.above else least >= self.low)):
            found = least if fine or least != least else most
            word = "above" if self.above else "from"
            raise Malformed(
                "holds {found}, but must be {word} {low:g} to {high:g}",
                found=found,
                word=word,
                low=self.low,
                high=self.high,
            )
        if self.ascending and not (array[1:] > array[:-1]).all():
            raise Malformed("is not in ascending order")


def check_arrays(arrays: Mapping[str, Array], checks: Mapping[str, ArrayCheck]) -> None:
    """Raise `Malformed` unless there are exactly these arrays, and each is what it must be."""
    if arrays.keys() != checks.keys():
        name = min(arrays.keys() ^ checks.keys())
        raise Malformed(
            "{text} array {name}",
            text="has an unknown" if name in arrays else "lacks the",
            name=name[:60],
        )
    for name, check in checks.items():
        try:
            check(arrays[name])
        except Malformed as error:
            raise error.within(name) from None


def _fits(side: int, wanted: int | None) -> bool:
    return side > 0 if wanted is None else side == wanted
