"""Rows predicted from earlier rows, and from rows of any time, by the same simple models.

One is a ridge regression on the columns and on a layer of random units, whose sums over rows are
made once for small cells of rows, so that a model of any cells is quickly learned. The other are
trees, which find what holds at a time for some of the rows only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self, final

import numpy as np

from madaline._race.time.stretches import rising_columns
from madaline._race.time.told_times import RowOrder
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import DATETIME, MEDIA, NUMBER, TEXT
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn.arrays import Array, Rng

_MAX_ROWS, _RUN = 4000, 20  # rows that are looked at, in runs of neighbors
_MAX_ROWS_OF_TEXTS = 1000
_MAX_OUTPUTS = 20  # that are predicted: those that vary most; other classes count as one
_N_STRETCHES, _N_LEARNED = 5, 2  # stretches of time; the first ones are only learned from
_N_PARTS = 4  # random parts of the rows; a row is predicted without those of its own part
# Rows are divided into parts again while the standard errors are in between
_MAX_REPEATS, _MAX_PREDICTED, _UNCLEAR_ERRORS = 4, 3000, (1.0, 5.0)
_N_TREES, _MIN_LEAF = 3, 3  # trees, and rows of a leaf
_N_UNITS, _MAX_LINEAR = 60, 100  # random units, and features beside them
_N_TIMES, _MIN_ROWS_OF_TIME = 60, 8  # times with a level of their own, and rows of each at least
_UNIT_SCALES = (1.0, 4.0)  # of the weights of a unit: smooth ones and steep ones
_STRENGTHS = (0.01, 0.2, 5.0)  # of the ridge regression; the best one counts
_MAX_DISTANCE = 4.0  # of a feature from its mean, in standard deviations
_MAX_NEW = 0.02  # share of the later rows whose classes do not occur before, at most
_MIN_PROBABILITY = 0.01  # of a class, for the log loss


@final
@dataclass(frozen=True, eq=False)
class Losses:
    """Losses of rows, predicted from earlier rows and from rows of any time."""

    after: Array  # (n_rows,): squared errors, summed over the outputs
    among: Array
    weight: Array  # (n_rows,), of sum one
    log_after: float  # the log loss of classes, NaN of numbers
    log_among: float
    n_outputs: int

    @property
    def standard_errors(self) -> float:
        """By how many standard errors the losses differ; rows in random order are independent."""
        difference = self.after - self.among
        mean = self.mean_after - self.mean_among
        error = np.sqrt(np.square(self.weight) @ np.square(difference - mean))
        return float(mean / error) if error > 0 else 0.0

    @property
    def are_logs_as_good(self) -> bool:
        """Whether the log loss of classes does not differ in the same direction."""
        return self.log_after <= self.log_among

    @property
    def mean_after(self) -> float:
        """Mean squared error of rows predicted from earlier ones."""
        return float(self.after @ self.weight)

    @property
    def mean_among(self) -> float:
        """Mean squared error of rows predicted from rows of any time."""
        return float(self.among @ self.weight)


@final
@dataclass(frozen=True, eq=False)
class RowsInTime:
    """Some rows in the order of time."""

    x: Array  # (n_rows, n_features)
    rising: Array  # (n_features,): whether a feature all but tells the time
    of_time: Array  # (n_features,): whether it is one of the column that does
    target: Array  # (n_rows, n_outputs)
    weight: Array  # (n_rows,)
    groups: Array | None  # (n_rows,), numbered
    stretch: Array  # (n_rows,), from 0 up

    @classmethod
    def of(
        cls,
        order: RowOrder,
        table: Table,
        schema: Schema,
        target: Array,
        weight: Array | None,
        groups: Array | None,
    ) -> Self:
        """Return runs of neighbors, evenly spread, of rows that have a time."""
        rows = np.argsort(order.times.values, kind="stable")[: len(order.times.present)]
        of_texts = any(column.kind == TEXT for column in schema.columns)
        n_rows = _MAX_ROWS_OF_TEXTS if of_texts else _MAX_ROWS
        if len(rows) > n_rows:
            starts = np.linspace(0, len(rows) - _RUN, n_rows // _RUN).astype(np.intp)
            rows = rows[(starts[:, None] + np.arange(_RUN)).ravel()]
        times = order.times.values[rows]
        rng = np.random.default_rng(0)
        x, names = _features(table.take(rows), schema, rng)
        return cls(
            x,
            rising_columns(times, x),
            np.isin(names, order.columns),
            _most_varied(target[rows].astype(np.float64)),
            np.ones(len(rows)) if weight is None else weight[rows].astype(np.float64),
            None if groups is None else np.unique(groups[rows], return_inverse=True)[1],
            _stretches(times),
        )

    @cached_property
    def local(self) -> Array:
        """How near each row is to some times, (n_rows, n_times), if features tell the time."""
        n_times = min(_N_TIMES, len(self.x) // _MIN_ROWS_OF_TIME) if self.rising.any() else 0
        place = np.linspace(0, n_times - 1, len(self.x))[:, None]
        return np.asarray(np.clip(1 - np.abs(place - np.arange(n_times)), 0, None))

    @property
    def left_out(self) -> list[Array]:
        """Features that may better be left out, as later rows have other values of them."""
        rising = self.rising
        all_of_time = self.rising | self.of_time
        choices = [rising, all_of_time] if (rising != all_of_time).any() else [rising]
        return [left_out for left_out in choices if left_out.any()]

    @property
    def evaluated(self) -> Array:
        """Which rows are predicted."""
        return np.asarray(self.stretch >= _N_LEARNED)

    @cached_property
    def shares(self) -> Array:
        """The weight of each row that is predicted, of sum one."""
        weight = self.weight[self.evaluated]
        return np.asarray(weight / weight.sum())

    @property
    def can_be_predicted(self) -> bool:
        """Whether there are stretches enough, and hardly any class is new in the later ones."""
        if self.stretch[-1] < _N_LEARNED + 1 or not self.x.shape[1]:
            return False
        first, later = self.target[~self.evaluated], self.target[self.evaluated]
        unseen = np.ptp(first, axis=0) == 0
        return bool(np.mean((later[:, unseen] != first[0, unseen]).any(axis=1)) <= _MAX_NEW)

    def losses(self, *, classes: bool) -> Losses:
        """Return the losses, of rows divided into parts again as long as it may matter."""
        rng = np.random.default_rng(1)
        repeats = []
        for _ in range(min(_MAX_REPEATS, max(1, _MAX_PREDICTED // len(self.x)))):
            repeats.append(self._repeat(rng, classes=classes))
            losses = self._mean_losses(*map(np.array, zip(*repeats, strict=True)))
            if not _UNCLEAR_ERRORS[0] <= losses.standard_errors <= _UNCLEAR_ERRORS[1]:
                break
        return losses

    def _repeat(self, rng: Rng, *, classes: bool) -> tuple[Array, Array]:
        """Return squared errors, (2, models, n_evaluated), and the mean log losses, (2, models).

        The models are those of `_STRENGTHS`, with all features and without those of `left_out`.
        """
        part = self._parts(rng)
        target = self.target[self.evaluated]
        inputs = [np.concatenate([_hidden_layer(self.x, rng), self.local], axis=1)]
        inputs += [_hidden_layer(self.x[:, ~left_out], rng) for left_out in self.left_out]
        output = np.concatenate([self._predictions(x, part, rng) for x in inputs], axis=1)
        logs = _log_losses(output, target) if classes else np.full(output.shape[:3], np.nan)
        return np.square(output - target).sum(axis=-1), logs @ self.shares

    def _mean_losses(self, squares: Array, logs: Array) -> Losses:
        """Return the losses of the best models, given those of each repeat."""
        squares, logs = squares.mean(axis=0), logs.mean(axis=0)
        after, among = np.argmin(squares @ self.shares, axis=1)
        return Losses(
            squares[0, after],
            squares[1, among],
            self.shares,
            float(logs[0, after]),
            float(logs[1, among]),
            self.target.shape[1],
        )

    def tree_losses(self, *, classes: bool) -> Losses:
        """Return the losses of trees, which find what holds at a time for some of the rows only."""
        from sklearn.ensemble import ExtraTreesRegressor

        rng = np.random.default_rng(2)
        rows = np.arange(len(self.x))
        output = np.empty((2, 1, *self.target.shape))

        def predict(kind: int, learned: Array, held_out: Array) -> None:
            trees = ExtraTreesRegressor(
                _N_TREES, min_samples_leaf=_MIN_LEAF, max_features=0.7, random_state=0
            )
            trees.fit(self.x[learned], np.squeeze(self.target[learned]), self.weight[learned])
            predicted = trees.predict(self.x[held_out])
            output[kind, 0, held_out] = predicted.reshape(-1, self.target.shape[1])

        for stretch in range(_N_LEARNED, self.stretch[-1] + 1):
            earlier, held_out = rows[self.stretch < stretch], rows[self.stretch == stretch]
            predict(0, earlier, held_out)
            for half in np.array_split(rng.permutation(held_out), 2):
                others = np.setdiff1d(rows, half)
                predict(1, rng.choice(others, len(earlier), replace=False), half)
        output, target = output[:, :, self.evaluated], self.target[self.evaluated]
        logs = _log_losses(output, target) if classes else np.full(output.shape[:3], np.nan)
        squares = np.square(output - target).sum(axis=-1)
        return self._mean_losses(squares[None], (logs @ self.shares)[None])

    def _parts(self, rng: Rng) -> Array:
        """Return the random part of each row: groups stay together, else stretches are divided."""
        if self.groups is not None:
            return np.asarray((rng.permutation(self.groups.max() + 1) % _N_PARTS)[self.groups])
        part = np.empty(len(self.x), np.intp)
        for stretch in range(self.stretch[-1] + 1):
            rows = np.flatnonzero(self.stretch == stretch)
            part[rows] = rng.permutation(len(rows)) % _N_PARTS
        return part

    def _predictions(self, features: Array, part: Array, rng: Rng) -> Array:
        """Return predictions by earlier rows and by rows of any time, (2, models, rows, outputs).

        Rows of one stretch and one part make a cell. Both models of a cell learn from as many other
        cells, none of them of its part.
        """
        n_stretches = self.stretch[-1] + 1
        n_features = features.shape[1]
        cell = self.stretch * _N_PARTS + part
        rows_of = [np.flatnonzero(cell == number) for number in range(n_stretches * _N_PARTS)]
        both = np.concatenate([features, self.target], axis=1)
        products = np.stack(
            [(features[rows] * self.weight[rows, None]).T @ both[rows] for rows in rows_of]
        )
        totals = np.bincount(cell, self.weight, minlength=len(rows_of))
        penalty = np.array(_STRENGTHS)[:, None, None] * np.eye(n_features)
        penalty[:, 0, 0] = 1e-6  # the constant is free
        output = np.empty((2, len(_STRENGTHS), len(features), self.target.shape[1]))
        for stretch in range(_N_LEARNED, n_stretches):
            learned = _learned_cells(stretch, n_stretches, rng)  # (2, parts, cells)
            total = np.maximum(learned @ totals, 1e-9)[..., None, None]
            mean = (np.tensordot(learned, products, axes=1) / total)[:, :, None]
            weights = np.linalg.solve(mean[..., :n_features] + penalty, mean[..., n_features:])
            for number in range(_N_PARTS):
                rows = rows_of[stretch * _N_PARTS + number]
                output[:, :, rows] = features[rows] @ weights[:, number]
        return output[:, :, self.evaluated]


def _learned_cells(stretch: int, n_stretches: int, rng: Rng) -> Array:
    """Return which cells a stretch is predicted from: earlier ones, and as many of any time.

    The result is 0 and 1, (2, parts, cells): no part is predicted from cells of its own.
    """
    learned = np.zeros((2, _N_PARTS, n_stretches, _N_PARTS))
    for part in range(_N_PARTS):
        for other in range(_N_PARTS):
            if other != part:
                learned[0, part, :stretch, other] = 1
                learned[1, part, rng.permutation(n_stretches)[:stretch], other] = 1
    return learned.reshape(2, _N_PARTS, -1)


def _stretches(times: Array) -> Array:
    """Return the stretch of each row, given ascending times; no time is divided."""
    starts = np.flatnonzero(np.diff(times, prepend=-np.inf) > 0)  # of each distinct time
    cuts = np.arange(1, _N_STRETCHES) * len(times) / _N_STRETCHES
    nearest = starts[np.abs(starts - cuts[:, None]).argmin(axis=1)]
    bounds = np.unique(nearest[nearest > 0])
    return np.searchsorted(bounds, np.arange(len(times)), side="right")


def _features(table: Table, schema: Schema, rng: Rng) -> tuple[Array, Array]:
    """Return the encoded columns, many of texts and levels projected to fewer, and their names."""
    used = tuple(
        column for column in schema.columns if column.kept and KINDS[column.kind].holds != MEDIA
    )
    try:
        encoder = TableEncoder.fit(table, replace(schema, columns=used), n_bins=(0,))
    except InputError:  # the same in all of these rows
        return np.empty((table.n_samples, 0)), np.empty(0, object)
    x = encoder.encode(table).features(0)
    kinds = np.array([column.kind in (NUMBER, DATETIME) for column in encoder.encoders])
    of_numbers = kinds[encoder.feature_columns(0)]
    names = np.array(encoder.columns, object)[encoder.feature_columns(0)]
    if np.count_nonzero(~of_numbers) > _MAX_LINEAR:
        x = np.concatenate([x[:, of_numbers], _projected(x[:, ~of_numbers], rng)], axis=1)
        names = np.concatenate([names[of_numbers], np.full(_MAX_LINEAR, "", object)])
    return np.asarray(x, np.float64), names


def _most_varied(target: Array) -> Array:
    """Return the outputs that vary most; the other classes of rows of one class as one more."""
    if target.shape[1] <= _MAX_OUTPUTS:
        return target
    order = np.argsort(-target.var(axis=0), kind="stable")
    most, others = target[:, order[:_MAX_OUTPUTS]], target[:, order[_MAX_OUTPUTS:]]
    if not _is_one_hot(target):
        return most
    return np.concatenate([most, others.sum(axis=1, keepdims=True)], axis=1)


def _is_one_hot(target: Array) -> bool:
    return target.shape[1] > 1 and bool((target.sum(axis=1) == 1).all())


def _projected(x: Array, rng: Rng) -> Array:
    """Return random sums of features."""
    directions = rng.normal(size=(x.shape[1], _MAX_LINEAR)) / np.sqrt(x.shape[1])
    return np.asarray(x @ directions.astype(x.dtype))


def _hidden_layer(x: Array, rng: Rng) -> Array:
    """Return a constant, the features and random units of them, (n_rows, n_features)."""
    scale = x.std(axis=0)
    x, scale = x[:, scale > 1e-9], scale[scale > 1e-9]
    x = np.clip((x - x.mean(axis=0)) / scale, -_MAX_DISTANCE, _MAX_DISTANCE)
    if x.shape[1] > _MAX_LINEAR:
        x = _projected(x, rng)
    n_units = min(_N_UNITS, len(x) // 4) // len(_UNIT_SCALES)
    layers = [np.ones((len(x), 1)), x]
    for size in _UNIT_SCALES:
        weights = rng.normal(size=(x.shape[1], n_units)) * size / np.sqrt(max(1, x.shape[1]))
        units = np.tanh(x @ weights + rng.normal(size=n_units) * max(1.0, size / 2))
        layers.append(units - units.mean(axis=0))
    return np.concatenate(layers, axis=1)


def _log_losses(output: Array, target: Array) -> Array:
    """Return the log loss of each row, given predictions that need not be probabilities."""
    if _is_one_hot(target):
        probability = np.clip(output, _MIN_PROBABILITY, 1)
        probability /= probability.sum(axis=-1, keepdims=True)
        return np.asarray(-(np.log(probability) * target).sum(axis=-1))
    probability = np.clip(output, _MIN_PROBABILITY, 1 - _MIN_PROBABILITY)
    right = np.where(target > 0, probability, 1 - probability)
    return np.asarray(-np.log(right).mean(axis=-1))
