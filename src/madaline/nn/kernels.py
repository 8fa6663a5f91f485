"""Passes over memory as loops: what NumPy does in several passes, element by element in one.

Interpreted they are slow; `madaline.nn.compiled` has numba compile them, where it is installed.
Each does NumPy's operations in NumPy's order, every one rounded to float32 by itself, so that it
gives the same bits.
"""

from __future__ import annotations

import numpy as np

from madaline.nn.arrays import Array

HALF, ONE, ZERO = np.float32(0.5), np.float32(1), np.float32(0)


def add_bias(sums: Array, bias: Array) -> None:
    """Add ``bias``, (members, units), to ``sums``, (members, batch, units)."""
    members, batch, units = sums.shape
    for member in range(members):
        for row in range(batch):
            for unit in range(units):
                sums[member, row, unit] += bias[member, unit]


def rectify(x: Array, out: Array) -> None:
    """Write ``max(x, 0)``; what is not a number stays so."""
    for place in range(x.size):
        value = x[place]
        out[place] = value if value > ZERO or value != value else ZERO


def rectify_back(gradient: Array, y: Array) -> None:
    """Multiply the gradient by 1 where the rectifier said something and by 0 elsewhere."""
    for place in range(y.size):
        gradient[place] = gradient[place] * (ONE if y[place] > ZERO else ZERO)


def silu(x: Array, sigmoid: Array, out: Array) -> None:
    """Turn ``tanh(x / 2)`` into the sigmoid of `x` and write ``x * sigmoid``."""
    for place in range(x.size):
        share = (sigmoid[place] + ONE) * HALF
        sigmoid[place] = share
        out[place] = x[place] * share


def silu_back(gradient: Array, y: Array, sigmoid: Array) -> None:
    """Multiply the gradient by ``y - y s + s`` with the sigmoid s."""
    for place in range(y.size):
        slope = y[place] - y[place] * sigmoid[place]
        gradient[place] = gradient[place] * (slope + sigmoid[place])


def below_largest(output: Array, out: Array) -> None:
    """Write how far each output, (rows, classes), is from the largest of its row."""
    rows, classes = output.shape
    for row in range(rows):
        largest = output[row, 0]
        for place in range(1, classes):
            value = output[row, place]
            if value > largest or value != value:
                largest = value
        for place in range(classes):
            out[row, place] = output[row, place] - largest


def softmax_slope(exponentials: Array, sums: Array, target: Array, share: Array) -> None:
    """Turn exponentials into what the softmax is too high by, times the share of a row.

    A target may serve the rows of several members, one after the other.
    """
    rows, classes = exponentials.shape
    for row in range(rows):
        true = row % target.shape[0]
        for place in range(classes):
            softmax = exponentials[row, place] / sums[row]
            exponentials[row, place] = (softmax - target[true, place]) * share[0]


