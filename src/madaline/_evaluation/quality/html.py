"""The quality of predictions for notebooks: tables, and the curves beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from madaline._charts.html import Html, block, figures, more, paragraph, table
from madaline._charts.quality import (
    calibration_figure,
    error_figure,
    precision_figure,
    roc_figure,
    spread_figure,
    truth_figure,
)
from madaline._evaluation.quality.coverage import Coverage
from madaline._words import short

if TYPE_CHECKING:
    from madaline._evaluation.quality.classification import ClassificationQuality
    from madaline._evaluation.quality.regression import RegressionQuality

MOST_CLASSES = 12
"""Classes whose confusion matrix is shown, at most; of more, the most frequent confusions are."""

MOST_ROWS = 20
"""Classes with precision and recall, at most."""


def html_of_classes(quality: ClassificationQuality) -> str:
    """Return what a notebook shows of predicted classes."""
    curves = (roc_figure, precision_figure) if quality.curves else ()
    several = len(quality.classes) > MOST_CLASSES
    return block(
        paragraph(
            f"{quality.n_rows:,} rows, each predicted by networks that were not trained on it:"
            f" accuracy {quality.accuracy:.4g}, calibration error {quality.calibration_error:.3f}."
        ),
        _confusions(quality) if several else _matrix(quality),
        _by_class(quality),
        figures(one(quality) for one in (*curves, calibration_figure)),
        _coverage(quality.coverage, "classes in a set"),
    )


def html_of_numbers(quality: RegressionQuality) -> str:
    """Return what a notebook shows of predicted numbers."""
    return block(
        paragraph(
            f"{quality.n_rows:,} rows, each predicted by networks that were not trained on it:"
            f" median absolute error {short(quality.median_error)}, mean error"
            f" {short(quality.bias)}."
        ),
        figures(one(quality) for one in (truth_figure, error_figure, spread_figure)),
        _coverage(quality.coverage, "width of an interval"),
    )


def _matrix(quality: ClassificationQuality) -> Html:
    rows = [
        [label, *(f"{number:,.0f}" if number else "·" for number in counts)]
        for label, counts in zip(quality.classes, quality.matrix.tolist(), strict=True)
    ]
    return table(
        ["true class", *quality.classes],
        rows,
        right=range(1, len(quality.classes) + 1),
        caption="Confusion matrix: rows of each true class (down) by predicted class (across)",
    )


def _confusions(quality: ClassificationQuality) -> Html:
    rows = [
        [one["true"], one["predicted"], f"{one['rows']:,.0f}", f"{one['share']:.1%}"]
        for one in quality.confusions()
    ]
    header = ["true class", "predicted as", "rows", "of the class"]
    return table(header, rows, right=(2, 3), caption="The most frequent confusions")


def _by_class(quality: ClassificationQuality) -> Html:
    found = quality.by_class()
    rows = [
        [
            one["class"],
            f"{one['rows']:,.0f}",
            *("" if one[name] is None else f"{one[name]:.3f}" for name in _MEASURES),
        ]
        for one in found[:MOST_ROWS]
    ]
    header = ["class", "rows", "precision", "recall", "F1", "ROC AUC"]
    left_out = more(len(rows), len(found), "classes")
    return Html(table(header, rows, right=range(1, 6)) + left_out)


def _coverage(coverage: Sequence[Coverage], size: str) -> Html:
    if not coverage:
        return Html("")
    rows = [[f"{o.nominal:.0%}", f"{o.observed:.1%}", short(o.size)] for o in coverage]
    return table(["coverage asked for", "observed", f"mean {size}"], rows, right=(0, 1, 2))


_MEASURES = ("precision", "recall", "f1", "area")
