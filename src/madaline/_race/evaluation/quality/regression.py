"""The quality of predicted numbers (predictions and errors in bins, coverage), and of targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, TypeAlias

import numpy as np

from madaline._base.codec import NOT_STORED, Count, Finite, Items, OneKind, Stored, unequal
from madaline._base.language import _
from madaline._base.words import format_count
from madaline._race.evaluation.quality.classification import ClassificationQuality
from madaline._race.evaluation.quality.coverage import Coverage, coverage_tables
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline._tables.target.joint_encoder import MAX_OUTPUTS
from madaline.nn.arrays import Array
from madaline.records._results.blocks import Charts, Name, Paragraph, Section
from madaline.records._results.figure import COLORS, Axis, Band, Bars, Cells, Figure, Line
from madaline.records._results.result import Result, ToFrame

BINS = 30  # of the histogram of errors, and of each axis of that of predictions and truths
PARTS = 10  # bins of equal size, by prediction, whose errors are summarized
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)  # quantiles of the errors of each of these bins
_TAIL = 0.005  # share of the values on each side that lie beyond the bins

_Bins = Annotated[tuple[Count, ...], Items(BINS, BINS)]


@dataclass(frozen=True)
class RegressionQuality(Stored, Result, ToFrame):
    """How well numbers are predicted. An error is the truth less the prediction."""

    n_rows: int  # rows that were evaluated
    # of the bins of predictions and truths; values beyond are in no bin
    edges: Annotated[tuple[Finite, ...], Items(BINS + 1, BINS + 1)]
    # rows by bin of the truth and by bin of the prediction
    counts: Annotated[tuple[_Bins, ...], Items(BINS, BINS)]
    # of the bins of errors; values beyond are in no bin
    error_edges: Annotated[tuple[Finite, ...], Items(BINS + 1, BINS + 1)]
    error_counts: _Bins  # rows of each of these bins
    # means of the predictions in bins of equal size, in ascending order
    predictions: tuple[Finite, ...]
    # quantiles of the errors (`LEVELS`) in each of these bins
    errors: tuple[Annotated[tuple[Finite, ...], Items(len(LEVELS), len(LEVELS))], ...]
    bias: float  # the mean error
    median_error: float  # of the absolute errors
    coverage: tuple[Coverage, ...]  # of the prediction intervals
    # how the target is written, in its unit
    written: NumberFormat = field(default=PLAIN, compare=False, metadata=NOT_STORED)

    @classmethod
    def of(
        cls,
        prediction: Array,  # (n_rows,), in the target's unit
        truth: Array,  # (n_rows,), in the target's unit
        coverage: tuple[Coverage, ...] = (),
        weight: Array | None = None,  # (n_rows,), weight of each row, for the mean error alone
    ) -> RegressionQuality:
        """Evaluate predictions."""
        error = truth - prediction
        edges = _edges(np.concatenate([prediction, truth]))
        error_edges = _edges(error)
        counts = np.histogram2d(truth, prediction, (edges, edges))[0].astype(int)
        order = np.argsort(prediction, kind="stable")
        parts = [rows for rows in np.array_split(order, PARTS) if len(rows)]
        return cls(
            len(truth),
            tuple(edges.tolist()),
            tuple(map(tuple, counts.tolist())),
            tuple(error_edges.tolist()),
            tuple(np.histogram(error, error_edges)[0].tolist()),
            tuple(float(prediction[rows].mean()) for rows in parts),
            tuple(tuple(np.quantile(error[rows], LEVELS).tolist()) for rows in parts),
            float(np.average(error, weights=weight)),
            float(np.median(np.abs(error))),
            coverage,
        )

    @property
    def n_beyond(self) -> int:
        """Rows whose error lies beyond the bins."""
        return self.n_rows - sum(self.error_counts)

    def to_columns(self) -> dict[str, Any]:
        """Return the mean prediction and the quantiles of the errors of parts of the rows."""
        quantiles = zip(*self.errors, strict=True)
        named = zip(LEVELS, quantiles, strict=True)
        errors = {f"error_{level:.0%}": list(values) for level, values in named}
        return {"prediction": list(self.predictions)} | errors

    def __repr__(self) -> str:
        """Return the size and the errors in one line."""
        return (
            f"<RegressionQuality of {self.n_rows:,} rows: median absolute error"
            f" {self.written.show(self.median_error)}, mean error {self.written.show(self.bias)}>"
        )

    def sections(self) -> Iterator[Section]:
        sentence = _(
            "{n_rows:,} rows, each predicted out of fold: median absolute error {median_error}, mean error {bias}."
        ).format(
            n_rows=self.n_rows,
            median_error=self.written.show(self.median_error),
            bias=self.written.show(self.bias),
        )
        drawn = Charts([self.truth_figure(), self.error_figure(), self.spread_figure()])
        coverage = coverage_tables(self.coverage, "width of an interval", self.written)
        yield Section([Paragraph(sentence), drawn, *coverage])

    def truth_figure(self, target: str = "value") -> Figure:
        """Return how often which true number goes with which prediction."""
        ends = self.edges[0], self.edges[-1]
        return Figure(
            "Predicted and true values",
            _(
                "Where the {n_rows:,} rows lie by predicted and true {target}; on the diagonal both are the same."
            ).format(n_rows=self.n_rows, target=target),
            "Predicted and true values: the stronger the color, the more rows. On the dashed line"
            " both are the same.",
            Axis(*ends, _("predicted {target}").format(target=target), written=self.written),
            Axis(*ends, _("true {target}").format(target=target), written=self.written),
            (Cells(np.array(self.edges), np.array(self.counts)), Line.reference(ends, ends)),
        )

    def error_figure(self, target: str = "value") -> Figure:
        """Return a histogram of the errors."""
        edges = self.error_edges
        top = 1.05 * max(self.error_counts)
        zero = (Line.reference((0, 0), (0, top)),) if edges[0] < 0 < edges[-1] else ()
        return Figure(
            "Errors",
            _(
                "Histogram of the errors: {target} above its prediction (right) or below it (left)."
            ).format(target=target),
            _(
                "Errors. Half of them are smaller than {median_error}; their mean is {bias}. {errors} beyond the ends."
            ).format(
                median_error=self.written.show(self.median_error),
                bias=self.written.show(self.bias),
                errors=format_count(self.n_beyond, "error"),
            ),
            Axis(
                edges[0],
                edges[-1],
                _("true minus predicted {target}").format(target=target),
                written=self.written,
            ),
            Axis(0.0, top, "rows"),
            (Bars(np.array(edges), np.array(self.error_counts)), *zero),
        )

    def spread_figure(self, target: str = "value") -> Figure:
        """Return how the errors are spread, by the size of the prediction."""
        predictions, quantiles = np.array(self.predictions), np.array(self.errors).T  # (5, parts)
        widths = quantiles[4] - quantiles[0]
        around = partial(Axis.around, written=self.written)
        x = around(self.predictions, _("predicted {target}").format(target=target))
        return Figure(
            "Errors by prediction",
            _(
                "Median and spread of the errors, by the size of the prediction; the middle 90% of them span {min} to {max}."
            ).format(
                min=self.written.show(widths.min(), 4), max=self.written.show(widths.max(), 4)
            ),
            "Errors of small and large predictions: the median, the middle 50% of the rows (dark),"
            " and the middle 90% (light).",
            x,
            around([0.0, *quantiles.ravel()], "true minus predicted"),
            (
                Band(predictions, quantiles[0], quantiles[4], 0.18),
                Band(predictions, quantiles[1], quantiles[3], 0.3),
                Line.reference((x.low, x.high), (0, 0)),
                Line(predictions, quantiles[2], COLORS[0]),
            ),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the quality as JSON-able values."""
        return {"of": "numbers"} | super().to_json()

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong between the bins of predictions and of errors."""
        return unequal(values, "predictions", "errors")


def _edges(values: Array) -> Array:
    """Return the edges of bins of equal width over all values but the tails."""
    low = np.quantile(values, _TAIL, method="lower")
    high = np.quantile(values, 1 - _TAIL, method="higher")  # of few values, none is beyond
    if not high > low:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, BINS + 1)


_SINGLE: Mapping[str, type[ClassificationQuality | RegressionQuality]] = {
    "classes": ClassificationQuality,
    "numbers": RegressionQuality,
}
SINGLE = OneKind("of", _SINGLE)
SingleQuality: TypeAlias = Annotated[RegressionQuality | ClassificationQuality, SINGLE]
"""The quality of one target."""


@dataclass(frozen=True)
class JointQuality(Stored, Result, ToFrame):
    """How well several targets are predicted."""

    # of the targets, or levels of the quantiles
    names: Annotated[tuple[str, ...], Items(2, MAX_OUTPUTS, distinct=True)]
    each: Annotated[tuple[SingleQuality, ...], Items(2, MAX_OUTPUTS)]  # the quality of each of them

    def __getitem__(self, name: str) -> RegressionQuality | ClassificationQuality:
        """Return the quality of one target."""
        return self.each[self.names.index(name)]

    def __repr__(self) -> str:
        """Return a line for each target."""
        named = zip(self.names, self.each, strict=True)
        return "\n".join(f"{name}: {quality!r}" for name, quality in named)

    def sections(self) -> Iterator[Section]:
        for name, quality in zip(self.names, self.each, strict=True):
            yield Section((), Name(name))
            yield from quality.sections()

    def to_columns(self) -> dict[str, Any]:
        """Return the columns of each target, one below the other, beside its name."""
        tables = [quality.to_columns() for quality in self.each]
        sizes = [len(next(iter(table.values()))) for table in tables]
        names = [name for name, size in zip(self.names, sizes, strict=True) for _ in range(size)]
        columns = {column: [x for table in tables for x in table[column]] for column in tables[0]}
        return {"target": names} | columns

    def to_json(self) -> dict[str, Any]:
        """Return the quality as JSON-able values."""
        return {"of": "targets"} | super().to_json()

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong between the names and the qualities."""
        return unequal(values, "names", "each")
