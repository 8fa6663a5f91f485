"""The playground in Chromium, as visitors use it: with a pointer, with keys, in two languages."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe is not installed")

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright
from tests.playground.conftest import playing

from madaline import NeuralNetwork
from madaline._apps.playground.app import PAGES
from madaline._apps.playground.tables import Tables

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not on the PATH")
TWO_MINUTES = 120_000  # milliseconds, on a busy machine
expect.set_options(timeout=TWO_MINUTES)

PENGUINS = Path(__file__).resolve().parents[2] / "examples" / "data" / "penguins.csv"
PATHS = [make(Tables()).path for make in PAGES]
CHINESE = ["/"]  # pages all of whose sentences are in the catalogs
VIEWS = [(1400, "light", "en"), (400, "dark", "zh"), (1000, "dark", "en"), (400, "light", "en")]
# Names, and what Chinese books write with Latin letters.
LATIN = {"madaline", "English", "NeuralNetwork", "load", "Python", "Adam", "ReLU", "tanh", "sin"}
LATIN |= {"sigmoid", "L", "R", "x"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a playground with a table."""
    with playing(table=PENGUINS) as client:
        yield f"http://127.0.0.1:{client.port}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    with sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def visit(address, browser) -> Iterator[Callable[..., Any]]:
    """Open a page; in the end, nothing went wrong in it and nothing was asked of other hosts."""
    contexts, wrong, hosts = [], [], set()

    def watch(page: Any) -> Any:
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text))  # but for refusals, below
        page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
        return page

    def open_page(path: str = "/", width: int = 1400, theme: str = "light", **query: str) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, accept_downloads=True
        )
        context.set_default_timeout(TWO_MINUTES)
        contexts.append(context)
        page = watch(context.new_page())
        page.goto(f"{address}{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [text for text in wrong if "status of 400" not in text] == []
    assert {host for host in hosts if host} <= {address.split("/")[2]}


def started(page: Any) -> Any:
    """Return the page once it shows a run."""
    expect(page.locator("#loss-train")).not_to_be_empty()
    return page


def epoch(page: Any) -> int:
    return int(page.locator("#count").inner_text().replace(",", ""))


def loss(page: Any) -> float:
    return float(page.locator("#loss-train").inner_text())


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("width", "theme", "language"), VIEWS)
def test_pages_fit_and_axe_finds_nothing(visit, path, width, theme, language) -> None:
    page = visit(f"{path}?lang={language}", width, theme)
    page.wait_for_timeout(1000)
    for summary in page.locator("summary:visible").all():
        summary.click()
    page.wait_for_timeout(500)
    found = Axe().run(page).response["violations"]
    told = [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]]
    assert told == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", CHINESE)
def test_chinese_pages_are_chinese(visit, path) -> None:
    page = visit(f"{path}?lang=zh#data=moons")
    page.wait_for_timeout(1000)
    text = page.locator("body").inner_text()
    words = set(re.findall(r"[A-Za-z]{2,}", text)) - LATIN
    assert words == set()


def test_a_network_learns_while_the_page_asks(visit) -> None:
    page = started(visit("/#data=clouds"))
    before, count = loss(page), page.locator("#count")
    asked, waiting = [], set()
    page.on("request", lambda request: asked.append(request.url) or waiting.add(request))
    page.on("requestfinished", lambda request: waiting.discard(request))
    page.get_by_role("button", name="Play").click()
    expect(count).to_have_text(re.compile(r"^(2\d|[3-9]\d|\d{3,})$"))
    page.get_by_role("button", name="Pause").click()
    page.wait_for_timeout(500)
    while waiting:
        page.wait_for_timeout(100)
    after = epoch(page)
    assert loss(page) < before / 2
    assert page.locator(".curve path.line:not(.earlier)").first.get_attribute("d").count("L") > 15
    asked.clear()
    page.wait_for_timeout(500)
    assert (asked, epoch(page)) == ([], after)
    page.get_by_role("button", name="One epoch").click()
    expect(count).to_have_text(str(after + 1))
    page.get_by_role("button", name="Start again").click()
    expect(count).to_have_text("0")
    assert loss(page) == before


