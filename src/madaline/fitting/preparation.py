"""Preparation: from a table and a target to examples, folds and a plan, which a race can run on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from madaline.data.encoders.fold_features import FoldFeatures
from madaline.data.encoders.table_encoder import TableEncoder
from madaline.data.schema import Schema
from madaline.data.splits.folded_rows import FoldedRows
from madaline.data.splits.folds import make_folds
from madaline.data.splits.given_folds import GivenFolds
from madaline.data.target import ClassEncoder, TargetEncoder, infer_task
from madaline.evaluation.leakage import Leak, find_leaks
from madaline.evaluation.objective import Objective
from madaline.fitting.arguments import count_folds
from madaline.fitting.training_data import TrainingData
from madaline.nn.arrays import Array
from madaline.race.dataset import Examples
from madaline.race.plan import Plan
from madaline.race.planning.make_plan import make_plan

BINS = (0, 16, 64)
"""Encodings that race: numbers as they are, and beside 16 or 64 piecewise-linear bins."""

FOLD_STREAM = 2**32 - 2
"""Tells the random numbers of folds from those of networks and batches."""


@dataclass(frozen=True, eq=False)
class Preparation:
    """All that a race needs, and what was understood on the way (final).

    Parameters
    ----------
    data : TrainingData
        The rows to learn from.
    objective : Objective
        What is to be made small.
    task, task_reason : str
        What is to be learned, and how that is known.
    schema : Schema
        What each column was taken for.
    target_encoder : TargetEncoder
        Turns the target into numbers, and back.
    leaks : tuple of Leak
        Columns that all but give the target away.
    encoder : TableEncoder
        Turns columns into features.
    plan : Plan
        What is to race, and for how long.
    rows : FoldedRows
        Which rows each fold is judged on and learns from.
    examples : Examples
        The encoded rows, fold after fold.
    own_weight : ndarray of shape (n_samples,) or None
        The given weight of each row, 1 in the mean, fold after fold.
    """

    data: TrainingData
    objective: Objective
    task: str
    task_reason: str
    schema: Schema
    target_encoder: TargetEncoder
    leaks: tuple[Leak, ...]
    encoder: TableEncoder
    plan: Plan
    rows: FoldedRows
    examples: Examples
    own_weight: Array | None


def prepare(
    data: TrainingData,
    objective: Objective,
    *,
    task: str | None,
    kinds: Mapping[str, str] | None,
    effort: int,
    seed: int,
    adjust: Callable[[Plan], Plan] | None,
) -> Preparation:
    """Understand a table and make everything ready for the race.

    Parameters
    ----------
    data : TrainingData
        The rows to learn from.
    objective : Objective
        What is to be made small.
    task, kinds, effort, seed, adjust
        As in `Fitting`.

    Raises
    ------
    InputError
        If there is nothing that could be learned, with the reason and the remedy.
    """
    schema = Schema.infer(data.table, kinds)
    told = task or objective.task
    task, task_reason = (told, "as told") if told else infer_task(data.target)
    objective.check_task(task)
    target_encoder = objective.fit_target_encoder(task, data.target, data.weight)
    leaks = _leaks(data, schema, target_encoder)
    weight = _training_weight(data, objective, target_encoder)
    encoder = TableEncoder.fit(
        data.table,
        schema,
        n_bins=BINS,
        sample_weight=weight,
        target=_target_matrix(target_encoder, data.target),
    )
    plan = _plan(data, target_encoder, encoder, effort)
    plan = adjust(plan) if adjust else plan
    rows = _fold(data, target_encoder, plan, task, seed)
    # Large groups may leave a network fewer rows than the plan counted on.
    plan = replace(plan, batch_size=min(plan.batch_size, rows.n_training))
    rows = replace(rows, passes=plan.passes)
    own_weight = _unit_mean(data.weight, rows.order)
    examples = _examples(data, objective, target_encoder, encoder, plan, rows, weight)
    return Preparation(
        data,
        objective,
        task,
        task_reason,
        schema,
        target_encoder,
        leaks,
        encoder,
        plan,
        rows,
        examples,
        own_weight,
    )


def _leaks(data: TrainingData, schema: Schema, target_encoder: TargetEncoder) -> tuple[Leak, ...]:
    return find_leaks(
        data.table,
        schema.single,
        target_encoder.encode(data.target),
        classes=isinstance(target_encoder, ClassEncoder),
        groups=data.groups,
    )


def _training_weight(
    data: TrainingData, objective: Objective, target_encoder: TargetEncoder
) -> Array | None:
    """Return how much each row counts in training: its own weight times that of its class."""
    if not isinstance(target_encoder, ClassEncoder):
        return data.weight
    return objective.row_weight(
        target_encoder.classes, target_encoder.encode(data.target), data.weight
    )


def _plan(
    data: TrainingData, target_encoder: TargetEncoder, encoder: TableEncoder, effort: int
) -> Plan:
    return make_plan(
        data.table.n_samples,
        {n_bins: encoder.n_features(n_bins) for n_bins in BINS},
        epochs=effort,
        n_groups=None if data.groups is None else len(np.unique(data.groups)),
        n_folds=count_folds(data.folds),
        grids=tuple(encoder.grids.values()),
        beside=len(encoder.columns) > 1,
        only_texts=encoder.only_texts,
        n_outputs=_target_matrix(target_encoder, data.target[:1]).shape[1],
    )


def _fold(
    data: TrainingData, target_encoder: TargetEncoder, plan: Plan, task: str, seed: int
) -> FoldedRows:
    if isinstance(data.folds, GivenFolds):
        if data.groups is not None:
            data.folds.check_groups(data.groups)
        return FoldedRows.from_folds(data.folds.numbers, data.folds.training)
    made = make_folds(
        target_encoder.encode(data.target),
        n_folds=plan.n_folds,
        task=task,
        groups=data.groups,
        rng=np.random.default_rng([seed, FOLD_STREAM]),
    )
    return FoldedRows.from_folds(made)


def _examples(
    data: TrainingData,
    objective: Objective,
    target_encoder: TargetEncoder,
    encoder: TableEncoder,
    plan: Plan,
    rows: FoldedRows,
    weight: Array | None,
) -> Examples:
    order, groups = rows.order, data.groups
    matrix = _target_matrix(target_encoder, data.target)[order]
    places = None if groups is None else np.unique(groups[order], return_inverse=True)[1]
    table = data.table.take(order)
    encoded = encoder.encode(table)
    fold_features = FoldFeatures.of(
        encoder.encoders,
        table,
        matrix,
        None if weight is None else weight[order],
        [rows.training(fold) for fold in range(rows.n_folds)],
        np.arange(len(order)) if places is None else places,
    )
    used = sorted({recipe.n_bins for recipe in plan.recipes})
    return Examples(
        rows,
        {n_bins: encoded.features(n_bins) for n_bins in used},
        {
            n_bins: tuple(int(column) for column in encoder.feature_columns(n_bins))
            for n_bins in used
        },
        matrix,
        objective.network_loss(target_encoder),
        _unit_mean(weight, order),
        places,
        objective.make_metric(
            target_encoder,
            data.target[order],
            _unit_mean(data.weight, order),
            n_judged=rows.n_judged,
        ),
        fold_features,
        tuple(encoder.grids.values()),
    )


def _target_matrix(target_encoder: TargetEncoder, target: Array) -> Array:
    """Return what the networks should say, shape (n_samples, n_outputs)."""
    encoded = target_encoder.encode(target)
    if isinstance(target_encoder, ClassEncoder) and len(target_encoder.classes) > 2:
        return np.eye(len(target_encoder.classes), dtype=np.float32)[encoded]
    return encoded.astype(np.float32)[:, None]


def _unit_mean(weight: Array | None, order: Array) -> Array | None:
    if weight is None:
        return None
    sorted_weight = weight[order]
    return np.asarray(sorted_weight / sorted_weight.mean(), np.float32)
