"""The confusion matrix of predicted classes, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from madaline._cli.output import WIDTH, clipped, printable
from madaline._evaluation.quality.classification import ClassificationQuality

WIDEST_LABEL = 12
"""Characters of a class's name that the matrix shows."""

MOST_PAIRS = 8
"""Confusions that are listed where the matrix is too wide."""


def confusion_lines(quality: ClassificationQuality) -> Iterator[str]:
    """Yield the confusion matrix with precision and recall; of many classes, what is confused most.

    Parameters
    ----------
    quality : ClassificationQuality
        Of predictions whose truth is known.
    """
    labels = [clipped(printable(label), WIDEST_LABEL) for label in quality.classes]
    counts = [[f"{rows:,.0f}" for rows in row] for row in quality.matrix.tolist()]
    width = max(9, *map(len, labels), *(len(one) for row in counts for one in row)) + 2
    first = max(len("precision"), *map(len, labels)) + 2
    if 2 + first + width * (len(labels) + 1) > WIDTH:
        yield from _pairs(quality)
        return
    by_class = quality.by_class()
    yield "Confusion matrix (down: true class; across: predicted class):"
    yield f"  {'':<{first}}" + "".join(f"{label:>{width}}" for label in [*labels, "recall"])
    for label, row, one in zip(labels, counts, by_class, strict=True):
        cells = "".join(f"{cell:>{width}}" for cell in row)
        yield f"  {label:<{first}}{cells}{_share(one['recall']):>{width}}"
    precision = "".join(f"{_share(one['precision']):>{width}}" for one in by_class)
    yield f"  {'precision':<{first}}{precision}"


def _pairs(quality: ClassificationQuality) -> Iterator[str]:
    pairs = quality.confusions(MOST_PAIRS)
    if not pairs:
        yield f"No two of the {len(quality.classes)} classes are confused."
        return
    yield f"Most frequent confusions of {len(quality.classes)} classes (--json: all):"
    for one in pairs:
        true, predicted = (printable(one[name]) for name in ("true", "predicted"))
        yield (
            f"  {clipped(true, 24)} predicted as {clipped(predicted, 24)}: {one['rows']:,.0f}"
            f" ({one['share']:.0%})"
        )


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
