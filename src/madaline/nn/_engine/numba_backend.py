"""Training compiled by numba: one network at a time, whole epochs without Python's lock.

Here networks, losses and optimizers become the plain arrays and numbers that
`madaline.nn._engine.compiled_training` reads.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, cast, final

import numpy as np

from madaline._base.language import _
from madaline.nn import losses
from madaline.nn._engine.backend import Backend, Batches, TrainingRule
from madaline.nn._engine.blas import look_again
from madaline.nn._sparse_rows import Features, SparseRows, arrays_of
from madaline.nn.arrays import Array
from madaline.nn.layers import LeakySiLU, Linear, ReLU, ScaledLinear, SiLU
from madaline.nn.network import Network
from madaline.nn.optimizers import Adam, Bounds, ScheduleFreeAdamW
from madaline.nn.population import Population

# In the order of their numbers in `compiled_steps` and `compiled_training`; so are those below
_LOSSES: tuple[type[losses.Loss], ...] = (
    losses.CrossEntropy,
    losses.BinaryCrossEntropy,
    losses.Squared,
    losses.Absolute,
    losses.Huber,
    losses.Quantile,
    losses.Poisson,
    losses.Quantiles,
)

_ACTIVATIONS = (SiLU, ReLU, LeakySiLU)
_OPTIMIZERS = (ScheduleFreeAdamW, Adam)

_FREE = np.empty(0, np.float32)  # in place of bounds, where there are none

# In place of rows without their zeros, where they have them
_NO_NUMBERS = np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.float32)

_SHOWN_BYTES = 2**24  # factors of hidden columns that are drawn at a time, at most (16 MiB)


COMPILING = "Compiling the training loop for this machine: once, about 12 seconds."


@final
class NumbaBackend(Backend):
    """Trains networks of gates, hidden layers and one activation."""

    name: ClassVar[str] = "numba"
    uses_threads: ClassVar[bool] = True

    def __init__(self) -> None:
        _compile()

    def __reduce__(self) -> tuple[Any, ...]:
        """Be sent to another process, which loads what is compiled itself."""
        return NumbaBackend, ()

    def covers(self, rule: TrainingRule) -> bool:
        """Return whether the compiled loop knows the layers, the loss and the optimizer."""
        return (
            type(rule.loss) in _LOSSES
            and type(rule.optimizer) in _OPTIMIZERS
            and _has_known_layers(rule.network)
        )

    def train(self, rule: TrainingRule, members: Population, batches: Batches) -> None:
        """Take a step for each batch, in place."""
        layers, (n_recipes, n_folds) = _layers(rule.network), members.axes
        for fold in range(n_folds):
            rows = _rows(batches, fold)
            networks = [members[recipe, fold] for recipe in range(n_recipes)]
            rules = [_rule(rule, member) for member in networks]
            states = [_state(rule, member) for member in networks]
            for order, shown in _pieces(batches, fold):  # the same for all recipes
                for own_rule, state in zip(rules, states, strict=True):
                    compiled().train(rows, layers, own_rule, state, order, shown)
            for member, state in zip(networks, states, strict=True):
                for column, count in zip(_counts(rule, member), state.counts, strict=False):
                    column[...] = count

    def predict(self, network: Network, theta: Array, x: Features, chunk: int) -> Array:
        """Return the raw outputs of networks for the same rows."""
        layers = _layers(network)
        encoded = _encoded(x)
        outputs = np.empty((len(theta), len(x), int(layers.sizes[-1])), np.float32)
        for member, output in zip(theta, outputs, strict=True):
            compiled().predict(layers, _fixed(member), encoded, output, chunk)
        return outputs


@cache
def compiled() -> Any:
    """Return the module of compiled functions, which is imported only where numba is wanted."""
    from madaline.nn._engine import compiled_training

    return compiled_training


def is_compiled() -> bool:
    """Return whether the training loop was compiled before, since it was installed or changed."""
    installed = Path(compiled().__file__)
    folder = Path(compiled().train.stats.cache_path)
    files = folder.glob(f"{installed.stem}.train-*.nbi")
    return any(file.stat().st_mtime > installed.stat().st_mtime for file in files)


@cache
def _compile() -> None:
    """Compile, or load what was compiled before; the first time numba takes some seconds.

    SciPy's matrix library comes with it and must stay on one thread, too.
    """
    from madaline.nn._engine.compiled_arithmetic import before_compiling

    with before_compiling(lambda: print(_(COMPILING), file=sys.stderr)):
        _call_once()
    look_again()


def _call_once() -> None:
    """Call the compiled functions with arrays of the types that all calls have."""
    network = Network((ScaledLinear((0,), 1), SiLU(), Linear(1, 1)))
    members = network.initialize((1, 1), np.random.default_rng(0))
    ones = np.ones(members.layout.size, np.float32)
    rule = TrainingRule(
        network, losses.Squared(), ScheduleFreeAdamW(), ones, ones, warmup_steps=1.0
    )
    rule.optimizer.start(members)
    for name in ("learning_rate", "weight_decay"):
        members.columns[name] = np.zeros((1, 1, 1), np.float32)
    member = members[0, 0]
    x = np.zeros((1, 1), np.float32)
    order = np.zeros((1, 1, 1), np.intp)
    values = np.zeros((1, 1, 0), np.float32)
    batches = Batches(x, x, None, np.zeros(0, np.intp), values, order, None, ())
    layers = _layers(network)
    state = _state(rule, member)
    for piece in _pieces(batches, 0):
        compiled().train(_rows(batches, 0), layers, _rule(rule, member), state, *piece)
    compiled().predict(layers, _fixed(member.theta), _encoded(x), np.empty((1, 1), np.float32), 1)


def _has_known_layers(network: Network) -> bool:
    first, *others, last = network.layers if len(network.layers) > 1 else (None, None)
    linear = others[1::2]
    activations = others[::2]
    return (
        type(first) in (ScaledLinear, Linear)
        and type(last) is Linear
        and len(others) % 2 == 1
        and all(type(layer) is Linear for layer in linear)
        and type(activations[0]) in _ACTIVATIONS
        and all(layer == activations[0] for layer in activations)
    )


def _layers(network: Network) -> Any:
    """Return a network as `compiled_training.Layers`."""
    linear = [layer for layer in network.layers if isinstance(layer, ScaledLinear | Linear)]
    slots = zip(network.layout.slots, network.layout.offsets, strict=False)
    starts = {slot.name: start for slot, start in slots}
    numbers = [2 * place for place in range(len(linear))]
    first = linear[0]
    return compiled().Layers(
        _fixed(np.array([first.in_features, *(layer.out_features for layer in linear)], np.intp)),
        _fixed(np.array([starts[f"{number}.weight"] for number in numbers], np.intp)),
        _fixed(np.array([starts[f"{number}.bias"] for number in numbers], np.intp)),
        _fixed(np.array(first.columns if isinstance(first, ScaledLinear) else (), np.intp)),
        _ACTIVATIONS.index(type(network.layers[1])),
    )


def _rule(rule: TrainingRule, member: Population) -> Any:
    """Return how one network learns as `compiled_training.Rule`."""
    loss = rule.loss
    optimizer = rule.optimizer
    betas = [getattr(optimizer, name) for name in ("beta1", "beta2", "epsilon")]
    bounds = rule.bounds or Bounds(_FREE, _FREE)
    return compiled().Rule(
        _LOSSES.index(type(loss)),
        _fixed(_loss_settings(loss, cast("Linear", rule.network.layers[-1]).out_features)),
        _OPTIMIZERS.index(type(optimizer)),
        _fixed(np.array(betas, np.float32)),
        np.float32(getattr(optimizer, "power", 0.0)),
        np.float32(member.columns["learning_rate"][0]),
        np.float32(member.columns["weight_decay"][0]),
        np.float32(rule.warmup_steps),
        _fixed(rule.rates),
        _fixed(rule.decays),
        _fixed(bounds.lower),
        _fixed(bounds.upper),
    )


def _loss_settings(loss: losses.Loss, n_outputs: int) -> Array:
    """Return the setting of a loss for each output, of which it has one."""
    settings = [getattr(loss, name, 0.0) for name in ("label_smoothing", "delta", "level")]
    return np.full(n_outputs, getattr(loss, "levels", sum(settings)), np.float32)


def _state(rule: TrainingRule, member: Population) -> Any:
    """Return the arrays of one network that change as `compiled_training.State`."""
    first = member.memory["z" if isinstance(rule.optimizer, ScheduleFreeAdamW) else "slopes"]
    counts = np.zeros(2, np.float32)
    for place, column in enumerate(_counts(rule, member)):
        counts[place] = column[0]
    return compiled().State(member.theta, first, member.memory["squares"], counts)


def _counts(rule: TrainingRule, member: Population) -> list[Array]:
    names = ("steps", "weight_sum") if isinstance(rule.optimizer, ScheduleFreeAdamW) else ("steps",)
    return [member.columns[name] for name in names]


def _rows(batches: Batches, fold: int) -> Any:
    """Return what the network of a fold learns from as `compiled_training.TrainingRows`."""
    weight = np.empty(0, np.float32) if batches.weight is None else batches.weight
    return compiled().TrainingRows(
        _encoded(batches.features),
        _fixed(batches.fold_columns),
        _fixed(batches.fold_values[fold]),
        _fixed(batches.target),
        _fixed(weight),
    )


def _encoded(x: Features) -> Any:
    """Return rows as `compiled_training.CompiledRows`."""
    with_zeros = np.empty((0, 0), np.float32) if isinstance(x, SparseRows) else x
    numbers = arrays_of(x) if isinstance(x, SparseRows) else _NO_NUMBERS
    return compiled().CompiledRows(_fixed(with_zeros), *(_fixed(array) for array in numbers))


def _pieces(batches: Batches, fold: int) -> Iterator[tuple[Array, Array]]:
    """Yield batches of a fold, and the factors of their columns, as many as fit at a time."""
    order = batches.order[fold]
    hiding = batches.augmentation
    if hiding is None:
        yield _fixed(order), _fixed(np.empty((0, 0, 0), np.float32))
        return
    steps = max(1, _SHOWN_BYTES // (4 * batches.features.shape[1] * order.shape[1]))
    for start in range(0, len(order), steps):
        some = order[start : start + steps]
        yield _fixed(some), _fixed(hiding.column_factors(some.shape, batches.rngs[fold]))


def _fixed(array: Array) -> Array:
    """Return an array in one piece and read-only: numba compiles for each kind of array anew."""
    array = np.ascontiguousarray(np.asarray(array)).view(np.ndarray)
    array = array.view()
    array.flags.writeable = False
    return array
