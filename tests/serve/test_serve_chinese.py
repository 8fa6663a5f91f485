"""A server that was started in Chinese: pages are Chinese, what programs read stays English."""

from __future__ import annotations

import re

import pytest
from tests.serve.conftest import serving

CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def chinese(files):
    """A client of a server in a process that speaks Chinese."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MADALINE_LANG", "zh")
        with serving({"binary": files["binary"]}, max_cells=2000, allow_hosts=()) as running:
            yield running


def test_errors_are_english(chinese, only) -> None:
    many = [{"width": 1}] * 1_000
    for body in (b"", b"[5]", b"{}", b'{"rows": [], "explian": true}', many, [{"width": "wide"}]):
        assert chinese.post("/predict", body).sentence
        assert not CHINESE.search(chinese.post("/predict", body).sentence)
    assert not CHINESE.search(chinese.get("/nothing").sentence)
    refused = chinese.ask("GET", "/", b"", {"host": "other.example"})
    assert refused.status == 403
    assert "is no name of this server" in refused.sentence


def test_answers_are_those_of_an_english_server(chinese, only, records) -> None:
    body = {"rows": records[:2], "explain": True}
    assert chinese.post("/predict", body).json == only.post("/predict", body).json
    assert not CHINESE.search(chinese.get("/openapi.json").body.decode())


def test_pages_and_the_story_are_chinese(chinese) -> None:
    for path in ("/models/binary", "/report", "/story"):
        assert CHINESE.search(chinese.get(path).body.decode()), path
    wrong = chinese.post("/models/binary", b"count=many")
    assert wrong.status == 400
    assert "请" in wrong.body.decode()
