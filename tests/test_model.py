from __future__ import annotations

import errno
import json
import os
import re
from dataclasses import replace

import numpy as np
import pytest
from tests.fits import fitting_of

from madaline import runtime
from madaline._models.model import FittedModel
from madaline._models.story.summary import Member, Summary
from madaline._race.evaluation.leakage import Leak
from madaline._race.evaluation.score import Score
from madaline._race.importance import Importance
from madaline._tables.io.tensor_file import MODEL, read_tensor_file, write_tensor_file
from madaline._tables.table import Table
from madaline.errors import ModelFileError
from madaline.version import __version__

TASKS = ("binary", "multiclass", "regression")


@pytest.fixture(params=TASKS)
def task(request):
    return request.param


@pytest.fixture
def model(fittings, task):
    return fittings[task][0].model()


@pytest.fixture
def path(fittings, task):
    return fittings[task][1]


def test_a_loaded_model_is_the_model_that_was_saved(model, path, make_columns, task):
    loaded = FittedModel.load(path)
    table = Table.from_columns(make_columns(task, seed=9)[0])
    np.testing.assert_array_equal(loaded.predictor.output(table), model.predictor.output(table))
    predicted = loaded.predict(table)
    np.testing.assert_array_equal(predicted, model.predict(table))
    assert predicted.dtype == model.predict(table).dtype
    assert loaded.summary == model.summary
    assert loaded.records == model.records
    assert loaded.decisions == model.decisions
    assert str(loaded.schema) == str(model.schema)


def test_saving_again_gives_the_same_bytes(path, tmp_path):
    FittedModel.load(path).save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_labels_keep_their_type(fittings, make_columns):
    for task, kind in (("binary", str), ("multiclass", int), ("regression", float)):
        table = Table.from_columns(make_columns(task, n_samples=20, seed=9)[0])
        values = FittedModel.load(fittings[task][1]).predict(table).tolist()
        assert {type(value) for value in values} == {kind}


def test_probabilities_of_a_loaded_model_are_the_same(fittings, make_columns):
    for task in ("binary", "multiclass"):
        fitting, path = fittings[task]
        table = Table.from_columns(make_columns(task, seed=9)[0])
        np.testing.assert_array_equal(
            FittedModel.load(path).predict_proba(table), fitting.model().predict_proba(table)
        )


def test_numbers_stay_within_what_was_seen(fittings, make_columns):
    columns, target = make_columns("regression")
    columns["width"] = [1e9 if place % 2 else -1e9 for place in range(160)]
    predicted = FittedModel.load(fittings["regression"][1]).predict(columns)
    assert target.min() <= predicted.min()
    assert predicted.max() <= target.max()


def test_the_file_holds_no_text_that_was_not_learned_from(path):
    assert b"secret" not in path.read_bytes()


@pytest.mark.slow
def test_the_file_holds_of_a_column_little_more_than_the_edges_of_its_bins(make_columns, tmp_path):
    columns, target = make_columns("binary", n_samples=800)
    fitting = fitting_of(Table.from_columns(columns), target, effort=1)
    list(fitting)
    fitting.model().save(tmp_path / "model")
    content = (tmp_path / "model").read_bytes()
    for name in ("width", "length"):
        assert sum(_holds(content, value) for value in columns[name]) < 100


def test_the_file_holds_of_the_target_only_its_range(fittings, make_columns):
    content = fittings["regression"][1].read_bytes()
    _, target = make_columns("regression")
    inner = [value for value in target.tolist() if target.min() < value < target.max()]
    assert not any(_holds(content, value) for value in inner)


def test_nothing_in_the_file_can_be_executed(path):
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    json.loads(header["__metadata__"]["description"])
    types = {entry["dtype"] for name, entry in header.items() if name != "__metadata__"}
    assert types <= {"F64", "F32", "I64", "I32", "U8", "BOOL"}


