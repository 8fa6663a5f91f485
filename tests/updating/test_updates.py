"""`update`: a fitted model goes on with new rows, and says what was kept and why."""

from __future__ import annotations

import numpy as np
import pytest

from madaline import AdaptiveClassifier, load
from madaline._models.fitting.updating.comparison import CandidateLosses
from madaline.errors import InputError, RowsLeftOutWarning
from madaline.records.model_decisions import ADJUSTED, ANEW, AS_IT_IS, Updated


def log_loss(model, X, y) -> float:
    proba = model.predict_proba(X)
    index = np.searchsorted(model.classes_, y)
    return float(-np.log(proba[np.arange(len(y)), index]).mean())


def test_a_turned_relation_is_learned_and_the_reason_told(fit, make_rows) -> None:
    model = fit(keep_rows=100)
    later = make_rows(2, 400, turned=True)
    before = log_loss(model, *later)
    assert model.update(*make_rows(1, 200, turned=True)) is model
    decision = model.model_.updates[-1]
    assert decision is model.decisions_[-1]
    assert decision.kept in (ADJUSTED, ANEW)
    assert log_loss(model, *later) < before / 2
    assert decision.loss_now < decision.loss - decision.adjusted_error
    assert "200 new rows falls from" in decision.sentence
    assert "100 kept old rows it rises from" in decision.sentence
    assert decision.sentence in str(model.story(full=True)).replace("\n", " ")
    # honest: what is told of the new rows holds for rows to come
    assert decision.loss_now == pytest.approx(log_loss(model, *later), abs=0.15)
    assert model.scores_[0].metric == "accuracy"
    assert model.predict_set(later[0]).shape == (400, 2)


def test_a_model_that_fits_the_new_rows_stays_to_the_bit(fit, make_rows) -> None:
    model = fit()
    X, y = make_rows(1, 60)
    before = model.predict_proba(X)
    scores = model.scores_
    model.update(X, y)
    decision = model.model_.updates[-1]
    assert decision.kept == AS_IT_IS
    assert decision.sentence.startswith("Kept as it is: on 60 new rows the log loss is")
    np.testing.assert_array_equal(model.predict_proba(X), before)
    assert model.scores_ == scores


def test_same_seed_same_bits(fit, make_rows) -> None:
    new = make_rows(1, 120, turned=True)
    first, second = (fit(keep_rows=50, n_jobs=jobs).update(*new) for jobs in (1, 2))
    np.testing.assert_array_equal(first.predict_proba(new[0]), second.predict_proba(new[0]))
    assert first.model_.updates == second.model_.updates


def test_an_update_of_a_saved_model_is_that_of_the_fitted_one(fit, make_rows, tmp_path) -> None:
    path, new = tmp_path / "model.madaline", make_rows(1, 120, turned=True)
    fitted = fit(keep_rows=50)
    fitted.save(path)
    loaded = load(path)
    assert loaded.keep_rows == 50
    for model in (fitted, loaded):
        model.update(*new)
    np.testing.assert_array_equal(fitted.predict_proba(new[0]), loaded.predict_proba(new[0]))
    loaded.save(path)
    again = load(path)
    np.testing.assert_array_equal(again.predict_proba(new[0]), loaded.predict_proba(new[0]))
    assert again.model_.updates == loaded.model_.updates
    kept, known = again.model_.kept_rows, loaded.model_.kept_rows
    assert kept.n_rows == known.n_rows == 50
    np.testing.assert_array_equal(kept.keys, known.keys)
    for name in known.table.names:
        np.testing.assert_array_equal(kept.table[name], known.table[name])


def test_numbers_beyond_the_range_of_the_fit_are_predicted(fit_numbers, make_numbers) -> None:
    model = fit_numbers()
    X, y = make_numbers(1, 200)
    highest = y.max() + 8
    model.update(X, y + 8)
    decision = model.model_.updates[-1]
    assert decision.kept != AS_IT_IS
    assert decision.metric == "mean_squared_error"
    assert decision.loss == pytest.approx(64, abs=16)  # in the unit of the target
    assert 7 < model.predict(X).mean() <= highest
    low, high = model.predict_interval(X, coverage=0.8).T
    assert np.mean((low <= y + 8) & (y + 8 <= high)) > 0.7


