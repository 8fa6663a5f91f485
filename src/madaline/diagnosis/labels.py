r"""Wrong labels: rows that networks who never saw them are sure to be of another class.

*Confident learning* (Northcutt, Jiang and Chuang, 2021, "Confident learning: estimating uncertainty
in dataset labels", JAIR 70, arXiv:1911.00068) suspects a row if its probability of another class is
at least as high as is usual for the rows of that class. That also takes rows that are merely hard.
Whether labels are wrong at all is told by the rows that are easiest: where networks are surest,
they hardly ever are mistaken, and errors become rarer still among the surest of those. Wrong labels
are as frequent there as everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.diagnosis.finding import Finding
from madaline.diagnosis.out_of_fold import Facts
from madaline.nn.arrays import Array

MANY, SOME = 0.03, 0.01
"""Shares of wrong labels from which the finding is of high and of medium severity."""

TOLD = 0.6
"""Share of the wrong answers of a constant that networks must avoid: where the columns hardly tell
the class, nobody can say which labels are wrong."""

STANDARD_ERRORS = 3.0
"""So much below the estimate the share must still be above zero."""


@dataclass(frozen=True, eq=False)
class Suspects:
    """Rows whose label may be wrong.

    Parameters
    ----------
    quality : ndarray of shape (n_rows,)
        Probability of each row's own label: the lower, the more suspicious.
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
    def among(cls, probabilities: Array, codes: Array) -> Suspects:
        """Return the suspects by confident learning.

        Parameters
        ----------
        probabilities : ndarray of shape (n_rows, n_classes)
            By networks that never saw the row. A row of NaN is not judged.
        codes : int ndarray of shape (n_rows,)
            The number of each row's class.
        """
        judged: Array = np.asarray(np.isfinite(probabilities).all(axis=1))
        rows = np.arange(len(codes))
        quality = probabilities[rows, codes]
        n_classes = probabilities.shape[1]
        usual = np.full(n_classes, np.inf)
        for place in range(n_classes):
            own = quality[judged & (codes == place)]
            usual[place] = own.mean() if len(own) else np.inf
        others = np.where(judged[:, None], probabilities, -1.0)
        others[rows, codes] = -1.0
        best = others.argmax(axis=1)
        confident = others[rows, best] >= np.maximum(usual[best], quality)
        return cls(quality, confident & judged)

    @property
    def ranked(self) -> Array:
        """The numbers of the suspected rows, the most suspicious first."""
        rows = np.flatnonzero(self.suspected)
        return rows[np.argsort(self.quality[rows], kind="stable")]


def find_wrong_labels(facts: Facts) -> list[Finding]:
    """Return whether labels are wrong, and about how many."""
    if facts.classes is None:
        return []
    estimate, error = wrong_share(facts.probabilities, facts.codes)
    if estimate - STANDARD_ERRORS * error <= 0 or estimate < SOME:
        return []
    suspects = Suspects.among(facts.probabilities, facts.codes)
    return [
        Finding(
            "wrong labels",
            "high" if estimate >= MANY else "medium",
            "the labels",
            "About {share:.1%} of the labels seem to be wrong ({rows:,} rows), as networks disagree"
            " with so many even where they are surest",
            "check the {suspects:,} suspects, most suspicious first (in Python label_suspects_)",
            {
                "share": estimate,
                "standard_error": error,
                "rows": round(estimate * facts.n_rows),
                "suspects": int(suspects.suspected.sum()),
            },
            facts.numbered(suspects.ranked),
        )
    ]


def wrong_share(probabilities: Array, codes: Array) -> tuple[float, float]:
    """Return about which share of the labels is wrong, and the standard error; 0 if it is not told.

    Parameters
    ----------
    probabilities : ndarray of shape (n_rows, n_classes)
        By networks that never saw the row.
    codes : int ndarray of shape (n_rows,)
        The number of each row's class.
    """
    wrong = probabilities.argmax(axis=1) != codes
    constant = 1 - np.bincount(codes).max() / len(codes)
    if wrong.mean() > (1 - TOLD) * constant:
        return 0.0, 0.0
    surest = wrong[np.argsort(-probabilities.max(axis=1), kind="stable")]
    half, quarter = surest[: len(wrong) // 2], surest[: len(wrong) // 4]
    if not len(quarter) or quarter.mean() < half.mean() / 2:  # errors grow rarer: no wrong labels
        return 0.0, 0.0
    share = float(half.mean())
    return share, float(np.sqrt(share * (1 - share) / len(half)))
