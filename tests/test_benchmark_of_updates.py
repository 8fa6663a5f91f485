"""The benchmark of updates measures what it says it does."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(autouse=True)
def _path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield
    for name in [name for name in sys.modules if name in ("updates", "tables")]:
        del sys.modules[name]


def test_every_part_is_predicted_before_it_is_learned():
    import pandas as pd

    from updates import Stream, measure

    class Noting:
        def __init__(self):
            self.seen = []

        def fit(self, X, y):
            self.seen.append(("fit", len(y)))
            return self

        def predict(self, X):
            self.seen.append(("predict", float(X["x"].iloc[0])))
            return X["x"].to_numpy() + 1

    def learn(model, stream, number):
        model.seen.append(("learn", float(stream.part(number)[0]["x"].iloc[0])))
        return model

    numbers = np.arange(10.0)
    model = Noting()
    stream = Stream(pd.DataFrame({"x": numbers}), numbers, [0, 4, 7, 10], is_classes=False)
    parts = list(measure(stream, learn, model))
    assert model.seen == [("fit", 4), ("predict", 4.0), ("learn", 4.0), ("predict", 7.0)]
    assert [part[:3] for part in parts] == [(1, 3, 1.0), (2, 3, 1.0)]
    assert stream.part(1, 0)[1].tolist() == list(range(7))
