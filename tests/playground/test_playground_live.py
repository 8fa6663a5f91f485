"""A fit that one watches: the page looks on, and the fit has the same bits."""

from __future__ import annotations

import json
import re
import threading
from typing import Any

import numpy as np
import pytest
from tests.fits import fitting_of
from tests.playground.test_playground_race import frame
from tests.serve.conftest import Client

from madaline import AdaptiveClassifier
from madaline._apps.cli import main
from madaline._apps.playground.lanes import RaceLog
from madaline._apps.playground.live import LivePage
from madaline._models.fitting import Fitting
from madaline._race.checkpoint import save_checkpoint
from madaline._tables.table import Table
from madaline.errors import InputError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 2))
Y = (X[:, 0] > X[:, 1]).astype(int)


def fitting() -> Fitting:
    table = Table({"a": X[:, 0], "b": X[:, 1]})
    return fitting_of(table, Y, task="classification", effort=3, seed=0, folds=3)


def client_at(address: str) -> Client:
    return Client(int(address.rpartition(":")[2]))


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def live(said) -> Any:
    """A page that shows a fit which has not begun."""
    with LivePage(fitting(), said.append, browser=False) as page:
        yield page
        page._deadline = 0.0
    page._deadline = 0.0
    assert page.wait(60)


def test_the_page_follows_from_the_first_event_to_the_end(live, said) -> None:
    client, fit = client_at(live.address), live.log._fitting
    assert said == [f"Watch this fit at {live.address} (the page only looks)."]
    start = frame(client.post("/live/events", {"since": 0}))
    assert [event["kind"] for event in start["events"]] == ["start"]
    assert not start["ended"]
    for event in fit:
        live.take(*event)
    live.end(fit.model())
    rest = frame(client.post("/live/events", {"since": start["next"]}))
    kinds = [event["kind"] for event in rest["events"]]
    assert kinds[0] == "lane"
    assert kinds[-1] == "end"
    assert rest["ended"]
    told = [event["sentence"] for event in rest["events"] if event["kind"] == "decision"]
    assert told == [decision.sentence for decision in fit.decisions]
    assert live.wait(60)


def test_several_pages_may_look_and_each_gets_all(live) -> None:
    client = client_at(live.address)
    first = frame(client.post("/live/events", {"since": 0}))
    assert first == frame(client.post("/live/events", {"since": 0}))
    assert "since is 'x'" in client.post("/live/events", {"since": "x"}).sentence
    text = client.get("/?lang=zh").body.decode()
    assert '<html lang="zh">' in text
    facts = json.loads(re.search(r'id="facts">(.*?)</script>', text).group(1))
    assert facts["subject"] == "target"
    assert facts["plane"]["names"] == ["a", "b"]
    assert client.get("/race").status == 404


def test_a_fit_that_fails_is_told(said) -> None:
    page = LivePage(fitting(), said.append, browser=False)
    with pytest.raises(InputError), page:
        raise InputError("The table is gone.")
    assert page.log.events[-1] == {"kind": "failure", "sentence": "The table is gone."}
    page._deadline = 0.0
    assert page.wait(60)


def test_nobody_need_look(said, monkeypatch) -> None:
    monkeypatch.setattr(LivePage, "last_seconds", 0.1)
    page = LivePage(fitting(), said.append, browser=False)
    with page:
        page.take(*next(iter(page.log._fitting)))
    assert page.wait(60)
    assert page.log.events[-1]["sentence"] == "The fit was stopped."


@pytest.mark.slow
def test_python_fits_have_the_same_bits_with_and_without(capsys, monkeypatch) -> None:
    monkeypatch.setattr(LivePage, "last_seconds", 0.0)
    settings = {"effort": 4, "random_state": 0}
    plain = AdaptiveClassifier(**settings).fit(X, Y)
    watched = AdaptiveClassifier(**settings).fit(X, Y, live=True)
    assert re.match(r"Watch this fit at http://127\.0\.0\.1:\d+", capsys.readouterr().out)
    np.testing.assert_array_equal(plain.predict_proba(X), watched.predict_proba(X))
    assert list(map(str, plain.decisions_)) == list(map(str, watched.decisions_))
    assert dict(plain.history_) == dict(watched.history_)


@pytest.mark.slow
def test_the_command_serves_and_writes_the_same_file(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(LivePage, "last_seconds", 0.2)
    monkeypatch.chdir(tmp_path)
    rows = "\n".join(f"{a},{b},{c}" for (a, b), c in zip(X.tolist(), Y.tolist(), strict=True))
    (tmp_path / "t.csv").write_text(f"a,b,c\n{rows}\n")
    command = ["fit", "t.csv", "--target", "c", "--effort", "3"]
    assert main([*command, "-o", "plain.madaline"]) == 0
    assert "Watch" not in capsys.readouterr().err
    assert main([*command, "-o", "live.madaline", "--live"]) == 0
    told = capsys.readouterr().err
    address = re.search(r"Watch this fit at (\S+)", told).group(1)
    assert f"The page {address} can be opened for 0 s more" in told.replace("\n", " ")
    assert "no longer served" in told
    plain, live = ((tmp_path / name).read_bytes() for name in ("plain.madaline", "live.madaline"))
    assert plain == live


def test_a_fit_that_goes_on_tells_what_it_did_before(tmp_path) -> None:
    table = Table({"a": X[:, 0], "b": X[:, 1]})
    settings = {"effort": 5, "seed": 0, "folds": 3, "checkpoint": tmp_path / "t.checkpoint"}
    first = fitting_of(table, Y, task="classification", **settings)
    for record, _ in first:
        if record.epoch == 3:
            break
    assert first.checkpoint.path is not None
    save_checkpoint(first.checkpoint.path, first.race, first.records, first.decisions)
    second = fitting_of(table, Y, task="classification", **settings)
    assert second.records
    events = RaceLog(second).events
    losses = [event for event in events if event["kind"] == "loss"]
    assert [event["loss"] for event in losses] == [record.loss for record in second.records]
    assert {event["lane"] for event in events if event["kind"] == "lane"} == {
        record.recipe_id for record in second.records
    }


def test_many_fits_cannot_be_watched(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("a,b,c\n" + "1,u,2\n2,v,3\n" * 40)
    assert main(["fit", "t.csv", "--target", "c", "--by", "b", "--live"]) != 0
    assert "leave one of them out" in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.slow
def test_a_fit_does_not_wait_for_a_page_that_hangs(live) -> None:
    """A page that asks without end from another thread changes nothing."""
    client, fit, stop = client_at(live.address), live.log._fitting, threading.Event()

    def ask() -> None:
        while not stop.is_set():
            client.post("/live/events", {"since": 0})

    asking = threading.Thread(target=ask)
    asking.start()
    events = [live.take(*event) or event for event in fit]
    stop.set()
    asking.join()
    assert [str(one[1]) for one in events] == [str(one[1]) for one in fitting()]
