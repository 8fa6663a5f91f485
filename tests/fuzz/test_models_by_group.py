"""Signed but malformed files of many models are refused with one sentence, or predict."""

from __future__ import annotations

import warnings
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.mutants import mutant

from madaline import ManyModels, fit_many
from madaline._tables.io.tensor_file import MODELS, read_index
from madaline.errors import MadalineError


class Collection:
    """The index and the bytes of the models of a file, which Hypothesis should not print."""

    def __init__(self, path, rows):
        self.index, places = read_index(path)
        content = np.frombuffer(path.read_bytes(), np.uint8)
        self.arrays = {name: content[place.start : place.stop] for name, place in places.items()}
        self.rows = rows

    def __repr__(self):
        return "a file of many models"


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    rng = np.random.default_rng(0)
    size = rng.normal(size=60)
    rows = {"size": size, "city": np.repeat(["Bonn", "Kiel", "Ulm"], 20), "floor": [1, 2] * 30}
    path = tmp_path_factory.mktemp("fuzz") / "models"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        models = fit_many(
            rows | {"price": size + rng.normal(size=60)},
            target="price",
            by=["city", "floor"],
            effort=1,
            n_jobs=1,
            common=True,
            compare=True,
            min_rows=2,
        )
    models.save(path)
    return Collection(path, rows)


@given(seed=st.integers(0, 2**32))
def test_a_signed_mutant_is_refused_or_predicts(collection, tmp_path_factory, seed):
    path = tmp_path_factory.getbasetemp() / "mutant.models"
    path.write_bytes(mutant(Random(seed), MODELS, collection.index, collection.arrays))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            models = ManyModels.load(path)
            assert repr(models)
            assert models._repr_html_()
            assert len(models.comparison) <= 7
            assert len(models.predict(collection.rows)) == 60
            models.save(path)
        except MadalineError as error:
            sentence = str(error)
            assert len(sentence) < 600
            assert sentence.endswith((".", "?"))
