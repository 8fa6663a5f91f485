"""Surgery keeps what networks have learned: their function and their optimizer's memory."""

from __future__ import annotations

import numpy as np
import pytest

from madaline.errors import InputError
from madaline.nn._surgery import hidden_layers, prune, rank_units, widen
from madaline.nn.arrays import Workspace
from madaline.nn.layers import (
    ELU,
    GELU,
    Branches,
    Dropout,
    Linear,
    ReLU,
    ScaledLinear,
    Sigmoid,
    SiLU,
    Tanh,
)
from madaline.nn.losses import Squared
from madaline.nn.network import Network
from madaline.nn.optimizers import GradientDescent, ScheduleFreeAdamW, StepSize
from madaline.nn.population import Population

NETWORKS = {
    "one hidden layer": Network((Linear(3, 6), SiLU(), Linear(6, 2))),
    "gated inputs": Network(
        (ScaledLinear((0, 1, 1), 6), ReLU(), Linear(6, 5), Tanh(), Linear(5, 1))
    ),
    "no activation": Network((Linear(3, 6), Linear(6, 1))),
    "layers between": Network(
        (
            Linear(3, 6),
            GELU(),
            Dropout(0.2),
            Linear(6, 4),
            ELU(),
            Linear(4, 2),
        )
    ),
    "branches behind": Network(
        (
            Linear(3, 6),
            Sigmoid(),
            Linear(6, 4),
            Branches((((0, 4),),), ((Linear(4, 4), SiLU(), Linear(4, 4)),)),
            Linear(4, 1),
        )
    ),
}
AXES = [(), (3,), (2, 3)]
TOLERANCE = {np.float32: 1e-6, np.float64: 1e-12}


@pytest.fixture(params=NETWORKS.values(), ids=NETWORKS.keys())
def network(request) -> Network:
    return request.param


@pytest.fixture(params=AXES, ids=str)
def axes(request) -> tuple[int, ...]:
    return request.param


@pytest.fixture(params=TOLERANCE, ids=lambda dtype: dtype.__name__)
def dtype(request) -> type:
    return request.param


def rows(dtype: type = np.float64, n_samples: int = 40) -> np.ndarray:
    return np.random.default_rng(5).normal(size=(n_samples, 3)).astype(dtype)


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def trained(
    network: Network, axes: tuple[int, ...], dtype: type, optimizer=None, steps: int = 12
) -> Population:
    optimizer = optimizer or ScheduleFreeAdamW()
    population = network.initialize(axes, np.random.default_rng(1), dtype=dtype)
    optimizer.start(population)
    train(network, population, optimizer, steps)
    return population


def train(network: Network, population: Population, optimizer, steps: int) -> None:
    """Learn some smooth function; the population is changed in place."""
    x = rows(population.theta.dtype.type)
    n_outputs = network.layers[-1].out_features
    target = np.sin(2 * x[:, :1]) * x[:, 1:2] + np.arange(n_outputs, dtype=x.dtype)
    generator, workspace = np.random.default_rng(2), Workspace()
    gradient = np.zeros_like(population.theta)
    for _ in range(steps):
        workspace.rewind()
        parameters, gradients = network.bind(population.theta), network.bind(gradient)
        output, backward = network.forward(
            parameters, x, workspace=workspace, training=True, rng=generator
        )
        backward(Squared().gradient(output, target, workspace=workspace), gradients)
        optimizer.step(population, gradient, StepSize(0.01), workspace=workspace)


def loss(network: Network, theta: np.ndarray) -> np.ndarray:
    x = rows(theta.dtype.type)
    target = np.sin(2 * x[:, :1]) * x[:, 1:2] + np.arange(network.layers[-1].out_features)
    return Squared().mean(network.predict(theta, x), target)


def assert_same_function(before, after, dtype) -> None:
    """Judge at theta and, where there is one, at the averaged parameters."""
    (old_network, old), (new_network, new) = before, after
    assert new.theta.dtype == dtype
    optimizer = ScheduleFreeAdamW()
    pairs = [(old.theta, new.theta)]
    if "z" in old.memory:
        pairs.append((optimizer.averaged(old), optimizer.averaged(new)))
    for old_theta, new_theta in pairs:
        expected = old_network.predict(old_theta, rows(dtype))
        scale = max(1.0, float(np.abs(expected).max()))
        np.testing.assert_allclose(
            new_network.predict(new_theta, rows(dtype)), expected, atol=TOLERANCE[dtype] * scale
        )


