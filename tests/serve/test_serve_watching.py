"""Rows that are predicted are watched, labels come later, and alarms are told everywhere."""

from __future__ import annotations

import re

import pytest
from tests.serve.conftest import serving
from tests.serve.test_serve_models import wait_for


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
        ({"keys": ["a"], "labels": []}, "no labels"),
        ({"keys": [], "labels": [1]}, "0 keys for 1 rows"),
        ({"keys": [1.5], "labels": [1]}, "A key is a number"),
        ({"keys": ["a", "a"], "labels": [1, 2]}, "The key 'a' comes twice"),
        ({"keys": ["a"], "labels": [None]}, "A label is null"),
        ({"keys": ["a"]}, "labels is null"),
        ([], "is a list"),
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
