"""`madaline sample` writes rows as its table is written."""

import json
import re

import numpy as np
import polars as pl
import pytest
from tests.sampling.tables import calls

from madaline._apps.cli import main


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    table = calls(1100)
    rng = np.random.default_rng(1)
    path = tmp_path_factory.mktemp("sample") / "calls.csv"
    lines = ["region;price;share;day;seen;active;count"]
    for region, charge, day, active in zip(
        table["region"], table["charge"], table["day"], table["active"], strict=True
    ):
        date = day.astype(object)
        price = f"€{1000 + 100 * charge:,.2f}"
        seen = f"{date.isoformat()} 10:{rng.integers(10, 60)}"
        truth = "Yes" if active else "No"
        count = "" if rng.random() < 0.1 else str(rng.integers(0, 50))
        share = f"{rng.integers(0, 100)} %"
        lines.append(f"{region};{price};{share};{date:%d/%m/%Y};{seen};{truth};{count}")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_rows_are_written_as_the_table_is(path, tmp_path, capsys):
    out = tmp_path / "rows.csv"
    settings = ["-n", "60", "--privacy", "safe", "-o", str(out)]
    assert main(["sample", str(path), *settings, "--page", str(tmp_path / "rows.html")]) == 0
    header, *rows = out.read_text().splitlines()
    assert header == path.read_text().splitlines()[0]
    assert len(rows) == 60
    form = (
        r"(north|south|east|west);€\d,\d{3}\.\d\d;\d{1,2} %;\d\d/\d\d/20\d\d;"
        r"20\d\d-\d\d-\d\d \d\d:\d\d;(Yes|No);\d*"
    )
    assert all(re.fullmatch(form, row) for row in rows)
    assert "A classifier tells these rows" in capsys.readouterr().out
    assert "<figure>" in (tmp_path / "rows.html").read_text()


@pytest.mark.slow
def test_a_saved_sampler_draws_to_parquet(path, tmp_path, capsys):
    saved, out = tmp_path / "calls.sampler", tmp_path / "rows.parquet"
    common = ["--seed", "3", "--privacy", "safe", "-n", "30"]
    assert main(["sample", str(path), *common, "--save", str(saved), "-q"]) == 0
    printed = capsys.readouterr().out
    assert main(["sample", str(saved), *common, "-o", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["strength"] == "safe"
    rows = pl.read_parquet(out)
    assert rows.height == 30
    assert rows["price"][0] in printed
    assert rows["count"].dtype == pl.Int64


@pytest.mark.slow
def test_given_and_balanced(path, tmp_path):
    out = tmp_path / "rows.csv"
    settings = ["--privacy", "safe", "-n", "40", "-o", str(out), "-q"]
    assert main(["sample", str(path), *settings, "--given", "region=west"]) == 0
    assert all(line.startswith("west;") for line in out.read_text().splitlines()[1:])
    assert main(["sample", str(path), *settings, "--balanced", "region"]) == 0
    regions = [line.partition(";")[0] for line in out.read_text().splitlines()[1:]]
    assert {regions.count(one) for one in set(regions)} == {10}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--given", "region"], "--given is 'region'"),
        (["--given", "colour=red"], "no column 'colour'"),
        (["--privacy", "0.3"], "privacy is 0.3"),
        (["--json"], "--json prints the figures"),
        (["-o", "rows.docx"], "go to .csv"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(path, options, words, capsys):
    assert main(["sample", str(path), "--privacy", "safe", "-n", "5", "-q", *options]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error
