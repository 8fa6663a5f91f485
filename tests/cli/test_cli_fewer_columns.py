"""Which columns are not needed, told on the command line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from madaline._data.table import Table
from madaline._fitting import fit
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
    assert "In the next fit" not in worse.sentence
    replace(model, decisions=(*model.decisions, worse)).save(path)
    assert "--drop 'shoe size'" not in run("info", path).out


def test_no_list_of_columns_to_leave_out_is_cut():
    names = tuple(f"c{number}" for number in range(40))
    decision = ColumnsNotNeeded(1, "the ensemble", names, 50, 0.5, 0.49, 0.02)
    assert "more" not in decision.sentence
    assert decision.sentence.endswith("leave them out of the columns: madaline info lists them.")
    few = replace(decision, columns=names[:20])
    assert all(name in few.sentence for name in names[:20])


def test_columns_with_a_clear_effect_are_not_to_be_left_out():
    decision = ColumnsNotNeeded(1, "the ensemble", ("a", "b"), 3, 0.5, 0.49, 0.02)
    assert decision.without(["b", "c"]).columns == ("a",)
    assert decision.without(["a", "b"]) is None


def test_a_fit_advises_against_no_column_that_it_says_has_an_effect(monkeypatch):
    rng = np.random.default_rng(0)
    table = Table.from_columns({name: rng.normal(size=120) for name in "abc"})
    told = ColumnsNotNeeded(1, "the ensemble", ("a", "c"), 3, 0.5, 0.49, 0.02)
    monkeypatch.setattr(fit, "columns_not_needed", lambda *_: told)
    fitting = fit.Fitting(table, 3 * table["a"] + table["b"], task="regression", effort=2)
    for _ in fitting:
        pass
    model = fitting.model()
    (decision,) = (one for one in model.decisions if isinstance(one, ColumnsNotNeeded))
    assert decision.columns == ("c",)
    assert "a" in [one.name for one in model.summary.clear_importances]
