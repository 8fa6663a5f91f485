"""The page of a population: the real race, step by step, and what it tells."""

from __future__ import annotations

import contextlib
import io
import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.fits import fitting_of
from tests.playground.conftest import playing

from madaline import AdaptiveClassifier
from madaline._apps.playground.datasets import DATASETS
from madaline._apps.playground.page import read_asked
from madaline._apps.playground.plane import Plane
from madaline._apps.playground.race import RaceRequest, race_facts
from madaline._apps.playground.race_run import RaceRun
from madaline._apps.playground.tables import UserTable
from madaline._tables.table import Table
from madaline.errors import InputError

SMALL = {"rows": 80, "noise": 0.2, "effort": 4, "seed": 1}


def frame(reply: Any) -> dict[str, Any]:
    """Read a frame as the page does."""
    assert reply.status == 200, reply.body
    length = int.from_bytes(reply.body[:4], "little")
    header = json.loads(reply.body[4 : 4 + length])
    arrays = {
        name: np.frombuffer(reply.body, kind, int(np.prod(shape)), 4 + length + start).reshape(
            shape
        )
        for name, (kind, shape, start) in header["arrays"].items()
    }
    return header | {"arrays": arrays}


def raced(client: Any, **asked: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Let a race run to its end; return the first answer, and those of all steps."""
    start = frame(client.post("/race/start", {**SMALL, **asked}))
    steps, since = [], start["next"]
    while not steps or not steps[-1]["ended"]:
        steps.append(frame(client.post("/race/next", {"run": start["run"], "since": since})))
        since = steps[-1]["next"]
    return start, steps


@pytest.fixture(scope="module")
def moons(client) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    return raced(client, data="moons")


def test_each_step_tells_one_epoch(moons) -> None:
    start, steps = moons
    assert [event["kind"] for event in start["events"]] == ["start"]
    for epoch, step in enumerate(steps[:4], start=1):
        losses = [event for event in step["events"] if event["kind"] == "loss"]
        assert {event["epoch"] for event in losses} == {epoch}
        assert len({event["lane"] for event in losses}) == len(losses) > 1
        ensemble = [event for event in step["events"] if event["kind"] == "ensemble"]
        assert sum(ensemble[-1]["weights"].values()) == pytest.approx(1)
        best = min(event["loss"] for event in losses)
        assert epoch > 1 or ensemble[-1]["single"]["gain"] == pytest.approx(
            best - ensemble[-1]["loss"], abs=1e-6
        )
    assert steps[-1]["events"][-1]["kind"] == "end"


def test_a_lane_joins_before_its_losses_and_each_fold_has_one(moons) -> None:
    start, steps = moons
    lanes: set[str] = set()
    for event in (event for step in steps for event in step["events"]):
        if event["kind"] == "lane":
            lanes.add(event["lane"])
        if event["kind"] == "loss":
            assert event["lane"] in lanes
            folds = event["folds"]
            assert len(folds) == start["events"][0]["folds"]
            assert min(folds) <= event["loss"] <= max(folds)


def test_decisions_and_score_are_those_of_the_estimator(moons) -> None:
    start, steps = moons
    space: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(start["python"], space)
    told = [e for step in steps for e in step["events"] if e["kind"] == "decision"]
    decisions = space["model"].decisions_
    assert [event["sentence"] for event in told] == [one.sentence for one in decisions]
    assert len(told) > 3
    end = steps[-1]["events"][-1]
    first = end["scores"][0]
    assert printed.getvalue().startswith(f"{first['metric']} {first['value']}")
    weights = {member.recipe_id for member in space["model"].model_.summary.members}
    assert set(end["weights"]) == weights


def test_maps_are_what_networks_predict(moons) -> None:
    start, steps = moons
    last = steps[-1]["arrays"]["map "]
    space: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(start["python"], space)
    (low_x, high_x), (low_y, high_y) = start["plane"]["sides"]
    corners = [[low_x, high_y], [high_x, high_y], [low_x, low_y], [high_x, low_y]]
    predicted = space["model"].predict_proba(np.array(corners))[:, 1]
    drawn = last[[0, 0, -1, -1], [0, -1, 0, -1]] / 255
    np.testing.assert_allclose(drawn, predicted, atol=0.003)
    lanes = {name for step in steps for name in step["arrays"]}
    assert len(lanes) > 3
    assert len(start["plane"]["points"]) == SMALL["rows"]


@pytest.mark.parametrize("data", DATASETS)
def test_the_python_makes_the_same_rows(data: str) -> None:
    asked = read_asked(RaceRequest, {**SMALL, "data": data})
    space: dict[str, Any] = {}
    exec(asked.python("classification").partition("model =")[0], space)
    data = asked.fitting().prepared.data
    columns = np.stack(list(data.table.columns.values()), axis=1)
    np.testing.assert_array_equal(columns, space["x"])
    np.testing.assert_array_equal(data.target, space["y"])


@pytest.mark.slow
def test_a_table_of_the_visitor_races_with_all_columns(client, penguins) -> None:
    told = client.ask("POST", "/race/table?name=penguins.csv", penguins.read_bytes(), {}).json
    columns = told["columns"]
    assert "species" in columns
    asked = {"data": "table", "table": told["table"], "target": "species"}
    start, steps = raced(client, **asked, effort=2)
    facts = start["events"][0]
    assert facts["columns"] == len(columns) - 1
    assert start["plane"] is None
    assert facts["classes"] == ["Adelie", "Chinstrap", "Gentoo"]
    assert (
        "AdaptiveClassifier(effort=2, random_state=1).fit('penguins.csv', 'species')"
        in (start["python"])
    )
    model = AdaptiveClassifier(effort=2, random_state=1).fit(str(penguins), "species")
    assert steps[-1]["events"][-1]["scores"][0]["value"] in str(model.scores_[0])


def test_numbers_race_on_a_plane_and_several_classes_have_a_map_each() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (60, 2))
    names = np.array(["left", "middle", "right"], object)[np.digitize(x[:, 0], [-0.3, 0.3])]
    for target, shape in ((x[:, 0] * x[:, 1], (40, 40)), (names, (3, 40, 40))):
        table = Table({"a": x[:, 0], "b": x[:, 1]})
        fitting = fitting_of(table, target, effort=2, members="networks", folds=3)
        plane = Plane.of(fitting)
        run = RaceRun(fitting, plane)
        run.advance()
        pixels = [event["pixels"] for event in run.log.events if event["kind"] == "map"]
        assert pixels[0].dtype == np.uint8
        assert pixels[0].shape == shape


def test_no_plane_for_other_columns() -> None:
    x = np.linspace(0, 1, 60)
    table = Table({"a": x, "b": np.array(["u", "v"] * 30, object)})
    assert Plane.of(fitting_of(table, x, effort=2, folds=3)) is None
    assert Plane.of(fitting_of(Table({"a": x}), x, effort=2, folds=3)) is None


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"data": "rings"}, "data is 'rings'"),
        ({"data": "xor", "rows": 5}, "rows is 5, but must be a whole number from 60 to 2000."),
        ({"data": "xor", "rows": True}, "rows is true"),
        ({"data": "xor", "noise": "much"}, "noise is 'much'"),
        ({"data": "table", "table": "none", "target": "c"}, "does not have this table"),
        ({"data": "table", "target": 3}, "target is 3"),
        ([], "no object"),
    ],
)
def test_what_cannot_race_is_refused_in_a_sentence(client, asked: Any, sentence: str) -> None:
    assert sentence in client.post("/race/start", asked).sentence


def test_refusals_of_steps(client) -> None:
    assert "not kept any more" in client.post("/race/next", {"run": "none"}).sentence
    assert "no object" in client.post("/race/next", []).sentence
    start = frame(client.post("/race/start", {**SMALL, "data": "xor"}))
    refused = client.post("/race/next", {"run": start["run"], "since": -1})
    assert "since is -1" in refused.sentence


def test_tables_that_cannot_be_learned_are_refused() -> None:
    asked = read_asked(RaceRequest, {**SMALL, "data": "table", "target": "b"})
    table = UserTable.of_content("t.csv", b"a,b\n" + b"1,2\n" * 60)
    with pytest.raises(InputError, match="only one"):
        asked.fitting(table)
    names = "".join(f"{row},n{row},2026-01-{row % 28 + 1:02}\n" for row in range(90))
    many = UserTable.of_content("t.csv", f"a,b,c\n{names}".encode())
    with pytest.raises(InputError, match="b holds 90 different values in 90 rows"):
        asked.fitting(many)
    with pytest.raises(InputError, match="c holds dates"):
        replace(asked, target="c").fitting(many)
    with pytest.raises(InputError, match=r"t\.csv has no column 'c': it has a, b"):
        replace(asked, target="c").fitting(table)
    with pytest.raises(InputError, match=r"long\.csv has 20,001 rows"):
        race_facts(UserTable.of_content("../long.csv", b"a,b\n" + b"1,2\n" * 20_001))


def test_small_races_do_not_wait_for_a_compiler(client) -> None:
    for data in DATASETS:
        fitting = read_asked(RaceRequest, {"data": data, "rows": 2000}).fitting()
        assert fitting.race.backend.name == "numpy"


def test_the_page_names_what_it_shows() -> None:
    with playing() as client:
        page = client.get("/race").body.decode()
    for word in ("Recipe", "Fold", "Ensemble"):
        assert f"<dt>{word}</dt>" in page
    facts = json.loads(re.search(r'id="facts">(.*?)</script>', page).group(1))
    assert [one["name"] for one in facts["datasets"]] == [*DATASETS]
    assert facts["table"] is None
