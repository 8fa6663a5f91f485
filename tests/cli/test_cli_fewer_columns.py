"""Which columns are not needed, told on the command line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from madaline._model import FittedModel
from madaline.records.model_decisions import ColumnsNotNeeded


def test_columns_that_are_not_needed_are_told(run, place):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(60, 3)), columns=["a", "shoe size", "c"])
    table.assign(y=table["a"]).to_csv(place / "train.csv", index=False)
    path = place / "m.madaline"
    assert run("fit", "train.csv", "--target", "y", "--effort", 1, "-o", path).code == 0
    model = FittedModel.load(path)
    decision = ColumnsNotNeeded(1, "the ensemble", ("shoe size", "c"), 3, 0.5, 0.49, 0.02)
    replace(model, decisions=(*model.decisions, decision)).save(path)
    info, story = (" ".join(run(name, path).out.split()) for name in ("info", "story"))
    for page in (info, story):
        assert "2 of 3 columns are not needed" in page
        assert "leave shoe size, c out (--drop)" in page
    assert "--drop 'shoe size' c" in info
    worse = replace(decision, standard_error=0.005)
    assert worse.sentence.startswith("2 of 3 columns are hardly needed: networks")
