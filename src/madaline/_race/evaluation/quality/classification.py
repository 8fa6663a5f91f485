"""The quality of predicted classes: confusion matrix, ranking and reliability curves, coverage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from madaline._base.codec import Count, Items, LabelText, RoundedShare, Stored, unequal
from madaline._base.json_checks import Number
from madaline._base.language import _
from madaline._race.evaluation.calibration import calibration_error
from madaline._race.evaluation.quality.coverage import Coverage, Curves, coverage_tables
from madaline.nn.arrays import Array
from madaline.records._results.blocks import (
    Block,
    Charts,
    Name,
    Paragraph,
    Section,
    TextTable,
    more,
)
from madaline.records._results.figure import COLORS, Axis, Figure, Line
from madaline.records._results.result import Result, ToFrame

_MAX_CURVES = 4  # classes whose curves are kept: those with the smallest areas
_MAX_AREAS = 100  # classes whose area under the ROC curve is computed: the most frequent
_N_BINS = 10  # of equal size of the reliability curve, by probability
# Classes of a confusion matrix and of a table in a notebook; of more, the worst confusions.
_MAX_MATRIX_CLASSES, _MAX_TABLE_CLASSES = 12, 20


@dataclass(frozen=True)
class ClassificationQuality(Stored, Result, ToFrame):
    """How well classes are predicted."""

    classes: Annotated[tuple[LabelText, ...], Items(least=2)]  # the labels as text
    n_rows: int  # rows that were evaluated
    # entries of the confusion matrix other than zero: index of the true and of the predicted class,
    # and their rows (the sum of their weights, which are one on average)
    confusion: tuple[tuple[Count, Count, Annotated[float, Number(0)]], ...]
    areas: tuple[float | None, ...]  # under the ROC curve of each class; None without rows, or rare
    curves: tuple[Curves, ...]  # of the second of two classes, or of those with the smallest areas
    # mean probability in each bin of the reliability curve: bins by probability, of the second of
    # two classes or of the predicted class
    predicted: tuple[RoundedShare, ...]
    # share of the rows in each of these bins that are of the class
    observed: tuple[RoundedShare, ...]
    bin_sizes: tuple[Count, ...]  # rows of each of these bins
    calibration_error: float  # expected, of the probability of the predicted class
    coverage: tuple[Coverage, ...]  # of the prediction sets

    @classmethod
    def of(
        cls,
        classes: Sequence[str],
        probabilities: Array,  # (n_rows, n_classes), predicted probabilities
        codes: Array,  # (n_rows,) ints, indices of the true classes
        coverage: tuple[Coverage, ...] = (),
        weight: Array | None = None,  # (n_rows,)
        *,
        predicted: Array | None = None,  # (n_rows,) ints, by default the most probable classes
    ) -> ClassificationQuality:
        """Evaluate probabilities."""
        n_classes = len(classes)
        probable = probabilities.argmax(axis=1)
        predicted = probable if predicted is None else predicted
        frequent = np.argsort(-np.bincount(codes, minlength=n_classes), kind="stable")
        curves: list[Curves | None] = [None] * n_classes
        for k in frequent[:_MAX_AREAS].tolist():
            curves[k] = Curves.of(str(classes[k]), probabilities[:, k], codes == k, weight)
        confidence = probabilities.max(axis=1)
        hits = probable == codes
        binary = n_classes == 2
        bins = _reliability(
            probabilities[:, 1] if binary else confidence, codes == 1 if binary else hits, weight
        )
        return cls(
            tuple(map(str, classes)),
            len(codes),
            _confusion(codes, predicted, weight),
            tuple(None if of_class is None else of_class.area for of_class in curves),
            _shown(curves),
            *bins,
            calibration_error(confidence, hits, weight),
            coverage,
        )

    @property
    def matrix(self) -> Array:
        """The confusion matrix: rows of each true class (down) by predicted class (across)."""
        counts = np.zeros((len(self.classes), len(self.classes)))
        for true, predicted, rows in self.confusion:
            counts[true, predicted] = rows
        return counts

    @property
    def shares(self) -> Array:
        """The confusion matrix with each row divided by its sum."""
        counts = self.matrix
        return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300))

    @property
    def accuracy(self) -> float:
        """Share of the rows whose class is predicted."""
        counts = self.matrix
        return float(np.trace(counts) / counts.sum())

    def by_class(self) -> list[dict[str, Any]]:
        """Return the rows, precision, recall, F1 and ROC area of each class; None if undefined."""
        counts = self.matrix
        hits = np.diag(counts)
        true = counts.sum(axis=1)
        predicted = counts.sum(axis=0)
        return [
            {
                "class": label,
                "rows": float(true[k]),
                "precision": _ratio(hits[k], predicted[k]),
                "recall": _ratio(hits[k], true[k]),
                "f1": _ratio(2 * hits[k], true[k] + predicted[k]),
                "area": self.areas[k],
            }
            for k, label in enumerate(self.classes)
        ]

    def confusions(self, most: int = 10) -> list[dict[str, Any]]:
        """Return the most frequent confusions of a true class with a predicted one."""
        totals = self.matrix.sum(axis=1)
        wrong = [entry for entry in self.confusion if entry[0] != entry[1]]
        return [
            {
                "true": self.classes[true],
                "predicted": self.classes[predicted],
                "rows": rows,
                "share": rows / float(totals[true]),
            }
            for true, predicted, rows in sorted(wrong, key=lambda entry: -entry[2])[:most]
        ]

    def to_columns(self) -> dict[str, Any]:
        """Return the columns of `by_class`."""
        rows = self.by_class()
        return {name: [row[name] for row in rows] for name in rows[0]}

    def __repr__(self) -> str:
        """Return the size and the accuracy in one line."""
        return (
            f"<ClassificationQuality of {len(self.classes)} classes, {self.n_rows:,} rows:"
            f" accuracy {self.accuracy:.4g}>"
        )

    def sections(self) -> Iterator[Section]:
        curves = [self.roc_figure(), self.precision_figure()] if self.curves else []
        sentence = _(
            "{n_rows:,} rows, each predicted out of fold: accuracy {accuracy:.4g}, calibration error {calibration_error:.3f}."
        ).format(
            n_rows=self.n_rows,
            accuracy=self.accuracy,
            calibration_error=self.calibration_error,
        )
        yield Section([Paragraph(sentence), self._confusion_table(), *self._class_table()])
        yield Section([Charts([*curves, self.calibration_figure()])])
        yield Section(coverage_tables(self.coverage, "classes in a set"))

    def _confusion_table(self) -> TextTable:
        if len(self.classes) > _MAX_MATRIX_CLASSES:
            rows = [
                [pair["true"], pair["predicted"], f"{pair['rows']:,.0f}", f"{pair['share']:.1%}"]
                for pair in self.confusions()
            ]
            header = ["true class", "predicted as", "rows", "of the class"]
            return TextTable(header, rows, right=(2, 3), caption="The most frequent confusions")
        rows = [
            [label, *(f"{number:,.0f}" if number else "·" for number in counts)]
            for label, counts in zip(self.classes, self.matrix.tolist(), strict=True)
        ]
        return TextTable(
            ["true class", *map(Name, self.classes)],
            rows,
            right=range(1, len(self.classes) + 1),
            caption="Confusion matrix: rows of each true class (down) by predicted class (across)",
        )

    def _class_table(self) -> list[Block]:
        by_class = self.by_class()
        rows = [
            [
                measures["class"],
                f"{measures['rows']:,.0f}",
                *(
                    "" if measures[name] is None else f"{measures[name]:.3f}"
                    for name in ("precision", "recall", "f1", "area")
                ),
            ]
            for measures in by_class[:_MAX_TABLE_CLASSES]
        ]
        heads = ["class", "rows", "precision", "recall", "F1", "ROC AUC"]
        left_out = more(len(rows), len(by_class), "classes")
        return [TextTable(heads, rows, right=range(1, 6)), *left_out]

    def roc_figure(self) -> Figure:
        """Return the ROC curves."""
        several = "s of the classes that are hardest to distinguish" * (len(self.classes) > 2)
        lines = [
            Line(
                np.array(curve.false_positive),
                np.array(curve.true_positive),
                style,
                _("{label} (area {area:.3f})").format(label=curve.label, area=curve.area),
            )
            for curve, style in zip(self.curves, COLORS, strict=False)
        ]
        return Figure(
            "ROC curves",
            _("True positive rate against false positive rate: {labels}.").format(
                labels=_labels(lines)
            ),
            _("ROC curve{several}, with the area under it (dashed: guessing, 0.5):").format(
                several=several
            ),
            Axis.of_share("false positive rate"),
            Axis.of_share("true positive rate (recall)"),
            (Line.reference((0, 1), (0, 1)), *lines),
        )

    def precision_figure(self) -> Figure:
        """Return the curves of precision against recall."""
        lines = [
            Line(
                np.array(curve.recall),
                np.array(curve.precision),
                style,
                _("{label} (average {average_precision:.3f})").format(
                    label=curve.label, average_precision=curve.average_precision
                ),
            )
            for curve, style in zip(self.curves, COLORS, strict=False)
        ]
        guessing = [Line.reference((0, 1), (curve.prevalence,) * 2) for curve in self.curves]
        return Figure(
            "Precision and recall",
            _("Precision against recall: {labels}.").format(labels=_labels(lines)),
            "Precision against recall, with the average precision (dashed: guessing):",
            Axis.of_share("recall"),
            Axis.of_share("precision"),
            (*guessing, *lines),
        )

    def calibration_figure(self) -> Figure:
        """Return predicted probabilities against how often they came true."""
        pairs = list(zip(self.predicted, self.observed, strict=True))
        observed = ", ".join(
            _("{mean:.0%} came true in {share:.0%}").format(mean=mean, share=share)
            for mean, share in pairs
        )
        what = "the class" if len(self.classes) == 2 else "the predicted class"
        return Figure(
            "Calibration",
            _("Of {n_pairs} parts of the rows by probability: {observed}.").format(
                n_pairs=len(pairs), observed=observed
            ),
            _(
                "Calibration: on the dashed line, probabilities come true as often as predicted. On average they are off by {calibration_error:.3f}."
            ).format(calibration_error=self.calibration_error),
            Axis.of_share(_("predicted probability of {what}").format(what=what)),
            Axis.of_share("observed share"),
            (
                Line.reference((0, 1), (0, 1)),
                Line(np.array(self.predicted), np.array(self.observed), COLORS[0], dots=True),
            ),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the quality as JSON-able values."""
        return {"of": "classes"} | super().to_json()

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong between the classes, the matrix and the curves."""
        n_classes = len(values["classes"])
        if any(
            max(true, predicted_code) >= n_classes
            for true, predicted_code, _ in values["confusion"]
        ):
            return "confuses more classes than there are"
        return unequal(values, "classes", "areas") or unequal(
            values, "predicted", "observed", "bin_sizes"
        )


def _confusion(
    codes: Array, predicted: Array, weight: Array | None
) -> tuple[tuple[int, int, float], ...]:
    """Return the entries of the confusion matrix, in the order of the classes."""
    pairs, index = np.unique(np.stack([codes, predicted]), axis=1, return_inverse=True)
    rows = np.bincount(index.ravel(), weight).astype(float)
    return tuple(zip(*pairs.tolist(), rows.tolist(), strict=True))


def _labels(lines: Sequence[Line]) -> str:
    return ", ".join(line.label for line in lines)


def _ratio(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


def _shown(curves: Sequence[Curves | None]) -> tuple[Curves, ...]:
    """Return the curves of the second of two classes, or those with the smallest areas."""
    candidates = curves[1:] if len(curves) == 2 else curves
    defined = [of_class for of_class in candidates if of_class is not None]
    return tuple(sorted(defined, key=lambda of_class: of_class.area)[:_MAX_CURVES])


def _reliability(
    probability: Array, truth: Array, weight: Array | None
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[int, ...]]:
    """Return mean probability, share of the truth and number of rows of bins of equal size."""
    order = np.argsort(probability, kind="stable")
    bins = [rows for rows in np.array_split(order, _N_BINS) if len(rows)]
    weights = [None if weight is None else weight[rows] for rows in bins]
    means = [
        tuple(
            float(np.average(values[rows], weights=of_bin))
            for rows, of_bin in zip(bins, weights, strict=True)
        )
        for values in (probability, truth)
    ]
    return means[0], means[1], tuple(map(len, bins))
