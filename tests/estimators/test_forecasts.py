"""Lags and forecasts of estimators: nothing of the future is seen, and series go on."""

import re
import warnings

import numpy as np
import pytest

import madaline
from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline._race.time.totals import ALL
from madaline.errors import InputError, LaterRowsWarning, NoPastWarning, NothingLearnedWarning
from madaline.runtime import load

DAY = np.timedelta64(1, "D")
FIRST = np.datetime64("2026-01-01", "D")
N_DAYS, HORIZON = 120, 5


def rows(n_days, first=0, stores=("a", "b")):
    """Return the rows of two stores, day by day, and their sales: a trend and a week."""
    days = np.repeat(np.arange(first, first + n_days), len(stores))
    store = np.tile(np.array(stores, dtype=object), n_days)
    price = 5 + np.sin(days * 1.7)
    level = np.where(store == "a", 100.0, 40.0)
    week = 10 * np.sin(2 * np.pi * days / 7)
    sales = level + days + week - 2 * price
    return {"date": FIRST + days * DAY, "store": store, "price": price}, sales


@pytest.fixture(scope="module")
def fitted():
    X, sales = rows(N_DAYS)
    return AdaptiveRegressor(effort=15, random_state=0).fit(
        X, sales, time="date", series="store", lags=[1, 7], horizon=HORIZON
    )


def test_a_trend_goes_on_beyond_what_was_seen(fitted) -> None:
    X, sales = rows(HORIZON, N_DAYS)
    predicted = fitted.predict(X)
    assert np.sqrt(np.mean((predicted - sales) ** 2)) < 4
    assert predicted[X["store"] == "a"].max() > rows(N_DAYS)[1].max()


def test_later_values_change_no_earlier_prediction(fitted) -> None:
    X, sales = rows(20, N_DAYS)
    known = {**X, "target": np.where(np.arange(40) < 20, sales, np.nan)}
    changed = {**X, "target": np.where(np.arange(40) < 20, sales, np.nan)}
    changed["target"][10:20] += 1000
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoPastWarning)
        before, after = fitted.predict(known), fitted.predict(changed)
    # the values of five days change, so that predictions of the first of them, too, are the same
    np.testing.assert_array_equal(before[:12], after[:12])
    assert np.abs(after[12:] - before[12:]).min() > 100


def test_forecasts_are_predictions_of_the_rows_that_follow(fitted) -> None:
    X, _ = rows(HORIZON, N_DAYS)
    ahead = fitted.forecast(3, X)
    assert list(ahead) == [
        "store", "date", "steps ahead", "target", "target_low", "target_high",
    ]  # fmt: skip
    assert list(ahead["store"]) == ["a"] * 3 + ["b"] * 3
    np.testing.assert_array_equal(ahead["date"][:3], FIRST + (N_DAYS + np.arange(3)) * DAY)
    predicted = fitted.predict(X)
    np.testing.assert_allclose(ahead["target"][:3], predicted[X["store"] == "a"][:3], rtol=1e-6)
    assert np.all(ahead["target_low"] <= ahead["target"])
    assert np.all(ahead["target"] <= ahead["target_high"])
    widths = ahead["target_high"] - ahead["target_low"]
    assert np.all(widths > 0)
    narrower = fitted.forecast(3, X, coverage=0.5)
    assert np.all(narrower["target_high"] - narrower["target_low"] < widths)


def test_known_later_rows_move_a_forecast_on(fitted) -> None:
    X, sales = rows(2 * HORIZON, N_DAYS)
    known = {**X, "target": np.where(np.arange(4 * HORIZON) < 6, sales, np.nan)}
    ahead = fitted.forecast(2, known)
    np.testing.assert_array_equal(ahead["date"][:2], FIRST + (N_DAYS + 3 + np.arange(2)) * DAY)


def test_columns_of_the_rows_to_come_must_be_given(fitted) -> None:
    with pytest.raises(InputError, match="needs 'price' of the rows to come"):
        fitted.forecast(3)


def test_a_horizon_beyond_that_of_the_fit_is_refused(fitted) -> None:
    with pytest.raises(InputError, match="up to 5 rows ahead"):
        fitted.forecast(HORIZON + 1)


def test_rows_beyond_the_horizon_come_with_a_warning(fitted) -> None:
    X, _ = rows(HORIZON + 2, N_DAYS)
    with pytest.warns(NoPastWarning, match="4 rows more than 5 rows ahead"):
        fitted.predict(X)


