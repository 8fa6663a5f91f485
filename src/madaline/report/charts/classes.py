"""Pictures of predicted classes: the ROC curve, precision against recall, and calibration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from madaline.report.charts.axis import Axis
from madaline.report.charts.chart import Chart

DIAGONAL = [(0.0, 0.0), (1.0, 1.0)]


def roc_chart(quality: Mapping[str, Any]) -> str:
    """Return the ROC curves of a quality of classes."""
    areas = ", ".join(f"{one['label']} {one['area']:.4f}" for one in quality["curves"])
    chart = Chart(
        "ROC curves",
        f"Share of a class that is found against share of false alarms; the area below: {areas}.",
        _share("false alarms among the others"),
        _share("found of the class"),
    )
    chart.line(DIAGONAL, "reference")
    for place, one in enumerate(quality["curves"]):
        chart.line(zip(one["false_positive"], one["true_positive"], strict=True), f"s{place}")
    return chart.svg()


def precision_chart(quality: Mapping[str, Any]) -> str:
    """Return the curves of precision against recall."""
    means = ", ".join(f"{one['label']} {one['average_precision']:.4f}" for one in quality["curves"])
    chart = Chart(
        "Precision and recall",
        "Share of alarms that are right against share of a class that is found; on average:"
        f" {means}.",
        _share("found of the class (recall)"),
        _share("right of the alarms (precision)"),
    )
    for place, one in enumerate(quality["curves"]):
        chart.line([(0, one["prevalence"]), (1, one["prevalence"])], "reference")
        chart.line(zip(one["recall"], one["precision"], strict=True), f"s{place}")
    return chart.svg()


def calibration_chart(quality: Mapping[str, Any]) -> str:
    """Return what probabilities promise against what came true."""
    pairs = list(zip(quality["promised"], quality["kept"], strict=True))
    told = ", ".join(f"{promised:.0%} came true in {kept:.0%}" for promised, kept in pairs)
    what = "the class" if len(quality["classes"]) == 2 else "the predicted class"
    chart = Chart(
        "Calibration",
        f"Of {len(pairs)} parts of the rows by probability: {told}.",
        _share(f"probability of {what}"),
        _share("share that came true"),
    )
    chart.line(DIAGONAL, "reference")
    chart.line(pairs, "s0")
    chart.points(pairs, "s0")
    return chart.svg()


def _share(label: str) -> Axis:
    return Axis(0.0, 1.0, label, text=lambda value: f"{value:.0%}")