def test_other_settings_may_be_chosen_while_a_network_learns(visit) -> None:
    page = started(visit("/#data=circles"))
    page.get_by_role("button", name="Play").click()
    for name in ("Digits", "Moons", "Digits", "XOR"):
        page.get_by_role("radio", name=name).check(force=True)
        page.wait_for_timeout(150)
    page.locator("#l2").select_option("0.03")
    expect(page.locator("#earlier")).to_be_visible()  # the losses before the change
    expect(page.locator("#count")).not_to_have_text("0")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="Pause").click()


def test_overfitting_is_told_where_it_is_seen(visit) -> None:
    page = started(visit("/#data=moons&noise=0.5&rows=50&hidden=8,8"))
    page.get_by_label("Speed").select_option("fast")
    page.get_by_role("button", name="Play").click()
    expect(page.locator("#fit")).to_contain_text("Overfitting: since epoch")
    expect(page.locator("#fit")).to_contain_text("Switch “Adapt by itself” on, or try more rows")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#baseline")).to_have_text(re.compile(r"Always “[01]”\s*5\d\.\d%"))


@pytest.mark.parametrize("path", ["/race", "/stream"])
def test_play_that_is_pressed_at_once_is_not_lost(visit, path) -> None:
    page = visit(path)
    page.evaluate("document.getElementById('play').click()")  # without waiting, as a hand does
    expect(page.locator("#step")).to_be_enabled()  # it is prepared
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_the_address_holds_the_settings(visit) -> None:
    page = started(visit("/"))
    page.get_by_role("radio", name="Spirals").check(force=True)
    page.get_by_role("button", name="Layer 1: one unit more").click()
    page.get_by_label("Optimizer", exact=True).select_option("adam")
    page.get_by_role("button", name="input x₁²").click()
    page.get_by_label("Adapt by itself").check()
    page.locator("#seed").fill("7")
    page.keyboard.press("Tab")
    page.wait_for_timeout(500)
    shared = page.url.partition("#")[2]
    other = started(visit(f"/#{shared}"))
    assert other.get_by_role("radio", name="Spirals").is_checked()
    assert other.locator("#seed").input_value() == "7"
    assert other.get_by_label("Adapt by itself").is_checked()
    assert other.get_by_label("Optimizer", exact=True).input_value() == "adam"
    assert other.locator(".node.input[aria-pressed=true]").count() == 3
    assert other.locator(".node.unit").count() == 7 + 4
    for one in (page, other):
        for _ in range(2):
            one.get_by_role("button", name="One epoch").click()
            one.wait_for_timeout(400)
    assert (epoch(page), loss(page)) == (epoch(other), loss(other)) == (2, loss(other))


def test_weights_are_told_to_pointer_and_keys(visit) -> None:
    page = started(visit("/#data=moons"))
    told = page.locator("#weight")
    diagram = page.get_by_role("application")
    diagram.focus()
    page.keyboard.press("ArrowDown")
    formula = r"tanh\(−?[\d.]+ x₁ [+−] [\d.]+ x₂ [+−] [\d.]+\)"
    bias = r"Bias of unit 1 of layer 1: .?[\d.]+\. Its output is "
    assert re.fullmatch(bias + formula, told.inner_text())
    page.keyboard.press("ArrowRight")
    assert re.fullmatch(r"Weight from x₁ to unit 1 of layer 1: .?[\d.]+", told.inner_text())
    page.keyboard.press("ArrowRight")
    assert told.inner_text().startswith("Weight from x₂ to unit 1")
    page.keyboard.press("ArrowDown")
    assert told.inner_text().startswith("Bias of unit 2 of layer 1")
    line = page.locator("#diagram line").last.bounding_box()
    x, y = line["x"] + line["width"] / 2, line["y"] + line["height"] / 2
    page.mouse.move(x, y)
    assert told.inner_text().startswith("Weight from unit 4 of layer 2 to output 1")


def test_a_weight_is_changed_by_pointer_or_by_keys(visit) -> None:
    page = started(visit("/#data=moons"))
    told, field = page.locator("#weight"), page.get_by_label("Change it to")
    line = page.locator("#diagram line").first.bounding_box()
    page.mouse.click(line["x"] + line["width"] / 2, line["y"] + line["height"] / 2)
    before = loss(page)
    field.fill("5")
    field.press("Enter")
    expect(told).to_have_text("Weight from x₁ to unit 1 of layer 1: 5.00")
    assert loss(page) != before
    field.fill("")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(re.compile("The weight is no number"))
    expect(told).to_contain_text("layer 1: 5.00")
    field.press("Escape")
    expect(field).to_be_hidden()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    field.fill("-2")
    field.press("Enter")
    expect(told).to_contain_text("Bias of unit 1 of layer 1: −2.00")
    page.get_by_text("The same in Python").click()
    expect(page.locator("#code")).to_contain_text("network.biases[0][0] = -2.0  # by hand")