def test_a_new_series_comes_with_a_warning(fitted) -> None:
    X, _ = rows(2, N_DAYS, stores=("c",))
    with pytest.warns(NoPastWarning, match="2 rows of series of which no value is known"):
        assert np.isfinite(fitted.predict(X)).all()


def test_a_file_predicts_the_same(fitted, tmp_path) -> None:
    X, _ = rows(HORIZON, N_DAYS)
    fitted.save(tmp_path / "sales.madaline")
    np.testing.assert_array_equal(
        madaline.load(tmp_path / "sales.madaline").predict(X), fitted.predict(X)
    )
    predictor = load(tmp_path / "sales.madaline")
    np.testing.assert_array_equal(predictor.predict(X), fitted.predict(X))
    ahead = predictor.forecast(2, X)
    for name, values in fitted.forecast(2, X).items():
        np.testing.assert_array_equal(ahead[name], values)
    one = {name: values[0] for name, values in X.items()}
    np.testing.assert_allclose(predictor.predict(one), fitted.predict(X)[:1], rtol=1e-5)


def test_attributions_add_up(fitted) -> None:
    X, _ = rows(HORIZON, N_DAYS)
    for background in (None, rows(3, N_DAYS - 3)[0]):
        explained = fitted.explain(X, background=background)
        total = explained.base + explained.attributions.sum(axis=1)
        np.testing.assert_allclose(total, explained.output, rtol=1e-4)
        np.testing.assert_allclose(explained.output, fitted.predict(X), rtol=1e-4)


def test_the_last_known_value_is_the_most_important_column(fitted) -> None:
    importances = fitted.model_.summary.importances
    assert importances[0].name == "last known target"
    assert importances[0].value < 4  # R² cannot fall by much more than twice its range


def test_out_of_fold_predictions_are_in_the_order_of_the_rows(fitted) -> None:
    _, sales = rows(N_DAYS)
    predicted = fitted.oof_prediction_
    assert predicted.shape == sales.shape
    seen = np.isfinite(predicted)
    assert not seen[:2].any()  # the first rows of both series have no past
    assert np.corrcoef(predicted[seen], sales[seen])[0, 1] > 0.95


def test_scores_are_those_of_the_target(fitted) -> None:
    scores = {score.metric: score for score in fitted.scores_}
    assert scores["r2"].value > 0.9
    assert scores["rmse"].baseline > 10  # a constant misses the trend


def test_scores_are_told_by_how_far_ahead_rows_are(fitted) -> None:
    forward = fitted.model_.summary.forward
    assert [(one.first, one.last) for one in forward.distances] == [(1, 2), (3, 4), (5, 5)]
    values = [stretch.value for stretch in forward.stretches]
    assert all(min(values) / 3 < one.value < 3 * max(values) for one in forward.distances)
    told = " ".join(str(fitted.model_.story(full=True)).split())
    assert "1 to 5 rows ahead of the last known value" in told
    assert "give horizon" not in told
    assert re.search(r"it is \S+ for 1 to 2, \S+ for 3 to 4 and \S+ for 5\.", told)
    assert forward.stretches[-1].n_learned < 2 * N_DAYS


def test_classes_have_lags() -> None:
    rng = np.random.default_rng(0)
    rain = np.empty(300, dtype=object)
    rain[0] = "no"
    for day in range(1, 300):
        stays = rng.random() < 0.9
        rain[day] = rain[day - 1] if stays else ("no" if rain[day - 1] == "yes" else "yes")
    date = FIRST + np.arange(300) * DAY
    model = AdaptiveClassifier(effort=8, random_state=0).fit(
        {"date": date[:250]}, rain[:250], time="date", lags=[1, 7]
    )
    known = {"date": date[250:], "target": rain[250:]}
    assert np.mean(model.predict(known) == rain[250:]) > 0.75
    ahead = model.forecast()
    assert list(ahead) == [
        "date", "steps ahead", "target", "probability_no", "probability_yes",
    ]  # fmt: skip


def test_quantiles_have_lags() -> None:
    X, sales = rows(60, stores=("a",))
    model = AdaptiveRegressor(
        loss="quantile", quantile=[0.1, 0.5, 0.9], effort=8, random_state=0
    ).fit({"date": X["date"]}, sales, time="date", lags=7, horizon=3)
    predicted = model.predict({"date": FIRST + (60 + np.arange(3)) * DAY})
    assert predicted.shape == (3, 3)
    assert np.all(np.diff(predicted, axis=1) >= 0)
    assert np.all(np.abs(predicted[:, 1] - rows(3, 60, stores=("a",))[1]) < 20)


