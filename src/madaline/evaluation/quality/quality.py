"""Either of two qualities: that of classes, or that of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from madaline.evaluation.quality.of_classes import ClassQuality
from madaline.evaluation.quality.of_numbers import NumberQuality

Quality: TypeAlias = ClassQuality | NumberQuality


def quality_from_json(values: Mapping[str, Any]) -> Quality:
    """Return the quality that `to_json` described."""
    kinds: dict[str, type[ClassQuality] | type[NumberQuality]] = {
        "classes": ClassQuality,
        "numbers": NumberQuality,
    }
    return kinds[values["of"]].from_json(values)
