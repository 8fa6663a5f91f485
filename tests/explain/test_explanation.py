"""What can be done with an explanation: print it, make a table of it, hand it to shap."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from decimal import Decimal
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

import madaline
from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline._tables.formats.number_format import NumberFormat
from madaline._tell.explain import explain
from madaline.errors import InputError, MadalineError


@pytest.fixture(scope="module")
def fitted(make_columns):
    columns, target = make_columns("binary")
    frame = pd.DataFrame(columns)
    return AdaptiveClassifier(effort=3, random_state=0).fit(frame, target), frame


def test_the_estimator_compares_with_rows_that_it_learned_from(fitted, tmp_path):
    model, frame = fitted
    explanation = model.explain(frame[:7])
    assert explanation.background == "100 given rows"
    assert model.background_.n_samples == 100
    given = explain(model.model_, frame[:7], background=model.background_)
    np.testing.assert_array_equal(explanation.attributions, given.attributions)
    model.save(tmp_path / "model")
    loaded = madaline.load(tmp_path / "model")
    assert explain(loaded.model_, frame[:7]).background.startswith("an average training row")
    assert b"Ulm Kiel" not in (tmp_path / "model").read_bytes()


def test_arrays_are_explained_too():
    x = np.random.default_rng(0).standard_normal((60, 3))
    model = AdaptiveRegressor(effort=2, random_state=0).fit(x, x[:, 0] + x[:, 1])
    explanation = model.explain(x[:4], background=x[10:20])
    assert explanation.columns == ("x0", "x1", "x2")
    assert explanation.background == "10 given rows"
    assert explanation.strongest(0)[0] in explanation.columns


def test_what_is_printed_holds_the_numbers(fitted):
    model, frame = fitted
    explanation = model.explain(frame[:8], target_class="yes")
    text = str(explanation)
    heading, _, _ = text.partition("Row 0")
    assert heading.startswith(
        "The base value is the log-odds of the same class for 100 given rows."
    )
    assert heading.split()[-2:] == ["(expected", "gradients)."]
    assert "Row 4: target is yes, log-odds" in text
    assert "... and 3 more rows" in text
    assert f"width = {'missing' if pd.isna(frame.width[0]) else f'{frame.width[0]:.6g}'}" in text
    assert text.count("  (sum ") == 5
    assert repr(explanation) == "<Explanation of target in log-odds: 8 rows × 6 columns>"
    assert "\nRow 7:" in str(explanation[7])
    assert len(explanation[2:5]) == 3


def test_few_columns_are_shown_and_the_others_added_up(fitted):
    model, frame = fitted
    explanation = model.explain(frame[:1])
    lines = list(explanation.lines(0, most=2))
    assert "4 other columns together" in lines[3]
    shown = [float(line.split()[-1]) for line in lines[1:4]]
    assert sum(shown) == pytest.approx(explanation.sums[0], rel=0.02, abs=0.02)


@pytest.mark.parametrize("power", [0, 4])
def test_what_is_shown_adds_up_to_the_last_digit(fitted, power):
    """From the base value to the output, whether numbers have a unit such as 万 or not."""
    model, frame = fitted
    explained = model.explain(frame[:40])
    names = ("output", "base", "attributions")
    scaled = {name: getattr(explained, name) * 10.0**power for name in names}
    explained = replace(explained, scale="target", target_class=None, **scaled)
    if power:
        formats = {"target": NumberFormat(after="万", power=power)}
        explained = replace(explained, formats=formats)
    for row in range(40):
        first, *lines, last = explained.lines(row, most=3)
        ends = re.findall(r"target (\S+?)万?; base value (\S+?)万?\.$", first)[0]
        total = re.fullmatch(r"  \(sum (\S+?)万?\)", last)[1]
        last_digit = Decimal(1).scaleb(-explained.decimals(row))  # what is less has one of its own
        texts = [*ends, total, *(line.split()[-1].rstrip("万") for line in lines)]
        output, base, total, *amounts = [Decimal(text).quantize(last_digit) for text in texts]
        assert sum(amounts) == total == output - base
        exact = sorted(explained.attributions[row] / 10.0**power, key=abs)[:-4:-1]
        unit = 10.0 ** -explained.decimals(row)
        assert [*map(float, amounts[:3])] == pytest.approx(exact, abs=1.01 * unit)


def test_a_table_of_it_adds_up(fitted):
    model, frame = fitted
    explanation = model.explain(frame[:8], method="shapley", permutations=4)
    table = pd.DataFrame(explanation.to_columns())
    own = [f"attribution_{name}" for name in explanation.columns]
    total = table["base"] + table[own].sum(axis=1) + table["remaining"]
    np.testing.assert_allclose(total, table["output"])
    assert {f"error_{name}" for name in explanation.columns} < set(table)
    assert set(table["target_class"]) <= {"no", "yes"}
    assert "±" in str(explanation)


def test_shap_gets_the_same_numbers(fitted, monkeypatch):
    model, frame = fitted
    explanation = model.explain(frame[:3])
    module = ModuleType("shap")
    module.Explanation = lambda **given: given
    monkeypatch.setitem(sys.modules, "shap", module)
    handed = explanation.to_shap()
    np.testing.assert_array_equal(handed["values"], explanation.attributions)
    np.testing.assert_array_equal(handed["base_values"], explanation.base)
    assert handed["feature_names"] == list(explanation.columns)
    assert handed["data"].shape == (3, 6)
    assert None not in handed["data"].ravel().tolist()
    numbers = replace(explanation, columns=("width",), attributions=explanation.attributions[:, :1])
    assert numbers.to_shap()["data"].dtype == float
    both = [model.explain(frame[:3], target_class=label) for label in model.classes_]
    handed = both[0].to_shap(both[1])
    assert handed["values"].shape == (3, 6, 2)
    assert handed["base_values"].shape == (3, 2)
    assert handed["output_names"] == ["no", "yes"]
    with pytest.raises(InputError, match=r"2 rows .* goes beside .* 3 rows .*: explain the same"):
        explanation.to_shap(explanation[:2])


def test_without_shap_the_sentence_says_what_to_install(fitted, monkeypatch):
    model, frame = fitted
    monkeypatch.setitem(sys.modules, "shap", None)
    with pytest.raises(MadalineError, match=r"`pip install shap` \(the extra explain"):
        model.explain(frame[:1]).to_shap()
