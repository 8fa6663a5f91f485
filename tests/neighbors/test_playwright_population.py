"""A population, a stream and a running fit in Chromium, as visitors watch them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe is not installed")

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from tests.fits import fitting_of
from tests.neighbors.test_playwright import (
    CHROMIUM,
    LATIN,
    PENGUINS,
    address,  # noqa: F401
    browser,  # noqa: F401
    visit,  # noqa: F401
)

from madaline._apps.playground.datasets import DATASETS
from madaline._apps.playground.live import LivePage
from madaline._tables.table import Table

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not on the PATH")

SMALL = "#data=moons&rows=80&effort=5&noise=0.2&seed=0"
METRICS = {"ROC", "AUC", "effort"}


def prepared(page: Any) -> Any:
    """Return the page once a race is prepared."""
    expect(page.locator("#step")).to_be_enabled()
    return page


def raced(page: Any) -> Any:
    """Return the page once a race is over."""
    prepared(page)
    page.locator("#speed").fill("4")
    page.locator("#play").click()
    expect(page.locator("#result")).to_be_visible()
    return page


def wrong(page: Any) -> list[str]:
    """Return what axe-core finds."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


def test_a_population_races_to_its_end(visit) -> None:  # noqa: F811
    page = raced(visit(f"/race{SMALL}"))
    assert page.locator("#promised").inner_text().startswith("Promised for new rows: accuracy")
    rows = page.locator("#lanes tr")
    assert rows.count() >= 9
    shares = [
        int(text.strip("%")) for text in page.locator(".weight span").all_inner_texts() if text
    ]
    assert sum(shares) in range(98, 103)
    assert page.locator("#curves .curve").count() == rows.count() - 1  # but the ensemble's
    assert "alone: " in rows.first.inner_text()
    assert "Stopped" in page.locator("#decisions").inner_text()
    expect(page.locator("#play")).to_be_disabled()
    assert wrong(page) == []
    page.get_by_text("Show the Python").click()
    expect(page.locator("#python")).to_contain_text("AdaptiveClassifier(effort=5, random_state=0)")


def test_a_step_is_an_epoch_and_nothing_runs_between(visit) -> None:  # noqa: F811
    page = prepared(visit(f"/race{SMALL}"))
    expect(page.locator("#status")).to_contain_text("epoch 1:")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for epoch in (2, 3):
        page.get_by_role("button", name="One epoch").click()
        expect(page.locator("#status")).to_contain_text(f"epoch {epoch}:")
        prepared(page)
    page.wait_for_timeout(500)
    assert len(asked) == 2


def test_the_address_holds_the_race(visit) -> None:  # noqa: F811
    page = prepared(visit(f"/race{SMALL}"))
    page.get_by_role("radio", name="XOR").check(force=True)
    page.locator("input[name=seed]").fill("4")
    page.keyboard.press("Tab")
    shared = page.url.partition("#")[2]
    other = prepared(visit(f"/race#{shared}"))
    assert other.get_by_role("radio", name="XOR").is_checked()
    assert other.locator("input[name=seed]").input_value() == "4"
    assert other.locator("input[name=effort]").input_value() == "5"


