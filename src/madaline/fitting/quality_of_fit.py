"""The quality of a fit: every row judged by networks that never saw it."""

from __future__ import annotations

import numpy as np

from madaline.data.target import ClassEncoder, TargetEncoder
from madaline.diagnosis.out_of_fold import Facts
from madaline.evaluation.quality import Quality
from madaline.evaluation.quality.classification import ClassificationQuality
from madaline.evaluation.quality.coverage import interval_coverage, set_coverage
from madaline.evaluation.quality.regression import RegressionQuality


def quality_of_fit(facts: Facts, target_encoder: TargetEncoder) -> Quality:
    """Return how good the out-of-fold predictions are.

    Parameters
    ----------
    facts : Facts
        The judged rows, and what networks that never saw them said.
    target_encoder : TargetEncoder
        Makes numbers in the target's own unit.
    """
    if isinstance(target_encoder, ClassEncoder):
        probabilities, codes = facts.probabilities, facts.codes
        coverage = set_coverage(probabilities, codes, facts.bounds, facts.weight)
        labels = target_encoder.classes.tolist()
        return ClassificationQuality.of(labels, probabilities, codes, coverage, facts.weight)
    prediction = target_encoder.decode(facts.loss.prediction(facts.output)).astype(np.float64)
    truth = target_encoder.decode(facts.target).astype(np.float64)
    coverage = interval_coverage(prediction, truth, facts.bounds, facts.weight)
    return RegressionQuality.of(prediction, truth, coverage, facts.weight)
