"""What is printed, and what a notebook shows, of all that a fitted estimator returns."""

from __future__ import annotations

import json
import pickle
import re
import warnings
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import DataConversionWarning

from madaline import AdaptiveClassifier, AdaptiveRegressor

VOID = {"path", "rect", "circle", "br"}


class Checked(HTMLParser):
    """Holds the text, and fails where tags are not closed in their order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        assert tag not in {"script", "link", "iframe", "img", "object"}
        assert not any(name.startswith("on") or "http" in (value or "") for name, value in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += f" {data}"


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "<i>size</i>": rng.normal(size=150),
            "town": rng.choice(["<b>Bonn</b>", "Kiel & {Ulm}", "Aix"], 150),
            "noise": rng.normal(size=150),
        }
    )
    return X, X["<i>size</i>"] + (X["town"] == "Aix") + 0.3 * rng.normal(size=150)


@pytest.fixture(scope="module")
def classifier(table):
    X, y = table
    labels = np.where(y > 0.3, "<u>yes</u>", "no")
    return AdaptiveClassifier(effort=6, random_state=0).fit(X, labels, folds=3)


@pytest.fixture(scope="module")
def regressor(table):
    return AdaptiveRegressor(effort=6, random_state=0).fit(*table, folds=3)


RESULTS = {
    "scores_": lambda model, X: model.scores_,
    "importances_": lambda model, X: model.importances_,
    "decisions_": lambda model, X: model.decisions_,
    "diagnosis_": lambda model, X: model.diagnosis_,
    "quality_": lambda model, X: model.quality_,
    "history_": lambda model, X: model.history_,
    "story": lambda model, X: model.story(),
    "explain": lambda model, X: model.explain(X[:7]),
    "effect of a number": lambda model, X: model.effects(X, "<i>size</i>"),
    "effect of a level": lambda model, X: model.effects(X, "town"),
    "effects of all": lambda model, X: model.effects(X),
    "counterfactuals": lambda model, X: model.counterfactuals(X[:3], target=_target(model)),
    "interactions": lambda model, X: model.interactions(X),
}


def _target(model):
    return "no" if isinstance(model, AdaptiveClassifier) else (0.5, None)


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("task", ["classifier", "regressor"])
def test_it_is_shown_printed_and_a_frame(name, task, table, request):
    model = request.getfixturevalue(task)
    result = RESULTS[name](model, table[0])
    html = result._repr_html_()
    text = Checked(html).text
    assert not re.search(r"<(i|b|u)>", html), "text of the table is not escaped"
    assert not re.search(r"\{\w+(:[^}]*)?\}", text.replace("{Ulm}", "")), "a template is not filled"
    assert len(text.strip()) > 15
    printed = repr(result)
    assert not re.search(r"\w+\(\w+=", printed), "a dataclass is printed as such"
    assert len(printed.splitlines()) <= 40
    columns = result.to_columns()
    frame = result.to_frame()
    assert list(frame.columns) == list(columns)
    assert len(frame) == len(next(iter(columns.values())))
    assert result.to_frame("polars").shape == frame.shape
    json.dumps(result.to_json())
    assert max(map(len, result.text(100).splitlines()), default=0) <= 100


def test_the_estimator_shows_its_diagram_and_what_was_found(classifier, regressor):
    text = Checked(classifier.model_._repr_html_()).text
    assert "ROC AUC" in text
    assert "<i>size</i>" in text  # as text
    for model in (classifier, regressor):
        html = model._repr_html_()
        assert type(model).__name__ in html
        assert 'class="madaline"' in html
    assert 'class="madaline"' not in AdaptiveClassifier()._repr_html_()


def test_listings_are_tuples_and_slices_are_listings(classifier):
    found = classifier.importances_
    assert isinstance(found, tuple)
    assert type(found[:1]) is type(found)
    assert found[:1] == (found[0],)
    assert repr(found[0]).startswith("<Importance <i>size</i>: log loss worse by")
    assert pickle.loads(pickle.dumps(found)) == found
    assert repr(found[:0]) == "(none)"


def test_what_is_long_is_cut(classifier):
    many = type(classifier.decisions_)(classifier.decisions_[:1] * 100)
    assert repr(many).endswith("... and 80 more")
    assert "and 40 more decisions" in many._repr_html_()


def test_single_results_print_in_a_line(regressor, table):
    assert repr(regressor.background_).startswith("<Table of 100 rows: '<i>size</i>', 'town'")
    model = regressor.model_
    assert repr(model.summary).startswith("<Summary of target: 150 rows, ")
    assert repr(model.schema) == "<Schema of 150 rows: 3 of 3 columns used>"
    assert repr(regressor.interactions(table[0])[0]).startswith("<Interaction: ")
    assert Checked(regressor.decisions_[0]._repr_html_()).text.strip().startswith("epoch ")
    for finding in regressor.diagnosis_:
        assert finding.sentence in repr(finding)
        Checked(finding._repr_html_())


def test_the_history_colors_what_predicts(classifier):
    html = classifier.history_._repr_html_()
    best = classifier.model_.summary.members[0]
    assert re.search(rf'class="key s0">{re.escape(best.name.split(", epoch")[0])} \(\d+%\)', html)
    assert pickle.loads(pickle.dumps(classifier.history_)).members == classifier.history_.members


def test_many_classes_have_their_confusions_listed():
    from madaline._race.evaluation.quality.classification import ClassificationQuality

    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(30), 300)
    quality = ClassificationQuality.of(
        [f"<{k}>" for k in range(30)], probabilities, rng.integers(0, 30, 300)
    )
    text = Checked(quality._repr_html_()).text
    assert "The most frequent confusions" in text
    assert "and 10 more classes" in text


@pytest.mark.parametrize("kind", ["series", "frame", "polars", "array", "unnamed"])
def test_the_target_has_the_name_of_the_series(kind, table):
    X, y = table
    kinds = {
        "series": pd.Series(y, name="price"),
        "frame": pd.DataFrame({"price": y}),
        "polars": pl.Series("price", y),
        "array": y.to_numpy(),
        "unnamed": pd.Series(y.to_numpy()),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataConversionWarning)
        model = AdaptiveRegressor(effort=1, random_state=0).fit(X, kinds[kind], folds=2)
    name = "target" if kind in ("array", "unnamed") else "price"
    assert model.model_.summary.target == name
    assert f"Predicts {name} from" in model._repr_html_()
    assert f"\nRow 0: {name} " in str(model.explain(X[:1]))
