"""Decisions are read back from JSON, and what they and records must be in a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from madaline._data.codec import given_fields
from madaline._data.json_checks import Check, Kinds, ListOf, Text, Whole
from madaline.records.decision import Decision
from madaline.records.history import Record
from madaline.records.model_decisions import (
    Calibrated,
    LeadChanged,
    MemberRemoved,
    ThresholdChosen,
    UnitsRemoved,
    Updated,
)
from madaline.records.race_decisions import (
    AugmentationSettled,
    CheaperPlan,
    Dropped,
    DroppedForTime,
    EpochLimitReached,
    Grown,
    Interrupted,
    LearningRateLowered,
    PresetChosen,
    RecipesLeftOut,
    Restored,
    Simplified,
    SnapshotKept,
    Solved,
    Stopped,
    StoppedByCallback,
    TimeLimitReached,
    WarpedFurther,
)

TYPES: dict[str, type[Decision]] = {
    kind.__name__: kind
    for kind in (
        Calibrated,
        LeadChanged,
        MemberRemoved,
        ThresholdChosen,
        UnitsRemoved,
        Updated,
        AugmentationSettled,
        CheaperPlan,
        Dropped,
        DroppedForTime,
        EpochLimitReached,
        Grown,
        Interrupted,
        LearningRateLowered,
        PresetChosen,
        RecipesLeftOut,
        Restored,
        Simplified,
        SnapshotKept,
        Solved,
        Stopped,
        StoppedByCallback,
        TimeLimitReached,
        WarpedFurther,
    )
}
"""The decisions of files: the textbook network has others, but keeps none."""

_NAME, _EPOCH = Text(), Whole(0, 2**53)
_TOLD: dict[str, Check] = {"action": _NAME, "sentence": _NAME}

RECORD = given_fields(Record, {"epoch": _EPOCH})
RECORDS = ListOf(RECORD)
"""Every epoch of every recipe."""

DECISIONS = ListOf(
    Kinds(
        "type",
        {name: given_fields(kind, {"epoch": _EPOCH}, more=_TOLD) for name, kind in TYPES.items()},
    )
)
"""All decisions: each a type and its fields."""


def read_decision(values: Mapping[str, Any]) -> Decision:
    """Return the decision that `Decision.to_json` described.

    Examples
    --------
    >>> decision = Stopped(20, "plain", 0.5, best_epoch=12)
    >>> read_decision(decision.to_json()) == decision
    True
    """
    ours = values.keys() - {"type", "action", "sentence"}
    return TYPES[values["type"]](**{name: values[name] for name in ours})
