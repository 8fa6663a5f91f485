"""TabArena's errors, ratios to CatBoost beside published ones, and the adapter for its runner."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def arena(monkeypatch):
    """Let the scripts of the folder be imported, and forget them afterwards."""
    pytest.importorskip("sklearn", reason="the benchmarks need scikit-learn")
    pytest.importorskip("pandas", reason="the benchmarks read their tables with pandas")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.syspath_prepend(str(BENCHMARKS / "tabarena"))
    path = list(sys.path)
    yield
    sys.path[:] = path
    for name in ("run", "arena_tables", "adapter", "tables", "measuring"):
        sys.modules.pop(name, None)


def test_a_third_is_the_test_set_and_repeats_differ(arena, tmp_path):
    import pandas as pd
    from arena_tables import load_split

    (tmp_path / "tabular").mkdir()
    frame = pd.DataFrame({"row": range(90), "class": ["good", "bad", "good"] * 30})
    frame.to_parquet(tmp_path / "tabular" / "credit_g.parquet")
    first, second = (load_split(tmp_path, "credit_g", repeat) for repeat in (0, 1))
    assert sorted([*first.x_train["row"], *first.x_test["row"]]) == list(range(90))
    assert len(first.y_test) == 30
    assert (first.y_test == "bad").sum() == 10
    assert set(first.x_test["row"]) != set(second.x_test["row"])


def test_the_error_of_two_classes_is_what_the_area_lacks_of_one(arena):
    from arena_tables import error

    from tables import Table

    labels = np.array(["no", "no", "yes", "yes"], object)
    table = Table("churn", True, None, None, None, labels)
    ordered = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3], [0.2, 0.8]])
    assert error(table, ordered, ["no", "yes"]) == pytest.approx(0.25)
    numbers = Table("concrete", False, None, None, None, np.array([0.0, 2.0]))
    assert error(numbers, [1.0, 1.0], None) == pytest.approx(1.0)


def test_ratios_stand_beside_published_ones_of_the_same_tables(arena, tmp_path):
    from run import ArenaError, _published, comparison

    file = tmp_path / "results.csv"
    file.write_text(
        "dataset,fold,method,metric_error,imputed\n"
        "churn,0,CAT (default),0.08,False\nchurn,0,Good,0.06,False\nchurn,0,None,0.01,True\n"
        "splice,0,CAT (default),0.1,False\nsplice,0,Good,0.01,False\n"
    )
    measured = [
        ArenaError("churn", "catboost", 100, 0.2, 3.0),
        ArenaError("churn", "madaline", 100, 0.2, 1.0, seed=0),
        ArenaError("churn", "madaline", 100, 0.16, 2.0, seed=1),
    ]
    lines = list(comparison(measured, _published(file, ["churn"], "catboost"), "catboost"))
    assert lines[1].split() == ["churn", "madaline", "0.18", "0.900", "1.5", "s"]
    assert [line.split()[0] for line in lines[3:]] == ["Good", "madaline", "catboost", "CAT"]
    assert "x0.750; better on 1 of 1" in lines[3]


def test_the_runner_of_tabarena_fits_and_asks_the_adapter(arena):
    pytest.importorskip("tabarena.benchmark", reason="the adapter is for TabArena's own package")
    import pandas as pd
    from adapter import MadalineSystem, configurations
    from autogluon.core.metrics import get_metric

    rng = np.random.default_rng(0)
    x = pd.DataFrame({"a": rng.normal(size=120), "b": rng.choice(["u", "v"], 120)})
    x.index += 1000
    y = pd.Series(np.where(x["a"] + (x["b"] == "u") + rng.normal(size=120) > 0, "yes", "no"))
    system = MadalineSystem(
        problem_type="binary",
        eval_metric=get_metric("roc_auc", "binary"),
        settings={"effort": 2},
        fit_kwargs={"num_cpus": 1, "time_limit": 600},
    )
    made = system.fit_custom(x[:90], y.set_axis(x.index)[:90], x[90:], split_seed=1)
    assert list(made["probabilities"].columns) == ["no", "yes"]
    assert list(made["predictions"].index) == list(x.index[90:])
    assert len(configurations().manual_configs) == 2
