"""Calibration: regions in which probabilities or means are off."""

from __future__ import annotations

import numpy as np

from madaline._diagnosis.finding import Finding
from madaline._diagnosis.out_of_fold import OutOfFold
from madaline._diagnosis.significance import holm, normal_p_value
from madaline.nn.arrays import Array
from madaline.nn.losses import Poisson, Squared

REGIONS = 10
"""Regions that are compared, of about as many rows each."""

FEWEST_ROWS = 30
"""Rows that a region needs."""

FAR, OFF = 0.15, 0.05
"""Errors of a region's probability, or of its mean in standard deviations of the target, for
findings of medium and of low severity."""

WORDS = {
    "probability": "Where a probability of about {predicted:.0%} was predicted ({rows:,} rows),"
    " {true:.0%} of the rows were of the class",
    "mean": "In one tenth of the rows by prediction ({rows:,} rows), the true values differ from"
    " the predictions by {gap:+.2f} standard deviations of the target on average",
}


def find_miscalibration(evaluated: OutOfFold) -> list[Finding]:
    """Return the region with the largest significant error of the predictions, if any.

    Rows are sorted by the probability of the predicted class (of the second of two), or by the
    predicted mean, and cut into tenths. Medians and quantiles predict no mean.
    """
    if evaluated.classes is not None:
        probabilities, class_index = evaluated.probabilities, evaluated.class_index
        if probabilities.shape[1] == 2:
            return _worst_region(evaluated, probabilities[:, 1], class_index == 1, "probability")
        correct = probabilities.argmax(axis=1) == class_index
        return _worst_region(evaluated, probabilities.max(axis=1), correct, "probability")
    if isinstance(evaluated.loss, Squared | Poisson):
        true = evaluated.target[:, 0]
        predicted = evaluated.loss.prediction(evaluated.output)[:, 0]
        scale = float(true.std()) or 1.0
        return _worst_region(evaluated, predicted / scale, true / scale, "mean")
    return []


def _worst_region(evaluated: OutOfFold, predicted: Array, true: Array, what: str) -> list[Finding]:
    order = np.argsort(predicted, kind="stable")
    regions = [region for region in np.array_split(order, REGIONS) if len(region) >= FEWEST_ROWS]
    gaps = [evaluated.mean(true - predicted, region) for region in regions]
    p_values = [normal_p_value(gap / error) if error else 1.0 for gap, error in gaps]
    off = [
        (abs(gap), index)
        for index, ((gap, _), clear) in enumerate(zip(gaps, holm(np.array(p_values)), strict=True))
        if clear and abs(gap) >= OFF
    ]
    if not off:
        return []
    size, index = max(off)
    region = regions[index]
    means = [evaluated.mean(values, region)[0] for values in (predicted, true)]
    return [
        Finding(
            "calibration",
            "medium" if size >= FAR else "low",
            what,
            WORDS[what],
            "use such predictions for ranking and not for their size, or gather more such rows",
            {
                "rows": len(region),
                "predicted": means[0],
                "true": means[1],
                "gap": means[1] - means[0],
                "standard_error": gaps[index][1],
            },
        )
    ]
