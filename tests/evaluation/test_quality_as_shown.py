"""Figures and tables of quality show the numbers that were computed, and files hold no others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics

from madaline._race.evaluation.objective import Objective
from madaline._race.evaluation.quality import JointQuality
from madaline._race.evaluation.quality.classification import ClassificationQuality
from madaline._race.evaluation.quality.coverage import Coverage, Curves, coverage_tables
from madaline._race.evaluation.quality.regression import RegressionQuality
from madaline._race.evaluation.score import FoldOutputs, Score, ScoredRows, classification_scores
from madaline._race.evaluation.scores import class_index
from madaline._race.time.forward import ForwardScores, Stretch
from madaline._tables.target import ClassEncoder, CountEncoder, JointEncoder, RegressionEncoder
from madaline.nn import losses
from madaline.nn.losses import BinaryCrossEntropy
from madaline.records._results.figure import Band, Bars, Cells, Line


def classes_of(n_classes, n_rows=120, coverage=()):
    rng = np.random.default_rng(0)
    p, codes = rng.dirichlet([1] * n_classes, n_rows), rng.integers(0, n_classes, n_rows)
    labels = [f"k{code}" for code in range(n_classes)]
    return ClassificationQuality.of(labels, p, codes, coverage), p, codes


@pytest.fixture
def numbers():
    rng = np.random.default_rng(1)
    prediction = rng.normal(size=200)
    coverage = (Coverage(0.8, 0.7912, 2.5),)
    return RegressionQuality.of(prediction, prediction + rng.normal(size=200), coverage)


def lines_of(figure):
    return [mark for mark in figure.marks if isinstance(mark, Line)]


@pytest.mark.parametrize("n_classes", [2, 3])
def test_curves_are_drawn_as_they_are(n_classes):
    quality, p, codes = classes_of(n_classes)
    guess, *curves = lines_of(quality.roc_figure())
    assert (guess.x.tolist(), guess.y.tolist()) == ([0, 1], [0, 1])
    assert len(curves) == len(quality.curves) == (1 if n_classes == 2 else 3)
    for line, curve in zip(curves, quality.curves, strict=True):
        assert line.x.tolist() == list(curve.false_positive)
        assert line.y.tolist() == list(curve.true_positive)
        code = int(curve.label[1:])
        area = metrics.roc_auc_score(codes == code, p[:, code])
        assert line.label == f"{curve.label} (area {area:.3f})"
        assert line.label in quality.roc_figure().description
    several = "s of the classes that are hardest" in quality.roc_figure().caption
    assert several is (n_classes > 2)
    marks = lines_of(quality.precision_figure())
    for guess, line, curve in zip(
        marks[: len(curves)], marks[len(curves) :], quality.curves, strict=True
    ):
        share = np.mean(codes == int(curve.label[1:]))
        assert guess.x.tolist() == [0, 1]
        assert guess.y == pytest.approx([share, share])
        assert line.x.tolist() == list(curve.recall)
        assert line.y.tolist() == list(curve.precision)
        assert line.label == f"{curve.label} (average {curve.average_precision:.3f})"


def test_probabilities_are_drawn_beside_what_came_true():
    for n_classes, what in ((2, "of the class"), (3, "of the predicted class")):
        quality, *_ = classes_of(n_classes)
        figure = quality.calibration_figure()
        diagonal, line = lines_of(figure)
        assert (diagonal.x.tolist(), diagonal.y.tolist()) == ([0, 1], [0, 1])
        assert line.x.tolist() == list(quality.predicted)
        assert line.y.tolist() == list(quality.observed)
        assert line.dots
        assert figure.x.label == f"predicted probability {what}"
        first = f"{quality.predicted[0]:.0%} came true in {quality.observed[0]:.0%}"
        assert figure.description.startswith(f"Of 10 parts of the rows by probability: {first}")
        assert f"off by {quality.calibration_error:.3f}." in figure.caption


def test_tables_hold_the_confusions():
    quality, *_ = classes_of(3, coverage=(Coverage(0.9, 0.875, 1.25),))
    html = quality._repr_html_()
    assert f"120 rows, each predicted out of fold: accuracy {quality.accuracy:.4g}" in html
    for row in quality.by_class():
        assert f"{row['recall']:.3f}" in html
        assert f"{row['area']:.3f}" in html
    assert "Confusion matrix" in html
    assert "87.5%" in html
    assert quality.to_columns()["recall"] == [row["recall"] for row in quality.by_class()]
    assert repr(quality) == (
        f"<ClassificationQuality of 3 classes, 120 rows: accuracy {quality.accuracy:.4g}>"
    )
    twelve, *_ = classes_of(12, 400)
    assert "Confusion matrix" in twelve._repr_html_()
    many, *_ = classes_of(25, 800)
    html, worst = many._repr_html_(), many.confusions()[0]
    assert "The most frequent confusions" in html
    assert f"{worst['share']:.1%}" in html
    assert "5 more classes" in html
    assert coverage_tables((), "width") == []


def test_errors_of_numbers_are_drawn_as_they_are(numbers):
    figure = numbers.truth_figure("price")
    (cells,) = (mark for mark in figure.marks if isinstance(mark, Cells))
    assert cells.edges.tolist() == list(numbers.edges)
    assert cells.counts.tolist() == [list(row) for row in numbers.counts]
    (diagonal,) = lines_of(figure)
    ends = [numbers.edges[0], numbers.edges[-1]]
    assert (diagonal.x.tolist(), diagonal.y.tolist()) == (ends, ends)
    figure = numbers.error_figure("price")
    (bars,) = (mark for mark in figure.marks if isinstance(mark, Bars))
    assert bars.counts.tolist() == list(numbers.error_counts)
    (zero,) = lines_of(figure)
    top = 1.05 * max(numbers.error_counts)
    assert (zero.x.tolist(), zero.y.tolist()) == ([0, 0], [0, top])
    assert figure.y.high == top
    above = replace(numbers, error_edges=tuple(np.array(numbers.error_edges) + 99))
    assert lines_of(above.error_figure()) == []
    below = replace(numbers, error_edges=tuple(np.array(numbers.error_edges) - 99))
    assert lines_of(below.error_figure()) == []
    wide, narrow = (mark for mark in numbers.spread_figure().marks if isinstance(mark, Band))
    quantiles = np.array(numbers.errors).T
    assert wide.lower.tolist() == quantiles[0].tolist()
    assert wide.upper.tolist() == quantiles[4].tolist()
    assert narrow.lower.tolist() == quantiles[1].tolist()
    assert narrow.upper.tolist() == quantiles[3].tolist()
    median = lines_of(numbers.spread_figure())[-1]
    assert median.y.tolist() == quantiles[2].tolist()
    assert median.x.tolist() == list(numbers.predictions)
    html = numbers._repr_html_()
    assert "79.1%" in html
    assert "200 rows, each predicted out of fold" in html
    assert numbers.n_beyond == 200 - sum(numbers.error_counts)


def test_several_targets_are_told_one_by_one(numbers):
    other = replace(
        numbers, bias=9.75, predictions=numbers.predictions[:4], errors=numbers.errors[:4]
    )
    joint = JointQuality(("u", "v"), (numbers, other))
    assert joint["v"] is other
    assert repr(joint) == f"u: {numbers!r}\nv: {other!r}"
    columns = joint.to_columns()
    assert columns["target"] == ["u"] * 10 + ["v"] * 4
    assert columns["prediction"] == [*numbers.predictions, *numbers.predictions[:4]]
    assert "9.75" in joint._repr_html_()
    assert joint.to_json()["of"] == "targets"


def test_files_hold_no_quality_that_contradicts_itself(numbers):
    quality, *_ = classes_of(3)
    values = quality.to_json()
    assert ClassificationQuality.disagreement(values) == ""
    wrong = values | {"confusion": [[3, 0, 1.0]]}
    assert "more classes than there are" in ClassificationQuality.disagreement(wrong)
    wrong = values | {"confusion": [[0, 3, 1.0]]}
    assert "more classes than there are" in ClassificationQuality.disagreement(wrong)
    assert ClassificationQuality.disagreement(values | {"areas": [0.5]}) != ""
    assert ClassificationQuality.disagreement(values | {"observed": [0.5]}) != ""
    curve = Curves.of("k", np.array([0.1, 0.9]), np.array([False, True])).to_json()
    assert Curves.disagreement(curve) == ""
    assert Curves.disagreement(curve | {"true_positive": [0.5]}) != ""
    assert Curves.disagreement(curve | {"precision": []}) != ""
    values = numbers.to_json()
    assert RegressionQuality.disagreement(values) == ""
    assert RegressionQuality.disagreement(values | {"errors": []}) != ""
    joint = JointQuality(("u", "v"), (numbers, numbers)).to_json()
    assert JointQuality.disagreement(joint) == ""
    assert JointQuality.disagreement(joint | {"names": ["u"]}) != ""


def test_of_few_values_none_is_beyond_the_bins():
    truth = np.arange(10.0)
    quality = RegressionQuality.of(truth[::-1].copy(), truth)
    assert (quality.edges[0], quality.edges[-1]) == (0, 9)
    assert quality.n_beyond == 0
    same = RegressionQuality.of(np.full(4, 2.0), np.full(4, 2.0))
    assert (same.edges[0], same.edges[-1]) == (1.5, 2.5)


@pytest.mark.parametrize(
    ("settings", "encoder", "expected"),
    [
        ({}, ClassEncoder(np.array(["a", "b"])), losses.BinaryCrossEntropy()),
        ({}, ClassEncoder(np.array(["a", "b", "c"])), losses.CrossEntropy()),
        ({}, JointEncoder(("u", "v"), (ClassEncoder(np.array(["a", "b"])),) * 2),
         losses.BinaryCrossEntropy()),
        ({}, RegressionEncoder(0.0, 1.0, 0, 1), losses.Squared()),
        ({"loss": "absolute"}, RegressionEncoder(0.0, 1.0, 0, 1), losses.Absolute()),
        ({"loss": "poisson"}, CountEncoder.fit(np.arange(3.0)), losses.Poisson()),
        ({"loss": "quantile", "quantile": 0.8}, RegressionEncoder(0.0, 1.0, 0, 1),
         losses.Quantile(0.8)),
        ({"loss": "quantile", "quantile": (0.1, 0.9)}, RegressionEncoder(0.0, 1.0, 0, 1),
         losses.Quantiles((0.1, 0.9))),
    ],
)  # fmt: skip
def test_networks_minimize_what_was_asked_for(settings, encoder, expected):
    found = Objective(**settings).network_loss(encoder)
    assert type(found) is type(expected)
    assert repr(found) == repr(expected)


def test_targets_are_encoded_as_the_objective_says():
    y = np.arange(6.0)
    assert isinstance(Objective().fit_target_encoder("regression", y, None), RegressionEncoder)
    counts = Objective(loss="poisson").fit_target_encoder("regression", y, None)
    assert isinstance(counts, CountEncoder)
    levels = Objective(loss="quantile", quantile=(0.1, 0.5, 0.9))
    several = levels.fit_target_encoder("regression", y, None)
    assert several.names == ("0.1", "0.5", "0.9")
    one = Objective(loss="quantile", quantile=0.9).fit_target_encoder("regression", y, None)
    assert isinstance(one, RegressionEncoder)
    both = Objective().fit_target_encoder(
        "regression", np.stack([y, y], axis=1), None, names=("u", "v")
    )
    assert both.names == ("u", "v")
    given = Objective(threshold=0.2).fit_target_encoder(
        "classification", y, None, classes=np.array(["a", "b"])
    )
    assert (given.classes.tolist(), given.threshold) == (["a", "b"], 0.2)


@pytest.mark.parametrize(
    ("metric", "oracle"),
    [
        ("brier", metrics.brier_score_loss),
        ("roc_auc", metrics.roc_auc_score),
        ("f1", lambda y, p: metrics.f1_score(y, p > 0.5)),
        ("log_loss", None),
    ],
)
def test_metrics_of_labels_are_means_over_the_targets(metric, oracle):
    rng = np.random.default_rng(2)
    labels = (rng.random((60, 2)) < 0.4).astype(int)
    objective = Objective(metric=metric)
    encoder = objective.fit_target_encoder("classification", labels, None, names=("u", "v"))
    found = objective.make_metric(encoder, labels, None, n_evaluated=60)
    if oracle is None:
        assert found is None
        return
    output = rng.normal(size=(60, 2))
    p = 1 / (1 + np.exp(-output))
    expected = np.mean([oracle(labels[:, k], p[:, k]) for k in range(2)])
    assert found.value(output, slice(0, 60)) == pytest.approx(expected)


def test_decisions_of_folds_move_with_the_cut():
    rng = np.random.default_rng(3)
    target, own = rng.integers(0, 2, (60, 1)).astype(float), np.arange(60) % 3
    outputs = 2 * target - 1 + rng.normal(size=(3, 60, 1))
    prior = np.zeros_like(target)
    alone = outputs[own, np.arange(60)]

    def accuracy(outputs, alone, cut):
        folds = FoldOutputs(outputs, own, target, prior)
        return classification_scores(
            BinaryCrossEntropy(), ScoredRows(alone, prior, target, fold_outputs=folds), cut=cut
        )[0]

    moved = accuracy(outputs, alone, 0.4)
    same = accuracy(outputs - 0.4, alone - 0.4, 0.0)
    assert (moved.value, moved.gain) == pytest.approx((same.value, same.gain))
    assert moved.gain != accuracy(outputs, alone, 0.0).gain


def test_classes_are_found_by_their_text():
    classes = np.array([1.0, 2.0])
    truth = np.array([2, "1", "1.0", np.float64(2), "b"], object)
    assert class_index(classes, truth).tolist() == [1, 0, -1, 1, -1]


def test_spans_of_dates_are_in_their_units():
    day = 86_400.0
    stretch = Stretch(0.0, 29 * day, 30, 100, 1.0, 2.0)
    forward = ForwardScores("day", True, "rmse", (stretch,))
    assert forward.span(7 * day) == "7 days"
    assert forward.moment(0.0).startswith("1970-01-01")
    assert repr(Score("rmse", 2.0, 0.25, 5.0, False)) == (
        "<Score root mean squared error 2.00 ± 0.25 (baseline: 5)>"
    )
