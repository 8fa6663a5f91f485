"""The rows that a model is updated with: new ones, checked, and those that it keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, final

import numpy as np

from madaline._base.language import _
from madaline._base.words import format_count, warn
from madaline._models.fitting.fit import left_out_columns
from madaline._models.fitting.prepared import Preparation
from madaline._models.fitting.training_data import EncodedTarget, Roles, TrainingData
from madaline._models.model import FittedModel
from madaline._models.model.kept_rows import KeptRows, as_learned, joined, joined_targets
from madaline._models.runtime.predictor import Predictor
from madaline._race.dataset import Dataset
from madaline._race.evaluation.objective import Objective
from madaline._race.evaluation.scores import class_index, label_text
from madaline._race.features import NetworkInputs, RowFeatures
from madaline._race.plan import Plan
from madaline._race.planning import batch_size_for
from madaline._race.time.anchors import NO_ANCHOR
from madaline._race.time.forward import ForwardScores
from madaline._race.time.hooks import TimeHooks
from madaline._race.time.lagged import offset_of
from madaline._race.time.past import Past
from madaline._race.time.stretches import ROW_ORDER, RowTimes, make_stretches
from madaline._tables.column import to_column
from madaline._tables.splits.folds import FoldedRows, GivenFolds, make_folds
from madaline._tables.table import Table
from madaline._tables.target import (
    CLASSIFICATION,
    ClassEncoder,
    CountEncoder,
    RegressionEncoder,
    TargetEncoder,
)
from madaline._tables.target.values import target_labels, target_numbers
from madaline.errors import EarlierRowsWarning, InputError
from madaline.nn.arrays import Array, Rng

_MIN_ROWS = 20
"""New rows from which candidates are compared, or two a network if that is more."""

_EPOCHS, _PATIENCE = 10, 3
"""Epochs of adjusting, at most, and epochs without improvement after which it ends."""

_DISTANCES = 2**32 - 5  # separates the random distances of rows from folds and kept rows

_SORTED_RUNS = (
    2  # runs of equal labels for each class, at most, where rows count as sorted by class
)

_N_STRETCHES = 3  # of the new rows, where they have times
_FIRST_SHARE = 1 / (_N_STRETCHES + 1)  # of the new rows, which are learned from before the first


@final
@dataclass(frozen=True, eq=False)
class NewRows:
    """Rows to update a model with; build it with `checked`."""

    data: TrainingData  # with columns that another fit could learn from, and labels of the model
    unknown: tuple[str, ...] = ()  # labels that are no class of the model, as text
    times: RowTimes | None = None  # when each was recorded, where the model and the rows know it
    past: Past | None = None  # with that of the new rows, where the model has lags

    @classmethod
    def checked(
        cls,
        model: FittedModel,
        table: Table,
        roles: Roles,
    ) -> NewRows:
        """Return the rows of positive weight, in the order of their times if they have some."""
        data, times = _in_time(TrainingData.checked(table, roles), model)
        data, past = _with_past(data, model)
        model.predictor.encode(data.table.take(slice(1)))  # refuses missing columns
        columns = as_learned(
            model.predictor.table(data.table),
            model.schema,
            dropped=left_out_columns(model.summary.request),
        )
        labels, unknown = read_as_known(model.predictor.target_encoder, data.target)
        return cls(replace(data, table=columns, target=labels), unknown, times, past)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.data.table.n_samples

    def folds(self, model: FittedModel, rng: Rng) -> Array:
        """Return the fold of each row: those of its networks do not learn from it.

        Folds are stretches of rows in their order: neighbors in time resemble one another, so that
        networks that had learned from a row's neighbors would seem better than they are on rows to
        come. Rows that are sorted by class or by size are dealt out at random instead. A model of
        one fold is evaluated on the last fifth of the rows.
        """
        n_folds = n_networks(model)
        numbers = np.arange(self.n_rows)
        if n_folds == 1:
            return np.where(numbers >= self.n_rows * 4 // 5, 0, -1)
        few = self.n_rows < 2 * n_folds  # too few to be compared by
        in_time = self.times is not None or not _is_sorted(self.data.target)
        if few or (self.data.groups is None and in_time):
            return np.asarray(numbers * n_folds // self.n_rows)
        task, groups = model.summary.task, self.data.groups
        codes = self.data.target
        if task == CLASSIFICATION:
            codes = np.unique([label_text(label) for label in codes.tolist()], return_inverse=True)[
                1
            ]
        return make_folds(codes, n_folds=n_folds, task=task, rng=rng, groups=groups)


def n_networks(model: FittedModel) -> int:
    """Return how many networks of each recipe a model predicts with."""
    return int(model.predictor.parts[0].theta.shape[1])


def is_too_few(n_rows: int, model: FittedModel) -> bool:
    """Return whether so few new rows cannot be compared by."""
    return n_rows < max(_MIN_ROWS, 2 * n_networks(model))


def _joint_times(times: RowTimes | None, kept: KeptRows, model: FittedModel) -> RowTimes | None:
    """Return the times of new and kept rows; kept ones without a time are no later than learned."""
    forward = model.summary.forward
    if times is None or forward is None:
        return None
    last = forward.stretches[-1].last
    of_kept = forward.times_of(model.schema.read(kept.table))
    if of_kept is None:
        of_kept = last - np.arange(kept.n_rows, dtype=np.float64)[::-1]
    of_kept = np.where(np.isnan(of_kept), last, of_kept)
    return replace(times, values=np.concatenate([times.values, of_kept]))


def _with_past(data: TrainingData, model: FittedModel) -> tuple[TrainingData, Past | None]:
    """Return rows with columns of their past, and the past that later rows have."""
    past = model.predictor.past
    if past is None:
        return data, None
    seed = [model.summary.request.seed, _DISTANCES, len(model.updates)]
    target = data.target if past.lags.classes else target_numbers(data.target)
    table = data.table.replaced({past.lags.target: to_column(past.lags.target, target)})
    table, past = past.go_on(table, np.random.default_rng(seed))
    return replace(data, table=table), past


def _in_time(data: TrainingData, model: FittedModel) -> tuple[TrainingData, RowTimes | None]:
    """Return rows in the order of their times, and these; None where the model knows no times.

    Rows of one time stay in their order. Rows that are no later than those learned from are told,
    and refused if there are no others.
    """
    forward = model.summary.forward
    if forward is None:
        return data, None
    last = forward.stretches[-1].last
    times = forward.times_of(model.schema.read(data.table))
    if forward.name == ROW_ORDER:  # they follow those learned from
        times = last + 1 + np.arange(data.table.n_samples, dtype=np.float64)
    if times is None:
        return data, None
    _check_later(forward, times)
    order = np.argsort(times, kind="stable")
    of_rows = RowTimes(
        forward.name,
        times[order],
        forward.of_dates,
        forward.gap,
        forward.horizon,
        forward.ahead or forward.length,
    )
    return data.take(order), of_rows


def _check_later(forward: ForwardScores, times: Array) -> None:
    """Warn of rows that are no later than those learned from; refuse these alone."""
    last = forward.stretches[-1].last
    n_earlier = int((times <= last).sum())
    if n_earlier == len(times):
        raise InputError(
            "All new rows are no later than the last row learned ({moment} by {name}): give later rows, or fit again on all rows.",
            moment=forward.moment(last),
            name=forward.name,
        )
    if n_earlier:
        warn(
            _(
                "{n_earlier:,} of {new_rows} are no later than the last row learned ({moment} by {name}): if the model learned from them before, leave them out."
            ).format(
                n_earlier=n_earlier,
                new_rows=format_count(len(times), "new row"),
                moment=forward.moment(last),
                name=forward.name,
            ),
            EarlierRowsWarning,
        )


def read_as_known(encoder: TargetEncoder, target: Array) -> tuple[Array, tuple[str, ...]]:
    """Return a target with labels as the model has them, and those that it does not have.

    >>> read_as_known(ClassEncoder(np.array([0, 1])), np.array(["1", "0", "2"]))
    (array([1, 0, '2'], dtype=object), ('2',))
    """
    if not isinstance(encoder, ClassEncoder):
        numbers = target_numbers(target)
        if isinstance(encoder, CountEncoder) and numbers.min() < 0:
            raise InputError(
                "The model predicts amounts of 0 or more, but y holds {min:g}: correct it.",
                min=numbers.min(),
            )
        return numbers, ()
    labels = target_labels(target)
    index = class_index(encoder.classes, labels)
    if (index >= 0).all():
        return encoder.classes[index], ()
    classes, whole = encoder.classes.tolist(), encoder.classes.dtype.kind in "iu"
    read = [
        classes[number] if number >= 0 else _new_label(label, whole=whole)
        for number, label in zip(index.tolist(), labels.tolist(), strict=True)
    ]
    unknown = dict.fromkeys(map(label_text, labels[index < 0].tolist()))
    return np.fromiter(read, object, len(read)), tuple(unknown)


def _new_label(label: Any, *, whole: bool) -> Any:
    """Return a label; a whole number as such where those of the model are."""
    return int(label) if whole and isinstance(label, float) and label == int(label) else label


def _is_sorted(target: Array) -> bool:
    """Return whether rows are sorted by their numbers, or have the rows of each class together."""
    if target.dtype.kind == "f":
        steps = np.diff(target)
        return bool((steps >= 0).all() or (steps <= 0).all())
    labels = target.tolist()
    n_runs = 1 + sum(label != following for label, following in pairwise(labels))
    return bool(n_runs <= _SORTED_RUNS * len(set(labels)))


@final
@dataclass(frozen=True, eq=False)
class JointRows:
    """New rows and, behind them, kept ones; build it with `of`."""

    table: Table  # the columns that both have
    target: Array  # (n_rows,): labels or numbers
    # (n_rows,): kept rows have together at most the weight of the new ones, so that what changed
    # counts
    weight: Array
    folds: Array  # (n_rows,): the fold whose networks do not learn from the row; -1: all may
    n_new: int
    groups: Array | None = None  # (n_new,): groups of the new rows
    times: RowTimes | None = None  # of all rows, where the model and the new rows know them
    # the latest new rows in stretches, whose networks learn from the rows before them
    stretches: GivenFolds | None = None

    @classmethod
    def of(cls, new: NewRows, model: FittedModel, rng: Rng) -> JointRows:
        """Return the new rows and those that the model keeps, each with its fold."""
        data, kept, folds = new.data, model.kept_rows, new.folds(model, rng)
        weight = np.ones(new.n_rows) if data.weight is None else data.weight / data.weight.mean()
        joint = cls(data.table, data.target, weight, folds, new.n_rows, data.groups, new.times)
        if kept is not None:
            of_kept = np.full(kept.n_rows, min(1.0, new.n_rows / kept.n_rows))
            joint = replace(
                joint,
                table=joined(data.table, kept.table),
                target=joined_targets(data.target, kept.target),
                weight=np.concatenate([weight, of_kept]),
                folds=np.concatenate([folds, kept.folds]),
                times=_joint_times(new.times, kept, model),
            )
        return joint if joint.times is None else joint._in_stretches(model)

    def _in_stretches(self, model: FittedModel) -> JointRows:
        """Return the rows with stretches of time for folds; as they are where there are too few."""
        if self.times is None or is_too_few(self.n_new, model):
            return self
        groups = None
        if self.groups is not None:
            groups = np.full(self.n_rows, -1)  # those of kept rows are not known
            groups[: self.n_new] = np.unique(self.groups, return_inverse=True)[1]
        n_new, n_rows = (
            len(times.present) for times in (self.times.take(slice(self.n_new)), self.times)
        )
        try:
            stretches = make_stretches(
                self.times,
                n_stretches=_N_STRETCHES,
                groups=groups,
                never_held_out=1 - (1 - _FIRST_SHARE) * n_new / max(1, n_rows),
            )
            folds = np.where(np.arange(self.n_rows) < self.n_new, stretches.numbers, -1)
            stretches = GivenFolds(folds, stretches.training, n_networks(model)).numbered()
        except InputError:  # all of one time, or no longer than the gap
            return self
        if stretches.n_folds < 2:
            return self
        return replace(self, folds=stretches.numbers, stretches=stretches)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.target)

    @property
    def n_folds(self) -> int:
        """Number of folds."""
        return int(self.folds.max()) + 1

    @property
    def given_folds(self) -> GivenFolds:
        """The folds for new networks, which are evaluated on kept rows, too, if some may be."""
        return self.stretches or GivenFolds(self.folds)

    @cached_property
    def rows(self) -> FoldedRows:
        """The rows by fold: new ones are evaluated, kept ones only learned from."""
        if self.stretches is not None:
            folds = self.stretches
            return FoldedRows.from_folds(folds.numbers, folds.training, folds.n_final)
        is_new = np.arange(self.n_rows) < self.n_new
        training = np.stack([self.folds != fold for fold in range(self.n_folds)])
        return FoldedRows.from_folds(np.where(is_new, self.folds, -1), training)

    @property
    def group_numbers(self) -> Array | None:
        """The group of each row, fold after fold: each kept row is one of its own.

        Without groups, rows of a stretch that are near one another in time are of one.
        """
        if self.groups is None and self.stretches is not None and self.times is not None:
            return self.times.take(self.rows.order).blocks(self.rows.bounds)
        if self.groups is None:
            return None
        numbers = np.unique(self.groups, return_inverse=True)[1]
        of_kept = np.arange(self.n_rows - self.n_new) + len(self.groups)
        return np.concatenate([numbers, of_kept])[self.rows.order]

    @property
    def is_weighted(self) -> bool:
        """Whether rows differ in weight."""
        return bool(np.any(self.weight != self.weight[0]))


def prepare_update(
    model: FittedModel, rows: JointRows, new: NewRows, objective: Objective
) -> Preparation:
    """Return all that the networks of a model need to go on, with its own encoders."""
    predictor, folded = model.predictor, rows.rows
    encoder = _widened(predictor.target_encoder, rows.target)
    weight = rows.weight if rows.is_weighted else None
    learned = rows.target
    if predictor.past is not None and predictor.past.lags.anchor.kind != NO_ANCHOR:
        learned = predictor.past.lags.differences(learned, rows.table)
    goal = EncodedTarget.of(encoder, objective, learned, weight)
    steps = None if predictor.past is None else predictor.past.steps_ahead(rows.table)
    numbers = np.concatenate([new.data.row_numbers, np.full(rows.n_rows - rows.n_new, -1)])
    return Preparation(
        TrainingData(rows.table, rows.target, weight, None, None, numbers),
        objective,
        model.summary.task,
        "as before",
        model.schema,
        encoder,
        (),
        predictor.encoder,
        _plan(rows),
        folded,
        _dataset(predictor, rows, goal, objective),
        _ordered(weight, folded.order),
        1,
        None,
        TimeHooks(None if rows.stretches is None else rows.times, steps=steps),
    )


def _plan(rows: JointRows) -> Plan:
    """Return for how long networks go on."""
    return Plan(
        (),
        n_folds=rows.rows.n_folds,
        batch_size=min(batch_size_for(rows.n_rows), rows.rows.n_training),
        epochs=_EPOCHS,
        patience=_PATIENCE,
        tolerance=0.0,
    )


def _dataset(
    predictor: Predictor, rows: JointRows, goal: EncodedTarget, objective: Objective
) -> Dataset:
    order, weight = rows.rows.order, rows.weight if rows.is_weighted else None
    table, past = rows.table.take(order), predictor.past
    encoded, columns = predictor.encode(table), predictor.encoder.columns
    offset = None
    if past is not None and encoded.anchors is not None:
        offset = offset_of(goal.encoder, past, table, columns)
    used = sorted({part.n_bins for part in predictor.parts})
    metric = objective.make_metric(
        goal.encoder,
        rows.target[order],
        _ordered(weight, order),
        n_evaluated=rows.rows.n_evaluated,
    )
    return Dataset(
        rows.rows,
        RowFeatures.of(encoded, used),
        NetworkInputs.of(predictor.encoder, used),
        goal.matrix[order],
        predictor.loss,
        _ordered(goal.weight, order),
        rows.group_numbers,
        metric,
        offset,
    )


def _widened(encoder: TargetEncoder, target: Array) -> TargetEncoder:
    """Return the target encoder with a range that holds the new numbers, too."""
    if not isinstance(encoder, RegressionEncoder | CountEncoder):
        return encoder
    low, high = min(encoder.low, float(target.min())), max(encoder.high, float(target.max()))
    return replace(encoder, low=low, high=high)


def _ordered(weight: Array | None, order: Array) -> Array | None:
    return None if weight is None else np.asarray(weight[order] / weight.mean(), np.float32)
