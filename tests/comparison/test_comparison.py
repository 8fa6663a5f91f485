"""Methods side by side: the same rows for all, honest differences, and a verdict one can act on."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.dummy import DummyRegressor
from tests.fits import request_of, roles_of

import madaline
from madaline._apps.comparison import Comparison, comparison, measuring
from madaline._apps.comparison.compared_rows import ComparedRows
from madaline._apps.comparison.methods import (
    METHODS,
    Method,
    Problem,
    as_they_are,
    chosen_methods,
    native_texts,
)
from madaline._apps.comparison.result import MethodResult
from madaline._tables.table import Table
from madaline.errors import InputError, RowsLeftOutWarning
from madaline.records.race_decisions import TimeLimitReached

QUICK = ["linear", "neighbors", "boosting"]
RNG = np.random.default_rng(0)
N_ROWS = 90
X = {
    "size": np.where(RNG.random(N_ROWS) < 0.1, np.nan, RNG.normal(size=N_ROWS)),
    "color": RNG.choice(["red", "green", "blue"], N_ROWS).astype(object),
    "member": RNG.choice([True, False], N_ROWS),
    "day": np.datetime64("2026-01-01", "us") + RNG.permutation(N_ROWS).astype("timedelta64[D]"),
}
NUMBER = np.nan_to_num(X["size"]) * 2 + (X["color"] == "red") + RNG.normal(size=N_ROWS) / 3
LABEL = np.where(NUMBER + RNG.normal(size=N_ROWS) / 3 > 0, "yes", "no")


class Standing:
    """A learner with one estimator, or with what happens when it is made."""

    choices = ({},)

    def __init__(self, make):
        self.make = lambda problem, chosen: make()


def rows_of(target=NUMBER, x=X, **settings) -> ComparedRows:
    table = Table.from_columns(x)
    beside = {name: settings.pop(name, None) for name in ("sample_weight", "groups")}
    time, most = settings.get("time", False), settings.pop("max_rows", 20_000)
    roles = roles_of(target, **beside, target_name="y", time=time)
    request = request_of(**{"folds": 3, "time": time, "effort": 1} | settings)
    return ComparedRows.of(table, roles, request, most)


@pytest.fixture(scope="module")
def of_numbers() -> Comparison:
    return madaline.compare(X, NUMBER, models=QUICK, folds=3, time=False, n_jobs=1)


@pytest.mark.parametrize(("y", "metric"), [(NUMBER, "rmse"), (LABEL, "log_loss")])
def test_madaline_stands_beside_others(y, metric) -> None:
    seen = []
    compared = madaline.compare(
        X,
        y,
        models=["madaline", "linear"],
        folds=2,
        time=False,
        effort=3,
        n_jobs=1,
        on_result=lambda name, one: seen.append((name, len(one.losses))),
    )
    assert seen == [("constant", N_ROWS), ("linear", N_ROWS), ("madaline", N_ROWS)]
    assert compared.metric == metric
    assert not compared.failed
    results = {result.name: result for result in compared.results}
    assert results["linear"].loss < results["constant"].loss
    assert results["madaline"].n_bytes > 10_000 > results["linear"].n_bytes
    assert [result.loss for result in compared.results] == sorted(
        result.loss for result in compared.results
    )


def test_losses_are_those_of_scikit_learn_in_the_same_folds() -> None:
    from sklearn.linear_model import Ridge
    from sklearn.metrics import root_mean_squared_error

    rows = rows_of(x={"size": RNG.normal(size=N_ROWS)})
    scale = rows.all_folds[0].learned.x.std()
    predicted = np.empty(N_ROWS)
    for fold in rows.all_folds:
        model = Ridge(alpha=scale**2).fit(fold.learned.x, NUMBER[fold.training])
        predicted[fold.held_out] = model.predict(fold.predicted.x)
    learners = {"squared": Standing(lambda: Ridge(alpha=scale**2))}
    method = replace(METHODS["linear"], learners=learners, features=as_they_are)
    one = measuring.measure(method, rows, measuring.Work(1))
    assert comparison.loss_of(one, rows) == pytest.approx(
        root_mean_squared_error(NUMBER, predicted)
    )


def test_differences_are_taken_row_by_row(of_numbers) -> None:
    best, *others = of_numbers.results
    assert best.difference == best.standard_error == 0
    for other in others:
        assert other.difference == pytest.approx(other.loss - best.loss)
        assert 0 < other.standard_error < other.loss


def test_every_row_is_held_out_once_and_never_learned_from() -> None:
    rows = rows_of(LABEL)
    assert np.array_equal(np.sort(rows.held_out), np.arange(N_ROWS))
    for fold in rows.all_folds:
        assert not np.intersect1d(fold.training, fold.held_out).size
        assert {"no", "yes"} == set(LABEL[fold.held_out])
        for learned, chosen in fold.inner:
            assert not np.intersect1d(learned, chosen).size
            assert max(learned.max(), chosen.max()) < len(fold.training)


def test_groups_and_stretches_of_time_hold_for_all_methods() -> None:
    groups = np.arange(N_ROWS) % 9
    for fold in rows_of(groups=groups).all_folds:
        assert not np.intersect1d(groups[fold.training], groups[fold.held_out]).size
        learned, chosen = fold.inner[0]
        of_group = groups[fold.training]
        assert not np.intersect1d(of_group[learned], of_group[chosen]).size
    rows = rows_of(time="day")
    assert rows.blocks is not None
    for fold in rows.all_folds:
        assert X["day"][fold.training].max() < X["day"][fold.held_out].min()
    compared = madaline.compare(X, NUMBER, models="linear", folds=2, time="day", n_jobs=1)
    assert compared.of_later_rows
    assert "stretches of time" in compared.setting


def test_levels_that_a_fold_did_not_learn_are_missing() -> None:
    x = {"level": np.array(["common"] * 60 + [f"rare {k}" for k in range(30)], dtype=object)}
    rows = rows_of(x=x, kinds={"level": "category"})
    for fold in rows.all_folds:
        rare = fold.held_out >= 60
        assert np.isnan(fold.predicted.x[rare]).all()
        assert (fold.predicted.x[~rare] == 0).all()


def test_whole_numbers_are_no_classes_for_a_column_of_many_levels() -> None:
    town = RNG.permutation(np.repeat([f"town {k}" for k in range(N_ROWS // 3)], 3)).astype(object)
    price = np.round(1000 * NUMBER) * 1000.0
    result = madaline.compare({**X, "town": town}, price, models=["linear"], effort=2)
    assert not result.failed


def test_the_verdict_takes_the_linear_model_where_it_is_as_good(of_numbers) -> None:
    costs = {"score": 0.5, "fit_seconds": 1.0, "row_milliseconds": 0.1}
    strong = MethodResult("catboost", "CatBoost", 0.410, 0.0, 0.0, n_bytes=2e6, **costs)
    linear = MethodResult("linear", "linear model", 0.412, 0.002, 0.006, n_bytes=5e3, **costs)
    constant = MethodResult("constant", "constant", 0.7, 0.29, 0.02, n_bytes=300, **costs)
    compared = replace(of_numbers, results=(strong, linear, constant), metric="log_loss")
    assert compared.verdict == (
        "Take the linear model: its log loss is 0.4120, the lowest one (CatBoost) 0.4100; the"
        " difference, +0.0020 ± 0.0060, is within its standard error, and its model is 400 times"
        " smaller.",
    )
    worse = replace(linear, difference=0.02)
    assert replace(compared, results=(strong, worse, constant)).verdict == (
        "Take CatBoost: its log loss, 0.4100, is the lowest, and all others are more than a"
        " standard error above it.",
    )
    nothing = replace(constant, difference=0.01)
    assert "Take none" in replace(compared, results=(strong, nothing)).verdict[0]


def test_what_fails_or_is_missing_is_told(monkeypatch) -> None:
    def broken():
        raise RuntimeError("no such thing\nmore")

    methods = dict(METHODS)
    methods["forest"] = replace(METHODS["forest"], learners={"log_loss": Standing(broken)})
    methods["lightgbm"] = replace(METHODS["lightgbm"], package="not_installed_anywhere")
    monkeypatch.setattr(comparison, "METHODS", methods)
    names = ["linear", "forest", "lightgbm"]
    compared = madaline.compare(X, LABEL, models=names, folds=2, time=False, n_jobs=1)
    assert compared.failed == {"forest": "no such thing"}
    assert compared.absent == ("lightgbm",)
    assert "random forest failed: no such thing" in str(compared)
    assert "Not installed: LightGBM" in str(compared)


def test_an_interrupt_keeps_what_was_measured(monkeypatch) -> None:
    def interrupted():
        raise KeyboardInterrupt

    methods = METHODS | {
        "forest": replace(METHODS["forest"], learners={"squared": Standing(interrupted)})
    }
    monkeypatch.setattr(comparison, "METHODS", methods)
    names = ["linear", "forest", "mlp"]
    compared = madaline.compare(X, NUMBER, models=names, folds=2, time=False, n_jobs=1)
    assert {result.name for result in compared.results} == {"constant", "linear"}
    assert compared.interrupted
    with pytest.raises(KeyboardInterrupt):
        madaline.compare(X, NUMBER, models="forest", folds=2, time=False, n_jobs=1)


def test_a_class_that_a_fold_did_not_learn_has_a_finite_loss() -> None:
    label = np.where(np.arange(N_ROWS) < 80, LABEL, "maybe").astype(object)
    compared = madaline.compare(
        X | {"t": np.arange(float(N_ROWS))}, label, models="linear", folds=2, time="t", n_jobs=1
    )
    assert all(np.isfinite(result.loss) for result in compared.results)


@pytest.mark.parametrize("name", [name for name in METHODS if name != "madaline"])
def test_every_method_learns_numbers_and_classes(name) -> None:
    if not METHODS[name].is_installed:
        pytest.skip(f"{METHODS[name].title} is not installed")
    work = measuring.Work(1)
    for rows in (rows_of(NUMBER, folds=2), rows_of(LABEL, folds=2)):
        one = measuring.measure(METHODS[name], rows, work)
        assert np.isfinite(one.losses).all()
        assert one.n_bytes > 0


CLOCK = [0.0]


class Waiting(DummyRegressor):
    """A constant that takes ten seconds to fit."""

    def fit(self, X, y):
        CLOCK[0] += 10.0
        return super().fit(X, y)


@pytest.fixture
def slow() -> Method:
    """Return a method with three choices, and set the clock to zero."""
    CLOCK[0], learner = 0.0, Standing(Waiting)
    learner.choices = ({}, {}, {})
    return replace(METHODS["linear"], learners={"squared": learner}, features=as_they_are)


@pytest.mark.parametrize(
    ("seconds", "taken", "cut_short"), [(1e9, 300.0, False), (400, 300.0, False), (150, 120, True)]
)
def test_a_method_takes_no_longer_than_it_may(slow, seconds, taken, cut_short) -> None:
    work = measuring.Work(1, seconds, lambda: CLOCK[0])
    one = measuring.measure(slow, rows_of(), work)
    assert (CLOCK[0], one.cut_short) == (taken, cut_short)
    assert len(one.losses) == N_ROWS


def test_a_method_without_time_for_all_folds_is_left_out(slow, monkeypatch) -> None:
    monkeypatch.setattr(comparison, "METHODS", {**METHODS, "linear": slow})
    work = measuring.Work(1, 60.0, lambda: CLOCK[0])
    compared = comparison.compare_methods(rows_of(), ("constant", "linear"), work)
    assert [result.name for result in compared.results] == ["constant"]
    assert compared.failed == {"linear": "it was not done in all folds after 1 min"}


def test_what_was_cut_short_is_said_and_madaline_gets_its_share(monkeypatch) -> None:
    clock, limits = [0.0], []

    class Cut:
        def __init__(self, _, __, ___, means):
            limits.append(means.time_limit.seconds)

        def __iter__(self):
            clock[0] += 50.0
            yield None, TimeLimitReached(3, "the race", 0.4, 2, 40.0)

        def model(self):
            return None

    monkeypatch.setattr(measuring, "Fitting", Cut)
    work = measuring.Work(1, 120.0, lambda: clock[0])
    budget, rows = measuring.Budget(work), rows_of()
    for number, fold in enumerate(rows.all_folds):
        budget.start_fold(3 - number)
        measuring._Own(fold, rows, work, budget)
    assert limits == pytest.approx([40.0, 35.0, 20.0])
    assert budget.cut_short
    said = replace(
        madaline.compare(X, NUMBER, models="linear", folds=2, time=False, n_jobs=1),
        cut_short=("linear", "madaline"),
    ).remarks
    assert "Cut short, as each may take 2 min: linear model, madaline." in said[0]


def test_small_tables_get_a_thread_and_large_ones_more_time() -> None:
    small, large = rows_of(), SimpleNamespace(n_cells=2_000_000)
    assert measuring.Work(2).n_threads(small) == 1
    assert measuring.Work(2).n_threads(large) == measuring.count_workers(2)
    assert measuring.usual_seconds(small) == 120.0
    assert measuring.usual_seconds(large) == 2400.0


def test_results_are_a_table_a_figure_and_a_page(of_numbers) -> None:
    columns = of_numbers.to_columns()
    assert columns["name"][0] == of_numbers.best.name
    assert len({len(values) for values in columns.values()}) == 1
    for figure in of_numbers.figures():
        assert figure.y.names[-1] == of_numbers.best.title
        assert "constant" not in figure.y.names
    page = of_numbers._repr_html_()
    assert "<svg" in page
    assert "linear model" in page
    assert max(map(len, of_numbers.text(80).splitlines())) <= 80


def test_a_large_table_is_drawn_from_with_its_shares_of_classes_and_groups() -> None:
    groups, label = np.arange(N_ROWS) % 3, np.arange(N_ROWS) % 10 == 0
    rows = rows_of(label, groups=groups, folds=2, max_rows=30, time=None)
    assert (rows.n_given, rows.table.n_samples, rows.target.sum()) == (N_ROWS, 30, 3)
    assert np.bincount(rows.groups).tolist() == [10, 10, 10]
    compared = madaline.compare(X, NUMBER, models="linear", folds=2, max_rows=30, n_jobs=1)
    assert "30 rows drawn from 90" in compared.setting


def test_weights_count_in_learning_and_in_losses() -> None:
    weight = np.where(np.arange(N_ROWS) < 30, 3.0, 1.0)
    weight[-10:] = 0
    rows = rows_of(sample_weight=weight)
    assert rows.table.n_samples == N_ROWS - 10
    squares = np.empty(N_ROWS - 10)
    for fold in rows.all_folds:
        learned = NUMBER[fold.training]
        constant = np.average(learned, weights=weight[fold.training])
        squares[fold.held_out] = np.square(NUMBER[fold.held_out] - constant)
    loss = np.sqrt(np.average(squares, weights=weight[:-10]))
    settings = {"models": "linear", "folds": 3, "time": False, "n_jobs": 1}
    compared = madaline.compare(X, NUMBER, sample_weight=weight, **settings)
    constant, linear = sorted(compared.results, key=lambda result: result.name)
    assert constant.loss == pytest.approx(loss)
    assert linear.loss != madaline.compare(X, NUMBER, **settings).best.loss


@pytest.mark.parametrize(
    ("loss", "metric", "unsuited"),
    [
        ("poisson", "mean_poisson_deviance", ()),
        ("absolute", "mean_absolute_error", ("neighbors",)),
        ("quantile", "mean_pinball_loss", ("neighbors",)),
    ],
)
def test_all_methods_minimize_the_loss_that_is_asked_for(loss, metric, unsuited) -> None:
    from sklearn import metrics

    target = np.round(np.exp(NUMBER))
    names = ["linear", "neighbors", "boosting"]
    compared = madaline.compare(
        X, target, loss=loss, models=names, folds=2, time=False, n_jobs=1, quantile=0.5
    )
    assert (compared.metric, compared.unsuited, compared.failed) == (metric, unsuited, {})
    constant = next(result for result in compared.results if result.name == "constant")
    best = np.mean(target) if loss == "poisson" else np.median(target)
    reference = getattr(metrics, metric)(target, np.full(N_ROWS, best))
    assert constant.loss == pytest.approx(reference, rel=0.05)
    assert compared.best.name != "constant"


@pytest.mark.slow
def test_texts_are_words_to_all_methods() -> None:
    words = np.where(LABEL == "yes", "sunny day at the sea", "cold rain in town")
    x = {"words": np.array([f"{text} {k}" for k, text in enumerate(words)], object)}
    names = [name for name in METHODS if name != "madaline"]
    compared = madaline.compare(x, LABEL, models=names, folds=2, time=False, n_jobs=1)
    assert not compared.failed
    assert all(result.score > 0.9 for result in compared.results if result.name != "constant")


def test_texts_without_frequent_words_are_terms_to_catboost() -> None:
    words = np.where(LABEL == "yes", "sunny sea", "cold town")
    for text, n_native in ((words, 1), ([f"{word} {k}" for k, word in enumerate(LABEL)], 0)):
        fold = rows_of(LABEL, x={"words": np.array(text, object)}, kinds={"words": "text"})
        fold = fold.all_folds[0]
        problem = Problem(fold, LABEL, "log_loss", 0.5, 0, 1)
        assert len(problem.texts) == n_native
        if METHODS["catboost"].is_installed:
            frame, _ = native_texts(problem)
            assert frame.shape[1] == (1 if n_native else fold.learned.x.shape[1])


def test_bad_input_is_one_sentence() -> None:
    with pytest.raises(InputError, match="no model tree to compare: choose among constant, lin"):
        chosen_methods(["tree"])
    with pytest.raises(InputError, match="at least 2"):
        madaline.compare(X, NUMBER, folds=1)
    with pytest.raises(InputError, match=r"folds is 2\.5: give a number"):
        madaline.compare(X, NUMBER, folds=2.5)
    with pytest.raises(InputError, match="max_rows is 2: give at least 10 rows"):
        madaline.compare(X, NUMBER, max_rows=2)
    with pytest.raises(InputError, match="one quantile"):
        madaline.compare(X, NUMBER, loss="quantile", quantile=[0.1, 0.9])
    with pytest.raises(InputError, match="is a column of images"):
        madaline.compare(RNG.random((40, 8, 8)), NUMBER[:40])
    with pytest.raises(InputError, match="one class"):
        madaline.compare(X, np.full(N_ROWS, "yes"))


def test_rows_without_a_target_are_left_out_as_in_a_fit() -> None:
    rng = np.random.default_rng(0)
    X, groups = rng.normal(size=(120, 2)), np.arange(120) % 9
    y = X @ [1.0, 2.0] + rng.normal(size=120)
    gaps = y.copy()
    gaps[::12] = np.nan
    known = ~np.isnan(gaps)
    with pytest.warns(RowsLeftOutWarning, match="y has no value in 10 of 120 rows, which are left"):
        found = madaline.compare(X, gaps, models=["linear"], groups=groups, n_jobs=1)
    rest = {"groups": groups[known], "n_jobs": 1}
    expected = madaline.compare(X[known], y[known], models=["linear"], **rest)
    assert found.results[0].loss == expected.results[0].loss
