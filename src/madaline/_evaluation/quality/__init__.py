"""The quality of predictions: of classes or of numbers, in all the measures that people ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from madaline._evaluation.quality.classification import ClassificationQuality
from madaline._evaluation.quality.regression import JointQuality as JointQuality
from madaline._evaluation.quality.regression import RegressionQuality, single_quality

Quality: TypeAlias = ClassificationQuality | RegressionQuality | JointQuality


def quality_from_json(values: Mapping[str, Any]) -> Quality:
    """Return the quality that `to_json` described."""
    if values["of"] == "targets":
        return JointQuality.from_json(values)
    return single_quality(values)
