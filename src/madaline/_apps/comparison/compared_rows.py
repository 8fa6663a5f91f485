"""The rows of a comparison: folds that all methods share, and columns as numbers for the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self, final

import numpy as np

from madaline._models.fitting import Fitting
from madaline._models.fitting.means import Means
from madaline._models.fitting.prepared import Preparation
from madaline._models.fitting.training_data import Roles
from madaline._models.request import FitRequest
from madaline._race.evaluation.leakage import join_leaks
from madaline._race.evaluation.objective import LOG_LOSS, LOSSES
from madaline._race.evaluation.score import written_of
from madaline._race.time.stretches import RowTimes, make_stretches
from madaline._tables.column import as_texts, is_missing
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.formats.number_format import NumberFormat
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import CATEGORY, DATETIME, MEDIA, TEXT
from madaline._tables.schema import Schema
from madaline._tables.splits.folds import FoldedRows, make_folds
from madaline._tables.table import Table
from madaline._tables.target import CLASSIFICATION, ClassEncoder
from madaline.errors import InputError
from madaline.nn.arrays import Array, Rng

_FOLD_STREAM = 2**32 - 4  # separates the random numbers of folds from those of models
_N_FOLDS, _N_FOLDS_OF_MANY, _MANY_ROWS = 5, 3, 20_000
_N_INNER, _N_INNER_STRETCHES = 3, 2  # folds of the training rows, to choose a hyperparameter
_MANY_TRAINING_ROWS = 2000  # of which one inner fold is enough
_NARROWING = 32  # by what the most terms of a text are divided: trees take long with many
_METRICS = {
    "log_loss": ("log_loss", "accuracy"),
    "squared": ("rmse", "r2"),
    "absolute": ("mean_absolute_error", "d2_absolute_error_score"),
    "quantile": ("mean_pinball_loss", "d2_pinball_score"),
    "poisson": ("mean_poisson_deviance", "d2_tweedie_score"),
}
MAX_ROWS = 20_000
"""Rows that are compared by default, drawn from a larger table."""


@final
@dataclass(frozen=True, eq=False)
class ComparedColumns:
    """Some rows as methods beside madaline get them."""

    x: Array  # float64 (n_rows, n_columns), categories as codes; NaN is missing
    texts: Array  # object (n_rows, n_texts), an empty text is missing

    def take(self, rows: Array) -> ComparedColumns:
        """Return some rows."""
        return ComparedColumns(self.x[rows], self.texts[rows])


@final
@dataclass(frozen=True, eq=False)
class Fold:
    """The rows that all methods learn from and predict."""

    training: Array  # row numbers
    held_out: Array
    learned: ComparedColumns  # of the training rows
    predicted: ComparedColumns  # of those held out
    is_category: Array  # (n_columns,)
    is_term: Array  # (n_columns,), of features of texts
    # pairs of row numbers of `learned`, to choose a hyperparameter by
    inner: tuple[tuple[Array, Array], ...]


@final
@dataclass(frozen=True, eq=False)
class ComparedRows:
    """A table with its target and its folds."""

    table: Table  # as it was given, or the rows that were drawn from it
    n_given: int  # rows of the given table whose weight is not zero
    target: Array  # (n_samples,): numbers, or classes as codes
    classes: Array | None  # the labels
    request: FitRequest
    weight: Array | None
    groups: Array | None
    times: RowTimes | None  # where later rows are held out
    folds: FoldedRows
    schema: Schema
    read: Table  # as its schema reads it
    notes: tuple[str, ...]  # leaks, and rows that may be in the order of time

    @classmethod
    def of(
        cls, table: Table, roles: Roles, request: FitRequest, max_rows: int | None = MAX_ROWS
    ) -> Self:
        """Return the rows; whether folds are stretches of time is decided as a fit decides it."""
        if len(request.objective.levels) > 1:
            raise InputError("Methods are compared on one quantile: give one level.")
        drawn = _drawn(roles, max_rows, request.seed)
        weight = roles.weight
        n_given = table.n_samples if weight is None else int(np.count_nonzero(weight))
        if len(drawn) < table.n_samples:
            table = table.take(drawn)
            roles = roles.take(drawn)
        short = replace(request, effort=1, folds=None)
        fitting = Fitting(short, table, roles, Means(n_jobs=1)).prepare()
        prepared = fitting.prepared
        _check_kinds(prepared.schema)
        encoder, target = prepared.target_encoder, roles.target
        classes = encoder.classes if isinstance(encoder, ClassEncoder) else None
        values = encoder.encode(target) if classes is not None else target.astype(np.float64)
        return cls(
            table,
            n_given,
            values,
            classes,
            request,
            roles.weight,
            roles.groups,
            prepared.time.times,
            _folds_of(prepared, values, request, roles.groups),
            fitting.schema,
            prepared.data.table,
            (*map(str, join_leaks(fitting.leaks)), *filter(None, [fitting.advice])),
        )

    @property
    def written(self) -> NumberFormat:
        """How losses are written: in the target's unit, as far as they have that."""
        return written_of(self.metrics[0], self.schema.target)

    @property
    def loss(self) -> str:
        """What all methods minimize: "log_loss" of classes; of numbers see `LOSSES`."""
        if self.classes is not None:
            return LOG_LOSS
        loss = self.request.objective.loss or LOSSES[0]
        return "quantile" if loss == "absolute" else loss  # the median has the lowest

    @property
    def metrics(self) -> tuple[str, str]:
        """What is shown of losses and scores, as scikit-learn calls them."""
        return _METRICS[
            LOG_LOSS if self.classes is not None else self.request.objective.loss or LOSSES[0]
        ]

    @property
    def n_cells(self) -> int:
        """How large the table is."""
        return self.table.n_samples * len(self.table.names)

    @property
    def held_out(self) -> Array:
        """The rows that are predicted, fold after fold."""
        return self.folds.order[: self.folds.n_evaluated]

    @cached_property
    def blocks(self) -> Array | None:
        """The block of each row that is predicted: rows of a group, or of half a stretch of time.

        None if rows are independent of one another.
        """
        if self.groups is not None:
            return np.unique(self.groups[self.held_out], return_inverse=True)[1]
        if self.times is None:
            return None
        return self.times.take(self.held_out).blocks(self.folds.bounds)

    @cached_property
    def all_folds(self) -> tuple[Fold, ...]:
        """The folds, prepared once for all methods."""
        return tuple(map(self._fold, range(self.folds.n_folds)))

    def rows_of(self, fold: int) -> tuple[Array, Array]:
        """Return the numbers of the rows learned from, in their order, and of those predicted."""
        order = self.folds.order
        return np.sort(order[self.folds.training(fold)]), order[self.folds.held_out(fold)]

    def _fold(self, fold: int) -> Fold:
        training, held_out = self.rows_of(fold)
        parts = [*self._columns(training), *self._encoded(training)]
        if not parts:
            raise InputError("No column holds more than one value among the training rows.")
        kinds = np.concatenate([np.repeat(kind, values.shape[1]) for values, kind in parts])
        texts = [self.read[c.name] for c in self.schema.columns if c.kind == TEXT]
        columns = ComparedColumns(
            np.concatenate([values for values, _ in parts], axis=1),
            np.array([np.where(is_missing(text), "", text) for text in texts], object).T.reshape(
                self.table.n_samples, len(texts)
            ),
        )
        return Fold(
            training,
            held_out,
            columns.take(training),
            columns.take(held_out),
            kinds == CATEGORY,
            kinds == TEXT,
            tuple(self._inner(training)),
        )

    def _columns(self, training: Array) -> Iterator[tuple[Array, str]]:
        """Yield numbers as they are, and categories by their rank among training rows."""
        for column in self.schema.columns:
            if not column.kept or column.kind in (DATETIME, TEXT):
                continue
            if column.kind == CATEGORY:
                values = self._ranks(column.name, training)
            else:
                values = KINDS[column.kind].numbers(column.name, self.read[column.name])
            yield np.where(np.isfinite(values), values, np.nan)[:, None], column.kind

    def _ranks(self, name: str, training: Array) -> Array:
        """Return the rank of each row's level, the most frequent first; NaN where it is unseen."""
        distinct = self.read.distinct(name)
        counts = np.bincount(distinct.codes[training], minlength=len(distinct.values))
        counts[is_missing(distinct.values)] = 0
        ranks = np.empty(len(counts))
        ranks[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
        ranks[counts == 0] = np.nan
        return np.asarray(ranks[distinct.codes])

    def _encoded(self, training: Array) -> Iterator[tuple[Array, str]]:
        """Yield the features that networks get of dates and texts, of fewer terms."""
        for kind in (DATETIME, TEXT):
            columns = tuple(c for c in self.schema.columns if c.kind == kind)
            learned, schema = self.read.take(training), replace(self.schema, columns=columns)
            try:
                encoder = TableEncoder.fit(learned, schema, n_bins=(0,), narrowing=_NARROWING)
            except InputError:  # there are none, or all are constant among the training rows
                continue
            yield encoder.encode(self.read).features(0).astype(np.float64), kind

    def _inner(self, training: Array) -> list[tuple[Array, Array]]:
        """Return folds of the training rows, made as the folds are; one where there are many."""
        groups = _at(self.groups, training)
        rng = np.random.default_rng([self.request.seed, _FOLD_STREAM, len(training)])
        task = CLASSIFICATION if self.classes is not None else ""
        try:
            if self.times is None:
                folds = _at_random(self.target[training], _N_INNER, task, groups, rng)
            else:
                folds = _in_time(self.times.take(training), _N_INNER_STRETCHES, groups)
        except InputError:  # few groups, or few times
            folds = FoldedRows.from_folds(rng.permutation(np.arange(len(training)) % _N_INNER))
        parts = range(folds.n_folds) if len(training) < _MANY_TRAINING_ROWS else [folds.n_folds - 1]
        return [(folds.order[folds.training(k)], folds.order[folds.held_out(k)]) for k in parts]


def _check_kinds(schema: Schema) -> None:
    """Refuse images, sequences and sounds."""
    media = [c for c in schema.columns if c.kept and KINDS[c.kind].holds == MEDIA]
    if media:
        raise InputError(
            "{name} is a {words}, but methods are compared on numbers, categories, dates and texts: leave it out.",
            name=media[0].name,
            words=KINDS[media[0].kind].words[0],
        )


def _folds_of(
    prepared: Preparation, target: Array, request: FitRequest, groups: Array | None
) -> FoldedRows:
    """Return the folds that all methods share: stretches of time, where a fit would use them."""
    n_folds = request.folds
    if n_folds is None:
        n_folds = _N_FOLDS if len(target) < _MANY_ROWS else _N_FOLDS_OF_MANY
    times = prepared.time.times
    if times is not None:
        return _in_time(times, n_folds, groups)
    rng = np.random.default_rng([request.seed, _FOLD_STREAM])
    return _at_random(target, n_folds, prepared.task, groups, rng)


def _drawn(roles: Roles, max_rows: int | None, seed: int) -> Array:
    """Return the rows that count, in their order; of too many one in each of as many parts.

    The parts have as many rows each, of the same group and the same class, or of targets of about
    the same size, in the order of the table: so all of these keep their shares.
    """
    target, groups = roles.target, roles.groups
    rows = np.arange(len(target)) if roles.weight is None else np.flatnonzero(roles.weight)
    if max_rows is None or len(rows) <= max_rows:
        return rows
    keys = [target] if groups is None else [target, groups]
    keys = [
        np.unique(as_texts(key), return_inverse=True)[1] if key.dtype == object else key
        for key in keys
    ]
    order = rows[np.lexsort([key[rows] for key in keys])]
    rng = np.random.default_rng([seed, _FOLD_STREAM, max_rows])
    edges = np.linspace(0, len(rows), max_rows + 1)
    return np.sort(order[(edges[:-1] + rng.random(max_rows) * np.diff(edges)).astype(np.intp)])


def _at(values: Array | None, rows: Array) -> Array | None:
    return None if values is None else values[rows]


def _at_random(
    target: Array, n_folds: int, task: str, groups: Array | None, rng: Rng
) -> FoldedRows:
    folds = make_folds(target, n_folds=n_folds, task=task, groups=groups, rng=rng)
    return FoldedRows.from_folds(folds)


def _in_time(times: RowTimes, n_stretches: int, groups: Array | None) -> FoldedRows:
    stretches = make_stretches(times, n_stretches=n_stretches, groups=groups)
    return FoldedRows.from_folds(stretches.numbers, stretches.training)
