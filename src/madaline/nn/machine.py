"""What numba compiles for training; imported only where it is wanted and installed.

Each kernel, and `follow`, which follows a program (`madaline.nn.programs`).
"""

from __future__ import annotations

from typing import Any

from madaline.nn.arrays import Array
from madaline.nn.compiled import OF_TRAINING, Kernel
from madaline.nn.lines import (
    FOLLOWS,
    array,
    compiled,
    compiled_kernel,
    do_no_kernel,
    matrix,
    stack,
)
from madaline.nn.programs import KERNEL, KERNELS

COMPILED: dict[Kernel, Any] = {kernel: compiled_kernel(kernel) for kernel in OF_TRAINING}

add_bias, rectify, rectify_back = (COMPILED[kernel] for kernel in KERNELS[:3])
silu, silu_back, below_largest = (COMPILED[kernel] for kernel in KERNELS[3:6])
softmax_slope, adam, schedule_free = (COMPILED[kernel] for kernel in KERNELS[6:9])


def _follow(matrices: int, vector: int, tanh: int, program: Array) -> None:
    for place in range(program.shape[0]):
        line = program[place]
        what = line[0] - KERNEL
        if what < 0:
            do_no_kernel(matrices, vector, tanh, line)
        elif what == 0:
            add_bias(stack(line, 1), matrix(line, 5))
        elif what == 1:
            rectify(array(line, 1), array(line, 3))
        elif what == 2:
            rectify_back(array(line, 1), array(line, 3))
        elif what == 3:
            silu(array(line, 1), array(line, 3), array(line, 5))
        elif what == 4:
            silu_back(array(line, 1), array(line, 3), array(line, 5))
        elif what == 5:
            below_largest(matrix(line, 1), matrix(line, 4))
        elif what == 6:
            softmax_slope(matrix(line, 1), array(line, 4), matrix(line, 6), array(line, 9))
        else:
            theta, gradient = matrix(line, 1), matrix(line, 4)
            memory, squares = matrix(line, 7), matrix(line, 10)
            betas, numbers = array(line, 13), matrix(line, 15)
            rates, decay = array(line, 18), matrix(line, 20)
            if what == 7:
                adam(theta, gradient, memory, squares, betas, numbers, rates, decay)
            else:
                schedule_free(theta, gradient, memory, squares, betas, numbers, rates, decay)


follow = compiled(_follow, FOLLOWS)
