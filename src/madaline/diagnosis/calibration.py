"""Promises that are not kept: regions in which probabilities or means are off."""

from __future__ import annotations

import numpy as np

from madaline.diagnosis.finding import Finding
from madaline.diagnosis.out_of_fold import Facts
from madaline.diagnosis.significance import holm, normal_chance
from madaline.nn.arrays import Array
from madaline.nn.losses import Poisson, Squared

PARTS = 10
"""Regions that are looked at, of about as many rows."""

FEWEST_ROWS = 30
"""Smaller regions are not looked at."""

FAR, OFF = 0.15, 0.05
"""How far off a region's probability may be, and its mean in standard deviations of the target, for
findings of medium and of low severity."""


def find_broken_promises(facts: Facts) -> list[Finding]:
    """Return the region in which what is predicted is furthest off, if that is no accident.

    Rows are sorted by the probability of the predicted class (of the second, if there are two), or
    by the predicted mean, and cut into tenths. Medians and quantiles promise no mean.
    """
    if facts.classes is not None:
        promised, kept = _probabilities(facts)
        return _worst_region(facts, promised, kept, "probability")
    if isinstance(facts.loss, Squared | Poisson):
        promised, kept = facts.loss.prediction(facts.output)[:, 0], facts.target[:, 0]
        scale = float(kept.std()) or 1.0
        return _worst_region(facts, promised / scale, kept / scale, "mean")
    return []


def _probabilities(facts: Facts) -> tuple[Array, Array]:
    """Return the probability that is looked at for each row, and whether it came true."""
    if facts.probabilities.shape[1] == 2:
        return facts.probabilities[:, 1], facts.codes == 1
    predicted = facts.probabilities.argmax(axis=1)
    return facts.probabilities.max(axis=1), predicted == facts.codes


def _worst_region(facts: Facts, promised: Array, kept: Array, what: str) -> list[Finding]:
    order = np.argsort(promised, kind="stable")
    regions = [one for one in np.array_split(order, PARTS) if len(one) >= FEWEST_ROWS]
    gaps = [facts.mean(kept - promised, region) for region in regions]
    chances = [normal_chance(gap / error) if error else 1.0 for gap, error in gaps]
    off = [
        (abs(gap), place)
        for place, ((gap, _), sure) in enumerate(zip(gaps, holm(np.array(chances)), strict=True))
        if sure and abs(gap) >= OFF
    ]
    if not off:
        return []
    size, place = max(off)
    region = regions[place]
    said, true = (facts.mean(values, region)[0] for values in (promised, kept))
    return [
        Finding(
            "calibration",
            "medium" if size >= FAR else "low",
            what,
            _WORDS[what],
            "use such predictions for order and not for their size, or gather more such rows",
            {
                "rows": len(region),
                "promised": said,
                "kept": true,
                "gap": true - said,
                "standard_error": gaps[place][1],
            },
        )
    ]


_WORDS = {
    "probability": "Where a probability of about {promised:.0%} was predicted ({rows:,} rows), it"
    " came true in {kept:.0%}",
    "mean": "In a tenth of the rows, sorted by prediction ({rows:,} rows), what is predicted is off"
    " by {gap:+.2f} standard deviations of the target on average",
}