def test_new_classes_need_kept_rows_of_the_old_ones(fit, make_rows) -> None:
    X, y = make_rows(1, 80)
    y = y.astype(object)
    y[:30] = "odd"
    X["size"][:30] += 9
    with pytest.raises(InputError, match=r"y holds the class odd.*fit again on all rows"):
        fit().update(X, y)
    model = fit(keep_rows=100).update(X, y)
    decision = model.model_.updates[-1]
    assert decision.kept == ANEW
    assert decision.adjusted_loss is None
    assert "the new rows hold the class odd" in decision.sentence
    assert model.classes_.tolist() == ["high", "low", "odd"]
    assert (model.predict({name: values[:30] for name, values in X.items()}) == "odd").mean() > 0.8
    assert set(model.model_.kept_rows.target.tolist()) == {"high", "low", "odd"}


@pytest.mark.filterwarnings("ignore::madaline.errors.TextReadWarning")
def test_a_model_fitted_anew_reads_text_as_before(make_rows, tmp_path) -> None:
    def written(seed, n_rows):
        X, y = make_rows(seed, n_rows)
        days = np.datetime64("2026-01-01") + np.arange(n_rows) * 37 % 100
        texts = {"size": [f"${1000 * size:,.2f}" for size in X["size"]]}
        return X | texts | {"day": [day.item().strftime("%d.%m.%Y") for day in days]}, y

    model = AdaptiveClassifier(effort=1, random_state=0, keep_rows=60).fit(*written(0, 120))
    X, y = written(1, 60)
    model.update(X, np.where(np.arange(60) < 30, "odd", y))
    assert model.model_.updates[-1].kept == ANEW
    assert {"size", "day"} <= set(model.model_.predictor.encoder.written)
    assert model.model_.schema["size"].note.startswith("number, read without $")
    model.save(tmp_path / "m")
    np.testing.assert_array_equal(load(tmp_path / "m").predict(X), model.predict(X))


def test_few_rows_change_nothing_but_are_kept(fit, make_rows) -> None:
    model = fit(keep_rows=310).update(*make_rows(1, 5, turned=True))
    decision = model.model_.updates[-1]
    assert decision.sentence == "Kept as it is: 5 new rows are too few to judge a change by."
    assert model.model_.kept_rows.n_rows == 305


def test_rows_are_kept_only_where_that_is_allowed(fit, make_rows) -> None:
    model = fit()
    assert model.model_.kept_rows is None
    assert model.update(*make_rows(1, 40)).model_.kept_rows is None
    assert model.update(*make_rows(2, 40), keep_rows=30).model_.kept_rows.n_rows == 30
    assert model.update(*make_rows(3, 40)).model_.kept_rows.n_rows == 30
    assert model.update(*make_rows(4, 40), keep_rows=0).model_.kept_rows is None


def test_attributes_of_the_rows_of_the_fit_are_gone(fit, make_rows) -> None:
    model = fit().update(*make_rows(1, 40))
    with pytest.raises(AttributeError, match=r"oof_proba_ .* the model was updated since"):
        model.oof_proba_  # noqa: B018
    assert model.explain(make_rows(2, 3)[0]) is not None


def test_a_constant_column_that_begins_to_differ_is_learned_from_anew(fit, make_rows) -> None:
    model = fit(keep_rows=100)
    X, y = make_rows(1, 300)
    y = y.copy()
    X["constant"] = np.where(np.arange(300) % 2 == 0, 1.0, 5.0)
    y[X["constant"] == 5] = np.where(np.arange(150) % 3 == 0, "high", "low")
    X["constant"][X["constant"] == 5] += np.arange(150) % 3 == 0
    assert "constant" not in model.model_.schema.kept
    model.update(X, y)
    assert model.model_.updates[-1].kept == ANEW
    assert "constant" in model.model_.schema.kept


