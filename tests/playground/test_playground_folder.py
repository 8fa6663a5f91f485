"""The playground in a folder: it answers a page as the server does, in both languages."""

from __future__ import annotations

import asyncio
import json
import operator
import re
import shutil
import subprocess
from itertools import accumulate, cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from madaline._apps.playground.datasets import DATASETS
from madaline._apps.playground.export import bundle, write_folder
from madaline._apps.playground.network import network_page
from madaline._apps.playground.options import ACTIVATIONS, OPTIMIZERS, NetworkOptions
from madaline._apps.playground.page import read_asked
from madaline._apps.playground.race import events_frame
from madaline._apps.playground.recording import RecordedRace
from madaline._apps.playground.tables import Tables
from madaline._base.language.choice import speaking

needs_node = pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")

_ASK = """
const [{ page, script, asked }] = [JSON.parse(require("fs").readFileSync(0, "utf8"))];
globalThis.document = {
  getElementById: (id) => ({ textContent: page[id] }),
  documentElement: { lang: page.lang },
  querySelectorAll: () => [],
};
performance.now = () => 0; // however long epochs take, all are trained that are asked for
(0, eval)(script);
setTimeout(async () => {
  const answered = [];
  let run = null;
  for (const [path, value] of asked) {
    let answer;
    try {
      answer = await globalThis.madalineAnswers[path]({ ...value, run });
    } catch (error) {
      answer = { error: error.message };
    }
    run = answer.run ?? run;
    for (const one of Object.values(answer.arrays ?? {})) one.values = [...one.values];
    answered.push({ ...answer, run: null });
  }
  process.stdout.write(JSON.stringify(answered));
}, 0);
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A new folder with the pages, Chinese first."""
    path = tmp_path_factory.mktemp("playground") / "new" / "pages"
    return write_folder(path, language="zh").parent


def _ask_page(folder: Path, language: str, asked: list[tuple[str, dict[str, Any]]]) -> Any:
    """Return what the page of a language answers by itself."""
    name = "index.html" if language == "zh" else f"index.{language}.html"
    text = (folder / name).read_text("utf-8")
    page = {id: re.search(rf'id="{id}">(.*?)</script>', text)[1] for id in ("facts", "catalog")}
    given = {
        "page": {**page, "lang": language},
        "script": bundle(("engine.js", "folder.js")),
        "asked": asked,
    }
    command = ["node", "-e", _ASK]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True)
    assert not done.stderr
    return json.loads(done.stdout)


def _ask_server(language: str, asked: list[tuple[str, dict[str, Any]]]) -> Any:
    """Return what the server answers."""
    page = network_page(Tables())

    async def answers() -> list[Any]:
        run, answered = "", []
        for path, value in asked:
            answer = page.routes[path]
            kind = answer.__annotations__["asked"]
            kind = getattr(__import__(answer.__module__, fromlist=[kind]), kind)
            told = await answer(read_asked(kind, {**value, "run": run}))
            if hasattr(told, "header"):
                arrays = {name: array.tolist() for name, array in told.arrays.items()}
                told = {**told.header, "arrays": arrays}
            run = told.get("run", run)
            answered.append(json.loads(json.dumps({**told, "run": None})))
        return answered

    with speaking(language):
        return asyncio.run(answers())


def _assert_same(there: Any, here: Any) -> None:
    """Compare what a page answers with what the server does, which tells more."""
    for name, value in here.items():
        if name == "arrays":
            for one, array in there["arrays"].items():
                wanted = np.asarray(value[one])
                if wanted.ndim > 2 and wanted.size:
                    assert array["shape"] == list(wanted.shape), one
                atol = 1 if wanted.dtype.kind == "i" else 1e-5  # of 255
                np.testing.assert_allclose(array["values"], wanted.ravel(), atol=atol, err_msg=one)
            assert there["arrays"].keys() == value.keys()
        elif name in ("loss", "score", "losses", "ends", "range", "learning_rate"):
            wanted = np.array(value, float)
            np.testing.assert_allclose(np.array(there[name], float), wanted, atol=1e-6)
        elif name not in ("reach", "features"):  # which no page reads
            assert there[name] == value, name


