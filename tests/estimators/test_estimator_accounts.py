"""Estimators account for themselves: story, history, report, model card, notebooks."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from sklearn import config_context
from sklearn.exceptions import NotFittedError
from sklearn.utils import estimator_html_repr

from madaline import AdaptiveClassifier, AdaptiveRegressor, load
from madaline.errors import InputError


@pytest.fixture
def fitted(mixed) -> AdaptiveClassifier:
    """A classifier that has seen the table a few times."""
    return AdaptiveClassifier(effort=4, random_state=0).fit(*mixed)


def test_the_story_is_that_of_the_saved_model(fitted, tmp_path) -> None:
    fitted.save(tmp_path / "model")
    assert str(fitted.story()) == str(load(tmp_path / "model").story())
    assert str(pickle.loads(pickle.dumps(fitted)).story()) == str(fitted.story())


def test_the_history_is_a_table_of_pandas_or_polars(fitted) -> None:
    import pandas as pd
    import polars as pl

    frames = [fitted.history_.to_frame(library) for library in ("pandas", "polars", "pyarrow")]
    assert isinstance(frames[0], pd.DataFrame)
    assert isinstance(frames[1], pl.DataFrame)
    assert frames[1].to_dict(as_series=False) == fitted.history_ == frames[2].to_pydict()
    pd.testing.assert_frame_equal(frames[0], pd.DataFrame(fitted.history_))
    assert len(frames[0]) == len(fitted.model_.records)
    with pytest.raises(InputError, match="choose one of pandas, polars, pyarrow"):
        fitted.history_.to_frame("excel")


def test_the_quality_is_that_of_the_out_of_fold_predictions(fitted, mixed) -> None:
    from sklearn.metrics import roc_auc_score

    _, y = mixed
    assert fitted.quality_.accuracy == pytest.approx(fitted.oof_score_)
    area = roc_auc_score(y == fitted.classes_[1], fitted.oof_proba_[:, 1])
    assert fitted.quality_.areas[1] == pytest.approx(area)


def test_the_report_shows_rows_from_memory_or_given_ones(fitted, mixed, tmp_path) -> None:
    X, y = mixed
    X = X.assign(size=X["size"].fillna(9) + 0.01)  # rows that it was not trained on
    fitted.report(tmp_path / "own.html")
    assert "100 training rows, drawn at random" in (tmp_path / "own.html").read_text()
    fitted.report(tmp_path / "given.html", X, y)
    assert "120 given rows" in (tmp_path / "given.html").read_text()
    data = fitted.report_data(X, y)
    assert json.loads(json.dumps(data))["rows"]["n_rows"] == len(X)
    accuracy = data["rows"]["scores"][0]["value"]
    assert accuracy == pytest.approx(fitted.score(X, y))


def test_the_report_of_numbers_given_as_an_array(line, tmp_path) -> None:
    X, y = line
    model = AdaptiveRegressor(effort=3, random_state=0).fit(X, y)
    X = X + 0.01  # rows that it was not trained on
    data = model.report_data(X, y)
    assert data["rows"]["quality"]["bias"] == pytest.approx(np.mean(y - model.predict(X)))
    assert data["rows"]["effects"][0]["column"] == "x0"


def test_the_card_is_returned_and_written(fitted, tmp_path) -> None:
    card = fitted.card(tmp_path / "README.md")
    assert (tmp_path / "README.md").read_text() == card
    assert "pipeline_tag: tabular-classification" in card


def test_what_is_not_fitted_has_nothing_to_tell(mixed, tmp_path) -> None:
    model = AdaptiveClassifier()
    for tell in (model.story, model.card, model.report_data, lambda: model.report(tmp_path / "r")):
        with pytest.raises(NotFittedError):
            tell()


def test_notebooks_show_the_diagram_and_once_fitted_the_scores(fitted) -> None:
    plain = AdaptiveClassifier()
    assert without_numbers(plain._repr_html_()) == without_numbers(estimator_html_repr(plain))
    assert "log loss" in fitted._repr_html_()
    bundle = fitted._repr_mimebundle_()
    assert "log loss" in bundle["text/html"]
    assert bundle["text/plain"] == repr(fitted)
    with config_context(display="text"):
        assert "text/html" not in fitted._repr_mimebundle_()
        assert not hasattr(fitted, "_repr_html_")


def without_numbers(html: str) -> str:
    """Return HTML without the counters that scikit-learn's diagrams have."""
    import re

    return re.sub(r"\d+", "", html)