@pytest.fixture(scope="module")
def of_past():
    """Fit with a gap, and with prices of which only the past is known; they tell what comes."""
    X, _ = rows(N_DAYS)
    X["price"] = np.random.default_rng(0).normal(size=2 * N_DAYS)
    sales = 100 + 20 * np.concatenate([np.zeros(6), X["price"][:-6]])  # of three days before
    model = AdaptiveRegressor(effort=15, random_state=0)
    return model.fit(
        X, sales, time="date", series="store", lags=[1, 7], past="price", gap=2, horizon=3
    ), X["price"]


def test_the_past_of_a_column_predicts(of_past) -> None:
    model, price = of_past
    assert {score.metric: score for score in model.scores_}["r2"].value > 0.8
    ahead = model.forecast()
    assert list(ahead["steps ahead"]) == [3, 3]
    np.testing.assert_array_equal(ahead["date"], FIRST + np.array([122, 122]) * DAY)
    assert np.abs(ahead["target"] - 100 - 20 * price[-2:]).max() < 15
    assert "price" not in model.model_.predictor.columns
    assert "only its past is used" in str(model.model_.schema)
    assert "price" not in str(model.diagnosis_)


def test_values_within_the_gap_change_no_prediction(of_past) -> None:
    model, _ = of_past
    X, sales = rows(6, N_DAYS)
    known = {**X, "target": sales}
    for name in ("price", "target"):
        changed = {**known, name: known[name].copy()}
        changed[name][4:] += 1000
        np.testing.assert_array_equal(model.predict(known)[:10], model.predict(changed)[:10])
        assert np.all(model.predict(known)[10:] != model.predict(changed)[10:])


def test_a_horizon_within_the_gap_is_refused(of_past) -> None:
    with pytest.raises(InputError, match="fitted with a gap of 2 rows: give at least 3"):
        of_past[0].forecast(2)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"lags": [1], "time": False}, "Lags need the order of the rows"),
        ({"lags": [1], "time": "date", "gap": 2, "horizon": 2}, "horizon is 2, but gap is 2"),
        ({"past": ["price"], "time": "date"}, "past names price, but there are no lags"),
        ({"lags": [1], "time": "date", "past": ["prices"]}, "past names 'prices'"),
        ({"lags": [1], "time": "date", "past": "date"}, "past names 'date', by which rows"),
        ({"lags": [1], "time": "date", "past": [3]}, "past is .3.: give names"),
        ({"lags": [0], "time": "date"}, "lags is 0"),
        ({"lags": [1], "time": "date", "series": "shop"}, "series names 'shop'"),
        ({"lags": [1], "time": "date", "horizon": 0.5}, "horizon is 0.5"),
    ],
)
def test_what_lags_cannot_be_made_of_is_refused(given, message) -> None:
    X, sales = rows(30)
    with pytest.raises(InputError, match=message):
        AdaptiveRegressor(effort=1).fit(X, sales, **given)


def test_groups_stand_in_for_series() -> None:
    X, sales = rows(60)
    model = AdaptiveRegressor(effort=8, random_state=0)
    model.fit(X, sales, groups=np.where(X["store"] == "a", 7, 3), time="date", lags=1)
    assert model.model_.summary.request.time.series == ("store",)
    assert "last known value of each store" in str(model.model_.story(full=True)).replace("\n", " ")
    months = np.repeat(["may", "june"], 30)
    with pytest.warns(NothingLearnedWarning):
        model.fit({"date": X["date"][::2], "month": months}, sales[::2], groups=months, lags=1)
    assert model.model_.summary.request.time.series == ()


def test_rows_of_one_time_are_told_where_no_column_tells_them_apart() -> None:
    X, sales = rows(30)
    with pytest.warns(LaterRowsWarning, match="60 of 60 rows have the time .* their mean"):
        AdaptiveRegressor(effort=1).fit({"date": X["date"], "price": X["price"]}, sales, lags=1)


def test_a_report_shows_rows_with_their_past(fitted) -> None:
    shown = fitted.report_data()["rows"]
    assert shown["n_rows"] == fitted.background_.n_samples
    assert {one["column"] for one in shown["effects"]} & {*fitted.model_.predictor.past.lags.names}


def test_several_targets_have_no_lags() -> None:
    X, sales = rows(30)
    with pytest.raises(InputError, match="Lags are made of one target"):
        AdaptiveRegressor(effort=1).fit(X, np.stack([sales, sales], 1), time="date", lags=1)


