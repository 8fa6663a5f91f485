"""The quality of predictions: of classes or of numbers, in all the measures that people ask for."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from madaline._base.codec import OneKind
from madaline._race.evaluation.quality.classification import ClassificationQuality
from madaline._race.evaluation.quality.regression import SINGLE, RegressionQuality
from madaline._race.evaluation.quality.regression import JointQuality as JointQuality
from madaline._tables.formats.number_format import PLAIN, NumberFormat

Quality: TypeAlias = ClassificationQuality | RegressionQuality | JointQuality

QUALITY = OneKind("of", {**SINGLE.kinds, "targets": JointQuality})
"""The quality of predictions in a file."""


def in_unit(quality: Quality | None, target: NumberFormat | None) -> Quality | None:
    """Return the quality of numbers as it is written where the target is written so."""
    if isinstance(quality, RegressionQuality):
        return replace(quality, written=target or PLAIN)
    return quality
