"""Kernels give the bits of NumPy's passes, interpreted and compiled; nobody needs numba."""

from __future__ import annotations

import importlib.util
import sys
from math import prod
from types import SimpleNamespace

import numpy as np
import pytest

from madaline.nn import kernels
from madaline.nn.compiled import (
    OF_TRAINING,
    SIGNATURES,
    compiled_kernels,
    gives_same_bits,
)
from madaline.nn.layers import (
    Convolution,
    Linear,
    MaxPooling,
    ReLU,
    ScaledLinear,
    SiLU,
    windows,
)
from madaline.nn.losses import CrossEntropy
from madaline.nn.network import Network
from madaline.nn.optimizers import Adam, ScheduleFreeAdamW, StepSize, weights_only
from madaline.nn.optimizers.one_pass import step_in_one_pass
from madaline.nn.workspace import Workspace

NETWORK = Network((ScaledLinear((0, 0, 1), 7), SiLU(), Linear(7, 5), ReLU(), Linear(5, 4)))
BATCH, STEPS = 6, 3
INTERPRETED = {kernel: kernel for kernel in SIGNATURES}
EDGES = np.array([-np.inf, -1, -1e-45, -0.0, 0, 1e-45, 1e-20, 1, 3e38, np.inf, np.nan], np.float32)


@pytest.fixture(params=["interpreted", "compiled"])
def compiled(request):
    if request.param == "interpreted":
        return INTERPRETED
    if importlib.util.find_spec("numba") is None:
        pytest.skip("numba is not installed: kernels are not compiled")
    found = compiled_kernels()
    assert found is not None
    return found


def train(workspace, optimizer, axes=(2, 3), part=slice(None), size=None, network=NETWORK):
    """Train networks for some steps, and return all that is known about them then."""
    rng = np.random.default_rng(0)
    whole = network.initialize(axes, rng)
    optimizer.start(whole)
    members = whole[(slice(None),) * (len(axes) - 1) + (part,)] if axes else whole
    gradient = np.empty(members.theta.shape, np.float32)
    parameters, gradients = network.bind(members.theta), network.bind(gradient)
    size = size or StepSize(0.01)
    n_features = 3 if network is NETWORK else 30
    with np.errstate(all="ignore"):
        for _ in range(STEPS):
            workspace.rewind()
            x = rng.standard_normal((*members.axes, BATCH, n_features), np.float32)
            target = np.eye(4, dtype=np.float32)[rng.integers(0, 4, (*members.axes, BATCH))]
            output, backward = network.forward(parameters, x, workspace=workspace, training=True)
            backward(CrossEntropy().gradient(output, target, workspace=workspace), gradients)
            optimizer.step(members, gradient, size, workspace=workspace)
    return [whole.theta, *whole.memory.values(), *whole.columns.values()]


def sizes():
    """Yield everything that a `StepSize` may hold, for populations of axes (2, 3)."""
    decays = weights_only(NETWORK.layout) * np.float32(0.01)
    rates = NETWORK.layout.row(lambda slot: slot.fan_in**-0.5)
    of_members = np.linspace(0.001, 0.1, 6, dtype=np.float32).reshape(2, 3, 1)
    yield StepSize(0.01)
    yield StepSize(0.01, 0.02)
    yield StepSize(of_members, decays)
    yield StepSize(of_members, of_members[:, :1] * decays, rates)
    yield StepSize(of_members[0], of_members * decays, rates)


@pytest.mark.parametrize("optimizer", [Adam(), ScheduleFreeAdamW(), ScheduleFreeAdamW(power=1)])
@pytest.mark.parametrize("size", list(sizes()), ids=range(5))
def test_training_gives_the_same_bits(compiled, optimizer, size):
    plain = train(Workspace(), optimizer, size=size)
    quick = train(Workspace(compiled=compiled), optimizer, size=size)
    assert [one.tobytes() for one in plain] == [one.tobytes() for one in quick]


