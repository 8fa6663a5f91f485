"""Trees of scikit-learn's private grower are walked as it walks them."""

import numpy as np

from madaline._apps.sampling.growing import MIDDLE, SHARP, boost, grow_leaves
from madaline.nn._engine.grown_trees import nodes_of


def _rows(n_rows, seed=0):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 200, (4, n_rows)).astype(np.uint8)
    answer = codes[0] + 20 * rng.normal(size=n_rows) > 100
    return codes, answer


def test_boosted_trees_learn_an_answer():
    codes, answer = _rows(2000)
    trees, bias = boost(codes, answer, MIDDLE, np.random.default_rng(0))
    new, truth = _rows(1000, seed=1)
    raw = bias + nodes_of(trees).sums(new.T, slice(None))
    assert np.mean((raw > 0) == truth) > 0.85


def test_nothing_to_learn_leaves_the_frequency():
    codes, _ = _rows(3000)
    answer = np.random.default_rng(5).random(3000) < 0.25
    trees, bias = boost(codes, answer, SHARP, np.random.default_rng(0))
    assert len(trees) <= 2
    assert abs(1 / (1 + np.exp(-bias)) - 0.25) < 0.03


def test_leaves_hold_the_rows_that_walk_to_them():
    codes, _ = _rows(1000)
    target = codes[1].astype(float)
    grown, rows = grow_leaves(codes, target, 20)
    tree = nodes_of([grown])
    leaf = tree.value[tree.leaves(codes.T)[:, 0]].astype(int)
    assert sum(map(len, rows)) == 1000
    assert min(map(len, rows)) >= 20
    for number, own in enumerate(rows):
        assert (leaf[own] == number).all()
    assert tree.lead_on(4)


def test_nodes_that_lead_nowhere_are_found():
    codes, answer = _rows(2000)
    trees = nodes_of(boost(codes, answer, MIDDLE, np.random.default_rng(0))[0])
    trees.below[0] = 10**9
    assert not trees.lead_on(4)


def test_all_codes_can_be_told_apart():
    codes = np.arange(512).astype(np.uint8).repeat(16)[None]
    answer = codes[0] == 255
    trees, _ = boost(codes, answer | (codes[0] < 9), SHARP, np.random.default_rng(0))
    assert len(trees)
    tree, rows = grow_leaves(codes, codes[0].astype(float), 4)
    assert max(len(set(codes[0][own].tolist())) for own in rows) == 1
    assert nodes_of([tree]).lead_on(1)


def test_noise_is_not_split():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 200, (5, 400)).astype(np.uint8)
    assert len(grow_leaves(codes, rng.normal(size=400), 10)[1]) == 1
    related = codes[0] + 5 * rng.normal(size=400)
    assert len(grow_leaves(codes, related, 10)[1]) > 5
