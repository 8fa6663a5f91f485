"""Where time attaches to a fit: at its rows, at its recipes and at its outputs.

Without times nothing is attached: what a fit asks for stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self, final

import numpy as np

from madaline._race.dataset import Dataset, Offset
from madaline._race.plan import Plan
from madaline._race.time.anchors import weigh_differences
from madaline._race.time.lagged import LaggedData, TimedRows, add_past
from madaline._race.time.later_rows import LaterRows
from madaline._race.time.noticing import TimeOrder
from madaline._race.time.orders import find_series, level_codes
from madaline._race.time.recipes import plan_for_lags, plan_for_later_rows
from madaline._race.time.stretches import RowTimes, hidden_features, make_stretches
from madaline._race.time.time_request import TimeRequest
from madaline._tables.encoders.encoded import Encoded
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.schema import Schema
from madaline._tables.splits.folds import FoldedRows, GivenFolds
from madaline._tables.table import Table
from madaline._tables.target import TargetEncoder
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import Loss, Squared


@final
@dataclass(frozen=True, eq=False)
class TimeHooks:
    """What a fit knows of the time of its rows, and what that changes."""

    times: RowTimes | None = None  # when rows were recorded, where later rows are held out
    lagged: LaggedData | None = None  # the rows with their past, where there are lags
    # in which order later rows are harder to predict, where that was looked for and found
    order: TimeOrder | None = None
    # (n_samples,): how many steps ahead of the last known value rows are predicted, where lags tell
    steps: Array | None = None

    @classmethod
    def of(cls, rows: TimedRows, asked: TimeRequest, *, anchored: bool, seed: int) -> Self:
        """Return what is told of the time of rows, with lags if they are asked for."""
        if not asked.lags:
            return cls(rows.times)
        lagged = add_past(rows, asked, anchored=anchored, seed=seed)
        return cls(lagged.times, lagged, steps=lagged.made.steps)

    def noticed(self, order: TimeOrder | None) -> Self:
        """Return what is known where an order of the rows was looked for."""
        if order is None or not order.of_time:
            return replace(self, order=order)
        return replace(self, order=order, times=order.times)

    @property
    def advice(self) -> str:
        """What to do where rows are alike, but may be in no order of time, or share their times."""
        if self.lagged is not None:
            return self.lagged.advice
        return "" if self.order is None or self.order.of_time else self.order.advice

    def as_read(self, asked: TimeRequest) -> TimeRequest:
        """Return what was asked, with the series and the lags that were found."""
        if self.lagged is None:
            return asked
        lags = self.lagged.past.lags
        return replace(asked, series=lags.series, lags=lags.rows)

    # Rows

    def folds(
        self, given: int | GivenFolds | None, groups: Array | None
    ) -> int | GivenFolds | None:
        """Return stretches of time; a number of folds is one of stretches, those given may be."""
        if self.times is None:
            return given
        if isinstance(given, GivenFolds) and not given.n_final:  # no stretches of an update
            raise InputError(
                "Both folds and time are given: time makes folds of its own, leave one."
            )
        if not isinstance(given, GivenFolds):
            given = make_stretches(self.times, n_stretches=given, groups=groups)
        return given if self.lagged is None else self.lagged.evaluated_once(given)

    def blocks(self, rows: FoldedRows) -> Array | None:
        """Return which rows resemble one another, fold after fold; None where none are known to."""
        return None if self.times is None else self.times.take(rows.order).blocks(rows.bounds)

    def later(
        self,
        dataset: Dataset,
        table: Table,
        schema: Schema,
        groups: Array | None,
        encoder: TargetEncoder,
    ) -> LaterRows | None:
        """Return the rows in stretches of time, of which it is told how later rows are."""
        if self.times is None:
            return None
        noticed = None if self.order is None else self.order.noticed
        if self.lagged is not None:
            known = self.lagged.last_known(encoder)
            given = self.lagged.given
            return LaterRows(self.times, dataset, self.lagged.series, (), known, given, noticed)
        names = () if groups is not None else find_series(self.times.values, table, schema)
        series = level_codes(table, names) if names else groups
        reach = self.times.reach
        return LaterRows(self.times, dataset, series, names, noticed=noticed, reach=reach)

    # Recipes

    def recipes(self, plan: Plan) -> Plan:
        """Return the plan with the recipes that join it."""
        if self.times is None:
            return plan
        plan = plan_for_later_rows(plan)
        return plan if self.lagged is None else plan_for_lags(plan)

    def hidden(
        self, encoder: TableEncoder, encoded: Encoded, order: Array, n_bins: Sequence[int]
    ) -> dict[int, Array]:
        """Return the features that some recipes do not see, for some numbers of bins."""
        if self.times is None:
            return {}
        return hidden_features(encoder, encoded, self.times.take(order), n_bins)

    # Outputs

    def learned(self, target: Array) -> Array:
        """Return what networks learn: with anchors, the differences from them."""
        return target if self.lagged is None else self.lagged.target

    def weight(self, given: Array | None, loss: Loss) -> Array | None:
        """Return the weights of rows in training: squares of rare, large differences count less."""
        if self.lagged is None or self.lagged.sizes is None or not isinstance(loss, Squared):
            return given
        weight = weigh_differences(self.lagged.target)
        return weight if given is None else given * weight

    def offset(self, encoder: TargetEncoder, columns: Sequence[str], order: Array) -> Offset | None:
        """Return what is added to the outputs of networks, for the rows in an order."""
        return None if self.lagged is None else self.lagged.offset(encoder, columns, order)

    def steps_of(self, order: Array) -> Array | None:
        """Return how many steps ahead rows are predicted, in an order; None where none are told."""
        return None if self.steps is None else np.asarray(self.steps[order])