def least_squares_prune(network: Network, population: Population, layer: int, units: int, x):
    return rank_units(network, population, layer, x).prune(units)


def test_widening_preserves_the_function(network, axes, dtype):
    population = trained(network, axes, dtype)
    after = widen(network, population, 0, 3, rng())
    assert after[0].layers[0].out_features == 9
    assert after[1].axes == axes
    assert_same_function((network, population), after, dtype)


def test_widening_then_pruning_the_new_units_is_the_identity(network, axes, dtype):
    population = trained(network, axes, dtype)
    wide, wider = widen(network, population, 0, 3, rng())
    back, same = prune(wide, wider, 0, range(6))
    assert back == network
    np.testing.assert_array_equal(same.theta, population.theta)
    assert same.memory.keys() == population.memory.keys()
    for name, matrix in population.memory.items():
        np.testing.assert_array_equal(same.memory[name], matrix)
    for name, column in population.columns.items():
        np.testing.assert_array_equal(same.columns[name], column)


def test_new_units_are_heard_by_nobody_but_differ(axes):
    network = NETWORKS["one hidden layer"]
    wide, wider = widen(network, trained(network, axes, np.float64), 0, 3, rng())
    incoming = wide.bind(wider.theta)[0]["weight"][..., 6:]
    outgoing = wide.bind(wider.theta)[2]["weight"][..., 6:, :]
    assert (outgoing == 0).all()
    assert len(np.unique(incoming)) == incoming.size


def test_new_memory_is_neutral():
    network = NETWORKS["one hidden layer"]
    population = trained(network, (3,), np.float64)
    wide, wider = widen(network, population, 0, 2, rng())
    old = network.bind(population.memory["squares"])[0]["weight"]
    theta, z = wide.bind(wider.theta), wide.bind(wider.memory["z"])
    second = wide.bind(wider.memory["squares"])
    np.testing.assert_array_equal(z[0]["weight"][..., 6:], theta[0]["weight"][..., 6:])
    np.testing.assert_allclose(
        second[0]["weight"][..., 6:], np.broadcast_to(old.mean((-1, -2))[:, None, None], (3, 3, 2))
    )


def test_momentum_of_new_units_is_zero():
    network = NETWORKS["one hidden layer"]
    population = trained(network, (3,), np.float64)
    population.memory["velocity"] = np.ones_like(population.theta)
    wide, wider = widen(network, population, 0, 2, rng())
    velocity = wide.bind(wider.memory["velocity"])
    assert (velocity[0]["bias"][..., 6:] == 0).all()
    assert (velocity[0]["bias"][..., :6] == 1).all()


@pytest.mark.parametrize("optimizer", [GradientDescent(), ScheduleFreeAdamW()], ids=repr)
@pytest.mark.parametrize(
    "operation",
    [
        lambda network, population: widen(network, population, 0, 3, rng()),
        lambda network, population: prune(network, population, 0, [0, 2, 3, 4, 5]),
        lambda network, population: least_squares_prune(network, population, 0, 5, rows()),
    ],
    ids=["widen", "prune", "least_squares_prune"],
)
def test_training_goes_on(optimizer, operation):
    network = NETWORKS["one hidden layer"]
    population = trained(network, (3,), np.float64, optimizer, steps=100)
    changed, after = operation(network, population)
    before = loss(changed, optimizer.averaged(after))
    train(changed, after, optimizer, 1)
    assert (loss(changed, after.theta) < 1.2 * before + 0.02).all()  # the first step is no jump
    train(changed, after, optimizer, 300)
    assert (loss(changed, optimizer.averaged(after)) < before).all()


def test_new_units_learn_something():
    network = NETWORKS["one hidden layer"]
    wide, wider = widen(network, trained(network, (3,), np.float64), 0, 3, rng())
    train(wide, wider, ScheduleFreeAdamW(), 50)
    outgoing = wide.bind(wider.theta)[2]["weight"][..., 6:, :]
    assert (np.abs(outgoing).min(axis=-1) > 1e-3).all()


