"""Decisions are read back from JSON, and from that of model files of before they had types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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

OLD_NAMES: tuple[tuple[type[Decision], str], ...] = (
    (Dropped, "loss best share"),
    (Stopped, "loss best before"),
    (Stopped, "loss best"),
    (EpochLimitReached, "loss epochs"),
    (SnapshotKept, "loss best after before"),
    (LearningRateLowered, "loss rate old_rate"),
    (Restored, "latest best rate old_rate"),
    (Simplified, "loss seen rate"),
    (Grown, "loss parameters rows units old_units"),
    (MemberRemoved, "loss best standard_error share"),
    (UnitsRemoved, "loss best standard_error units units_before work"),
    (Calibrated, "temperature gain standard_error error_before error_after"),
)
"""Each type, and what old files call its fields: the first match of action and names counts."""

NEW: tuple[type[Decision], ...] = (
    CheaperPlan,
    PresetChosen,
    ThresholdChosen,
    RecipesLeftOut,
    DroppedForTime,
    TimeLimitReached,
    Interrupted,
    StoppedByCallback,
    LeadChanged,
    Updated,
    Solved,
    AugmentationSettled,
    WarpedFurther,
)
"""Types that old files do not have."""

TYPES: dict[str, type[Decision]] = {
    kind.__name__: kind for kind in (*(kind for kind, _ in OLD_NAMES), *NEW)
}


def read_decision(values: Mapping[str, Any]) -> Decision:
    """Return the decision that `Decision.to_json` described.

    Parameters
    ----------
    values : mapping
        The JSON. That of old files has an ``evidence`` of named numbers instead of a type.

    Examples
    --------
    >>> decision = Stopped(20, "plain", 0.5, best_epoch=12)
    >>> read_decision(decision.to_json()) == decision
    True
    """
    if "type" in values:
        ours = values.keys() - {"type", "action", "sentence"}
        return TYPES[values["type"]](**{name: values[name] for name in ours})
    evidence = values["evidence"]
    kind, names = next(
        (kind, names.split())
        for kind, names in OLD_NAMES
        if kind.action == values["action"] and evidence.keys() >= set(names.split())
    )
    subject = values["subject"].replace("the mix", "the ensemble")
    return kind(values["epoch"], subject, *(evidence[name] for name in names))
