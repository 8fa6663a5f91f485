"""The page of one network: runs learn as far as they are asked to, and Python does the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.playground.conftest import playing

from madaline import NeuralNetwork
from madaline._apps.playground.datasets import DATASETS
from madaline._apps.playground.learning import NetworkRun
from madaline._apps.playground.learning_data import LearningData
from madaline._apps.playground.options import ACTIVATIONS, OPTIMIZERS, NetworkOptions
from madaline._apps.playground.page import Sessions, read_asked
from madaline._apps.playground.pictures import SIDE, frame_of, grid_points, reach_of
from madaline._apps.playground.python_code import python_code
from madaline._apps.playground.tables import UserTable
from madaline._apps.serve.messages import Refusal

PENGUINS = Path(__file__).resolve().parents[2] / "examples" / "data" / "penguins.csv"


def read_frame(content: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the header and the arrays of a frame."""
    length = int.from_bytes(content[:4], "little")
    header, rest = json.loads(content[4 : 4 + length]), content[4 + length :]
    arrays = {
        name: np.frombuffer(rest, kind, count=int(np.prod(shape)), offset=start).reshape(shape)
        for name, (kind, shape, start) in header.pop("arrays").items()
    }
    return header, arrays


def start(client, **options: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    reply = client.post("/network/start", options)
    assert reply.status == 200, reply.body
    return read_frame(reply.body)


def advance(client, run: str, epochs: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    reply = client.post("/network/advance", {"run": run, "epochs": epochs})
    assert reply.status == 200, reply.body
    return read_frame(reply.body)


def test_a_run_begins_untrained_and_learns_what_it_is_asked_to(client) -> None:
    first, arrays = start(client, data="moons", hidden=[4, 2], rows=100)
    assert (first["epoch"], first["layers"], first["classes"]) == (0, [2, 4, 2, 1], ["0", "1"])
    assert arrays["map"].shape == (SIDE, SIDE)
    assert arrays["units"].shape == (6, 24, 24)
    assert arrays["weights"].size == 2 * 4 + 4 * 2 + 2
    assert abs(arrays["points"]).max() < 1
    assert arrays["held_out"].sum() == 30
    header, later = advance(client, first["run"], 150)
    assert header["epoch"] == 150
    assert [epoch for epoch, _, _ in header["losses"]] == list(range(150))
    assert header["loss"][0] < 0.5 * first["loss"][0]
    assert header["score"][0] > 0.9
    assert (later["map"] != arrays["map"]).mean() > 0.5
    header, _ = advance(client, first["run"], 1)
    assert (header["epoch"], len(header["losses"])) == (151, 1)


def test_the_map_shows_what_the_network_predicts_at_each_place() -> None:
    options = NetworkOptions(data="moons", rows=100)
    run = NetworkRun(options, LearningData.of(options, None))
    run.advance(30)
    frame = frame_of(run, [])
    reach = reach_of(run.data.plane.points)
    points = grid_points(reach, SIDE)
    top_left, bottom_right = points[0], points[-1]
    assert (top_left[0] < 0 < top_left[1], bottom_right[1] < 0 < bottom_right[0]) == (True, True)
    expected = run.network.forward(points)[:, 0].reshape(SIDE, SIDE)
    np.testing.assert_allclose(frame.arrays["map"] / 255, expected, atol=1 / 255)


@pytest.mark.parametrize("name", DATASETS)
def test_same_seed_same_run_and_other_seed_another(client, name: str) -> None:
    def losses(seed: int, *pieces: int) -> list[list[float]]:
        first, _ = start(client, data=name, rows=60, seed=seed)
        return [loss for n in pieces for loss in advance(client, first["run"], n)[0]["losses"]]

    assert losses(1, 3, 2) == losses(1, 5) != losses(2, 5)


CASES = [
    *({"data": name} for name in DATASETS),
    *({"activation": name, "batch_size": 0} for name in ACTIVATIONS),
    *({"optimizer": name, "learning_rate": 0.01} for name in OPTIMIZERS),
    {"l1": 0.01, "l2": 0.003, "data": "hill", "noise": 0.0},
    {"features": ["x1", "x2", "x1x1", "x2x2", "x1x2", "sin1", "sin2"], "hidden": []},
    {"adaptive": True, "data": "circles"},
    {"held_out": 0.0},
    {"data": "table", "columns": ["bill_length_mm", "island"], "target": "species"},
    {"data": "table", "columns": ["year", "bill_depth_mm"], "target": "body_mass_g"},
    {"data": "table", "columns": ["year", "bill_depth_mm"], "target": "sex", "rows": 400},
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(map(str, case.values())))
def test_the_python_does_the_same(case: dict[str, Any], monkeypatch) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    monkeypatch.chdir(PENGUINS.parent)
    options = read_asked(NetworkOptions, {"rows": 80, **case})
    table = UserTable.read(PENGUINS) if options.dataset is None else None
    run = NetworkRun(options, LearningData.of(options, table))
    run.advance(25)
    lines: dict[str, Any] = {}
    exec(python_code(run), lines)
    network = lines["network"]
    assert [one.loss for one in network.history_] == [one.loss for one in run.network.history_]
    if not options.adaptive:
        losses = run.losses()
        assert network.loss_ == pytest.approx(losses[0], rel=1e-12)
        if options.held_out:
            assert network.validation_loss_ == pytest.approx(losses[1], rel=1e-12)
    assert len(network.decisions_) == len(run.network.decisions_)


@pytest.mark.parametrize("options", [{}, {"l1": 0.01}, {"adaptive": True, "held_out": 0.0}])
def test_weights_can_be_changed_by_hand_and_the_python_does_so_too(client, options) -> None:
    first, arrays = start(client, data="xor", hidden=[3], rows=60, **options)
    run = {"run": first["run"]}

    def change(**place: Any) -> Any:
        return client.post("/network/change", {**run, **place})

    header, changed = read_frame(change(layer=0, source=1, unit=2, value=2.5).body)
    assert header["epoch"] == 0
    np.testing.assert_array_equal(np.flatnonzero(changed["weights"] != arrays["weights"]), [5])
    assert changed["weights"][5] == 2.5
    advance(client, first["run"], 7)
    _, changed = read_frame(change(layer=1, source=None, unit=0, value=-1).body)
    assert changed["biases"].tolist()[-1] == -1
    later, _ = advance(client, first["run"], 5)
    space: dict[str, Any] = {}
    exec(client.post("/network/code", run).json["code"], space)
    assert space["network"].loss_ == pytest.approx(later["loss"][0], rel=1e-12)
    for unit in (3, -1):
        assert "no such weight" in change(layer=0, value=1, source=0, unit=unit).sentence
    assert "source is 'a'" in change(layer=0, source="a", unit=0, value=1).sentence
    assert "value is 'much'" in change(layer=0, source=0, unit=0, value="much").sentence


def test_the_advice_against_overfitting_holds() -> None:
    def held_out(epochs: int, **settings: Any) -> float:
        options = NetworkOptions(data="moons", noise=0.5, rows=50, hidden=(8, 8), **settings)
        run = NetworkRun(options, LearningData.of(options, None))
        while run.epoch < epochs:
            run.advance(epochs - run.epoch)
        return run.losses()[1]

    assert held_out(500) > 1.4 * held_out(100)
    assert held_out(500, l2=0.03) < 1.05 * held_out(100, l2=0.03) < held_out(100)


def test_l1_makes_weights_zero_that_are_not_needed() -> None:
    def zeros(l1: float) -> float:
        options = NetworkOptions(data="clouds", hidden=(8,), l1=l1, learning_rate=0.3)
        run = NetworkRun(options, LearningData.of(options, None))
        run.advance(100)
        return float(np.mean(run.network.weights[0] == 0))

    assert zeros(0.0) == 0
    assert zeros(0.1) > 0.3


def test_decisions_are_told_as_they_fall_and_with_their_outcome(client) -> None:
    first, _ = start(client, data="circles", adaptive=True)
    told: dict[int, list[str]] = {}
    for _ in range(40):
        for at, _, sentence in advance(client, first["run"], 5)[0]["decisions"]:
            told.setdefault(at, []).append(sentence)
    options = NetworkOptions(data="circles", adaptive=True)
    run = NetworkRun(options, LearningData.of(options, None))
    run.advance(200)
    assert list(told) == list(range(len(told)))
    assert [each[-1] for each in told.values()] == [one.sentence for one in run.network.decisions_]
    twice = [each for each in told.values() if len(each) > 1]
    assert twice
    assert all(each[0][:40] == later[:40] for each in twice for later in each[1:])


def test_where_the_coach_stops_the_page_is_told_and_the_python_stops_too() -> None:
    options = NetworkOptions(data="moons", noise=0.5, rows=50, hidden=(8, 8), adaptive=True)
    run = NetworkRun(options, LearningData.of(options, None))
    while not run.ended:
        assert run.epoch < 2000
        run.advance(100)
    epochs = run.epoch
    header = frame_of(run, run.advance(5)).header
    assert (header["ended"], header["epoch"]) == (True, epochs)
    lines: dict[str, Any] = {}
    exec(python_code(run), lines)
    assert lines["network"].decisions_ == run.network.decisions_
    assert lines["network"].loss_ == pytest.approx(run.losses()[0], rel=1e-12)


def test_a_step_is_explained_with_all_its_numbers(client) -> None:
    first, _ = start(client, data="xor", hidden=[3], seed=4)
    lines = client.post("/network/step", {"run": first["run"], "row": 7}).json["lines"]
    assert lines[0].startswith("One step of gradient descent: x = (")
    assert any(line.startswith("   hidden unit 3: sum = ") for line in lines)
    assert lines[-1].startswith("After the update: prediction ")
    assert client.post("/network/step", {"run": first["run"], "row": 300}).status == 400
    large, _ = start(client, hidden=[8, 8])
    sentence = client.post("/network/step", {"run": large["run"], "row": 0}).sentence
    assert "105 parameters" in sentence


def test_the_network_can_be_taken_away(client, tmp_path) -> None:
    first, _ = start(client, data="spirals", hidden=[5], rows=60)
    advance(client, first["run"], 10)
    (tmp_path / "network.npz").write_bytes(client.post("/network/file", {"run": first["run"]}).body)
    options = NetworkOptions(data="spirals", hidden=(5,), rows=60)
    run = NetworkRun(options, LearningData.of(options, None))
    run.advance(10)
    loaded = NeuralNetwork.load(tmp_path / "network.npz")
    assert (loaded.loss_, loaded.validation_loss_) == run.losses()
    np.testing.assert_array_equal(loaded.forward(run.data.x), run.network.forward(run.data.x))


def test_a_table_is_dropped_and_two_of_its_columns_are_learned_from(client) -> None:
    told = client.post("/network/table?name=C%3A%5Cpenguins.csv", PENGUINS.read_bytes()).json
    assert (told["name"], told["rows"], told["target"]) == ("penguins.csv", 344, "species")
    assert told["columns"] == ["flipper_length_mm", "bill_length_mm"]  # which tell most of it
    chosen = {"data": "table", "table": told["table"], "target": "species"}
    first, arrays = start(client, **chosen, columns=["bill_length_mm", "island"], rows=200)
    assert first["classes"] == ["Adelie", "Chinstrap", "Gentoo"]
    assert first["notes"]["codes"] == {"island": "0 Biscoe, 1 Dream, 2 Torgersen"}
    assert (first["notes"]["left_out"], first["notes"]["complete"]) == (2, 342)
    assert arrays["map"].shape == (3, SIDE, SIDE)
    assert len(np.unique(arrays["points"][:, 1])) == 3
    header, _ = advance(client, first["run"], 60)
    assert header["score"][1] > 0.8
    low, high = first["ends"][0]
    assert low < 34 < 55 < high
    same = client.post("/network/start", {**chosen, "columns": ["species", "island"]})
    assert "the target and an axis" in same.sentence
    missing = client.post("/network/start", {**chosen, "columns": ["wings", "island"]})
    assert "has no column 'wings'" in missing.sentence
    gone = {**chosen, "table": "gone", "columns": ["year", "island"]}
    assert client.post("/network/start", gone).status == 410


def test_columns_that_are_nearly_the_same_make_no_plane(client) -> None:
    rows = np.random.default_rng(0).normal(size=(60, 3))
    lines = [f"{x:.3f},{2 * x + 1:.3f},{y:.3f},{noise:.3f},{x + y > 0}" for x, y, noise in rows]
    table = "\n".join(["x,double,y,noise,class", *lines]).encode()
    told = client.post("/network/table?name=table.csv", table).json
    assert told["target"] == "class"
    assert set(told["columns"]) in ({"x", "y"}, {"double", "y"})
    first, _ = start(
        client, data="table", **{name: told[name] for name in ("table", "target", "columns")}
    )
    label, *shares = first["baseline"]
    assert label in first["classes"]
    assert all(0.3 < share < 0.8 for share in shares)


def test_a_category_that_tells_nearly_all_is_an_axis(client) -> None:
    rng = np.random.default_rng(0)
    league, noise = rng.integers(2, size=90), rng.normal(size=(90, 2))
    moved = np.where(rng.random(90) < 0.05, 1 - league, league)
    lines = [
        f"{a:.2f},{'AN'[old]},{'xyz'[n % 3]},{b:.2f},{'AN'[new]}"
        for n, (a, b, old, new) in enumerate(zip(*noise.T, league, moved, strict=True))
    ]
    table = "\n".join(["hits,league,team,runs,next_league", *lines]).encode()
    told = client.post("/network/table?name=table.csv", table).json
    assert told["target"] == "next_league"
    assert told["columns"][0] == "league"
    assert told["columns"][1] in ("hits", "runs")  # not another category


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a\n" + b"1\n2\n3\n" * 4, "has 1 column of numbers or categories"),
        (b"name,number\n" + b"x,1\ny,2\n" * 5, "of numbers or categories"),
        (b"a,b,c\n" + b"1,2,x\n1,3,y\n" * 9, "has 2 columns of numbers or categories"),
        (b"a,b,c\n1,2,x\n3,4,y\n", "has 2 rows: give a table with 10 rows or more"),
        (b"", "table.csv"),
    ],
)
def test_tables_without_a_plane_are_refused(client, content: bytes, sentence: str) -> None:
    reply = client.post("/network/table?name=table.csv", content)
    assert sentence in reply.sentence
    assert "/tmp" not in reply.sentence


