"""An imputer fills gaps well, and changes nothing else."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import estimator_checks_generator
from tests.sampling.tables import calls

from madaline import Imputer
from madaline._apps.filling.chain import learn_filler
from madaline._apps.filling.forest import grow
from madaline._tables.table import Table
from madaline.errors import InputError


def frames(n_rows=250, seed=3):
    """Return a frame of pandas and the same with gaps in every kind of column."""
    rng = np.random.default_rng(99)
    full = pd.DataFrame(calls(n_rows, seed))
    full["plan"] = full["plan"].astype("category")
    full["count"] = pd.array(np.rint(full["minutes"] / 5).astype(int), "Int64")
    full["active"] = (full["minutes"] > 30).astype(object)
    full["money"] = [f"${100 * value:,.2f}" for value in full["charge"]]
    full["zoned"] = pd.to_datetime(full["day"]).dt.tz_localize("UTC")
    full["small"] = full["minutes"].astype("float32")
    holey = full.copy()
    for name in ("region", "charge", "day", "plan", "count", "active", "money", "zoned", "small"):
        holey.loc[rng.random(n_rows) < 0.1, name] = None
    return full, holey


@pytest.fixture(scope="module")
def fitted():
    full, holey = frames()
    return full, holey, Imputer().fit(holey)


def test_gaps_are_filled_and_all_else_stays(fitted):
    full, holey, imputer = fitted
    filled = imputer.transform(holey)
    assert filled.dtypes.equals(holey.dtypes)
    assert not filled.drop(columns="age").isna().any().any()
    for name in full:
        known = holey[name].notna()
        assert filled[name][known].equals(holey[name][known]), name
    gap = holey["charge"].isna()
    error = np.sqrt(np.mean((filled["charge"] - full["charge"])[gap] ** 2))
    assert error < 0.1 * full["charge"].std()
    assert (filled["active"] == full["active"])[holey["active"].isna()].mean() > 0.9
    assert filled["money"][holey["money"].isna()].str.fullmatch(r"\$[\d,]+\.\d\d").all()
    assert (filled["charge"] * 100 % 1 < 1e-6).mean() > 0.5  # as many decimals as the column has


@pytest.mark.slow
def test_the_first_fit_and_transform_agree_and_seeds_are_bits(fitted):
    _, holey, imputer = fitted
    filled = imputer.transform(holey)
    again = clone(imputer).set_params(check=False).fit_transform(holey)
    pd.testing.assert_frame_equal(filled, again)


def test_only_the_last_forests_are_large(monkeypatch):
    grown = []

    def count(codes, target, shape, task, n_trees):
        grown.append(n_trees)
        return grow(codes, target, shape, task, n_trees)

    monkeypatch.setattr("madaline._apps.filling.column.grow", count)
    table = Table.from_columns(frames(120)[1][["charge", "minutes", "region"]].to_dict("list"))
    learn_filler(table, seed=0, only_gaps=True)
    assert sorted(grown, reverse=True)[:2] == [50, 50]
    assert sum(grown) <= 2 * (50 + 10 + 10) + 50 + 40  # the last ones, earlier ones, those tried


def test_quality_is_better_than_the_mean_and_told(fitted):
    imputer = fitted[2]
    errors = {one.column: one for one in imputer.quality_.columns}
    assert errors["charge"].ratio < 0.2
    assert errors["active"].error < errors["active"].error_of_usual
    assert "known values that were hidden" in str(imputer)
    assert "age" in imputer.quality_.to_columns()["column"]
    assert imputer.n_gaps_["charge"] == fitted[1]["charge"].isna().sum()
    told = imputer.quality_._repr_html_()
    assert re.search(r"<td>\$[\d.]+</td><td>\$\d+</td>", told)  # as money is written
    assert re.search(r"<td>\d+ months</td><td>\d+ months</td>", told)


def test_draws_scatter_as_the_values_do(fitted):
    holey, imputer = fitted[1:]
    one, other = imputer.impute(holey, 2)
    gap = holey["age"].isna()
    assert gap.any()
    assert (one["age"][gap] != other["age"][gap]).any()
    assert one["age"][~gap].equals(holey["age"][~gap])
    best = imputer.transform(holey)["age"][gap]
    assert one["age"][gap].std() > 3 * best.std()  # age follows from nothing
    assert one.equals(imputer.impute(holey, 1)[0])
    assert not one.equals(imputer.impute(holey, 1, random_state=1)[0])


def test_new_rows_are_filled_too_where_the_table_had_no_gap(fitted):
    holey, imputer = fitted[1:]
    row = holey.iloc[[7]].copy()
    row["minutes"] = np.nan
    row["charge"] = 0.17 * 50
    row["small"] = np.float32(50)
    filled = imputer.transform(row)
    assert 40 < filled["minutes"].iloc[0] < 60
    assert imputer.gaps(row)["minutes"].all()
    row["region"] = "a new one"
    assert imputer.transform(row)["region"].iloc[0] == "a new one"
    with pytest.raises(InputError, match="lack minutes"):
        imputer.transform(row.drop(columns="minutes"))
    with pytest.raises(InputError, match="'minutes' holds"):
        imputer.transform(row.assign(minutes="many"))


@pytest.mark.slow
def test_polars_arrays_and_columns_keep_their_form():
    full, holey = frames(150)
    names = ["minutes", "charge", "age"]
    array = holey[names].to_numpy(np.float32)
    filled = Imputer(check=False).fit_transform(array)
    assert filled.dtype == np.float32
    assert not np.isnan(filled).any()
    assert np.isnan(array).any()  # the given one is as it was
    known = ~np.isnan(array)
    assert (filled[known] == array[known]).all()
    columns = {name: holey[name].to_numpy() for name in names}
    assert set(Imputer(check=False).fit_transform(columns)) == set(names)
    frame = pl.DataFrame(
        {"minutes": full["minutes"].to_numpy(), "day": full["day"].dt.date.tolist()}
    ).with_columns(
        pl.when(pl.col("minutes") < 40).then(pl.lit("a")).otherwise(pl.lit("b")).alias("p")
    )
    gaps = np.arange(150) % 7 == 0
    given = frame.with_columns(
        pl.when(~pl.Series(gaps)).then(pl.col(name)).alias(name) for name in frame.columns[1:]
    ).with_columns(pl.col("p").cast(pl.Categorical))
    filled = Imputer(check=False).fit_transform(given)
    assert filled.schema == given.schema
    assert filled.null_count().sum_horizontal().item() == 0
    assert (filled["p"] == frame["p"]).mean() > 0.95


def test_columns_come_back_in_the_order_learned():
    holey = frames(150)[1][["minutes", "charge", "age"]]
    imputer = Imputer(check=False).fit(holey)
    expected = imputer.transform(holey)
    turned = holey[["age", "minutes", "charge"]].assign(other=1.0)
    pd.testing.assert_frame_equal(imputer.transform(turned), expected)
    turned = pl.DataFrame({name: turned[name].to_numpy() for name in turned})
    assert imputer.transform(turned).columns == ["minutes", "charge", "age"]
    named = imputer.set_output(transform="pandas").transform(holey.assign(other=1.0))
    pd.testing.assert_frame_equal(named, expected)
    with pytest.raises(InputError, match="4 features, but Imputer is expecting 3"):
        Imputer(check=False).fit(np.eye(9)[:, :3]).transform(np.eye(9)[:, :4])


def test_categories_tell_numbers_through_a_line():
    rng = np.random.default_rng(0)
    level = rng.integers(0, 4, 300)
    other = rng.normal(size=300)
    number = np.array([0.0, 50.0, 10.0, 90.0])[level] + 20 * other
    table = {"level": np.array(["d", "b", "c", "a"], object)[level], "other": other}
    table["number"] = np.where(np.arange(300) % 5 == 0, np.nan, number)
    filled = Imputer(check=False).fit_transform(table)["number"]
    assert np.sqrt(np.mean((filled - number)[::5] ** 2)) < 1  # a sum, which trees but approach


def test_tables_drawn_differ_as_much_as_the_mean_is_uncertain():
    rng = np.random.default_rng(5)
    table = {"x": rng.normal(size=400), "z": rng.normal(size=400)}
    table["y"] = table["x"] + rng.normal(size=400)
    table["y"][:200] = np.nan
    imputer = Imputer(check=False).fit(table)
    means = np.array([one["y"].mean() for one in imputer.impute(table, 40)])
    # 200 gaps add to the variance of the mean about (1 / 200 - 1 / 400) times that of the rest
    assert 0.6 * 0.05 < means.std() < 1.6 * 0.05


def test_it_is_a_step_of_a_pipeline():
    full, holey = frames(200)
    X, y = holey[["minutes", "charge", "age"]], full["total"]
    model = make_pipeline(Imputer(check=False), LinearRegression()).fit(X, y)
    assert model.score(X, y) > 0.2
    assert list(model[0].get_feature_names_out()) == ["minutes", "charge", "age"]


def test_what_cannot_be_filled_is_left_and_said():
    rng = np.random.default_rng(0)
    table = {
        "id": np.array([f"user{number:04d}" for number in range(60)], object),
        "nothing": np.full(60, np.nan),
        "x": rng.normal(size=60),
    }
    table["id"][5] = None
    table["x"][3] = np.nan
    imputer = Imputer().fit(table)
    filled = imputer.transform(table)
    assert np.isnan(filled["nothing"]).all()
    assert filled["id"][5] is None
    assert not np.isnan(filled["x"]).any()
    assert "left as they are: id" in str(imputer)
    assert "no value at all to learn from in nothing" in str(imputer)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"random_state": -1}, "random_state is -1"),
        ({"random_state": "a"}, "random_state is 'a'"),
        ({"missing": 5}, "missing is 5: give a list"),
        ({"missing": "NA"}, "missing is 'NA': give a list"),
    ],
)
def test_wrong_arguments(settings, words):
    with pytest.raises(InputError, match=words):
        Imputer(**settings).fit({"x": np.arange(9.0), "y": [1.0, np.nan] * 4 + [2.0]})


def test_nothing_is_filled_before_it_has_learned():
    with pytest.raises(InputError, match="call fit first"):
        Imputer().transform({"x": [1.0]})
    with pytest.raises(InputError, match="n is 0"):
        Imputer(check=False).fit({"x": np.arange(9.0)}).impute({"x": [np.nan]}, 0)
    with pytest.raises(InputError, match="n is True"):
        Imputer(check=False).fit({"x": np.arange(9.0)}).impute({"x": [np.nan]}, True)


FEW_CHECKS = (  # that failed once; all pass, but take a minute
    "check_estimator_sparse_tag",
    "check_fit2d_1sample",
    "check_n_features_in_after_fitting",
)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, marks=() if name in FEW_CHECKS else pytest.mark.slow, id=name)
        for _, check in estimator_checks_generator(Imputer(check=False))
        for name in [check.func.__name__]
    ],
)
def test_checks_of_scikit_learn(check):
    check(Imputer(check=False))


def test_what_does_not_apply_stays_empty_and_sums_hold():
    rng = np.random.default_rng(0)
    died, gone = rng.random(300) < 0.3, rng.random(300) < 0.1
    before, after = rng.normal(70, 9, (2, 300)).round(2)
    unknown = np.isin(np.arange(300), np.flatnonzero(died)[:2])
    frame = pd.DataFrame(
        {
            "died": died.astype(float),
            "year": np.where(died & ~unknown, rng.integers(83, 93, 300), np.nan),
            "before": before,
            "after": np.where(gone, np.nan, after),
            "change": np.where(gone, np.nan, after - before),
        }
    )
    imputer = Imputer(check=False).fit(frame)
    frame.loc[np.flatnonzero(~gone)[:5], "after"] = np.nan  # the others tell it
    for filled in (imputer.transform(frame), *imputer.impute(frame, 2)):
        assert filled["year"].isna().equals(frame["died"] == 0)
        assert not filled.drop(columns="year").isna().any(axis=None)
        np.testing.assert_allclose(filled["change"], filled["after"] - filled["before"], atol=1e-9)
    assert not imputer.gaps(frame)["year"][~died].any()
    assert imputer.notes_[0].startswith(
        "Left empty where died is 0, as they are there: year. To fill"
    )
    assert "change is after - before, as in every row of the table." in imputer.notes_
