"""The page of a stream: networks that learn row by row, and a world that changes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from tests.playground.test_playground_race import frame

from madaline._playground.stream_run import WINDOW, StreamRun
from madaline.errors import InputError


def memory_weights(run: StreamRun, told: dict[str, Any]) -> dict[int, float]:
    """Return the weight of all networks of each memory."""
    weights: dict[int, float] = {}
    for member, weight in zip(run.members, told["weights"], strict=True):
        weights[member["memory"]] = weights.get(member["memory"], 0.0) + weight
    return weights


@pytest.fixture(scope="module")
def drifted() -> tuple[StreamRun, list[dict[str, Any]]]:
    """A stream of 1,200 rows, a sudden drift, and 600 rows more."""
    run = StreamRun(seed=0)
    told = [run.play(50) for _ in range(24)]
    told[-1]["events"].append(run.drift("sudden"))
    return run, [*told, *(run.play(50) for _ in range(12))]


def test_networks_that_learn_on_follow_a_drift_and_others_do_not(drifted) -> None:
    run, told = drifted
    before, after = told[23], told[29]
    assert before["accuracy"] > 0.85
    assert after["accuracy"] > after["frozen"] + 0.15
    assert before["frozen"] is None
    assert memory_weights(run, before)[8192] > 0.5
    assert memory_weights(run, after)[8192] < 0.1


def test_the_python_makes_the_same_rows_and_predicts_the_same() -> None:
    run = StreamRun(seed=3)
    for kind in ("sudden", "gradual"):
        for rows in (40, 70, 10):
            told = run.play(rows)
        run.drift(kind)
    told = run.play(60)
    space: dict[str, Any] = {}
    exec(run.python(), space)
    assert np.mean(space["right"][-WINDOW:]) == told["accuracy"]
    weights = space["model"].learner_.weighting.weights
    np.testing.assert_array_equal(weights, told["weights"])


def test_speed_does_not_change_the_stream() -> None:
    fast, slow = StreamRun(seed=1), StreamRun(seed=1)
    told = fast.play(120)
    for rows in (50, 1, 69):
        step = slow.play(rows)
    assert (step["accuracy"], step["weights"]) == (told["accuracy"], told["weights"])


def test_a_drift_is_noticed_soon_and_only_then(drifted) -> None:
    alarms = [event for told in drifted[1] for event in told["events"] if event["kind"] == "alarm"]
    assert len(alarms) == 1
    assert 1200 < alarms[0]["row"] < 1250
    assert alarms[0]["now"] > alarms[0]["before"]


def test_networks_of_a_short_memory_take_the_lead_after_a_drift(drifted) -> None:
    leads = [event for told in drifted[1] for event in told["events"] if event["kind"] == "lead"]
    memories = [event["memory"] for event in leads]
    assert all(one != other for one, other in pairwise(memories))
    assert min(event["weight"] for event in leads) >= 0.65
    shortest = next(one for one in leads if one["row"] > 1200 and one["memory"] == 32)
    assert shortest["row"] < 1250


def test_a_gradual_drift_mixes_two_worlds() -> None:
    run = StreamRun(seed=1)
    run.play(100)
    run.drift("gradual")
    shares = [run.play(100)["new"] for _ in range(5)]
    assert shares == [0.25, 0.5, 0.75, 1.0, 1.0]


def test_the_same_seed_plays_the_same_stream() -> None:
    def play(seed: int) -> tuple[Any, Any]:
        run = StreamRun(seed)
        told = run.play(60)
        return told, run.arrays()

    (told, arrays), (again, same) = play(3), play(3)
    assert told == again
    for name in arrays:
        np.testing.assert_array_equal(arrays[name], same[name])
    assert play(4)[0]["weights"] != told["weights"]


def test_arrays_are_the_latest_rows_and_two_maps() -> None:
    run = StreamRun(seed=0)
    for _ in range(3):
        run.play(100)
    arrays = run.arrays()
    assert arrays["rows"].shape == (WINDOW, 4)
    assert arrays["map"].shape == arrays["truth"].shape == (40, 40)
    above = arrays["truth"] > 127
    assert (above == (arrays["map"] > 127)).mean() > 0.8


@pytest.mark.parametrize("rows", [0, 1000, "many", None, 2.5])
def test_wrong_numbers_of_rows_are_refused(rows: Any) -> None:
    with pytest.raises(InputError, match="give a whole number from 1 to"):
        StreamRun(0).play(rows)
    with pytest.raises(InputError, match="give sudden or gradual"):
        StreamRun(0).drift("slow")


def test_the_page_plays_and_drifts(client) -> None:
    start = client.post("/stream/start", {"seed": 5}).json
    assert len(start["members"]) == 18
    told = frame(client.post("/stream/next", {"run": start["run"], "rows": 30}))
    assert told["row"] == 30
    drift = client.post("/stream/drift", {"run": start["run"], "kind": "sudden"}).json
    assert drift["row"] == 31
    assert "seed is -1" in client.post("/stream/start", {"seed": -1}).sentence
    assert "JSON object" in client.post("/stream/start", 3).sentence
    assert client.post("/stream/next", {"run": "gone", "rows": 1}).status == 410
