"""A file of many models: its index is checked first, and one model is read without the others."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import pytest

import madaline
from madaline import AdaptiveRegressor
from madaline._models.model.many import ModelsByGroup
from madaline._tables.io import tensor_file
from madaline._tables.io.spill import RowFile
from madaline._tables.keys import key_text
from madaline.errors import InputError, ModelFileError, NothingLearnedWarning


@pytest.fixture
def path(fitted_stores, tmp_path):
    """A copy of the file of three models."""
    return Path(shutil.copy(fitted_stores, tmp_path))


def changed(path, change):
    """Write the file with another index, under the right checksum."""
    index, places = tensor_file.read_index(path)
    content = path.read_bytes()
    arrays = {name: content[place.start : place.stop] for name, place in places.items()}
    change(index, arrays)
    as_arrays = {name: tensor_file.np.frombuffer(part, "u1") for name, part in arrays.items()}
    tensor_file.write_tensor_file(path, tensor_file.MODELS, index, as_arrays, check=lambda *_: None)


def test_one_model_is_read_without_the_others(path, monkeypatch):
    sizes, read = [], RowFile.read
    monkeypatch.setattr(
        RowFile, "read", lambda rows, start, out: sizes.append(out.size) or read(rows, start, out)
    )
    models = madaline.load(path)
    assert "Bonn" in models
    assert "alone" not in models
    assert "Bon" not in models
    assert sizes == []
    models["Bonn"]
    assert len(sizes) == 1
    assert sizes[0] < path.stat().st_size / 2


def test_each_part_is_a_whole_model_file(path, tmp_path):
    models, single = madaline.load(path), tmp_path / "bonn.madaline"
    _, places = tensor_file.read_index(path)
    place = places["1"]
    single.write_bytes(path.read_bytes()[place.start : place.stop])
    assert madaline.load(single).model_.to_bytes() == models["Bonn"].model_.to_bytes()


def test_a_loaded_collection_lives_longer_than_its_file(path):
    models = madaline.load(path)
    before = models["Köln"].model_.to_bytes()
    path.unlink()
    assert madaline.ManyModels.__len__(models) == 3
    copy = pickle.loads(pickle.dumps(models))
    assert copy["Köln"].model_.to_bytes() == before
    copy.save(path)
    assert madaline.load(path)["Köln"].model_.to_bytes() == before


def test_damage_to_one_model_is_found_when_it_is_read(path):
    _, places = tensor_file.read_index(path)
    content = bytearray(path.read_bytes())
    content[places["1"].stop - 3] ^= 1
    path.write_bytes(content)
    models = madaline.load(path)
    assert models["Berlin"].model_.summary.target == "sales"
    with pytest.raises(ModelFileError, match=r"Bonn holds other bytes than its index tells"):
        models["Bonn"]


def test_damage_to_the_index_is_found_at_once(path):
    content = bytearray(path.read_bytes())
    content[content.index(b"Bonn")] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="is damaged"):
        madaline.load(path)


@pytest.mark.parametrize("n_bytes", [0, 5, 9, 200, -1, -1000])
def test_a_file_that_was_cut_short_is_refused(path, n_bytes):
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises(ModelFileError, match=r"is damaged|is not a madaline model"):
        madaline.load(path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda index, _: index.pop("by"), "by"),
        (lambda index, _: index.update(by=["store", "day"]), "has keys of other columns"),
        (lambda index, _: index["entries"][1].update(key=["Berlin"]), "two groups of one key"),
        (lambda index, _: index["entries"][0].update(checksum=""), "neither a model nor an error"),
        (lambda index, _: index["entries"][0].update(score=None), "has a model without a score"),
        (lambda index, _: index["entries"][0].update(key=[1.5]), "key"),
        (lambda index, _: index["entries"][0].update(n_rows=-1), "n_rows"),
        (lambda index, _: index.update(task="ranking"), "task"),
        (lambda index, _: index.update(entries=[]), "entries"),
        (lambda _, arrays: arrays.update({"7": b"x"}), "holds other models than its index tells"),
        (lambda _, arrays: arrays.pop("2"), "holds other models than its index tells"),
    ],
)
def test_an_index_that_breaks_a_rule_is_refused(path, change, sentence):
    changed(path, change)
    with pytest.raises(ModelFileError, match=f"whole, but not as madaline .*{sentence}"):
        madaline.load(path)


def test_a_model_in_another_s_place_is_refused(path):
    changed(path, lambda _, arrays: arrays.update({"0": arrays["1"], "1": arrays["0"]}))
    with pytest.raises(ModelFileError, match="Berlin holds other bytes"):
        madaline.load(path)["Berlin"]


def test_a_newer_file_says_to_upgrade(path, monkeypatch):
    monkeypatch.setattr(tensor_file, "VERSION", 9)
    changed(path, lambda *_: None)
    monkeypatch.undo()
    with pytest.raises(ModelFileError, match="was written by a newer madaline"):
        madaline.load(path)


def test_what_could_not_be_read_again_is_not_written(path):
    models, before = ModelsByGroup.load(path), path.read_bytes()
    object.__setattr__(models.index.entries[0], "n_rows", -1)
    with pytest.raises(InputError):
        models.save(path)
    assert path.read_bytes() == before


def test_other_files_and_other_readers_say_what_they_are(path, tmp_path, stores):
    with pytest.raises(ModelFileError, match="choose one with --group"):
        madaline.FittedModel.load(path)
    single = tmp_path / "single.madaline"
    X = stores[["price"]]
    with pytest.warns(NothingLearnedWarning):
        AdaptiveRegressor(effort=1).fit(X, stores["sales"]).save(single)
    with pytest.raises(ModelFileError, match="give a file that `madaline fit --by` wrote"):
        madaline.ManyModels.load(single)
    with pytest.raises(ModelFileError, match="There is no file"):
        madaline.ManyModels.load(tmp_path / "none")


def test_the_index_is_plain_json(path):
    index, _ = tensor_file.read_index(path)
    assert json.loads(json.dumps(index)) == index
    assert [key_text(tuple(entry["key"])) for entry in index["entries"]][:2] == ["Berlin", "Bonn"]