def test_a_lane_stands_out_by_pointer_and_by_keys(visit) -> None:  # noqa: F811
    page = prepared(visit(f"/race{SMALL}"))
    button = page.locator("#lanes button").nth(2)
    button.focus()
    expect(page.locator("#curves .curve.lit")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    page.locator("#lanes tr").first.hover()
    expect(page.locator("#lanes tr.lit b")).to_have_text("C")


def test_a_table_of_ones_own_races_with_all_columns(visit) -> None:  # noqa: F811
    page = prepared(visit(f"/race{SMALL}"))
    page.get_by_role("radio", name="Your table").check(force=True)
    page.locator("input[name=file]").set_input_files(PENGUINS)
    page.locator("select[name=target]").select_option("species")
    expect(page.locator("#status")).to_contain_text("344 rows")
    expect(page.locator("#mixture")).to_be_hidden()
    bad = {"name": "bad.csv", "mimeType": "text/csv", "buffer": b"\xff\xfe\x00\x01\xff"}
    page.locator("input[name=file]").set_input_files(bad)
    expect(page.get_by_role("alert")).to_contain_text("bad.csv")
    page.wait_for_timeout(500)
    expect(page.get_by_role("alert")).to_be_visible()


@pytest.mark.parametrize("path", ["/race", "/stream"])
def test_what_happens_is_told_in_chinese(visit, path: str) -> None:  # noqa: F811
    page = visit(f"{path}?lang=zh{SMALL}")
    if path == "/race":
        raced(page)
        page.locator("#story summary").click()
    else:
        stream_until(page, 300)
        page.locator("#gradual").click()
        stream_until(page, 500)
    words = set(re.findall(r"[A-Za-z]{2,}", page.locator("body").inner_text()))
    assert words - LATIN - METRICS == set()


def stream_until(page: Any, row: int) -> None:
    """Play a stream until some row."""
    expect(page.locator("#play")).to_be_enabled()
    page.locator("#speed").fill("4")
    page.locator("#play").click()
    for _ in range(1200):  # two minutes
        found = re.search(r"[\d,]+", page.locator("#status").inner_text())
        if found is not None and int(found[0].replace(",", "") or 0) >= row:
            break
        page.wait_for_timeout(100)
    page.locator("#play").click()
    page.wait_for_timeout(500)


def test_a_stream_drifts_and_the_experts_follow(visit) -> None:  # noqa: F811
    page = visit("/stream#data=world&seed=0")
    stream_until(page, 600)
    page.get_by_role("button", name="Sudden drift").click()
    expect(page.locator("#decisions")).to_contain_text("Sudden drift: from this row on")
    stream_until(page, 750)
    expect(page.locator("#decisions")).to_contain_text("Alarm: the log loss rose")
    expect(page.locator("#decisions")).to_contain_text("The experts that remember 32 rows lead")
    expect(page.locator("#status")).to_contain_text("without learning")
    assert wrong(page) == []


def test_a_table_of_ones_own_is_a_stream(visit) -> None:  # noqa: F811
    page = visit("/stream#data=world")
    page.get_by_role("radio", name="Your table").check(force=True)
    with page.expect_response(lambda reply: "/stream/table?" in reply.url):
        page.locator("input[name=file]").set_input_files(PENGUINS)
    expect(page.locator("#table-name")).to_have_text("penguins.csv")
    page.wait_for_timeout(500)
    page.locator("select[name=target]").select_option("body_mass_g")
    page.get_by_label("Order of the rows").select_option("year")
    expect(page.locator("#status")).to_contain_text("the table has 342 with a label")
    page.locator("#speed").fill("4")
    page.get_by_role("button", name="Play").click()
    expect(page.locator("#status")).to_contain_text("all rows have come")
    expect(page.locator("#status")).to_contain_text(
        re.compile(r"row 342: mean absolute error 2\d\d ")
    )
    assert page.locator("#latest tr").count() == 8
    expect(page.locator("#play")).to_be_disabled()
    page.get_by_text("Show the Python").click()
    expect(page.locator("#python")).to_contain_text("table.sort_values('year', kind='stable')")
    assert wrong(page) == []
    page.get_by_role("link", name="One network").click()  # which takes over the data
    expect(page.locator("#target")).to_have_value("body_mass_g")


@pytest.fixture
def live() -> Iterator[LivePage]:
    """A page that shows a fit which has not begun."""
    x, y = DATASETS["moons"].make(80, 0.2, 0)
    table = Table({"a": x[:, 0], "b": x[:, 1]})
    page = LivePage(fitting_of(table, y, effort=4, seed=0), lambda _: None, browser=False)
    with page:
        yield page
    assert page.wait(60)


def test_a_running_fit_is_watched_and_its_page_stays(browser, live) -> None:  # noqa: F811
    page = browser.new_page()
    page.goto(live.address)
    expect(page.locator("#status")).to_contain_text("Nothing is trained yet.")
    fit = live.log._fitting
    for event in fit:
        live.take(*event)
    live.end(fit.model())
    expect(page.locator("#result")).to_be_visible()
    assert live.wait(60)
    expect(page.locator("#trouble")).to_contain_text("The fit is over.")
    assert page.locator("#lanes tr").count() >= 9
    assert wrong(page) == []
    page.close()
