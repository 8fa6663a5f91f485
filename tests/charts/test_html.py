"""Sections become HTML: texts are looked up as a whole, what somebody gave stays and is escaped."""

from __future__ import annotations

import re
from dataclasses import dataclass

from madaline._base.language.choice import speaking
from madaline._tables.profile import ColumnProfile
from madaline.records._results.blocks import (
    Bar,
    Charts,
    Findings,
    Name,
    Paragraph,
    Section,
    TextTable,
    more,
    points,
)
from madaline.records._results.diagram import Diagram
from madaline.records._results.html import render_html, render_page
from madaline.records._results.result import Result


def inner(*sections: Section) -> str:
    """Return the HTML of sections without their style sheet."""
    return re.sub(r"<style>.*?</style>", "", render_html(sections), flags=re.DOTALL)


def test_points_side_by_side_are_one_list() -> None:
    blocks = [*points(["a", "b"]), Paragraph("c", "muted"), *points(["d"])]
    assert inner(Section(blocks, "Title")) == (
        '<div class="madaline"><h4>Title</h4><ul><li>a</li><li>b</li></ul><p class="muted">c</p>'
        "<ul><li>d</li></ul></div>"
    )


def test_heads_are_looked_up_but_names_and_cells_stay() -> None:
    table = TextTable(["column", Name("column")], [["column", "<b>"]], right=(1,), caption="rows")
    with speaking("zh"):
        page = inner(Section([table]), Section((), Name("column")))
    assert '<thead><tr><th>列</th><th class="right">column</th></tr></thead>' in page
    assert '<tr><td>column</td><td class="right">&lt;b&gt;</td></tr>' in page
    assert page.endswith("<h4>column</h4></div>")


def test_cells_are_drawn() -> None:
    profile = ColumnProfile("size", "number", 100, 0.0, shares=(0.7, 0.3))
    row = [
        Bar(1.0, 2.0, "<1>"),
        Paragraph("no (62.0%)", "together"),
        Paragraph("x" * 30, "together"),
    ]
    page = inner(Section([TextTable([""] * 4, [[*row, profile]], unclear=[0])]))
    assert '<tr class="unclear"><td><svg class="cell"' in page
    assert "</svg> &lt;1&gt;</td>" in page
    assert page.count('class="together"') == 1
    assert page.count("<svg") == 2


@dataclass
class Leak:
    severity: str = "high"
    kind: str = "leak"
    sentence: str = "paid reveals < the target."

    def examples(self, most: int) -> str:
        return f"rows {most}"


def test_findings_are_a_table_or_a_sentence() -> None:
    page = inner(Section([Findings([Leak()])]))
    assert '<td><span class="high">high</span></td><td>leak</td>' in page
    assert '<p>paid reveals &lt; the target.</p><p class="muted">rows 5</p>' in page
    assert "No problem was found." in inner(Section([Findings([])]))
    with speaking("zh"):
        assert "没有发现问题。" in inner(Section([Findings([])]))


def test_a_network_stands_before_figures_with_its_key() -> None:
    import numpy as np

    network = Diagram.of([np.ones((2, 1))], [np.zeros(1)], ["2 inputs", "1 output"])
    page = inner(Section([Charts(network=network)]))
    assert page.count("<svg") == 1
    assert '<span class="key">positive</span>' in page
    with speaking("zh"):
        assert '<span class="key">正值</span>' in inner(Section([Charts(network=network)]))


def test_what_is_left_out_is_counted_in_the_language_of_the_reader() -> None:
    assert more(3, 3, "rows") == []
    with speaking("zh"):
        assert [one.text for one in more(3, 5, "rows")] == ["……另有 2 行"]


def test_a_page_has_its_title_and_runs_nothing() -> None:
    page = render_page("a < b", [Section([Paragraph("c")])])
    assert "<title>a &lt; b</title>" in page
    assert "<h4>a &lt; b</h4><p>c</p>" in page
    assert "<script" not in page


def test_a_result_shows_its_sections() -> None:
    class Answer(Result):
        def sections(self):
            yield Section([Paragraph("42")])

    assert Answer()._repr_html_().endswith("<p>42</p></div>")
