"""A sampler draws rows with the columns, types and relations of its table."""

import subprocess
import sys
from base64 import b64encode
from hashlib import sha256

import numpy as np
import pandas as pd
import polars as pl
import pytest
from tests.sampling.tables import calls

import madaline
from madaline.errors import InputError, ModelFileError


@pytest.fixture(scope="module")
def table():
    return calls()


@pytest.fixture(scope="module")
def sampler(table):
    return madaline.Sampler(privacy="middle").fit(pd.DataFrame(table), target="plan")


def test_rows_have_the_columns_and_types_of_the_table(sampler, table):
    rows = sampler.sample(300, random_state=0)
    frame = pd.DataFrame(table)
    assert list(rows) == list(frame)
    assert rows.dtypes.equals(frame.dtypes)
    assert len(rows) == 300
    assert 0.03 < rows["age"].isna().mean() < 0.2
    assert (rows["age"].dropna() % 1 == 0).all()


def test_relations_survive_exactly(sampler):
    rows = sampler.sample(500, random_state=1)
    assert np.allclose(rows["charge"], 0.17 * rows["minutes"], atol=0.0051)
    assert np.allclose(rows["total"], rows["base"] + rows["charge"], atol=1e-9)
    of_region = rows.groupby("region")["country"].nunique()
    assert (of_region == 1).all()
    assert "total is charge + base, as in every row of the table." in sampler.notes_


def test_what_ties_columns_together_survives(sampler):
    rows = sampler.sample(1000, random_state=2)
    large = rows.loc[rows["plan"] == "large", "minutes"].mean()
    assert large > rows.loc[rows["plan"] == "small", "minutes"].mean() + 15


def test_the_same_seed_draws_the_same_rows(sampler):
    assert sampler.sample(50, random_state=3).equals(sampler.sample(50, random_state=3))
    assert not sampler.sample(50).equals(sampler.sample(50))


@pytest.mark.slow
def test_bits_do_not_depend_on_the_number_of_threads(table):
    some = {name: table[name] for name in ("minutes", "age", "plan")}
    drawn = [
        madaline.Sampler(n_jobs=n_jobs, privacy="safe").fit(some).sample(200, random_state=0)
        for n_jobs in (1, 3)
    ]
    for name in some:
        assert np.array_equal(*(rows[name] for rows in drawn), equal_nan=name != "plan")


def test_given_values_are_kept(sampler):
    rows = sampler.sample(40, random_state=0, given={"region": "west", "plan": ["large"]})
    assert set(rows["region"]) == {"west"}
    assert set(rows["plan"]) == {"large"}
    assert set(rows["country"]) == {"B"}


def test_given_numbers_are_drawn_as_they_are(sampler):
    ages = sampler.sample(60, random_state=0, given={"age": [33.25, 41.5]})["age"]
    assert set(ages) == {33.25, 41.5}


def test_a_relation_holds_where_the_computed_number_is_given(sampler):
    rows = sampler.sample(20, random_state=0, given={"charge": 10.0})
    assert np.allclose(rows["charge"], 0.17 * rows["minutes"], atol=0.0051)
    assert np.allclose(rows["charge"], 10.0, atol=2.0)


def test_numbers_of_32_bits_are_drawn_as_the_decimals_they_stand_for():
    minutes = np.random.default_rng(0).integers(0, 3000, 600) / 10
    both = pd.DataFrame({"minutes": minutes, "charge": np.round(0.17 * minutes, 2)})
    sampler = madaline.Sampler(privacy="safe").fit(both.astype("float32"))
    rows = sampler.sample(50, random_state=0)
    assert (rows.dtypes == "float32").all()
    assert np.allclose(rows["charge"], np.round(0.17 * rows["minutes"], 2), atol=0.006)
    assert any("0.17" in note for note in sampler.notes_)


def test_given_a_missing_value_and_a_date(sampler):
    assert sampler.sample(5, random_state=0, given={"age": None})["age"].isna().all()
    rows = sampler.sample(5, random_state=0, given={"day": "2024-01-01"})
    assert (abs(rows["day"] - pd.Timestamp("2024-01-01")) < pd.Timedelta(days=10)).all()


def test_balanced_values_get_as_many_rows(sampler):
    rows = sampler.sample(102, random_state=0, balanced="region")
    assert set(rows["region"].value_counts()) <= {25, 26}
    both = {"region": ["west", "south"]}
    rows = sampler.sample(10, random_state=0, balanced="region", given=both)
    assert dict(rows["region"].value_counts()) == {"west": 5, "south": 5}


