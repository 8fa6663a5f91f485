"""`madaline fill` writes the table as it was, without gaps."""

import json

import numpy as np
import polars as pl
import pytest

from madaline._apps.cli import main


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    rng = np.random.default_rng(1)
    lines = ["shop;price;day;sold;note"]
    for number in range(200):
        count = int(rng.integers(1, 50))
        shop = "" if number % 9 == 0 else ("north" if count < 25 else "south")
        price = "NA" if number % 11 == 0 else f"€{1000 + 20 * count:,.2f}"
        day = "" if number % 13 == 0 else f"{count % 28 + 1:02d}/0{count % 7 + 1}/2026"
        lines.append(f"{shop};{price};{day};{count};text {rng.random()}")
    path = tmp_path_factory.mktemp("fill") / "sales.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def cells(path):
    return [line.split(";") for line in path.read_text().splitlines()]


@pytest.mark.slow
def test_gaps_are_written_as_the_column_is(path, tmp_path, capsys):
    out = tmp_path / "full.csv"
    assert main(["fill", str(path), "--mark", "-o", str(out)]) == 0
    before, after = cells(path), cells(out)
    marks = ["shop_filled", "price_filled", "day_filled"]
    assert after[0] == before[0] + marks
    n_filled = 0
    for old, new in zip(before[1:], after[1:], strict=True):
        for place in range(5):
            is_gap = old[place] in ("", "NA")
            assert is_gap or old[place] == new[place]
            assert new[place] not in ("", "NA")
            if place < 3:
                assert new[5 + place] == ("true" if is_gap else "false")
                n_filled += is_gap
        assert new[1][0] == "€"
        assert len(new[2]) == 10
    printed, progress = capsys.readouterr()
    rounds = [f"round {number} of 3: 3 columns" for number in (1, 2, 3)]
    assert [line.strip() for line in progress.splitlines() if "round" in line] == 2 * rounds
    assert f"{n_filled} gaps in 3 columns: shop" in printed
    assert "known values that were hidden as a test" in " ".join(printed.split())
    assert 'Words that were taken for gaps: price ("NA")' in " ".join(printed.split())
    assert "left as they are: note" in " ".join(printed.split())


def test_several_tables_to_parquet(path, tmp_path, capsys):
    out = tmp_path / "two.parquet"
    settings = ["--draws", "2", "--mark", "--no-check", "--json", "-q", "-o", str(out)]
    assert main(["fill", str(path), *settings]) == 0
    given = json.loads(capsys.readouterr().out)
    assert given["errors"] == []
    frame = pl.read_parquet(out)
    assert frame.height == 400
    assert frame["imputation"].value_counts()["count"].to_list() == [200, 200]
    assert frame["shop"].null_count() == 0
    assert frame["shop_filled"].sum() == 2 * given["n_gaps"]["shop"]


def test_whole_numbers_of_a_text_file_stay_whole(path, tmp_path):
    text = tmp_path / "given.csv"
    lines = [f"{n},{'' if n % 7 == 0 else 2 * n},{n / 4},k{n % 3}" for n in range(60)]
    text.write_text("\n".join(["a,b,c,d", *lines]) + "\n")
    out = tmp_path / "full.parquet"
    assert main(["fill", str(text), "--no-check", "-q", "-o", str(out)]) == 0
    assert pl.read_parquet(out).dtypes == [pl.Int64, pl.Int64, pl.Float64, pl.String]


def test_a_table_without_gaps_is_written_at_once(tmp_path, capsys):
    full, out = tmp_path / "full.csv", tmp_path / "out.csv"
    full.write_text("\n".join(["a,b", *(f"{n},{n % 3}" for n in range(60))]) + "\n")
    assert main(["fill", str(full), "-o", str(out)]) == 0
    captured = capsys.readouterr()
    assert "The table has no gaps." in captured.out
    assert captured.err.count("\n") == 1  # the file that was written
    assert out.read_text() == full.read_text()


def test_the_separator_of_a_file_in_another_encoding_is_kept(tmp_path):
    table, out = tmp_path / "table.csv", tmp_path / "out.csv"
    lines = ["城市;价格", *(f"{'北京' if n % 2 else '上海'};{n}" for n in range(60))]
    table.write_bytes(("\n".join(lines) + "\n").encode("gb18030"))
    assert main(["fill", str(table), "--encoding", "gb18030", "-q", "-o", str(out)]) == 0
    assert out.read_text().splitlines() == lines


def test_to_the_screen(path, capsys):
    assert main(["fill", str(path), "--no-check", "-q"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("shop;price;day;sold;note\n")
    assert len(printed.splitlines()) == 201


@pytest.mark.parametrize(
    ("options", "words"),
    [(["--json"], "--json prints the figures"), (["-o", "full.docx"], "go to .csv")],
)
def test_refused(path, options, words, capsys):
    assert main(["fill", str(path), *options]) != 0
    assert words in " ".join(capsys.readouterr().err.split())


def test_sums_hold_in_the_file_that_is_written(tmp_path):
    rng = np.random.default_rng(0)
    before, after = rng.integers(50, 90, (2, 150))
    gone = rng.random(150) < 0.1
    lines = ["before,after,change"] + [
        f"{b},," if lacking else f"{b},{a},{a - b}"
        for b, a, lacking in zip(before, after, gone, strict=True)
    ]
    path, out = tmp_path / "weights.csv", tmp_path / "full.csv"
    path.write_text("\n".join(lines) + "\n")
    assert main(["fill", str(path), "-o", str(out), "--no-check", "-q"]) == 0
    filled = pl.read_csv(out)
    assert filled.null_count().sum_horizontal().item() == 0
    np.testing.assert_allclose(filled["change"], filled["after"] - filled["before"], atol=1e-9)
