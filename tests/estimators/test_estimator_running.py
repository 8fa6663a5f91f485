"""Fits that are watched, limited, interrupted and stopped."""

from __future__ import annotations

import os
import signal
import sys

import numpy as np
import pytest
from sklearn.base import clone

from madaline import AdaptiveClassifier, AdaptiveRegressor, load
from madaline.errors import InputError, InterruptedFitWarning
from madaline.records.decision import Decision
from madaline.records.history import Record
from madaline.records.race_decisions import (
    Interrupted,
    PresetChosen,
    StoppedByCallback,
    TimeLimitReached,
)

posix = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")


def interrupt_at(*epochs):
    """Return a listener that presses Ctrl-C once in each of some epochs."""
    left = list(epochs)

    def listen(event):
        if left and isinstance(event, Record) and event.epoch == left[0]:
            left.pop(0)
            os.kill(os.getpid(), signal.SIGINT)

    return listen


@pytest.fixture(autouse=True)
def interrupts_count():
    """Hear interrupts even where the tests run in the background of a shell, which ignores them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@posix
def test_an_interrupt_leaves_the_best_so_far(halves):
    handler, model = signal.getsignal(signal.SIGINT), AdaptiveClassifier(random_state=0)
    with pytest.warns(InterruptedFitWarning, match=r"after 3 epochs.*The model is the best so far"):
        model.fit(*halves, on_event=interrupt_at(3))
    assert signal.getsignal(signal.SIGINT) is handler
    assert any(isinstance(one, Interrupted) for one in model.decisions_)
    assert max(model.history_["epoch"]) <= 3
    assert model.score(*halves) > 0.8
    assert model.diagnosis_ is not None


@posix
def test_a_second_interrupt_raises_and_keeps_the_earlier_fit(halves):
    model = AdaptiveClassifier(effort=2, random_state=0).fit(*halves)
    before = model.predict_proba(halves[0])

    def twice(event):
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        model.fit(*halves, on_event=twice)
    np.testing.assert_array_equal(model.predict_proba(halves[0]), before)


@posix
def test_interrupts_that_somebody_else_handles_are_left_alone(halves):
    seen = []
    before = signal.signal(signal.SIGINT, lambda *_: seen.append(1))
    try:
        model = AdaptiveClassifier(effort=4, random_state=0)
        model.fit(*halves, on_event=interrupt_at(2))
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [1]
    assert max(model.history_["epoch"]) >= 4


def test_a_function_gets_every_record_and_decision(line):
    events = []
    model = AdaptiveRegressor(effort=8, random_state=0).fit(*line, on_event=events.append)
    records = [one for one in events if isinstance(one, Record)]
    assert [one.loss for one in records] == model.history_["loss"]
    assert tuple(one for one in events if isinstance(one, Decision)) == model.decisions_


def test_a_function_may_stop_the_fit(line):
    def stop(event):
        return isinstance(event, Record) and event.epoch == 2

    model = AdaptiveRegressor(random_state=0).fit(*line, on_event=stop)
    assert max(model.history_["epoch"]) == 2
    assert any(isinstance(one, StoppedByCallback) for one in model.decisions_)


def test_a_function_is_called_once_an_epoch(line):
    epochs = []
    model = AdaptiveRegressor(effort=8, random_state=0).fit(*line, on_epoch=epochs.append)
    history = model.history_
    numbers, losses = np.array(history["epoch"]), np.array(history["best_loss"])
    assert [one.epoch for one in epochs] == [*range(1, model.n_iter_ + 1)]
    raced = np.array(history["racing"]) > 0  # trees do not race
    lowest = [losses[raced & (numbers <= epoch)].min() for epoch in range(1, model.n_iter_ + 1)]
    assert [one.best_loss for one in epochs] == lowest
    assert all(one.recipe in history["recipe"] for one in epochs)


def test_a_function_of_epochs_may_stop_the_fit_and_what_it_raises_ends_it(line):
    model = AdaptiveRegressor(random_state=0).fit(*line, on_epoch=lambda one: one.epoch == 2)
    assert model.n_iter_ == 2
    assert any(isinstance(one, StoppedByCallback) for one in model.decisions_)

    def fail(record):
        raise LookupError(record.epoch)

    with pytest.raises(LookupError, match="1"):
        AdaptiveRegressor(random_state=0).fit(*line, on_epoch=fail)


def test_a_time_limit(line):
    model = clone(AdaptiveRegressor(time_limit=1e-6, random_state=0)).fit(*line)
    (ended,) = [one for one in model.decisions_ if isinstance(one, TimeLimitReached)]
    assert ended.epoch == model.n_iter_ == 1
    assert np.isfinite(model.predict(line[0])).all()
    assert "time_limit" in model.report_data()["reproduce"]["python"]


@pytest.mark.parametrize("seconds", [0, -3, "60", True])
def test_a_time_limit_that_is_no_number_of_seconds(line, seconds):
    with pytest.raises(InputError, match="time_limit is"):
        AdaptiveRegressor(time_limit=seconds).fit(*line)


@pytest.mark.parametrize("seed", [-1, "one", 1.5])
def test_a_seed_that_is_none(line, seed):
    with pytest.raises(
        InputError, match=r"random_state is .* a whole number from 0 to .*, or None"
    ):
        AdaptiveRegressor(random_state=seed).fit(*line)


def test_a_preset(line, tmp_path):
    model = clone(AdaptiveRegressor(preset="quick", effort=4, random_state=0)).fit(*line)
    usual = AdaptiveRegressor(effort=4, random_state=0).fit(*line)
    (chosen,) = [one for one in model.decisions_ if isinstance(one, PresetChosen)]
    assert chosen.sentence.startswith('The preset "quick" was chosen: ')
    assert chosen.sentence in str(model.story(full=True)).replace("\n", " ")
    assert not any(isinstance(one, PresetChosen) for one in usual.decisions_)
    networks = [clone(one).set_params(members="networks").fit(*line) for one in (model, usual)]
    few, usual_ones = (one.model_.summary.multiply_adds for one in networks)
    assert few < usual_ones
    assert "preset='quick', effort=4" in model.report_data()["reproduce"]["python"]
    model.save(tmp_path / "quick.madaline")
    assert repr(load(tmp_path / "quick.madaline")) == repr(model)
    assert usual.model_.summary.request.preset == "balanced"


@pytest.mark.parametrize("name", ["fast", None, ["quick"]])
def test_a_preset_that_is_not_there(line, name):
    with pytest.raises(InputError, match=r"preset is .*: give 'quick'"):
        AdaptiveRegressor(preset=name).fit(*line)


def test_scikit_learn_monitors_every_epoch(halves):
    callback = pytest.importorskip("sklearn.callback", reason="scikit-learn has no callbacks")
    monitor = callback.ScoringMonitor(scoring="neg_log_loss")
    model = AdaptiveClassifier(effort=4, random_state=0).set_callbacks(monitor)
    model.fit(*halves)
    rows = monitor.get_logs().data
    epochs = [row["neg_log_loss"] for row in rows if row["task_name"] == "epoch"]
    assert len(epochs) == model.n_iter_
    (whole,) = [row["neg_log_loss"] for row in rows if row["task_name"] == "fit"]
    assert whole >= epochs[0]


def test_a_callback_of_scikit_learn_may_stop_the_fit(halves):
    pytest.importorskip("sklearn.callback", reason="scikit-learn has no callbacks")

    class Third:
        def setup(self, estimator, context):
            self.ended = 0

        def teardown(self, estimator, context):
            self.torn_down = True

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            self.ended += 1
            assert fitted_estimator.predict(halves[0]).shape == (120,)
            return context.task_name == "epoch" and self.ended == 3

    third = Third()
    model = AdaptiveClassifier(random_state=0).set_callbacks(third).fit(*halves)
    assert max(model.history_["epoch"]) == 3
    assert third.torn_down
    assert isinstance(model.decisions_[-1], Decision)


def test_verbose_draws_one_line_in_a_notebook(halves, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    model = AdaptiveClassifier(effort=5, random_state=0, verbose=1).fit(*halves)
    said = capsys.readouterr()
    assert said.err == ""
    *_, last = said.out.split("\r")
    assert said.out.count("\n") == last.count("\n") == 2
    assert last.startswith(f"Trained for {max(model.history_['epoch'])} epochs in ")
    loss, epoch = min(zip(model.history_["loss"], model.history_["epoch"], strict=True))
    assert f"validation loss of {loss:.4f} at epoch {epoch}." in " ".join(last.split())


def test_verbose_writes_few_lines_to_a_file(halves, capsys):
    AdaptiveClassifier(effort=5, random_state=0, verbose=1).fit(*halves)
    said = capsys.readouterr()
    assert "\r" not in said.out
    assert 1 <= said.out.count("\n") < 5
