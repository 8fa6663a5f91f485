"""A comparison: how good methods are on the same rows, what they cost, and which one to take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np

from madaline._charts.figure import COLORS, Axis, Figure, Line
from madaline._charts.html import ToFrame, block, bullets, figures, paragraph, table
from madaline._comparison.measuring import Measured, Work, measure, sentence_of
from madaline._comparison.methods import CONSTANT, LINEAR, METHODS, chosen_methods
from madaline._comparison.rows import ComparedRows
from madaline._data.io.rows import recognize
from madaline._data.target import infer_task
from madaline._data.target.values import check_learnable
from madaline._evaluation.score import mean_and_error
from madaline._fitting.arguments import check_effort, count_folds
from madaline._words import (
    format_change,
    format_count,
    format_distinct,
    format_list,
    format_number,
    format_size,
    metric_name,
)
from madaline.errors import InputError

_WIDTHS = (18, 9, 20, 9, 9, 8, 7)  # of the columns of the table in a terminal
_MIN_RATIO = 2.0  # of sizes that is worth a word


@final
@dataclass(frozen=True)
class Result:
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
class Comparison(ToFrame):
    """Methods, that of the lowest loss first, and in which setting they were compared.

    Attributes
    ----------
    results : tuple of Result
        What came of each method.
    metric, score_metric : str
        What `loss` and `score` of a result are.
    n_rows, n_held_out, n_folds : int
        Rows of the table, those that were predicted, and the folds.
    of_later_rows : bool
        Whether rows were predicted from earlier ones alone.
    failed : dict of str to str
        Methods that could not be fitted, and why.
    absent : tuple of str
        Methods whose package is not installed.
    notes : tuple of str
        What to know of the table, such as columns that give the target away.
    interrupted : bool
        Whether the user ended it before all methods were fitted.
    """

    results: tuple[Result, ...]
    metric: str
    score_metric: str
    n_rows: int
    n_held_out: int
    n_folds: int
    of_later_rows: bool
    failed: Mapping[str, str]
    absent: tuple[str, ...]
    notes: tuple[str, ...]
    interrupted: bool = False

    @property
    def best(self) -> Result:
        """The method of the lowest loss."""
        return self.results[0]

    @property
    def chosen(self) -> Result:
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
        for fact, result in zip(facts["results"], self.results, strict=True):
            fact["as_good"] = result.as_good
        return facts

    @property
    def setting(self) -> str:
        """On which rows the methods were compared."""
        how = (
            f"{self.n_folds} stretches of time, each predicted from earlier rows alone"
            if self.of_later_rows
            else f"{self.n_folds} folds, each predicted by models that learned from the others"
        )
        rows = format_count(self.n_rows, "row")
        if self.n_held_out < self.n_rows:
            rows = f"{self.n_held_out:,} of {rows}"
        return f"{rows}, in {how}; seconds are those of the processor for one fit."

    def lines(self) -> Iterator[str]:
        """Yield the table as text."""
        for cells in (self._header, *self._rows):
            first, *others = zip(cells, _WIDTHS, strict=True)
            texts = [f"{text:>{width}}" for text, width in others]
            yield f"{first[0]:<{first[1]}}{''.join(texts)}".rstrip()

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is not in the table: methods that are missing, and what to know of the columns."""
        remarks = [f"{METHODS[name].title} failed: {why}" for name, why in self.failed.items()]
        if self.absent:
            titles = format_list(METHODS[name].title for name in self.absent)
            packages = " ".join(METHODS[name].package for name in self.absent)
            remarks.append(f"Not installed: {titles} (pip install {packages}).")
        if self.interrupted:
            remarks.append("Interrupted: methods that are not listed were not fitted.")
        return (*remarks, *self.notes)

    def figure(self) -> Figure:
        """Return a figure of the losses above the lowest one, with two standard errors each way."""
        shown = [result for result in self.results if result.name != CONSTANT] or [self.best]
        marks = []
        for place, result in enumerate(shown):
            middle, spread = result.difference, 2 * result.standard_error
            height, style = float(len(shown) - 1 - place), COLORS[0 if result.as_good else 1]
            ends = np.array([middle - spread, middle + spread])
            marks += [Line(ends, np.full(2, height), style)]
            marks += [Line(np.array([middle]), np.array([height]), style, dots=True)]
        ends_of_all = [float(end) for mark in marks for end in mark.x]
        what = metric_name(self.metric)
        names = tuple(result.title for result in reversed(shown))
        return Figure(
            f"{what} above the lowest",
            ", ".join(f"{result.title} {format_number(result.loss)}" for result in shown),
            f"The {what} above the lowest one, ± 2 standard errors of the difference.",
            Axis.around([0.0, *ends_of_all], f"{what} above that of {self.best.title}"),
            Axis(-0.5, len(shown) - 0.5, "", names=names),
            (Line.reference((0.0, 0.0), (-0.5, len(shown) - 0.5)), *marks),
        )

    def __str__(self) -> str:
        """Return the table and the verdict as text."""
        return "\n".join([*self.lines(), "", *self.verdict, *self.remarks])

    def _repr_html_(self) -> str:
        texts = bullets([*self.verdict, *self.remarks])
        return block(self.html(), figures([self.figure()]), texts)

    def html(self) -> str:
        """Return the table, and on which rows it is, to be put among others."""
        rows = [[cell.strip() for cell in row] for row in self._rows]
        cells = table(list(self._header), rows, right=range(1, len(_WIDTHS)))
        return f"{paragraph(self.setting)}{cells}"

    @property
    def _header(self) -> tuple[str, ...]:
        loss = "RMSE" if self.metric == "rmse" else metric_name(self.metric)
        score = metric_name(self.score_metric)
        return ("", loss, "above the best", score, "fit", "size", "ms/row")

    @property
    def _rows(self) -> Iterator[tuple[str, ...]]:
        losses = _as_texts([result.loss for result in self.results])
        for loss, result in zip(losses, self.results, strict=True):
            change = format_change(result.difference, result.standard_error)
            yield (
                result.title,
                loss,
                ("" if result is self.best else change) + (" =" if result.as_good else "  "),
                f"{result.score:.3f}",
                f"{result.fit_seconds:.{1 if result.fit_seconds >= 1 else 2}f} s",
                format_size(result.n_bytes).replace(" bytes", " B"),
                f"{result.row_milliseconds:.3f}",
            )

    def _verdict(self) -> Iterator[str]:
        best, chosen, what = self.best, self.chosen, metric_name(self.metric)
        good = [result for result in self.results if result.as_good]
        if len(self.results) == 1:
            yield "Nothing is compared with the constant: no other method was fitted."
            return
        if chosen.name == CONSTANT:
            yield f"Take none: no {what} is clearly lower than that of a constant."
        elif chosen is best:
            alone = "all others are more than a standard error above it"
            beside = alone if good == [best] else "those as good are no simpler"
            (loss,) = _as_texts([best.loss])
            yield f"Take {_the(best)}: its {what}, {loss}, is the lowest, and {beside}."
        else:
            own, lowest = _as_texts([chosen.loss, best.loss])
            change = format_change(chosen.difference, chosen.standard_error)
            sentence = f"Take {_the(chosen)}: its {what} is {own}, the lowest one ({best.title})"
            sentence += f" {lowest}; the difference, {change}, is within its standard error"
            ratio = best.n_bytes / chosen.n_bytes
            more = f", and its model is {ratio:,.0f} times smaller"
            yield f"{sentence}{more if ratio >= _MIN_RATIO else ''}."
        others = [result.title for result in good if result not in (chosen, best)]
        if others:
            yield f"As good within a standard error (=): {format_list(others)}."


