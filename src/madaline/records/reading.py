"""Decisions are read back from JSON, and what they and records must be in a file."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from madaline._data.codec import OneKind
from madaline.records.decision import Decision
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

DECISION = OneKind("type", TYPES)
AnyDecision: TypeAlias = Annotated[Decision, DECISION]
"""A decision in a file: a type and its fields.

>>> decision = Stopped(20, "plain", 0.5, best_epoch=12)
>>> DECISION.read(decision.to_json()) == decision
True
"""