def test_given_texts_are_read_as_the_table_is_written(table):
    frame = pd.DataFrame({"paid": [f"${charge:,.2f}" for charge in 100 * table["charge"]]})
    frame["seen"] = pd.to_datetime(table["day"]).strftime("%d.%m.%Y")
    frame["active"] = np.where(table["active"], "Yes", "No")
    sampler = madaline.Sampler(privacy="safe").fit(frame)
    asked = {"seen": "01.02.2024", "active": "Yes"}
    rows = sampler.sample(20, random_state=0, given=asked)
    assert set(rows["active"]) == {"Yes"}
    days = pd.to_datetime(rows["seen"], format="%d.%m.%Y") - pd.Timestamp("2024-02-01")
    assert (abs(days) < pd.Timedelta(days=10)).all()
    paid = sampler.sample(20, random_state=0, given={"paid": "$1,000.00"})["paid"]
    assert all(abs(float(one[1:].replace(",", "")) - 1000) < 100 for one in paid)
    assert sampler.sample(2, random_state=0, given={"paid": 60})["paid"].str.startswith("$").all()


def test_columns_without_a_difference_are_drawn_and_judged():
    rng = np.random.default_rng(0)
    table = {"x": rng.normal(size=300), "y": rng.normal(size=300)}
    table |= {"zero": np.zeros(300), "none": np.full(300, np.nan), "one": ["yes"] * 300}
    sampler = madaline.Sampler(privacy="safe").fit(table, target="x")
    rows = sampler.sample(20, random_state=0)
    assert (rows["zero"] == 0).all()
    assert np.isnan(rows["none"]).all()
    assert set(rows["one"]) == {"yes"}
    assert 0.8 < sampler.quality_.trend <= 1


def test_a_target_that_nothing_can_be_told_of_is_named():
    table = {"x": np.random.default_rng(0).normal(size=200), "one": ["yes"] * 200}
    told = str(madaline.Sampler(privacy="safe").fit(table))
    assert "How well models predict one was not measured" in told


def test_the_target_is_drawn_last(sampler):
    assert sampler.columns_[-1] == "active"
    assert sampler._chain.names[-1] == "plan"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"given": {"colour": "red"}}, "no column 'colour'"),
        ({"given": {"region": "nowhere"}}, "no value 'nowhere'"),
        ({"given": {"minutes": None}}, "no missing values"),
        ({"given": {"age": 900}}, "no value 900: its values are drawn from"),
        ({"given": {"day": "1890-01-01"}}, "no value 1890-01-01: its values are drawn from"),
        ({"given": {"region": []}}, "No value of column 'region' is given"),
        ({"given": "west"}, "given is 'west'"),
        ({"given": {"minutes": "long"}}, "no value 'long': it holds numbers"),
        ({"given": {"plan": {"a": 1}}}, r"'plan' has no value \{'a': 1\}: give one, or a list"),
        ({"n": 10**12}, r"n is 1,000,000,000,000: so many rows take .* draw fewer at a time"),
        ({"given": {"day": 3}}, "no value 3: it holds dates"),
        ({"balanced": "colour"}, "no column 'colour'"),
        ({"balanced": "minutes"}, "give a column of categories"),
        ({"random_state": -1}, "random_state is -1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(sampler, arguments, words):
    with pytest.raises(InputError, match=words):
        sampler.sample(**{"n": 5, **arguments})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"privacy": 0.2}, "privacy is 0.2"),
        ({"privacy": "none"}, "privacy is 'none'"),
        ({"min_rows": 0}, "min_rows is 0"),
        ({"first": "plan"}, "first is 'plan'"),
        ({"first": ["nothing"]}, "no column 'nothing'"),
    ],
)
def test_wrong_arguments_are_refused(table, arguments, words):
    with pytest.raises(InputError, match=words):
        madaline.Sampler(**arguments).fit(table)


def test_numbers_that_stand_for_missing_values_are_read_as_texts_have_them():
    texts = [str(value) for value in np.random.default_rng(0).integers(0, 50, 200)]
    table = {"x": np.array([*texts, *["-999"] * 50], object), "y": np.arange(250) % 7 * 1.0}
    sampler = madaline.Sampler(privacy="safe", missing=[-999.0]).fit(table)
    drawn = set(sampler.sample(200, random_state=0)["x"].tolist())
    assert None in drawn
    assert "-999" not in drawn