def _the(result: Result) -> str:
    """Return a title as it stands in a sentence."""
    return (
        result.title
        if result.title[0].isupper() or result.name == "madaline"
        else (f"the {result.title}")
    )


def _as_texts(losses: list[float]) -> list[str]:
    """Return losses with as many decimals as tell them apart, but not more than help."""
    most = max(map(abs, losses))
    return format_distinct(losses, 4 if most < 10 else 2 if most < 1000 else 0)


def compare(
    X: Any,
    y: Any,
    *,
    task: str | None = None,
    models: Any = None,
    folds: int | None = None,
    groups: Any = None,
    time: Any = None,
    kinds: Mapping[str, str] | None = None,
    effort: int = 100,
    random_state: int | np.random.RandomState | None = 0,
    n_jobs: int | None = -1,
    on_result: Callable[[str, Measured], object] | None = None,
) -> Comparison:
    """Compare madaline with other methods on the same folds of a table.

    In each fold each method learns from the rows outside it alone, madaline with a cross-validation
    of its own within these rows, and predicts the rows inside.

    Parameters
    ----------
    X : data frame, array or mapping of str to array
        The columns to learn from: numbers, categories, dates, texts.
    y : array-like of shape (n_samples,)
        What to predict.
    task : {"classification", "regression"}, optional
        By default inferred from `y`.
    models : str or sequence of str, optional
        Which methods: "linear", "neighbors", "forest", "boosting", "lightgbm", "xgboost",
        "catboost", "mlp", "madaline"; by default all that are installed. A constant is always one.
    folds : int, optional
        How many folds, or stretches of time; by default five, or three of 20,000 rows or more.
    groups : array-like of shape (n_samples,), optional
        Rows of one group are never in two folds.
    time : str, array-like of shape (n_samples,) or bool, optional
        When rows were recorded, as in `AdaptiveClassifier.fit`: then later rows are predicted from
        earlier ones. By default decided as in a fit.
    kinds : mapping of str to str, optional
        The kinds of some columns.
    effort : int, default=100
        Epochs of madaline's networks, at most.
    random_state : int, RandomState or None, default=0
        Seeds folds and methods.
    n_jobs : int, default=-1
        Processors to use.
    on_result : callable, optional
        Called with the name of each method and what came of it, as soon as it is fitted.

    Returns
    -------
    Comparison
        Prints as a table with a verdict; with `results`, `verdict`, `to_frame` and `figure`.

    Raises
    ------
    InputError
        If nothing can be learned, or there is no method of such a name.

    Examples
    --------
    >>> import madaline
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 3))
    >>> y = x @ [1.0, 2.0, 0.0] + rng.normal(size=200)
    >>> comparison = madaline.compare(x, y, models=["linear", "forest"])
    >>> print(comparison.verdict[0])
    Take the linear model: its root mean squared error, 1.0266, is the lowest, and all others are
    more than a standard error above it.
    """
    from madaline._estimators import arguments  # needs scikit-learn

    names, seed = chosen_methods(models), arguments.read_seed(random_state)
    work, given = Work(check_effort(effort), n_jobs, seed), recognize(X).table()
    target = arguments.read_labels(y, given.n_samples)
    check_learnable(target, task or infer_task(target)[0])
    rows = ComparedRows.of(
        given,
        target,
        task=task,
        target_name="target",
        folds=count_folds(folds),
        groups=arguments.read_groups(groups, len(target)),
        time=arguments.read_time(time, len(target)),
        kinds=arguments.read_kinds(kinds),
        seed=seed,
    )
    return compare_methods(rows, names, work, on_result)


