"""A file that says anything else than what was written is refused with one sentence."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.sampling.tables import calls

import madaline
from madaline._apps.sampling.file import read_sampler
from madaline._tables.io import tensor_file
from madaline.errors import ModelFileError


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    table = {name: column for name, column in calls(1000).items() if name != "total"}
    path = tmp_path_factory.mktemp("file") / "calls.sampler"
    madaline.Sampler(privacy="safe").fit(table).save(path)
    return path


def _write(path, description, arrays):
    """Write what no sampler would write, with a right checksum."""
    kind = tensor_file.SAMPLER
    tensor_file.write_tensor_file(path, kind, description, arrays, check=lambda *_: None)


def _refused(path, tmp_path, change):
    description, arrays = tensor_file.read_tensor_file(path, tensor_file.SAMPLER)
    arrays = {name: array.copy() for name, array in arrays.items()}
    change(description, arrays)
    _write(tmp_path / "changed.sampler", description, arrays)
    with pytest.raises(ModelFileError) as error:
        read_sampler(tmp_path / "changed.sampler")
    return str(error.value)


def test_what_was_written_is_read(path, tmp_path):
    description, arrays = tensor_file.read_tensor_file(path, tensor_file.SAMPLER)
    _write(tmp_path / "same.sampler", description, arrays)
    stored, chain = read_sampler(tmp_path / "same.sampler")
    assert stored.to_json() == json.loads(json.dumps(description))
    assert chain.names == tuple(one.name for one in stored.chain)
    assert replace(stored, n_samples=1) != stored


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("low", np.inf),
        ("high", -1e9),
        ("bins", 99),
        ("questions.below", 50),
        ("questions.bias", np.nan),
        ("questions.first", 10**6),
        ("questions.trees.feature", 2**14),
        ("questions.trees.below", 2**30),
        ("questions.trees.roots", 10**6),
        ("questions.trees.value", np.inf),
        ("within.cells", 10**6),
        ("within.first", -5),
        ("within.trees.below", 0),
        ("weights", np.inf),
        ("edges", 99.0),
    ],
)
def test_wrong_numbers_in_arrays_are_refused(path, tmp_path, name, value):
    _, arrays = tensor_file.read_tensor_file(path, tensor_file.SAMPLER)
    columns = [
        key for key in arrays if key.endswith(f".{name}") and key.count(".") == 1 + name.count(".")
    ]
    full = [key for key in columns if arrays[key].size > 1]
    number = full[len(full) // 2]

    def change(_, arrays):
        arrays[number].reshape(-1)[arrays[number].size // 2] = value

    assert "sampler" in _refused(path, tmp_path, change)


@pytest.mark.parametrize(
    "name", ["low", "codes", "questions.below", "within.trees.roots", "within.cells", "edges"]
)
def test_lacking_arrays_are_refused(path, tmp_path, name):
    _, arrays = tensor_file.read_tensor_file(path, tensor_file.SAMPLER)
    key = next(key for key in arrays if key.endswith(f".{name}"))
    assert "lacks the array" in _refused(path, tmp_path, lambda _, own: own.pop(key))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda one: one.update(n_samples=-1), "n_samples is -1"),
        (lambda one: one.update(more=1), "has a field 'more'"),
        (lambda one: one.update(library="excel"), "library is 'excel'"),
        (lambda one: one["chain"].reverse(), "relation to a later column"),
        (lambda one: one["chain"].pop(), "a chain of other columns"),
        (lambda one: one["columns"][0].update(role="other"), "role is 'other'"),
        (lambda one: one["quality"].update(shape=7), "shape is 7"),
    ],
)
def test_wrong_descriptions_are_refused(path, tmp_path, change, words):
    assert words in _refused(path, tmp_path, lambda description, _: change(description))
