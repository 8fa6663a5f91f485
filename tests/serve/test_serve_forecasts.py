"""Models with lags are served: rows with what is known, and the rows that come next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.serve.conftest import Client, serving

from madaline import AdaptiveRegressor, load
from madaline._apps.serve.settings import Settings
from madaline.errors import InputError

DAY = np.timedelta64(1, "D")
FIRST = np.datetime64("2026-01-01")
N_DAYS = 60


def table(n_days: int, first: int = 0) -> dict[str, np.ndarray]:
    """Return the rows of two stores, with visits that are not known in advance."""
    days = np.repeat(first + np.arange(n_days), 2)
    store = np.tile(np.array(["a", "b"], dtype=object), n_days)
    return {"day": FIRST + days * DAY, "store": store, "visits": 100.0 + days % 5}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a model."""
    X = table(N_DAYS)
    sales = np.where(X["store"] == "a", 100.0, 40.0) + np.arange(2 * N_DAYS) + X["visits"]
    model = AdaptiveRegressor(effort=4, random_state=0).fit(
        X, sales, time="day", series="store", lags=[1, 7], horizon=3, past="visits"
    )
    file = tmp_path_factory.mktemp("sales") / "sales.madaline"
    model.save(file)
    return file


@pytest.fixture(scope="module")
def client(path: Path) -> Iterator[Client]:
    """Serve the model."""
    with serving({"sales": path}) as client:
        yield client


def rows(n_days: int, first: int = N_DAYS, **known: list[float | None]) -> list[dict]:
    """Return rows as they are sent."""
    X = table(n_days, first)
    records = [
        {"day": str(day), "store": store} for day, store in zip(X["day"], X["store"], strict=True)
    ]
    for name, values in known.items():
        for record, value in zip(records, values, strict=True):
            record[name] = value
    return records


def test_rows_are_predicted_from_what_the_model_keeps(client, path) -> None:
    model, X = load(path), table(2, N_DAYS)
    answer = client.post("/predict", {"rows": rows(2), "coverage": 0.8, "explain": True}).json
    predicted = [one["prediction"] for one in answer["predictions"]]
    np.testing.assert_allclose(predicted, model.predict({n: X[n] for n in ("day", "store")}))
    assert all(one["interval"]["low"] <= one["prediction"] for one in answer["predictions"])
    assert "last known target" in answer["predictions"][0]["explanation"]["attributions"]
    assert "remarks" not in answer


def test_known_values_of_a_request_count(client, path) -> None:
    known = {"target": [500.0, 400.0, None, None], "visits": [90.0, 95.0, None, None]}
    answer = client.post("/predict", rows(2, **known)).json
    X = table(2, N_DAYS) | {name: np.array(own, float) for name, own in known.items()}
    predicted = [one["prediction"] for one in answer["predictions"]]
    np.testing.assert_allclose(predicted, load(path).predict(X), rtol=1e-6)
    assert predicted[2] > 300
    again = client.post("/predict", rows(2)).json  # nothing of one request stays for the next
    assert again["predictions"][2]["prediction"] < 350


def test_rows_far_ahead_come_with_a_remark(client) -> None:
    answer = client.post("/predict", rows(1, N_DAYS + 9)).json
    assert "more than 3 rows ahead" in answer["remarks"][0]


def test_the_next_rows(client, path) -> None:
    answer = client.post("/forecast", {"horizon": 2, "coverage": 0.5}).json
    expected = load(path).forecast(2, coverage=0.5)
    assert answer["target"] == "target"
    first = answer["forecasts"][0]
    assert list(first) == list(expected)
    assert first["day"] == str(FIRST + N_DAYS * DAY)
    for name in ("target", "target_low", "target_high"):
        given = [row[name] for row in answer["forecasts"]]
        np.testing.assert_allclose(given, expected[name], rtol=1e-6)
    assert len(client.post("/models/sales/forecast", {}).json["forecasts"]) == 6


def test_the_next_rows_begin_behind_those_that_are_known(client) -> None:
    known = {"target": [200.0, 150.0, None, None], "visits": [100.0, 100.0, None, None]}
    answer = client.post("/forecast", {"rows": rows(2, **known), "horizon": 1}).json
    assert {row["day"] for row in answer["forecasts"]} == {str(FIRST + (N_DAYS + 1) * DAY)}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"horizon": 4}, "up to 3 rows ahead"),
        ({"horizon": "two"}, "horizon is 'two'"),
        ({"horizon": True}, "horizon is true"),
        ({"coverage": 2}, "coverage"),
        ({"days": 3}, "a field 'days', which is unknown: there are coverage, horizon"),
        ({"rows": [{"day": "2026-03-02"}]}, "lack a column that the model needs: 'store'"),
        ({"rows": [{"day": "soon", "store": "a"}]}, "soon"),
        ({"rows": []}, "no rows"),
        ([], "must be an object"),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(client, body, sentence) -> None:
    assert sentence in client.post("/forecast", body).sentence


def test_long_answers_are_refused(path) -> None:
    with serving({"sales": path}, max_rows=5) as client:
        reply = client.post("/forecast", {})
        assert reply.status == 413
        assert "3 rows of each of 2 series are too many" in reply.sentence


def test_other_shapes_need_times_and_series_alone(client) -> None:
    answer = client.post("/invocations", {"dataframe_records": rows(1)}).json
    assert len(answer["predictions"]) == 2
    inputs = client.get("/v2/models/sales").json["inputs"]
    assert {one["name"] for one in inputs} == {"day", "store"}


def test_openapi_and_page_tell_of_them(client) -> None:
    described = client.get("/openapi.json").json
    assert "/forecast" in described["paths"]
    row = described["components"]["schemas"]["sales.row"]
    assert sorted(row["required"]) == ["day", "store"]
    assert {"target", "visits"} < set(row["properties"])
    page = client.get("/").body.decode()
    assert 'name="day"' in page
    assert "last known target</label>" not in page
    answer = client.post("/", b"day=2026-05-01&store=a").body.decode()
    assert "1 row more than 3 rows ahead" in answer


def test_models_with_lags_are_not_watched(path, tmp_path) -> None:
    from madaline._apps.serve.app import make_app

    with pytest.raises(InputError, match="A model with lags of target cannot be watched"):
        make_app(Settings({"sales": path}, watch=tmp_path))


def test_models_without_lags_have_no_forecasts(tmp_path) -> None:
    X = np.random.default_rng(0).normal(size=(60, 2))
    model = AdaptiveRegressor(effort=9, random_state=0).fit(X, X.sum(axis=1))
    model.save(tmp_path / "plain.madaline")
    with serving({"plain": tmp_path / "plain.madaline"}) as client:
        assert "The model has no lags" in client.post("/forecast", {}).sentence
        assert "/forecast" not in client.get("/openapi.json").json["paths"]
