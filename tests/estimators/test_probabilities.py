"""A classifier that learns the probabilities of another model instead of labels."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings

import numpy as np
import pytest

from madaline import AdaptiveClassifier, load
from madaline.errors import InputError, RowsLeftOutWarning
from madaline.records.race_decisions import LearnedFromProbabilities

ROWS = 300


def rows(n_classes=2, n_rows=ROWS, seed=0):
    """Return random rows, and probabilities that depend on them."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 3))
    output = 2 * X @ rng.normal(size=(3, n_classes))
    shares = np.exp(output)
    return X, shares / shares.sum(axis=1, keepdims=True)


def classifier(**arguments):
    return AdaptiveClassifier(**{"effort": 5, "random_state": 0} | arguments)


def fit(X, y, *, given=None, **arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return classifier(**arguments).fit(X, y, folds=3, **(given or {}))


def score(model, metric):
    return next(score for score in model.scores_ if score.metric == metric)


@pytest.fixture(scope="module", params=[2, 3])
def learned(request):
    """Rows, probabilities of two or three classes, and a model that learned them."""
    X, shares = rows(request.param)
    return X, shares, fit(X, shares, effort=30)


def test_predictions_are_nearer_to_the_probabilities_than_labels_are(learned):
    X, shares, model = learned
    assert model.classes_.tolist() == list(range(shares.shape[1]))
    assert np.abs(model.predict_proba(X) - shares).mean() < 0.03
    assert (model.predict(X) == shares.argmax(axis=1)).mean() > 0.95


def test_the_log_loss_is_that_against_the_distribution_and_its_floor_is_told(learned):
    _, shares, model = learned
    entropy = -np.sum(shares * np.log(shares), axis=1).mean()
    loss = score(model, "log_loss")
    losses = -np.sum(shares * np.log(model.oof_proba_), axis=1)
    assert loss.out_of_fold == pytest.approx(losses.mean(), rel=1e-4)
    assert loss.out_of_fold > entropy
    (decision,) = (d for d in model.decisions_ if isinstance(d, LearnedFromProbabilities))
    assert decision.entropy == pytest.approx(entropy)
    assert "the entropy of these" in " ".join(str(model.model_.story(full=True)).split())


def test_classes_that_are_counted_are_drawn_with_their_probabilities(learned):
    _, shares, model = learned
    chosen = model.oof_proba_.argmax(axis=1)
    expected = shares[np.arange(ROWS), chosen].mean()
    error = np.sqrt(expected * (1 - expected) / ROWS)
    assert abs(score(model, "accuracy").out_of_fold - expected) < 3 * error
    assert model.quality_.accuracy == pytest.approx(score(model, "accuracy").out_of_fold)
    assert abs(model.quality_.coverage[2].observed - 0.9) < 0.06
    assert model.quality_.calibration_error < 0.15


def test_labels_are_not_doubted(learned):
    model = learned[2]
    assert not hasattr(model, "label_suspects_")
    assert all(finding.kind != "wrong labels" for finding in model.diagnosis_)


def test_the_file_is_that_of_any_classifier(learned, tmp_path):
    X, _, model = learned
    model.save(tmp_path / "m.madaline")
    loaded = load(tmp_path / "m.madaline")
    assert (loaded.predict_proba(X) == model.predict_proba(X)).all()
    assert loaded.decisions_[0] == model.decisions_[0]
    assert loaded.model_.summary.of_probabilities


def test_classes_are_named_like_the_columns_of_a_frame():
    pd = pytest.importorskip("pandas", reason="frames come from pandas")
    X, shares = rows(3)
    for names, first in ((["yes", "no", "maybe"], "yes"), ([7, 3, 5], 7), (["a", 1, "b"], "a")):
        model = fit(X, pd.DataFrame(shares, columns=names))
        assert model.classes_.tolist() == names
        assert model.predict(X[shares[:, 0] > 0.9])[0] == first


def test_labels_of_0_and_1_are_still_several_labels():
    X, shares = rows(2)
    model = fit(X, np.round(shares).astype(int))
    assert model.predict(X).shape == (ROWS, 2)


def test_floats_that_are_1_once_a_row_are_doubted():
    X, shares = rows(2)
    with pytest.warns(UserWarning, match="y has a 1 in one column of each row"):
        model = classifier(effort=1).fit(X, np.round(shares), time=False)
    assert model.predict(X).shape == (ROWS, 2)


def test_balanced_classes_have_the_same_weight():
    X, shares = rows(2)
    rare = np.stack([1 - 0.2 * shares[:, 1], 0.2 * shares[:, 1]], axis=1)
    plain, balanced = fit(X, rare), fit(X, rare, class_weight="balanced")
    pulled = rare / rare.mean(axis=0)
    expected = (pulled[:, 1] / pulled.sum(axis=1)).mean()
    assert plain.predict_proba(X)[:, 1].mean() == pytest.approx(rare[:, 1].mean(), abs=0.03)
    assert balanced.predict_proba(X)[:, 1].mean() == pytest.approx(expected, abs=0.05)


def test_weights_groups_times_and_splitters_work():
    from sklearn.model_selection import StratifiedKFold

    X, shares = rows(2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        splitter = classifier().fit(X, shares, folds=StratifiedKFold(3))
        timed = classifier().fit(X, shares, time=True)
    weighted = fit(X, shares, given={"sample_weight": np.arange(ROWS) + 1.0})
    grouped = fit(X, shares, given={"groups": np.arange(ROWS) // 5})
    for model in (splitter, timed, weighted, grouped):
        assert score(model, "log_loss").value < score(model, "log_loss").baseline


def test_rows_without_probabilities_are_left_out():
    X, shares = rows(2)
    shares[3] = np.nan
    with pytest.warns(RowsLeftOutWarning, match="no value in 1 of"):
        model = classifier(effort=2).fit(X, shares)
    assert np.isnan(model.oof_proba_[3]).all()


def test_trees_do_not_race():
    decisions = fit(*rows(2)).decisions_
    assert any("not probabilities" in decision.sentence for decision in decisions)


def test_the_same_probabilities_give_the_same_bits():
    X, shares = rows(3)
    one, other = (fit(X, shares, n_jobs=jobs).predict_proba(X) for jobs in (1, 2))
    assert (one == other).all()


def test_labels_may_update_the_model():
    X, shares = rows(2)
    model = fit(X, shares)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.update(X, shares.argmax(axis=1))
    assert model.classes_.tolist() == [0, 1]
    with pytest.raises(InputError, match="y should be a 1d array"):
        model.update(X, shares)


def changed(row, values):
    shares = rows(2)[1]
    shares[row] = values
    return shares


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (changed(3, [0.4, 0.5]), r"Row 3 of y \(counted from 0\) sums to 0.9, "),
        (changed(3, [-0.5, 1.5]), "y holds -0.5 in row 3 "),
        (changed(3, [np.inf, 0.0]), "y holds inf in row 3 "),
        (rows(2)[1][:, 1], "Unknown label type: continuous.*a column for each class"),
        (rows(2)[1][:, 1:], "Unknown label type: continuous.*a column for each class"),
        (np.insert(rows(2)[1], 2, 0, axis=1), "The class 2 has the probability 0 in every row"),
    ],
)
@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
def test_what_is_no_distribution_is_refused(y, words):
    with pytest.raises(InputError, match=words):
        classifier().fit(rows(2)[0], y)


@pytest.mark.parametrize(
    ("arguments", "given", "words"),
    [
        ({"keep_rows": 10}, {}, "keep_rows is 10, but a model that learned from probabilities"),
        ({}, {"lags": [1], "time": True}, "lags are given, but the target holds probabilities"),
        ({"class_weight": {"x": 2}}, {}, "class_weight names the class 'x'"),
    ],
)
def test_what_probabilities_do_not_go_with_is_refused(arguments, given, words):
    X, shares = rows(2)
    with pytest.raises(InputError, match=words):
        classifier(**arguments).fit(X, shares, **given)


def test_a_score_asks_for_labels():
    X, shares = rows(2)
    with pytest.raises(InputError, match="give labels"):
        fit(X, shares).score(X, shares)


def test_a_rare_class_of_which_hardly_a_row_is_drawn():
    X, shares = rows(2)
    model = fit(X, np.stack([1 - 1e-4 * shares[:, 1], 1e-4 * shares[:, 1]], axis=1))
    assert model.predict_proba(X)[:, 1].max() < 0.01


@pytest.mark.slow
def test_the_example_runs_and_the_student_is_small_and_nearly_as_good(project):
    pytest.importorskip("pandas", reason="the example reads a table with pandas")
    command = [sys.executable, "-W", "error", "examples/distilling.py"]
    result = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert result.stderr == ""
    seen, unseen = map(float, re.findall(r"on average: (\S+)", result.stdout))
    assert seen > unseen + 0.05
    found = re.findall(r"^   \w.*\w  +(\S+) +(\S+) +\S+$", result.stdout, flags=re.MULTILINE)
    (loss, size), *students = [(float(a), float(b.replace(",", ""))) for a, b in found]
    assert len(students) == 3
    for of_student, small in students:
        assert of_student < 1.1 * loss
        assert small < 0.4 * size
