"""The page predicts in a browser, reads a file of rows, and asks no host for anything."""

from __future__ import annotations

import csv
import datetime
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.export.conftest import SOME, table_of

from madaline import AdaptiveRegressor
from madaline._apps.export import write_program
from madaline._apps.export.lowering import lower
from madaline._tell.explain import explain

PROJECT = Path(__file__).resolve().parents[2]
MODULES = PROJECT / "build" / "docs-browser" / "node_modules"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
needs_browser = pytest.mark.skipif(
    not (shutil.which("node") and MODULES.is_dir() and Path(CHROMIUM).exists()),
    reason="no node, no Chromium, or `make build/docs-browser/package.json` has not run",
)
pytestmark = pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")


def looked_at(model, folder: Path, table: str, language: str = "en-US") -> dict:
    """Return what a browser found on the page of a model, and made of a file of rows."""
    write_program(model, folder / "page.html")
    (folder / "rows.csv").write_text(table)
    done = subprocess.run(
        [
            "node",
            PROJECT / "tests/export/page.cjs",
            folder / "page.html",
            folder / "rows.csv",
            language,
        ],
        env={**os.environ, "NODE_PATH": str(MODULES)},
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return json.loads(done.stdout)


@needs_browser
@pytest.mark.parametrize("kind", SOME)
def test_the_page_predicts_rows_and_files(kind, models, tmp_path) -> None:
    model = models(kind)
    rows, _ = table_of(30, seed=4)
    found = looked_at(model, tmp_path, rows.to_csv(index=False))
    assert (found["errors"], found["requests"], found["violations"]) == ([], [], [])
    assert found["beyond"] == 0
    assert found["title"] == f"Predict {model.summary.target}"
    assert found["before"] != found["after"]
    assert ("length" if kind == "bare" else "width") in found["why"]
    assert found["told"].startswith("Rows that are predicted: 30.")
    if kind in ("binary", "multiclass"):
        counts = re.findall(r": (\d+)[,.]", found["told"])
        assert sum(map(int, counts[1:])) == 30
    assert all("c19 was not among the rows" in line for line in found["problems"])
    shown = [cells[1].split(" (")[0] for cells in found["cells"]]
    assert len(shown) == 20
    assert shown[0] in found["loaded"]
    lines = list(csv.reader(found["csv"].lstrip("\ufeff").splitlines()))
    places = [k for k, name in enumerate(lines[0]) if name.startswith("predicted_")]
    predicted = np.array([[line[place] for place in places] for line in lines[1:]])
    expected = model.predict(rows).reshape(predicted.shape)
    if kind in ("binary", "labels", "multiclass"):
        assert predicted.tolist() == expected.astype(str).tolist()
    else:
        np.testing.assert_allclose(predicted.astype(float), expected, rtol=1e-4)


@needs_browser
@pytest.mark.parametrize(
    "kind", ["binary", "numbers", pytest.param("multiclass", marks=pytest.mark.slow)]
)
def test_the_page_tells_changes_that_change_the_prediction(kind, models, tmp_path) -> None:
    model = models(kind)
    found = looked_at(model, tmp_path, table_of(3, seed=4)[0].to_csv(index=False))
    program = lower(model)
    kind_of = {one.name: one.kind for one in program.columns}
    names = "|".join(map(re.escape, kind_of))
    row = {one.name: [_typical(one)] for one in program.columns}
    before = model.predict(pd.DataFrame(row))[0]
    told = [
        re.fullmatch(r"With (.+), the prediction is (\S+)\.", line).groups()
        for line in found["changes"]
    ]
    for changes, answer in told:
        changed = dict(row)
        for change in changes.split(" and "):
            name, value = re.fullmatch(rf"({names}) (.+) instead of .+", change).groups()
            read = {"number": float, "boolean": "true".__eq__, "category": str}
            changed[name] = [read.get(kind_of[name], pd.Timestamp)(value)]
        after = model.predict(pd.DataFrame(changed))[0]
        if kind == "numbers":
            assert float(answer.replace(",", "")) == pytest.approx(after, rel=1e-3)
            assert after > before + 1
        else:
            assert str(after) == answer != str(before)
    assert any("width" in changes for changes, _ in told)


def _typical(column):
    """Return the cell with which the page begins."""
    match column.kind:
        case "category":
            return column.levels[int(column.typical)]
        case "boolean":
            return bool(column.typical)
        case "datetime":
            return pd.Timestamp(1970, 1, 1) + pd.Timedelta(days=column.typical)
        case _:
            return column.typical


@needs_browser
@pytest.mark.parametrize(
    "kind", ["binary", "numbers", pytest.param("multiclass", marks=pytest.mark.slow)]
)
def test_what_columns_add_is_what_explain_says(kind, models, tmp_path) -> None:
    model = models(kind)
    found = looked_at(model, tmp_path, table_of(3, seed=4)[0].to_csv(index=False))
    program = lower(model)
    usual = {one.name: [_typical(one)] for one in program.columns}
    assert found["unchanged"].splitlines()[0 if kind == "numbers" else 1].startswith("width")
    row = dict(usual)
    for one, (name, value) in zip(program.columns, found["fields"], strict=True):
        assert one.name == name
        if one.kind != "datetime":  # which stays as it is
            read = {"number": float, "boolean": "true".__eq__, "category": str}[one.kind]
            row[name] = [read(value)]
    settings = {} if kind == "numbers" else {"scale": "probability"}
    told = explain(
        model, pd.DataFrame(row), background=pd.DataFrame(usual), method="shapley", **settings
    )
    (_, first), *lines, (_, last) = found["sums"]
    largest = max(abs(first), abs(last))
    np.testing.assert_allclose([first, last], [told.base[0], told.output[0]], atol=1e-4 * largest)
    assert first + sum(own for _, own in lines) == pytest.approx(last, abs=1e-9 * largest)
    added = {name.rsplit(" = ", 1)[0]: own for name, own in lines}
    assert "width" in added
    assert not {"day", "moment"} & set(added)
    for name, own in zip(told.columns, told.attributions[0], strict=True):
        assert added.get(name, 0) == pytest.approx(own, abs=1e-4 * largest)


CONTRIBUTIONS = PROJECT / "src/madaline/_apps/export/templates/contributions.js"


@pytest.mark.skipif(not shutil.which("node"), reason="no node")
@pytest.mark.parametrize("n_columns", [3, 10])
def test_contributions_add_up_and_ignored_columns_add_nothing(n_columns) -> None:
    script = f"""
      const row = Array.from({{ length: {n_columns} }}, (_, k) => k + 1), usual = row.map(() => 0);
      const of = (own) => [own[0] + 2 * own[1] + own[0] * own[1], -own[1]];
      console.log(JSON.stringify(contributions(row, usual, of)));
    """
    done = subprocess.run(
        ["node", "-e", CONTRIBUTIONS.read_text() + script],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    added = np.array(json.loads(done.stdout))
    # each of two columns has half of their product, as each comes first in half of the orders
    np.testing.assert_allclose(added[:2], [[2, 0], [5, -2]], atol=1e-9)
    assert (added[2:] == 0).all()


CHANGES = CONTRIBUTIONS.with_name("changes.js")


@pytest.mark.skipif(not shutil.which("node"), reason="no node")
def test_changes_of_pairs_are_those_that_need_both() -> None:
    number = {"kind": "number", "span": [0, 10], "step": 0}
    columns = [number, number | {"step": 1}, {"kind": "boolean", "span": [0, 1]}, number]
    script = f"""
      const columns = {json.dumps(columns)}, sum = ([a, b, c, d]) => a + b + 4 * c;
      const of = (goal) => changes([2, 3, 0, 5], (own) => sum(own) >= goal, sum).map(({{ parts }}) => parts);
      console.log(JSON.stringify([6.5, 16, 40].map(of)));
      console.log(JSON.stringify(reach([2, 3, 0, 5], (own) => [sum(own)])));
    """
    done = subprocess.run(
        ["node", "-e", CHANGES.read_text() + script],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    (alone, pairs, none), ranges = map(json.loads, done.stdout.splitlines())
    found = [{part["number"]: part["value"] for part in parts} for parts in alone]
    assert found[:3] == [{0: 4}, {1: 5}, {2: 1}]
    found = [{part["number"]: part["value"] for part in parts} for parts in pairs]
    assert found == [{0: 8, 1: 9}, {0: 9, 2: 1}, {1: 10, 2: 1}]
    assert none == []
    assert ranges == [[[3, 13], [2, 12], [5, 9], [5, 5]]]


@needs_browser
def test_the_page_is_in_chinese_and_names_cells_that_cannot_be_read(models, tmp_path) -> None:
    rows, _ = table_of(3, seed=4)
    rows["length"] = ["1", "about 3", "2"]
    rows["city"] = ["Bonn", "Ulm", "Rome"]
    found = looked_at(models("multiclass"), tmp_path, rows.to_csv(index=False), "zh-CN")
    assert (found["errors"], found["violations"]) == ([], [])
    assert found["title"] == "预测 target"
    unread, unknown = found["problems"]
    assert all(own in unread for own in ("3", "length", "about 3"))
    assert all(own in unknown for own in ("4", "city", "Rome"))
    first, second, third = csv.reader(found["csv"].lstrip("\ufeff").splitlines()[1:])
    assert first[len(rows.columns)]
    assert not any(second[len(rows.columns) :])
    assert third[len(rows.columns)]
    assert found["cells"][1][1] == ""
    assert [cell for cell in found["cells"][1] if "about 3" in cell] == ["about 3 无法读取"]


def test_the_page_forbids_all_requests(models, tmp_path) -> None:
    write_program(models("binary"), tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "default-src 'none'" in page
    assert not re.findall(r"(?:src|href)=[\"']?(?!sha)[\w/]|@import|url\(|fetch\(|https?://", page)
    assert page.count("</script>") == 1


@needs_browser
@pytest.mark.filterwarnings("ignore::madaline.errors.TextReadWarning")
def test_the_page_reads_numbers_and_dates_as_people_write_them(tmp_path) -> None:
    rng = np.random.default_rng(0)
    amounts, days = rng.uniform(1000, 9000, 200), rng.integers(0, 700, 200)
    dates = [datetime.date(2024, 1, 1) + datetime.timedelta(int(day)) for day in days]
    X = pd.DataFrame(
        {
            "price": [f"€{amount:,.2f}" for amount in amounts],
            "size": [f"{amount / 1000:.2f}".replace(".", ",") for amount in amounts[::-1]],
            "since": [f"{date:%d.%m.%Y}" for date in dates],
            "width": rng.normal(size=200),
        }
    )
    y = amounts / 1000 + days / 100 + X["width"].to_numpy()
    model = AdaptiveRegressor(effort=5, random_state=0).fit(X, y, time=False)._model()
    assert {one.kind for one in model.predictor.encoder.encoders} == {"number", "datetime"}
    some = X.head(20)
    some.loc[0, "price"], some.loc[1, "since"], some.loc[2, "size"] = "", "n/a", "-"
    found = looked_at(model, tmp_path, some.to_csv(index=False, sep=";"))
    assert found["told"] == "Rows that are predicted: 20."
    lines = list(csv.reader(found["csv"].lstrip("\ufeff").splitlines(), delimiter=";"))
    predicted = [float(line[lines[0].index("predicted_target")]) for line in lines[1:]]
    np.testing.assert_allclose(predicted, model.predict(some), rtol=1e-4)
