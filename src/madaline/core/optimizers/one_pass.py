"""A step of an optimizer in one pass over the population, by a compiled kernel."""

from __future__ import annotations

from itertools import product

import numpy as np

from madaline.core.arrays import Array
from madaline.core.compiled import FLOAT32, Kernel, in_one_piece
from madaline.core.optimizers.base import StepSize
from madaline.core.workspace import Workspace

NOTHING = np.empty((1, 0), np.float32)


def step_in_one_pass(
    kernel: Kernel,
    matrices: tuple[Array, ...],
    betas: tuple[float, ...],
    columns: tuple[Array, ...],
    size: StepSize,
    workspace: Workspace,
) -> bool:
    """Have a compiled kernel take the step, if there is one for such arrays; return whether it did.

    Parameters
    ----------
    kernel : callable
        One of `madaline.core.kernels` that takes all this.
    matrices : tuple of ndarray of shape (*axes, parameters)
        What the step reads and writes.
    betas : tuple of float
        Numbers of the optimizer.
    columns : tuple of ndarray of shape (*axes, 1)
        Numbers of each member.
    size : StepSize
        Its rates and its decay.
    workspace : Workspace
        Has compiled kernels, or not.
    """
    *axes, parameters = matrices[0].shape
    rates = NOTHING[0] if size.rates is None else size.rates
    fits = rates.shape in ((0,), (parameters,)) and all(one.dtype == FLOAT32 for one in columns)
    if workspace.compiled is None or not fits:
        return False
    lead, members = tuple(axes[:-1]), axes[-1] if axes else 1
    numbers = np.empty((*lead, len(columns), members), np.float32)
    for place, column in enumerate(columns):
        numbers[..., place, :] = column[..., 0]
    settings = np.array(betas, np.float32)
    calls = []
    for index in product(*map(range, lead)):
        own = [matrix[index].reshape(members, parameters) for matrix in matrices]
        decay = _decay(size.weight_decay, index, parameters)
        if decay.shape not in ((1, 0), (1, parameters), (members, parameters)):
            return False
        if not in_one_piece(*own, rates, decay):
            return False
        calls.append((*own, settings, numbers[index], rates, decay))
    for arguments in calls:
        workspace.compiled[kernel](*arguments)
    return True


def _decay(weight_decay: float | Array, index: tuple[int, ...], parameters: int) -> Array:
    """Return the decay of the members at an index of all axes but the last: a row, or one each."""
    if not isinstance(weight_decay, np.ndarray):
        return np.full((1, parameters), weight_decay, FLOAT32) if weight_decay else NOTHING
    ahead = (1,) * (len(index) + 2 - weight_decay.ndim)
    decay: Array = weight_decay.reshape(ahead + weight_decay.shape)
    part: Array = decay[tuple(min(one, n - 1) for one, n in zip(index, decay.shape, strict=False))]
    return part
