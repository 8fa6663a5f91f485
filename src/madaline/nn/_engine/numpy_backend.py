"""Training with NumPy alone, as in a textbook: gather, forward, loss, backward, step.

`choose_backend` tells whether a race gets this backend or the compiled one.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import ClassVar, final

import numpy as np

from madaline.nn._engine.backend import Backend, Batches, TrainingRule
from madaline.nn._sparse_rows import Features, SparseRows, dense
from madaline.nn.arrays import Array, Workspace
from madaline.nn.network import Network, write_gradient
from madaline.nn.optimizers import StepSize
from madaline.nn.population import Population


@final
class NumpyBackend(Backend):
    """Trains all members of a group at once."""

    name: ClassVar[str] = "numpy"
    uses_threads: ClassVar[bool] = False

    def covers(self, rule: TrainingRule) -> bool:
        """Return True: every network is made of NumPy."""
        return True

    def train(self, rule: TrainingRule, members: Population, batches: Batches) -> None:
        """Take a step for each batch, in place."""
        gradient = np.empty_like(members.theta)
        workspace = Workspace()
        parameters = rule.network.bind(members.theta)
        gradients = rule.network.bind(gradient)
        decay = members.columns["weight_decay"][:, :1] * rule.decays  # the same for all folds
        full = StepSize(members.columns["learning_rate"], decay, rule.rates, rule.bounds)
        taken = int(members.columns["steps"].flat[0])  # all took their first steps together
        for step, index in enumerate(batches.order.swapaxes(0, 1), taken + 1):  # (folds, batch)
            workspace.rewind()
            x, target, weight = _gather(batches, index, workspace)
            write_gradient(
                rule.network,
                rule.loss,
                parameters,
                gradients,
                x,
                target,
                weight,
                workspace=workspace,
                rng=batches.rngs[0],
            )
            size = full if step >= rule.warmup_steps else full.times(step / rule.warmup_steps)
            rule.optimizer.step(members, gradient, size, workspace=workspace)

    def predict(self, network: Network, theta: Array, x: Features, chunk: int) -> Array:
        """Return the raw outputs of networks for the same rows."""
        parameters = network.bind(theta)
        workspace = Workspace()
        outputs = []
        for start in range(0, max(1, len(x)), chunk):
            workspace.rewind()
            rows = dense(x[start : start + chunk])
            output, _ = network.forward(parameters, rows, workspace=workspace)
            outputs.append(output.copy())
        return np.concatenate(outputs, axis=1)


def _gather(
    batches: Batches, index: Array, workspace: Workspace
) -> tuple[Array, Array, Array | None]:
    """Return a batch for each fold: x (folds, batch, features), target and weight alike."""
    if isinstance(batches.features, SparseRows):
        x = batches.features[index.ravel()].dense().reshape(*index.shape, -1)
    else:
        x = _take(batches.features, index, workspace)
    if batches.fold_columns.size:
        folds = np.arange(len(index))[:, None]
        x[..., batches.fold_columns] = batches.fold_values[folds, index]
    if batches.augmentation is not None:
        x = batches.augmentation.apply(x, batches.rngs, workspace)
    weight = None if batches.weight is None else _take(batches.weight, index, workspace)
    return x, _take(batches.target, index, workspace), weight


def _take(values: Array, index: Array, workspace: Workspace) -> Array:
    out = workspace.empty(index.shape + values.shape[1:], values.dtype)
    # mode="clip" writes into `out` directly; the default goes through a buffer to be undoable.
    return values.take(index, axis=0, out=out, mode="clip")


# Planned multiply-adds for which compiled training is worth the half second that loading takes
MIN_COMPILED_WORK = 2e10


# Multiply-adds for which there must be time where the training loop was not compiled before
MIN_WORK_TO_COMPILE = 6e11


def choose_backend(
    multiply_adds: float, compiled_from: float | None = None, *, compiles: bool = True
) -> Backend:
    """Return the backend for a race of so many planned multiply-adds.

    From `compiled_from` of them on (None: `MIN_COMPILED_WORK`) it is numba, if installed, and if
    there is time to compile or the training loop was compiled before.

    >>> choose_backend(1e6).name
    'numpy'
    """
    bound = MIN_COMPILED_WORK if compiled_from is None else compiled_from
    if multiply_adds < bound or not has_numba():
        return NumpyBackend()
    from madaline.nn._engine.numba_backend import is_compiled

    return backend_named("numba" if compiles or is_compiled() else "numpy")


def backend_named(name: str) -> Backend:
    """Return the backend of a name, ``"numpy"`` or ``"numba"``."""
    if name == "numba":
        from madaline.nn._engine.numba_backend import NumbaBackend

        return NumbaBackend()
    return NumpyBackend()


@cache
def has_numba() -> bool:
    """Return whether numba is installed, and SciPy, whose matrix products it calls."""
    return find_spec("numba") is not None and find_spec("scipy") is not None
