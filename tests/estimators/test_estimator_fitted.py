"""What a fitted estimator knows, and that it is the same everywhere: threads, processes, files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import madaline
from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline.errors import LeakWarning, NothingLearnedWarning
from madaline.records.history import Record

QUICK = {"effort": 8, "random_state": 0}

FIT_AND_PREDICT = """
import sys
from sklearn.datasets import load_wine
from madaline import AdaptiveClassifier
X, y = load_wine(return_X_y=True)
model = AdaptiveClassifier(effort=3, random_state=0, n_jobs=int(sys.argv[1])).fit(X, y)
for part in model.model_.predictor.parts:
    sys.stdout.write(part.theta.tobytes().hex())
sys.stdout.write(model.oof_proba_.tobytes().hex())
"""


def test_history_is_a_table_of_all_epochs_of_all_recipes(halves):
    model = AdaptiveClassifier(**QUICK).fit(*halves)
    assert set(model.history_) == {*Record.__dataclass_fields__}
    lengths = {len(column) for column in model.history_.values()}
    assert lengths == {len(model.model_.records)}
    assert max(model.history_["epoch"]) == model.n_iter_
    assert max(Counter(model.history_["recipe"]).values()) <= 8


def test_every_decision_is_a_sentence(halves):
    model = AdaptiveClassifier(effort=60, random_state=0).fit(*halves)
    assert model.decisions_
    assert all(decision.sentence.endswith(".") for decision in model.decisions_)


def test_more_verbose_prints_every_decision(halves, capsys):
    model = AdaptiveClassifier(effort=60, random_state=0, verbose=2).fit(*halves)
    said = capsys.readouterr()
    assert said.err == ""
    said_words = " ".join(said.out.split())
    assert all(decision.sentence in said_words for decision in model.decisions_)


def test_scores_name_what_score_computes(halves, line):
    classifier, regressor = AdaptiveClassifier(**QUICK), AdaptiveRegressor(**QUICK)
    assert classifier.fit(*halves).scores_[0].metric == "accuracy"
    assert classifier.oof_score_ == classifier.scores_[0].out_of_fold
    assert regressor.fit(*line).scores_[0].metric == "r2"
    residual = line[1] - regressor.oof_prediction_
    assert regressor.oof_score_ == pytest.approx(1 - residual.var() / line[1].var(), abs=0.05)


def test_probabilities_logarithms_and_decisions_agree(halves):
    X, y = halves
    model = AdaptiveClassifier(**QUICK).fit(X, y)
    probability = model.predict_proba(X)
    assert np.allclose(np.exp(model.predict_log_proba(X)), probability)
    assert np.allclose(1 / (1 + np.exp(-model.decision_function(X))), probability[:, 1])
    assert np.array_equal(model.classes_[probability.argmax(axis=1)], model.predict(X))


def test_three_classes_have_three_decisions(line):
    X, y = line
    model = AdaptiveClassifier(**QUICK).fit(X, np.digitize(y, [-2, 2]))
    decision, probability = model.decision_function(X), model.predict_proba(X)
    assert decision.shape == probability.shape == (len(y), 3)
    assert np.allclose(np.exp(decision) / np.exp(decision).sum(1, keepdims=True), probability)


def test_saved_model_predicts_the_same_bits(mixed, tmp_path):
    X, y = mixed
    model = AdaptiveClassifier(**QUICK).fit(X, y)
    model.save(tmp_path / "model.madaline")
    again = madaline.load(tmp_path / "model.madaline")
    columns = model._read(X)
    assert np.array_equal(again.predict_proba(columns), model.predict_proba(X))
    assert np.array_equal(again.predict(columns), model.predict(X))
    assert [decision.sentence for decision in again.decisions_] == [
        decision.sentence for decision in model.decisions_
    ]


def test_prediction_of_a_row_does_not_depend_on_the_rows_beside_it(halves):
    X, y = halves
    model = AdaptiveClassifier(**QUICK).fit(X, y)
    alone = np.concatenate([model.predict_proba(row[None]) for row in X])
    np.testing.assert_allclose(alone, model.predict_proba(X), atol=1e-5)
    backwards = model.predict_proba(X[::-1])
    np.testing.assert_allclose(backwards, model.predict_proba(X)[::-1], atol=1e-5)


def test_threads_may_predict_at_the_same_time(halves):
    X, y = halves
    model = AdaptiveClassifier(**QUICK).fit(X, y)
    expected = model.predict_proba(X)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: model.predict_proba(X), range(40)))
    assert all(np.array_equal(result, expected) for result in results)


def test_another_seed_gives_other_networks(halves):
    one, two = (AdaptiveClassifier(effort=4, random_state=seed).fit(*halves) for seed in (0, 1))
    assert not np.array_equal(one.predict_proba(halves[0]), two.predict_proba(halves[0]))


def test_random_state_object_moves_on(halves):
    state = np.random.RandomState(0)
    one, two = (AdaptiveClassifier(effort=4, random_state=state).fit(*halves) for _ in range(2))
    again = AdaptiveClassifier(effort=4, random_state=np.random.RandomState(0)).fit(*halves)
    assert np.array_equal(one.predict_proba(halves[0]), again.predict_proba(halves[0]))
    assert not np.array_equal(one.predict_proba(halves[0]), two.predict_proba(halves[0]))


@pytest.mark.slow
def test_same_seed_same_networks_to_the_bit_on_any_number_of_threads():
    one, two = _fit_elsewhere(n_jobs=1, threads=1), _fit_elsewhere(n_jobs=2, threads=2)
    assert len(one) > 2 * 8 * 3 * 178
    assert one == two


def _fit_elsewhere(n_jobs: int, threads: int) -> str:
    environment = os.environ | {
        name: str(threads) for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
    }
    command = [sys.executable, "-c", FIT_AND_PREDICT, str(n_jobs)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_intervals_hold_most_rows_and_their_prediction(line):
    X, y = line
    model = AdaptiveRegressor(**QUICK).fit(X[:80], y[:80], sample_weight=np.arange(80) % 4)
    bounds = model.predict_interval(X, coverage=0.8)
    assert np.mean((bounds[:, 0] <= y) & (y <= bounds[:, 1])) > 0.7
    prediction = model.predict(X)
    assert np.mean((bounds[:, 0] <= prediction) & (prediction <= bounds[:, 1])) > 0.95
    wider = model.predict_interval(X)
    assert np.all(wider[:, 0] <= bounds[:, 0])
    assert np.all(wider[:, 1] >= bounds[:, 1])


def test_sets_hold_most_labels_in_the_order_of_the_classes(mixed):
    X, y = mixed
    model = AdaptiveClassifier(**QUICK).fit(X[:90], y[:90])
    sets = model.predict_set(X[90:], coverage=0.8)
    truth = np.searchsorted(model.classes_, y[90:])
    assert np.mean(sets[np.arange(30), truth]) > 0.7
    assert not sets.all()


@pytest.mark.parametrize("kind", [AdaptiveClassifier, AdaptiveRegressor])
def test_a_shuffled_target_is_not_learned_and_that_is_said(line, halves, kind):
    X, y = halves if kind is AdaptiveClassifier else line
    shuffled = np.random.default_rng(0).permutation(y)
    with pytest.warns(
        NothingLearnedWarning, match="not clearly better than the baseline: X does not"
    ):
        model = kind(**QUICK).fit(X, shuffled)
    assert not model.model_.summary.learned
    fitted = model.predict_proba(X)[:, 1] if kind is AdaptiveClassifier else model.predict(X)
    assert np.std(fitted) < 0.3 * np.std(shuffled)


def test_a_column_that_gives_the_target_away_is_warned_of(halves):
    X, y = (np.tile(part, (3, 1) if part.ndim == 2 else 3) for part in map(np.asarray, halves))
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(len(y), 2)), (y == y[0])[:, None] + 0.5], axis=1)
    with pytest.warns(LeakWarning, match=r"x2 alone explains 100\.0% of the target.*leave it out"):
        model = AdaptiveClassifier(effort=2, random_state=0).fit(X, y == y[0])
    assert [leak.column for leak in model.model_.summary.leaks] == ["x2"]
