"""Of a large table an answer stands before networks are trained: trees of its sample."""

from __future__ import annotations

import io
import signal
import threading

import numpy as np
import pandas as pd
import pytest

from madaline import AdaptiveRegressor
from madaline._race.plan import BALANCED, Plan
from madaline._race.trees.racing import first_answer
from madaline._tell.progress.progress import Clock, EventLines
from madaline.errors import InterruptedFitWarning
from madaline.records.race_decisions import FirstAnswer, Interrupted, TreesLeftOut


@pytest.fixture
def stairs() -> tuple[pd.DataFrame, np.ndarray]:
    """Return numbers that are sums of steps, which trees learn at once."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.integers(0, 12, (1500, 3)).astype(float), columns=list("abc"))
    steps = rng.normal(size=(12, 3))
    return X, steps[X.to_numpy().astype(int), np.arange(3)].sum(axis=1)


def _fitted(stairs, *, stop=False, **arguments):
    told = []

    def listen(event):
        told.append(event)
        return stop and isinstance(event, FirstAnswer)

    regressor = AdaptiveRegressor(random_state=0, effort=4, **arguments)
    return regressor.fit(*stairs, on_event=listen), told


@pytest.mark.usefixtures("interrupts")
def test_an_interrupt_behind_the_first_answer_takes_it(stairs, monkeypatch, tmp_path):
    monkeypatch.setattr("madaline._models.fitting.training.first_answer", _interrupted)
    X, y = stairs
    regressor = AdaptiveRegressor(random_state=0, effort=4)
    with pytest.warns(InterruptedFitWarning):
        regressor.fit(X, y)
    assert [one.trees for one in regressor.model_.summary.members] == [60]
    assert np.mean((regressor.predict(X) - y) ** 2) < 0.5 * np.var(y)
    (first,), (ended,) = (
        [one for one in regressor.decisions_ if isinstance(one, kind)]
        for kind in (FirstAnswer, Interrupted)
    )
    assert ended.loss == first.loss
    assert not [one for one in regressor.decisions_ if isinstance(one, TreesLeftOut)]
    regressor.save(tmp_path / "first.madaline")


def _interrupted(*given):
    assert threading.current_thread() is threading.main_thread()
    found = first_answer(*given)
    signal.raise_signal(signal.SIGINT)
    return found


def test_a_callback_takes_it_and_its_score_holds(stairs):
    regressor, told = _fitted(stairs, stop=True)
    assert isinstance(told[0], FirstAnswer)
    assert regressor.n_iter_ <= 1
    assert regressor.oof_score_ > 0.5


def test_it_is_told_without_being_asked(stairs):
    lines, (_, told) = io.StringIO(), _fitted(stairs, stop=True)
    plan = Plan((), n_folds=3, batch_size=32, epochs=4, **BALANCED.tables.plan)
    EventLines(lines, Clock(plan)).show(told[0], told[0])
    assert "A first answer stands" in lines.getvalue()


def test_a_whole_fit_ends_as_without_it(stairs, monkeypatch):
    whole, told = _fitted(stairs)
    assert sum(isinstance(one, FirstAnswer) for one in told) == 1
    monkeypatch.setattr("madaline._models.fitting.training.first_answer", lambda *_: None)
    without, _ = _fitted(stairs)
    np.testing.assert_array_equal(whole.predict(stairs[0]), without.predict(stairs[0]))


def test_none_is_made_of_networks_alone_or_of_small_tables(stairs):
    X, y = stairs
    for rows, members in ((1500, "networks"), (300, "all")):
        fitted, _ = _fitted((X[:rows], y[:rows]), members=members)
        assert not [one for one in fitted.decisions_ if isinstance(one, FirstAnswer)]
