"""Estimators and the command fit tables in files, block by block, as they fit those in memory."""

from __future__ import annotations

import tempfile
from dataclasses import replace

import numpy as np
import pytest
from tests.fits import fitting_of

from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline._models.fitting import preparation
from madaline._models.fitting.sampling import ColumnRoles, SampledRows, draw_rows
from madaline._race.row_store import RowStore
from madaline._tables.rows import open_rows
from madaline.errors import (
    InputError,
    NothingLearnedWarning,
    RowsLeftOutWarning,
)
from madaline.nn._engine.executors.executor import Serial
from madaline.nn._engine.executors.processes import Processes
from madaline.records.race_decisions import SampleDrawn

pl = pytest.importorskip("polars")
FEW = {"effort": 2, "preset": "quick", "random_state": 0, "members": "networks"}


def make_frame(n_rows=1500, seed=0):
    rng = np.random.default_rng(seed)
    size, city = rng.normal(size=n_rows), rng.integers(0, 80, n_rows)
    price = 2 * size + 0.05 * city + 0.5 * rng.normal(size=n_rows)
    return pl.DataFrame(
        {
            "size": np.where(rng.random(n_rows) < 0.1, np.nan, size),
            "city": [f"city {one}" for one in city],
            "flag": rng.random(n_rows) < 0.3,
            "day": np.datetime64("2020-01-01") + rng.integers(0, 900, n_rows),
            "text": rng.choice(["a good day", "not so good", "bad, really bad", "fine"], n_rows),
            "price": price,
            "level": np.array(["low", "middle", "high"])[np.digitize(price, [0, 3])],
        }
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder of three Parquet files, and keep temporary files in another."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    folder = tmp_path / "rows"
    folder.mkdir()
    frame = make_frame()
    for number, part in enumerate((frame[:700], frame[700:701], frame[701:])):
        part.write_parquet(folder / f"{number}.parquet")
    yield folder
    assert not list(temporary.iterdir())


@pytest.fixture
def on_disk(monkeypatch):
    """Let no rows be kept in memory; return the stores that are written."""
    stores, blocks, init = [], preparation.blocks_of_files, RowStore.__init__

    def of_files(sampled, prepared, _, *, seed):
        return blocks(sampled, prepared, lambda _: False, seed=seed)

    monkeypatch.setattr(preparation, "blocks_of_files", of_files)

    def write(self, *given, **named):
        stores.append(self)
        init(self, *given, **named)

    monkeypatch.setattr(RowStore, "__init__", write)
    return stores


def test_a_small_table_in_a_file_is_fitted_as_in_memory(tmp_path):
    frame = make_frame(350)
    frame.write_parquet(tmp_path / "small.parquet")
    of_file = AdaptiveRegressor(**FEW).fit(tmp_path / "small.parquet", y="price")
    of_frame = AdaptiveRegressor(**FEW).fit(frame.drop("price"), frame["price"])
    np.testing.assert_array_equal(of_file.oof_prediction_, of_frame.oof_prediction_)
    assert of_file.model_.target_names == ("price",)


def test_a_large_table_in_files_is_fitted_as_in_memory(folder, on_disk):
    frame = make_frame()
    of_frame = AdaptiveRegressor(**FEW).fit(frame.drop("price"), frame["price"])
    of_files = AdaptiveRegressor(**FEW).fit(str(folder / "*.parquet"), y="price")
    X = frame.drop("price")
    np.testing.assert_array_equal(of_files.predict(X), of_frame.predict(X))
    assert len(on_disk) == 1
    drawn = of_files.decisions_[0]
    assert isinstance(drawn, SampleDrawn)
    assert drawn.rows == of_files.model_.summary.n_samples == 1500
    known = np.isfinite(of_frame.oof_prediction_)
    np.testing.assert_array_equal(of_files.oof_prediction_, of_frame.oof_prediction_[known])
    np.testing.assert_array_equal(of_files.sampled_rows_, np.flatnonzero(known))


def test_classes_in_files_are_fitted_as_in_memory(folder, on_disk):
    frame = make_frame()
    X = frame.drop("price", "level")
    of_frame = AdaptiveClassifier(**FEW).fit(X, frame["level"])
    of_files = AdaptiveClassifier(**FEW, kinds={"price": "dropped"}).fit(folder, y="level")
    np.testing.assert_array_equal(of_files.predict_proba(X), of_frame.predict_proba(X))
    assert of_files.classes_.tolist() == ["high", "low", "middle"]
    assert on_disk


@pytest.mark.parametrize("form", ["lazy", "dataset", "list", "csv", "relation"])
def test_queries_and_other_files_are_read(folder, form):
    paths = sorted(folder.iterdir())
    match form:
        case "lazy":
            X = pl.scan_parquet(paths)
        case "dataset":
            X = pytest.importorskip("pyarrow.dataset").dataset(list(map(str, paths)))
        case "list":
            X = list(map(str, paths))
        case "relation":
            X = pytest.importorskip("duckdb").read_parquet(list(map(str, paths)))
        case _:
            X = folder.parent / "rows.csv"
            make_frame().write_csv(X)
    regressor = AdaptiveRegressor(**FEW).fit(X, y="price")
    assert regressor.model_.summary.n_samples == 1500
    assert list(regressor.feature_names_in_) == [n for n in make_frame().columns if n != "price"]


@pytest.mark.filterwarnings(f"ignore::{NothingLearnedWarning.__module__}.NothingLearnedWarning")
def test_weights_groups_and_times_are_columns(folder, on_disk):
    regressor = AdaptiveRegressor(**FEW, kinds={"level": "dropped"})
    frame = make_frame().with_columns(
        weight=pl.int_range(0, pl.len()) % 3, price=pl.when(~pl.col("flag")).then("price")
    )
    frame.write_parquet(folder / "0.parquet")
    (folder / "1.parquet").unlink()
    (folder / "2.parquet").unlink()
    with pytest.warns(RowsLeftOutWarning, match="price has no value in"):
        regressor.fit(folder, y="price", sample_weight="weight", groups="city", time="day")
    counted = frame.filter(~pl.col("flag") & (pl.col("weight") > 0)).height
    assert regressor.model_.summary.n_samples == counted
    assert regressor.model_.summary.forward is not None
    assert len(on_disk) == (counted >= 400)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"y": "prize"}, "no column 'prize': did you mean 'price'"),
        ({"y": None}, "so y must be the name of its column to predict, such as y='level'"),
        ({"y": np.zeros(1500)}, "y must be the name of its column"),
        ({"y": "city"}, "city holds no numbers"),
        ({"sample_weight": np.ones(1500)}, "sample_weight must be the name of a column"),
        ({"groups": "price"}, "has two roles"),
        ({"lags": [1], "time": "day"}, "lags needs all rows at once"),
        ({"folds": np.zeros(1500)}, "folds needs all rows at once"),
        ({"time": np.zeros(1500)}, "time must be the name of a column"),
    ],
)
def test_what_cannot_be_read_in_blocks_is_refused(folder, given, words):
    with pytest.raises(InputError, match=words):
        AdaptiveRegressor(**FEW).fit(folder, **{"y": "price", **given})


