"""What is recorded and repeated, call by call or as a program, has the bits of what it was."""

from __future__ import annotations

import gc
import importlib.util
import weakref

import numpy as np
import pytest

from madaline.nn import follower as following
from madaline.nn.compiled import SIGNATURES, arrays_to_try, compiled_kernels
from madaline.nn.follower import follower
from madaline.nn.gradients import GradientWriter
from madaline.nn.layers import Dropout, Linear, ReLU, ScaledLinear, SiLU
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Huber, Squared
from madaline.nn.network import Network
from madaline.nn.optimizers import Adam, ScheduleFreeAdamW, StepSize, weights_only
from madaline.nn.programs import KERNELS, in_few_calls
from madaline.nn.recording import Recorded
from madaline.nn.workspace import Workspace

SMALL = (ScaledLinear((0, 0, 1), 7), SiLU(), Linear(7, 5), ReLU())
WIDE = (ScaledLinear((0, 0, 1), 128), ReLU(), Linear(128, 128), SiLU())
CASES = {
    "classes": (Network((*SMALL, Linear(5, 4))), CrossEntropy(), 13),
    "smoothed": (Network((*SMALL, Linear(5, 4))), CrossEntropy(0.1), 13),
    "two classes": (Network((*SMALL, Linear(5, 1))), BinaryCrossEntropy(), 6),
    "a row": (Network((*SMALL, Linear(5, 2))), Squared(), 1),
    "no hidden layer": (Network((Linear(3, 1),)), Huber(), 6),
    "products in pieces": (Network((*WIDE, Linear(128, 3))), CrossEntropy(), 256),
}


@pytest.fixture(params=["numpy", "interpreted", "compiled"])
def compiled(request):
    if request.param == "compiled" and importlib.util.find_spec("numba") is None:
        pytest.skip("numba is not installed: kernels are not compiled")
    interpreted = {kernel: kernel for kernel in SIGNATURES}
    return {"numpy": None, "interpreted": interpreted, "compiled": compiled_kernels()}[
        request.param
    ]


@pytest.fixture
def follow():
    if importlib.util.find_spec("numba") is None:
        pytest.skip("numba is not installed: nothing follows programs")
    found = follower()
    if found is None:
        pytest.skip("NumPy multiplies with a library that programs do not know")
    return found


def gradients(case, axes, compiled, *, recorded, weighted=False):
    """Return the gradients of some batches at parameters that change in between."""
    network, loss, batch = case
    rng = np.random.default_rng(0)
    theta = network.initialize(axes, rng).theta
    gradient, workspace = np.empty_like(theta), Workspace(compiled=compiled)
    write = GradientWriter(network, loss, theta, gradient, workspace=workspace)
    if not recorded:
        write = write._write
    n_outputs, found = network.layers[-1].out_features, []
    x, target = np.empty((*axes, batch, 3), "f"), np.empty((*axes, batch, n_outputs), "f")
    weight = np.empty((*axes, batch), "f") if weighted else None
    for _ in range(3):
        workspace.rewind()
        x[...] = rng.standard_normal(x.shape)
        target[...] = rng.dirichlet(np.ones(n_outputs + 1), target.shape[:-1])[..., 1:]
        if weighted:
            weight[...] = rng.random(weight.shape)
        write(x, target, weight)
        found.append(gradient.tobytes())
        theta -= np.float32(0.1) * gradient
    return found


@pytest.mark.parametrize("axes", [(), (3,), (2, 3)])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_repeated_gradients_are_those_of_the_layers(compiled, case, axes):
    plain = gradients(case, axes, None, recorded=False)
    assert len(set(plain)) == len(plain)
    assert gradients(case, axes, compiled, recorded=True) == plain


def test_weights_of_rows_are_read_anew(compiled):
    plain = gradients(CASES["classes"], (2,), None, recorded=False, weighted=True)
    assert gradients(CASES["classes"], (2,), compiled, recorded=True, weighted=True) == plain


