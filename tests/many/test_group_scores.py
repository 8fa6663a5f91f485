"""What is shown of the models of many groups: the first ones, and how many there are."""

from __future__ import annotations

from madaline._models.model.many import Entry, GroupScores
from madaline._race.evaluation.score import Score


def test_the_first_groups_are_shown_with_one_table_for_text_and_html() -> None:
    score = Score("rmse", 2.0, 0.5, 4.0, higher_is_better=False)
    entries = [Entry((f"<{number}>",), 30, 0, "00", score) for number in range(70)]
    lines = repr(GroupScores(entries)).splitlines()
    assert lines[0].split("  ")[:1] == ["group"]
    assert lines[1].split() == ["<0>", "30", "2.00", "±", "0.50", "4.00"]
    assert lines[-1] == "… and 10 more groups"
    assert len(lines) == 62
    html = GroupScores(entries)._repr_html_()
    assert html.count("<tr>") == 61
    assert "&lt;59&gt;" in html
    assert len(GroupScores(entries).table().rows) == 70
    assert repr(GroupScores()) == "(none)"


def test_a_group_without_a_model_tells_why() -> None:
    told = str(GroupScores([Entry(("a",), 2, 0, error="too few rows")]))
    assert told.splitlines()[1].endswith("no model: too few rows")
