r"""Wrong labels: rows that out-of-fold networks confidently predict to be of another class.

*Confident learning* (Northcutt, Jiang and Chuang, 2021, "Confident learning: estimating uncertainty
in dataset labels", JAIR 70, arXiv:1911.00068) suspects a row if its probability of another class is
at least as high as usual for the rows of that class. That includes rows that are merely hard.
Whether labels are wrong at all shows in the easiest rows: where networks are most confident, they
are hardly ever wrong, and errors become rarer still among the most confident of those. Wrong labels
are as frequent there as everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline._diagnosis.finding import Finding
from madaline._diagnosis.out_of_fold import OutOfFold
from madaline.nn.arrays import Array

MANY, SOME = 0.03, 0.01
"""Shares of wrong labels from which the finding is of high and of medium severity."""

AVOIDED = 0.6
"""Share of the baseline's errors that networks must avoid: where the columns hardly predict the
class, wrong labels cannot be told from hard rows."""

STANDARD_ERRORS = 3.0
"""Standard errors by which the estimate must be above zero."""


@dataclass(frozen=True, eq=False)
class Suspects:
    """Rows whose label may be wrong.

    Parameters
    ----------
    quality : ndarray of shape (n_rows,)
        Probability of each row's label: the lower, the more suspicious.
    suspected : Boolean ndarray of shape (n_rows,)
        Which rows are suspected.

    Examples
    --------
    >>> probabilities = np.array([[0.9, 0.1], [0.95, 0.05], [0.1, 0.9], [0.3, 0.7]])
    >>> suspects = Suspects.among(probabilities, np.array([0, 1, 1, 1]))
    >>> suspects.ranked
    array([1])
    """

    quality: Array
    suspected: Array

    @classmethod
    def among(cls, probabilities: Array, class_index: Array) -> Suspects:
        """Return the suspects by confident learning.

        Parameters
        ----------
        probabilities : ndarray of shape (n_rows, n_classes)
            Out of fold; NaN for rows that were not evaluated.
        class_index : int ndarray of shape (n_rows,)
            The index of each row's class.
        """
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
    """Return whether labels are wrong, with an estimate of how many."""
    if evaluated.classes is None:
        return []
    estimate, error = wrong_share(evaluated.probabilities, evaluated.class_index)
    if estimate - STANDARD_ERRORS * error <= 0 or estimate < SOME:
        return []
    suspects = Suspects.among(evaluated.probabilities, evaluated.class_index)
    return [
        Finding(
            "wrong labels",
            "high" if estimate >= MANY else "medium",
            "the labels",
            "About {share:.1%} of the labels seem to be wrong ({rows:,} rows): networks contradict"
            " so many even where they are most confident",
            "check the {suspects:,} suspects, most suspicious first (in Python label_suspects_)",
            {
                "share": estimate,
                "standard_error": error,
                "rows": round(estimate * evaluated.n_rows),
                "suspects": int(suspects.suspected.sum()),
            },
            evaluated.row_numbers_of(suspects.ranked),
        )
    ]


def wrong_share(probabilities: Array, class_index: Array) -> tuple[float, float]:
    """Return an estimate of the share of wrong labels, and its standard error; 0 without evidence.

    Parameters
    ----------
    probabilities : ndarray of shape (n_rows, n_classes)
        Out of fold.
    class_index : int ndarray of shape (n_rows,)
        The index of each row's class.
    """
    wrong = probabilities.argmax(axis=1) != class_index
    baseline = 1 - np.bincount(class_index).max() / len(class_index)
    if wrong.mean() > (1 - AVOIDED) * baseline:
        return 0.0, 0.0
    ordered = wrong[np.argsort(-probabilities.max(axis=1), kind="stable")]
    half, quarter = ordered[: len(wrong) // 2], ordered[: len(wrong) // 4]
    if not len(quarter) or quarter.mean() < half.mean() / 2:  # errors grow rarer: no wrong labels
        return 0.0, 0.0
    share = float(half.mean())
    return share, float(np.sqrt(share * (1 - share) / len(half)))
