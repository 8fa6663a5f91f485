"""A comparison: how good methods are on the same rows, what they cost, and which one to take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from typing import Any, final

import numpy as np

from madaline._apps.comparison.methods import CONSTANT, LINEAR, METHODS
from madaline._base.language import _, translate_word
from madaline._base.words import (
    format_change,
    format_count,
    format_distinct,
    format_duration,
    format_list,
    format_size,
    metric_name,
)
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline.nn.arrays import Array
from madaline.records._results.blocks import Charts, Section, TextTable, points
from madaline.records._results.figure import COLORS, Axis, Figure, Line
from madaline.records._results.result import Result, ToFrame

_HEADERS = {
    "rmse": "RMSE",
    "mean_absolute_error": "MAE",
    "mean_pinball_loss": "pinball",
    "mean_poisson_deviance": "deviance",
}
"""Metrics whose names are longer than their columns."""

_MIN_RATIO = 2.0  # of sizes that is worth a word


@final
@dataclass(frozen=True)
class MethodResult:
    """What came of one method.

    Attributes
    ----------
    name : str
        As in `models`.
    title : str
        For people.
    loss : float
        The log loss of classes, the root mean squared error of numbers.
    difference : float
        By how much that is above the lowest loss.
    standard_error : float
        Of the difference, from the differences row by row.
    score : float
        Accuracy of classes, R² of numbers.
    fit_seconds, row_milliseconds, n_bytes : float
        Processor time of one fit and of predicting one row among many, and size of the model.
    """

    name: str
    title: str
    loss: float
    difference: float
    standard_error: float
    score: float
    fit_seconds: float
    row_milliseconds: float
    n_bytes: float

    @property
    def as_good(self) -> bool:
        """Whether its loss is within a standard error of the lowest one."""
        return self.difference <= self.standard_error


@final
@dataclass(frozen=True)
class Comparison(Result, ToFrame):
    """Methods, that of the lowest loss first, and in which setting they were compared.

    Attributes
    ----------
    results : tuple of MethodResult
        What came of each method.
    metric, score_metric : str
        What `loss` and `score` of a result are.
    n_given, n_rows, n_held_out, n_folds : int
        Rows of the table, those that were drawn from it, those that were predicted, and the folds.
    of_later_rows : bool
        Whether rows were predicted from earlier ones alone.
    failed : dict of str to str
        Methods that could not be fitted, and why.
    absent : tuple of str
        Methods whose package is not installed.
    unsuited : tuple of str
        Methods that cannot minimize the loss.
    notes : tuple of str
        What to know of the table, such as columns that give the target away.
    interrupted : bool
        Whether the user ended it before all methods were fitted.
    cut_short : tuple of str
        Methods that would have tried more, had there been time.
    time_limit : float
        Seconds that each method might take.
    written : NumberFormat
        How losses are written: in the target's unit, as far as they have that.
    """

    results: tuple[MethodResult, ...]
    metric: str
    score_metric: str
    n_given: int
    n_rows: int
    n_held_out: int
    n_folds: int
    of_later_rows: bool
    failed: Mapping[str, str]
    absent: tuple[str, ...]
    unsuited: tuple[str, ...]
    notes: tuple[str, ...]
    interrupted: bool = False
    cut_short: tuple[str, ...] = ()
    time_limit: float = 120.0
    written: NumberFormat = PLAIN

    @property
    def best(self) -> MethodResult:
        """The method of the lowest loss."""
        return self.results[0]

    @property
    def chosen(self) -> MethodResult:
        """The method to take: of those that are as good as the best, the simplest.

        A constant and the linear model are simpler than all others; of these, that of the smallest
        model is taken. As good is what is within one standard error of the lowest loss, a rule of
        Breiman, Friedman, Olshen and Stone (1984), *Classification and Regression Trees*.
        """
        ranks = {CONSTANT: 0, LINEAR: 1}
        good = [result for result in self.results if result.as_good]
        return min(good, key=lambda result: (ranks.get(result.name, 2), result.n_bytes))

    @property
    def verdict(self) -> tuple[str, ...]:
        """Which method to take, and why, in sentences."""
        return tuple(self._verdict())

    def to_columns(self) -> dict[str, Any]:
        """Return the results by column: a row for each method."""
        facts = [asdict(result) | {"as_good": result.as_good} for result in self.results]
        return {name: [one[name] for one in facts] for name in facts[0]}

    def to_json(self) -> dict[str, Any]:
        """Return all as JSON-able values."""
        facts = asdict(self) | {"verdict": list(self.verdict), "take": self.chosen.name}
        del facts["written"]
        for fact, result in zip(facts["results"], self.results, strict=True):
            fact["as_good"] = result.as_good
        return facts

    @property
    def setting(self) -> str:
        """On which rows the methods were compared."""
        how = (
            _("{n_folds} stretches of time, each predicted from earlier rows alone").format(
                n_folds=self.n_folds
            )
            if self.of_later_rows
            else _("{n_folds} folds, each predicted by models that learned from the others").format(
                n_folds=self.n_folds
            )
        )
        rows = format_count(self.n_rows, "row")
        if self.n_held_out < self.n_rows:
            rows = _("{n_held_out:,} of {rows}").format(n_held_out=self.n_held_out, rows=rows)
        if self.n_rows < self.n_given:
            rows += _(" drawn from {n_given:,}").format(n_given=self.n_given)
        return _("{rows}, in {how}; seconds are those of the processor for one fit.").format(
            rows=rows, how=how
        )

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is not in the table: methods that are missing, and what to know of the columns."""
        remarks = [
            _("{title} failed: {why}").format(title=METHODS[name].title, why=why)
            for name, why in self.failed.items()
        ]
        if self.cut_short:
            titles = format_list(METHODS[name].title for name in self.cut_short)
            seconds = format_duration(self.time_limit)
            remarks.append(
                _(
                    "Cut short, as each may take {seconds}: {titles}. With a higher time limit they may do better."
                ).format(seconds=seconds, titles=titles)
            )
        if self.absent:
            titles = format_list(METHODS[name].title for name in self.absent)
            packages = " ".join(METHODS[name].package for name in self.absent)
            remarks.append(
                _("Not installed: {titles} (pip install {packages}).").format(
                    titles=titles, packages=packages
                )
            )
        if self.unsuited:
            titles = format_list(METHODS[name].title for name in self.unsuited)
            remarks.append(_("Without this loss: {titles}.").format(titles=titles))
        if self.interrupted:
            remarks.append("Interrupted: methods that are not listed were not fitted.")
        return (*remarks, *self.notes)

    def figures(self) -> tuple[Figure, Figure]:
        """Return figures of the losses above the lowest one, and of the seconds of a fit."""
        return self._of_losses(), self._of_seconds()

    def _of_losses(self) -> Figure:
        marks = []
        for height, result in self._shown.items():
            ends = result.difference + np.array([-2, 0, 2]) * result.standard_error
            marks += _dot_and_bar(ends, height, as_good=result.as_good)
        ends_of_all = [float(end) for mark in marks for end in mark.x]
        what = metric_name(self.metric)
        return Figure(
            _("{what} above the lowest").format(what=what),
            self._described(lambda one: self.written.show(one.loss)),
            _("The {what} above the lowest one, ± 2 standard errors of the difference.").format(
                what=what
            ),
            Axis.around(
                [0.0, *ends_of_all],
                _("{what} above that of {title}").format(what=what, title=self.best.title),
                written=self.written,
            ),
            self._names,
            (Line.reference((0.0, 0.0), (-0.5, len(self._shown) - 0.5)), *marks),
        )

    def _of_seconds(self) -> Figure:
        seconds = {height: max(0.01, one.fit_seconds) for height, one in self._shown.items()}
        low, high = 0.01, max(1.0, *seconds.values())
        marks = []
        for height, one in self._shown.items():
            ends = np.array([low, seconds[height], seconds[height]])
            marks += _dot_and_bar(ends, height, as_good=one.as_good)
        return Figure(
            "seconds of a fit",
            self._described(lambda one: f"{one.fit_seconds:.2g} s"),
            "Processor seconds of one fit, with its choice of hyperparameters.",
            Axis(low, high, "seconds of a fit", logarithmic=True),
            self._names,
            tuple(marks),
        )

    def _described(self, told: Callable[[MethodResult], str]) -> str:
        shown = self._shown.values()
        return _(", ").join(f"{translate_word(one.title)} {told(one)}" for one in shown)

    @property
    def _shown(self) -> dict[int, MethodResult]:
        """The methods by their height in a figure: the constant would stretch it."""
        shown = [result for result in self.results if result.name != CONSTANT] or [self.best]
        return dict(zip(reversed(range(len(shown))), shown, strict=True))

    @property
    def _names(self) -> Axis:
        titles = [translate_word(result.title) for result in self._shown.values()]
        return Axis(-0.5, len(titles) - 0.5, "", names=tuple(reversed(titles)))

    __str__ = __repr__ = Result.text

    def sections(self) -> Iterator[Section]:
        told = TextTable(self._header, [*self._rows], right=range(1, 7))
        yield Section([told, Charts(self.figures())])
        yield Section(points([*self.verdict, self.setting, *self.remarks]))

    @property
    def _header(self) -> tuple[str, ...]:
        loss = _HEADERS.get(self.metric) or metric_name(self.metric)
        score = "D²" if self.score_metric.startswith("d2") else metric_name(self.score_metric)
        return ("", loss, "above the best", score, "fit", "size", "ms/row")

    @cached_property
    def _losses(self) -> dict[str, str]:
        """The losses with as many decimals as tell them apart, but not more than help."""
        losses = [result.loss for result in self.results]
        most = max(map(abs, losses)) / 10**self.written.power
        write = partial(format_distinct, decimals=4 if most < 10 else 2 if most < 1000 else 0)
        texts = self.written.texts(write, losses)
        return {result.name: text for result, text in zip(self.results, texts, strict=True)}

    @property
    def _rows(self) -> Iterator[tuple[str, ...]]:
        for result in self.results:
            change = self._change(result)
            yield (
                translate_word(result.title),
                self._losses[result.name],
                ("" if result is self.best else change) + (" =" if result.as_good else "  "),
                f"{result.score:z.3f}",
                f"{result.fit_seconds:.{1 if result.fit_seconds >= 1 else 2}f} s",
                format_size(result.n_bytes).replace(" bytes", " B"),
                f"{result.row_milliseconds:.3f}",
            )

    def _change(self, result: MethodResult) -> str:
        """Return by how much a loss is above the lowest, with the standard error."""
        scale = 10**self.written.power
        change = format_change(result.difference / scale, result.standard_error / scale)
        return " ± ".join(map(self.written.with_unit, change.split(" ± ")))

    def _simpler(self, chosen: MethodResult, best: MethodResult) -> str:
        """Return why another method than the best one is enough."""
        ratio = best.n_bytes / chosen.n_bytes
        told = _(
            "Take {the}: its {metric} is {loss}, the lowest one ({title}) {lowest}; the difference, {change}, is within its standard error."
        )
        if ratio >= _MIN_RATIO:
            told = _(
                "Take {the}: its {metric} is {loss}, the lowest one ({title}) {lowest}; the difference, {change}, is within its standard error, and its model is {ratio:,.0f} times smaller."
            )
        return told.format(
            the=_the(chosen),
            metric=metric_name(self.metric),
            loss=self._losses[chosen.name],
            title=best.title,
            lowest=self._losses[best.name],
            change=self._change(chosen),
            ratio=ratio,
        )

    def _verdict(self) -> Iterator[str]:
        best, chosen, what = self.best, self.chosen, metric_name(self.metric)
        good = [result for result in self.results if result.as_good]
        if len(self.results) == 1:
            yield "Nothing is compared with the constant: no other method was fitted."
            return
        if chosen.name == CONSTANT:
            yield _("Take none: no {what} is clearly lower than that of a constant.").format(
                what=what
            )
        elif chosen is best:
            alone = "all others are more than a standard error above it"
            beside = alone if good == [best] else "those as good are no simpler"
            loss = self._losses[best.name]
            yield _("Take {the}: its {what}, {loss}, is the lowest, and {beside}.").format(
                the=_the(best), what=what, loss=loss, beside=beside
            )
        else:
            yield self._simpler(chosen, best)
        others = [result.title for result in good if result not in (chosen, best)]
        if others:
            yield _("As good within a standard error (=): {others}.").format(
                others=format_list(others)
            )


def _dot_and_bar(ends: Array, height: float, *, as_good: bool) -> list[Line]:
    """Return a bar from the first to the last of three numbers, and a dot at the middle one."""
    style = COLORS[0 if as_good else 1]
    dot = Line(ends[1:2], np.array([height]), style, dots=True)
    return [Line(ends[[0, 2]], np.full(2, height), style), dot]


def _the(result: MethodResult) -> str:
    """Return a title as it stands in a sentence."""
    is_name = result.title[0].isupper() or result.name == "madaline"
    return result.title if is_name else _("the {title}").format(title=result.title)
