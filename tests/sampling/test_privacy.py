"""Values of few rows are not drawn, and are in no file."""

import numpy as np
import pytest
from tests.sampling.tables import calls

import madaline
from madaline._apps.sampling.cells import ColumnCells
from madaline.errors import InputError


def test_no_cell_tells_the_value_of_few_rows():
    numbers = np.random.default_rng(0).lognormal(8, 2, 1000)
    cells = ColumnCells.of(numbers, 5)
    known = np.concatenate([cells.low, cells.high, (cells.low + cells.high) / 2])
    assert not np.isin(known, numbers).any()
    assert cells.n_cells == 200


def test_numbers_of_too_few_rows_are_left_out():
    cells = ColumnCells.of(np.array([np.nan] * 20 + [7.5, 8.5, 9.0]), 5)
    assert cells.n_cells == 1
    assert np.isnan(
        cells.draw(cells.encode(np.array([7.5, np.nan])), np.random.default_rng(0))
    ).all()


def test_frequent_values_are_kept_and_rare_ones_are_not_copied():
    rng = np.random.default_rng(0)
    numbers = np.where(rng.random(2000) < 0.3, 5000.0, np.round(rng.lognormal(8, 1, 2000), 2))
    cells = ColumnCells.of(numbers, 5)
    drawn = cells.draw(cells.encode(numbers), rng)
    assert abs(np.mean(drawn == 5000) - 0.3) < 0.05
    others = drawn[drawn != 5000]
    assert np.mean(np.isin(others, numbers)) < 0.1
    assert np.allclose(others * 100, np.rint(others * 100))


def test_steps_are_found():
    rng = np.random.default_rng(0)
    for step in (1.0, 0.25, 500.0, 0.001):
        numbers = rng.integers(1, 900, 500) * step
        assert ColumnCells.of(numbers, 5).step == pytest.approx(step)
    assert ColumnCells.of(rng.normal(size=100), 5).step == 0


def test_rare_levels_names_and_ids_are_replaced(tmp_path):
    n_rows = 1200
    table = calls(n_rows)
    few = {name: table[name] for name in ("minutes", "plan")}
    few["town"] = np.array([*["Bonn"] * 700, *["Ulm"] * 490, *[f"Dorf{k}" for k in range(10)]])
    few["id"] = [f"K-{number:05d}" for number in range(900, 900 + n_rows)]
    few["number"] = np.arange(70_001, 70_001 + n_rows)
    few["name"] = [f"Anna{k} Meier{k * 7 % 1200}" for k in range(n_rows)]
    sampler = madaline.Sampler(privacy="safe").fit(few)
    rows = sampler.sample(500, random_state=0)
    assert set(rows["town"].tolist()) <= {"Bonn", "Ulm", "other"}
    assert rows["id"][:2].tolist() == ["K-00001", "K-00002"]
    assert rows["number"][:2].tolist() == [1, 2]
    assert all(name is None for name in rows["name"])
    told = " ".join(sampler.notes_)
    assert 'town: 10 values of fewer than 5 rows (0.8% of all) became "other".' in told
    assert "id: numbered anew" in told
    assert "name: left empty" in told
    sampler.save(tmp_path / "few.sampler")
    content = (tmp_path / "few.sampler").read_bytes()
    assert b"Dorf" not in content
    assert b"Meier" not in content
    assert b"K-00900" not in content


def test_a_table_of_names_alone_is_refused():
    names = {"name": [f"Anna{k} Meier{k * 7 % 1200}" for k in range(60)], "id": ["x"] * 60}
    names["id"] = [f"Otto{k * k} Weber{k}" for k in range(60)]
    with pytest.raises(InputError, match="nothing to learn from"):
        madaline.Sampler().fit(names)


OUTLIER = 98_765_432.0


def people(n_rows=3000):
    """Return incomes and dates about a common value, one row of each far beyond all others."""
    rng = np.random.default_rng(3)
    income = np.round(rng.lognormal(10, 0.4, n_rows), 0)
    debt = np.round(rng.normal(0, 900, n_rows), 1)
    day = np.datetime64("2021-03-01") + rng.integers(0, 700, n_rows)
    income[7], debt[8], day[9] = OUTLIER, -OUTLIER, np.datetime64("2054-05-06")
    return {"income": income, "debt": debt, "day": day, "few": np.where(income > 2e4, "a", "b")}


def test_an_outlier_neither_shows_in_rows_nor_in_the_file():
    table, min_rows = people(), 5
    sampler = madaline.Sampler(privacy="safe").fit(table)
    drawn = sampler.sample(20_000, random_state=1)
    for name in ("income", "debt", "day"):
        rows = np.sort(table[name])
        assert drawn[name].max() <= rows[-min_rows]
        assert drawn[name].min() >= rows[min_rows - 1]
        cells = sampler._chain.cells[name]  # what the file holds
        ends = cells.as_column(np.array([cells.low[0], cells.high[-1]]))
        assert rows[min_rows - 1] <= ends[0] < ends[1] <= rows[-min_rows]


@pytest.mark.parametrize(("name", "value"), [("income", 5e7), ("day", "2054-05-06")])
def test_a_message_names_no_end_that_one_row_made(name, value):
    table = people(1000)
    sampler = madaline.Sampler(privacy="safe").fit(table)
    with pytest.raises(InputError, match="its values are drawn from") as error:
        sampler.sample(3, given={name: value})
    rows = np.sort(table[name])
    ends = {f"{one:.6g}" for one in (rows[:5], rows[-5:]) for one in one} if name != "day" else ()
    told = str(error.value).partition("drawn from")[2]
    assert not any(end in told for end in [*ends, "205", "98", "87"])


def test_one_row_neither_makes_the_step_nor_the_sign_of_others():
    rng = np.random.default_rng(0)
    for odd in (123_456.789, -3.0, 1e300):
        numbers = np.append(rng.integers(10, 9000, 400) * 10.0, odd)
        cells = ColumnCells.of(numbers, 5)
        assert cells.step == 10
        drawn = cells.draw(np.repeat(np.arange(cells.n_cells), 200), rng)
        assert drawn.min() > 0
        assert drawn.max() < 90_000


@pytest.mark.parametrize("n_rows", [5, 6, 9, 10, 13, 21])
def test_ends_hold_of_few_rows(n_rows):
    numbers = np.random.default_rng(n_rows).normal(size=n_rows)
    cells = ColumnCells.of(numbers, 5)
    drawn = cells.draw(cells.encode(numbers), np.random.default_rng(0))
    assert numbers.min() < drawn.min() <= drawn.max() < numbers.max()
    assert not np.isin([cells.low, cells.high], numbers).any()
