"""A step of an optimizer in one pass over the population, by a compiled kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.compiled import FLOAT32, Kernel, in_one_piece
from madaline.nn.optimizers.base import StepSize
from madaline.nn.workspace import Workspace

NOTHING = np.empty((1, 0), np.float32)

N_NUMBERS = 5
"""Numbers of each member that a kernel takes, at most."""


def step_in_one_pass(
    kernel: Kernel,
    matrices: tuple[Array, ...],
    betas: tuple[float, ...],
    numbers: Callable[[], Sequence[Array]],
    size: StepSize,
    workspace: Workspace,
) -> bool:
    """Have a compiled kernel take the step, if there is one for such arrays; return whether it did.

    Parameters
    ----------
    kernel : callable
        One of `madaline.nn.kernels` that takes all this.
    matrices : tuple of ndarray of shape (*axes, parameters)
        What the step reads and writes.
    betas : tuple of float
        Numbers of the optimizer.
    numbers : callable
        Returns numbers of each member, as many as the kernel takes, each of shape (*axes, 1);
        called once a step, and only if the kernel takes it.
    size : StepSize
        Its rates and its decay.
    workspace : Workspace
        Has compiled kernels, or not.
    """
    if workspace.compiled is None or np.result_type(size.learning_rate, FLOAT32) != FLOAT32:
        return False
    *axes, parameters = matrices[0].shape
    lead, members = tuple(axes[:-1]), axes[-1] if axes else 1
    rates = NOTHING[0] if size.rates is None else size.rates
    table = workspace.empty((*lead, N_NUMBERS, members), FLOAT32)
    settings = np.array(betas, np.float32)
    calls = []
    for index in product(*map(range, lead)):
        own = [matrix[index].reshape(members, parameters) for matrix in matrices]
        decay = _decay(size.weight_decay, index, parameters)
        if not in_one_piece(*own, rates, decay) or not _fit(rates, decay, own[0]):
            return False
        calls.append((*own, settings, table[index], rates, decay))
    workspace.do(_write, numbers, table)
    for arguments in calls:
        workspace.do(workspace.compiled[kernel], *arguments)
    return True


def _fit(rates: Array, decay: Array, theta: Array) -> bool:
    """Return whether rates and decay are such as the kernels take for members of this shape."""
    members, parameters = theta.shape
    decays = (1, 0), (1, parameters), (members, parameters)
    return rates.shape in ((0,), (parameters,)) and decay.shape in decays


def _write(numbers: Callable[[], Sequence[Array]], table: Array) -> None:
    for place, column in enumerate(numbers()):
        table[..., place, :] = column[..., 0]


def _decay(weight_decay: float | Array, index: tuple[int, ...], parameters: int) -> Array:
    """Return the decay of the members at an index of all axes but the last: a row, or one each."""
    if not isinstance(weight_decay, np.ndarray):
        return np.full((1, parameters), weight_decay, FLOAT32) if weight_decay else NOTHING
    ahead = (1,) * (len(index) + 2 - weight_decay.ndim)
    decay: Array = weight_decay.reshape(ahead + weight_decay.shape)
    part: Array = decay[tuple(min(one, n - 1) for one, n in zip(index, decay.shape, strict=False))]
    return part