def test_pruning_dead_units_preserves_the_function(network, axes, dtype):
    population = trained(network, axes, dtype)
    reader = next(n for n in range(1, 9) if isinstance(network.layers[n], Linear))
    for matrix in (population.theta, population.memory["z"]):
        network.bind(matrix)[reader]["weight"][..., [1, 4], :] = 0
    after = prune(network, population, 0, [0, 2, 3, 5])
    assert after[0].layers[0].out_features == 4
    assert_same_function((network, population), after, dtype)


def test_each_member_keeps_its_own_units():
    network = NETWORKS["layers between"]
    population = trained(network, (2, 3), np.float64)
    keep = np.array([[[0, 1], [2, 3], [4, 5]], [[5, 0], [1, 3], [2, 4]]])
    narrower, together = prune(network, population, 0, keep)
    for recipe in range(2):
        for fold in range(3):
            _, alone = prune(network, population[recipe, fold], 0, keep[recipe, fold])
            np.testing.assert_array_equal(together.theta[recipe, fold], alone.theta)
            np.testing.assert_array_equal(together.memory["z"][recipe, fold], alone.memory["z"])
    assert narrower.layers[3] == Linear(2, 4)


def test_least_squares_keeps_what_matters_and_agrees_for_each_member():
    network = NETWORKS["gated inputs"]
    population = trained(network, (2, 2), np.float64, steps=50)
    _, together = least_squares_prune(network, population, 0, 4, rows())
    for index in np.ndindex(2, 2):
        _, alone = least_squares_prune(network, population[index], 0, 4, rows())
        np.testing.assert_allclose(together.theta[index], alone.theta, rtol=1e-8, atol=1e-10)


def test_least_squares_removes_dead_and_duplicate_units_without_loss():
    network = Network((Linear(3, 6), Tanh(), Linear(6, 1)))
    population = network.initialize((3,), rng(), dtype=np.float64)
    first = network.bind(population.theta)[0]
    first["weight"][..., 1], first["bias"][..., 1] = 0, 0  # says nothing
    first["weight"][..., 4], first["bias"][..., 4] = first["weight"][..., 2], first["bias"][..., 2]
    narrower, after = least_squares_prune(network, population, 0, 4, rows())
    before = network.predict(population.theta, rows())
    assert np.abs(narrower.predict(after.theta, rows()) - before).max() < 0.01


def test_least_squares_agrees_with_a_search_that_solves_anew_each_time():
    """The unit goes without which the outputs of those that stay, fitted anew, differ least."""
    network = Network((Linear(3, 7), Tanh(), Linear(7, 2)))
    population = network.initialize((2,), rng(), dtype=np.float64)
    ranking = rank_units(network, population, 0, rows())
    for member in range(2):
        hidden, _, reader = network.bind(population.theta[member])
        b = np.tanh(rows() @ hidden["weight"] + hidden["bias"])
        b = np.column_stack([b, np.ones(len(b))])
        # a little ridge: as if each unit were alone in some more rows, of 0.01 for 1 row
        b = np.concatenate([b / np.sqrt(len(b)), 0.01 * np.eye(8)])
        outgoing = np.concatenate([reader["weight"], reader["bias"][None]])

        def refitted(gone, b=b, outgoing=outgoing):
            kept = [unit for unit in range(8) if unit not in gone]
            weights, *_ = np.linalg.lstsq(b[:, kept], b @ outgoing, rcond=None)
            return np.square(b[:, kept] @ weights - b @ outgoing).sum(), weights

        gone: list[int] = []
        for _ in range(4):
            others = [unit for unit in range(7) if unit not in gone]
            gone.append(min(others, key=lambda unit: refitted([*gone, unit])[0]))
        np.testing.assert_array_equal(ranking.order[member, :2:-1], gone)
        narrower, after = ranking.prune(3)
        pruned = narrower.bind(after.theta[member])
        _, weights = refitted(gone)
        np.testing.assert_allclose(pruned[2]["weight"], weights[:-1], rtol=1e-6)
        np.testing.assert_allclose(pruned[2]["bias"], weights[-1], rtol=1e-6)