def largest_of_four(grids: Array, out: Array, which: Array) -> None:
    """Write the largest of two by two positions of grids, (rows, height, width, channels).

    And which of the four that is, the first of equal ones: 0 and 1 in the left column, 2 and 3 in
    the right one, the upper one first.
    """
    rows, height, width, channels = grids.shape
    for row in range(rows):
        for top in range(height // 2):
            for left in range(width // 2):
                for channel in range(channels):
                    one = grids[row, 2 * top, 2 * left, channel]
                    two = grids[row, 2 * top + 1, 2 * left, channel]
                    of_left = two if two > one or two != two else one
                    in_left = 0 if one >= two else 1
                    one = grids[row, 2 * top, 2 * left + 1, channel]
                    two = grids[row, 2 * top + 1, 2 * left + 1, channel]
                    of_right = two if two > one or two != two else one
                    in_right = 2 if one >= two else 3
                    is_right = of_right > of_left or of_right != of_right
                    out[row, top, left, channel] = of_right if is_right else of_left
                    which[row, top, left, channel] = in_left if of_left >= of_right else in_right


def spread_to_largest(gradient: Array, which: Array, out: Array) -> None:
    """Write the gradient to that one of two by two positions, zero to the others."""
    rows, height, width, channels = out.shape
    for row in range(rows):
        for top in range(height // 2):
            for down in range(2):
                for left in range(width // 2):
                    for right in range(2):
                        for channel in range(channels):
                            place = which[row, top, left, channel]
                            value = gradient[row, top, left, channel]
                            share = value * (ONE if place < 2 else ZERO)
                            share = value - share if right else share
                            part = share * (ZERO if place & 1 else ONE)
                            part = share - part if down else part
                            out[row, 2 * top + down, 2 * left + right, channel] = part


def copy_windows(grids: Array, out: Array) -> None:
    """Copy what is around each position of grids, (rows, height, width, channels), zeros beyond.

    Windows stand in (rows, height, width, high, wide, channels). With a larger height there are
    windows around positions beyond the edges, too.
    """
    rows, height, width, channels = grids.shape
    tall, high, wide = out.shape[1], out.shape[3], out.shape[4]
    above, before = (tall - height + high - 1) // 2, wide // 2
    by_line = out.reshape(rows, tall, width, high, wide * channels)
    line = np.zeros((width + 2 * before) * channels, np.float32)
    inside = line[before * channels : (before + width) * channels]
    for row in range(rows):
        for top in range(-above, tall - above + high - 1):
            if top < 0 or top >= height:
                inside[:] = ZERO
            else:
                whole = grids[row, top].reshape(-1)
                for place in range(width * channels):
                    inside[place] = whole[place]
            for down in range(high):
                position = top + above - down
                if position < 0 or position >= tall:
                    continue
                for left in range(width):
                    window = by_line[row, position, left, down]
                    around = line[left * channels : (left + wide) * channels]
                    for place in range(wide * channels):
                        window[place] = around[place]


def adam(
    theta: Array,
    gradient: Array,
    slopes: Array,
    squares: Array,
    betas: Array,
    numbers: Array,
    rates: Array,
    decay: Array,
) -> None:
    """Take a step as `Adam` does; ``numbers`` has epsilon and the rate of each member."""
    members, parameters = theta.shape
    has_rates, has_decay = rates.size > 0, decay.size > 0
    for member in range(members):
        epsilon, rate = numbers[0, member], numbers[1, member]
        line = member if decay.shape[0] > 1 else 0
        for place in range(parameters):
            slope = gradient[member, place]
            square = squares[member, place] * betas[1] + slope * slope
            squares[member, place] = square
            slope = slopes[member, place] * betas[0] + slope
            slopes[member, place] = slope
            step = slope / (np.sqrt(square) + epsilon) * rate
            if has_rates:
                step = step * rates[place]
            if has_decay:
                step = step + theta[member, place] * decay[line, place]
            theta[member, place] -= step


def schedule_free(
    y: Array,
    gradient: Array,
    z: Array,
    squares: Array,
    betas: Array,
    numbers: Array,
    rates: Array,
    decay: Array,
) -> None:
    """Take a step as `ScheduleFreeAdamW` does.

    ``numbers`` has epsilon, rate, share, what is kept and the way back of each member.
    """
    members, parameters = y.shape
    has_rates, has_decay = rates.size > 0, decay.size > 0
    for member in range(members):
        epsilon, rate = numbers[0, member], numbers[1, member]
        share, kept, back = numbers[2, member], numbers[3, member], numbers[4, member]
        line = member if decay.shape[0] > 1 else 0
        for place in range(parameters):
            slope = gradient[member, place]
            square = squares[member, place] * betas[1] + slope * slope
            squares[member, place] = square
            step = slope / (np.sqrt(square) + epsilon) * rate
            if has_rates:
                step = step * rates[place]
            old = y[member, place]
            if has_decay:
                step = step + old * decay[line, place]
            before = z[member, place]
            z[member, place] = before - step
            y[member, place] = old * kept + before * share - step * back
