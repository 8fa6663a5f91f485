"""Signed but malformed states of a monitor are refused with one sentence, or go on."""

from __future__ import annotations

import warnings
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.mutants import mutant

from madaline import AdaptiveClassifier
from madaline._tables.io.tensor_file import MONITOR, read_tensor_file
from madaline.errors import MadalineError


class Watched:
    """A model, rows for it, and a state of its monitor, which Hypothesis should not print."""

    def __init__(self, model, rows, labels, state):
        self.model, self.rows, self.labels, self.state = model, rows, labels, state

    def __repr__(self):
        return "a monitor"


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    rng = np.random.default_rng(0)
    rows = {
        "size": rng.normal(size=400),
        "city": rng.choice(["Bonn", "Kiel", "Ulm"], 400).astype(object),
        "day": np.datetime64("2024-02-27") + rng.integers(0, 900, 400),
    }
    labels = np.where(rows["size"] + rng.normal(size=400) > 0, "big", "small")
    model = AdaptiveClassifier(effort=1, random_state=0).fit(rows, labels)
    monitor = model.watch(false_alarms=20)
    known = np.where(np.arange(400) % 2, None, labels)
    monitor.observe(rows | {"size": rows["size"] + 3}, known, keys=range(400))
    assert monitor.alarms
    path = tmp_path_factory.mktemp("fuzz") / "monitor"
    monitor.save(path)
    return Watched(model, rows, labels, read_tensor_file(path, MONITOR))


@given(seed=st.integers(0, 2**32))
def test_a_signed_mutant_is_refused_or_goes_on(watched, tmp_path_factory, seed):
    path = tmp_path_factory.getbasetemp() / "mutant.monitor"
    path.write_bytes(mutant(Random(seed), MONITOR, *watched.state))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # numbers that overflow
        try:
            monitor = watched.model.watch(file=path)
            monitor.observe(watched.rows, watched.labels)
            monitor.learn(3, "big")
            assert repr(monitor)
            assert monitor._repr_html_()
            monitor.save(path)
        except MadalineError as error:
            sentence = str(error)
            assert len(sentence) < 600
            assert sentence.endswith((".", "?"))
