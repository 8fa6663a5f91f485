"""What numba compiles for predictions; imported only where it is wanted and installed.

Each kernel, and `follow`, which follows a program of theirs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline.nn import row_kernels
from madaline.nn.arrays import Array
from madaline.nn.compiled import OF_ROWS, Kernel
from madaline.nn.intrinsics import add_scaled
from madaline.nn.kernels import ZERO
from madaline.nn.lines import (
    FOLLOWS,
    array,
    byte_matrix,
    compiled,
    compiled_kernel,
    do_no_kernel,
    double_matrix,
    doubles,
    matrix,
    place_matrix,
    places,
    stack,
)
from madaline.nn.programs import KERNEL, KERNELS


def _add_bins(own: Array, part: Array, before: Array, full: Array, sums: Array) -> None:
    """`row_kernels.add_bins`, which numba does not see how to do with vectors."""
    n_numbers, rows = own.shape
    width = sums.shape[1]
    to, of_full, of_before = sums.ctypes.data, full.ctypes.data, before.ctypes.data
    sums[...] = -ZERO
    for number in range(n_numbers):
        for row in range(rows):
            skipped = 4 * width * own[number, row]
            share = np.float32(part[number, row])
            add_scaled(to + 4 * width * row, of_full + skipped, of_before + skipped, share, width)


INSTEAD = {row_kernels.add_bins: _add_bins}
COMPILED: dict[Kernel, Any] = {one: compiled_kernel(one, INSTEAD.get(one)) for one in OF_ROWS}

add_bias = COMPILED[KERNELS[0]]
fill, scale, turn, find_bins, part_of_bins = (COMPILED[kernel] for kernel in KERNELS[9:14])
add_bins, add_to_columns, bend = (COMPILED[kernel] for kernel in KERNELS[14:])


def _follow(matrices: int, vector: int, tanh: int, program: Array) -> None:
    for place in range(program.shape[0]):
        line = program[place]
        what = line[0] - KERNEL
        if what < 0:
            do_no_kernel(matrices, vector, tanh, line)
        elif what == 0:
            add_bias(stack(line, 1), matrix(line, 5))
        elif what == 9:
            fill(double_matrix(line, 1), double_matrix(line, 4), byte_matrix(line, 7))
        elif what == 10:
            numbers, center = double_matrix(line, 1), double_matrix(line, 4)
            scale(numbers, center, double_matrix(line, 7), double_matrix(line, 10))
        elif what == 11:
            turn(double_matrix(line, 1), places(line, 4), matrix(line, 6))
        elif what == 12:
            numbers, starts = double_matrix(line, 1), double_matrix(line, 4)
            find_bins(numbers, starts, place_matrix(line, 7), place_matrix(line, 10))
        elif what == 13:
            numbers, own = double_matrix(line, 1), place_matrix(line, 4)
            lowest, highest = double_matrix(line, 7), double_matrix(line, 10)
            low, width = doubles(line, 13), doubles(line, 15)
            part_of_bins(numbers, own, lowest, highest, low, width, double_matrix(line, 17))
        elif what == 14:
            own, part, before = place_matrix(line, 1), double_matrix(line, 4), matrix(line, 7)
            add_bins(own, part, before, matrix(line, 10), matrix(line, 13))
        elif what == 15:
            add_to_columns(matrix(line, 1), places(line, 4), matrix(line, 6))
        else:
            bend(array(line, 1), array(line, 3))


follow = compiled(_follow, FOLLOWS)
