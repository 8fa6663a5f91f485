"""Tables and expressions of ibis are computed, and read by the names of their columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

ibis = pytest.importorskip("ibis", reason="ibis-framework is not installed")
pytest.importorskip("duckdb", reason="duckdb is not installed")

from madaline import AdaptiveClassifier, OnlineClassifier  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:The 'future.infer_string'")  # ibis asks for it


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(size=80), "town": rng.choice(["Bonn", "Kiel"], 80)})
    return frame.assign(y=(frame["size"] > 0).astype(int))


@pytest.mark.parametrize("kind", [AdaptiveClassifier, OnlineClassifier])
def test_tables_columns_and_expressions(frame, kind):
    table = ibis.memtable(frame)
    model = kind(random_state=0).fit(table.drop("y"), table.y)
    plain = kind(random_state=0).fit(frame.drop(columns="y"), frame["y"])
    expected = plain.predict_proba(frame)
    for same in (table, table.select("town", "y", "size"), frame):
        np.testing.assert_array_equal(model.predict_proba(same), expected)
    large = table.filter(table.size > 0.5)
    assert len(model.predict(large)) == (frame["size"] > 0.5).sum()
    assert model.score(table, table.select("y")) == plain.score(frame, frame["y"])