def test_the_heading_names_the_unit_that_is_shown_until_it_is_left(visit) -> None:
    page = started(visit("/#data=moons"))
    title, field = page.locator("#output-title"), page.get_by_label("Change it to")
    for leave in (
        lambda: page.keyboard.press("Escape"),
        lambda: page.locator("#data-title").click(),
        lambda: page.get_by_role("button", name="Play").click(),
    ):
        box = page.locator(".node.unit").nth(1).bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.move(5, 5)
        expect(title).to_have_text("What unit 2 of layer 1 computes")
        leave()
        expect(title).to_have_text("What it predicts")
        expect(field).to_be_hidden()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    shown = field.input_value()
    expect(field).not_to_have_value(shown)  # it learns on


def test_a_word_is_explained_to_keys(visit) -> None:
    page = started(visit("/#data=moons"))
    meaning = page.locator("#what-l2")
    page.get_by_role("button", name="L2 (weight decay)?").focus()
    page.keyboard.press("Enter")
    expect(meaning).to_contain_text("each step takes a share of every weight away")
    page.keyboard.press("Escape")
    expect(meaning).to_be_hidden()


def test_a_step_the_python_and_the_file_can_be_taken(visit, tmp_path) -> None:
    page = started(visit("/#data=xor&rows=60"))
    page.get_by_text("The same in Python").click()
    expect(page.locator("#code")).to_contain_text("epochs=1,")  # one at least
    expect(page.locator("#python-note")).to_contain_text("up to epoch 1.")
    page.get_by_text("The same in Python").click()
    page.get_by_role("button", name="One epoch").click()
    page.locator("#boundary").click(position={"x": 100, "y": 100})
    expect(page.locator("#step-lines")).to_contain_text("After the update")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_text("The same in Python").click()
    expect(page.locator("#code")).to_contain_text("epochs=1,")
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download the network").click()
    downloading.value.save_as(tmp_path / "network.npz")
    assert NeuralNetwork.load(tmp_path / "network.npz").hidden_size == (6, 4)


def test_a_table_of_ones_own_is_learned_from(visit) -> None:
    page = started(visit("/#data=moons"))
    page.locator("#file").set_input_files(PENGUINS)
    expect(page.locator("#legend li")).to_have_text(["Adelie", "Chinstrap", "Gentoo"])
    page.get_by_label("To predict").select_option("sex")
    page.locator("#column-up").select_option("island")
    expect(page.locator("#legend li")).to_have_text(["female", "male"])
    expect(page.locator("#table-notes")).to_contain_text("codes 0 Biscoe, 1 Dream, 2 Torgersen")
    page.locator("#file").set_input_files(
        {"name": "bad.csv", "mimeType": "text/csv", "buffer": b"a\n1\n"}
    )
    expect(page.get_by_role("alert")).to_contain_text("bad.csv has")
    page.reload()
    expect(page.locator("#legend li")).to_have_text(["female", "male"])


def test_a_table_begins_with_its_rows_and_made_up_data_with_theirs(visit) -> None:
    page = started(visit("/?lang=zh#data=moons&rows=50"))
    rows, notes = page.locator("#rows"), page.locator("#table-notes")
    page.locator("#file").set_input_files(PENGUINS)
    expect(notes).to_contain_text("penguins.csv：")
    assert [rows.input_value(), rows.get_attribute("max")] == ["344", "344"]
    assert page.locator("#rows-value").inner_text() == "344"
    page.locator("#choice-moons").click()
    expect(rows).to_have_value("50")


def test_decisions_are_told_in_words(visit) -> None:
    page = started(visit("/#data=circles&adaptive=1&learning_rate=0.01"))
    page.get_by_label("Speed").select_option("fast")
    page.get_by_role("button", name="Play").click()
    page.wait_for_selector("#decisions li")
    page.get_by_role("button", name="Pause").click()
    assert re.match(r"Epoch \d+ \w+", page.locator("#decisions li").first.inner_text())
    assert page.locator(".curve .mark").count() >= 1
