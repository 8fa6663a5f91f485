"""Values of few rows are not drawn, and are in no file."""

import numpy as np
import pytest
from tests.sampling.tables import calls

import madaline
from madaline._sampling.cells import Cells
from madaline.errors import InputError


def test_no_cell_tells_the_value_of_few_rows():
    numbers = np.random.default_rng(0).lognormal(8, 2, 1000)
    cells = Cells.of(numbers, 5)
    known = np.concatenate([cells.low, cells.high, (cells.low + cells.high) / 2])
    assert not np.isin(known, numbers).any()
    assert cells.n_cells == 200


def test_numbers_of_too_few_rows_are_left_out():
    cells = Cells.of(np.array([np.nan] * 20 + [7.5, 8.5, 9.0]), 5)
    assert cells.n_cells == 1
    assert np.isnan(
        cells.draw(cells.encode(np.array([7.5, np.nan])), np.random.default_rng(0))
    ).all()


def test_frequent_values_are_kept_and_rare_ones_are_not_copied():
    rng = np.random.default_rng(0)
    numbers = np.where(rng.random(2000) < 0.3, 5000.0, np.round(rng.lognormal(8, 1, 2000), 2))
    cells = Cells.of(numbers, 5)
    drawn = cells.draw(cells.encode(numbers), rng)
    assert abs(np.mean(drawn == 5000) - 0.3) < 0.05
    others = drawn[drawn != 5000]
    assert np.mean(np.isin(others, numbers)) < 0.1
    assert np.allclose(others * 100, np.rint(others * 100))


def test_steps_are_found():
    rng = np.random.default_rng(0)
    for step in (1.0, 0.25, 500.0, 0.001):
        numbers = rng.integers(1, 900, 500) * step
        assert Cells.of(numbers, 5).step == pytest.approx(step)
    assert Cells.of(rng.normal(size=100), 5).step == 0


def test_rare_levels_names_and_ids_are_replaced(tmp_path):
    n_rows = 1200
    table = calls(n_rows)
    few = {name: table[name] for name in ("minutes", "plan")}
    few["town"] = np.array([*["Bonn"] * 700, *["Ulm"] * 490, *[f"Dorf{k}" for k in range(10)]])
    few["id"] = [f"K-{number:05d}" for number in range(900, 900 + n_rows)]
    few["name"] = [f"Anna{k} Meier{k * 7 % 1200}" for k in range(n_rows)]
    sampler = madaline.Sampler(privacy="safe").fit(few)
    rows = sampler.sample(500, random_state=0)
    assert set(rows["town"].tolist()) <= {"Bonn", "Ulm", "other"}
    assert rows["id"][:2].tolist() == ["K-00001", "K-00002"]
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
