"""Whether later rows are harder to predict than others: then scores must be of later rows.

The same rows are predicted twice by the same simple model, a ridge regression on the columns and on
a layer of random units: once learned from earlier rows alone, once from as many rows of any time.
If rows are in random order, both are as good. If rows near in time are alike, or the relation
changes, the first is worse, and so is any model on rows that are still to come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from madaline._base.language import _
from madaline._base.words import format_with_error, metric_name
from madaline._race.time.forward import Noticed
from madaline._race.time.orders import row_orders, shows_time
from madaline._race.time.rows_in_time import Losses, RowsInTime
from madaline._race.time.stretches import RowTimes
from madaline._race.time.told_times import RowOrder
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline._tables.target import TargetEncoder
from madaline.nn._engine.blas import one_threaded_products
from madaline.nn.arrays import Array

_MIN_ROWS = 40
_MIN_RATIO = 1.02  # of the squared error of later rows to that of others
# Standard errors by which they must differ: fewer where rows are sorted by a column that tells the
# time, or columns run like it, which hardly ever happens in random order
_MIN_ERRORS, _MIN_ERRORS_IN_TIME = 3.0, 2.0
_MIN_ADVISED = 1.15  # ratio of the metrics from which on rows near one another are worth a word
_RMSE, _LOG_LOSS = "rmse", "log_loss"


@final
@dataclass(frozen=True, eq=False)
class TimeOrder:
    """An order of the rows in which later ones are harder to predict than others."""

    times: RowTimes
    # Whether a column tells the time, or columns run like it; else rows may be in another order,
    # such as that of groups, and are better held out at random.
    of_time: bool
    noticed: Noticed

    @property
    def advice(self) -> str:
        """What to do where rows near one another are alike, but may not be in the order of time.

        >>> times = RowTimes("the order of the rows", np.arange(90.0))
        >>> print(TimeOrder(times, False, Noticed(0.34, 1.31, 0.1, "log_loss")).advice)
        Rows near one another in the table are alike: the log loss of a simple model is 0.34 among
        them, 1.31 on the rows after. If they are in the order of time, say so (time=True); if
        rows of one thing stand together, name what they have in common (groups=).
        """
        losses = [self.noticed.among, self.noticed.after]
        among, after = format_with_error(losses, self.noticed.standard_error)
        return _(
            "Rows near one another in the table are alike: the {metric} of a simple model is {among} among them, {after} on the rows after. If they are in the order of time, say so (time=True); if rows of one thing stand together, name what they have in common (groups=)."
        ).format(metric=metric_name(self.noticed.metric), among=among, after=after)


def find_time_order(
    table: Table,  # as its schema reads it
    schema: Schema,
    target_encoder: TargetEncoder,
    target: Array,  # (n_samples, n_outputs): what the networks learn to predict
    *,
    weight: Array | None = None,  # (n_samples,)
    groups: Array | None = None,  # (n_samples,), rows of one group are never on both sides
) -> TimeOrder | None:
    """Return the order in which later rows are harder to predict, or that of the dates they have.

    None if there is none.

    A table whose rows are in random order is taken for one in the order of time in one case of a
    hundred at most.

    >>> rng = np.random.default_rng(0)
    >>> years, walk = np.arange(400.0) // 4 + 1900, rng.normal(size=400).cumsum()
    >>> table = Table.from_columns({"year": years, "x": rng.normal(size=400)})
    >>> from madaline._tables.target import RegressionEncoder
    >>> encoder = RegressionEncoder.fit(walk)
    >>> found = find_time_order(table, Schema.infer(table), encoder, encoder.matrix(walk))
    >>> found.times.name
    'year'
    >>> shuffled = encoder.matrix(rng.permutation(walk))
    >>> find_time_order(table, Schema.infer(table), encoder, shuffled) is None
    True
    """
    if len(target) < _MIN_ROWS:
        return None
    scale = _scale(target_encoder)
    found: list[tuple[bool, float, RowOrder, Losses]] = []
    with one_threaded_products():
        orders = row_orders(table, schema, target, groups)
        like_time = not all(order.is_told for order in orders) and shows_time(table, schema, target)
        for order in orders:
            rows = RowsInTime.of(order, table, schema, target, weight, groups)
            in_time = order.is_sorted and (order.is_told or like_time)
            losses = _losses_in_time(order, rows, in_time=in_time, classes=scale is None)
            if losses is not None:
                found.append((order.is_told, losses.standard_errors, order, losses))
    if not found:
        return None
    _, _, order, losses = max(found, key=lambda item: item[:2])
    of_time = order.is_told or like_time
    noticed = _noticed(losses, scale)
    if not of_time and noticed.after < _MIN_ADVISED * noticed.among:
        return None
    return TimeOrder(order.times, of_time, noticed)


def is_harder_later(
    times: RowTimes,
    table: Table,
    schema: Schema,
    target: Array,  # (n_samples, n_outputs)
    weight: Array | None = None,  # (n_samples,)
    groups: Array | None = None,  # (n_samples,)
    *,
    classes: bool,
) -> bool:
    """Return whether rows are harder to predict from earlier rows than from as many of any time."""
    with one_threaded_products():
        rows = RowsInTime.of(RowOrder(times, True, False), table, schema, target, weight, groups)
        if not rows.can_be_predicted:
            return False
        return _differ(rows.losses(classes=classes), _MIN_ERRORS)


def _losses_in_time(
    order: RowOrder, rows: RowsInTime, *, in_time: bool, classes: bool
) -> Losses | None:
    """Return the losses if they clearly differ; those of trees count where a column tells time.

    Rows that are sorted by dates were written down one after the other, whatever simple models can
    tell: later rows may scatter more, or be of another kind.
    """
    if not rows.can_be_predicted:
        return None
    losses = rows.losses(classes=classes)
    if _differ(losses, _MIN_ERRORS_IN_TIME if in_time else _MIN_ERRORS):
        return losses
    if not order.is_told:
        return None
    if rows.groups is None:
        of_trees = rows.tree_losses(classes=classes)
        if _differ(of_trees, _MIN_ERRORS):
            return of_trees
    return losses if in_time and order.times.of_dates else None


def _differ(losses: Losses, min_errors: float) -> bool:
    """Return whether later rows are clearly harder to predict from earlier ones."""
    as_good = losses.mean_after <= _MIN_RATIO * losses.mean_among
    return not as_good and losses.standard_errors > min_errors and not losses.are_logs_as_good


def _noticed(losses: Losses, scale: float | None) -> Noticed:
    """Return the losses in the metric that is reported."""
    among = losses.log_among
    after = losses.log_after
    metric = _LOG_LOSS
    if scale is not None:
        squares = np.array([losses.mean_among, losses.mean_after])
        among, after = (scale * np.sqrt(squares / losses.n_outputs)).tolist()
        metric = _RMSE
    errors = losses.standard_errors
    return Noticed(among, after, abs((after - among) / errors) if errors else 0.0, metric)


def _scale(encoder: TargetEncoder) -> float | None:
    """Return the unit of encoded numbers, the mean of several; None of classes."""
    units = [single.unit for single in encoder.each if not single.of_classes]
    if len(units) < 2:
        return next(iter(units), None)
    return float(np.sqrt(np.mean(np.square(units))))
