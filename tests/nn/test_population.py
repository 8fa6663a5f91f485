"""A population is a matrix: what is done to networks is done to rows."""

from __future__ import annotations

import numpy as np
import pytest

from madaline.errors import InputError
from madaline.nn.arrays import Workspace
from madaline.nn.optimizers import Adam
from madaline.nn.population import Layout, Population, Slot

LAYOUT = Layout((Slot("weight", (2, 3)), Slot("bias", (3,), "bias"), Slot("gate", (), "gate")))


def population(*axes):
    theta = np.random.default_rng(0).normal(size=(*axes, LAYOUT.size))
    result = Population(LAYOUT, theta)
    Adam().start(result)
    result.memory["slopes"][...] = theta + 1
    result.columns["steps"][...] = theta[..., :1]
    return result


def assert_rows(changed, original, index):
    np.testing.assert_array_equal(changed.theta, original.theta[index])
    np.testing.assert_array_equal(changed.memory["slopes"], original.memory["slopes"][index])
    np.testing.assert_array_equal(changed.columns["steps"], original.columns["steps"][index])


@pytest.mark.parametrize("axes", [(), (4,), (2, 3)])
def test_views_cover_every_column_once(axes):
    matrix = np.zeros((*axes, LAYOUT.size))
    for view in LAYOUT.views(matrix).values():
        view[...] += 1
    assert (matrix == 1).all()


def test_a_row_holds_one_number_for_each_slot():
    row = LAYOUT.row(lambda slot: float(slot.kind == "bias"))
    np.testing.assert_array_equal(row, [0] * 6 + [1] * 3 + [0])
    assert row.dtype == np.float32


def test_a_layout_without_parameters_is_empty():
    assert Layout(()).size == 0
    assert Layout(()).row(lambda slot: 1.0).shape == (0,)


@pytest.mark.parametrize("axes", [(4,), (4, 3)])
def test_rows_move_with_all_that_belongs_to_them(axes):
    original = population(*axes)
    assert_rows(original.take([3, 1]), original, [3, 1])


def test_copies_are_copies_and_slices_are_views():
    original = population(4, 3)
    before = original.theta.copy()
    for copy in (original.take([0]), original.snapshot()):
        copy.theta[...] = 0
    np.testing.assert_array_equal(original.theta, before)
    original[:, 1].theta[...] = 0
    assert not original.theta[:, 1].any()


@pytest.mark.parametrize(("axes", "members"), [((), 1), ((4,), 4), ((2, 3), 6)])
def test_members_are_counted_over_all_axes(axes, members):
    assert population(*axes).members == members


def test_a_matrix_of_another_layout_is_refused():
    with pytest.raises(InputError, match="theta has 3 columns but the layout describes 10"):
        Population(LAYOUT, np.zeros((2, 3)))


def test_a_workspace_hands_out_the_same_arrays_after_rewinding():
    workspace = Workspace()
    first = [workspace.empty((2,), np.float32), workspace.empty((2,), np.float32)]
    assert first[0] is not first[1]
    workspace.rewind()
    again = [workspace.empty((2,), np.float32) for _ in range(2)]
    assert all(one is other for one, other in zip(first, again, strict=True))
    workspace.rewind()
    assert workspace.empty((2,), np.float32) is first[0]
    assert workspace.empty((3,), np.float32).shape == (3,)
    assert workspace.empty((3,), np.float64).dtype == np.float64