def compare_methods(
    rows: ComparedRows,
    names: tuple[str, ...],
    work: Work,
    on_result: Callable[[str, Measured], object] | None = None,
) -> Comparison:
    """Return the comparison of methods; an interrupt keeps what was measured before."""
    measured: dict[str, Measured] = {}
    failed: dict[str, str] = {}
    interrupted = False
    for name in names:
        if not METHODS[name].is_installed:
            continue
        try:
            measured[name] = measure(METHODS[name], rows, work)
        except KeyboardInterrupt:
            if len(measured) < 2:
                raise
            interrupted = True
            break
        except Exception as error:  # of other packages, which may fail in any way
            failed[name] = sentence_of(error)
            continue
        if on_result is not None:
            on_result(name, measured[name])
    if not measured:
        raise InputError(f"No method could be fitted: {next(iter(failed.values()))}")
    return Comparison(
        _results(measured, rows),
        "rmse" if rows.classes is None else "log_loss",
        "r2" if rows.classes is None else "accuracy",
        rows.table.n_samples,
        len(rows.held_out),
        rows.folds.n_folds,
        rows.times is not None,
        failed,
        tuple(name for name in names if not METHODS[name].is_installed),
        rows.notes,
        interrupted,
    )


def _results(measured: Mapping[str, Measured], rows: ComparedRows) -> tuple[Result, ...]:
    """Return what came of each method, that of the lowest loss first."""
    order = sorted(measured, key=lambda name: float(measured[name].losses.mean()))
    best, truth = measured[order[0]].losses, rows.target[rows.held_out]
    results = []
    for name in order:
        one = measured[name]
        difference, error = mean_and_error(one.losses - best, None, rows.blocks)
        loss, score = float(one.losses.mean()), float(one.hits.mean())
        if rows.classes is None:
            loss, lowest = np.sqrt([loss, best.mean()]).tolist()
            score = 1 - float(one.losses.mean() / np.var(truth))
            unit = loss + lowest or 1.0  # a difference of squares by the sum is that of the roots
            difference, error = difference / unit, error / unit
        results.append(
            Result(
                name,
                METHODS[name].title,
                loss,
                difference,
                error,
                score,
                one.fit_seconds,
                1000 * one.row_seconds,
                one.n_bytes,
            )
        )
    return tuple(results)


def loss_of(one: Measured, *, of_classes: bool) -> float:
    """Return the loss of a method, in the metric that is shown."""
    mean = float(one.losses.mean())
    return mean if of_classes else float(np.sqrt(mean))
