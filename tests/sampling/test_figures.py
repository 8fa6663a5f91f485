"""Figures are those of rows whose truth is known."""

import numpy as np
import pytest

from madaline._apps.sampling.figures import (
    NumericRows,
    column_shapes,
    copied_share,
    membership_auc,
    nearer_share,
    pair_trends,
    tell_apart,
    usefulness,
)


def _rows(n_rows, seed, shift=0.0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n_rows) + shift
    level = np.where(x + rng.normal(size=n_rows) > 0, "a", "b").astype(object)
    return {"x": x, "z": rng.normal(size=n_rows), "level": level}


@pytest.fixture(scope="module")
def halves():
    return NumericRows.together([_rows(800, 0), _rows(800, 1), _rows(800, 2)])


def test_rows_of_one_source_look_alike(halves):
    learned, unseen, new = halves
    assert column_shapes(unseen, new).min() > 0.92
    assert pair_trends(unseen, new, np.random.default_rng(0)) > 0.95
    assert abs(tell_apart(unseen, new, 0) - 0.5) < 0.06
    assert abs(nearer_share(new, learned, unseen) - 0.5) < 0.06
    assert abs(membership_auc(new, learned, unseen) - 0.5) < 0.06
    assert copied_share(new, learned) == 0


def test_copies_are_noticed(halves):
    learned, unseen, _ = halves
    copies = learned.take(slice(0, 400))
    assert copied_share(copies, learned) == 1
    assert nearer_share(copies, learned, unseen) == 1
    assert membership_auc(copies, learned, unseen) > 0.7


def test_other_rows_are_told_apart():
    real, shifted = NumericRows.together([_rows(800, 0), _rows(800, 1, shift=2.0)])
    assert tell_apart(real, shifted, 0) > 0.85
    assert column_shapes(real, shifted)[0] < 0.4


def test_useful_rows_predict_as_well(halves):
    learned, unseen, new = halves
    drawn, real = usefulness(new, learned, unseen, 2, 0)
    assert abs(drawn - real) < 0.05
    mixed = NumericRows(new.names, new.x.copy(), new.is_level)
    mixed.x[:, 2] = np.random.default_rng(0).permutation(mixed.x[:, 2])
    assert usefulness(mixed, learned, unseen, 2, 0)[0] < real - 0.1
