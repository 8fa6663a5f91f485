"""`madaline look`: one screen, JSON, a page, and the sentences of a fit."""

from __future__ import annotations

import json

import numpy as np
import pytest

from madaline._models.fitting import sampling


def test_one_screen(run, fruit) -> None:
    outcome = run("look", fruit, "--target", "kind")
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    assert max(map(len, lines[:-2])) <= 80
    assert lines[0].startswith("fruit.csv: 60 rows, ")
    assert any(line.startswith("column ") and line.endswith(" assoc.") for line in lines)
    named = "assoc.: mutual information with kind as a correlation, 0 to 1 (-: not clear)."
    assert named in lines
    assert "Associated with each other" not in outcome.out
    assert lines[-3:] == [
        "Next:",
        f"  madaline fit {fruit} --target kind",
        f"  madaline look {fruit} --target kind --full",
    ]


def test_without_a_target_it_shows_all_else(run, fruit) -> None:
    outcome = run("look", fruit)
    assert outcome.code == 0, outcome.err
    assert "assoc." not in outcome.out
    assert f"  madaline look {fruit} --target COLUMN\n" in outcome.out
    assert "kind " in outcome.out


def test_json_and_a_page(run, fruit, place) -> None:
    outcome = run("look", fruit, "--target", "kind", "--json", "-o", "look.html")
    assert outcome.code == 0, outcome.err
    facts = json.loads(outcome.out)
    assert facts["target"]["name"] == "kind"
    assert {column["name"] for column in facts["columns"]} >= {"price"}
    assert outcome.err.startswith("Wrote look.html (")
    page = (place / "look.html").read_text()
    assert "<svg" in page
    assert "http" not in page.replace("http-equiv", "")


def test_it_reads_what_a_fit_reads_and_refuses_in_the_same_sentence(run, place) -> None:
    (place / "empty.csv").write_text("a,b,y\n" + "".join(f"{n},,{n % 2}\n" for n in range(30)))
    assert "has no value in any row" in run("fit", "empty.csv", "--target", "y").sentence
    outcome = run("look", "empty.csv", "--target", "y")
    assert outcome.code == 0, outcome.err
    assert "b has no value in any row: leave it out (--drop)" in " ".join(outcome.out.split())
    for words in (["--target", "z"], ["--target", "a,y"], ["--target", "y", "--time", "z"]):
        assert run("look", "empty.csv", *words).code == 2
    (place / "same.csv").write_text("a,y\n" + "".join(f"{n},1\n" for n in range(30)))
    refused = [run(command, "same.csv", "--target", "y").sentence for command in ("fit", "look")]
    assert refused[0] == refused[1]