def test_a_folder_has_each_page_in_each_language(folder) -> None:
    names = {path.name for path in folder.iterdir()}
    stems = ("index", "race", "stream")
    assert names == {f"{stem}{code}.html" for stem in stems for code in ("", ".en")}
    for name in names:
        text = (folder / name).read_text("utf-8")
        assert f'<html lang="{"en" if ".en" in name else "zh"}">' in text
        assert "connect-src" not in text  # nothing but the default, which is nothing
        links = set(re.findall(r'href="([^"#]+)', text))
        assert links - {"data:,"} <= names


def test_a_recorded_race_has_the_events_of_the_server() -> None:
    race = RecordedRace.of("moons")
    with speaking("en"):
        frames = [*race.frames()]
        whole = events_frame(race.log, 0)
    assert [event for frame in frames for event in frame.header["events"]] == whole.header["events"]
    assert [frame.header["ended"] for frame in frames] == [*[False] * (len(frames) - 1), True]
    assert frames[0].header["plane"]["names"] == ["x0", "x1"]
    with speaking("zh"):
        sentences = [
            event["sentence"]
            for frame in race.frames()
            for event in frame.header["events"]
            if event["kind"] == "decision"
        ]
    assert len(sentences) > 10
    assert all(re.search("[\u4e00-\u9fff]", sentence) for sentence in sentences)


CASES: list[dict[str, Any]] = [
    *({"data": name, "noise": 0.35, "rows": 251, "seed": 7} for name in DATASETS),
    *({"activation": name, "hidden": [3]} for name in ACTIVATIONS),
    *({"optimizer": name, "learning_rate": 0.01, "noise": 0} for name in OPTIMIZERS),
    {"l1": 0.01, "l2": 0.003, "batch_size": 0, "held_out": 0, "seed": 9999},
    {"features": ["sin2", "x1", "x1x2"], "hidden": [], "data": "hill"},
    {"data": "circles", "adaptive": True, "learning_rate": 1},
    {"data": "digits", "hidden": [], "activation": "relu", "rows": 1797},
    {"hidden": [8, 8, 8], "adaptive": True},
]


@needs_node
@pytest.mark.parametrize(("case", "language"), [*zip(CASES, cycle(["en", "zh"]), strict=False)])
def test_a_page_answers_as_the_server_does(folder, case, language) -> None:
    place = {"layer": 0, "source": 1, "unit": 0}
    asked = [
        ("/network/start", {**NetworkOptions().to_json(), "rows": 80, **case}),
        *[("/network/advance", {"epochs": 1})] * 12,
        ("/network/change", {**place, "value": 2}),
        ("/network/advance", {"epochs": 1}),
        ("/network/change", {**place, "source": None, "value": -0.5}),
        ("/network/code", {}),
    ]
    if case.get("data") != "digits" and case.get("hidden") != [8, 8, 8]:  # too many parameters
        asked.append(("/network/step", {"row": 3}))
    here, there = _ask_server(language, asked), _ask_page(folder, language, asked)
    for one, other in zip(there, here, strict=True):
        _assert_same(one, other)


COACHED: list[dict[str, Any]] = [
    {"hidden": []},  # a higher rate, and a lower one
    {"hidden": [1], "data": "spirals", "noise": 0, "batch_size": 0},  # more units
    {
        "learning_rate": 30,
        "held_out": 0,
        "batch_size": 0,
        "data": "hill",
    },  # back to the best weights, twice
    {"hidden": [8, 8], "noise": 0.5, "rows": 50, "optimizer": "adam"},  # weight decay
]


@needs_node
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("case", COACHED, ids=str)
def test_a_page_tells_what_the_coach_decides(folder, case, language) -> None:
    options = {**NetworkOptions().to_json(), "rows": 100, "adaptive": True, **case}
    asked = [("/network/start", options), *[("/network/advance", {"epochs": 10})] * 30]

    def told(answers: Any) -> list[dict[int, Any]]:
        """Return what stands on the page after each answer."""
        shown = [{at: sentence for at, _, sentence in one["decisions"]} for one in answers]
        return list(accumulate(shown, operator.or_))

    here, there = told(_ask_server(language, asked)), told(_ask_page(folder, language, asked))
    assert there == here
    if language == "zh":
        assert not re.search(r"[a-z]{2}", str(here[-1]))
