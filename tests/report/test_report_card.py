"""A model card says what the model says, in Markdown and in metadata."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from madaline import look
from madaline._tell.report.card import model_card, write_card
from madaline._tell.report.page import write_report

PIPELINES = {
    "binary": "tabular-classification",
    "multiclass": "tabular-classification",
    "regression": "tabular-regression",
}


@pytest.mark.parametrize("task", PIPELINES)
def test_the_metadata_hold_the_scores(models, task: str) -> None:
    model = models[task]
    lines = metadata(model_card(model))
    assert "library_name: madaline" in lines
    assert f"pipeline_tag: {PIPELINES[task]}" in lines
    types = [
        json.loads(one.split("type: ")[1]) for one in lines if one.startswith(" " * 10 + "- type")
    ]
    values = [float(one.split("value: ")[1]) for one in lines if "value: " in one]
    assert types == [score.metric for score in model.summary.scores]
    assert values == [score.value for score in model.summary.scores]


def test_the_metadata_are_yaml(models) -> None:
    import yaml

    model = replace(models["binary"], summary=replace(models["binary"].summary, target='a: "b" #c'))
    found = yaml.safe_load("\n".join(metadata(model_card(model))))
    (entry,) = found["model-index"]
    assert entry["name"] == 'madaline for a: "b" #c'
    assert entry["results"][0]["metrics"][0]["value"] == model.summary.scores[0].value


def test_it_says_what_it_needs_what_matters_and_its_limits(models, tmp_path) -> None:
    model = models["regression"]
    write_card(model, tmp_path / "README.md")
    card = (tmp_path / "README.md").read_text()
    assert card == model_card(model)
    headings = [line for line in card.splitlines() if line.startswith("## ")]
    assert len(headings) == len(set(headings)) == 6
    assert "| width | number |" in card
    assert "note" not in card.split("## What it relies on")[0]  # it was left out
    assert all(finding.severity in card for finding in model.diagnosis)


def test_markdown_in_names_is_shown_as_it_is(models) -> None:
    summary = replace(models["binary"].summary, target="a|b_*c*\n<i>")
    card = model_card(replace(models["binary"], summary=summary))
    assert "# a\\|b\\_\\*c\\* \\<i\\>" in card.splitlines()


def metadata(card: str) -> list[str]:
    """Return the lines between the first two dashes."""
    lines = card.splitlines()
    assert lines[0] == "---"
    return lines[1 : lines.index("---", 1)]


def test_scores_of_later_rows_stand_with_their_stretches(dated_model) -> None:
    card = model_card(dated_model)
    assert "was evaluated by networks that learned from earlier rows alone." in card
    assert "Scores are of later rows: 5 stretches of 40 days" in card
    assert "| 2012-01-01 to 2012-02-09 | 200 rows | 8.0 | 25.0 | 9.0 |" in card
    lines = [replace(one, last_known=None) for one in dated_model.summary.forward.stretches]
    forward = replace(dated_model.summary.forward, stretches=tuple(lines))
    summary = replace(dated_model.summary, forward=forward)
    without = model_card(replace(dated_model, summary=summary))
    assert "| 2012-01-01 to 2012-02-09 | 200 rows | 8.0 | 25.0 |\n" in without


HOSTILE = "\x1b]0;owned\x07a\x9bb\u202ec"


def test_names_move_no_cursor_and_turn_no_text(models, tmp_path) -> None:
    model = models["binary"]
    summary = replace(model.summary, target=HOSTILE)
    write_card(replace(model, summary=summary), tmp_path / "card.md")
    write_report(replace(model, summary=summary), tmp_path / "report.html")
    look({HOSTILE: [1.0, 2.0, 3.0] * 9, "b": ["x", HOSTILE, "y"] * 9}).save(tmp_path / "look.html")
    for path in tmp_path.iterdir():
        text = path.read_text("utf-8")
        assert "owned" in text, path
        assert not set(HOSTILE[::1]) & set(text) & set("\x1b\x07\x9b\u202e"), path