def test_every_decision_in_the_file_is_a_sentence(path):
    for decision in FittedModel.load(path).decisions:
        assert decision.sentence.endswith(".")
        assert not re.search(r"[{}]|\bnan\b|\binf\b", decision.sentence)


def test_a_full_disk_leaves_the_old_model(model, path, tmp_path, monkeypatch):
    (tmp_path / "model").write_bytes(path.read_bytes())

    def fsync(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="No space left"):
        model.save(tmp_path / "model")
    assert os.listdir(tmp_path) == ["model"]
    assert FittedModel.load(tmp_path / "model").summary == model.summary


def test_a_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ModelFileError, match=r"There is no file .*penguins\.model"):
        FittedModel.load(tmp_path / "penguins.model")


def test_a_damaged_model_is_refused(path, tmp_path):
    (tmp_path / "model").write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelFileError, match="damaged"):
        FittedModel.load(tmp_path / "model")


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("0.0.7", r"by madaline 0\.0\.7, which this one \(.*\) cannot read \(.*\): fit .* again"),
        ("99.0", r"by madaline 99\.0, which this one \(.*\) cannot read \(.*\): upgrade with"),
        (__version__, "is whole, but not as madaline .* writes it .*: fit the model again, or"),
        ("x" * 90, "is whole, but not as madaline .* writes it .*: fit the model again, or"),
    ],
)
@pytest.mark.parametrize("read", [FittedModel.load, runtime.load])
def test_a_model_of_another_version_is_named(path, tmp_path, version, message, read):
    description, arrays = read_tensor_file(path)
    description |= {"madaline": version, "predictor": {"task": "classification"}}
    write_tensor_file(tmp_path / "other", MODEL, description, arrays, check=lambda *_: None)
    with pytest.raises(ModelFileError, match=message):
        read(tmp_path / "other")


@pytest.fixture
def summary():
    return Summary(
        task="regression",
        target="price",
        n_samples=100,
        n_evaluated=80,
        n_columns=3,
        n_folds=5,
        epochs=12,
        multiply_adds=1.5e9,
        scores=(Score("r2", 0.1 + 0.2, 0.02, 0.0, True),),
        standard_errors_better=2.5,
        members=(Member("2", "bins", 0.75, (64, 64)), Member("1", "plain", 0.25, (8, 3), True)),
        row_multiply_adds=71_040,
        row_multiply_adds_before=300_000,
        leaks=(Leak("tax", 0.999, 0.5),),
    )


def test_of_many_columns_only_those_beyond_chance_are_clear(summary):
    def of(values):
        named = (Importance((str(k),), "r2", value, 0.01) for k, value in enumerate(values))
        return replace(summary, importances=tuple(named))

    noise = np.sort(np.random.default_rng(0).normal(0, 0.01, 300))[::-1].tolist()
    assert sum(one.clear for one in of(noise).importances) > 3
    assert of(noise).clear_importances == ()
    assert [one.name for one in of([0.5, 0.1, *noise]).clear_importances] == ["0", "1"]
    assert [one.name for one in of([0.5, 0.024, 0.001]).clear_importances] == ["0", "1"]
    assert replace(of([0.5]), standard_errors_better=1.0).clear_importances == ()


def test_a_summary_survives_json(summary):
    values = json.loads(json.dumps(summary.to_json()))
    assert values["learned"] is True
    assert Summary.from_json(values) == summary


@pytest.mark.parametrize(("better", "learned"), [(-3, False), (0, False), (2, False), (2.1, True)])
def test_something_was_learned_only_beyond_two_standard_errors(summary, better, learned):
    assert replace(summary, standard_errors_better=better).learned is learned


def _holds(content: bytes, value: float) -> bool:
    """Return whether a number stands in the file, as bytes or as digits."""
    forms = (np.float64(value).tobytes(), np.float32(value).tobytes(), repr(value)[:12].encode())
    return value == value and any(form in content for form in forms)
