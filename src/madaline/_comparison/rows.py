"""The rows of a comparison: folds that all methods share, and columns as numbers for the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self, final

import numpy as np

from madaline._data.column import is_missing
from madaline._data.encoders.table_encoder import TableEncoder
from madaline._data.kinds import KINDS
from madaline._data.kinds.kind import CATEGORY, DATETIME, MEDIA, TEXT
from madaline._data.schema import Schema
from madaline._data.splits.folds import FoldedRows, make_folds
from madaline._data.splits.stretches import RowTimes, blocks_of, make_stretches
from madaline._data.table import Table
from madaline._data.target import CLASSIFICATION, ClassEncoder
from madaline._fitting import Fitting
from madaline.errors import InputError
from madaline.nn.arrays import Array

_FOLD_STREAM = 2**32 - 4  # separates the random numbers of folds from those of models
_N_FOLDS, _N_FOLDS_OF_MANY, _MANY_ROWS = 5, 3, 20_000
_N_INNER, _N_INNER_STRETCHES = 3, 2  # folds of the training rows, to choose a hyperparameter
_NARROWING = 32  # by what the most terms of a text are divided: trees take long with many


@final
@dataclass(frozen=True, eq=False)
class Fold:
    """The rows that all methods learn from and predict, as methods beside madaline get them."""

    training: Array  # row numbers
    held_out: Array
    x_training: Array  # float64 (n_training, n_columns), categories as codes; NaN is missing
    x_held_out: Array
    is_category: Array  # (n_columns,)
    # pairs of row numbers of `x_training`, to choose a hyperparameter by
    inner: tuple[tuple[Array, Array], ...]


@final
@dataclass(frozen=True, eq=False)
class ComparedRows:
    """A table with its target and its folds."""

    table: Table  # as it was given
    target: Array  # (n_samples,): numbers, or classes as codes
    classes: Array | None  # the labels
    kinds: Mapping[str, str]
    groups: Array | None
    times: RowTimes | None  # where later rows are held out
    folds: FoldedRows
    schema: Schema
    read: Table  # as its schema reads it
    notes: tuple[str, ...]  # leaks, and rows that may be in the order of time
    seed: int

    @classmethod
    def of(
        cls,
        table: Table,
        target: Array,
        *,
        task: str | None,
        target_name: str,
        folds: int | None,
        groups: Array | None,
        time: Any,
        kinds: Mapping[str, str] | None,
        seed: int,
    ) -> Self:
        """Return the rows; whether folds are stretches of time is decided as a fit decides it."""
        fitting = Fitting(
            table,
            target,
            task=task,
            target_name=target_name,
            groups=groups,
            time=time,
            kinds=kinds,
            effort=1,
            seed=seed,
            n_jobs=1,
        )
        prepared = fitting.prepared
        media = [c.name for c in prepared.schema.columns if c.kept and KINDS[c.kind].holds == MEDIA]
        if media:
            raise InputError(
                f"{media[0]} is a {KINDS[prepared.schema[media[0]].kind].words[0]}, but"
                " methods are compared on numbers, categories, dates and texts: leave it out."
            )
        encoder, n_folds = prepared.target_encoder, folds or _default_folds(table.n_samples)
        classes = encoder.classes if isinstance(encoder, ClassEncoder) else None
        values = encoder.encode(target) if classes is not None else target.astype(np.float64)
        if prepared.times is None:
            rng = np.random.default_rng([seed, _FOLD_STREAM])
            numbers = make_folds(
                values, n_folds=n_folds, task=prepared.task, groups=groups, rng=rng
            )
            folded = FoldedRows.from_folds(numbers)
        else:
            stretches = make_stretches(prepared.times, n_stretches=n_folds, groups=groups)
            folded = FoldedRows.from_folds(stretches.numbers, stretches.training)
        notes = (*map(str, fitting.leaks), *filter(None, [fitting.advice]))
        return cls(
            table,
            values,
            classes,
            kinds or {},
            groups,
            prepared.times,
            folded,
            prepared.schema,
            prepared.data.table,
            notes,
            seed,
        )

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
        return blocks_of(self.times.values[self.held_out], self.folds.bounds)

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
        parts = [*self._columns(training, held_out), *self._encoded(training, held_out)]
        columns = [(before, after) for before, after, _ in parts]
        if not columns:
            raise InputError("No column holds more than one value among the training rows.")
        return Fold(
            training,
            held_out,
            np.concatenate([before for before, _ in columns], axis=1),
            np.concatenate([after for _, after in columns], axis=1),
            np.concatenate([np.full(part[0].shape[1], part[2]) for part in parts]),
            tuple(self._inner(training)),
        )

    def _columns(self, training: Array, held_out: Array) -> list[tuple[Array, Array, bool]]:
        """Return numbers as they are, and categories by their rank among training rows."""
        parts = []
        for column in self.schema.columns:
            if not column.kept or column.kind in (DATETIME, TEXT):
                continue
            of_category = column.kind == CATEGORY
            if of_category:
                values = self._ranks(column.name, training)
            else:
                values = KINDS[column.kind].numbers(column.name, self.read[column.name])
            values = np.where(np.isfinite(values), values, np.nan)[:, None]
            parts.append((values[training], values[held_out], of_category))
        return parts

    def _ranks(self, name: str, training: Array) -> Array:
        """Return the rank of each row's level, the most frequent first; NaN where it is unseen."""
        distinct = self.read.distinct(name)
        counts = np.bincount(distinct.codes[training], minlength=len(distinct.values))
        counts[is_missing(distinct.values)] = 0
        ranks = np.empty(len(counts))
        ranks[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
        ranks[counts == 0] = np.nan
        return np.asarray(ranks[distinct.codes])

    def _encoded(self, training: Array, held_out: Array) -> list[tuple[Array, Array, bool]]:
        """Return the features that networks get of dates and texts, of fewer terms."""
        columns = [c for c in self.schema.columns if c.kind in (DATETIME, TEXT)]
        if not columns:
            return []
        schema, learned = replace(self.schema, columns=tuple(columns)), self.read.take(training)
        try:
            encoder = TableEncoder.fit(learned, schema, n_bins=(0,), narrowing=_NARROWING)
        except InputError:  # all are constant among the training rows
            return []
        predicted = self.read.take(held_out)
        before, after = (encoder.encode(rows).features(0) for rows in (learned, predicted))
        return [(before.astype(np.float64), after.astype(np.float64), False)]

    def _inner(self, training: Array) -> list[tuple[Array, Array]]:
        """Return folds of the training rows, made as the folds are; one where there are many."""
        groups = None if self.groups is None else self.groups[training]
        rng = np.random.default_rng([self.seed, _FOLD_STREAM, len(training)])
        task = CLASSIFICATION if self.classes is not None else ""
        try:
            if self.times is None:
                numbers = make_folds(
                    self.target[training], n_folds=_N_INNER, task=task, groups=groups, rng=rng
                )
                folds = FoldedRows.from_folds(numbers)
            else:
                stretches = make_stretches(
                    self.times.take(training), n_stretches=_N_INNER_STRETCHES, groups=groups
                )
                folds = FoldedRows.from_folds(stretches.numbers, stretches.training)
        except InputError:  # few groups, or few times
            folds = FoldedRows.from_folds(rng.permutation(np.arange(len(training)) % _N_INNER))
        parts = range(folds.n_folds) if len(training) < _MANY_ROWS else [folds.n_folds - 1]
        return [(folds.order[folds.training(k)], folds.order[folds.held_out(k)]) for k in parts]


def _default_folds(n_samples: int) -> int:
    return _N_FOLDS if n_samples < _MANY_ROWS else _N_FOLDS_OF_MANY
