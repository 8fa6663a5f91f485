"""Models beside one another: of groups and a common one, and the candidates of an update."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn import metrics

from madaline._models.fitting.finished_fits import Done, FinishedFits
from madaline._models.fitting.many import (
    ManyOptions,
    _check_fitted,
    _failures,
    _notes,
    _seed_of,
    compare_losses,
    row_losses,
)
from madaline._models.fitting.updating.comparison import (
    CandidateLosses,
    Difference,
    losses_in_unit,
    own_fold_losses,
    unit_of_loss,
)
from madaline._models.fitting.updating.new_rows import _is_sorted, _widened
from madaline._models.model.many import Entry
from madaline._race.evaluation.score import Score
from madaline._tables.target import ClassEncoder, CountEncoder, RegressionEncoder
from madaline._tell.progress.groups import _line_of
from madaline.errors import InputError
from madaline.nn.losses import (
    Absolute,
    BinaryCrossEntropy,
    CrossEntropy,
    Poisson,
    Quantile,
    Quantiles,
    Squared,
)
from madaline.records.model_decisions import ADJUSTED, ANEW, AS_IT_IS


def model_of(loss, encoder):
    return SimpleNamespace(predictor=SimpleNamespace(loss=loss, target_encoder=encoder))


@pytest.mark.parametrize(
    ("loss", "metric", "oracle"),
    [
        (Squared(), "rmse", metrics.mean_squared_error),
        (Absolute(), "mean_absolute_error", metrics.mean_absolute_error),
        (Poisson(), "mean_poisson_deviance", metrics.mean_poisson_deviance),
        (
            Quantile(0.8),
            "mean_pinball_loss",
            lambda y, p: metrics.mean_pinball_loss(y, p, alpha=0.8),
        ),
    ],
)
def test_losses_of_rows_are_those_of_scikit_learn(loss, metric, oracle):
    truth, unseen = np.array([0.0, 1.0, 3.0, 7.0, 2.0]), np.array([0.5, 1.5, 2.0, 9.0, 2.0])
    name, losses = row_losses(model_of(loss, RegressionEncoder(0.0, 1.0, 0, 9)), unseen, truth)
    assert name == metric
    for row in range(5):
        assert losses[row] == pytest.approx(oracle(truth[[row]], unseen[[row]]))


def test_losses_of_several_quantiles_are_means_and_those_of_classes_logarithms():
    truth, unseen = np.array([1.0, 5.0]), np.array([[0.5, 2.0], [3.0, 4.0]])
    model = model_of(Quantiles((0.1, 0.9)), RegressionEncoder(0.0, 1.0, 0, 9))
    name, losses = row_losses(model, unseen, truth)
    expected = [
        np.mean([0.1 * 0.5, (1 - 0.9) * 1.0]),  # one above, one below its prediction
        np.mean([0.1 * 2.0, 0.9 * 1.0]),
    ]
    assert name == "mean_pinball_loss"
    assert losses == pytest.approx(expected)
    model = model_of(BinaryCrossEntropy(), ClassEncoder(np.array(["a", "b"], object)))
    truth = np.array(["a", "b", "c", "b"], object)
    shares = np.array([[0.7, 0.3], [0.6, 0.4], [0.5, 0.5], [1.0, 0.0]])
    name, losses = row_losses(model, shares, truth)
    assert name == "log_loss"
    assert losses[[0, 1, 3]] == pytest.approx([-np.log(0.7), -np.log(0.4), -np.log(1e-12)])
    assert np.isnan(losses[2])


def test_the_loss_of_own_models_beside_that_of_a_common_one():
    own = np.array([1.0, 2.0, np.nan, 4.0, 3.0])
    common = np.array([2.0, 2.5, 9.0, 6.0, np.nan])
    weight = np.array([1.0, 2.0, 5.0, 1.0, 5.0])
    found = compare_losses("mean_absolute_error", own, common, weight)
    mean = np.array([(1 + 2 * 2 + 4) / 4, (2 + 2 * 2.5 + 6) / 4])
    assert (found.n_rows, found.own, found.common) == (3, *mean)
    assert found.difference == pytest.approx((mean[1] - mean[0]) / mean[1])
    difference = np.array([1.0, 0.5, 2.0])
    left = [
        np.average(np.delete(difference, k), weights=np.delete([1.0, 2, 1], k)) for k in range(3)
    ]
    error = np.sqrt(np.sum((np.array(left) - np.average(difference, weights=[1, 2, 1])) ** 2))
    assert found.standard_error == pytest.approx(error / mean[1])
    roots = compare_losses("rmse", own, common, weight)
    assert (roots.own, roots.common) == pytest.approx(np.sqrt(mean))
    assert roots.difference == pytest.approx(1 - np.sqrt(mean[0] / mean[1]))
    unit = np.sqrt(mean).sum() * np.sqrt(mean[1])
    assert roots.standard_error == pytest.approx(error / unit)
    assert compare_losses("rmse", own[:1], common[:1], None) is None
    assert compare_losses("rmse", own, common, np.zeros(5)) is None
    nothing = compare_losses("rmse", np.zeros(3), np.zeros(3), None)
    assert (nothing.difference, nothing.standard_error) == (0, 0)


def test_seeds_of_groups_differ_and_are_whole_numbers():
    seeds = {_seed_of(0, f"group {number}") for number in range(500)}
    assert len(seeds) == 500
    assert max(seeds) < 2**31
    assert 0.4 < np.mean([seed < 2**30 for seed in seeds]) < 0.6
    assert _seed_of(0, "a") != _seed_of(1, "a")


def test_groups_without_a_model_are_told_of_in_a_sentence():
    entries = [
        Entry(("a",), 10, 1, error="It has 10 rows, fewer than 100."),
        Entry(("b",), 300, 2, error="This failed."),
        Entry(("c",), 300, 3, score=Score("r2", 0.5, 0.1, 0.0, True)),
    ]
    options = ManyOptions(("store",), "y", "regression")
    alone = SimpleNamespace(entries=entries, common=None)
    told = list(_failures(alone, options))
    assert told == ["2 groups have no model of their own: a, b. a: It has 10 rows, fewer than 100."]
    common = SimpleNamespace(entries=entries, common=entries[2])
    wanted = ManyOptions(("store",), "y", "regression", min_rows=100, common=True)
    assert list(_failures(common, wanted)) == [
        "1 group has no model of its own; the common model answers for them: b. b: This failed."
    ]
    at_the_limit = ManyOptions(("store",), "y", "regression", min_rows=300, common=True)
    assert len(list(_failures(common, at_the_limit))) == 1
    assert list(_failures(SimpleNamespace(entries=entries[2:], common=None), options)) == []
    assert _line_of(entries[0]) == "  a: It has 10 rows, fewer than 100. (10 rows)"
    assert _line_of(entries[2]) == "  c: R² 0.50 ± 0.10 (baseline: 0) (300 rows)"
    assert _line_of(Entry((), 7, 1, error="No.")) == "  all rows: No. (7 rows)"
    _check_fitted(entries)
    with pytest.raises(InputError, match=r"No group was fitted, such as a: It has"):
        _check_fitted(entries[:2])
    with pytest.raises(InputError, match=r"The common model was not fitted: No\."):
        _check_fitted([Entry((), 7, 1, error="No."), *entries])


def test_rows_that_a_group_needs():
    by = (("store",), "y", "regression")
    assert ManyOptions(*by).fewest_rows == 1
    assert ManyOptions(*by, common=True).fewest_rows == 100
    assert ManyOptions(*by, common=True, min_rows=7).fewest_rows == 7
    assert [ManyOptions(*by, **one).fits_common for one in (
        {}, {"common": True}, {"compare": True}
    )] == [False, True, True]  # fmt: skip


def test_warnings_of_a_kind_are_told_once():
    def done(key, *notes):
        return Done(Entry(key, 5, 0), notes=notes)

    fits = {
        0: done(("a",), ("LeakWarning", "x leaks")),
        1: done(("b",), ("LeakWarning", "z leaks"), ("MemoryWarning", "is short")),
        2: done((), ("LeakWarning", "z leaks")),
    }
    assert list(_notes(fits)) == [
        "a: x leaks (2 more groups with such a warning)",
        "b: is short",
    ]


def test_fits_that_are_done_are_kept_up_to_where_a_run_was_killed(tmp_path):
    path = tmp_path / "fits"
    fits = FinishedFits(path)
    for number in range(3):
        model = np.frombuffer(bytes([number]) * 50, np.uint8)
        done = Done(Entry((number,), 5, 0), model, np.arange(3.0) + number, "rmse", columns=("x",))
        kept = fits.add(f"fit {number}", done)
        assert bytes(kept.model[:]) == bytes([number]) * 50
        assert not kept.before
    failed = Done(Entry((9,), 5, 0, error="No."))
    assert fits.add("fit 9", failed) is failed
    assert fits.get("fit 0") is None  # of an earlier run
    fits.close()
    content = path.read_bytes()
    for cut, known in ((0, 3), (1, 2), (len(content) // 3 + 20, 1)):
        path.write_bytes(content[: len(content) - cut])
        again = FinishedFits(path)
        found = [again.get(f"fit {number}") for number in range(3)]
        assert [one is not None for one in found] == [number < known for number in range(3)]
        for number, one in enumerate(found[:known]):
            assert bytes(one.model[:]) == bytes([number]) * 50
            assert one.losses.tolist() == [number, number + 1, number + 2]
            assert (one.metric, one.columns, one.before) == ("rmse", ("x",), True)
        again.close()
        assert path.stat().st_size == len(content) * known // 3
    path.write_bytes(b"")
    FinishedFits(path).close()
    assert not path.exists()


LOSSES = {
    AS_IT_IS: np.array([3.0, 2.0, np.nan, 4.0, 6.0, 5.0]),
    ADJUSTED: np.array([1.0, 1.5, 1.0, 1.0, 3.0, 2.0]),
    ANEW: np.array([1.1, 1.4, 1.0, np.nan, 2.9, 2.1]),
}


@pytest.mark.parametrize("grouped", [False, True])
def test_candidates_are_compared_on_rows_that_all_of_them_have(grouped):
    weight = np.array([1.0, 2.0, 1.0, 1.0, 0.5, 1.0])
    groups = np.array([5, 5, 5, 7, 7, 9]) if grouped else None
    compared = CandidateLosses(LOSSES, weight, groups)
    rows = [0, 1, 4, 5]
    difference = (LOSSES[ADJUSTED] - LOSSES[AS_IT_IS])[rows]
    of = np.array([5, 5, 7, 9]) if grouped else np.arange(4)
    mean = np.average(difference, weights=weight[rows])
    left = [np.average(difference[of != g], weights=weight[rows][of != g]) for g in np.unique(of)]
    found = compared.difference(ADJUSTED)
    assert found.mean == pytest.approx(mean)
    assert found.error == pytest.approx(np.sqrt(np.sum((np.array(left) - mean) ** 2)))
    assert compared.mean(AS_IT_IS).mean == pytest.approx(
        np.average([3, 2, 6, 5], weights=weight[rows])
    )
    assert compared.best == ADJUSTED  # the third is better by less than a standard error
    nothing = CandidateLosses({AS_IT_IS: np.full(3, np.nan)}, None)
    assert nothing.mean(AS_IT_IS) == Difference(0.0, 0.0)


def test_neighbors_in_time_are_one_piece_of_evidence():
    rng = np.random.default_rng(0)
    values = np.repeat(rng.normal(size=50), 10)  # ten rows of each fiftieth are alike
    found = CandidateLosses({AS_IT_IS: values}, None).mean(AS_IT_IS)
    assert found.error == pytest.approx(values.std() / np.sqrt(50) * 50 / 49)
    few = CandidateLosses({AS_IT_IS: values[::10][:20]}, None).mean(AS_IT_IS)
    assert few.error == pytest.approx(values[::10][:20].std() / np.sqrt(20) * 20 / 19)


@pytest.mark.parametrize(("mean", "clear"), [(-1.1, True), (-1.0, False), (1.1, False)])
def test_lower_by_a_standard_error_is_clear(mean, clear):
    assert Difference(mean, 1.0).is_clear is clear


def test_losses_are_in_the_unit_of_the_target():
    encoder = RegressionEncoder(10.0, 4.0, -99, 99)
    target, prediction = np.array([12.0, 3.0]), np.array([15.0, 5.0])
    output = (prediction[:, None] - 10) / 4
    for loss, expected in (
        (Squared(), (target - prediction) ** 2),
        (Absolute(), np.abs(target - prediction)),
        (Quantile(0.8), [0.2 * 3, 0.2 * 2]),
    ):
        factor = loss.rows(np.zeros((1, 1)), np.ones((1, 1)))[0]
        if isinstance(loss, Squared):
            expected = expected * factor
        found = losses_in_unit(loss, encoder, output, target)
        assert found == pytest.approx(expected, rel=1e-5)
    counts = CountEncoder.fit(np.array([1.0, 2.0, 6.0]))
    assert unit_of_loss(Poisson(), counts) == pytest.approx(2 * counts.scale)
    classes = ClassEncoder(np.array(["a", "b"], object))
    assert unit_of_loss(CrossEntropy(), classes) == 1
    found = losses_in_unit(
        BinaryCrossEntropy(), classes, np.array([[1.0], [1.0], [1.0]]),
        np.array(["a", "c", "b"], object),
    )  # fmt: skip
    assert found[[0, 2]] == pytest.approx([np.log1p(np.e), np.log1p(np.exp(-1))])
    assert np.isnan(found[1])


def test_each_row_is_predicted_by_the_networks_of_its_fold():
    outputs = np.arange(12.0).reshape(3, 4, 1)
    predictor = SimpleNamespace(
        fold_outputs=lambda _: outputs,
        loss=Absolute(),
        target_encoder=RegressionEncoder(0.0, 1.0, -99, 99),
    )
    rows = SimpleNamespace(
        table=None, folds=np.array([2, 0, -1, 4]), n_rows=4, target=np.array([1.0, 0, 5, 9])
    )
    found = own_fold_losses(predictor, rows)
    assert found[[0, 1, 3]] == pytest.approx([8 - 1, 1 - 0, abs(7 - 9)])  # of fold 4 modulo 3
    assert np.isnan(found[2])


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (np.array([1.0, 1, 2, 5]), True),
        (np.array([5.0, 2, 2, 1]), True),
        (np.array([1.0, 3, 2, 5]), False),
        (np.array(["a"] * 3 + ["b"] * 3, object), True),
        (np.array(["a", "b", "a", "b"], object), True),  # four runs of two classes
        (np.array(["a", "b", "a", "b", "a"], object), False),
    ],
)
def test_sorted_rows_are_noticed(target, expected):
    assert _is_sorted(target) is expected


def test_the_range_of_a_target_holds_new_numbers():
    encoder = _widened(RegressionEncoder(0.0, 1.0, -2.0, 3.0), np.array([1.0, 7.0]))
    assert (encoder.low, encoder.high) == (-2, 7)
    encoder = _widened(RegressionEncoder(0.0, 1.0, -2.0, 3.0), np.array([-5.0, 1.0]))
    assert (encoder.low, encoder.high) == (-5, 3)
