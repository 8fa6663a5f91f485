"""What the benchmark of students measures, and how its table is summed up."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def distilling(monkeypatch):
    """Return the module of the benchmark."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield pytest.importorskip("distilling", reason="the benchmarks need scikit-learn")
    for name in ("distilling", "peers", "tables", "measuring"):
        sys.modules.pop(name, None)


def test_a_teacher_diverges_from_others_but_not_from_itself(distilling):
    pd = pytest.importorskip("pandas", reason="the benchmarks read their tables with pandas")
    rng = np.random.default_rng(0)
    x = pd.DataFrame({"number": rng.normal(size=80), "word": ["a", "b"] * 40})
    y = np.where(x["number"] + rng.normal(size=80) > 0, "yes", "no").astype(object)
    table = distilling.Table("made up", True, x[:60], y[:60], x[60:], y[60:])
    teacher, other = (distilling._forest("RandomForestClassifier", seed) for seed in (0, 1))
    for model in (teacher, other):
        model.set_params(randomforestclassifier__n_estimators=5).fit(table.x_train, table.y_train)
    truth = teacher.predict_proba(table.x_test)
    facts = ("made up", "random forest"), "", 0, table
    own, others = (
        distilling._outcome(*facts, model, truth, 1.0, 0.0) for model in (teacher, other)
    )
    assert own.divergence == pytest.approx(0, abs=1e-4)
    assert others.divergence > 0.01
    assert own.megabytes > 0.001


def test_the_table_has_the_means_of_the_seeds(distilling):
    def measured(student, seed, loss):
        facts = "adult", "random forest", student, seed, loss
        return distilling.Distilled(*facts, 0.8, 0.1, 5.0, 20.0, 30.0, 3.0, 0.4)

    both = [
        measured(s, seed, 0.3 + 0.1 * seed) for s in ("", *distilling.STUDENTS) for seed in (0, 1)
    ]
    line = list(distilling._lines(both))[-1]
    assert line.startswith("| adult | random forest | 0.3500 | 0.3500 | 0.3500 | 0.3500 | 5 | 5 |")
