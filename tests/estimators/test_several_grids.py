"""Two columns that each stand on a grid: each is looked at by convolutions of its own."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from madaline import AdaptiveClassifier, load, sequences
from madaline._race.planning import ENCODINGS, TableFacts, make_plan
from madaline._tables.media.grids import Grid
from madaline.nn.layers import Branches, Convolution, ScaledLinear

N_TRAIN = 400


@pytest.fixture(scope="module")
def pairs():
    """Two digits and a wave in each row; is the first digit, with what the wave adds, larger?"""
    X, y = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    first, second = rng.integers(len(X), size=(2, 600))
    slow = rng.random(600) < 0.5
    waves = [
        np.sin(rng.uniform(0, 6) + np.arange(rng.integers(20, 30)) * (0.3 if one else 0.9))
        for one in slow
    ]
    images = X.reshape(-1, 8, 8)
    columns = {
        "first": images[first],
        "number": rng.normal(size=600),
        "wave": sequences(waves),
        "second": images[second],
    }
    return columns, y[first] + 6 * slow > y[second] + 3


@pytest.fixture(scope="module")
def fitted(pairs):
    columns, answer = pairs
    model = AdaptiveClassifier(effort=6, random_state=0)
    rows = {name: one[:N_TRAIN] for name, one in columns.items()}
    return model.fit(rows, answer[:N_TRAIN], folds=3)


def held_out(columns, n_rows=None):
    return {name: one[N_TRAIN:][:n_rows] for name, one in columns.items()}


def test_each_grid_has_convolutions_of_its_own(fitted, pairs):
    columns, answer = pairs
    assert fitted.score(held_out(columns), answer[N_TRAIN:]) > 0.8  # a constant: 0.55
    joined = [
        part.network.layers[0]
        for part in fitted.model_.predictor.parts
        if isinstance(part.network.layers[0], Branches)
    ]
    assert joined
    for layer in joined:
        firsts = [branch[0] for branch in layer.branches]
        assert [type(one) for one in firsts] == [Convolution] * 3 + [ScaledLinear]
        assert [len(one.shape) for one in firsts[:3]] == [2, 1, 2]
        spans = [span for spans in layer.spans for span in spans]
        assert sum(stop - start for start, stop in spans) == max(stop for _, stop in spans)


def test_a_saved_model_predicts_the_same_bits(fitted, pairs, tmp_path):
    rows = held_out(pairs[0], 20)
    fitted.save(tmp_path / "pairs.madaline")
    again = load(tmp_path / "pairs.madaline")
    np.testing.assert_array_equal(again.predict_proba(rows), fitted.predict_proba(rows))


def test_what_is_missing_in_all_rows_is_missing(fitted, pairs):
    rows = held_out(pairs[0], 3)
    missing = np.full(3, None)
    nothing = fitted.predict_proba(rows | {"wave": missing})
    np.testing.assert_array_equal(fitted.predict_proba(rows | {"wave": [np.nan] * 3}), nothing)
    mixed = rows["wave"].copy()
    mixed[1:] = None
    np.testing.assert_array_equal(fitted.predict_proba(rows | {"wave": mixed})[1:], nothing[1:])


def test_each_grid_has_a_map_of_its_own(fitted, pairs):
    rows = held_out(pairs[0], 2)
    found = fitted.explain(rows, background=held_out(pairs[0], 10))
    assert found.maps.keys() == {"first", "second", "wave"}
    for name, maps in found.maps.items():
        own = found.attributions[:, found.columns.index(name)]
        np.testing.assert_allclose(maps.reshape(2, -1).sum(axis=1), own, rtol=1e-6)


def test_the_plan_bends_moves_and_detunes_only_what_can_be():
    face, wave = Grid(0, 64, (8, 8)), Grid(64, 96, (16,))
    sound = Grid(96, 428, (8,), spectral=True)
    widths = dict.fromkeys(ENCODINGS, 428)
    usual = [
        make_plan(TableFacts(500, widths, grids=grids, beside=True), epochs=9).recipes[0]
        for grids in ((face, face), (face, wave), (wave, sound))
    ]
    assert [one.channels for one in usual] == [
        ((16, 32), (16, 32)),
        ((16, 32), (64, 64, 64)),
        ((64, 64, 64), (64, 64)),
    ]
    assert [(one.warping, one.offset, one.pitch) for one in usual] == [
        (1, 0, 0),
        (1, 0.3, 0),
        (1, 0.3, 1),
    ]
    assert usual[1].name.startswith("convolutions 16-32 and 3×64 · weight decay 0.1")
