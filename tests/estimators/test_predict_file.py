"""Tables in files, and queries, are predicted block by block like the same rows in memory."""

import errno
import os

import numpy as np
import pytest
from sklearn.base import clone

from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline._models.model import model_rows
from madaline._tables.io import part_files
from madaline._tell.explain.attributions import written as explained
from madaline.errors import InputError

pl = pytest.importorskip("polars")


def shop(n, seed):
    rng = np.random.default_rng(seed)
    X = pl.DataFrame({"size": rng.normal(size=n), "city": rng.choice(["Bonn", "Kiel"], n)})
    return X, X["size"].to_numpy() * 3 + (X["city"] == "Kiel").to_numpy()


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(model_rows, "BLOCK_ROWS", 64)


@pytest.fixture(scope="module")
def regressor():
    return AdaptiveRegressor(effort=3, random_state=0, members="networks").fit(*shop(200, 0))


@pytest.fixture(scope="module")
def classifier():
    X, y = shop(200, 0)
    return AdaptiveClassifier(effort=3, random_state=0, members="networks").fit(X, y > 0)


@pytest.fixture
def X(tmp_path):
    X, _ = shop(500, 1)
    for number in range(5):
        rows = X[100 * number : 100 * number + 100].with_columns(row=pl.lit(number))
        rows.write_parquet(tmp_path / f"{number}.parquet")
    return X


def test_files_and_queries_are_predicted_block_by_block(regressor, classifier, X, tmp_path):
    pytest.importorskip("pyarrow")
    import duckdb
    import pyarrow.dataset as datasets

    files = sorted(tmp_path.glob("*.parquet"))
    sources = (
        f"{tmp_path}/*.parquet",
        tmp_path,
        files,
        pl.scan_parquet(files),
        datasets.dataset(tmp_path),
        duckdb.sql(f"from '{tmp_path}/*.parquet'"),
    )
    for source in sources:
        np.testing.assert_allclose(regressor.predict(source), regressor.predict(X), rtol=1e-5)
    for method in ("predict_proba", "predict_set"):
        found, expected = getattr(classifier, method)(tmp_path), getattr(classifier, method)(X)
        np.testing.assert_allclose(found, expected, rtol=1e-4)
    interval = regressor.predict_interval(tmp_path, 0.8)
    np.testing.assert_allclose(interval, regressor.predict_interval(X, 0.8), rtol=1e-4)


def test_writes_a_file_and_goes_on_where_it_stopped(classifier, X, tmp_path, monkeypatch):
    out = tmp_path / "out.parquet"
    files = sorted(tmp_path.glob("*.parquet"))
    options = {"carry": ["row"], "probabilities": True, "coverage": 0.9}
    assert classifier.predict_file(files, out, **options) == 500
    columns, content = pl.read_parquet(out), out.read_bytes()
    assert columns["target"].to_list() == classifier.predict(X).tolist()
    names = ["row", "target", "probability_False", "probability_True", "target_set"]
    assert columns.columns == names
    out.unlink()
    write, written = part_files.write_atomically, []
    is_full = True

    def failing(path, *content):
        if is_full and len(written) == 6:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(path)
        write(path, *content)

    monkeypatch.setattr(part_files, "write_atomically", failing)
    with pytest.raises(OSError, match="No space left"):
        classifier.predict_file(files, out, **options)
    written, is_full = [], False
    assert classifier.predict_file(files, out, **options) == 500
    assert [path.name for path in written[:2]] == ["000002.json", "000002"]
    assert out.read_bytes() == content
    assert not list(tmp_path.glob(".*"))


@pytest.mark.slow
def test_explanations_go_to_a_file(classifier, X, tmp_path, monkeypatch):
    monkeypatch.setattr(explained, "BLOCK_ROWS", 150)
    out, options = tmp_path / "why.csv", {"background": X[:50], "target_class": True}
    files = sorted(tmp_path.glob("[01].parquet"))
    assert classifier.explain_file(files, out, carry=["row"], **options) == 200
    expected = classifier.explain(X[:200], **options)
    columns = pl.read_csv(out)
    assert columns.columns[:3] == ["row", "target_class", "output"]
    for name in ("size", "city"):
        found = columns[f"attribution_{name}"].to_numpy()
        of_all = expected.attributions[:, expected.columns.index(name)]
        np.testing.assert_allclose(found, of_all, rtol=1e-3, atol=1e-4)
    with pytest.raises(InputError, match="use explain"):
        classifier.explain_file(X, out)


def test_effects_and_findings_are_those_of_drawn_rows(regressor, X, tmp_path, monkeypatch):
    files = f"{tmp_path}/*.parquet"
    assert str(regressor.effects(files, "size")) == str(regressor.effects(X, "size"))
    assert str(regressor.diagnose(files)) == str(regressor.diagnose(X))
    assert str(regressor.interactions(files)) == str(regressor.interactions(X))
    monkeypatch.setattr(model_rows, "MAX_DRAWN", 300)
    with pytest.warns(UserWarning, match="of 500 rows are looked at, drawn at random"):
        assert regressor.effects(files, "size").sentence.startswith("From size ")


def test_a_report_is_of_files(regressor, X, tmp_path):
    y = X["size"] * 3 + (X["city"] == "Kiel")
    X.with_columns(y=y).write_parquet(tmp_path / "new.parquet")
    path = str(tmp_path / "new.parquet")
    of_file, of_rows = regressor.report_data(path, "y"), regressor.report_data(X, y)
    assert of_file["rows"]["n_rows"] == 500
    assert of_file["rows"]["scores"] == of_rows["rows"]["scores"]
    with pytest.raises(InputError, match="must be the name of a column"):
        regressor.report_data(path, y)


@pytest.mark.slow
def test_an_update_reads_files(tmp_path, X):
    model = AdaptiveRegressor(effort=3, random_state=0, members="networks").fit(*shop(200, 0))
    y = X["size"] * 3 + (X["city"] == "Kiel")
    X.with_columns(y=y, w=pl.lit(2.0)).write_parquet(tmp_path / "0.parquet")
    of_rows = clone(model).fit(*shop(200, 0)).update(X, y, np.full(500, 2.0)).model_.updates[-1]
    path = str(tmp_path / "0.parquet")
    with pytest.raises(InputError, match=r"so 'z' must be the name of a column: there are 'size'"):
        model.update(path, "z")
    with pytest.raises(InputError, match="must be the name of a column"):
        model.update(path, y.to_numpy())
    of_file = model.update(path, "y", "w").model_.updates[-1]
    assert of_file.rows == 500
    assert of_file.kept == of_rows.kept
    assert of_file.loss_now == pytest.approx(of_rows.loss_now, rel=1e-4)


def test_what_is_refused(regressor, X, tmp_path):
    with pytest.raises(InputError, match="use predict"):
        regressor.predict_file(X, tmp_path / "out.csv")
    with pytest.raises(InputError, match="has no classes"):
        regressor.predict_file(tmp_path, tmp_path / "out.csv", probabilities=True)
    with pytest.raises(InputError, match=r"Predictions go to \.csv"):
        regressor.predict_file(tmp_path, tmp_path / "out.txt")
    with pytest.raises(InputError, match="There is no folder"):
        regressor.predict_file(tmp_path, tmp_path / "new" / "out.csv")
