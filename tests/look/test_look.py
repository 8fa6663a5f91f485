"""A look at a table: each thing that is wrong in it is found, and nothing in a clean one."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import madaline
from madaline._tell.look import Look, looking
from madaline._tell.look.contents import Dates, percent
from madaline.errors import InputError

N_ROWS = 400


def clean(seed: int = 0) -> dict[str, object]:
    rng = np.random.default_rng(seed)
    return {
        "size": rng.normal(size=N_ROWS).round(4),
        "color": rng.choice(["red", "green", "blue"], N_ROWS).astype(object),
        "member": rng.choice([True, False], N_ROWS),
    }


def found(look: Look) -> dict[str, str]:
    return {finding.kind: finding.sentence for finding in look.findings}


def test_a_clean_table_has_no_findings() -> None:
    table = clean()
    y = np.where(table["size"] > 0.3 * np.random.default_rng(1).normal(size=N_ROWS), "yes", "no")
    look = madaline.look(table, y)
    assert found(look) == {}
    assert [column.name for column in look.related] == ["size"]
    assert look.headline.startswith("400 rows, 4 columns; the target has 2 classes (")
    assert (look.n_rows, look.n_columns, look.missing.n_columns) == (N_ROWS, 4, 0)
    assert look.plan == ()


def test_a_target_may_be_a_column_a_series_or_missing() -> None:
    frame = pd.DataFrame(clean())
    by_name = madaline.look(frame, "color")
    by_values = madaline.look(frame.drop(columns="color"), frame["color"])
    assert by_name.to_json() == by_values.to_json()
    assert by_name.target is not None
    assert by_name.target.name == "color"
    alone = madaline.look(frame)
    assert alone.target is None
    assert all(column.association is None for column in alone.columns)
    with pytest.raises(InputError, match="no column 'colour': did you mean 'color'"):
        madaline.look(frame, "colour")
    with pytest.raises(InputError, match="only one class"):
        madaline.look(frame, np.ones(N_ROWS))
    with pytest.raises(InputError, match="no column to look at"):
        madaline.look(frame[["color"]], "color")


def test_a_table_may_be_a_file(tmp_path) -> None:
    pd.DataFrame(clean()).to_csv(tmp_path / "clean.csv", index=False)
    look = madaline.look(tmp_path / "clean.csv", "color")
    assert look.source == "clean.csv"
    assert [column.kind for column in look.columns] == ["number", "boolean"]


def test_numbers_may_be_huge() -> None:
    x = np.random.default_rng(0).normal(size=100)
    assert str(madaline.look({"a": 1e308 * np.tanh(x), "b": 1e-300 * x, "c": x}, x > 0))


def test_what_is_wrong_is_found() -> None:
    rng = np.random.default_rng(0)
    table = clean()
    size = table["size"]
    table["copy"] = 2 * size + 1
    table["same"] = np.ones(N_ROWS)
    table["none"] = np.full(N_ROWS, np.nan)
    table["number"] = rng.permutation(N_ROWS) + 1000.0
    table["age"] = np.where(rng.random(N_ROWS) < 0.03, -1000, rng.integers(18, 80, N_ROWS))
    table["income"] = np.where(np.arange(N_ROWS) == 7, 1e7, rng.lognormal(9, 0.5, N_ROWS))
    rents = [*np.random.default_rng(1).lognormal(1, 0.5, N_ROWS - 1), 10_000]
    table["rent"] = np.array([f"¥{one:.1f}万" for one in rents], object)
    labels = np.where(rng.random(N_ROWS) < 0.02, "rare", np.where(size > 0, "yes", "no"))
    table["lacking"] = np.where((labels == "yes") & (rng.random(N_ROWS) < 0.8), np.nan, size)
    table["lacking too"] = np.where(np.isnan(table["lacking"]), np.nan, rng.normal(size=N_ROWS))
    look = madaline.look(table, labels)
    sentences = found(look)
    assert sentences["constant"].startswith("same holds the same value in every row")
    assert sentences["no value"] == "none has no value in any row: leave it out of the columns."
    assert sentences["identifier"].startswith("number was left out")
    far = [f.sentence for f in look.findings if f.kind == "far values"]
    assert "age is -1000 in" in far[0]
    assert "say so (missing=['-1000'])" in far[0]
    assert "far from all others: income (10000000), rent (¥10000万): make sure" in far[1]
    assert sentences["redundant"].startswith("size, copy hold nearly the same")
    assert "rare" in sentences["rare class"]
    missing = [f.sentence for f in look.findings if f.kind == "missing values"]
    assert any("lacking, lacking too lack values in the same" in one for one in missing)
    assert any("is missing tells something of the target: lacking (" in one for one in missing)


def test_copies_and_contradictions() -> None:
    rng = np.random.default_rng(0)
    x = np.round(rng.normal(size=(100, 3)), 6)
    rows = np.concatenate([x, x[:20], x[:10]])
    y = np.concatenate([np.arange(100) % 2, np.arange(20) % 2, 1 - np.arange(10) % 2])
    look = madaline.look(rows, y)
    assert (look.copies.n_alike, look.copies.n_copies) == (40, 20)
    assert look.copies.n_contradicted == 30
    assert look.copies.best == pytest.approx(120 / 130)
    assert look.copies.rows[0] == 100
    assert "no model is right in more than 92.3% of the rows" in found(look)["contradiction"]
    copied = "40 rows (30.8%) have a copy, the target included: leave 20 of them out"
    assert copied in found(look)["duplicates"]


def test_things_that_rows_are_of_are_named() -> None:
    rng = np.random.default_rng(0)
    shop = rng.integers(0, 30, N_ROWS)
    table = {
        "shop": np.array([f"shop {number}" for number in range(30)], object)[shop],
        "city": (shop % 7).astype(float),
        "size": rng.normal(size=30).round(2)[shop],
        "sold": rng.normal(size=N_ROWS),
    }
    sentence = found(madaline.look(table, rng.normal(size=N_ROWS)))["groups"]
    assert sentence.startswith("All rows of one shop have the same values of city, size: if rows")
    assert "(groups=)" in sentence


def test_dates_have_steps_and_gaps() -> None:
    days = np.arange("2024-01-01", "2024-07-01", dtype="datetime64[D]")
    days = np.delete(days, slice(60, 81))
    look = madaline.look({"day": days, "x": np.arange(len(days)) % 7})
    (day, _) = look.columns
    assert day.values == "2024-01-01 to 2024-06-30; every day, 1 gap"
    assert "day has 1 gap, the longest one of 22 days after 2024-02-29" in found(look)["order"]
    assert look.plan == ("day may tell when rows were recorded.",)
    months = np.arange("2020-01", "2024-01", dtype="datetime64[M]").astype("datetime64[s]")
    assert Dates.of(months.astype(float)).words == "2020-01-01 to 2023-12-01; every month"
    assert Dates.of(np.array([])) is None


def test_the_plan_is_that_of_a_fit() -> None:
    rng = np.random.default_rng(0)
    day = np.datetime64("2024-01-01", "us") + np.arange(N_ROWS).astype("timedelta64[D]")
    walk = rng.normal(size=N_ROWS).cumsum()
    look = madaline.look({"day": day, "x": rng.normal(size=N_ROWS)}, walk)
    assert look.plan[0].startswith("A fit holds out later rows, by day (root mean squared error of")
    assert "--no-time" in look.for_command_line().plan[0]


def test_all_kinds_of_columns_are_described() -> None:
    rng = np.random.default_rng(0)
    words = ["a quick brown fox jumps over the lazy dog again", "the tree stands at the river bank"]
    table = clean() | {
        "text": [f"{words[n % 2]} {n} times and more" for n in range(N_ROWS)],
        "image": rng.random((N_ROWS, 8, 8)),
        "money": [f"$1,{n:03}.50" for n in range(N_ROWS)],
    }
    look = madaline.look(table, table["size"])
    columns = {column.name: column for column in look.columns}
    assert columns["image"].kind == "image"
    assert columns["money"].why.startswith("number, read without $")
    assert columns["text"].values.startswith("such as ")
    assert columns["size"].sparkline
    assert "Not compared with others: text (text), image (image)." in look.remarks
    assert json.loads(json.dumps(look.to_json()))["columns"][0]["name"] == "size"
    assert list(look.to_frame()["name"]) == list(columns)
    assert "<table>" in look._repr_html_()


def test_many_columns_and_few_rows_do_no_harm(tmp_path) -> None:
    rng = np.random.default_rng(0)
    wide = madaline.look(rng.normal(size=(50, 300)), rng.normal(size=50))
    assert "... and 285 more columns" in str(wide)
    assert wide.n_paired == 80
    assert "80 of 300 columns were compared with each other." in "\n".join(wide.lines(full=True))
    wide.save(tmp_path / "wide.html")
    assert "<script" not in (tmp_path / "wide.html").read_text()
    few = madaline.look({"a": [1, 2, 3], "b": ["x", "y", "x"]})
    assert few.n_sampled == 0
    assert str(few).startswith("3 rows, 2 columns.")


def test_columns_that_lack_values_together_are_associated_by_what_is_known():
    rng = np.random.default_rng(0)
    asked = rng.random(600) < 0.4
    month, day, size = rng.integers(1, 13, 600), rng.integers(1, 29, 600), rng.normal(size=600)
    columns = {
        "month": np.where(asked, month, np.nan),
        "day": np.where(asked, day, np.nan),
        "size": np.where(asked, size, np.nan),
        "weight": np.where(asked, size + 0.3 * rng.normal(size=600), np.nan),
    }
    seen = madaline.look(columns)
    (first, *others) = seen.pairs
    assert first[:2] == ("size", "weight")
    assert first.association > 0.8
    assert all(pair.association < 0.5 for pair in others)
    assert seen.missing.together == ((("month", "day", "size", "weight"), int(np.sum(~asked))),)


def test_a_code_that_columns_share_is_asked_about_and_associates_nothing():
    rng = np.random.default_rng(0)
    asked = rng.random(600) < 0.5
    columns = {name: np.where(asked, rng.integers(0, 2, 600), 2) for name in ("a", "b", "c")}
    columns["copy"], columns["other"] = columns["a"].copy(), rng.normal(size=600)
    seen = madaline.look(columns)
    assert {frozenset(pair[:2]) for pair in seen.pairs} == {frozenset({"a", "copy"})}
    (found,) = (one for one in seen.findings if "in the same" in one.seen)
    assert found.sentence == (
        f"a, b, c, copy are 2 in the same {int(np.sum(~asked))} rows: if it stands for a missing"
        " value, say so (missing=['2'])."
    )


def test_columns_that_are_copies_share_no_code():
    values = np.random.default_rng(0).integers(0, 3, 300)
    seen = madaline.look({"a": values, "copy": values.copy(), "b": np.arange(300) % 7})
    assert not [one for one in seen.findings if "in the same" in one.seen]


def test_files_are_looked_at_in_blocks(tmp_path, monkeypatch):
    pl = pytest.importorskip("polars")
    x = np.random.default_rng(0).normal(size=500)
    frame = pl.DataFrame({"x": x, "y": 2 * x})
    for number in range(2):
        frame[250 * number :][:250].write_parquet(tmp_path / f"{number}.parquet")
    seen = madaline.look(tmp_path, "y")
    assert (seen.n_rows, seen.source, seen.notes) == (500, tmp_path.name, ())
    assert [column.name for column in seen.related] == ["x"]
    monkeypatch.setattr(looking, "_MAX_DRAWN", 200)
    seen = madaline.look(f"{tmp_path}/*.parquet", "y")
    assert seen.n_rows == 200
    assert seen.notes[0] == "The table is large: 200 of 500 rows are looked at, drawn at random."


def test_columns_that_are_the_same_are_one_finding():
    rng = np.random.default_rng(0)
    columns = {name: rng.normal(size=200) for name in "abc"}
    seen = madaline.look(columns | {f"{name} too": 2 * columns[name] for name in "abc"})
    (same,) = (one for one in seen.findings if one.kind == "redundant")
    assert same.sentence == (
        "Columns hold nearly the same: a, a too; b, b too; c, c too: one of each may be enough,"
        " and they share importance."
    )


@pytest.mark.parametrize(
    ("share", "words"), [(0.0, "0%"), (0.001, "<1%"), (0.5, "50%"), (0.999, ">99%"), (1.0, "100%")]
)
def test_shares_are_not_rounded_to_none_or_all(share, words):
    assert percent(share) == words
