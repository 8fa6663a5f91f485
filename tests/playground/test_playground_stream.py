"""The page of a stream: networks that learn row by row, and a world that changes."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from tests.playground.test_playground_race import frame

from madaline._apps.playground.page import read_asked
from madaline._apps.playground.pandas_code import reading_lines
from madaline._apps.playground.stream import Drift, Play
from madaline._apps.playground.stream_rows import WINDOW, UserTableRows, World, orders_of
from madaline._apps.playground.stream_run import StreamRun
from madaline._apps.playground.tables import UserTable
from madaline.errors import InputError


def world(seed: int) -> StreamRun:
    """Return a stream of the made-up world."""
    return StreamRun(World(seed), seed)


def memory_weights(run: StreamRun, told: dict[str, Any]) -> dict[int, float]:
    """Return the weight of all networks of each memory."""
    weights: dict[int, float] = {}
    for member, weight in zip(run.facts["members"], told["weights"], strict=True):
        weights[member["memory"]] = weights.get(member["memory"], 0.0) + weight
    return weights


@pytest.fixture(scope="module")
def drifted() -> tuple[StreamRun, list[dict[str, Any]]]:
    """A stream of 1,200 rows, a sudden drift, and 600 rows more."""
    run = world(0)
    told = [run.play(50) for _ in range(24)]
    told[-1]["events"].append(run.drift("sudden"))
    return run, [*told, *(run.play(50) for _ in range(12))]


def test_networks_that_learn_on_follow_a_drift_and_others_do_not(drifted) -> None:
    run, told = drifted
    before, after = told[23], told[29]
    assert before["score"] > 0.85
    assert after["score"] > after["frozen"] + 0.15
    assert before["frozen"] is None
    assert memory_weights(run, before)[8192] > 0.5
    assert memory_weights(run, after)[8192] < 0.1


def test_the_python_makes_the_same_rows_and_predicts_the_same() -> None:
    run = world(3)
    for kind in ("sudden", "gradual"):
        for rows in (40, 70, 10):
            told = run.play(rows)
        run.drift(kind)
    told = run.play(60)
    space: dict[str, Any] = {}
    exec(run.python(), space)
    assert np.mean(space["right"][-WINDOW:]) == told["score"]
    weights = space["model"].learner_.weighting.weights
    np.testing.assert_array_equal(weights, told["weights"])


def test_speed_does_not_change_the_stream() -> None:
    fast, slow = world(1), world(1)
    told = fast.play(120)
    for rows in (50, 1, 69):
        step = slow.play(rows)
    assert (step["score"], step["weights"]) == (told["score"], told["weights"])


def test_a_drift_is_noticed_soon_and_only_then(drifted) -> None:
    alarms = [event for told in drifted[1] for event in told["events"] if event["kind"] == "alarm"]
    assert len(alarms) == 1
    assert 1200 < alarms[0]["row"] < 1250
    assert alarms[0]["now"] > alarms[0]["before"]


def test_the_line_turned_once_around_is_known_again() -> None:
    run = world(0)
    told = []
    for __ in range(4):
        told += [run.play(200) for _ in range(4)]
        run.drift("sudden")
    back = next(e for one in told for e in one["events"] if e["kind"] == "back")
    assert 2400 < back["row"] < 2450
    assert "regime A is back, as in rows 1 to" in back["sentence"]
    assert [name for name, *_ in told[7]["regimes"]] == ["A", "B"]


def test_networks_of_a_short_memory_take_the_lead_after_a_drift(drifted) -> None:
    leads = [event for told in drifted[1] for event in told["events"] if event["kind"] == "lead"]
    memories = [event["memory"] for event in leads]
    assert all(one != other for one, other in pairwise(memories))
    assert min(event["weight"] for event in leads) >= 0.65
    shortest = next(one for one in leads if one["row"] > 1200 and one["memory"] == 32)
    assert shortest["row"] < 1250


def test_a_gradual_drift_mixes_two_worlds() -> None:
    run = world(1)
    run.play(100)
    run.drift("gradual")
    shares = [run.play(100) and run.rows.share_of_new(run.row) for _ in range(5)]
    assert shares == [0.25, 0.5, 0.75, 1.0, 1.0]


def test_the_same_seed_plays_the_same_stream() -> None:
    def play(seed: int) -> tuple[Any, Any]:
        run = world(seed)
        told = run.play(60)
        return told, run.arrays()

    (told, arrays), (again, same) = play(3), play(3)
    assert told == again
    for name in arrays:
        np.testing.assert_array_equal(arrays[name], same[name])
    assert play(4)[0]["weights"] != told["weights"]


def test_arrays_are_the_latest_rows_and_two_maps() -> None:
    run = world(0)
    for _ in range(3):
        run.play(100)
    arrays = run.arrays()
    assert arrays["rows"].shape == (WINDOW, 4)
    assert arrays["map"].shape == arrays["truth"].shape == (32, 32)
    above = arrays["truth"] > 127
    assert (above == (arrays["map"] > 127)).mean() > 0.8


@pytest.mark.parametrize("rows", [0, 1000, "many", None, 2.5])
def test_wrong_numbers_of_rows_are_refused(rows: Any) -> None:
    with pytest.raises(InputError, match="a whole number from 1 to"):
        read_asked(Play, {"run": "a", "rows": rows})
    with pytest.raises(InputError, match="'sudden', 'gradual'"):
        read_asked(Drift, {"run": "a", "kind": "slow"})


def test_the_page_plays_and_drifts(client) -> None:
    start = client.post("/stream/start", {"seed": 5}).json
    assert len(start["members"]) == 18
    told = frame(client.post("/stream/next", {"run": start["run"], "rows": 30}))
    assert told["row"] == 30
    drift = client.post("/stream/drift", {"run": start["run"], "kind": "sudden"}).json
    assert drift["row"] == 31
    assert "seed is -1, but" in client.post("/stream/start", {"seed": -1}).sentence
    assert client.post("/stream/freeze", {"run": start["run"]}).json["row"] == 31
    assert "no object" in client.post("/stream/start", 3).sentence
    assert client.post("/stream/next", {"run": "gone", "rows": 1}).status == 410


def table_of(folder: Any, name: str, text: str, encoding: str = "utf-8") -> UserTable:
    """Write a file, and read it as the page does."""
    path = folder / name
    path.write_text(text, encoding)
    return UserTable.read(path)


def prices(n_rows: int = 260) -> list[str]:
    """Return lines of a table with dates, levels, gaps, and numbers with a decimal comma."""
    rng = np.random.default_rng(0)
    lines = ["day;town;price;open;up;note"]
    for row in range(n_rows):
        day, price = f"{1 + row % 28:02}.{1 + row // 28 % 12:02}.2024", rng.normal(2000, 300)
        number = f"{price:,.2f}".translate(str.maketrans(",.", ".,")) if row % 9 else ""
        up = "yes" if price > 2000 + row else "no"
        told = f"word{row} sentence{row} number{row}"
        lines.append(f"{day};{rng.choice(['Köln', 'Ulm'])};{number};{row % 3 == 0};{up};{told}")
    return lines


def check_python(run: StreamRun, told: dict[str, Any], folder: Any, monkeypatch: Any) -> None:
    """Run the lines that a page shows, and compare all numbers."""
    monkeypatch.chdir(folder)
    space: dict[str, Any] = {}
    exec(run.python(), space)
    assert np.mean(space["noted"][-WINDOW:]) == told["score"]
    assert np.mean(space["same"][-WINDOW:]) == told["same"]
    weights = space["model"].learner_.weighting.weights
    np.testing.assert_array_equal(weights, told["weights"])


@pytest.mark.parametrize(("target", "order"), [("up", ""), ("price", "day"), ("town", "price")])
def test_the_python_of_a_table_gives_the_same_numbers(tmp_path, monkeypatch, target, order) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    table = table_of(tmp_path, "prices.csv", "\n".join(prices()))
    rows = UserTableRows(table, target, order)
    assert rows.left_out == ("note",)
    run = StreamRun(rows, 2)
    for _ in range(3):
        told = run.play(80)
    check_python(run, told, tmp_path, monkeypatch)


def test_a_table_ends_with_its_last_row(tmp_path) -> None:
    table = table_of(tmp_path, "few.csv", "\n".join(prices(50)))
    run = StreamRun(UserTableRows(table, "price", ""), 0)
    assert run.facts["rows"] == 44  # those with a price
    assert not run.play(40)["ended"]
    told = run.play(40)
    assert (told["row"], told["ended"]) == (44, True)
    assert run.arrays()["pairs"].shape == (44, 2)
    assert [one["row"] for one in run.latest(3)] == [44, 43, 42]
    assert run.play(40)["row"] == 44


def test_a_drift_of_a_table_is_found_and_columns_that_change_are_told(tmp_path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1200, 2)) + np.where(np.arange(1200) < 800, 0, 3)[:, None] * [0, 1]
    up = (x[:, 0] > 0) ^ (np.arange(1200) >= 800)
    lines = [f"{a:.3f},{b:.3f},{int(one)}" for (a, b), one in zip(x, up, strict=True)]
    run = StreamRun(
        UserTableRows(table_of(tmp_path, "t.csv", "\n".join(["a,b,up", *lines])), "up", ""), 0
    )
    events = []
    for step in range(12):
        if step == 8:
            assert run.freeze()["row"] == 801
        told = run.play(100)
        events += told["events"]
    assert told["score"] > told["frozen"] + 0.3
    leads = [event["sentence"] for event in events if event["kind"] == "lead"]
    assert leads == [one.sentence for one in run.learner.leads.decisions]
    assert "no longer those that remember 8,192" in leads[-1]
    alarm = next(event for event in events if event["kind"] == "alarm")
    assert 780 < alarm["since"] <= alarm["row"] < 900
    changed = [event for event in events if event["kind"] == "column"]
    assert [event["name"] for event in changed] == ["b"]
    assert changed[0]["sentence"].startswith("b: median")


def test_what_cannot_be_a_stream_is_refused(tmp_path) -> None:
    table = table_of(tmp_path, "prices.csv", "\n".join(prices(60)))
    assert orders_of(table) == ["day", "price"]
    for target, order, sentence in [
        ("no such", "", "prices.csv has no column 'no such'"),
        ("day", "", "day holds 60 different values in 60 rows, too many to be classes"),
        ("note", "", "too many to be classes"),
        ("up", "town", "no other column 'town' of dates or numbers: choose among day, price"),
        ("price", "price", "no other column 'price'"),
    ]:
        with pytest.raises(InputError, match=sentence):
            UserTableRows(table, target, order)
    with pytest.raises(InputError, match="only a made-up world changes"):
        StreamRun(UserTableRows(table, "up", ""), 0).drift("sudden")


def test_the_page_takes_a_table(client) -> None:
    file = "\n".join(prices(60)).encode()
    told = client.ask("POST", "/stream/table?name=prices.csv", file, {}).json
    assert (told["target"], told["orders"]) == ("up", ["day", "price"])
    asked = {"data": "table", "table": told["table"], "target": "up", "order": "day"}
    start = client.post("/stream/start", asked).json
    assert (start["task"], start["world"], start["rows"]) == ("classes", False, 60)
    reply = frame(client.post("/stream/next", {"run": start["run"], "rows": 20}))
    assert len(reply["latest"]) == 8
    assert client.post("/stream/known", {"table": told["table"]}).json == told
    assert client.post("/stream/start", asked | {"table": "gone"}).status == 410


@pytest.mark.parametrize("form", ["%Y年%m月%d日", "%d/%m/%y", "%b %d, %Y", "%Y-%m-%d"])
def test_the_python_reads_dates_as_people_write_them(tmp_path, monkeypatch, form: str) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    days = np.arange("2024-01-01", "2024-03-11", dtype="M8[D]").tolist()
    lines = [f'"{day.strftime(form)}",{place % 7}' for place, day in enumerate(days)]
    table = table_of(tmp_path, "days.csv", "\n".join(["day,y", *lines]))
    monkeypatch.chdir(tmp_path)
    space: dict[str, Any] = {"pd": pandas}
    exec("\n".join(reading_lines(table, ["day", "y"])), space)
    assert space["table"]["day"].to_list() == table.values["day"].tolist() == days_at_midnight(days)


def days_at_midnight(days: list[Any]) -> list[Any]:
    return [datetime(day.year, day.month, day.day) for day in days]


def test_of_all_columns_the_target_may_have_many_classes(tmp_path) -> None:
    lines = [f"{place % 30 + place / 1000},k{place % 30:02}" for place in range(300)]
    table = table_of(tmp_path, "classes.csv", "\n".join(["x,label", *lines]))
    assert (table.likely_target, table.likely_target_of_all) == ("x", "label")