def test_a_program_is_nearly_all_of_a_step(follow):
    network, loss, batch = CASES["classes"]
    theta, workspace = (
        network.initialize((3,), np.random.default_rng(0)).theta,
        Workspace(compiled=compiled_kernels()),
    )
    write = GradientWriter(network, loss, theta, np.empty_like(theta), workspace=workspace)
    x, target = np.ones((3, batch, 3), "f"), np.ones((3, batch, 4), "f")
    for _ in range(2):
        workspace.rewind()
        write(x, target, None)
    left = [function.__name__ for function, _, _ in write.recorded._calls if function is not follow]
    # What NumPy has its own approximations and orders of adding up for, and the gates.
    assert left == ["take", "multiply", "multiply", "exp", "vecdot", "multiply"]


@pytest.mark.parametrize("optimizer", [Adam(), ScheduleFreeAdamW(power=1)])
@pytest.mark.parametrize("axes", [(), (3,), (2, 3)])
def test_repeated_steps_are_those_of_the_optimizer(compiled, optimizer, axes):
    network = CASES["classes"][0]
    ways = []
    for repeated in (False, True):
        rng = np.random.default_rng(0)
        population = network.initialize(axes, rng)
        optimizer.start(population)
        gradient = np.empty_like(population.theta)
        workspace = Workspace(compiled=compiled if repeated else None)
        step = optimizer.stepper(population, gradient, workspace=workspace)
        rate = np.full((*axes, 1), 0.01, "f")
        sizes = [StepSize(0.1), *[StepSize(rate, 0.01 * weights_only(network.layout))] * 4]
        for size in sizes:
            workspace.rewind()
            gradient[...] = rng.standard_normal(gradient.shape)
            if repeated:
                step(size)
            else:
                optimizer.step(population, gradient, size, workspace=workspace)
        ways.append([one.tobytes() for one in (population.theta, *population.memory.values())])
    assert ways[0] == ways[1]


def test_arrays_are_let_go_without_looking_for_circles(compiled):
    network, loss, batch = CASES["classes"]
    population = network.initialize((2,), np.random.default_rng(0))
    Adam().start(population)
    gradient, workspace, size = np.empty_like(population.theta), Workspace(), StepSize(0.1)
    workspace.compiled = compiled
    write = GradientWriter(network, loss, population.theta, gradient, workspace=workspace)
    step = Adam().stepper(population, gradient, workspace=workspace)
    x, target = np.ones((2, batch, 3), "f"), np.ones((2, batch, 4), "f")
    for _ in range(3):
        workspace.rewind()
        write(x, target)
        step(size)
    kept = [weakref.ref(one) for one in (population.theta, gradient, x, workspace._arrays[0])]
    gc.disable()
    del population, gradient, workspace, write, step, x, target
    still_there = [one() is not None for one in kept]
    gc.enable()
    assert not any(still_there)


def test_chance_is_not_repeated():
    network = Network((Linear(3, 2), Dropout(0.5), Linear(2, 1)))
    assert not network.repeatable
    theta, gradient = np.ones(network.layout.size, "f"), np.empty(network.layout.size, "f")
    write = GradientWriter(network, Squared(), theta, gradient, workspace=Workspace())
    x, target, rng, found = (
        np.ones((9, 3), "f"),
        np.ones((9, 1), "f"),
        np.random.default_rng(0),
        set(),
    )
    for _ in range(3):
        write(x, target, rng=rng)
        found.add(gradient.tobytes())
    assert len(found) == 3


def test_other_arrays_are_noted_anew():
    workspace, out = Workspace(), np.zeros(2)
    add = Recorded(lambda x: workspace.do(np.add, out, x, out=out), workspace)
    one, two = np.array([1.0, 2.0]), np.array([10.0, 20.0])
    for x in (one, one, one, two, two, two, one):
        add(x)
    assert out.tolist() == [34, 68]


def test_more_or_fewer_arrays_are_noted_anew():
    workspace, out = Workspace(), np.zeros(1)

    def add(*terms):
        for term in terms:
            workspace.do(np.add, out, term, out=out)

    again, one, two = Recorded(add, workspace), np.ones(1), np.full(1, 10.0)
    for terms in ((one,), (one,), (one, two), (one, two), (one,), ()):
        again(*terms)
    assert out.tolist() == [25]


