"""Earlier models that a file keeps: they are tried first, and can be the model again."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from madaline import load
from madaline._models.model.kept_models import MAX_BYTES, KeptModels
from madaline.errors import InputError, ModelFileError
from madaline.records.model_decisions import AS_IT_IS, WentBack


def test_what_returns_is_gone_back_to_and_may_go_again(fit, make_rows, tmp_path) -> None:
    path = tmp_path / "model.madaline"
    model, later = fit(), make_rows(9, 100)[0]
    first = model.predict_proba(later)
    model.update(*make_rows(1, 200, turned=True), keep_models=2)
    turned = model.predict_proba(later)
    assert list(model.model_.kept_models.files) == ["first-fit"]
    model.save(path)
    assert os.path.getsize(path) < 300_000
    model = load(path).update(*make_rows(2, 60))
    back, update = model.model_.changes[-2:]
    assert isinstance(back, WentBack)
    assert (back.name, back.rows, back.metric) == ("first-fit", 60, "log_loss")
    assert back.difference > 5 * back.error > 0
    assert back.sentence.startswith("Went back: the earlier model first-fit is better by")
    assert update.kept == AS_IT_IS
    assert back.sentence in model.story(full=True).parts["kept"]
    np.testing.assert_array_equal(model.predict_proba(later), first)
    (name,) = model.model_.kept_models.files
    np.testing.assert_array_equal(model.go_back(name).predict_proba(later), turned)
    assert str(model.model_.changes[-1].sentence) == f"Went back to the earlier model {name}."
    model.update(*make_rows(3, 60, turned=True), keep_models=0)
    assert model.model_.kept_models is None


def test_a_model_that_is_as_good_is_not_gone_back_to(fit, make_rows) -> None:
    model = fit().update(*make_rows(1, 200, turned=True), keep_models=8)
    model.update(*make_rows(2, 60, turned=True))
    assert not any(isinstance(one, WentBack) for one in model.model_.changes)


def test_what_cannot_be_kept_or_gone_back_to_is_refused(fit, make_rows, tmp_path) -> None:
    model, new = fit(), make_rows(1, 200, turned=True)
    with pytest.raises(InputError, match="keeps no earlier models: update it with keep_models"):
        model.go_back("first-fit")
    for wrong in (9, -1, 1.5, True):
        with pytest.raises(InputError, match=f"keep_models is {wrong}: give a number"):
            model.update(*new, keep_models=wrong)
    model.update(*new, keep_models=1)
    with pytest.raises(InputError, match="no earlier model 'x': the file keeps first-fit"):
        model.go_back("x")
    kept = model.model_.kept_models
    broken = replace(model.model_, kept_models=KeptModels(1, {"a" * 61: kept["first-fit"]}))
    with pytest.raises((InputError, ModelFileError), match="kept_models"):
        broken.to_bytes()


def test_the_oldest_models_go_first() -> None:
    kept = KeptModels(2, {})
    for content in (b"one", b"two", b"three"):
        kept = kept.with_file("2026-03-01", content)
    assert kept.files == {"2026-03-01-2": b"two", "2026-03-01-3": b"three"}
    large = KeptModels(2, {"old": b"old"}).with_file("new", bytes(MAX_BYTES - 1))
    assert list(large.files) == ["new"]