@pytest.mark.parametrize("axes", [(), (3,), (2, 3), (2, 2, 2)])
@pytest.mark.parametrize("optimizer", [Adam(), ScheduleFreeAdamW()])
def test_populations_of_any_shape_and_parts_of_them(compiled, axes, optimizer):
    plain = train(Workspace(), optimizer, axes, slice(1, 2))
    quick = train(Workspace(compiled=compiled), optimizer, axes, slice(1, 2))
    assert [one.tobytes() for one in plain] == [one.tobytes() for one in quick]


def test_every_kernel_is_used_in_training():
    used = set()
    noting = {
        kernel: lambda *arrays, own=kernel: used.add(own) or own(*arrays) for kernel in SIGNATURES
    }
    for optimizer in (Adam(), ScheduleFreeAdamW()):
        train(Workspace(compiled=noting), optimizer)
    MaxPooling((2, 2)).forward(
        {}, np.ones((1, 4), np.float32), workspace=Workspace(compiled=noting)
    )[1](np.ones((1, 1), np.float32), {})
    convolution = Convolution((2,), 2, 1)
    convolution.forward(
        {"weight": np.ones((6, 1), np.float32), "bias": np.ones(1, np.float32)},
        np.ones((1, 4), np.float32),
        workspace=Workspace(compiled=noting),
    )
    assert used == set(OF_TRAINING)


@pytest.mark.parametrize("layer", [ReLU(), SiLU()])
def test_activations_of_extreme_numbers(compiled, layer):
    x = np.tile(EDGES, 7)

    def both(workspace):
        with np.errstate(all="ignore"):
            y, backward = layer.forward({}, x, workspace=workspace, training=True)
            return y.copy(), backward(np.tile(EDGES[::-1], 7), {})

    for plain, quick in zip(both(Workspace()), both(Workspace(compiled=compiled)), strict=True):
        np.testing.assert_array_equal(plain, quick)
        assert (np.signbit(plain) == np.signbit(quick))[~np.isnan(plain)].all()


@pytest.mark.parametrize("smoothing", [0, 0.1])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shared", [0, 1, 2])
def test_the_cross_entropy_of_targets_that_members_share(compiled, smoothing, weighted, shared):
    rng, loss = np.random.default_rng(0), CrossEntropy(smoothing)
    output = 9 * rng.standard_normal((2, 3, 5, 7), np.float32)
    output[0, 0, :3, :2] = np.nan, -np.inf
    output[0, 1, 1, 1] = np.inf
    shape = output.shape[shared:]
    target = np.eye(7, dtype=np.float32)[rng.integers(0, 7, shape[:-1])]
    weight = rng.random(shape[:-1], np.float32) if weighted else None
    with np.errstate(all="ignore"):
        plain, quick = (
            loss.gradient(output, target, weight, workspace=workspace)
            for workspace in (Workspace(), Workspace(compiled=compiled))
        )
    np.testing.assert_array_equal(plain, quick)


@pytest.mark.parametrize(
    ("shape", "size"), [((4, 4), 2), ((5, 7), 2), ((2, 3), 2), ((6,), 2), ((7, 6), 3)]
)
def test_pooling_of_grids_with_ties_and_extremes(compiled, shape, size):
    rng, layer = np.random.default_rng(0), MaxPooling(shape, size)
    x = rng.choice(np.append(EDGES, [2, 2, 3, 3, 4, 4]).astype(np.float32), (2, 9, 3 * prod(shape)))
    gradient = rng.standard_normal((2, 9, 3 * prod(layer.out_shape)), np.float32)

    def both(workspace):
        with np.errstate(all="ignore"):
            for _ in range(2):  # what is handed out again has been written to
                workspace.rewind()
                y, backward = layer.forward({}, x, workspace=workspace, training=True)
                back = backward(gradient.copy(), {})
            return y, back

    for plain, quick in zip(both(Workspace()), both(Workspace(compiled=compiled)), strict=True):
        np.testing.assert_array_equal(plain, quick)


@pytest.mark.parametrize("layer", [ReLU(), SiLU(), MaxPooling((2, 2))])
def test_what_members_share_has_a_gradient_for_each(compiled, layer):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((5, 4), np.float32)

    def backwards(workspace):
        y, backward = layer.forward({}, x, workspace=workspace, training=True)
        return backward(np.multiply.outer(np.float32([1, 2, 3]), y + 1), {})

    plain = backwards(Workspace())
    assert plain.shape == (3, 5, 4)
    np.testing.assert_array_equal(plain, backwards(Workspace(compiled=compiled)))