def test_least_squares_beats_magnitude_on_a_trained_network():
    network = Network((Linear(3, 32), ReLU(), Linear(32, 1)))
    population = trained(network, (4,), np.float64, steps=600)
    weights = network.bind(population.theta)
    magnitude = np.linalg.norm(weights[2]["weight"], axis=-1)
    magnitude = magnitude * np.linalg.norm(weights[0]["weight"], axis=-2)
    largest = np.argsort(-magnitude, axis=-1)[..., :12]
    by_magnitude = prune(network, population, 0, largest)
    by_least_squares = least_squares_prune(network, population, 0, 12, rows())
    before = network.predict(population.theta, rows())

    def damage(network, population):
        change = network.predict(population.theta, rows()) - before
        return np.square(change).mean(axis=(-1, -2))

    assert (damage(*by_least_squares) < 0.5 * damage(*by_magnitude)).all()


def test_the_averaged_network_is_pruned_like_theta():
    network = NETWORKS["one hidden layer"]
    population = trained(network, (3,), np.float64, steps=200)
    narrower, after = least_squares_prune(network, population, 0, 5, rows())
    optimizer = ScheduleFreeAdamW()
    before = network.predict(optimizer.averaged(population), rows())
    change = narrower.predict(optimizer.averaged(after), rows()) - before
    assert np.abs(change).max() < 0.5 * np.abs(before - before.mean()).max()


def test_the_patient_is_left_alone(network):
    population = trained(network, (2,), np.float64)
    theta, z = population.theta.copy(), population.memory["z"].copy()
    for _, after in (
        widen(network, population, 0, 2, rng()),
        prune(network, population, 0, [1, 0]),
        least_squares_prune(network, population, 0, 3, rows()),
    ):
        assert not np.shares_memory(after.theta, population.theta)
        after.theta[...] = np.nan
        after.columns["steps"][...] = np.nan
    np.testing.assert_array_equal(population.theta, theta)
    np.testing.assert_array_equal(population.memory["z"], z)
    assert (population.columns["steps"] == 12).all()


def test_hidden_layers():
    assert hidden_layers(NETWORKS["gated inputs"]) == [0, 2]
    assert hidden_layers(Network((Linear(3, 1),))) == []


@pytest.mark.parametrize(
    ("layers", "layer", "message"),
    [
        ((Linear(3, 4), SiLU(), Linear(4, 1)), 1, "Layer 1 is SiLU"),
        ((Linear(3, 4), SiLU(), Linear(4, 1)), 2, "choose a hidden layer"),
        ((Linear(3, 4), SiLU(), Linear(4, 1)), 3, "There is no layer 3"),
        ((Linear(3, 4), ScaledLinear((0, 0, 1, 1), 1)), 0, "ScaledLinear"),
        ((Linear(3, 4), Branches((((0, 4),),), ((Linear(4, 4),),)), Linear(4, 1)), 0, "Branches"),
    ],
)
def test_what_cannot_be_done_is_refused(layers, layer, message):
    network = Network(layers)
    population = network.initialize((2,), rng())
    for operation in (
        lambda: widen(network, population, layer, 1, rng()),
        lambda: prune(network, population, layer, [0]),
        lambda: least_squares_prune(network, population, layer, 1, rows(np.float32)),
    ):
        with pytest.raises(InputError, match=message):
            operation()


@pytest.mark.parametrize("keep", [[], [0, 6], [-1], [1, 1], [0.5], 3])
def test_units_that_cannot_be_kept_are_refused(keep):
    network = NETWORKS["one hidden layer"]
    with pytest.raises(InputError, match="keep"):
        prune(network, network.initialize((2,), rng()), 0, keep)


def test_numbers_of_units_are_checked():
    network = NETWORKS["one hidden layer"]
    population = network.initialize((), rng())
    with pytest.raises(InputError, match="at least 1"):
        widen(network, population, 0, 0, rng())
    with pytest.raises(InputError, match="keep 1 to 6"):
        least_squares_prune(network, population, 0, 7, rows(np.float32))