def test_an_update_goes_on_behind_the_new_rows(fitted, tmp_path) -> None:
    fitted.save(tmp_path / "sales.madaline")
    model = madaline.load(tmp_path / "sales.madaline")
    X, sales = rows(1, N_DAYS)
    model.update(X, sales)
    assert "2 new rows are too few" in model.model_.updates[-1].sentence
    X, _ = rows(2, N_DAYS + 1)
    ahead = model.forecast(2, X)
    np.testing.assert_array_equal(ahead["date"][:2], FIRST + (N_DAYS + 1 + np.arange(2)) * DAY)
    known = {name: np.concatenate([rows(1, N_DAYS)[0][name], X[name]]) for name in X}
    known["target"] = np.concatenate([sales, np.full(4, np.nan)])
    np.testing.assert_array_equal(model.predict(X), fitted.predict(known)[2:])
    with pytest.raises(InputError, match="All new rows are no later"):
        model.update(*rows(1, N_DAYS - 1))
    with pytest.raises(InputError, match="keep_rows is 3"):
        model.update(X, X["price"], keep_rows=3)


def test_networks_learn_from_the_rows_of_an_update(fitted, tmp_path) -> None:
    fitted.save(tmp_path / "sales.madaline")
    model = madaline.load(tmp_path / "sales.madaline")
    X, sales = rows(60, N_DAYS)
    wave = 30 * np.sin(np.arange(len(sales)) / 2)  # the world is another one now
    model.update(X, sales + wave)
    assert model.model_.updates[-1].kept == "adjusted"
    X, later = rows(4, N_DAYS + 60)
    later += 30 * np.sin((len(wave) + np.arange(8)) / 2)
    as_it_was = {name: np.concatenate([rows(60, N_DAYS)[0][name], X[name]]) for name in X}
    as_it_was["target"] = np.concatenate([sales + wave, np.full(8, np.nan)])
    errors = [
        np.mean((one - later) ** 2) for one in (model.predict(X), fitted.predict(as_it_was)[-8:])
    ]
    assert errors[0] < errors[1]
    model.save(tmp_path / "later.madaline")
    again = madaline.load(tmp_path / "later.madaline")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert np.isfinite(again.forecast(2, X)["target_low"]).all()


def test_what_needs_a_model_without_lags_says_so(fitted) -> None:
    X, sales = rows(30)
    for use in (fitted.watch, lambda: fitted.to_onnx("sales.onnx")):
        with pytest.raises(InputError, match="A model with lags of target cannot be"):
            use()
    with pytest.raises(InputError, match="keep_rows is 5"):
        AdaptiveRegressor(effort=1, keep_rows=5).fit(X, sales, time="date", series="store", lags=1)
    with pytest.warns(LaterRowsWarning, match="of each store predicts better"):
        without = AdaptiveRegressor(effort=1, random_state=0).fit(X, sales, time="date")
    with pytest.raises(InputError, match="The model has no lags"):
        without.forecast()


def test_a_model_adds_up_its_forecasts(tmp_path) -> None:
    rng = np.random.default_rng(0)
    months = np.arange(np.datetime64("2015-01"), np.datetime64("2019-01")).astype("M8[D]")
    X = {"shop": np.repeat(["a", "b", "c"], 48), "month": np.tile(months, 3)}
    common = np.tile(rng.normal(size=48), 3)
    sales = (
        10 + 5 * np.tile(np.sin(np.arange(48) * np.pi / 6), 3) + common + 0.1 * rng.normal(size=144)
    )
    model = AdaptiveRegressor(effort=4, preset="quick", random_state=0)
    model.fit(X, sales, time="month", lags=True, horizon=3)
    assert model.model_.predictor.past.lags.correlation > 0.8
    ahead = model.forecast(totals=True)
    total, single = ahead["shop"] == ALL, ahead["shop"] != ALL
    np.testing.assert_array_equal(
        ahead["target"][total], ahead["target"][single].reshape(3, 3).sum(axis=0)
    )
    width = ahead["target_high"] - ahead["target_low"]
    assert np.all(width[total] > 0.8 * width[single].reshape(3, 3).sum(axis=0))
    path = tmp_path / "sales.madaline"
    model.save(path)
    again = madaline.load(path).forecast(totals=True)
    np.testing.assert_array_equal(again["target_low"], ahead["target_low"])


