"""A comparison: methods are fitted to the same folds, and judged by their losses row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any

import numpy as np

from madaline._apps.comparison.compared_rows import MAX_ROWS, ComparedRows
from madaline._apps.comparison.measuring import (
    MeasuredMethod,
    Work,
    losses_of,
    measure,
    sentence_of,
    usual_seconds,
)
from madaline._apps.comparison.methods import METHODS, QUANTILE, SQUARED, chosen_methods
from madaline._apps.comparison.result import Comparison, MethodResult
from madaline._base.words import warn
from madaline._models import arguments
from madaline._models.fitting.training_data import Roles
from madaline._models.request import FitRequest
from madaline._race.evaluation.objective import Objective
from madaline._race.evaluation.score import mean_and_error
from madaline._race.time.time_request import TimeRequest
from madaline._tables.io.recognition import recognize
from madaline._tables.target import REGRESSION, infer_task
from madaline._tables.target.values import check_learnable, left_out_words, missing_values
from madaline.errors import InputError, RowsLeftOutWarning


def compare(
    X: Any,
    y: Any,
    *,
    task: str | None = None,
    loss: str | None = None,
    quantile: float = 0.5,
    models: Any = None,
    sample_weight: Any = None,
    folds: int | None = None,
    groups: Any = None,
    time: Any = None,
    max_rows: int | None = MAX_ROWS,
    kinds: Mapping[str, str] | None = None,
    effort: int = 100,
    random_state: int | np.random.RandomState | None = 0,
    n_jobs: int | None = -1,
    time_limit: float | None = None,
    on_result: Callable[[str, MeasuredMethod], object] | None = None,
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
    loss : {"squared", "absolute", "quantile", "poisson"}, optional
        What is minimized where numbers are predicted; "poisson" suits counts.
    quantile : float, default=0.5
        Which one the loss "quantile" predicts.
    models : str or sequence of str, optional
        Which methods: "linear", "neighbors", "forest", "boosting", "lightgbm", "xgboost",
        "catboost", "mlp", "madaline"; by default all that are installed. A constant is always one.
    sample_weight : array-like of shape (n_samples,), optional
        How much each row counts, in learning and in losses.
    folds : int, optional
        How many folds, or stretches of time; by default five, or three of 20,000 rows or more.
    groups : array-like of shape (n_samples,), optional
        Rows of one group are never in two folds.
    time : str, array-like of shape (n_samples,) or bool, optional
        When rows were recorded, as in `AdaptiveClassifier.fit`: then later rows are predicted from
        earlier ones. By default decided as in a fit.
    max_rows : int or None, default=20_000
        Rows that are drawn from a larger table, with the same shares of classes, or of small and
        large numbers, and of groups; None takes all.
    kinds : mapping of str to str, optional
        The kinds of some columns.
    effort : int, default=100
        Epochs of madaline's networks, at most.
    random_state : int, RandomState or None, default=0
        Seeds folds and methods.
    n_jobs : int, default=-1
        Processors to use; on one thread each where the table has less than a million cells, but for
        madaline.
    time_limit : float, optional
        Seconds that each method may take in all folds, on the clock of the wall: by default 120,
        and on a table of more than 100,000 cells longer in proportion. A method that needs more is
        cut short, or left out where some fold would be missing; `cut_short` and `failed` say so.
    on_result : callable, optional
        Called with the name of each method and what came of it, as soon as it is fitted.

    Returns
    -------
    Comparison
        Prints as a table with a verdict; with `results`, `verdict` and `to_frame`.

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
    names, seed = chosen_methods(models), arguments.read_seed(random_state)
    given, limit = recognize(X).table(), arguments.read_time_limit(time_limit)
    target = arguments.read_labels(y, given.n_samples)
    weight = arguments.read_weight(sample_weight, len(target))
    groups = arguments.read_groups(groups, len(target))
    roles = Roles(target, weight, groups, arguments.read_times(time, len(target)))
    missing = missing_values(target)
    if left_out := left_out_words("y", missing):
        warn(left_out, RowsLeftOutWarning)
        given, roles = given.take(~missing), roles.take(~missing)
    request = FitRequest(
        task=task or (None if loss is None else REGRESSION),
        objective=Objective(loss, quantile),
        kinds=arguments.read_kinds(kinds),
        effort=effort,
        seed=seed,
        folds=folds,
        time=TimeRequest.given(time),
    )
    check_learnable(roles.target, request.task or infer_task(roles.target)[0])
    rows = ComparedRows.of(given, roles, request, _check_max_rows(max_rows))
    seconds = usual_seconds(rows) if limit is None else limit.seconds
    return compare_methods(rows, names, Work(n_jobs, seconds), on_result)


def compare_methods(
    rows: ComparedRows,
    names: tuple[str, ...],
    work: Work,
    on_result: Callable[[str, MeasuredMethod], object] | None = None,
) -> Comparison:
    """Return the comparison of methods; an interrupt keeps what was measured before."""
    measured, failed, interrupted = _measured(rows, names, work, on_result)
    if not measured:
        raise InputError("No method could be fitted: {values}", values=next(iter(failed.values())))
    return Comparison(
        _results(measured, rows),
        *rows.metrics,
        rows.n_given,
        rows.table.n_samples,
        len(rows.held_out),
        rows.folds.n_folds,
        rows.times is not None,
        failed,
        tuple(name for name in names if not METHODS[name].is_installed),
        tuple(name for name in names if not METHODS[name].learns(rows.loss)),
        rows.notes,
        interrupted,
        tuple(name for name, one in measured.items() if one.cut_short),
        work.seconds,
        rows.written,
    )


def _measured(
    rows: ComparedRows,
    names: tuple[str, ...],
    work: Work,
    on_result: Callable[[str, MeasuredMethod], object] | None,
) -> tuple[dict[str, MeasuredMethod], dict[str, str], bool]:
    """Return what came of each method, why others failed, and whether that was interrupted."""
    measured: dict[str, MeasuredMethod] = {}
    failed: dict[str, str] = {}
    for name in fitted_methods(names, rows):
        try:
            measured[name] = measure(METHODS[name], rows, work)
        except KeyboardInterrupt:
            if len(measured) < 2:
                raise
            return measured, failed, True
        except Exception as error:  # of other packages, which may fail in any way
            failed[name] = sentence_of(error)
            continue
        if on_result is not None:
            on_result(name, measured[name])
    return measured, failed, False


def fitted_methods(names: tuple[str, ...], rows: ComparedRows) -> tuple[str, ...]:
    """Return the methods that are installed and learn the loss."""
    return tuple(n for n in names if METHODS[n].is_installed and METHODS[n].learns(rows.loss))


def _results(
    measured: Mapping[str, MeasuredMethod], rows: ComparedRows
) -> tuple[MethodResult, ...]:
    """Return what came of each method, that of the lowest loss first."""
    weight = None if rows.weight is None else rows.weight[rows.held_out]
    losses = {name: loss_of(one, rows) for name, one in measured.items()}
    order = sorted(losses, key=losses.__getitem__)
    best, lowest = measured[order[0]].losses, losses[order[0]]
    of_constant = 1.0 if rows.classes is not None else _loss_of_constant(rows)
    results = []
    for name in order:
        one, loss = measured[name], losses[name]
        difference, error = mean_and_error(one.losses - best, weight, rows.blocks)
        if rows.loss == SQUARED:
            unit = loss + lowest or 1.0  # a difference of squares by the sum is that of the roots
            difference, error = difference / unit, error / unit
        score = np.average(one.hits, weights=weight)
        if rows.classes is None:
            score = 1 - np.average(one.losses, weights=weight) / of_constant
        results.append(
            MethodResult(
                name,
                METHODS[name].title,
                loss,
                difference,
                error,
                float(score),
                one.fit_seconds,
                1000 * one.row_seconds,
                one.n_bytes,
            )
        )
    return tuple(results)


def _loss_of_constant(rows: ComparedRows) -> float:
    """Return the loss of the best number for all held-out rows, which has a score of zero."""
    truth = rows.target[rows.held_out]
    weight = np.ones(len(truth)) if rows.weight is None else rows.weight[rows.held_out]
    constant = np.average(truth, weights=weight)
    if rows.loss == QUANTILE:
        order = np.argsort(truth)
        total = np.cumsum(weight[order])
        level = rows.request.objective.levels[0]
        constant = truth[order][np.searchsorted(total, level * total[-1])]
    losses = losses_of(np.full(len(truth), constant), truth, truth, rows)
    return float(np.average(losses, weights=weight)) or 1.0


def loss_of(one: MeasuredMethod, rows: ComparedRows) -> float:
    """Return the loss of a method, in the metric that is shown."""
    weight = None if rows.weight is None else rows.weight[rows.held_out]
    mean = float(np.average(one.losses, weights=weight))
    return float(np.sqrt(mean)) if rows.loss == SQUARED else mean


def _check_max_rows(max_rows: Any) -> int | None:
    """Return how many rows are compared at most; `InputError` for what is no such number."""
    if max_rows is None:
        return None
    if isinstance(max_rows, bool) or not isinstance(max_rows, Integral) or int(max_rows) < 10:
        raise InputError(
            "max_rows is {max_rows!r}: give at least 10 rows, or None for all.", max_rows=max_rows
        )
    return int(max_rows)
