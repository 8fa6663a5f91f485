"""Sample weights and groups: a weight means as many rows, and groups stay together."""

from __future__ import annotations

from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.fits import roles_of
from tests.grids import some

from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline._apps.estimators.counted_rows import MIN_DISTINCT_ROWS, count_rows
from madaline._tables.column import is_missing
from madaline._tables.table import Table
from madaline.errors import InputError

QUICK = {"effort": 8, "random_state": 0}


@pytest.mark.parametrize("estimator", [AdaptiveClassifier, AdaptiveRegressor])
def test_rows_of_weight_zero_are_as_if_they_were_not_there(halves, estimator):
    X, y = halves
    weight = np.random.default_rng(0).choice([0.0, 1.0, 2.5], len(y))
    kept = weight > 0
    X = np.where(kept[:, None], X, 1e6)
    whole = estimator(**QUICK).fit(X, y, sample_weight=weight)
    part = estimator(**QUICK).fit(X[kept], y[kept], sample_weight=weight[kept])
    assert np.array_equal(whole.predict(X), part.predict(X))
    assert whole.history_ == part.history_


@pytest.mark.parametrize("constant", some([1, 7.5, np.full(120, 0.1)], 1))
def test_equal_weights_change_nothing(halves, constant):
    X, y = halves
    plain = AdaptiveClassifier(**QUICK).fit(X, y)
    weighted = AdaptiveClassifier(**QUICK).fit(X, y, sample_weight=constant)
    assert np.array_equal(weighted.predict_proba(X), plain.predict_proba(X))


@pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")
def test_heavy_rows_pull_the_prediction_towards_them():
    X = np.tile([[0.0], [1.0]], (100, 1))
    y = np.repeat([0, 1], 100)
    shares = [
        AdaptiveClassifier(effort=20, random_state=0)
        .fit(X, y, sample_weight=np.where(y == 1, heavy, 1.0))
        .predict_proba(X)[:, 1]
        .mean()
        for heavy in (1, 4)
    ]
    assert shares == pytest.approx([0.5, 0.8], abs=0.05)


@pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")
def test_weights_move_a_mean():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 1)), np.repeat([0.0, 10.0], 100)
    model = AdaptiveRegressor(effort=20, random_state=0)
    model.fit(X, y, sample_weight=np.where(y == 10, 3.0, 1.0))
    assert model.predict(X).mean() == pytest.approx(7.5, abs=1)


def test_out_of_fold_predictions_are_in_the_order_of_the_rows(halves):
    X, y = halves
    weight = np.where(np.arange(len(y)) % 10, 1.0, 0.0)
    model = AdaptiveClassifier(effort=20, random_state=0).fit(X, y, sample_weight=weight)
    assert np.array_equal(np.isnan(model.oof_proba_).all(axis=1), weight == 0)
    counted = weight > 0
    hits = model.classes_[model.oof_proba_.argmax(axis=1)] == y
    assert hits[counted].mean() == pytest.approx(model.oof_score_)
    assert model.oof_score_ > 0.85


@pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")
def test_no_network_is_evaluated_on_a_group_that_it_saw():
    # The target is noise that is shared within a group: only a network that saw it could know it.
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 5)
    X = rng.normal(size=(40, 3))[groups]
    y = rng.normal(size=40)[groups]
    apart = AdaptiveRegressor(random_state=0).fit(X, y, groups=groups)
    mixed = AdaptiveRegressor(random_state=0).fit(X, y)
    assert mixed.oof_score_ > 0.5
    assert apart.oof_score_ < 0.3


def test_groups_of_any_type(halves):
    X, y = halves
    groups = pd.Series([f"day {number // 6}" for number in range(len(y))])
    one = AdaptiveClassifier(**QUICK).fit(X, y, groups=groups)
    two = AdaptiveClassifier(**QUICK).fit(X, y, groups=np.arange(len(y)) // 6)
    assert one.oof_score_ == pytest.approx(two.oof_score_, abs=0.1)


@pytest.mark.parametrize(
    ("weight", "match"),
    [
        (-1.0, "sample_weight is -1.0 in row 0"),
        (np.nan, "sample_weight is nan in row 0"),
        (np.inf, "sample_weight is inf in row 0"),
        (0, "zero for every row"),
        (np.ones(7), r"shape \(7,\), but X has 120 rows"),
        (np.ones((120, 1)), r"shape \(120, 1\)"),
    ],
)
def test_bad_weights_are_refused_with_a_reason(halves, weight, match):
    with pytest.raises(InputError, match=match):
        AdaptiveClassifier(**QUICK).fit(*halves, sample_weight=weight)


def test_as_many_groups_as_rows(halves):
    with pytest.raises(InputError, match=r"groups has shape \(3,\)"):
        AdaptiveClassifier(**QUICK).fit(*halves, groups=[1, 2, 3])


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 1.0, 2.0, np.nan]),
            st.sampled_from(["a", "b", None, True]),
            st.integers(0, 2),
        ),
        min_size=8,
        max_size=8,
    ),
    st.lists(st.integers(0, 3), min_size=8, max_size=8).filter(any),
    st.randoms(use_true_random=False),
)
@example(  # two copies of every row, of which some are alike
    [(0.0, "a", 0)] * 4 + [(0.0, "a", 1), (0.0, "a", 2), (0.0, "b", 0), (1.0, "a", 0)],
    [0, 0, 2, 2, 2, 2, 2, 2],
    Random(0),
)
def test_in_a_tiny_table_a_weight_is_as_many_rows(rows, amounts, random):
    repeated = [row for row, amount in zip(rows, amounts, strict=True) for _ in range(amount)]
    order = random.sample(range(8), 8)
    one = _counted([rows[place] for place in order], [amounts[place] for place in order])
    two = _counted(repeated, None)
    if len(set(map(repr, repeated))) >= MIN_DISTINCT_ROWS:
        assert _contents(one) == _contents(two)


def test_output_is_spread_to_copies_and_not_to_rows_that_do_not_count():
    rows = [(float(number), "a", 0) for number in (5, 1, 2, 3, 4, 5, 6)]
    counted = _counted(rows, [1, 1, 1, 1, 1, 2, 0])
    spread = counted.spread(counted.table["x"][:, None])[:, 0]
    assert np.array_equal(spread, [5, 1, 2, 3, 4, 5, np.nan], equal_nan=True)
    assert list(counted.roles.weight) == [1, 1, 1, 1, 3]


def _counted(rows, amounts):
    numbers, words, target = zip(*rows, strict=True)
    table = Table.from_columns(
        {"x": np.array(numbers), "word": np.array([*words, None], dtype=object)[:-1]}
    )
    weight = None if amounts is None else np.array(amounts, np.float64)
    return count_rows(table, roles_of(np.array(target), weight))


def _contents(counted):
    weight = None if counted.roles.weight is None else list(counted.roles.weight)
    columns = [_values(counted.table[name]) for name in counted.table.names]
    return repr((columns, counted.roles.target.tolist(), weight))


def _values(column):
    """A column of nothing is the same nothing as numbers (NaN) and as texts (None)."""
    return np.where(is_missing(column), None, column.astype(object)).tolist()