def test_what_has_no_totals_is_refused() -> None:
    months = np.arange(np.datetime64("2015-01"), np.datetime64("2019-01")).astype("M8[D]")
    sales = np.sin(np.arange(48) * np.pi / 6)
    model = AdaptiveRegressor(effort=2, preset="quick", random_state=0)
    model.fit({"month": months}, sales, time="month", lags=1)
    with pytest.raises(InputError, match="nothing to add up"):
        model.forecast(totals=True)


def with_anomalies():
    """Return six shops by month, and which rows have an odd value."""
    rng = np.random.default_rng(3)
    months = np.arange(np.datetime64("2015-01"), np.datetime64("2021-01")).astype("M8[D]")
    season = 10 + 3 * np.sin(np.arange(72) * np.pi / 6)
    sizes = np.repeat([1.0, 5, 30, 100, 400, 1000], 72)
    X = {"shop": np.repeat([*"abcdef"], 72), "month": np.tile(months, 6)}
    sales = sizes * (np.tile(season, 6) + 0.5 * rng.normal(size=432))
    odd = np.array([40, 72 + 50, 4 * 72 + 60])
    return X, sales, odd, np.where(np.isin(np.arange(432), odd), sales + 6 * sizes, sales)


def test_odd_values_are_found_in_series_of_any_size_and_those_behind_them_are_not(tmp_path) -> None:
    X, sales, odd, changed = with_anomalies()
    model = AdaptiveRegressor(effort=8, preset="quick", random_state=0)
    model.fit(X, sales, time="month", lags=True)
    assert len(model.find_anomalies(X, sales, rate=0.01)["row"]) <= 0.03 * 432
    found = model.find_anomalies(X, changed, rate=0.01)
    assert set(odd) <= set(found["row"].tolist())
    assert len(found["row"]) <= len(odd) + 0.03 * 432
    place = found["row"].tolist().index(odd[1])
    assert found["shop"][place] == "b"
    assert found["target"][place] > found["target_high"][place] > found["expected"][place]
    named = model.find_anomalies(X | {"target": changed}, rate=0.01)
    np.testing.assert_array_equal(named["row"], found["row"])
    model.save(tmp_path / "shops.madaline")
    again = madaline.load(tmp_path / "shops.madaline").find_anomalies(X, changed, rate=0.01)
    np.testing.assert_array_equal(again["expected"], found["expected"])


def test_a_shift_is_found_where_it_begins() -> None:
    X, sales, _, _ = with_anomalies()
    model = AdaptiveRegressor(effort=8, preset="quick", random_state=0)
    model.fit(X, sales, time="month", lags=True)
    shifted = np.where((X["shop"] == "d") & (np.arange(432) % 72 >= 55), sales + 600, sales)
    found = model.find_anomalies(X, shifted)
    assert 3 * 72 + 55 in found["row"]


def test_what_has_no_anomalies_to_find_is_refused() -> None:
    X, sales, _, _ = with_anomalies()
    model = AdaptiveRegressor(effort=2, preset="quick", random_state=0)
    model.fit(X, sales, time="month", lags=True)
    with pytest.raises(InputError, match="rows lack 'target'"):
        model.find_anomalies(X)
    with pytest.raises(InputError, match="rate is 3"):
        model.find_anomalies(X, sales, rate=3)


def test_what_a_hurried_person_gives_gets_a_sentence() -> None:
    X, sales, _, _ = with_anomalies()
    model = AdaptiveRegressor(effort=2, preset="quick", random_state=0)
    model.fit(X, sales, time="month", lags=True)
    for given, message in (
        (({name: column[:0] for name, column in X.items()}, []), "no rows"),
        ((X, sales[:2]), "y has 2 values, but X has 432 rows"),
        ((X, ["a"] * len(sales)), "number"),
    ):
        with pytest.raises(InputError, match=message):
            model.find_anomalies(*given)
    odd = {**X, "shop": np.where(X["shop"] == "a", ALL, X["shop"])}
    model.fit(odd, sales, time="month", lags=True)
    with pytest.raises(InputError, match="the name of totals"):
        model.forecast(totals=True)
    named = {"month": X["month"], "row": X["shop"]}
    model.fit(named, sales, time="month", lags=True)
    with pytest.raises(InputError, match="named 'row'"):
        model.find_anomalies(named, sales)
    apart = {**X, "item": np.tile(["x", "y\x1f"], 216)}
    with pytest.raises(InputError, match="control character"):
        model.fit(apart, sales, time="month", lags=True, series=["shop", "item"])
