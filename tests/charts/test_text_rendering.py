"""Sections become text: tables are aligned, sentences wrapped, and figures left out."""

from __future__ import annotations

from madaline._base.language.choice import speaking
from madaline._models.diagnosis.finding import Diagnosis, Finding
from madaline.records._results.blocks import (
    Bar,
    Charts,
    Findings,
    Name,
    Paragraph,
    Section,
    TextTable,
    points,
)
from madaline.records._results.result import Result
from madaline.records._results.text import render_text

TABLE = TextTable(["column", Name("column"), ""], [["价格", "9", Bar(1.0, 4.0)]], right=(1,))


def test_a_table_is_aligned_and_its_heads_are_looked_up_but_not_names() -> None:
    assert render_text([Section([TABLE])]).splitlines() == [
        "column  column",
        "价格         9  ██████",
    ]
    with speaking("zh"):
        assert render_text([Section([TABLE])]).splitlines()[0] == "列    column"


def test_a_wide_table_has_its_columns_close_together() -> None:
    assert render_text([Section([TABLE])], 21).splitlines()[0] == "column column"


def test_the_last_column_of_a_wider_table_is_wrapped() -> None:
    table = TextTable(["epoch", "decision"], [["2", "word " * 5], ["10", ""]], right=(0,))
    assert render_text([Section([table])], 20).splitlines() == [
        "epoch  decision",
        "    2  word word",
        "       word word",
        "       word",
        "   10",
    ]


def test_sentences_are_wrapped_where_there_is_a_width() -> None:
    sections = [Section(points(["word " * 9]), "Title"), Section([Charts()]), Section([])]
    assert render_text(sections, 30) == f"Title\n{'word ' * 5}word\nword word word"
    assert render_text([Section([Paragraph("word " * 40)])]).count("\n") == 0


def test_of_sections_some_of_which_are_first_only_these_are_shown() -> None:
    sections = [Section([Paragraph("a")], first=True), Section([Paragraph("b")])]
    assert render_text(sections) == "a"
    assert render_text(sections[1:]) == "b"


def test_findings_are_a_line_each_behind_their_severity() -> None:
    leak = Finding("leak", "high", "paid", "{subject} reveals the target", "leave it out")
    assert (
        render_text([Section([Findings([leak])])]) == "high: paid reveals the target: leave it out."
    )
    assert str(Diagnosis()) == repr(Diagnosis()) == "No problem was found."
    with speaking("zh"):
        assert str(Diagnosis()) == "没有发现问题。"


def test_a_result_gives_its_text() -> None:
    class Answer(Result):
        def sections(self):
            yield Section([Paragraph("forty two")])

    assert Answer().text(6) == "forty\ntwo"
