from __future__ import annotations

import json
import re

import pytest

from madaline._race.recipe import RECIPE, GridRecipe, LinearRecipe, TableRecipe, TextRecipe
from madaline.records.history import Record
from madaline.records.model_decisions import (
    Calibrated,
    MemberRemoved,
    Pruned,
    QuantilesMoved,
    UnitsRemoved,
)
from madaline.records.race_decisions import (
    Dropped,
    EpochLimitReached,
    Grown,
    LearningRateLowered,
    Restored,
    Simplified,
    SnapshotKept,
    Stopped,
)
from madaline.records.reading import DECISION

LOSS, BEST, BEFORE = 0.51237, 0.4, 0.7
ERROR = 0.01

DECISIONS = [
    Dropped(9, "plain", LOSS, BEST, 0.25),
    Stopped(9, "plain", LOSS, 4),
    Stopped(9, "plain", LOSS, 4, BEFORE),
    EpochLimitReached(9, "plain", LOSS, 50),
    SnapshotKept(9, "plain", LOSS, 4, BEST, BEFORE),
    LearningRateLowered(9, "plain", LOSS, 0.01, 0.03),
    Restored(9, "plain", LOSS, 4, 0.01, 0.03),
    Simplified(9, "plain", LOSS, BEST, 0.15),
    Grown(9, "plain", LOSS, 9876, 123456, 128, 64),
    MemberRemoved(9, "plain", LOSS, BEST, ERROR, 0.25),
    UnitsRemoved(9, "plain", LOSS, BEST, ERROR, 32, 64, 0.5),
    Calibrated(9, "the ensemble", 1.25, 0.03, ERROR, 0.08, 0.02),
    Calibrated(9, "the ensemble", 0.5, 0.03, ERROR, 0.08, 0.02, offset=1.5),
    QuantilesMoved(9, "the ensemble", (0.1, 0.9), (0.07, 0.86), (-0.03, 0.04), 800),
]


@pytest.mark.parametrize("decision", DECISIONS)
def test_decisions_survive_json(decision):
    values = json.loads(json.dumps(decision.to_json()))
    assert values["sentence"] == decision.sentence
    assert values["action"] == decision.action
    assert DECISION.read(values) == decision


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_sentence_holds_rounded_numbers(decision):
    assert decision.sentence.endswith(".")
    assert not re.search(r"\d\.\d{5}|[{}]|None", decision.sentence)
    if isinstance(decision, Pruned):
        assert "changes by +0.112 ± 0.010" in decision.sentence
    elif not isinstance(decision, Calibrated | QuantilesMoved | Restored):
        assert "0.5124" in decision.sentence


def test_a_change_is_told_with_what_it_brought():
    assert (
        "lowered the validation loss from 0.7000 to 0.5100"
        in Stopped(9, "a", 0.51, 4, 0.7).sentence
    )
    worse = Stopped(9, "a", 0.51, 4, 0.5)
    assert worse.improvement < 0
    assert "did not lower the validation loss (0.5000 before)" in worse.sentence


def test_a_recipe_without_a_best_epoch_starts_again():
    assert "): starts again" in Restored(1, "a", float("inf"), 0, 0.01, 0.03).sentence


def test_only_a_clear_gain_is_used():
    unclear = Calibrated(9, "the ensemble", 1.25, 0.03, 0.04, 0.08, 0.02)
    assert unclear.temperature == 1
    assert "not recalibrated" in unclear.sentence
    under = Calibrated(9, "the ensemble", 0.8, 0.03, 0.01, 0.08, 0.02)
    assert under.temperature == 0.8
    assert "Underconfident" in under.sentence


def test_few_rows_cannot_tell_levels_close_to_0_or_1():
    told = [
        QuantilesMoved(9, "the ensemble", levels, (0.5,), (0.1,), 19).sentence
        for levels in ((0.05,), (0.95,), (0.04,), (0.96,))
    ]
    assert ["So few rows" in sentence for sentence in told] == [False, False, True, True]
    assert "(0.05) are moved by their errors on 19 held-out rows: before, 50.0%" in told[0]


def test_records_survive_json():
    record = Record(2, "plain", 0.3, 0.1 + 0.2, 0.03, 4, 1e12, "1")
    assert Record.from_json(json.loads(json.dumps(record.to_json()))) == record


@pytest.mark.parametrize(
    "recipe",
    [
        TableRecipe(16, 10 / 3, (8, 4), learning_rate=0.02),
        GridRecipe(0, 10, channels=((16, 32), (64,)), column_dropout=0.1),
        TextRecipe(0, 10),
        LinearRecipe(0, 10),
    ],
)
def test_recipes_survive_json(recipe):
    assert RECIPE.read(json.loads(json.dumps(recipe.to_json()))) == recipe


def test_a_record_tells_whether_it_is_the_best():
    assert Record(2, "plain", 0.3, 0.3, 0.03, 4, 1.0, "1").improved
    assert not Record(2, "plain", 0.4, 0.3, 0.03, 4, 1.0, "1").improved


def test_recipes_that_differ_have_other_names():
    recipes = [
        TableRecipe(n_bins, decay_time, units)
        for n_bins in (0, 16)
        for decay_time in (1, 3, 10 / 3)
        for units in ((8,), (8, 8), (16, 8))
    ]
    assert len({recipe.name for recipe in recipes}) == len(recipes)
