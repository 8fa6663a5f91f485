"""The rows that a fit learns from, and their target as networks and folds see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self, final

import numpy as np

from madaline._base.language import _
from madaline._models.fitting.arguments import check_lengths, check_weight
from madaline._models.fitting.sampling import SampledRows
from madaline._models.request import FitRequest
from madaline._race.evaluation.objective import Objective
from madaline._race.time.stretches import RowTimes
from madaline._race.time.time_request import TimeRequest
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline._tables.splits.folds import GivenFolds
from madaline._tables.table import Table
from madaline._tables.target import ClassEncoder, TargetEncoder
from madaline.errors import InputError
from madaline.nn.arrays import Array


@final
@dataclass(frozen=True, eq=False)
class Roles:
    """What is learned, and what rows are, beside the columns to learn from."""

    target: Array  # (n_samples,) or (n_samples, n_targets): labels or numbers
    weight: Array | None = None  # (n_samples,): weight of each row
    groups: Array | None = None  # (n_samples,): rows of one are never on both sides of a fold
    times: Array | RowTimes | None = None  # (n_samples,): when each row was recorded
    folds: GivenFolds | None = None  # the evaluated rows of each fold
    names: str | Sequence[str] = "target"  # of each target
    classes: Array | None = None  # (n_classes,): where the target is a matrix of probabilities
    written: NumberFormat | None = None  # how the numbers of the target were written in a file
    drawn_from: SampledRows | None = None  # all rows to learn from, of which these were drawn

    def take(self, rows: Array) -> Roles:
        """Return the roles of some of the rows."""
        times = self.times
        return replace(
            self,
            target=self.target[rows],
            weight=None if self.weight is None else self.weight[rows],
            groups=None if self.groups is None else self.groups[rows],
            times=times[rows] if isinstance(times, np.ndarray) else times,
            folds=None if self.folds is None else self.folds.take(rows),
        )

    @property
    def given(self) -> tuple[str, ...]:
        """Names of the arguments given beside the table and the target."""
        times = self.times if isinstance(self.times, np.ndarray) else None
        extra = {
            "sample_weight": self.weight,
            "groups": self.groups,
            "folds": self.folds,
            "time": times,
        }
        return tuple(name for name, value in extra.items() if value is not None)


@final
@dataclass(frozen=True, eq=False)
class TrainingData:
    """The rows to learn from."""

    table: Table  # the columns to learn from
    target: Array  # (n_samples,) or (n_samples, n_targets): labels or numbers
    weight: Array | None  # (n_samples,): weight of each row
    groups: Array | None  # (n_samples,): rows of one group are never on both sides of a fold
    folds: int | GivenFolds | None  # number of folds, or the evaluated rows of each fold
    row_numbers: Array  # (n_samples,): number of each row in the user's table, from 0
    target_names: tuple[str, ...] = ("target",)  # name of each target
    # (n_samples,): when each row was recorded, or what the user tells of that
    time: str | bool | Array | RowTimes | None = None
    asked: TimeRequest = field(default_factory=TimeRequest)  # of their time
    classes: Array | None = None  # (n_classes,): where the target is a matrix of probabilities
    drawn_from: SampledRows | None = None  # all rows to learn from, of which these were drawn
    written: NumberFormat = PLAIN  # how the numbers of the target are, in their unit

    @classmethod
    def checked(cls, table: Table, roles: Roles, request: FitRequest | None = None) -> TrainingData:
        """Return the rows of positive weight."""
        request = request or FitRequest()
        fold_numbers = None if roles.folds is None else roles.folds.numbers
        weight, asked = roles.weight, request.time
        check_lengths(table.n_samples, roles.target, weight, roles.groups, fold_numbers)
        check_weight(weight)
        if roles.classes is not None and (asked.lags or asked.past):
            raise InputError(
                "lags are given, but the target holds probabilities of classes: lags are of labels"
                " or numbers; leave one of both out."
            )
        data = cls(
            table,
            roles.target,
            weight,
            roles.groups,
            request.folds if roles.folds is None else roles.folds,
            np.arange(table.n_samples),
            _target_names(roles),
            asked.column if roles.times is None else roles.times,
            asked,
            roles.classes,
            roles.drawn_from,
            roles.written or PLAIN,
        )
        return data if weight is None or np.all(weight > 0) else data.take(np.flatnonzero(weight))

    def take(self, rows: Array) -> TrainingData:
        """Return some of the rows."""
        folds, time = self.folds, self.time
        return replace(
            self,
            table=self.table.take(rows),
            target=self.target[rows],
            weight=None if self.weight is None else self.weight[rows],
            groups=None if self.groups is None else self.groups[rows],
            folds=folds.take(rows) if isinstance(folds, GivenFolds) else folds,
            row_numbers=self.row_numbers[rows],
            time=time[rows] if isinstance(time, np.ndarray) else time,
        )


def _target_names(roles: Roles) -> tuple[str, ...]:
    """Return the name of each target; `InputError` unless there are as many, all different."""
    one = roles.target.ndim == 1 or roles.classes is not None
    n_targets = 1 if one else roles.target.shape[1]
    names = (roles.names,) if isinstance(roles.names, str) else tuple(roles.names)
    if len(names) != n_targets or len(set(names)) < n_targets:
        raise InputError(
            "The target has {n_targets} columns, but its names are {names}: give each column a name of its own.",
            n_targets=n_targets,
            names=_(", ").join(names),
        )
    return names


@final
@dataclass(frozen=True, eq=False)
class EncodedTarget:
    """A target as networks and folds see it."""

    encoder: TargetEncoder  # encodes the target, and decodes predictions
    codes: Array  # (n_samples,) or (n_samples, n_targets): classes as numbers, or numbers
    matrix: Array  # (n_samples, n_outputs): what the outputs should be
    weight: Array | None  # (n_samples,): the given one, times that of the class
    of_quantiles: bool  # whether all outputs are of the same number
    of_probabilities: bool = False  # whether rows have distributions, of which codes are drawn

    @classmethod
    def of(
        cls, encoder: TargetEncoder, objective: Objective, target: Array, weight: Array | None
    ) -> Self:
        """Return labels or numbers, encoded, and the weight of each row in training."""
        codes, matrix = encoder.encode(target), encoder.matrix(target)
        of_quantiles = codes.ndim > target.ndim
        if isinstance(encoder, ClassEncoder) and target.ndim == 2:
            target, weight = objective.weigh_probabilities(encoder.classes, target, weight)
            return cls(encoder, codes, encoder.matrix(target), weight, False, True)
        if of_quantiles:  # the target is the same for all of them
            codes = codes[:, 0]
        if isinstance(encoder, ClassEncoder):
            weight = objective.row_weight(encoder.classes, codes, weight)
        return cls(encoder, codes, matrix, weight, of_quantiles)

    @property
    def drawn(self) -> Array:
        """What the outputs should be where each row has one class, drawn with its probabilities."""
        if not self.of_probabilities or not isinstance(self.encoder, ClassEncoder):
            return self.matrix
        return self.encoder.matrix(self.encoder.classes[self.codes])

    @property
    def n_rare(self) -> int | None:
        """Rows of the class with fewer, if there are two classes and rows count alike."""
        two = isinstance(self.encoder, ClassEncoder) and len(self.encoder.classes) == 2
        alike = self.weight is None and not self.of_probabilities
        return int(np.bincount(self.codes).min()) if two and alike else None
