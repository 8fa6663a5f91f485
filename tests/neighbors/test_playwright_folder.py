"""The playground in a folder, in Chromium from a file: it learns, and asks no host."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe is not installed")

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from madaline import NeuralNetwork
from madaline._apps.playground.export import write_folder
from madaline._apps.playground.options import NetworkOptions

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not on the PATH")
TWO_MINUTES = 120_000  # milliseconds, on a busy machine
expect.set_options(timeout=TWO_MINUTES)

VIEWS = [
    (width, theme, f"{page}{language}")
    for page in ("index", "race", "stream")
    for width, theme, language in [(1400, "light", ""), (400, "dark", ".zh"), (400, "light", "")]
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with the pages, English first."""
    return write_folder(tmp_path_factory.mktemp("playground"), language="en").parent


@pytest.fixture
def visit(folder) -> Iterator[Callable[..., Any]]:
    """Open a file; in the end, nothing went wrong in it, and it asked for itself alone."""
    wrong: list[str] = []
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

        def watched(request: Any) -> None:
            if not re.match("file:.*[.]html|data:|blob:", request.url):
                wrong.append(request.url)

        def open_page(name: str, width: int = 1400, theme: str = "light") -> Any:
            size = {"width": width, "height": 900}
            page = browser.new_context(viewport=size, color_scheme=theme).new_page()
            page.set_default_timeout(TWO_MINUTES)
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("console", lambda message: wrong.append(message.text))
            page.on("request", watched)
            stem, _, state = name.partition("#")
            page.goto(f"{folder.as_uri()}/{stem}.html#{state}")
            return page

        yield open_page
        browser.close()
    assert wrong == []


@pytest.mark.parametrize(("width", "theme", "name"), VIEWS)
def test_pages_fit_and_axe_finds_nothing(visit, width, theme, name) -> None:
    page = visit(name, width, theme)
    page.wait_for_timeout(1000)
    for summary in page.locator("summary:visible").all():
        summary.click()
    page.wait_for_timeout(500)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_network_learns_as_in_python(visit) -> None:
    options = NetworkOptions()
    page = visit("index")
    expect(page.locator("#loss-train")).not_to_be_empty()
    for _ in range(200):  # each click trains for an epoch before the next one
        page.locator("#epoch").click()
    expect(page.locator("#count")).to_have_text("200")
    told = page.evaluate(
        """async (options) => {
          const ask = globalThis.madalineAnswers;
          let frame = await ask["/network/start"](options);
          const { run } = frame;
          while (frame.epoch < 200) frame = ask["/network/advance"]({ run, epochs: 1 });
          return { loss: frame.loss, code: ask["/network/code"]({ run }).code };
        }""",
        options.to_json(),
    )
    lines: dict[str, Any] = {}
    exec(told["code"], lines)  # what the page offers to take away
    network = lines["network"]
    assert isinstance(network, NeuralNetwork)
    np.testing.assert_allclose(
        told["loss"], [network.loss_, network.validation_loss_], rtol=0, atol=1e-6
    )
    assert page.locator("#loss-train").inner_text() == f"{network.loss_:.3f}"


def test_it_plays_with_keys_and_tells_what_it_decides_in_chinese(visit) -> None:
    page = visit("index.zh#data=circles&adaptive=1&speed=fast", 400)
    page.locator("#play").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#decisions li").first).to_contain_text("因此")
    page.keyboard.press("Enter")
    page.locator("#step summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#step-lines")).to_contain_text("梯度下降")
    page.locator("[hreflang=en]").click()
    expect(page.locator("#play")).to_have_text("Play")
    assert "data=circles" in page.url
    expect(page.locator("#choice-circles input")).to_be_checked()


def test_settings_that_cannot_be_are_told(visit) -> None:
    page = visit("index#hidden=99")
    expect(page.locator("#problem")).to_contain_text("The address has settings")


def test_a_recorded_race_plays_to_its_end(visit) -> None:
    page = visit("race#speed=4")
    expect(page.locator("#lanes tr")).to_have_count(10)
    page.locator("#play").click()
    expect(page.locator("#result")).to_be_visible()
    expect(page.locator("#promised")).to_contain_text("Promised for new rows: accuracy")
    assert page.locator("#decisions li").count() > 10
    page.locator("input[value=hill]").check(force=True)
    expect(page.locator("#result")).to_be_hidden()
    expect(page.locator("#status")).to_contain_text("epoch 1")


def test_a_recorded_stream_plays_at_the_speed_that_is_chosen(visit) -> None:
    page = visit("stream.zh#speed=4")
    page.locator("#step").click()
    expect(page.locator("#status")).to_contain_text("10")
    page.locator("#play").click()
    expect(page.locator("#status")).to_contain_text("4,000")
    log = page.locator("#decisions").inner_text()
    assert log.count("突变漂移") == 3
    page.locator("#code summary").click()
    expect(page.locator("#python")).to_contain_text("for row in range(4000)")