@pytest.mark.filterwarnings("ignore::madaline.errors.TextReadWarning")
@pytest.mark.filterwarnings("ignore::madaline.errors.RowsLeftOutWarning")
def test_a_small_file_of_any_format_is_read_as_a_whole(tmp_path):
    frame = make_frame(300).with_columns(
        price=pl.when(pl.col("flag")).then(None).otherwise(pl.col("price")).round(3)
    )
    frame.write_csv(tmp_path / "rows.csv", separator=";", decimal_comma=True)
    frame.write_json(tmp_path / "rows.json")
    of_text = AdaptiveRegressor(**FEW).fit(tmp_path / "rows.csv", y="price", groups="city")
    of_json = AdaptiveRegressor(**FEW).fit(str(tmp_path / "rows.json"), y="price", folds=3)
    assert of_text.model_.summary.n_samples == frame["price"].count()
    assert len(of_json.oof_prediction_) == 300
    assert not hasattr(of_json, "sampled_rows_")


def test_a_name_is_no_target_of_a_table_in_memory():
    for frame in (make_frame(50), make_frame(50).to_dict(as_series=False)):
        with pytest.raises(InputError, match=r"y is the name 'price'.*give the values of y"):
            AdaptiveRegressor().fit(frame, y="price")


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(InputError, match="There is no file"):
        AdaptiveRegressor().fit("nothing/*.parquet", y="price")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty holds no tables, .* such as .*parquet"):
        AdaptiveRegressor().fit(tmp_path / "empty", y="price")


def test_texts_alone_are_refused(folder):
    kinds = dict.fromkeys(("size", "city", "flag", "day", "level"), "dropped")
    with pytest.raises(InputError, match="nothing but texts"):
        AdaptiveRegressor(**FEW, kinds={**kinds, "text": "text"}).fit(folder, y="price")


@pytest.mark.slow
def test_an_interrupted_fit_goes_on_with_the_same_bits(folder, on_disk, monkeypatch):
    monkeypatch.setattr("madaline._race.checkpoint.CHECKPOINT_SECONDS", -1.0)
    monkeypatch.setattr("madaline._race.checkpoint.CHECKPOINT_SHARE", float("inf"))
    path = folder.parent / "fit.checkpoint"

    def fitting(checkpoint=None):
        source, roles = open_rows(folder), ColumnRoles(("price",))
        drawn = draw_rows(source, roles, seed=0)
        table = drawn.table
        sampled = SampledRows(source, roles, drawn, lambda _, column: column)
        settings = {"effort": 3, "members": "networks", "checkpoint": checkpoint}
        return fitting_of(table.drop(["price"]), table["price"], drawn_from=sampled, **settings)

    first = fitting(path)
    for record, _ in first:
        if record.epoch == 3:
            break
    first.race.blocks.rows.close()
    resumed = fitting(path)
    assert resumed.race.epoch == 2
    whole = fitting()
    for one in (resumed, whole):
        list(one)
    np.testing.assert_array_equal(resumed.out_of_fold(), whole.out_of_fold())
    assert len(on_disk) == 3


@pytest.mark.slow
def test_processes_read_the_blocks_themselves(folder, on_disk):
    source, roles = open_rows(folder), ColumnRoles(("price",))
    drawn = draw_rows(source, roles, seed=0)
    table, outputs = drawn.table, []
    for executor in (Serial(), Processes(2)):
        sampled = SampledRows(source, roles, drawn, lambda _, column: column)
        fitting = fitting_of(
            table.drop(["price"]), table["price"], drawn_from=sampled, effort=3, members="networks"
        )
        fitting.race.executor = executor
        for record, _ in fitting.training:
            assert len(getattr(executor, "_shared", ())) <= 2
            assert record.epoch < 20
        outputs.append(fitting.out_of_fold())
        fitting.race.blocks.rows.close()
    np.testing.assert_array_equal(*outputs)


def test_a_changed_file_is_noticed(folder, on_disk):
    source, roles = open_rows(folder), ColumnRoles(("price",))
    drawn = draw_rows(source, roles, seed=0)
    sampled = SampledRows(source, roles, replace(drawn, n_samples=1499), lambda _, column: column)
    table = drawn.table
    with pytest.raises(InputError, match="do not change it during the fit"):
        fitting_of(table.drop(["price"]), table["price"], drawn_from=sampled, effort=1)
