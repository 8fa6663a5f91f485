"""Decisions are read back from JSON, and what they and records must be in a file."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from madaline._data.codec import OneKind
from madaline.records import race_decisions as decisions
from madaline.records.decision import Decision
from madaline.records.model_decisions import (
    Calibrated,
    LeadChanged,
    MemberRemoved,
    ThresholdChosen,
    UnitsRemoved,
    Updated,
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
        decisions.AugmentationSettled,
        decisions.CheaperPlan,
        decisions.Dropped,
        decisions.DroppedForTime,
        decisions.EpochLimitReached,
        decisions.Grown,
        decisions.Interrupted,
        decisions.LearningRateLowered,
        decisions.PresetChosen,
        decisions.RecipesLeftOut,
        decisions.Restored,
        decisions.Simplified,
        decisions.SnapshotKept,
        decisions.Solved,
        decisions.Stopped,
        decisions.StoppedByCallback,
        decisions.TimeLimitReached,
        decisions.TreesCompared,
        decisions.TreesLeftOut,
        decisions.WarpedFurther,
    )
}
"""The decisions of files: the textbook network has others, but keeps none."""

DECISION = OneKind("type", TYPES)
AnyDecision: TypeAlias = Annotated[Decision, DECISION]
"""A decision in a file: a type and its fields.

>>> decision = decisions.Stopped(20, "plain", 0.5, best_epoch=12)
>>> DECISION.read(decision.to_json()) == decision
True
"""