@pytest.mark.parametrize("name", ["x" * 300 + ".csv", "..", "%00.csv", "../../a.csv", ""])
def test_names_of_files_may_be_anything(client, name: str) -> None:
    for path in ("/network/table", "/race/table"):
        told = client.post(f"{path}?name={name}", PENGUINS.read_bytes())
        assert told.status == 200
        assert len(told.json["name"]) <= 60


def test_a_table_is_found_again_by_the_key_in_the_address() -> None:
    with playing() as client:
        told = client.post("/network/table?name=penguins.csv", PENGUINS.read_bytes()).json
        assert client.post("/network/known", {"table": told["table"]}).json == told
        race = client.post("/race/known", {"table": told["table"]}).json
        assert (race["table"], race["target"]) == (told["table"], "species")
        assert f'"table": "{told["table"]}"' in client.get("/race").body.decode()
        for path in ("/network/known", "/race/known"):
            reply = client.post(path, {"table": "other"})
            assert (reply.status, reply.sentence) == (
                410,
                "The server does not have this table: open its file again.",
            )
    with playing(table=PENGUINS) as client:  # another server has the same key for the same file
        assert client.post("/network/known", {"table": told["table"]}).status == 200


def test_the_last_column_of_classes_is_predicted_unless_another_is_named_so(client) -> None:
    rows = "".join(f"{row},{row % 7},{'uv'[row % 2]},{'pq'[row % 3 > 0]}\n" for row in range(30))
    for header, target in (("a,b,kind,last", "last"), ("a,b,Class,last", "Class")):
        table = f"{header}\n{rows}".encode()
        assert client.post("/network/table?name=t.csv", table).json["target"] == target


