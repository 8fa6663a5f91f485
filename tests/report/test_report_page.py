"""The page needs nothing else, can be heard, and shows what names hold without obeying them."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from tests.fits import fitting_of

from madaline._base.words import format_measured, metric_name
from madaline._tables.table import Table
from madaline._tell.explain import explain
from madaline._tell.report.data import Report
from madaline._tell.report.page import render_page, save_explanation, write_report
from madaline._tell.report.view import headline_number
from madaline.errors import MadalineError

TASKS = ("binary", "multiclass", "regression")
VOID = {"meta", "link", "wbr", "br", "path", "rect", "circle"}


@pytest.fixture(scope="module")
def pages(models, rows) -> dict[str, str]:
    """A page of each task, and one of a model alone."""
    pages = {task: render_page(Report.of(models[task], *rows[task])) for task in TASKS}
    return pages | {"alone": render_page(Report.of(models["binary"]))}


@pytest.mark.parametrize("name", [*TASKS, "alone"])
def test_it_is_one_small_well_formed_file_that_asks_for_nothing(pages, name: str) -> None:
    page = pages[name]
    assert page.startswith("<!DOCTYPE html>")
    assert len(page.encode()) < 2e6
    assert "default-src 'none'" in page
    assert "http:" not in page
    assert "https:" not in page
    assert not re.search(r"<script|<iframe|\bsrc=|\sstyle=|\son\w+=|@import|url\(", page)
    outline = Outline(page)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert set(outline.targets) <= set(outline.ids)


@pytest.mark.parametrize("name", [*TASKS, "alone"])
def test_it_can_be_heard(pages, name: str) -> None:
    outline = Outline(pages[name])
    assert outline.levels[0] == 1
    assert outline.levels.count(1) == 1
    steps = zip(outline.levels, outline.levels[1:], strict=False)
    assert all(later <= earlier + 1 for earlier, later in steps)
    assert outline.tables == outline.captions > 0
    assert outline.pictures == outline.titles > 0
    assert outline.language == "en"


def test_it_shows_the_numbers_of_the_scores_and_the_story(pages, models) -> None:
    for task in TASKS:
        text = Outline(pages[task]).text
        for sentence in models[task].story():
            assert " ".join(str(sentence).split()) in text
        score = models[task].summary.scores[-1]
        assert format_measured([score.value], score.standard_error)[0] in text


@pytest.mark.parametrize("task", TASKS)
def test_the_headline_is_the_score_and_comes_once(pages, models, task: str) -> None:
    scores = {one.metric: one for one in models[task].summary.scores}
    score = scores[{"binary": "roc_auc", "multiclass": "accuracy", "regression": "r2"}[task]]
    shown = headline_number(score)
    assert f"Predicts target with {metric_name(score.metric)} {shown}" in Outline(pages[task]).text
    visible = re.sub(r"(?s)<(details|style|title|desc)>.*?</\1>", "", pages[task])
    assert len(re.findall(rf"(?<![-+\d.,]){re.escape(shown)}(?!\d|[.,]\d|%)", visible)) == 1


def test_figures_of_single_folds_say_that_the_score_is_of_all_together(models) -> None:
    model = models["binary"]
    told = [
        Outline(render_page(Report.of(one))).text
        for one in (_with_gain(model, 0.05), _with_gain(model, 0.0))
    ]
    said = "each row is predicted by the networks of one fold alone (ROC AUC 0.8"
    assert [said in text for text in told] == [True, False]


def _with_gain(model, gain: float):
    scores = tuple(
        replace(score, value=0.85 + gain, gain=gain, standard_error=0.01)
        for score in model.summary.scores
    )
    return replace(model, summary=replace(model.summary, scores=scores))


def test_drivers_are_on_the_first_screen(pages, models) -> None:
    for task in TASKS:
        summary = pages[task].partition('id="summary"')[2].partition('id="quality"')[0]
        clear = [one.name for one in models[task].summary.importances if one.clear][:3]
        assert re.findall(r"<h3>\d. (.*?)</h3>", summary) == clear
        assert summary.count('class="chart"') == len(clear)


def test_rows_trained_on_are_not_scored_and_it_says_so(models, rows, make_columns) -> None:
    columns, target = make_columns("binary")
    old = Outline(render_page(Report.of(models["binary"], columns, np.asarray(target)))).text
    assert "160 rows were used for training, and scores on them would be too good" in old
    assert "new to the model" not in old
    new = Outline(render_page(Report.of(models["binary"], *rows["binary"]))).text
    assert "which are new to the model" in new
    assert "would be too good" not in new


def test_scores_of_new_rows_are_shown_without_that_of_the_headline(models, rows) -> None:
    report = Report.of(models["binary"], *rows["binary"])
    assert report.rows is not None
    few = replace(report.rows, scores=report.rows.scores[:1])
    text = Outline(render_page(replace(report, rows=few))).text
    assert "Other scores on 160 rows, which are new to the model, are below." in text


def test_a_baseline_that_is_not_beaten_is_the_headline(models) -> None:
    summary = replace(models["binary"].summary, standard_errors_better=0.5)
    page = render_page(Report.of(replace(models["binary"], summary=summary)))
    assert "<h1>Predicts target no better than the baseline" in page


def test_without_rows_it_says_how_to_get_what_is_missing(pages) -> None:
    assert pages["alone"].count("madaline report MODEL TABLE") == 1
    assert "madaline report MODEL TABLE" not in pages["binary"]


def test_names_and_labels_are_shown_and_not_obeyed(tmp_path) -> None:
    rng = np.random.default_rng(0)
    evil = "<script>alert('&')</script>{{ 7 * 7 }}{x}"
    x = rng.normal(size=120)
    table = Table.from_columns({evil: x, "y\x07|": np.where(x > 1, evil, "ok").astype(object)})
    target = np.where(x > 0, evil, "plain").astype(object)
    fitting = fitting_of(table, target, target_name=evil, effort=3)
    list(fitting)
    page = render_page(Report.of(fitting.model(), table, target, rows=evil))
    assert "<script" not in page
    assert "49" not in re.findall(r"alert\('&'\)</script>(\S\S)", Outline(page).text)
    assert evil in Outline(page).text
    assert Outline(page).open == []


def test_weights_moments_and_gaps_are_drawn(make_columns) -> None:
    columns, target = make_columns("regression")
    kept = {name: columns[name] for name in ("day", "city", "checked")}
    target = target + 3 * np.arange(160) * (np.array(columns["checked"]))
    fitting = fitting_of(
        Table.from_columns(kept), target, effort=3, sample_weight=np.arange(160) / 80
    )
    list(fitting)
    page = render_page(Report.of(fitting.model(), kept, target))
    assert "Effect of day" in page or "Effect of checked" in page or "true" in page
    assert Outline(page).open == []


def test_half_a_pair_of_utf_16_in_a_row_is_shown_escaped(tmp_path) -> None:
    colors = np.random.default_rng(0).choice(["red", "blue"], 60).astype(object)
    fitting = fitting_of(Table.from_columns({"c": colors}), colors == "red", effort=3)
    list(fitting)
    new = Table.from_columns({"c": np.array(["\ud800"] * 60, object)})
    write_report(fitting.model(), tmp_path / "report.html", new)
    save_explanation(explain(fitting.model(), new), tmp_path / "explanation.html")
    for name in ("report", "explanation"):
        assert r"\ud800" in (tmp_path / f"{name}.html").read_text()


def test_it_is_written_whole(models, tmp_path) -> None:
    path = tmp_path / "report.html"
    write_report(models["binary"], path)
    assert path.read_text() == render_page(Report.of(models["binary"]))
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


def test_without_jinja_the_remedy_is_named(models, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MadalineError, match=r"`pip install jinja2` \(the extra report"):
        write_report(models["binary"], tmp_path / "report.html")


class Outline(HTMLParser):
    """What a page is made of: tags left open, headings, tables, pictures, text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.levels: list[int] = []
        self.tables = self.captions = self.pictures = self.titles = 0
        self.language = ""
        self._words: list[str] = []
        self.feed(page)
        self.text = " ".join("".join(self._words).split())

    def handle_starttag(self, tag, attributes) -> None:
        facts = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in facts:
            self.ids.append(facts["id"])
        if tag == "a":
            self.targets.append(facts["href"].removeprefix("#"))
        if "aria-labelledby" in facts:
            self.targets += facts["aria-labelledby"].split()
        if re.fullmatch(r"h[1-6]", tag):
            self.levels.append(int(tag[1]))
        self.language = facts.get("lang", self.language)
        self.tables += tag == "table"
        self.captions += tag == "caption"
        self.pictures += tag == "svg" and facts.get("role") == "img"
        self.titles += tag == "title" and "svg" in self.open

    def handle_startendtag(self, tag, attributes) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        if "style" not in self.open:
            self._words.append(data)


def test_rows_with_dates_have_a_section_with_the_metric_over_time(dated_model, models) -> None:
    page = render_page(Report.of(dated_model))
    outline = Outline(page)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    section = page.split('<section id="time"')[1].split("</section>")[0]
    assert "The root mean squared error of 5 stretches of time: 8 in the first" in section
    assert section.count('class="dot s0"') == 5
    assert "error of 9.8 ± 1.4." in section
    first = page.split('<section id="summary"')[1].split("</section>")[0]
    assert "The last known value predicts as well as the networks" in first
    assert "each row predicted by networks that learned from earlier rows alone" in first
    assert '<section id="time"' not in render_page(Report.of(models["regression"]))
