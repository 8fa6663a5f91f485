"""What the benchmark of rare classes draws, and how its table is summed up."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def rare_classes(monkeypatch):
    """Return the module of the benchmark."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    module = pytest.importorskip("rare_classes", reason="the benchmarks need scikit-learn")
    yield module
    for name in ("rare_classes", "peers", "tables", "measuring"):
        sys.modules.pop(name, None)


def test_the_rare_class_has_its_share_in_what_is_learned_and_in_the_weighted_test(rare_classes):
    pd = pytest.importorskip("pandas", reason="the benchmarks read their tables with pandas")
    y = np.resize(np.array(["Yes", "No", "No"], object), 1200)
    x = pd.DataFrame({"row": np.arange(1200)})
    table = rare_classes.Table("telco_churn", True, x[:900], y[:900], x[900:], y[900:])
    drawn, weight = rare_classes.draw(table, "telco_churn 1:20", 0)
    assert len(drawn.y_train) == 300
    assert (drawn.y_train == "rare").sum() == 15
    assert weight.sum() == pytest.approx(1)
    assert weight[drawn.y_test == "rare"].sum() == pytest.approx(0.05)
    rows = np.concatenate([drawn.x_train["row"], drawn.x_test["row"]])
    assert sorted(rows) == list(range(1200))
    labels = np.concatenate([drawn.y_train, drawn.y_test])
    assert ((labels == "rare") == (y[rows] == "Yes")).all()


def test_the_summary_compares_mean_losses(rare_classes):
    def measured(method, loss, promised=None):
        return rare_classes.RareClass(
            "adult",
            method,
            1000,
            loss,
            0.003,
            0.9,
            promised,
            0.004,
            1.0,
            0,
            '{"task": "adult 1:20"}',
        )

    lines = list(
        rare_classes._lines(
            [measured("madaline", 0.1, 0.11), measured("logistic", 0.2)], ["madaline", "logistic"]
        )
    )
    assert lines[2] == "| adult 1:20 | 1000 | 0.1000 | 0.2000 | 0.900 | 0.900 | -2.0 |"
    assert lines[-1] == "logistic: loss x0.500, better on 1 of 1"
