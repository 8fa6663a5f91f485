"""What cannot be explained is refused in a sentence that names the value and the remedy."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from madaline import AdaptiveClassifier
from madaline._tell.explain import explain
from madaline._tell.explain.scale import class_indices, scale_of
from madaline.errors import InputError


def test_a_table_that_lacks_columns(models, columns):
    rows = {name: v for name, v in columns["binary"].items() if name != "city"}
    with pytest.raises(InputError, match="lacks a column that the model needs: 'city'"):
        explain(models["binary"], rows)
    with pytest.raises(InputError, match="lacks a column that the model needs: 'city'"):
        explain(models["binary"], columns["binary"], background=rows)


def test_an_unfitted_model(columns):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        AdaptiveClassifier().explain(pd.DataFrame(columns["binary"]))


def test_a_background_of_no_rows(models, columns):
    none = {name: values[:0] for name, values in columns["binary"].items()}
    with pytest.raises(InputError, match="The background has no rows: give at least one"):
        explain(models["binary"], columns["binary"], background=none)


@pytest.mark.parametrize(
    ("task", "settings", "sentence"),
    [
        ("binary", {"target_class": "maybe"}, "There is no class 'maybe': choose one of no, yes"),
        ("multiclass", {"target_class": 1}, "There is no class 1: choose one of 0, 10, 20"),
        ("regression", {"target_class": 1}, "predicts a number: leave it out"),
        ("regression", {"scale": "probability"}, "predicts a number, which is explained in its"),
        ("binary", {"scale": "odds"}, "scale is 'odds': choose 'log_odds' or 'probability'"),
        ("binary", {"method": "lime"}, "method is 'lime': choose one of expected"),
        ("binary", {"nodes": 0}, "nodes is 0: give a whole number, at least 1"),
        ("binary", {"permutations": -3}, "permutations is -3"),
    ],
)
def test_settings_that_cannot_be(models, columns, task, settings, sentence):
    with pytest.raises(InputError, match=sentence):
        explain(models[task], columns[task], **settings)


def test_the_estimator_refuses_a_background_of_no_rows():
    x = np.arange(40.0)[:, None] % 7
    model = AdaptiveClassifier(effort=1, random_state=0).fit(x, x[:, 0] > 3)
    with pytest.raises(InputError, match="The background has no rows"):
        model.explain(x[:2], background=x[:0])


def test_a_kind_of_target_without_a_scale():
    predictor = SimpleNamespace(target_encoder=object())
    with pytest.raises(TypeError, match="no scale for the predictions of a object"):
        scale_of(predictor)
    with pytest.raises(TypeError, match="no scale"):
        class_indices(predictor, np.zeros((2, 1)))
