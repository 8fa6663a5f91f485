"""The quality of predictions: of classes or of numbers, in all the measures that people ask for."""

from __future__ import annotations

from typing import TypeAlias

from madaline._base.codec import OneKind
from madaline._race.evaluation.quality.classification import ClassificationQuality
from madaline._race.evaluation.quality.regression import SINGLE, RegressionQuality
from madaline._race.evaluation.quality.regression import JointQuality as JointQuality

Quality: TypeAlias = ClassificationQuality | RegressionQuality | JointQuality

QUALITY = OneKind("of", {**SINGLE.kinds, "targets": JointQuality})
"""The quality of predictions in a file."""
