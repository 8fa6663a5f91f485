"""Several targets, labels and quantiles as outputs of the same networks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import d2_pinball_score, f1_score, log_loss, r2_score, roc_auc_score
from sklearn.model_selection import cross_val_score

from madaline import AdaptiveClassifier, AdaptiveRegressor, load, runtime
from madaline.errors import InputError, LeakWarning, RowsLeftOutWarning
from madaline.records.model_decisions import Calibrated

LEVELS = [0.1, 0.5, 0.9]


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(240, 4)), columns=list("abcd"))
    X["zip"] = rng.choice([f"z{number}" for number in range(60)], 240)  # levels with means
    return X


@pytest.fixture(scope="module")
def numbers(table):
    noise = np.random.default_rng(1).normal(size=(240, 2))
    width = table.a + table.b + 0.3 * noise[:, 0]
    return pd.DataFrame(
        {"width": width, "weight": 500 + 90 * (table.a - table.c) + 20 * noise[:, 1]}
    )


@pytest.fixture(scope="module")
def labels(table):
    noise = np.random.default_rng(2).normal(size=(240, 3))
    return ((table[["a", "b", "c"]].to_numpy() + 0.5 * noise) > 0).astype(int)


@pytest.fixture(scope="module")
def regressor(table, numbers):
    return AdaptiveRegressor(effort=6, random_state=0).fit(table, numbers)


@pytest.fixture(scope="module")
def classifier(table, labels):
    return AdaptiveClassifier(effort=6, random_state=0).fit(table, labels)


@pytest.fixture(scope="module")
def of_quantiles(table, numbers):
    model = AdaptiveRegressor(loss="quantile", quantile=LEVELS, effort=6, random_state=0)
    return model.fit(table, numbers.weight)


def test_numbers_are_predicted_in_their_own_units(regressor, table, numbers):
    predicted = regressor.predict(table)
    assert predicted.shape == (240, 2)
    assert regressor.score(table, numbers) == pytest.approx(r2_score(numbers, predicted))
    assert r2_score(numbers, predicted, multioutput="raw_values").min() > 0.8
    assert regressor.oof_prediction_.shape == (240, 2)
    expected = r2_score(numbers, regressor.oof_prediction_)
    assert regressor.oof_score_ == pytest.approx(expected, rel=1e-3)  # means are of each fold


def test_scores_are_means_of_those_of_each_target(regressor):
    outputs = regressor.model_.summary.outputs
    assert [one.name for one in outputs] == ["width", "weight"]
    each = [{score.metric: score for score in one.scores}["r2"].value for one in outputs]
    assert regressor.scores_[0].value == pytest.approx(np.mean(each))
    assert "These are means; the R² of each: width" in str(regressor.story(full=True)).replace(
        "\n", " "
    )


def test_one_output_predicts_what_the_whole_model_does(regressor, classifier, of_quantiles, table):
    for estimator in (regressor, classifier, of_quantiles):
        model = estimator.model_
        whole = model.predictor.output(model.predictor.table(table))
        for index in range(whole.shape[1]):
            own = model.of_output(index).predictor.output(model.predictor.table(table))
            np.testing.assert_allclose(own[:, 0], whole[:, index], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["regressor", "classifier", "of_quantiles"])
def test_a_saved_model_predicts_the_same(name, request, table, tmp_path):
    model, path = request.getfixturevalue(name), tmp_path / "several.madaline"
    model.save(path)
    loaded, predictor = load(path), runtime.load(path)
    np.testing.assert_array_equal(loaded.predict(table), model.predict(table))
    np.testing.assert_array_equal(predictor.predict(table), model.predict(table))
    assert loaded.scores_ == model.scores_
    assert loaded.get_params()["effort"] == 6
    assert loaded.model_.summary == model.model_.summary
    assert loaded.quality_ == model.quality_


def test_intervals_hold_each_number_for_itself(regressor, table, numbers):
    intervals = regressor.predict_interval(table, coverage=0.8)
    assert intervals.shape == (240, 2, 2)
    truth = numbers.to_numpy()
    held = (intervals[..., 0] <= truth) & (truth <= intervals[..., 1])
    assert (held.mean(axis=0) > 0.75).all()


def test_labels_have_probabilities_of_their_own(classifier, table, labels):
    probability = classifier.predict_proba(table)
    assert probability.shape == labels.shape
    np.testing.assert_array_equal(classifier.predict(table), (probability > 0.5).astype(int))
    assert classifier.predict(table).dtype.kind == "i"
    np.testing.assert_array_equal(classifier.classes_, [0, 1, 2])
    assert classifier.decision_function(table).shape == labels.shape
    assert classifier.predict_set(table, coverage=0.9).shape == (240, 3, 2)
    assert roc_auc_score(labels, classifier.oof_proba_, average=None).min() > 0.8


def test_scores_of_labels_are_those_of_scikit_learn(classifier, labels):
    found = {score.metric: score.out_of_fold for score in classifier.scores_}
    probability = classifier.oof_proba_
    predicted = (probability > 0.5).astype(int)
    assert found["subset_accuracy"] == pytest.approx((predicted == labels).all(axis=1).mean())
    assert found["f1_micro"] == pytest.approx(f1_score(labels, predicted, average="micro"))
    assert found["f1_macro"] == pytest.approx(f1_score(labels, predicted, average="macro"))
    assert found["roc_auc"] == pytest.approx(roc_auc_score(labels, probability))
    losses = [log_loss(labels[:, k], probability[:, k]) for k in range(3)]
    assert found["log_loss"] == pytest.approx(np.mean(losses))
    assert classifier.oof_score_ == found["subset_accuracy"]


def test_each_label_is_calibrated(classifier):
    subjects = [one.subject for one in classifier.decisions_ if one.action == "calibrate"]
    assert subjects == ["y0", "y1", "y2"]
    assert len(classifier.model_.predictor.temperature) == 3


def test_quantiles_ascend_and_hold_their_share(of_quantiles, table, numbers):
    predicted = of_quantiles.predict(table)
    assert (np.diff(predicted, axis=1) >= 0).all()
    share = (numbers.weight.to_numpy()[:, None] <= of_quantiles.oof_prediction_).mean(axis=0)
    np.testing.assert_allclose(share, LEVELS, atol=0.1)
    expected = [
        d2_pinball_score(numbers.weight, predicted[:, k], alpha=LEVELS[k]) for k in range(3)
    ]
    assert of_quantiles.score(table, numbers.weight) == pytest.approx(np.mean(expected))
    assert of_quantiles.scores_[0].metric == "d2_pinball_score"
    assert of_quantiles.predict_interval(table).shape == (240, 2)
    assert of_quantiles.model_.output_names == ("weight_0.1", "weight_0.5", "weight_0.9")


def test_one_output_is_explained(regressor, of_quantiles, table):
    explanation = regressor.explain(table[:2], output="weight")
    assert explanation.target == "weight"
    total = explanation.base + explanation.attributions.sum(axis=1)
    np.testing.assert_allclose(total, regressor.predict(table[:2])[:, 1], rtol=0.01)
    assert regressor.effects(table, "a", output=0).sentence.startswith("From a")
    assert len(regressor.interactions(table, ["a", "b"], output="width")) == 1
    (found,) = regressor.counterfactuals(table[:1], output="width", target=(1, None))
    assert found.found
    assert "weight (quantile 0.9)" in str(of_quantiles.explain(table[:1], output=0.9))


def test_importances_are_of_all_targets_or_of_one(regressor, table, numbers):
    by_name = {one.name: one.value for one in regressor.importances(table, numbers)}
    own = [
        {one.name: one.value for one in regressor.importances(table, numbers, output=output)}
        for output in ("width", "weight")
    ]
    assert by_name["a"] == pytest.approx(np.mean([one["a"] for one in own]))
    assert own[0]["b"] > 0.1 > abs(own[1]["b"])
    first = regressor.model_.summary.outputs[0].importances
    assert {one.name for one in first if one.clear} >= {"a", "b"}


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (None, "This model has 2 outputs: choose one with output=, a name (width, weight)"),
        ("height", "output is 'height', but there is no such output: choose one with output="),
        (2, "output is 2, but there is no such output"),
        (True, "output is True, but there is no such output"),
    ],
)
def test_an_output_that_is_not_there_is_refused(regressor, table, output, sentence):
    with pytest.raises(InputError) as refusal:
        regressor.explain(table[:1], output=output)
    assert sentence in str(refusal.value)


def test_a_model_of_one_target_has_no_outputs(table, numbers):
    model = AdaptiveRegressor(effort=1, random_state=0).fit(table, numbers.width)
    with pytest.raises(InputError, match="predicts width alone: leave it out"):
        model.explain(table[:1], output="width")


def test_what_is_no_label_is_refused_by_name(table, labels):
    wrong = pd.DataFrame(labels.copy(), columns=["red", "green", "blue"])
    wrong.loc[5, "green"] = 2
    with pytest.raises(InputError, match="The target 'green' holds 2, but several targets"):
        AdaptiveClassifier(effort=1).fit(table, wrong)
    wrong["green"] = 1
    with pytest.raises(InputError, match=r"The target 'green' holds only one class \(1\)"):
        AdaptiveClassifier(effort=1).fit(table, wrong)
    with pytest.raises(InputError, match="y has 100 rows, but X has 240"):
        AdaptiveClassifier(effort=1).fit(table, labels[:100])


@pytest.mark.parametrize(
    ("estimator", "sentence"),
    [
        (AdaptiveClassifier(threshold=0.3), "threshold is given, but there are 3 targets"),
        (AdaptiveClassifier(class_weight="balanced"), "class_weight is given, but there are 3"),
        (AdaptiveClassifier(metric=lambda *_: 0.0), "metric is a function, but there are 3"),
        (AdaptiveRegressor(loss="quantile", quantile=[0.1, 0.9]), "quantile names 2 levels, but"),
        (AdaptiveRegressor(quantile=[0.1, 0.9]), "choose the loss quantile and no metric"),
        (AdaptiveRegressor(loss="quantile", quantile=[0.9, 0.1]), "several in ascending order"),
        (AdaptiveRegressor(loss="quantile", quantile=[0.5]), "several in ascending order"),
    ],
)
def test_settings_for_one_target_are_refused(table, labels, estimator, sentence):
    with pytest.raises(InputError, match=sentence):
        clone(estimator).set_params(effort=1).fit(table, labels)


def test_a_metric_of_labels_is_their_mean(table, labels):
    model = AdaptiveClassifier(metric="brier", effort=1, random_state=0)
    model.fit(table, labels, folds=2)
    mean = np.mean(np.square(model.oof_proba_ - labels))
    assert model.scores_[0].metric == "brier"
    assert model.scores_[0].value == pytest.approx(mean, rel=0.05)  # of unpruned networks


def test_each_label_has_an_offset_of_its_own(table, labels, monkeypatch):
    labels = labels.iloc[:, :2] if hasattr(labels, "iloc") else labels[:, :2]

    def fitted(*offsets):
        given = iter(Calibrated(0, "", 0.8, 1, 0.1, 0, 0, offset) for offset in offsets)
        monkeypatch.setattr(
            "madaline._models.fitting.outcome.calibrate", lambda *_, **__: next(given)
        )
        return AdaptiveClassifier(effort=3, random_state=0).fit(table, labels)

    moved, plain = fitted(0.1, -0.2), fitted(0.0, 0.0)
    expected = plain.decision_function(table) + np.array([0.125, -0.25])
    np.testing.assert_allclose(moved.decision_function(table), expected, atol=1e-5)
    shift = np.log(moved.oof_proba_ / (1 - moved.oof_proba_))
    shift -= np.log(plain.oof_proba_ / (1 - plain.oof_proba_))
    np.testing.assert_allclose(shift, np.broadcast_to([0.125, -0.25], shift.shape), atol=1e-4)


def test_losses_other_than_squares_have_several_targets(table, numbers):
    counts = np.random.default_rng(0).poisson(np.exp(0.5 * numbers.width))
    y = np.stack([counts, counts[::-1]], axis=1)
    model = AdaptiveRegressor(loss="poisson", effort=2, random_state=0).fit(table, y)
    assert (model.predict(table) >= 0).all()
    names = {score.metric for score in model.model_.summary.outputs[0].scores}
    assert names == {"mean_poisson_deviance", "r2"}


def test_a_column_that_reveals_one_target_is_named(table, numbers):
    leaking = table.assign(copied=numbers.weight * 2 + 1)
    with pytest.warns(LeakWarning, match=r"copied alone explains .* of weight"):
        AdaptiveRegressor(effort=1, random_state=0).fit(leaking, numbers)


def test_a_model_of_several_targets_is_reported(regressor, classifier, table, labels, tmp_path):
    pytest.importorskip("jinja2")
    regressor.report(tmp_path / "numbers.html")
    page = (tmp_path / "numbers.html").read_text("utf-8")
    assert "Each by itself" in page
    assert "weight" in page
    classifier.report(tmp_path / "labels.html", table, labels)
    data = classifier.report_data()
    assert [one["target"] for one in data["outputs"]] == ["y0", "y1", "y2"]
    assert data["outcome"] == "3 labels, predicted together"
    assert "of y1" in classifier.card()
    assert "each by itself" in regressor._repr_html_()


def test_the_same_seed_gives_the_same_bits(regressor, table, numbers):
    again = AdaptiveRegressor(effort=6, random_state=0).fit(table, numbers)
    np.testing.assert_array_equal(again.predict(table), regressor.predict(table))


def test_weights_groups_and_folds_suit_several_targets(table, numbers, labels):
    weight = np.arange(240) % 3
    model = AdaptiveRegressor(effort=1, random_state=0)
    model.fit(table, numbers, sample_weight=weight, groups=np.arange(240) // 4, folds=3)
    assert np.isnan(model.oof_prediction_[weight == 0]).all()
    assert np.isfinite(model.oof_prediction_[weight > 0]).all()
    model = AdaptiveClassifier(effort=1, random_state=0)
    model.fit(table, labels, groups=np.arange(240) // 4, folds=3)
    assert model.oof_proba_.shape == (240, 3)


def test_scikit_learn_scores_several_targets(table, labels):
    model = AdaptiveClassifier(effort=1, random_state=0)
    scores = cross_val_score(model, table, labels, cv=2, scoring="roc_auc", error_score="raise")
    assert (scores > 0.5).all()


def test_what_needs_one_target_is_refused(regressor, table, numbers):
    with pytest.raises(InputError, match=r"several outputs \(width, weight\) cannot be updated"):
        regressor.update(table, numbers)
    with pytest.raises(InputError, match="keep_rows is 9, but a model of 2 outputs"):
        AdaptiveRegressor(effort=1, keep_rows=9).fit(table, numbers)
    with pytest.raises(InputError, match="2 classes or targets cannot be monotone"):
        AdaptiveRegressor(effort=1, monotone={"a": 1}).fit(table, numbers)


def test_the_columns_of_such_a_model_are_watched(regressor, table):
    moved = table.assign(a=table.a + 9)
    assert {alarm.name for alarm in regressor.watch().observe(moved)} == {"a"}


def test_rows_that_lack_one_of_several_targets_are_left_out(table, numbers):
    gaps = numbers.astype(object)
    gaps.iloc[::10, 1] = np.nan
    gaps.iloc[20, 1] = None
    model = AdaptiveRegressor(effort=1, random_state=0)
    with pytest.warns(RowsLeftOutWarning, match="y has no value in 24 of 240 rows, which are left"):
        model.fit(table, gaps)
    assert model.predict(table[:3]).shape == (3, 2)
    gaps.iloc[:200, 0] = np.nan
    with pytest.raises(InputError, match="'y' has no value in 204 of 240 rows, which is most"):
        model.fit(table, gaps)
