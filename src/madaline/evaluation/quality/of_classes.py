"""The quality of predicted classes: what is taken for what, and whether probabilities are right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from madaline.evaluation.calibration import calibration_error
from madaline.evaluation.quality.coverage import Coverage
from madaline.evaluation.quality.curves import Curves, curves
from madaline.nn.arrays import Array

MOST_CURVES = 4
"""Classes whose curves are kept, at most: those that are hardest to tell."""

MOST_JUDGED = 100
"""Classes whose area under the ROC curve is looked at, at most: the most frequent."""

PARTS = 10
"""Parts of equal size that the rows are cut into, by their probability."""


@dataclass(frozen=True)
class ClassQuality:
    """How well classes are predicted (final).

    Parameters
    ----------
    classes : tuple of str
        The labels as text.
    n_rows : int
        Rows that were judged.
    confusion : tuple of (int, int, float)
        Number of the true class, number of the predicted one, and how many rows that happened in
        (their weight, if rows have one; it is one on average); what never happened is not among
        them. `matrix` has them all.
    areas : tuple of float or None
        For each class the area under its ROC curve; None where it has no row, or `MOST_JUDGED`
        classes have more.
    curves : tuple of Curves
        Of two classes those of the second; otherwise of the classes that are hardest to tell.
    promised, kept, sizes : tuple of float
        Parts of the rows by probability: the mean probability, the share that came true, and the
        number of rows. It is the probability of the second of two classes, or of the predicted one.
    calibration_error : float
        By how much the probability of the predicted class is off, on average.
    coverage : tuple of Coverage
        What sets of classes hold.
    """

    classes: tuple[str, ...]
    n_rows: int
    confusion: tuple[tuple[int, int, float], ...]
    areas: tuple[float | None, ...]
    curves: tuple[Curves, ...]
    promised: tuple[float, ...]
    kept: tuple[float, ...]
    sizes: tuple[int, ...]
    calibration_error: float
    coverage: tuple[Coverage, ...]

    @classmethod
    def of(
        cls,
        classes: Sequence[str],
        probabilities: Array,
        codes: Array,
        coverage: tuple[Coverage, ...] = (),
        weight: Array | None = None,
    ) -> ClassQuality:
        """Judge probabilities.

        Parameters
        ----------
        classes : sequence of str
            The labels.
        probabilities : ndarray of shape (n_rows, n_classes)
            What was predicted.
        codes : int ndarray of shape (n_rows,)
            The numbers of the true classes.
        coverage : tuple of Coverage
            What sets of classes hold.
        weight : ndarray of shape (n_rows,), optional
            Weight of each row.

        Examples
        --------
        >>> probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3]])
        >>> quality = ClassQuality.of(["no", "yes"], probabilities, np.array([0, 0, 1, 1]))
        >>> quality.matrix
        array([[1., 1.],
               [1., 1.]])
        >>> quality.areas[1], quality.accuracy
        (0.75, 0.5)
        """
        n_classes = len(classes)
        predicted = probabilities.argmax(axis=1)
        judged = set(
            np.argsort(-np.bincount(codes, minlength=n_classes), kind="stable")[:MOST_JUDGED]
        )
        every = [
            curves(str(label), probabilities[:, place], codes == place, weight)
            if place in judged
            else None
            for place, label in enumerate(classes)
        ]
        surest, hits = probabilities.max(axis=1), predicted == codes
        asked = (probabilities[:, 1], codes == 1) if n_classes == 2 else (surest, hits)
        return cls(
            tuple(map(str, classes)),
            len(codes),
            _confusion(codes, predicted, weight),
            tuple(None if one is None else one.area for one in every),
            _shown(every),
            *_parts(asked[0], asked[1], weight),
            calibration_error(surest, hits, weight),
            coverage,
        )

    @property
    def matrix(self) -> Array:
        """Rows of each true class (down) that were predicted to be of each class (across)."""
        counts = np.zeros((len(self.classes), len(self.classes)))
        for true, said, rows in self.confusion:
            counts[true, said] = rows
        return counts

    @property
    def shares(self) -> Array:
        """The matrix with each row divided by its sum: shares of each true class."""
        counts = self.matrix
        return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300))

    @property
    def accuracy(self) -> float:
        """Share of the rows that are right."""
        right = sum(rows for true, said, rows in self.confusion if true == said)
        return right / sum(rows for _, _, rows in self.confusion)

    def by_class(self) -> list[dict[str, Any]]:
        """Return of each class its rows, precision, recall, F1 and area; None where undefined."""
        right, true, said = np.zeros((3, len(self.classes)))
        for own, other, rows in self.confusion:
            true[own] += rows
            said[other] += rows
            right[own] += rows if own == other else 0
        return [
            {
                "class": label,
                "rows": float(true[place]),
                "precision": _ratio(right[place], said[place]),
                "recall": _ratio(right[place], true[place]),
                "f1": _ratio(2 * right[place], true[place] + said[place]),
                "area": self.areas[place],
            }
            for place, label in enumerate(self.classes)
        ]

    def confusions(self, most: int = 10) -> list[dict[str, Any]]:
        """Return the most frequent mistakes: what was taken for what, and how often."""
        rows_of = [one["rows"] for one in self.by_class()]
        wrong = [one for one in self.confusion if one[0] != one[1]]
        return [
            {
                "true": self.classes[true],
                "predicted": self.classes[said],
                "rows": rows,
                "share": rows / rows_of[true],
            }
            for true, said, rows in sorted(wrong, key=lambda one: -one[2])[:most]
        ]

    def to_json(self) -> dict[str, Any]:
        """Return the quality as JSON-able values."""
        return {"of": "classes"} | asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ClassQuality:
        """Return the quality that `to_json` described."""
        own: dict[str, Any] = {
            name: tuple(one) if isinstance(one, list) else one for name, one in values.items()
        }
        own["confusion"] = tuple(map(tuple, own["confusion"]))
        own["curves"] = tuple(map(Curves.from_json, own["curves"]))
        own["coverage"] = tuple(Coverage(**one) for one in own["coverage"])
        del own["of"]
        return cls(**own)


def _confusion(
    codes: Array, predicted: Array, weight: Array | None
) -> tuple[tuple[int, int, float], ...]:
    """Return how often what was taken for what, in the order of the classes."""
    pairs, place = np.unique(np.stack([codes, predicted]), axis=1, return_inverse=True)
    rows = np.bincount(place.ravel(), weight).astype(float)
    return tuple(zip(*pairs.tolist(), rows.tolist(), strict=True))


def _ratio(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


def _shown(every: Sequence[Curves | None]) -> tuple[Curves, ...]:
    if len(every) == 2:
        return () if every[1] is None else (every[1],)
    known = [one for one in every if one is not None]
    return tuple(sorted(known, key=lambda one: one.area)[:MOST_CURVES])


def _parts(
    probability: Array, truth: Array, weight: Array | None
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[int, ...]]:
    """Return mean probability, share of the truth and number of rows of parts of equal size."""
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, PARTS) if len(part)]
    weights = [None if weight is None else weight[part] for part in parts]
    means = [
        tuple(
            float(np.average(values[part], weights=own))
            for part, own in zip(parts, weights, strict=True)
        )
        for values in (probability, truth)
    ]
    return means[0], means[1], tuple(map(len, parts))
