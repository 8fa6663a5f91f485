"""Patterns of sequences: what kernels count, what is kept in a file, what each step adds."""

from __future__ import annotations

import numpy as np
import pytest

from madaline import AdaptiveClassifier, load, sequences
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.kinds.sequence import PatternEncoder, SequenceEncoder
from madaline._tables.media.kernels import KERNELS, TAPS, Kernels
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline._tell.explain.attributions.words import pattern_map

LENGTH = 60


@pytest.fixture(scope="module")
def beats():
    """Sequences with a short beat anywhere: fast in one class, slow in the other."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 120)
    waves = rng.normal(size=(120, LENGTH, 2)) / 3
    for wave, label in zip(waves, labels, strict=True):
        start = rng.integers(0, LENGTH - 20)
        wave[start : start + 20, 0] += 2 * np.sin(np.arange(20) * (2.0 if label else 0.7))
    return sequences(list(waves)), np.array(["slow", "fast"])[labels]


@pytest.fixture(scope="module")
def fitted(beats):
    X, y = beats
    return AdaptiveClassifier(effort=10, random_state=0).fit(X[:80], y[:80], folds=3)


def test_views_are_sums_of_the_weights_written_out_and_their_changes():
    steps = np.random.default_rng(0).normal(size=(3, 40, 2)).astype(np.float32)
    kernels = Kernels.fit(steps, most=84 * 6)
    assert {-1, 0, 1} == set(np.unique(kernels.lags))
    padded = np.pad(steps, ((0, 0), (40, 40), (0, 0)))
    for dilation, kernel, (sums, changes) in kernels.views(steps):
        weights = np.full(TAPS, -1 / 3)
        weights[list(KERNELS[kernel])] = 2 / 3
        lags = kernels.lags[dilation, kernel] * kernels.dilations[dilation]
        late = [np.roll(padded[..., number], -lag, axis=1) for number, lag in enumerate(lags)]
        signal = np.stack(late, axis=2) @ kernels.channels[dilation, kernel]
        reach = (np.arange(TAPS) - TAPS // 2) * kernels.dilations[dilation]
        margin = (40 - sums.shape[1]) // 2
        at = 40 + np.arange(margin, 40 - margin)
        expected = signal[:, at[:, None] + reach] @ weights
        np.testing.assert_allclose(sums, expected, atol=1e-4)
        np.testing.assert_array_equal(changes, np.diff(sums, axis=1, prepend=sums[:, :1]))
        assert margin in (0, TAPS // 2 * kernels.dilations[dilation])


def test_patterns_of_a_row_do_not_depend_on_its_neighbors(beats):
    encoder = PatternEncoder.fit("beat", beats[0][:50])
    whole, alone = np.empty((2, 120, encoder.n_features), np.float32)
    encoder.write(beats[0], whole)
    for row in range(0, 120, 7):
        encoder.write(beats[0][row : row + 1], alone[row : row + 1])
        np.testing.assert_allclose(alone[row], whole[row], atol=1e-5)


def test_shares_have_unit_size_in_training_and_missing_sequences_are_zero(beats):
    column = np.append(beats[0], np.array([None, None], object)[:1])
    encoder = PatternEncoder.fit("beat", column, most=168)
    out = np.empty((121, encoder.n_features), np.float32)
    encoder.write(encoder.read(column), out)
    patterns = out[:120, -encoder.kernels.n_patterns :]
    np.testing.assert_allclose(patterns.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(patterns.std(axis=0), 1, atol=1e-3)
    assert not out[120].any()


def test_the_usual_level_is_subtracted_and_no_sequence_is_downsampled():
    rng = np.random.default_rng(0)
    small = [rng.normal([5, 5], 0.001, size=(n, 2)) for n in range(20, 40)]
    large = rng.normal([20, 1000], [10, 1000], size=(50, 2))
    column = sequences([*small, large, np.full((9, 2), np.nan)])
    encoder = PatternEncoder.fit("sizes", column, most=168)
    assert encoder.steps.length == 50
    assert encoder.steps.mean[0] == pytest.approx(5, abs=0.01)
    assert encoder.steps.mean[1] == 0  # near zero, as far as its numbers spread
    out = np.empty((22, encoder.n_features), np.float32)
    encoder.write(encoder.read(column), out)
    assert np.isfinite(out).all()
    assert not out[21].any()


@pytest.mark.parametrize("length", [1, 2, 5, 9, 17])
def test_short_sequences_have_patterns_too(length):
    rng = np.random.default_rng(0)
    column = sequences(list(rng.normal(size=(10, length, 1))))
    encoder = PatternEncoder.fit("short", column)
    out = np.empty((10, encoder.n_features), np.float32)
    encoder.write(column, out)
    assert np.isfinite(out).all()


def test_patterns_tell_beats_apart_wherever_they_are(fitted, beats):
    X, y = beats
    assert fitted.score(X[80:], y[80:]) > 0.9


def test_a_loaded_model_predicts_the_same_bits(fitted, beats, tmp_path):
    fitted.save(tmp_path / "beats.madaline")
    again = load(tmp_path / "beats.madaline")
    assert isinstance(again.model_.predictor.encoder.encoders[0], PatternEncoder)
    np.testing.assert_array_equal(again.predict_proba(beats[0]), fitted.predict_proba(beats[0]))


def test_sequences_beside_others_are_looked_at_by_convolutions(beats):
    table = Table.from_columns({"beat": beats[0], "age": np.arange(120.0) % 7})
    encoder = TableEncoder.fit(table, Schema.infer(table))
    assert any(isinstance(one, SequenceEncoder) for one in encoder.encoders)
    alone = Table.from_columns({"beat": beats[0]})
    encoder = TableEncoder.fit(alone, Schema.infer(alone))
    assert encoder.patterns == {"beat": (0, encoder.n_features(0))}
    assert not encoder.grids


def test_what_steps_add_is_what_features_add(beats):
    encoder = PatternEncoder.fit("beat", beats[0], most=168)
    by_feature = np.random.default_rng(0).normal(size=(5, encoder.n_features))
    found = pattern_map(encoder, beats[0][:5], by_feature)
    assert found.shape == (5, LENGTH, 3)
    np.testing.assert_allclose(found.sum(axis=(1, 2)), by_feature.sum(axis=1), rtol=1e-6)
    alone = np.zeros_like(by_feature)
    alone[:, 0] = 1  # the first step of the outline, the first channel
    first = pattern_map(encoder, beats[0][:5], alone)
    np.testing.assert_allclose(first[:, :2, 0], 32 / LENGTH * np.array([[1, 0.875]] * 5), rtol=1e-6)
    assert first[:, 2:].sum() == pytest.approx(0)


def test_a_map_points_to_the_beat(fitted, beats):
    X, y = beats
    explanation = fitted.explain(X[80:90], background=X[:20], target_class="fast")
    (maps,) = explanation.maps.values()
    fast = np.flatnonzero(y[80:90] == "fast")
    of_first = np.abs(maps[fast][..., 0]).sum()
    assert of_first > np.abs(maps[fast][..., 1]).sum()  # the second channel is noise
