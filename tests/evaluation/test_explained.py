"""How much columns tell, by independent sums: the shares that warnings of leaks name."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import KFold, cross_val_predict

from madaline._race.evaluation import letters
from madaline._race.evaluation.explained import (
    are_means,
    are_steps,
    by_value,
    codes_of,
    errors_avoided,
    explained_by_levels,
    explained_by_output,
    explained_of_few,
    has_squares,
    joint_shares,
    number_of,
    of_neighbors,
    one_hot,
    rank_correlation,
    ranks_of,
    together,
    truth_of,
)
from madaline._race.evaluation.leak_clues import Columns, explained_alone, level_text
from madaline._race.evaluation.leak_pairs import _of_levels, _of_sum, clues_of_several
from madaline._race.evaluation.leak_sources import computed_columns, order_of_target, shared_rates
from madaline._race.evaluation.leak_views import explained_by_words, views_of
from madaline._race.evaluation.leakage import JointLeak, Leak, find_leaks
from madaline._tables.table import Distinct, Table


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_a_row_is_predicted_by_the_others_of_its_value():
    codes, truth = np.array([0, 0, 0, 1, 2, 2]), np.array([[1.0], [2], [6], [5], [3], [9]])
    expected = [(2 + 6) / 2, (1 + 6) / 2, (1 + 2) / 2, 26 / 6, 9, 3]
    assert by_value(codes, truth)[:, 0] == pytest.approx(expected)


def test_a_row_is_predicted_by_so_many_of_the_next_values():
    codes, truth = np.array([3, 0, 2, 1]), np.array([[40.0], [10], [30], [20]])
    assert of_neighbors(codes, truth, 1)[:, 0].tolist() == [30, 20, 30, 20]
    assert of_neighbors(codes, truth, 2)[:, 0] == pytest.approx([25, 25, 70 / 3, 80 / 3])
    assert of_neighbors(codes, truth, 9)[:, 0] == pytest.approx([20, 30, 70 / 3, 80 / 3])


def test_shares_are_of_the_variance_that_the_better_prediction_leaves(rng):
    codes = rng.integers(0, 8, 60)
    truth = np.stack([codes + rng.normal(size=60), rng.normal(size=60)], axis=1)

    def left(predicted):
        return 1 - np.mean((predicted - truth) ** 2, axis=0) / truth.var(axis=0)

    plain = explained_by_output(codes, truth, ordered=False)
    assert plain == pytest.approx(left(by_value(codes, truth)))
    near = [left(of_neighbors(codes, truth, width)) for width in (1, 5)]
    ordered = explained_by_output(codes, truth, ordered=True)
    assert ordered == pytest.approx(np.max([plain, *near], axis=0))
    assert explained_by_output(0 * codes, truth, ordered=True).tolist() == [0, 0]
    variance = truth.var(axis=0)
    expected = (ordered[0] * variance[0] + ordered[1] * variance[1]) / variance.sum()
    assert together(ordered, truth) == pytest.approx(expected)
    assert together(ordered, np.ones((60, 2))) == 0


def test_many_columns_explain_by_their_values_what_each_does_alone(rng):
    truth = np.eye(3)[rng.integers(0, 3, 60)]
    codes = np.stack([rng.integers(0, n_values, 60) for n_values in (2, 9, 50)])
    found = explained_by_levels(codes, truth)
    for own, each in zip(codes, found, strict=True):
        errors = np.square(by_value(own, truth) - truth).mean(axis=0)
        assert each == pytest.approx(1 - errors / truth.var(axis=0))
    together_each = [together(each, truth) for each in found]
    assert joint_shares(found, truth).tolist() == pytest.approx(together_each)


def test_nothing_is_told_beside_a_column_that_tells_all(rng):
    target = rng.permutation(200).astype(float)
    tiny = {name: 1e-6 * rng.normal(size=200) for name in "ab"}
    columns = Columns({"copy": 2 * target, **tiny})
    truth = ranks_of(target)
    alone = {name: np.full(2, explained_alone(columns, name, truth)[1]) for name in "ab"}
    alone["copy"] = np.array([1 - 1e-4] * 2)
    assert [*clues_of_several(columns, alone, target, truth, classes=False)] == []


def test_a_few_rows_tell_roughly_what_the_next_two_on_either_side_do(rng):
    truth = rng.normal(size=(50, 2))
    made = np.stack([truth[:, 0], rng.normal(size=50), truth.sum(axis=1)])
    found = explained_of_few(made, truth)
    for column in range(3):
        codes = stats.rankdata(made[column]).astype(int)
        errors = np.mean((of_neighbors(codes, truth, 2) - truth) ** 2, axis=0)
        variance = truth.var(axis=0)
        best = min(errors.sum() / variance.sum(), (errors / variance).min())
        assert found[column] == pytest.approx(1 - best)


def test_ranks_and_their_correlation_are_those_of_scipy(rng):
    one, other = rng.integers(0, 9, 40).astype(float), rng.normal(size=40)
    assert ranks_of(one)[:, 0] == pytest.approx(stats.rankdata(one) / 40)
    assert rank_correlation(one, other) == pytest.approx(stats.spearmanr(one, other)[0])
    assert rank_correlation(one, np.ones(40)) == 0
    assert truth_of(one, classes=False).tolist() == ranks_of(one).tolist()
    assert truth_of(np.array([2, 0, 2]), classes=True).tolist() == [[0, 1], [1, 0], [0, 1]]
    assert one_hot(np.array([2, 0])).tolist() == [[0, 1], [1, 0]]


def test_errors_that_are_avoided_are_those_of_the_most_frequent_class():
    truth = np.eye(2)[[0, 0, 0, 0, 1, 1, 1, 0]]
    predicted = np.eye(2)[[0, 0, 0, 0, 1, 1, 0, 1]]  # 6 of 8, where 5 of 8 are by a constant
    assert errors_avoided(predicted, truth) == pytest.approx((6 - 5) / (8 - 5))
    assert errors_avoided(truth[:, :1], truth[:, :1]) == 0
    assert errors_avoided(truth[:4], truth[:4]) == 0


def test_codes_of_values_put_missing_ones_last():
    column = np.array([3.0, np.nan, 1.0, 3.0])
    assert codes_of(column, np.isnan(column)).tolist() == [1, 2, 0, 1]
    texts = np.array(["b", None, "a", 7], object)
    assert codes_of(texts, np.array([0, 1, 0, 0], bool)).tolist() == [2, 3, 1, 0]
    assert codes_of(column[[1, 1]], np.ones(2, bool)).tolist() == [0, 0]


def test_numbers_of_moments_and_numbers_with_squares():
    days = np.array(["1970-01-02", "NaT"], "datetime64[D]")
    assert number_of(days).tolist()[0] == 86_400e6
    assert np.isnan(number_of(days)[1])
    assert has_squares(np.array([1.0, np.nan]))
    assert not has_squares(np.array([1e-101, np.nan]))
    assert not has_squares(np.array([1e101]))


@pytest.mark.parametrize(
    ("codes", "target", "ordered", "expected"),
    [
        (np.repeat([0, 1, 2, 3, 4], 3), np.arange(15.0), True, True),
        (np.repeat([4, 3, 2, 1, 0], 3), np.arange(15.0), True, True),
        (np.repeat([0, 1, 2, 4, 3], 3), np.arange(15.0), True, False),  # neither rises nor falls
        (np.repeat([0, 1, 2, 4, 3], 3), np.arange(15.0), False, True),
        (np.repeat([0, 1, 2, 3], 3), np.arange(12.0), True, False),  # few ranges of few rows
        (np.repeat([0, 1, 2, 3], 10), np.arange(40.0), True, True),
        (np.repeat([0, 1, 2, 3], [10, 10, 10, 9]), np.arange(39.0), True, False),
        (np.repeat([0, 1, 2, 3, 4], 2), np.arange(10.0), False, False),  # hardly two rows of each
        (np.zeros(30, int), np.arange(30.0), True, False),
        (np.repeat([0, 1], 15), np.r_[np.arange(15.0), np.arange(14.0, 29)], True, True),
        (np.repeat([0, 1], 15), np.r_[np.arange(15.0), np.arange(13.0, 28)], True, False),
        (np.repeat([0, 2], 15), np.arange(30.0), True, True),  # no row has the code between
    ],
)
def test_ranges_that_do_not_overlap(codes, target, ordered, expected):
    assert are_steps(codes, target, ordered=ordered) is expected


def test_means_of_the_rows_themselves_are_closer_than_chance_allows(rng):
    groups = np.repeat(np.arange(40), 8)
    level = rng.normal(size=40)[groups]
    target = level + rng.normal(size=320)
    means = (np.bincount(groups, target) / 8)[groups]
    assert are_means(means, target)
    other = level + rng.normal(size=320)  # means of other rows of the same groups
    assert not are_means((np.bincount(groups, other) / 8)[groups], target)
    assert not are_means(target, target)  # hardly a value has three rows
    few = groups < 19
    assert not are_means(means[few], target[few])
    own, classes = np.repeat(np.arange(3), 10), np.tile([1.0, 0, 1, 0, 0, 0, 0, 0, 0, 0], 3)
    classes[5:8], classes[22] = 1, 0  # 5, 2 and 1 of ten
    shares = (np.bincount(own, classes) / 10)[own]
    assert are_means(shares, classes)
    assert not are_means(shares + 0.003, classes)
    assert not are_means(shares, classes + 0.5 * (classes > 0))


def test_means_of_large_numbers_are_told_from_others_as_well(rng):
    """Means of other rows of the same groups differ by their standard error, wherever zero is."""
    groups = np.repeat(np.arange(40), 8)
    level = 1000 + 5 * rng.normal(size=40)[groups]
    target, other = (level + rng.normal(size=320) for _ in range(2))
    own, others = ((np.bincount(groups, one) / 8)[groups] for one in (target, other))
    assert rank_correlation(own, others) > 0.98
    assert are_means(own, target)
    assert not are_means(others, target)


def test_sums_are_made_of_columns_that_are_known_and_vary(rng):
    a, b = rng.normal(size=(2, 80))
    columns = Columns(
        {
            "a": a,
            "b": b,
            "constant": np.ones(80),
            "gaps": np.where(np.arange(80) < 3, np.nan, rng.normal(size=80)),
        }
    )
    target = 2 * a - b
    (found,) = _of_sum(columns, target, ranks_of(target))
    assert (found.form, set(found.columns)) == ("linear", {"a", "b"})
    assert found.explained == pytest.approx(1)


def test_two_columns_with_levels_of_one_class_each_tell_it_together(rng):
    """Rows of the class have one of two marks; each alone tells half of them."""
    codes = (np.arange(400) % 2).astype(int)
    which = rng.random(400) < 0.5
    first, second = (
        np.where((codes == 1) & rows, "mark", rng.choice(["u", "v"], 400)).astype(object)
        for rows in (which, ~which)
    )
    columns, truth = Columns({"first": first, "second": second}), np.eye(2)[codes]
    alone = {name: np.full(3, 0.4) for name in columns.columns}
    found = [one for one in _of_levels(columns, alone, truth) if one.form == "pair"]
    assert [one.columns for one in found] == [("first", "second")]
    assert found[0].explained > 0.9
    assert len(np.unique(found[0].codes)) > 4


def test_a_column_alone_explains_by_its_values_and_its_neighbors(rng):
    truth = np.eye(2)[(np.arange(80) >= 40).astype(int)]
    columns = Columns({"x": np.arange(80.0), "c": np.repeat(np.arange(8.0), 10)})
    by_neighbors = explained_by_output(columns.codes["x"], truth, ordered=True)
    each, found = explained_alone(columns, "x", truth)
    assert each.tolist() == by_neighbors.tolist()
    assert found == pytest.approx(max(together(by_neighbors, truth), 1 - 2 / 40))
    assert explained_alone(columns, "c", truth)[1] == 1
    assert level_text(np.float64(2.0)) == "2"
    assert level_text("x") == "x"


def test_what_was_computed_from_groups_is_found(rng):
    target = rng.gamma(2, 50, 300).round(2)
    store = rng.integers(0, 20, 300)
    rows = [np.flatnonzero(store == code) for code in range(20)]
    others = [next(target[r[r != row]] for r in rows if row in r) for row in range(300)]
    same = [target[rows[code]] for code in store]
    computed = {
        "the mean of {target} in the other rows": [one.mean() for one in others],
        "the sum of {target} in the other rows": [one.sum() for one in others],
        "the mean of {target} in the rows": [one.mean() for one in same],
        "the sum of {target} in the rows": [one.sum() for one in same],
    }
    for words, values in computed.items():
        found = list(computed_columns({"x": np.array(values)}, {"store": store}, target))
        assert found == [(f"{words} of the same store", "x")]
    most = rng.integers(0, 40, 300)
    for word, function in (("highest", max), ("lowest", min)):
        values = np.array([function(target[most == code]) for code in most])
        found = list(computed_columns({"x": values}, {"x": most}, target))
        assert found == [(f"the {word} {{target}} in the rows of the same value", "x")]
    near = np.array(computed["the mean of {target} in the rows"]) + 0.01 * target.std()
    assert list(computed_columns({"x": near}, {"store": store}, target)) == []


def test_running_totals_are_found_in_any_order(rng):
    target = rng.gamma(2, 50, 200)
    total, shuffled = target.cumsum(), rng.permutation(200)
    for values, truth in (
        (total, target),
        (total - target, target),
        (total[shuffled], target[shuffled]),
    ):
        found = list(computed_columns({"x": values}, {}, truth))
        assert found == [("a running total of {target}", "x")]
    assert list(computed_columns({"x": rng.gamma(2, 50, 200).cumsum()}, {}, target)) == []


def test_a_rate_that_many_rows_share_is_found_with_its_share(rng):
    target = rng.gamma(2, 50, 400).round(1)
    fee = rng.gamma(2, 5, 400)
    fee[:120] = 0.19 * target[:120]
    (found,) = shared_rates({"fee": fee}, target, np.random.default_rng(0))
    assert found[0] == "fee"
    assert found[1] == pytest.approx(0.3, abs=0.02)
    few = rng.gamma(2, 5, 400)
    few[:50] = 0.19 * target[:50]
    assert list(shared_rates({"fee": few}, target, np.random.default_rng(0))) == []
    same = np.where(np.arange(400) < 200, 7.0, target)
    constant = np.where(np.arange(400) < 200, 1.4, fee)
    assert list(shared_rates({"fee": constant}, same, np.random.default_rng(0))) == []


@pytest.mark.parametrize(
    ("values", "target", "classes", "words"),
    [
        (np.arange(90.0), np.arange(90.0), False, "sorted by the target, and id"),
        (-np.arange(90.0), np.arange(90.0)[::-1], False, "sorted by the target, and id"),
        (np.arange(90.0), np.tile([1.0, 2, 3], 30), False, ""),
        (np.r_[45:90, 0:45] + 0.0, np.r_[45:90, 0:45] + 0.0, False, "id was left out, and number"),
        (np.ones(90), np.arange(90.0), False, "sorted by the target: what follows"),
        (np.arange(90.0), np.repeat([1, 0], 45), True, "sorted by the target, and id"),
        (np.arange(90.0), np.repeat([1, 0, 1], 30), True, "id was left out, and number"),
        (np.arange(59.0), np.arange(59.0), False, ""),
    ],
)
def test_rows_in_the_order_of_the_target(values, target, classes, words):
    table = Table.from_columns({"id": values})
    found = order_of_target(table, ["id"], target, classes=classes)
    assert words in found
    assert bool(words) == bool(found)


def test_numbers_in_texts_are_read_to_tell_an_order():
    rows = np.random.default_rng(0).permutation(80)
    table = Table({"ref": np.array([f"R-{row:03d}x" for row in rows], object)})
    found = order_of_target(table, ["ref"], rows.astype(float), classes=False)
    assert found == "ref was left out, and numbers the rows by the target."


def test_views_of_texts_are_their_words_letters_numbers_and_length():
    texts = np.array([f"{'ab'[n % 2]}x {n} of {['yes', 'no'][n % 2]}" for n in range(30)], object)
    found = dict(views_of(texts, np.zeros(30, bool)))
    assert found["the first word"].tolist()[:2] == ["ax", "bx"]
    assert found["the second word"].tolist()[:3] == ["0", "1", "2"]
    assert found["the last word"].tolist()[:2] == ["yes", "no"]
    assert found["the first letter"].tolist()[:2] == ["a", "b"]
    assert found["the last letter"].tolist()[:2] == ["s", "o"]
    assert found["the first number"].tolist()[:3] == [0, 1, 2]
    assert "the second number" not in found
    assert found["the length"].tolist()[:2] == [len("ax 0 of yes"), len("bx 1 of no")]
    missing = np.arange(30) == 4
    assert dict(views_of(texts, missing))["the length"][4] == 0
    assert list(views_of(texts[:19], np.zeros(19, bool))) == []
    assert list(views_of(texts, np.ones(30, bool))) == []


def test_views_of_moments_and_numbers():
    moments = np.array(["2024-01-01T10:00:05", "2024-01-02T11:00:06", "NaT"], "datetime64[us]")
    found = dict(views_of(moments, np.isnat(moments)))
    days = (moments[:2].astype("datetime64[D]").astype(int)) % 7
    assert found["the day of the week"].tolist()[:2] == days.tolist()
    assert found["the time of day"].tolist()[:2] == [36_005, 39_606]
    assert found["the seconds"].tolist()[:2] == [5, 6]
    assert np.isnan(found["the seconds"][2])
    whole = np.arange(-30.0, 30)
    assert dict(views_of(whole, np.zeros(60, bool)))["the last digit"].tolist() == [
        abs(int(n)) % 10 for n in whole
    ]
    mixed = np.r_[np.arange(20) + 0.25, np.arange(20) + 0.5, np.arange(20.0), 1 / 3]
    found = dict(views_of(mixed, np.zeros(61, bool)))["the number of decimals"]
    assert found.tolist() == [2] * 20 + [1] * 20 + [0] * 20 + [8]
    assert list(views_of(np.arange(30.0) + 2.0**53, np.zeros(30, bool))) == []


def test_words_explain_what_a_ridge_regression_of_them_does(rng):
    words = np.array(["alpha", "beta", "gamma", "delta"])
    texts = [" ".join(rng.choice(words, 2)) for _ in range(120)]
    truth = np.array([["beta" in text] for text in texts], float)
    shares, word, scores = explained_by_words(texts, truth)
    assert word == "beta"
    assert shares[0] > 0.99
    assert np.corrcoef(scores, truth[:, 0])[0, 1] > 0.99
    assert explained_by_words([f"w{chr(97 + n)}" for n in range(4)], truth[:4])[1] == ""


def test_the_scores_of_a_leak_are_those_of_trees_with_and_without_it(rng):
    """What a warning says: R² of the other columns, and with the leak, in three folds."""
    a, b = rng.normal(size=(2, 300))
    target = a + rng.normal(size=300)
    leak = target + 0.05 * rng.normal(size=300)
    table = Table.from_columns({"a": a, "b": b, "leak": leak})
    (found,) = find_leaks(table, table.names, target, classes=False)
    rows = np.random.default_rng(0).permutation(300)

    def score(*columns):
        x = np.stack([codes_of(c[rows], np.zeros(300, bool)) for c in columns], axis=1)
        trees = ExtraTreesRegressor(30, max_features=0.5, min_samples_leaf=2, random_state=0)
        folds = KFold(3, shuffle=True, random_state=0)
        return cross_val_predict(trees, x, target[rows], cv=folds)

    def r2(predicted):
        return 1 - np.mean((predicted - target[rows]) ** 2) / target.var()

    assert (found.column, found.metric, found.share) == ("leak", "r2", 1.0)
    assert found.score_without == pytest.approx(r2(score(a, b)))
    near = of_neighbors(codes_of(leak[rows], np.zeros(300, bool)), target[rows][:, None], 1)[:, 0]
    with_it = max(r2(score(a, b, leak)), r2(near))
    assert found.score_with == pytest.approx(with_it)
    ranks = ranks_of(target[rows])
    codes = codes_of(leak[rows], np.zeros(300, bool))
    assert found.explained == pytest.approx(explained_by_output(codes, ranks, ordered=True)[0])
    x = np.stack([codes_of(c[rows], np.zeros(300, bool)) for c in (a, b)], axis=1)
    trees = ExtraTreesRegressor(30, max_features=0.5, min_samples_leaf=2, random_state=0)
    predicted = cross_val_predict(trees, x, ranks[:, 0], cv=KFold(3, shuffle=True, random_state=0))
    others = 1 - np.mean((predicted - ranks[:, 0]) ** 2) / ranks.var()
    assert found.others == pytest.approx(others)
    assert JointLeak((found,)).evidence == {
        "explained": found.explained,
        "others": max(0.0, found.others),
        "share": 1.0,
        "without": found.score_without,
        "with": found.score_with,
    }


def test_a_leak_in_a_sentence():
    leak = Leak(
        "a", 0.98, 0.3, "y{}", grade="suspicious", form="sum", beside=("b",), outcome="yes",
        metric="accuracy", score_without=0.71, score_with=0.99,
    )  # fmt: skip
    assert str(leak) == (
        "the sum of a and b explains 98.0% of whether y{} is yes; without them the accuracy is"
        " about 0.71, with them 0.99: make sure that their values are known when a prediction is"
        " made, or leave them out of the columns."
    )
    alone = Leak("a", 1.0, -0.2)
    assert str(alone) == (
        "a alone explains 100.0% of the target, unlike all other columns together: leave it out"
        " of the columns unless it is known when a prediction is made."
    )
    assert JointLeak((alone,)).evidence == {"explained": 1.0, "others": 0.0, "share": 1.0}
    part = Leak("a", 0.99, 0.1, form="where other", share=0.25, value="{new}", beside=())
    assert "where a is not {new} (25% of the rows), it explains 99.0% of the target" in str(part)


@pytest.mark.parametrize("prior", [0.2, 5.0])
def test_levels_predict_by_shrunk_means_of_the_other_folds(rng, prior):
    codes, target = rng.integers(0, 6, 30), rng.normal(size=(30, 2))
    fold = np.arange(30) % 3
    found = letters._errors_of_means(codes, target, [fold == k for k in range(3)], prior)
    for row in range(30):
        learned = fold != fold[row]
        mean = target[learned].mean(axis=0)
        same = learned & (codes == codes[row])
        shrunk = mean + (target[same] - mean).sum(axis=0) / (same.sum() + prior)
        assert found[row] == pytest.approx(np.sum((target[row] - shrunk) ** 2))


def test_letters_predict_by_ridge_regression(rng):
    x, target = rng.normal(size=(40, 5)), rng.normal(size=(40, 2))
    kernel, fold = x @ x.T, np.arange(40) % 4
    found = letters._errors_of_ridge(kernel, target, [fold == k for k in range(4)], 0.7)
    for k in range(4):
        learned = fold != k
        mean = target[learned].mean(axis=0)
        ridge = KernelRidge(alpha=0.7, kernel="precomputed")
        ridge.fit(kernel[np.ix_(learned, learned)], target[learned] - mean)
        predicted = mean + ridge.predict(kernel[np.ix_(~learned, learned)])
        expected = np.sum((target[~learned] - predicted) ** 2, axis=1)
        assert found[fold == k] == pytest.approx(expected)


def test_the_shares_of_letters_and_levels_are_of_the_squares(rng):
    labels = rng.integers(2, size=300)
    ends = np.array(["a", "o"])[labels]
    names = np.array(["".join(rng.choice(list("bcdfg"), 4)) + end for end in ends], object)
    levels = Distinct.of(names)
    found = letters.letters_tell(levels, np.eye(2)[labels])
    assert len(letters._rows(levels)) == 300
    truth = letters._scaled(np.eye(2)[labels])
    assert np.square(truth).sum(axis=1).mean() == pytest.approx(1)
    held = list(letters._folds(np.arange(300)))
    assert np.sum(held, axis=0).tolist() == [1] * 300
    by_levels = min(
        letters._errors_of_means(levels.codes, truth, held, prior).mean()
        for prior in (0.2, 1.0, 5.0, 25.0)
    )
    assert found.by_levels == pytest.approx(1 - by_levels)
    assert found.standard_errors > 10
    assert found.by_letters > 0.9


@pytest.mark.parametrize(
    ("by_levels", "by_letters", "errors", "more"),
    [(0.5, 0.6, 3.1, True), (0.5, 0.6, 3.0, False), (0.5, 0.505, 9.0, False), (0.6, 0.5, 9, False)],
)
def test_letters_tell_more_where_that_is_clear(by_levels, by_letters, errors, more):
    assert letters._LettersTell(by_levels, by_letters, errors).more is more


def test_targets_that_vary_most_are_scaled_together(rng):
    target = rng.normal(size=(50, 12)) * np.arange(1, 13)
    scaled = letters._scaled(target)
    assert scaled.shape == (50, 10)
    assert np.square(scaled).sum(axis=1).mean() == pytest.approx(1)
    ratio = scaled.std(axis=0)
    assert (ratio[:-1] >= ratio[1:]).all()
    assert not letters._scaled(np.ones((5, 1))).any()