def test_networks_of_images_learn_the_same(compiled):
    layers = (Convolution((5, 6), 1, 3), MaxPooling((5, 6)), ReLU(), Linear(18, 4))
    plain = train(Workspace(), Adam(), (2,), network=Network(layers))
    quick = train(Workspace(compiled=compiled), Adam(), (2,), network=Network(layers))
    assert [one.tobytes() for one in plain] == [one.tobytes() for one in quick]


def test_arrays_that_kernels_cannot_take_are_left_to_numpy():
    workspace = Workspace(compiled=INTERPRETED)
    x = np.ones((4, 3), np.float32)
    assert workspace.in_one_pass(kernels.rectify, x, x.copy())
    assert not workspace.in_one_pass(kernels.rectify, x.T, x.T.copy())
    assert not workspace.in_one_pass(kernels.rectify, x.astype(np.float64), x.astype(np.float64))
    theta, column = np.ones((2, 4)), np.ones((2, 1), np.float32)
    size, betas, numbers = StepSize(0.1), (0.9, 0.99), (lambda: (column, column))
    for matrix in (theta, np.ones((2, 8), np.float32)[:, ::2]):
        arguments = (kernels.adam, (matrix,) * 4, betas, numbers, size)
        assert not step_in_one_pass(*arguments, workspace)
    matrices = (np.float32(theta),) * 4
    assert step_in_one_pass(kernels.adam, matrices, betas, numbers, size, workspace)
    odd_rates = StepSize(0.1, rates=np.ones((1, 4), "f"))
    for odd in (StepSize(np.ones((2, 1))), StepSize(0.1, np.float32([[0.1]])), odd_rates):
        assert not step_in_one_pass(kernels.adam, matrices, betas, numbers, odd, workspace)


def test_kernels_that_round_otherwise_are_noticed():
    def off(gradient, y):
        kernels.rectify_back(gradient, y)
        gradient[-1] = np.nextafter(gradient[-1], np.float32(9))

    assert gives_same_bits(INTERPRETED)
    assert not gives_same_bits(INTERPRETED | {kernels.rectify_back: off})


@pytest.mark.parametrize("numba", [None, SimpleNamespace(), SimpleNamespace(njit=1, types=1)])
def test_a_numba_that_is_missing_or_broken_is_done_without(monkeypatch, numba):
    monkeypatch.setitem(sys.modules, "numba", numba)
    for name in ("intrinsics", "lines", "machine"):
        monkeypatch.delitem(sys.modules, f"madaline.nn.{name}", raising=False)
    assert compiled_kernels.__wrapped__() is None


@pytest.mark.parametrize("block", [1, 2**15])
@pytest.mark.parametrize(
    ("shape", "channels", "size"),
    [((4, 6), 2, 3), ((5, 7), 3, 5), ((1, 3), 2, 3), ((6,), 4, 3), ((4, 6), 1, 3), ((3, 3), 2, 1)],
)
def test_windows_copied_in_one_pass(compiled, monkeypatch, shape, channels, size, block):
    monkeypatch.setattr(windows, "BLOCK", block)
    rng, layer = np.random.default_rng(0), Convolution(shape, channels, 3, size)
    network = Network((layer,))
    theta = network.initialize((2,), rng).theta
    gradient = rng.standard_normal((2, 5, 3 * prod(shape)), np.float32)

    def all_of_it(workspace, x):
        slopes = np.empty_like(theta)
        y, backward = network.forward(network.bind(theta), x, workspace=workspace, training=True)
        back = backward(gradient.copy(), network.bind(slopes), input_gradient=True)
        return [one.tobytes() for one in (y, slopes, back)]

    for axes in ((2,), (1,), ()):  # each member's own rows, or the same for both
        x = rng.standard_normal((*axes, 5, channels * prod(shape)), np.float32)
        assert all_of_it(Workspace(), x) == all_of_it(Workspace(compiled=compiled), x)
