from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

import madaline
from madaline import runtime
from madaline._tables.table import Table
from madaline.errors import InputError, ModelFileError
from madaline.nn._engine.threads import count_threads, in_threads

TASKS = ("binary", "multiclass", "regression")
SOURCE = Path(madaline.__file__).parents[1]

PREDICT = """
import json, sys
sys.path.insert(0, {source!r})
before = set(sys.modules)
BLOCKED = {blocked!r}

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ImportError(f"{{name}} is not here")

sys.meta_path.insert(0, Blocker())
import madaline.runtime
import numpy as np
columns = json.loads({columns!r})
columns["day"] = np.array(columns["day"], "datetime64[us]")
predictor = madaline.runtime.load({path!r})
result = {{"prediction": predictor.predict(columns).tolist()}}
result["bits"] = predictor.output(columns).tobytes().hex()
# What has no spec was not imported: NumPy's compiled parts share such modules with one another.
new = [name for name in set(sys.modules) - before if "." not in name]
result["modules"] = [name for name in new if sys.modules[name].__spec__]
print(json.dumps(result))
"""


def fresh_process(path, columns, *, blocked=(), options=("-I",), threads="1"):
    """Load a model and predict in a new interpreter; return what it says."""
    plain = columns | {"day": [str(day) for day in columns["day"]]}
    script = PREDICT.format(
        source=str(SOURCE), path=str(path), columns=json.dumps(plain), blocked=tuple(blocked)
    )
    done = subprocess.run(
        [sys.executable, *options, "-W", "error", "-c", script],
        env=os.environ | {"OPENBLAS_NUM_THREADS": threads},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(params=TASKS)
def task(request):
    return request.param


@pytest.fixture
def predictor(fittings, task):
    return runtime.load(fittings[task][1])


@pytest.fixture
def new_columns(make_columns, task):
    """Return rows that no network ever saw."""
    return make_columns(task, n_samples=150, seed=9)[0]


@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_fresh_process_predicts_the_same_bits(fittings, task, new_columns, threads):
    fitting, path = fittings[task]
    table = Table.from_columns(new_columns)
    found = fresh_process(path, new_columns, threads=threads)
    model = fitting.model()
    assert found["bits"] == model.predictor.output(table).tobytes().hex()
    assert found["prediction"] == model.predict(table).tolist()


def test_prediction_needs_nothing_but_numpy_and_the_standard_library(fittings, make_columns):
    columns, _ = make_columns("binary", n_samples=20, seed=9)
    found = fresh_process(fittings["binary"][1], columns)
    own = {"madaline", "numpy"}
    assert own <= set(found["modules"])
    assert set(found["modules"]) - own - sys.stdlib_module_names == set()


def test_prediction_works_where_nothing_else_is_installed(fittings, make_columns):
    others = {
        *("joblib", "narwhals", "pandas", "polars", "pyarrow", "rich", "safetensors", "scipy"),
        *("sklearn", "threadpoolctl"),
    }
    columns, _ = make_columns("multiclass", n_samples=20, seed=9)
    found = fresh_process(fittings["multiclass"][1], columns, blocked=others)
    expected = fittings["multiclass"][0].model().predict(Table.from_columns(columns))
    assert found["prediction"] == expected.tolist()


def test_the_import_alone_brings_nothing_that_trains(tmp_path):
    script = (
        f"import sys; sys.path.insert(0, {str(SOURCE)!r}); import madaline.runtime;"
        "print(*(name for name in sys.modules if name.startswith('madaline')))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True)
    loaded = done.stdout.split()
    assert "madaline._models.runtime.predictor" in loaded, done.stderr
    training = (
        "_race.race",
        "_race.cohort",
        "_models.fitting",
        "_models.model",
        "_apps",
        "_tables.io.frames",
    )
    others = tuple(f"madaline.{name}" for name in training)
    assert not [name for name in loaded if name.startswith(others)]


def test_a_row_s_prediction_does_not_depend_on_its_neighbors(predictor, new_columns):
    table = Table.from_columns(new_columns)
    whole = predictor.output(table)
    shuffled = np.random.default_rng(0).permutation(table.n_samples)
    for rows in (shuffled, [0], [7], [149], slice(2), slice(63), slice(64), slice(65)):
        found = predictor.output(table.take(rows))
        np.testing.assert_allclose(found, whole[rows], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("most_rows", [8, 40, 64])
@pytest.mark.parametrize("n_jobs", [2, 3])
def test_rows_are_predicted_block_by_block_on_threads_with_the_same_bits(
    fittings, task, new_columns, monkeypatch, most_rows, n_jobs
):
    whole = runtime.load(fittings[task][1]).output(new_columns)
    monkeypatch.setattr("madaline._models.runtime.networks.MAX_ROWS", most_rows)
    monkeypatch.setattr("madaline._models.runtime.networks.MIN_BLOCKS", 1)
    predictor = runtime.load(fittings[task][1])
    one = predictor.output(new_columns, n_jobs=1)
    np.testing.assert_allclose(one, whole, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(predictor.output(new_columns, n_jobs=n_jobs), one)
    of_folds = predictor.fold_outputs(new_columns, n_jobs=1)
    np.testing.assert_array_equal(predictor.fold_outputs(new_columns, n_jobs=n_jobs), of_folds)


def test_no_rows_have_no_predictions(predictor, new_columns, task):
    n_outputs = 3 if task == "multiclass" else 1
    for nothing in (
        Table.from_columns(new_columns).take(slice(0)),
        Table.from_columns({name: [] for name in new_columns}),
    ):
        assert predictor.output(nothing).shape == (0, n_outputs)
        assert predictor.predict(nothing).shape == (0,)
        if task != "regression":
            assert predictor.predict_proba(nothing).shape == (0, max(2, n_outputs))


def test_threads_may_share_a_predictor(predictor, new_columns):
    table = Table.from_columns(new_columns)
    parts = [table.take(np.arange(start, 150, 7)) for start in range(7)] * 4
    expected = [predictor.output(part) for part in parts]
    with ThreadPoolExecutor(7) as pool:
        found = list(pool.map(predictor.output, parts))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_threads_may_make_what_is_made_once(fittings, task, new_columns):
    table = Table.from_columns(new_columns)
    expected = runtime.load(fittings[task][1]).output(table)
    for _ in range(5):
        fresh, together = runtime.load(fittings[task][1]), Barrier(4)

        def output(_, fresh=fresh, together=together):
            together.wait()
            return fresh.output(table)

        with ThreadPoolExecutor(4) as pool:
            for found in pool.map(output, range(4)):
                np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_predicts_the_same_bits_and_holds_nothing_twice(predictor, new_columns, copied):
    expected = predictor.output(new_columns)
    another = copied(predictor)
    assert vars(another.parts[0]).keys() == {"n_bins", "network", "theta", "weights"}
    np.testing.assert_array_equal(another.output(new_columns), expected)


def test_tables_mappings_and_encoded_tables_predict_alike(predictor, new_columns):
    table = Table.from_columns(new_columns)
    expected = predictor.output(table)
    np.testing.assert_array_equal(predictor.output(new_columns), expected)
    np.testing.assert_array_equal(predictor.output(predictor.encode(table)), expected)
    backwards = dict(reversed(new_columns.items())) | {"unknown": [None] * 150}
    np.testing.assert_array_equal(predictor.output(backwards), expected)


def test_a_needed_column_that_is_missing_is_named(predictor, new_columns):
    del new_columns["length"]
    with pytest.raises(InputError, match="length"):
        predictor.predict(new_columns)


def test_new_categories_are_counted_and_predicted(predictor, new_columns):
    new_columns["city"] = ["Atlantis"] * 150
    encoded = predictor.encode(new_columns)
    assert encoded.unseen == {"city": 150}
    assert np.isfinite(predictor.output(encoded)).all()


def test_extreme_values_have_finite_predictions(predictor, new_columns):
    for value in (1e300, -1e300, 1e-300, None):
        columns = new_columns | {"width": [value] * 150, "length": [value] * 150}
        with np.errstate(all="raise", under="ignore"):
            assert np.isfinite(predictor.output(columns)).all()


def test_probabilities_add_up_and_agree_with_the_labels(fittings, make_columns):
    for task, labels in (("binary", ["no", "yes"]), ("multiclass", [0, 10, 20])):
        predictor = runtime.load(fittings[task][1])
        table = Table.from_columns(make_columns(task, seed=9)[0])
        probabilities = predictor.predict_proba(table)
        assert probabilities.dtype == np.float64
        assert probabilities.min() >= 0
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
        chosen = [labels[place] for place in probabilities.argmax(axis=1)]
        assert predictor.predict(table).tolist() == chosen


def test_no_threads_cannot_predict(fittings, new_columns):
    with pytest.raises(InputError, match="n_jobs is 0"):
        runtime.load(fittings["binary"][1]).output(new_columns, n_jobs=0)
    assert count_threads(-1000) == 1


def test_what_goes_wrong_on_a_thread_is_raised():
    def work(rows):
        assert np.geterr()["over"] == "raise"
        raise ValueError(f"row {rows.start}")

    with np.errstate(over="raise"), pytest.raises(ValueError, match="row 0"):
        in_threads(work, [slice(0, 1), slice(1, 2)], 2)


def test_a_damaged_model_is_refused(fittings, tmp_path):
    content = fittings["binary"][1].read_bytes()
    rng = np.random.default_rng(0)
    places = [*range(0, 200, 9), *rng.integers(0, len(content), 40)]
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 1 << int(rng.integers(8))
        (tmp_path / "model").write_bytes(changed)
        with pytest.raises(ModelFileError):
            runtime.load(tmp_path / "model")
    for length in rng.integers(0, len(content), 20):
        (tmp_path / "model").write_bytes(content[:length])
        with pytest.raises(ModelFileError):
            runtime.load(tmp_path / "model")