def test_zero_rows_and_an_unfitted_sampler_are_refused(sampler):
    with pytest.raises(InputError, match="n is 0"):
        sampler.sample(0)
    with pytest.raises(InputError, match="call fit first"):
        madaline.Sampler().sample()
    with pytest.raises(InputError, match="give 10 or more"):
        madaline.Sampler().fit({"x": [1.0, 2.0]})


def test_a_small_table_is_learned_safely_with_a_warning():
    with pytest.warns(UserWarning, match="only the safe strength"):
        sampler = madaline.Sampler().fit(calls(300))
    assert sampler.quality_.strength == "safe"


@pytest.mark.slow
def test_other_forms_come_back_as_they_were(table):
    few = {name: table[name] for name in ("minutes", "plan", "active", "day")}
    settings = {"privacy": "safe"}
    frame = pl.DataFrame(few).with_columns(
        pl.col("minutes").cast(pl.Float32), pl.col("plan").cast(pl.Categorical)
    )
    rows = madaline.Sampler(**settings).fit(frame).sample(20, random_state=0)
    assert rows.schema == frame.schema
    array = np.random.default_rng(0).integers(0, 9, (200, 3))
    drawn = madaline.Sampler(**settings, n_jobs=1).fit(array[:, :2])
    assert drawn.sample(7).shape == (7, 2)
    assert drawn.sample(7).dtype == array.dtype


def test_pandas_categories_keep_their_levels_and_order(table):
    frame = pd.DataFrame({"x": table["minutes"]})
    levels = ["low", "middle", "high", "never"]
    words = np.array(levels)[np.digitize(table["minutes"], [20, 40])]
    frame["grade"] = pd.Categorical(words, categories=levels, ordered=True)
    frame["whole"] = pd.array(np.where(table["minutes"] > 50, None, 3), dtype="Int64")
    rows = madaline.Sampler(privacy="safe").fit(frame).sample(50, random_state=0)
    assert rows["grade"].dtype.ordered
    assert list(rows["grade"].dtype.categories) == levels[:3]
    assert rows["whole"].dtype == "Int64"


def test_a_file_draws_the_same_rows(sampler, tmp_path):
    sampler.save(tmp_path / "calls.sampler")
    loaded = madaline.Sampler.load(tmp_path / "calls.sampler")
    assert loaded.sample(80, random_state=4).equals(sampler.sample(80, random_state=4))
    assert str(loaded) == str(sampler)


def test_a_damaged_file_is_refused(sampler, tmp_path):
    path = tmp_path / "calls.sampler"
    sampler.save(path)
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="damaged"):
        madaline.Sampler.load(path)
    with pytest.raises(ModelFileError, match="is a sampler"):
        madaline.load(tmp_path / "calls.sampler")


def test_it_prints_figures_and_notes(sampler):
    text = str(sampler)
    assert "A classifier tells these rows from real ones with AUC 0." in text
    assert "none is a copy" in text
    assert "charge is 0.17 × minutes" in text
    assert "<table>" in sampler._repr_html_()
    assert sampler.quality_.to_frame().shape == (10, 2)


def test_the_page_has_a_figure_for_each_column(sampler, tmp_path):
    sampler.save_page(tmp_path / "calls.html")
    page = (tmp_path / "calls.html").read_text()
    style = page.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in page
    assert "style=" not in page
    assert page.count("<figure>") == 10
    assert "minutes" in page


_WITHOUT = """
import sys
for name in ("sklearn", "scipy", "pandas", "polars", "narwhals", "joblib", "threadpoolctl"):
    sys.modules[name] = None
import madaline
print(madaline.Sampler.load(sys.argv[1]).sample(3, random_state=0)["minutes"].tolist())
"""


def test_a_saved_sampler_draws_with_numpy_alone(table, tmp_path):
    few = {name: table[name] for name in ("minutes", "plan")}
    sampler = madaline.Sampler(privacy="safe").fit(few)
    sampler.save(tmp_path / "few.sampler")
    command = [sys.executable, "-c", _WITHOUT, str(tmp_path / "few.sampler")]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == str(sampler.sample(3, random_state=0)["minutes"].tolist())