def test_kernels_that_are_loaded_later_are_used(follow):
    workspace, x = Workspace(), np.float32([[-1, 2]])
    rectify = Recorded(lambda x: ReLU().forward({}, x, workspace=workspace) and None, workspace)
    for compiled in (None, compiled_kernels()):
        workspace.compiled = compiled
        for _ in range(2):
            workspace.rewind()
            rectify(x)
        assert (rectify._calls[0][0] is follow) == (compiled is not None)


def test_arrays_of_the_workspace_are_handed_out_as_before():
    workspace = Workspace()

    def write(x):
        workspace.do(np.copyto, workspace.empty(x.shape, x.dtype), x)

    again, x = Recorded(write, workspace), np.ones(2)
    for _ in range(3):
        workspace.rewind()
        again(x)
        assert workspace.handed_out == 1
    again(x)  # without rewinding: other arrays
    assert workspace.handed_out == 2


def test_a_failure_ends_the_notes():
    workspace = Workspace()

    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Recorded(fail, workspace)()
    assert workspace.noted is None


@pytest.mark.parametrize("kernel", KERNELS)
def test_every_kernel_may_be_named_in_a_program(follow, kernel):
    arrays, copies = arrays_to_try(kernel), arrays_to_try(kernel)
    with np.errstate(all="ignore"):
        kernel(*arrays)
    (call,) = in_few_calls([(kernel, tuple(copies), {})], {one: one for one in SIGNATURES}, follow)
    assert call[0] is follow
    call[0](*call[1])
    assert [one.tobytes() for one in arrays] == [one.tobytes() for one in copies]


X, Y = np.random.default_rng(0).standard_normal((2, 2, 3, 6, 6)).astype(np.float32)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (X, Y),
        (X.mT, Y[:, ::-1].mT),
        (X[..., :4], Y.mT[..., 1:5, :3]),
        (X[:1], Y[:, 1:2]),
        (X[0, 0], Y[:, :, 1:, :].mT),
        (X[..., :1, :], Y[1]),
        (X[..., :1, 1:], Y.mT[..., 1:, :]),
        (X, Y[..., :1]),
        (X.mT, Y[1, 1, :, 2:3]),
    ],
)
def test_products_of_views_and_of_what_is_shared(follow, x, y):
    out = np.matmul(x, y)
    own = np.empty_like(out)
    (call,) = in_few_calls([(np.matmul, (x, y), {"out": own})], {}, follow)
    assert call[0] is follow
    call[0](*call[1])
    assert own.tobytes() == out.tobytes()


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (X, X.mT),  # NumPy multiplies half of it, and copies
        (X[..., :1], Y[..., :1, :]),
        (X[..., :1, :], Y[..., :1]),
        (X[..., ::2, ::2], Y[..., :3, :]),
        (X.astype(float), Y.astype(float)),
        (X[0, 0, 0], Y[0, 0]),
    ],
)
def test_products_that_numpy_makes_in_its_own_way_are_left_to_it(x, y):
    call = (np.matmul, (x, y), {"out": np.matmul(x, y)})
    assert in_few_calls([call], {}, print) == [call]


@pytest.mark.parametrize(
    ("out", "source"), [(X.copy(), X.mT), (X.copy(), X), (X.mT.copy(), X[:, :, ::-1, ::-1])]
)
def test_copies_of_views(follow, out, source):
    (call,) = in_few_calls([(np.copyto, (out, source), {})], {}, follow)
    call[0](*call[1])
    assert (out == source).all()


def test_copies_that_broadcast_or_convert_are_left_to_numpy():
    for source in (X[:1, :1], X.astype(float), X[0, 0, 0]):
        out = X.copy() if source.ndim > 1 else np.empty(6, "f")
        call = (np.copyto, (out, source), {})
        assert in_few_calls([call], {}, print) == [call]


@pytest.mark.parametrize("broken", ["product_addresses", "tanh_address", "follow"])
def test_a_library_that_is_another_is_done_without(monkeypatch, broken):
    lines = pytest.importorskip("madaline.nn.lines", reason="numba is not installed")
    machine = importlib.import_module("madaline.nn.machine")

    def missing():
        raise AttributeError

    if broken == "follow":
        monkeypatch.setattr(machine, "follow", lambda *arguments: None)
    else:
        monkeypatch.setattr(lines, broken, missing)
    assert following.follower.__wrapped__() is None