def test_a_table_may_be_too_large_for_a_race_alone(tmp_path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a,b,c\n" + "1,2,x\n3,1,y\n" * 10_001)
    with playing(table=path) as client:
        assert '"table": {"axes"' in client.get("/").body.decode()
        assert '"table": null' in client.get("/race").body.decode()


def test_a_table_of_the_command_is_offered_from_the_start() -> None:
    with playing(table=PENGUINS) as client:
        text = client.get("/").body.decode()
        assert '"name": "penguins.csv"' in text


@pytest.mark.parametrize(
    "options",
    [
        {"data": "stars"},
        {"rows": 3},
        {"rows": "many"},
        {"hidden": [9]},
        {"hidden": [2] * 7},
        {"hidden": 4},
        {"features": []},
        {"features": ["x3"]},
        {"learning_rate": 0},
        {"held_out": True},
        {"optimizer": "sgd "},
        {"data": "table"},
        [],
    ],
)
def test_other_settings_are_refused_with_a_sentence(client, options: Any) -> None:
    reply = client.post("/network/start", options)
    assert reply.status in (400, 410)
    assert reply.sentence.count(":") >= 1
    assert "bug" not in reply.sentence


def test_runs_that_are_not_kept_any_more_are_told_as_such(run_async) -> None:
    async def look_up() -> str:
        sessions = Sessions[int](2)
        first, second, third = (sessions.add(value) for value in range(3))
        for key, value in ((second, 1), (third, 2)):
            async with sessions.of(key) as kept:
                assert kept == value
        with pytest.raises(Refusal, match="not kept any more") as refusal:
            async with sessions.of(first):
                pass
        assert refusal.value.status == 410
        return "done"

    assert run_async(look_up()) == "done"


def test_a_rate_that_is_too_high_ends_in_no_number(client) -> None:
    first, _ = start(client, data="plane", learning_rate=1000, rows=60)
    header, arrays = advance(client, first["run"], 60)
    assert header["loss"] == [None, None]
    assert set(np.unique(arrays["map"])) <= {0, 128, 255}
