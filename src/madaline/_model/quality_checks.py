"""What the quality of predictions is in the file of a model: counts, curves and coverage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from madaline._data.codec import given_fields
from madaline._data.json_checks import (
    Check,
    Fields,
    Kinds,
    ListOf,
    Measured,
    Number,
    Optional,
    Row,
    Text,
    Whole,
)
from madaline._evaluation.quality.classification import ClassificationQuality
from madaline._evaluation.quality.coverage import Coverage, Curves
from madaline._evaluation.quality.regression import BINS, LEVELS, RegressionQuality
from madaline._runtime.file_checks.predictor_checks import LABEL_TEXT, MOST_OUTPUTS

NAME, MEASURED, COUNT = Text(), Measured(), Whole(0, 2**53)
SHARE = Number(0, 1 + 1e-9)
FINITE, FINITES, SHARES = Number(), ListOf(Number()), ListOf(SHARE)


def lengths(*names: str) -> Callable[[Mapping[str, Any]], str]:
    """Return what refuses lists of different lengths."""

    def agree(values: Mapping[str, Any]) -> str:
        lengths = {len(values.get(name, ())) for name in names}
        return "" if len(lengths) < 2 else f"has {', '.join(names)} of different lengths"

    return agree


COVERAGE = given_fields(Coverage)
CURVES = given_fields(
    Curves,
    {
        "label": LABEL_TEXT,
        **dict.fromkeys(("false_positive", "true_positive", "recall", "precision"), SHARES),
    },
    agree=lambda values: (
        lengths("false_positive", "true_positive")(values) or lengths("recall", "precision")(values)
    ),
)
_OF_CLASSES: dict[str, Check] = {
    "classes": ListOf(LABEL_TEXT, least=2),
    "confusion": ListOf(Row((COUNT, COUNT, Number(0)))),
    "areas": ListOf(Optional(MEASURED)),
    "curves": ListOf(CURVES),
    "predicted": SHARES,
    "observed": SHARES,
    "bin_sizes": ListOf(COUNT),
    "coverage": ListOf(COVERAGE),
}


def _classes_agree(values: Mapping[str, Any]) -> str:
    n_classes = len(values["classes"])
    if any(true >= n_classes or found >= n_classes for true, found, _ in values["confusion"]):
        return "confuses more classes than there are"
    bins = lengths("predicted", "observed", "bin_sizes")
    return lengths("classes", "areas")(values) or bins(values)


_OF_TARGET: dict[str, Fields] = {
    "classes": given_fields(ClassificationQuality, _OF_CLASSES, agree=_classes_agree),
    "numbers": given_fields(
        RegressionQuality,
        {
            "edges": ListOf(FINITE, BINS + 1, BINS + 1),
            "counts": ListOf(ListOf(COUNT, BINS, BINS), BINS, BINS),
            "error_edges": ListOf(FINITE, BINS + 1, BINS + 1),
            "error_counts": ListOf(COUNT, BINS, BINS),
            "predictions": FINITES,
            "errors": ListOf(ListOf(FINITE, len(LEVELS), len(LEVELS))),
            "coverage": ListOf(COVERAGE),
        },
        agree=lengths("predictions", "errors"),
    ),
}
_OF_TARGETS = Fields(
    {
        "names": ListOf(NAME, least=2, most=MOST_OUTPUTS, distinct=True),
        "each": ListOf(Kinds("of", _OF_TARGET), least=2, most=MOST_OUTPUTS),
    },
    agree=lengths("names", "each"),
)
QUALITY = Kinds("of", {**_OF_TARGET, "targets": _OF_TARGETS})
