"""`madaline report` and `madaline card`, and the story at the end of a fit."""

from __future__ import annotations

import json

from madaline.model import FittedModel
from madaline.report import model_card, report_data
from madaline.report.page import render_page


def test_the_report_of_a_model_alone(run, model, place) -> None:
    outcome = run("report", model)
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.startswith("Wrote fruit.html (")
    assert (place / "fruit.html").read_text() == render_page(report_data(FittedModel.load(model)))


def test_with_a_table_that_holds_the_target_rows_are_evaluated(run, model, fruit, place) -> None:
    assert run("report", model, fruit, "-o", "r.html").code == 0
    page = (place / "r.html").read_text()
    assert "On the rows given" in page
    assert "the 60 rows of fruit.csv" in page
    data = json.loads(run("report", model, fruit, "--json").out)
    predicted = json.loads(run("predict", model, fruit, "--json").out)
    assert data["rows"]["scores"] == predicted["scores"]
    shown = json.loads(run("effects", model, fruit, "--json").out)["effects"]
    assert [one["sentence"] for one in data["rows"]["effects"]] == [
        one["sentence"] for one in shown
    ]
    info = json.loads(run("info", model, "--json").out)
    assert data["importances"] == info["importances"]
    assert data["summary"]["scores"] == info["scores"]


def test_json_writes_no_file(run, price_model, place) -> None:
    data = json.loads(run("report", price_model, "--json").out)
    assert data["target"] == "price"
    assert list(place.iterdir()) == []


def test_what_cannot_be_reported_is_a_sentence(run, model, fruit, place) -> None:
    assert "check the name" in run("report", "nowhere.madaline").sentence
    assert "is what is read" in run("report", model, fruit, "-o", fruit).sentence
    assert "There is no folder" in run("report", model, "-o", "no/where.html").sentence
    (place / "short.csv").write_text("color\nred\n")
    assert "weight" in run("report", model, "short.csv").sentence
    (place / "odd.csv").write_text("weight,color,organic,price\n1,red,true,cheap\n")
    odd = run("report", model.with_name("price.madaline"), "odd.csv")
    assert "price" in odd.sentence or "kind" in odd.sentence


def test_the_card_is_printed_or_written(run, model, place) -> None:
    card = model_card(FittedModel.load(model))
    assert run("card", model).out == card
    assert run("card", model, "-o", "README.md").err == "Wrote README.md.\n"
    assert (place / "README.md").read_text() == card
    assert "is a folder" in run("card", model, "-o", ".").sentence


def test_a_fit_ends_with_its_story(run, fruit, place) -> None:
    words = ("fit", fruit, "--target", "kind", "--drop", "price", "--effort", "2", "--quiet")
    outcome = run(*words, "-o", "a")
    story = FittedModel.load(place / "a").story()
    for part in ("tried", "seen"):
        assert "\n".join(story.lines(part)) in outcome.out
    facts = json.loads(run(*words, "-o", "b", "--json").out)
    assert facts["story"] == json.loads(json.dumps(story.to_json()))
