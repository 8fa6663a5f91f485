"""Rows that are predicted are watched, labels come later, and alarms are told everywhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from pathlib import Path

import pytest
from tests.serve.conftest import serving
from tests.serve.test_serve_models import wait_for

from madaline._models.watching.monitor import Monitor
from madaline.errors import InputError


def test_a_change_raises_an_alarm(files, records, tmp_path) -> None:
    with serving({"m": files["binary"]}, watch=tmp_path) as client:
        changed = [record | {"length": 400 + 50 * n} for n, record in enumerate(records)]
        for start in range(40):
            keys = [f"{start}-{number}" for number in range(20)]
            assert client.post("/predict", {"rows": changed, "keys": keys}).status == 200
        wait_for(lambda: client.get("/alarms").json["alarms"])
        wait_for(lambda: client.get("/alarms").json["rows"] == 800)
        told = client.get("/alarms").json
        assert "length" in {alarm["name"] for alarm in told["alarms"]}
        assert any("length: median" in sentence for sentence in client.log)
        metrics = client.get("/metrics").body.decode()
        assert re.search(r'madaline_alarms_total\{model="m",what="values"\} [1-9]', metrics)
        learned = client.post("/labels", {"keys": ["3-1", "3-2"], "labels": ["yes", "no"]}).json
        assert (learned["rows"], learned["labels"]) == (800, 2)
        refused = client.post("/labels", {"keys": ["3-1"], "labels": ["yes"]})
        assert (refused.status, "No row waits" in refused.sentence) == (400, True)
    with serving({"m": files["binary"]}, watch=tmp_path) as client:
        assert client.get("/alarms").json == {**told, "labels": 2}
    (state,) = tmp_path.iterdir()
    state.write_bytes(state.read_bytes()[:-9])
    with serving({"m": files["binary"]}, watch=tmp_path) as client:
        assert client.get("/alarms").json["rows"] == 0
        assert "starts anew" in client.log[0]


def test_watching_goes_on_where_a_state_cannot_be_saved(
    files, records, tmp_path, monkeypatch
) -> None:
    def refuse(*_: object) -> None:
        raise InputError("m.watch is not written.")

    monkeypatch.setattr("madaline._apps.serve.watching._SAVE_SECONDS", -1.0)
    monkeypatch.setattr(Monitor, "save", refuse)
    with serving({"m": files["binary"]}, watch=tmp_path) as client:
        for number in range(1, 3):
            assert client.post("/predict", {"rows": records}).status == 200
            wait_for(lambda: client.get("/alarms").json["rows"] == 20 * number)  # noqa: B023
        assert "The state of watching m was not saved: m.watch is not written." in client.log[-1]


def test_rows_of_all_shapes_are_watched_in_their_order(files, records, tmp_path) -> None:
    with serving({"m": files["regression"]}, watch=tmp_path) as client:
        client.post("/predict", records)
        client.post("/predict", {"rows": records[0] | {"length": "7"}, "keys": [7]})
        client.post("/predict", {"rows": records[0], "keys": ["x"]})
        client.post("/invocations", {"dataframe_records": records})
        client.post("/predict", {"rows": records[0] | {"length": "long"}, "keys": ["bad"]})
        learned = client.post("/labels", {"keys": [7, "x"], "labels": [1000.5, 999]}).json
        assert (learned["rows"], learned["labels"], learned["alarms"]) == (42, 2, [])


def test_a_row_that_is_sent_again_is_observed_once(files, records, tmp_path) -> None:
    with serving({"m": files["regression"]}, watch=tmp_path) as client:
        for _ in range(2):
            body = {"rows": records[0], "keys": ["order 7"]}
            assert client.post("/predict", body).status == 200
        wait_for(lambda: 'unwatched_total{model="m"} 1.0' in client.get("/metrics").body.decode())
        learned = client.post("/labels", {"keys": ["order 7"], "labels": [1000.5]}).json
        assert (learned["rows"], learned["labels"]) == (1, 1)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"keys": ["a"], "labels": []}, "labels is [], but must be a list of 1 to"),
        ({"keys": ["a"], "labels": [1, 2]}, "1 keys for 2 rows"),
        ({"keys": [1.5], "labels": [1]}, "keys.0 is 1.5, but must be a short text or a whole"),
        ({"keys": ["b", "a", "a"], "labels": [1, 2, 3]}, "keys has 'a' twice"),
        ({"keys": ["a"], "labels": [None]}, "labels.0 is null, but must be a class, or a number"),
        ({"keys": ["a"]}, "The body lacks labels"),
        ([], "The body is [], but must be an object"),
    ],
)
def test_labels_that_are_none(only, body, words) -> None:
    assert words in only.post("/labels", body).sentence


def test_nothing_is_watched_unless_that_is_wanted(only, records) -> None:
    for reply in (
        only.get("/alarms"),
        only.post("/labels", {"keys": ["a"], "labels": ["yes"]}),
        only.post("/predict", {"rows": records[:1], "keys": ["a"]}),
    ):
        assert (reply.status, "--watch FOLDER" in reply.sentence) == (404, True)


def test_the_same_file_anew_loses_no_row(files, records, tmp_path) -> None:
    """Rows that wait, and their keys, outlive a file whose time alone has changed."""
    path, states = tmp_path / "m.madaline", tmp_path / "states"
    states.mkdir()
    shutil.copy(files["binary"], path)
    with serving({"m": path}, watch=states) as client:
        before = client.get("/v2/models/m").json["versions"]
        client.post("/predict", {"rows": records[:2], "keys": ["a", "b"]})
        reads = counted(client, 'madaline_loads_total{model="m",outcome="done"}')
        os.utime(path, (1, 1))
        wait_for(lambda: counted(client, 'madaline_loads_total{model="m",outcome="done"}') > reads)
        client.post("/predict", {"rows": records[:1], "keys": ["c"]})
        learned = client.post("/labels", {"keys": ["a", "b", "c"], "labels": ["yes", "no", "yes"]})
        assert (learned.json["rows"], learned.json["labels"]) == (3, 3)
        assert client.get("/v2/models/m").json["versions"] == before
        assert client.log == []
    with serving({"m": path}, watch=states) as client:
        assert client.get("/alarms").json["rows"] == 3


def test_another_model_is_watched_anew_and_the_one_before_resumes(files, records, tmp_path) -> None:
    path, states = tmp_path / "m.madaline", tmp_path / "states"
    states.mkdir()
    shutil.copy(files["binary"], path)
    with serving({"m": path}, watch=states) as client:
        client.post("/predict", {"rows": records, "keys": list(range(20))})
        versions = [client.get("/v2/models/m").json["versions"]]
        for task, n_rows in (("multiclass", 0), ("binary", 20)):
            shutil.copy(files[task], tmp_path / "new")
            os.replace(tmp_path / "new", path)
            wait_for(lambda: client.get("/v2/models/m").json["versions"] != versions[-1])
            versions.append(client.get("/v2/models/m").json["versions"])
            assert client.get("/alarms").json["rows"] == n_rows
            wait_for(lambda: any("old version predicted are refused" in one for one in client.log))
            client.log.clear()
        assert client.post("/labels", {"keys": [7], "labels": ["yes"]}).json["labels"] == 1
    assert len(list(states.iterdir())) == 2


@pytest.mark.parametrize(
    "key", ["k" * 201, "\ud800", 2**64, -(2**63) - 1, 10**4000, True], ids=lambda key: str(key)[:9]
)
def test_a_key_that_the_state_cannot_hold_is_refused(files, records, tmp_path, key) -> None:
    words = "lone surrogate" if key == "\ud800" else "keys.0 is"
    with serving({"m": files["binary"]}, watch=tmp_path) as client:
        for path, body in (
            ("/predict", {"rows": records[:1], "keys": [key]}),
            ("/labels", {"keys": [key], "labels": ["yes"]}),
        ):
            reply = client.post(path, json.dumps(body).encode())
            assert (reply.status, words in reply.sentence) == (400, True)
        known = ["k" * 200, 2**64 - 1, "\U0001f600"]
        assert client.post("/predict", {"rows": records[:3], "keys": known}).status == 200
    with serving({"m": files["binary"]}, watch=tmp_path) as client:
        assert client.get("/alarms").json["rows"] == 3
        learned = client.post("/labels", {"keys": known, "labels": ["yes"] * 3}).json
        assert learned["labels"] == 3


@pytest.mark.parametrize(
    "label", ["1e400", "-1e400", "1e308", str(10**400), '"' + "y" * 100_001 + '"']
)
def test_a_label_that_the_state_cannot_hold_is_refused(files, records, tmp_path, label) -> None:
    with serving({"m": files["regression"]}, watch=tmp_path) as client:
        client.post("/predict", {"rows": records[:2], "keys": ["a", "b"]})
        reply = client.post("/labels", f'{{"keys": ["a"], "labels": [{label}]}}'.encode())
        assert (reply.status, "labels.0 is" in reply.sentence) == (400, True)
        learned = client.post("/labels", {"keys": ["a", "b"], "labels": [99e98, -99e98]}).json
        assert learned["labels"] == 2
    with serving({"m": files["regression"]}, watch=tmp_path) as client:
        assert client.get("/alarms").json["labels"] == 2


def test_no_row_makes_a_state_that_cannot_be_read(files, records, tmp_path) -> None:
    odd = [
        {"city": "x" * 200_000},
        {"city": "ü" * 200_000},
        {"city": 10**4000},
        {"length": 1e308, "width": -1e308},
        {"length": -1e308, "width": 1e308},
        {"length": 5e-324},
        {"day": "9999-12-31"},
        {"day": "0001-01-01"},
        {"count": 2**63},
    ]
    with serving({"m": files["binary"]}, watch=tmp_path) as client:
        taken = 0
        for number, change in enumerate(40 * odd):
            body = {"rows": [records[number % 20] | change], "keys": [number]}
            taken += client.post("/predict", body).status == 200
        wait_for(lambda: client.get("/alarms").json["rows"] == taken)
        assert taken > 100
    with serving({"m": files["binary"]}, watch=tmp_path) as client:
        assert client.get("/alarms").json["rows"] == taken
        assert client.log == []
    (state,) = tmp_path.iterdir()
    assert state.stat().st_size < 10_000_000


def test_a_state_that_could_not_be_read_replaces_none(
    files, records, tmp_path, monkeypatch
) -> None:
    """Whatever gets into the state: the one that is there stays, and the log tells."""
    from madaline._models.watching.monitor import Monitor

    save = Monitor.save

    def spoiled(monitor: Monitor, path: Path) -> None:
        monitor.n_labels = -1
        save(monitor, path)

    with serving({"m": files["binary"]}, watch=tmp_path) as client:
        client.post("/predict", {"rows": records, "keys": list(range(20))})
    monkeypatch.setattr(Monitor, "save", spoiled)
    with serving({"m": files["binary"]}, watch=tmp_path) as client:
        client.post("/predict", records)
    assert "was not saved" in client.log[-1]
    monkeypatch.undo()
    assert len(list(tmp_path.iterdir())) == 1
    with serving({"m": files["binary"]}, watch=tmp_path) as client:
        assert client.get("/alarms").json["rows"] == 20
        assert client.log == []


def test_a_state_that_cannot_be_read_is_kept(files, records, tmp_path) -> None:
    for damage in ("first", "second"):
        with serving({"m": files["binary"]}, watch=tmp_path) as client:
            client.post("/predict", records)
        (state,) = tmp_path.glob("*.watch")
        state.write_text(damage)
    with serving({"m": files["binary"]}, watch=tmp_path) as client:
        (sentence,) = client.log
        assert "starts anew, the state is kept as" in sentence
        assert f"{state.name}.unreadable1" in sentence
    kept = sorted(tmp_path.glob("*.unreadable*"))
    assert [one.read_text() for one in kept] == ["first", "second"]


def test_ending_takes_no_longer_than_it_may(files, records, tmp_path, monkeypatch) -> None:
    """Many rows of one request, and many requests, are left out, and the state is saved."""
    from madaline._models.watching.monitor import Monitor

    observe = Monitor.observe
    monkeypatch.setattr(
        Monitor, "observe", lambda *args, **named: time.sleep(0.5) or observe(*args, **named)
    )
    with serving({"m": files["binary"]}, watch=tmp_path, shutdown_timeout=8) as client:
        assert client.post("/predict", records * 50).status == 200
        mixed = [records, {"rows": records, "keys": list(range(20))}]
        for number in range(30):  # groups that are observed one by one
            assert client.post("/predict", mixed[number % 2]).status == 200
    left = int(re.search(r"m: the last ([\d,]+) rows came", client.log[-1])[1].replace(",", ""))
    monkeypatch.undo()
    with serving({"m": files["binary"]}, watch=tmp_path) as client:
        assert client.get("/alarms").json["rows"] == 1600 - left
        assert 600 < left < 1600


def test_parts_of_many_rows_raise_the_same_alarms(files, records, models, tmp_path) -> None:
    rows = [record | {"length": 400 + 50 * n} for n, record in enumerate(records)] * 40
    monitor = models["binary"].watch()
    monitor.observe(rows, keys=range(800))
    with serving({"m": files["binary"]}, watch=tmp_path) as client:
        client.post("/predict", {"rows": rows, "keys": list(range(800))})
        wait_for(lambda: client.get("/alarms").json["rows"] == 800)
        found = [alarm["sentence"] for alarm in client.get("/alarms").json["alarms"]]
        assert found == [alarm.sentence for alarm in monitor.alarms] != []
        assert client.post("/labels", {"keys": [0, 799], "labels": ["no", "no"]}).status == 200


def test_rows_that_wait_to_be_observed_are_bounded(files, records, tmp_path, monkeypatch) -> None:
    from madaline._apps.serve import watching

    monkeypatch.setattr(watching, "_MAX_WAITING_BYTES", 1000)
    with serving({"m": files["binary"]}, watch=tmp_path) as client:
        assert client.post("/predict", records).status == 200  # more than that
        assert client.post("/predict", records[:1]).status == 200
        wait_for(lambda: client.get("/alarms").json["rows"] == 1)
        assert counted(client, 'madaline_unwatched_total{model="m"}') == 20


def counted(client, name: str) -> float:
    """Return the value of a metric."""
    text = client.get("/metrics").body.decode()
    return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))
