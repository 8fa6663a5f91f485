"""Relations of DuckDB are tables and targets, by the names of their columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
pytest.importorskip("pyarrow", reason="pyarrow is not installed")

from madaline import AdaptiveClassifier, load  # noqa: E402


def test_relations_count_by_name_in_a_fitted_and_in_a_loaded_model(tmp_path):
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"a": rng.normal(size=80), "b": 1000 + rng.normal(size=80)})  # noqa: F841
    given, y = duckdb.sql("select a, b from rows"), duckdb.sql("select a > 0 as y from rows")
    model = AdaptiveClassifier(effort=2, random_state=0).fit(given, y)
    model.save(tmp_path / "model")
    expected = model.predict_proba(given)
    turned = duckdb.sql("select b, 7 as c, a from rows")
    for one in (model, load(tmp_path / "model")):
        np.testing.assert_array_equal(one.predict_proba(turned), expected)
        assert one.score(turned, y) == model.score(given, y) > 0.9
