"""What out-of-fold predictions reveal: miscalibration, confused classes, wrong labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from madaline._base.language import _
from madaline._models.diagnosis.finding import Finding, Severity
from madaline._models.diagnosis.out_of_fold import OutOfFold, holm, student_p_value
from madaline.nn.arrays import Array
from madaline.nn.losses import Poisson, Squared

_N_REGIONS = 10  # whose calibration is compared, of about as many rows each
_MIN_REGION_ROWS = 30
# Errors of a region's probability, or of its mean in standard deviations of the target. Of labels
# drawn from the predictions, 2 of 440 draws seem miscalibrated (benchmarks/findings.py)
_MEDIUM_GAP = 0.15
_LOW_GAP = 0.05
_MISCALIBRATED = {
    "weighted": "Where a probability of about {predicted:.0%} was predicted ({rows:,} rows),"
    " {true:.0%} of the rows were of the class, since classes were weighted",
    "probability": "Where a probability of about {predicted:.0%} was predicted ({rows:,} rows),"
    " {true:.0%} of the rows were of the class",
    "mean": "In one tenth of the rows by prediction ({rows:,} rows), the true values differ from"
    " the predictions by {gap:+.2f} standard deviations of the target on average",
}

# Shares of a class's rows predicted as one other class
_HALF = 0.5  # of medium severity
_QUARTER = 0.25  # of low severity
_MIN_CLASS_ROWS = 20  # for the errors of a class to be counted
_MAX_PAIRS = 3  # of confused classes that are reported
# Shares of wrong labels. Of labels drawn from the predictions, 2 of 285 draws seem wrong
_HIGH_SHARE = 0.03
_MEDIUM_SHARE = 0.01
# Share of the baseline's errors that networks must avoid: where the columns hardly predict the
# class, wrong labels cannot be told from hard rows.
_MIN_AVOIDED = 0.6
# Share of the errors in the surest half that the surest quarter must have: wrong labels are as
# frequent everywhere. It is .68 or more with 5 % wrong labels in each of 12 real tables.
_STEADY = 0.6
_MIN_STANDARD_ERRORS = 3.0  # by which the estimated share must be above zero
# Standard errors by which errors in the surest half, quarter or eighth must be more than its
# probabilities admit
_SURPRISING = 1.5
# ... or share of the half's doubt that the eighth must have: hard rows become rarer, wrong labels
# do not
_EVEN_DOUBT = 0.6


def find_miscalibration(evaluated: OutOfFold) -> list[Finding]:
    """Return the region with the largest significant error of the predictions, if any.

    Rows are sorted by the probability of the predicted class (of the second of two), or by the
    predicted mean, and cut into tenths. Medians and quantiles predict no mean.
    """
    if evaluated.classes is not None:
        probabilities = evaluated.probabilities
        class_index = evaluated.class_index
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
    tenths = np.array_split(np.argsort(predicted, kind="stable"), _N_REGIONS)
    regions = [tenth for tenth in tenths if len(tenth) >= _MIN_REGION_ROWS]
    gaps = [evaluated.mean(true - predicted, region) for region in regions]
    if what == "probability":  # of a few rows of one class, the scatter tells too little
        variance = predicted * (1 - predicted)
        usual = [np.sqrt(np.sum(variance[region])) / len(region) for region in regions]
        pairs = zip(gaps, usual, strict=True)
        gaps = [(gap, max(error, expected)) for (gap, error), expected in pairs]
    p_values = [
        student_p_value(gap / error, evaluated.degrees(region)) if error else 1.0
        for region, (gap, error) in zip(regions, gaps, strict=True)
    ]
    significant = holm(np.array(p_values))
    sizes = [
        (abs(gap), index)
        for index, ((gap, _), clear) in enumerate(zip(gaps, significant, strict=True))
        if clear and abs(gap) >= _LOW_GAP
    ]
    if not sizes:
        return []
    worst = max(sizes)[1]
    means = [evaluated.mean(values, regions[worst])[0] for values in (predicted, true)]
    evidence = {
        "rows": len(regions[worst]),
        "predicted": means[0],
        "true": means[1],
        "gap": means[1] - means[0],
        "standard_error": gaps[worst][1],
    }
    return [_miscalibrated(evidence, abs(gaps[worst][0]), what, evaluated.weighted_classes)]


def _miscalibrated(evidence: Mapping[str, float], gap: float, what: str, weighted: bool) -> Finding:
    remedy = "use such predictions for ranking and not for their size, or gather more such rows"
    if weighted:  # their probabilities are meant to be other ones
        remedy = "for probabilities of rows as they are, fit without class weights"
    severity: Severity = "medium" if gap >= _MEDIUM_GAP and not weighted else "low"
    seen = _MISCALIBRATED["weighted" if weighted else what]
    return Finding("calibration", severity, what, seen, remedy, evidence)


def find_confused_classes(evaluated: OutOfFold) -> list[Finding]:
    """Return the largest entries of the confusion matrix off its diagonal."""
    if evaluated.classes is None:
        return []
    classes = evaluated.classes
    pairs = evaluated.class_index * len(classes) + evaluated.predicted_index
    counts = np.bincount(pairs, minlength=len(classes) ** 2)
    confusion = counts.reshape(len(classes), len(classes))
    totals = np.maximum(1, confusion.sum(axis=1))
    shares = confusion / totals[:, None]
    np.fill_diagonal(shares, 0)
    shares[totals < _MIN_CLASS_ROWS] = 0
    largest = np.argsort(-shares, axis=None, kind="stable")[:_MAX_PAIRS]
    remedy = _separate(len(classes), weighted=evaluated.weighted_classes)
    return [
        _confused(
            classes[true], classes[predicted], confusion[true, predicted], totals[true], remedy
        )
        for true, predicted in np.stack(np.unravel_index(largest, shares.shape), axis=1).tolist()
        if shares[true, predicted] >= _QUARTER
    ]


def _confused(true: str, predicted: str, confused: int, rows: int, remedy: str) -> Finding:
    share, confused, rows = float(confused / rows), int(confused), int(rows)
    seen = _(
        "{confused:,} of the {rows:,} rows of class {true} ({share:.0%}) were predicted as {predicted}"
    ).format(confused=confused, rows=rows, true=true, share=share, predicted=predicted)
    severity: Severity = "medium" if share >= _HALF else "low"
    evidence = {"share": share, "confused": confused, "rows": rows}
    return Finding("confused classes", severity, f"{true} → {predicted}", seen, remedy, evidence)


def _separate(n_classes: int, *, weighted: bool) -> str:
    """Return what to do about classes that are confused."""
    if n_classes > 2:
        return _("look for columns that separate the two, or merge them")
    if weighted:
        return _("look for columns that separate the two")
    return _(
        'class_weight="balanced" raises the recall of this class and lowers its precision; better are columns that separate the two classes'
    )


@dataclass(frozen=True, eq=False)
class Suspects:
    """Rows whose label may be wrong: out-of-fold networks confidently predict another class.

    *Confident learning* (Northcutt, Jiang and Chuang, 2021, "Confident learning: estimating
    uncertainty in dataset labels", JAIR 70, arXiv:1911.00068) suspects a row if its probability of
    another class is at least as high as usual for the rows of that class. That includes rows that
    are merely hard.
    """

    quality: Array  # (n_rows,), probability of each row's label: the lower, the more suspicious
    suspected: Array  # (n_rows,) Booleans

    @classmethod
    def among(
        cls,
        probabilities: Array,  # (n_rows, n_classes), out of fold; NaN for rows not evaluated
        class_index: Array,  # (n_rows,) ints
    ) -> Suspects:
        """Return the suspects by confident learning."""
        evaluated: Array = np.asarray(np.isfinite(probabilities).all(axis=1))
        rows = np.arange(len(class_index))
        quality = probabilities[rows, class_index]
        usual = np.full(probabilities.shape[1], np.inf)
        for index in range(len(usual)):
            of_class = quality[evaluated & (class_index == index)]
            usual[index] = of_class.mean() if len(of_class) else np.inf
        others = np.where(evaluated[:, None], probabilities, -1.0)
        others[rows, class_index] = -1.0
        best = others.argmax(axis=1)
        confident = others[rows, best] >= np.maximum(usual[best], quality)
        return cls(quality, confident & evaluated)

    @property
    def ranked(self) -> Array:
        """The indices of the suspected rows, the most suspicious first."""
        rows = np.flatnonzero(self.suspected)
        return rows[np.argsort(self.quality[rows], kind="stable")]


def find_wrong_labels(evaluated: OutOfFold) -> list[Finding]:
    """Return whether labels are wrong, with an estimate of how many; drawn ones are not."""
    if evaluated.classes is None or evaluated.drawn_classes:
        return []
    estimate, error = _wrong_share(evaluated.probabilities, evaluated.class_index)
    if estimate - _MIN_STANDARD_ERRORS * error <= 0 or estimate < _MEDIUM_SHARE:
        return []
    suspects = Suspects.among(evaluated.probabilities, evaluated.class_index)
    return [
        Finding(
            "wrong labels",
            "high" if estimate >= _HIGH_SHARE else "medium",
            "the labels",
            "About {share:.1%} of the labels may be wrong ({rows:,} rows): predictions contradict"
            " so many even where they are most confident",
            "check the most suspicious rows (label_suspects_); if their labels are right, the"
            " columns lack what would tell these rows apart",
            {
                "share": estimate,
                "standard_error": error,
                "rows": round(estimate * evaluated.n_rows),
                "suspects": int(suspects.suspected.sum()),
            },
            evaluated.row_numbers_of(suspects.ranked),
        )
    ]


def _wrong_share(probabilities: Array, class_index: Array) -> tuple[float, float]:
    """Return the estimated share of wrong labels, and its standard error; 0 without evidence.

    Whether labels are wrong at all shows in the easiest rows: where networks are most confident,
    they are hardly ever wrong, and errors become rarer still among the most confident of those.
    Wrong labels are as frequent there as everywhere.
    """
    wrong = probabilities.argmax(axis=1) != class_index
    baseline = 1 - np.bincount(class_index).max() / len(class_index)
    if wrong.mean() > (1 - _MIN_AVOIDED) * baseline:
        return 0.0, 0.0
    confidence = probabilities.max(axis=1).astype(np.float64)
    order = np.argsort(-confidence, kind="stable")
    ordered = wrong[order]
    doubt = 1 - np.minimum(1, confidence[order])
    half = ordered[: len(wrong) // 2]
    quarter = ordered[: len(wrong) // 4]
    if not len(quarter) or quarter.mean() < _STEADY * half.mean():  # errors grow rarer
        return 0.0, 0.0
    even = doubt[: len(quarter) // 2].mean() >= _EVEN_DOUBT * doubt[: len(half)].mean()
    if not even and not any(_surprising(ordered, doubt, len(wrong) // part) for part in (2, 4, 8)):
        return 0.0, 0.0
    share = float(half.mean())
    return share, float(np.sqrt(share * (1 - share) / len(half)))


def _surprising(wrong: Array, doubt: Array, n_surest: int) -> bool:
    """Return whether the surest rows are wrong more often than their doubt admits."""
    doubt = doubt[:n_surest]
    beyond = wrong[:n_surest].sum() - doubt.sum()
    return bool(beyond > _SURPRISING * np.sqrt(np.sum(doubt * (1 - doubt))))
