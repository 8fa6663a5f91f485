"""`madaline report`, `madaline card` and `madaline story`, and what all commands have as JSON."""

from __future__ import annotations

import json
from importlib import import_module

import pytest

from madaline._apps.cli import commands, sections
from madaline._apps.cli.options import MODEL, Command
from madaline._models.model import FittedModel
from madaline._tell.progress.progress import decision_line
from madaline._tell.report.card import model_card
from madaline._tell.report.data import Report
from madaline._tell.report.page import render_page
from madaline.records._letters import RecipeLetters


def test_the_report_of_a_model_alone(run, model, place) -> None:
    outcome = run("report", model)
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.startswith("Wrote fruit.html (")
    assert (place / "fruit.html").read_text() == render_page(Report.of(FittedModel.load(model)))


def test_with_a_table_that_holds_the_target_rows_are_evaluated(run, model, fruit, place) -> None:
    lines = [line.split(",") for line in fruit.read_text().splitlines()]
    for line in lines[1:]:  # rows that were not trained on
        line[0] = f"{float(line[0]) + 1.3:.1f}" if line[0] else ""
    fruit = place / "fruit.csv"
    fruit.write_text("\n".join(map(",".join, lines)))
    assert run("report", model, fruit, "-o", "r.html").code == 0
    page = (place / "r.html").read_text()
    assert "60 rows of fruit.csv" in page
    data = json.loads(run("report", model, fruit, "--json").out)
    predicted = json.loads(run("predict", model, fruit, "--json").out)
    assert data["rows"]["scores"] == predicted["scores"]
    shown = json.loads(run("effects", model, fruit, "--json").out)["effects"]
    assert [one["sentence"] for one in data["rows"]["effects"]] == [
        one["sentence"] for one in shown
    ]
    info = json.loads(run("info", model, "--json").out)
    assert all(isinstance(column["detail"], str) for column in info["columns"])
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


def test_the_story_is_told(run, model) -> None:
    outcome = run("story", model)
    loaded = FittedModel.load(model)
    assert all(text in outcome.out for text in loaded.story().paragraphs())
    assert len(outcome.out.splitlines()) <= 30
    assert "hidden layers (3×64: three of 64 units)" in " ".join(outcome.out.split())
    *_, doctor, story = outcome.out.splitlines()
    assert doctor.split("  # ")[0].strip() == f"madaline doctor {model}"
    assert story == f"  madaline story {model} --full  # tells the whole story"
    whole = run("story", model, "--full").out
    assert all(text in whole for text in loaded.story(full=True).paragraphs())
    assert max(map(len, outcome.out.splitlines()[:-2])) <= 80  # the last two have a path
    recipes = RecipeLetters.of(loaded.records)
    decisions = [decision_line(decision, recipes) for decision in loaded.decisions]
    assert not any(line in outcome.out for line in decisions)
    told = run("story", model, "-v").out
    assert all(line in told for line in decisions)


def test_the_facts_of_the_story(run, model, fruit) -> None:
    facts = json.loads(run("story", model, "--json").out)
    loaded = FittedModel.load(model)
    assert facts["story"] == json.loads(json.dumps(loaded.story().to_json()))
    assert [one["sentence"] for one in facts["decisions"]] == [
        decision.sentence for decision in loaded.decisions
    ]


COMMANDS = {
    "predict": ["{table}"],
    "explain": ["{table}", "--rows", "1"],
    "info": [],
    "story": [],
    "effects": ["{table}"],
    "counterfactual": ["{table}", "--row", "0"],
    "doctor": ["{table}"],
    "report": [],
    "card": [],
    "export": [],
    "update": ["{table}", "-o", "updated.madaline"],
}


NEED_MORE = {"watch", "forecast", "serve"}  # than a table of any model
NAMES = {one.name for one in commands.COMMANDS if {*MODEL} <= {*one.load().options}}


def test_every_command_is_registered() -> None:
    modules = {one.module for one in commands.COMMANDS}
    declared = {
        (name.lower(), module): value
        for module in modules
        for name, value in vars(import_module(f"madaline._apps.cli.{module}")).items()
        if isinstance(value, Command)
    }
    assert set(declared) == {(one.name, one.module) for one in commands.COMMANDS}
    for command in commands.COMMANDS:
        assert callable(
            getattr(import_module(f"madaline._apps.cli.{command.module}"), f"run_{command.name}")
        )
        told = declared[command.name, command.module].description
        examples = told.partition("examples:")[2] or told.partition("example:")[2]
        assert f"  madaline {command.name} " in examples, f"give an example of {command.name}"


@pytest.mark.parametrize("command", sorted(NAMES - NEED_MORE))
def test_every_command_of_a_model_prints_one_json_object(run, model, fruit, command) -> None:
    if command not in COMMANDS:
        pytest.fail(f"say in COMMANDS of this file what {command} needs beside a model")
    words = [word.format(table=fruit) for word in COMMANDS[command]]
    outcome = run(command, model, *words, "--json")
    assert outcome.code == 0, outcome.err
    facts = json.loads(outcome.out, parse_constant=lambda name: pytest.fail(name))
    assert isinstance(facts, dict)
    assert outcome.out.count("\n") == 1


@pytest.mark.parametrize(
    ("n_lines", "heading"),
    [
        ((1,), "1 warning:"),
        ((9, 1), "2 warnings; the first:"),
        ((2, 2, 9), "3 warnings; the first 2:"),
    ],
)
def test_warnings_that_have_no_room_are_counted(n_lines: tuple[int, ...], heading: str) -> None:
    texts = [" ".join(["word"] * 15 * n) for n in n_lines]
    assert next(iter(sections._shown(texts))) == heading
