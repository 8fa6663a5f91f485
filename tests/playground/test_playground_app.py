"""The application: pages in both languages, files, and who may ask."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from tests.playground.conftest import playing

from madaline._apps.playground import app
from madaline._apps.playground.app import PAGES
from madaline._apps.playground.datasets import DATASETS
from madaline._apps.playground.page import ArrayFrame
from madaline._apps.playground.tables import Tables
from madaline._base.language import catalog

PATHS = [make(Tables()).path for make in PAGES]


@pytest.mark.parametrize("path", PATHS)
def test_each_page_answers_in_both_languages(client, path: str) -> None:
    for language in ("en", "zh"):
        page = client.get(f"{path}?lang={language}")
        text = page.body.decode()
        assert page.status == 200
        assert f'<html lang="{language}">' in text
        assert ('aria-current="page">One network' in text) == (path == "/" and language == "en")
        assert "default-src 'none'" in text
        catalog = re.search(r'id="catalog">(.*?)</script>', text).group(1)
        assert bool(json.loads(catalog)) == (language == "zh")


def test_the_language_is_that_of_the_address_then_environment_then_browser(monkeypatch) -> None:
    def language(client, path: str = "/", **headers: str) -> str:
        return re.search(r'<html lang="(\w+)"', client.get(path, **headers).body.decode()).group(1)

    chinese = {"Accept-Language": "zh-CN,zh;q=0.9"}
    monkeypatch.delenv("MADALINE_LANG", raising=False)
    with playing() as client:
        assert language(client) == "en"
        assert language(client, **chinese) == "zh"
        assert language(client, "/?lang=en", **chinese) == "en"
        assert language(client, "/?lang=xx") == "en"
        monkeypatch.setenv("MADALINE_LANG", "zh")
        assert language(client) == "zh"
        monkeypatch.setenv("MADALINE_LANG", "en")
        assert language(client, **chinese) == "en"


@pytest.mark.parametrize("path", PATHS)
def test_a_page_loads_nothing_from_elsewhere_and_its_files_are_there(client, path: str) -> None:
    text = client.get(path).body.decode()
    scripts = set(re.findall(r'src="/static/([^"]+)"', text))
    seen: set[str] = set()
    while scripts - seen:
        name = (scripts - seen).pop()
        seen.add(name)
        file = client.get(f"/static/{name}")
        assert (file.status, file.headers["content-type"]) == (
            200,
            "text/javascript; charset=utf-8",
        )
        scripts |= set(re.findall(r'from "\./([^"]+)"', file.body.decode()))
    assert "base.js" in seen
    assert re.findall(r'(?:src|href)="(?!/|\?|#|data:,)', text) == []


@pytest.mark.parametrize("name", ["missing.js", "..%2Fapp.py", "app.py", "..%5Capp.js"])
def test_other_files_are_not_answered(client, name: str) -> None:
    assert "There is no file" in client.get(f"/static/{name}").sentence or name.startswith("..%2F")
    assert client.get(f"/static/{name}").status == 404


def test_pages_of_other_sites_and_other_names_are_refused(client) -> None:
    assert client.get("/", Host="evil.com").status == 403
    assert client.post("/", {}, Origin="http://evil.com").status == 403
    assert "nothing at /missing for GET" in client.get("/missing").sentence


def test_another_name_can_be_allowed() -> None:
    with playing(allow_hosts=("play.example.com",)) as client:
        assert client.get("/", Host="play.example.com").status == 200
        assert "start it with --allow-host evil.com" in client.get("/", Host="evil.com").sentence


def test_a_frame_holds_its_arrays_at_multiples_of_four_bytes() -> None:
    arrays = {
        "map": np.arange(6, dtype=np.uint8).reshape(2, 3),
        "weights": np.array([0.5, -2], np.float32),
    }
    content = ArrayFrame({"epoch": 3}, arrays).to_bytes()
    length = int.from_bytes(content[:4], "little")
    header, rest = json.loads(content[4 : 4 + length]), content[4 + length :]
    assert header["epoch"] == 3
    for name, array in arrays.items():
        kind, shape, start = header["arrays"][name]
        assert start % 4 == length % 4 == 0
        read = np.frombuffer(rest, kind, count=array.size, offset=start).reshape(shape)
        np.testing.assert_array_equal(read, array)


def sentences_of_pages() -> set[str]:
    """Return the sentences of all pages, as they stand in scripts and templates."""
    folder, found = Path(app.__file__).parent, {one.title for one in DATASETS.values()}
    for file in [*folder.glob("static/*.js"), *folder.glob("templates/*.html")]:
        text = file.read_text("utf-8")
        found |= {one for _, one in re.findall(r"""\bt\((["'])(.*?)\1[,)]""", text)}
        found |= set(re.findall(r"""(?:choice|slider)\("\w+", "([^"]+)\"""", text))
    return found | {make(Tables()).title for make in PAGES}


def test_each_sentence_of_the_pages_is_in_the_chinese_catalog() -> None:
    found = sentences_of_pages()
    assert len(found) > 200
    assert sorted(found - set(catalog("playground", "zh"))) == []


def test_translations_have_the_gaps_of_their_sentences() -> None:
    for english, chinese in catalog("playground", "zh").items():
        gaps = [sorted(re.findall(r"\{(\w+)", text)) for text in (english, chinese)]
        assert gaps[0] == gaps[1], english


def test_refusals_are_in_the_language_of_the_page(client) -> None:
    settings = {"data": "moons", "rows": 3}
    english = client.post("/network/start?lang=en", settings).sentence
    assert english == (
        "The request cannot be answered: rows is 3, but must be a whole number from 10 to 5000."
    )
    chinese = client.post("/network/start?lang=zh", settings).sentence
    assert chinese == "无法回答这个请求：rows 是 3，但必须是 10 到 5000 的整数。"
    for value in ([], {"data": "stars"}, {"hidden": [9]}, {"hidden": [2] * 9}, {"features": []}):
        assert re.search("[\u4e00-\u9fff]", client.post("/network/start?lang=zh", value).sentence)


def test_what_reads_tables_is_imported_before_threads_answer(monkeypatch):
    """A thread that imports polars lets scikit-learn fail in others until that has ended."""
    from madaline._apps.playground import run

    done = []

    class Server:
        def run(self, sockets):
            done.append("serve")

    monkeypatch.setattr(run, "load_polars", lambda: done.append("import"))
    monkeypatch.setattr(run, "make_server_of", lambda *_: Server())
    run.run_playground(run.PlaygroundSettings(port=0, browser=False), lambda _: None)
    assert done == ["import", "serve"]