def test_rows_without_a_target_are_left_out(fit, make_rows) -> None:
    model = fit()
    X, y = make_rows(1, 40)
    y = y.astype(object)
    y[[3, 7]] = None
    with pytest.warns(RowsLeftOutWarning, match=r"no value in 2 of 40 rows, which are left out"):
        model.update(X, y)
    assert model.model_.updates[-1].rows == 38


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (X, y[:-1]), "y has shape"),
        (lambda X, y: ({"size": X["size"]}, y), "X lacks 'other', 'color'"),
        (lambda X, y: (X, np.full(len(y), None)), "no value"),
        (lambda X, y: (X | {"size": np.full(40, "many", object)}, y), "size"),
    ],
)
def test_bad_rows_are_refused_and_change_nothing(fit, make_rows, change, message) -> None:
    model = fit()
    X, y = make_rows(1, 40)
    before, fitted = model.predict_proba(X), model.model_
    with pytest.raises(InputError, match=message):
        model.update(*change(X, y))
    assert model.model_ is fitted
    np.testing.assert_array_equal(model.predict_proba(X), before)


def test_weights_and_groups_count(fit, make_rows) -> None:
    X, y = make_rows(1, 120, turned=True)
    weight = np.where(np.arange(120) < 60, 0.0, 1.0)
    model = fit().update(X, y, sample_weight=weight, groups=np.arange(120) // 4)
    assert model.model_.updates[-1].rows == 60


def test_a_constrained_model_is_not_adjusted(make_rows) -> None:
    X, y = make_rows(0, 300)
    model = AdaptiveClassifier(effort=3, random_state=0, monotone={"size": -1})
    model.fit(X, y, folds=3).update(*make_rows(1, 100))
    decision = model.model_.updates[-1]
    assert decision.adjusted_loss is decision.anew_loss is None
    assert decision.sentence.startswith("Kept as it is: networks of constrained predictions")
    model.update(*make_rows(2, 300, turned=True), keep_rows=50)
    decision = model.model_.updates[-1]
    assert decision.adjusted_loss is None
    assert decision.kept == ANEW
    sizes = {"size": np.linspace(-2, 2, 9), "other": np.zeros(9), "color": np.full(9, "red")}
    assert (np.diff(model.predict_proba(sizes)[:, 1]) <= 1e-9).all()


def test_a_change_has_to_be_better_by_a_standard_error() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(1, 0.1, 200)
    noise = rng.normal(0, 0.1, 200)
    noise -= noise.mean()
    slightly = {AS_IT_IS: base, ADJUSTED: base - 0.001 + noise}
    assert CandidateLosses(slightly, None).best == AS_IT_IS
    clearly = slightly | {ADJUSTED: base - 0.05 + noise, ANEW: base - 0.051 - noise}
    assert (
        CandidateLosses(clearly, None).best == ADJUSTED
    )  # new networks are not clearly better still


def test_sentences_of_all_outcomes() -> None:
    facts = {
        "date": "2027-01-31",
        "rows": 1200,
        "metric": "log_loss",
        "loss": 0.412,
        "loss_error": 0.01,
    }
    facts |= {"adjusted_loss": 0.365, "adjusted_error": 0.008}
    adjusted = Updated(3, "the model", ADJUSTED, **facts)
    assert adjusted.sentence == (
        "Adjusted: the log loss on 1,200 new rows falls from 0.4120 to 0.3650 (standard error of"
        " the difference 0.0080)."
    )
    facts |= {"adjusted_loss": 0.413, "adjusted_error": 0.01}
    unchanged = Updated(0, "the model", AS_IT_IS, **facts)
    assert "no change lowers it by more than a standard error (adjusted +0.001 ± 0.010)" in (
        unchanged.sentence
    )
