"""Decisions are read back from JSON, and what they and records must be in a file."""

from __future__ import annotations

from inspect import isabstract
from typing import Annotated, TypeAlias

from madaline._base.codec import OneKind
from madaline.records import model_decisions, race_decisions, regimes
from madaline.records.decision import Decision

TYPES: dict[str, type[Decision]] = {
    name: kind
    for module in (model_decisions, race_decisions, regimes)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, Decision) and not isabstract(kind)
}
"""The decisions of files: the textbook network has others, but keeps none."""

DECISION = OneKind("type", TYPES)

AnyDecision: TypeAlias = Annotated[Decision, DECISION]
"""A decision in a file: a type and its fields.

>>> decision = race_decisions.Stopped(20, "plain", 0.5, best_epoch=12)
>>> DECISION.read(decision.to_json()) == decision
True
"""
