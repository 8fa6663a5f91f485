"""What is done to rows before and between products when networks predict, as loops.

As in `madaline.nn.kernels`: NumPy's operations in NumPy's order, each rounded by itself.
"""

from __future__ import annotations

import numpy as np

from madaline.nn.arrays import Array

ONE = np.float32(1)
FAR = 1e100


def fill(numbers: Array, center: Array, missing: Array) -> None:
    """Put the middle, (n_numbers, 1), where a number is missing, and say where that is."""
    n_numbers, rows = numbers.shape
    for number in range(n_numbers):
        for row in range(rows):
            x = numbers[number, row]
            missing[number, row] = x != x
            numbers[number, row] = center[number, 0] if x != x else x


def scale(numbers: Array, center: Array, spread: Array, out: Array) -> None:
    """Write numbers, (n_numbers, rows), scaled and smoothly clipped: see `write_scaled`."""
    n_numbers, rows = numbers.shape
    for number in range(n_numbers):
        for row in range(rows):
            z = (numbers[number, row] - center[number, 0]) / spread[number, 0]
            z = z if z > -FAR else -FAR
            z = z if z < FAR else FAR
            third = z / 3.0
            out[number, row] = z / np.sqrt(third * third + 1.0)


def turn(features: Array, column: Array, out: Array) -> None:
    """Write features, (n_numbers, rows), into columns of (rows, width), from a column on."""
    n_numbers, rows = features.shape
    for row in range(rows):
        for number in range(n_numbers):
            out[row, column[0] + number] = np.float32(features[number, row])


def find_bins(numbers: Array, starts: Array, first: Array, own: Array) -> None:
    """Write the place of the bin that each number lies in, given where its bins start."""
    n_numbers, rows = numbers.shape
    for number in range(n_numbers):
        for row in range(rows):
            own[number, row] = first[number, 0]
        for place in range(1, starts.shape[1]):
            start = starts[number, place]
            for row in range(rows):
                own[number, row] += 1 if start <= numbers[number, row] else 0


def part_of_bins(
    numbers: Array,
    own: Array,
    lowest: Array,
    highest: Array,
    low: Array,
    width: Array,
    part: Array,
) -> None:
    """Write how far along its own bin each number lies, or the nearest edge of all bins."""
    n_numbers, rows = numbers.shape
    for number in range(n_numbers):
        for row in range(rows):
            x = numbers[number, row]
            x = x if x > lowest[number, 0] else lowest[number, 0]
            x = x if x < highest[number, 0] else highest[number, 0]
            place = own[number, row]
            part[number, row] = (x / 2.0 - low[place]) / width[place]


def add_bins(own: Array, part: Array, before: Array, full: Array, sums: Array) -> None:
    """Write what the bins of all numbers add to sums, (rows, units), number by number."""
    n_numbers, rows = own.shape
    units = sums.shape[1]
    for row in range(rows):
        place, share = own[0, row], np.float32(part[0, row])
        for unit in range(units):
            sums[row, unit] = full[place, unit] * share + before[place, unit]
    for number in range(1, n_numbers):
        for row in range(rows):
            place, share = own[number, row], np.float32(part[number, row])
            for unit in range(units):
                sums[row, unit] += full[place, unit] * share + before[place, unit]


def add_to_columns(sums: Array, columns: Array, out: Array) -> None:
    """Add sums, (rows, units or more), to columns of (rows, width), from the first to the last."""
    for row in range(sums.shape[0]):
        for unit in range(columns[1] - columns[0]):
            out[row, columns[0] + unit] += sums[row, unit]


def bend(x: Array, tanh: Array) -> None:
    """Multiply `x` by one more than its hyperbolic tangent."""
    for place in range(x.size):
        x[place] *= tanh[place] + ONE