def test_hostile_names_and_values_are_escaped(run, place) -> None:
    evil = "<script>alert(1)</script>"
    names = f'"{evil}","new\nline","{"x" * 10_000}","\u202eright",y\n'
    rows = "".join(
        f'"{evil}{n % 3}",{n},"a<b>{n % 4}",{n % 5},"{evil}{n % 2}"\n' for n in range(80)
    )
    (place / "evil.csv").write_text(names + rows, encoding="utf-8")
    outcome = run("look", "evil.csv", "--target", "y", "-o", "evil.html")
    assert outcome.code == 0, outcome.err
    page = (place / "evil.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "x" * 1500 not in page
    assert "\u202e" not in page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_braces_in_names_are_names(run, place, language) -> None:
    lines = [f"{n % 9},{{{n % 4}}},{'{u}' if n % 3 else 'v'}" for n in range(90)]
    (place / "braces.csv").write_text("\n".join(['{x},"a{b}%s",y', *lines]), encoding="utf-8")
    outcome = run("look", "braces.csv", "--target", "y", "--lang", language)
    assert outcome.code == 0, outcome.err
    assert "{x} alone explains" in outcome.out or "仅凭 {x} 就能" in outcome.out
    assert language == "zh" or "--drop" in outcome.out


def test_a_report_links_to_a_look(run, model, fruit, place) -> None:
    (place / "pages").mkdir()
    words = ["report", model, fruit, "-o", "pages/fruit.html"]
    outcome = run(*words, "--look", "a look.html")
    assert outcome.code == 0, outcome.err
    assert "Wrote a look.html (" in outcome.err
    assert (
        '<a href="../a%20look.html">A look at the 60 rows'
        in (place / "pages" / "fruit.html").read_text()
    )
    assert ">Associations<" in (place / "a look.html").read_text()
    assert "name one behind the model" in run("report", model, "--look", "look.html").sentence
    assert run(*words).code == 0
    assert "A look at" not in (place / "pages" / "fruit.html").read_text()


def test_a_folder_of_tables_is_looked_at_in_drawn_rows(run, place, monkeypatch) -> None:
    pl = pytest.importorskip("polars")
    rng = np.random.default_rng(0)
    size = rng.normal(size=900)
    frame = pl.DataFrame({"size": size, "price": 3 * size + rng.normal(size=900)})
    (place / "rows").mkdir()
    frame[:400].write_parquet(place / "rows" / "0.parquet")
    frame[400:].write_parquet(place / "rows" / "1.parquet")
    whole = run("look", "rows", "--target", "price")
    assert whole.code == 0, whole.err
    assert whole.out.startswith("rows: 900 rows, 2 columns; the target price is a number")
    assert "drawn at random" not in whole.out
    assert run("look", "rows/*.parquet").code == 0
    monkeypatch.setattr(sampling, "MIN_ROWS", 400)
    monkeypatch.setattr(sampling, "SAMPLE", 300)
    for words in ((), ("--target", "price")):
        drawn = run("look", "rows", *words)
        assert drawn.code == 0, drawn.err
        assert " of 900 rows are looked at, drawn at random." in drawn.out
        assert "size" in drawn.out


@pytest.fixture
def wide(place) -> str:
    """A table with 60 columns, many of which are copies of others, and codes for missing values."""
    rng = np.random.default_rng(0)
    one = rng.normal(size=(120, 15)).round(3)
    one[rng.random(120) < 0.1, :6] = -99
    values = np.concatenate([one, 2 * one, 3 * one, rng.permutation(one)], axis=1)
    names = [f"a long name of the column {number}" for number in range(60)]
    rows = [",".join(map(str, [*row, int(row[0] > 0)])) for row in values]
    (place / "wide.csv").write_text("\n".join([",".join([*names, "y"]), *rows]))
    return "wide.csv"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_screen_has_forty_lines_and_the_rest_is_asked_for(run, wide, language) -> None:
    words = ("look", wide, "--target", "y", "--lang", language)
    screen, full = (run(*words, *more).out.splitlines() for more in ((), ("--full",)))
    assert 24 <= len(screen) <= 40
    assert len(full) > 80
    assert language == "zh" or any(line.startswith("Associated with each other") for line in full)
    assert screen[-1].endswith("--full")
    assert not any(line.endswith("--full") for line in full)


def test_what_to_type_next_has_the_options_that_were_given(run, fruit) -> None:
    words = [fruit, "--target", "kind", "--drop", "price", "--missing=-999", "--no-time"]
    assert run("look", *words).out.splitlines()[-2] == (
        f"  madaline fit {fruit} --target kind --drop price --no-time --missing=-999"
    )


def test_notes_name_options_and_ranges_have_no_quartiles_in_chinese(run, place) -> None:
    rng = np.random.default_rng(0)
    x = np.where(np.arange(300) < 5, 99999, rng.integers(0, 100, 300))
    rows = "".join(f"{one},{n % 7}\n" for n, one in enumerate(x))
    (place / "nines.csv").write_text(f"x,y\n{rows}")
    assert "--missing 99999" in run("look", "nines.csv").out
    told = run("look", "nines.csv", "--lang", "zh").out
    assert "0 至 99,999\n" in told
    assert "四分位" not in told
