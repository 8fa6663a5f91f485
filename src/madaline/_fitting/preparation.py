"""Preparation: from a table and a target to the dataset, the folds and the plan of a race."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import final

import numpy as np

from madaline._data.encoders.table_encoder import TableEncoder
from madaline._data.level_counts import count_levels
from madaline._data.schema import Schema
from madaline._data.splits.folds import FoldedRows, GivenFolds, make_folds
from madaline._data.target import JointEncoder, TargetEncoder
from madaline._evaluation.leakage import Leak
from madaline._evaluation.objective import Objective
from madaline._fitting.arguments import check_constrainable, constrained_columns, count_folds
from madaline._fitting.columns import make_dataset, unit_mean
from madaline._fitting.examination import Examination, FitContext, examine, in_order
from madaline._fitting.lagged import LaggedData
from madaline._fitting.memory import Proposal
from madaline._fitting.sampling import blocks_of, draw_sample
from madaline._fitting.training_data import EncodedTarget, TrainingData
from madaline._race.dataset import Dataset
from madaline._race.plan import Plan
from madaline._race.planning import (
    TableFacts,
    make_plan,
    plan_for_rare_class,
)
from madaline._race.row_blocks import RowBlocks
from madaline._time.later_rows import LaterRows
from madaline._time.noticing import TimeOrder
from madaline._time.orders import find_series
from madaline._time.recipes import plan_for_lags, plan_for_later_rows
from madaline._time.stretches import RowTimes
from madaline.nn.arrays import Array
from madaline.records.race_decisions import CheaperPlan, SampleDrawn

_FOLD_STREAM = 2**32 - 2  # separates the random numbers of folds from those of networks and batches
_BINS = (0, 16, 64)  # encodings of numbers that race: as they are, or also in so many linear bins


@final
@dataclass(frozen=True, eq=False)
class Preparation:
    """All that a race needs, and what was inferred from the table."""

    data: TrainingData  # the rows to learn from
    objective: Objective  # what is to be minimized
    task: str
    task_reason: str  # why it is that
    schema: Schema  # the kind of each column
    target_encoder: TargetEncoder  # encodes the target, and decodes predictions
    leaks: tuple[Leak, ...]  # columns that reveal the target
    encoder: TableEncoder  # encodes columns as features
    plan: Plan  # the recipes that race, and for how long
    rows: FoldedRows  # the evaluated and the training rows of each fold
    dataset: Dataset  # the encoded rows, fold after fold
    own_weight: Array | None  # (n_samples,): the given weights with mean 1, fold after fold
    n_workers: int  # tasks that may run at a time
    cheaper: CheaperPlan | None  # what is different where memory is short
    # when the rows were recorded, where later rows are held out
    times: RowTimes | None = None
    lagged: LaggedData | None = None  # the rows with their past, where there are lags
    # in which order later rows are harder to predict, where that was looked for and found
    order: TimeOrder | None = None
    sorted_rows: str = ""  # that the rows are in the order of the target
    # all rows of a large table, and which of those given these are: the sample that decides
    blocks: RowBlocks | None = None
    sample: Array | None = None
    # (n_samples,): how many steps ahead of the last known value rows are predicted, fold after
    # fold, where lags tell
    steps: Array | None = None

    @property
    def n_predicted(self) -> int:
        """How many targets or quantiles are predicted together."""
        encoder = self.target_encoder
        return len(encoder.names) if isinstance(encoder, JointEncoder) else 1

    @property
    def n_own(self) -> int:
        """How many rows are learned from, each counted once."""
        if self.blocks is not None:
            return self.blocks.n_samples
        return self.rows.n_samples if self.lagged is None else self.lagged.n_own

    @property
    def n_given(self) -> int:
        """How many rows were given, those included that have no past for lags.

        Of a table larger than memory, a sample was given.
        """
        if self.blocks is not None and self.sample is not None:
            return self.blocks.n_samples
        return self.rows.n_samples if self.lagged is None else self.lagged.n_given

    @property
    def evaluated_rows(self) -> Array:
        """Which of the given rows are evaluated, fold after fold."""
        rows = self.rows.order[: self.rows.n_evaluated]
        if self.sample is not None:
            return np.asarray(self.sample[rows])
        return rows if self.lagged is None else self.lagged.given[rows]

    @property
    def drawn(self) -> SampleDrawn | None:
        """What is kept among the decisions of a fit where a sample decides."""
        if self.blocks is None:
            return None
        rows, blocks = self.blocks.n_samples, self.blocks.n_blocks
        return SampleDrawn(0, "the plan", rows, self.rows.n_samples, blocks)

    @cached_property
    def probabilities(self) -> Array | None:
        """The target of probabilities as networks output it, fold after fold; None of others."""
        if self.data.classes is None:
            return None
        return self.target_encoder.matrix(self.data.target[self.rows.order])

    @cached_property
    def later(self) -> LaterRows | None:
        """The rows in stretches of time, where they have times."""
        if self.times is None:
            return None
        noticed = None if self.order is None else self.order.noticed
        if self.lagged is None:
            series, name = self.data.groups, None
            if series is None:
                name = find_series(self.times.values, self.data.table, self.schema)
                series = None if name is None else self.data.table.distinct(name).codes
            return LaterRows(
                self.times, self.own_dataset, series, name, noticed=noticed, reach=self.times.reach
            )
        known, series = self.lagged.last_known(self.target_encoder), self.lagged.series
        given = self.lagged.given
        return LaterRows(self.times, self.own_dataset, series, None, known, given, noticed)

    @cached_property
    def own_dataset(self) -> Dataset:
        """The dataset with the given weights: those of classes are for training only.

        Where the target is a matrix of probabilities, each row has a class drawn with these.
        """
        dataset = self.dataset.from_anchors()
        if self.data.classes is not None:
            labels = self.data.classes[self.target_encoder.encode(self.data.target)]
            drawn = self.target_encoder.matrix(labels[self.rows.order])
            dataset = replace(dataset, target=drawn)
        if self.own_weight is self.dataset.weight:
            return dataset
        return replace(dataset, weight=self.own_weight)


def prepare(data: TrainingData, context: FitContext) -> Preparation:
    """Infer, encode and plan all that a race needs; of a large table, from a sample of the rows."""
    if data.large is not None:
        levels = data.large.drawn.levels.get
        of_all = replace(context, n_samples=data.large.n_samples, all_rows=levels)
        prepared = _prepare(data, of_all)
        return _learning_from(data.large.blocks(prepared, context.limit.allows), prepared)
    sample = draw_sample(data, context.request.told_task, context.request.seed)
    if sample is None:
        return _prepare(data, context)
    in_memory = partial(count_levels, data.table)
    of_all = replace(context, n_samples=data.table.n_samples, all_rows=in_memory)
    prepared = _prepare(data.take(sample), of_all)
    if prepared.encoder.only_texts or prepared.encoder.patterns:  # are solved, all rows at once
        return _prepare(data, context)
    table, encoder = prepared.schema.read(data.table), prepared.target_encoder
    goal = EncodedTarget.of(encoder, context.request.objective, data.target, data.weight)
    blocks = blocks_of(
        data,
        table,
        prepared.schema,
        goal,
        sample,
        prepared.encoder,
        prepared.dataset,
        prepared.times,
        seed=context.request.seed,
    )
    return replace(_learning_from(blocks, prepared), sample=sample)


def _learning_from(blocks: RowBlocks, prepared: Preparation) -> Preparation:
    """Return what a sample prepared, to learn from all rows.

    With groups, usual targets are those of the sample, as rows of a group must not tell of others.
    """
    if prepared.data.groups is None:
        blocks = blocks.with_means_of_all()
    return replace(prepared, dataset=blocks.sampled, blocks=blocks, encoder=blocks.encoder)


def _prepare(data: TrainingData, context: FitContext) -> Preparation:
    seen = examine(data, context)
    constrained = constrained_columns(context.request.monotone, seen.schema)
    # What takes too much memory is refused before rows are encoded to find their order.
    chosen, cheaper = _choose(seen, constrained, context)
    seen = in_order(seen)
    if seen.order is not None and seen.order.of_time:
        chosen, cheaper = _choose(seen, constrained, context)
    data, goal, times, objective = seen.data, seen.goal, seen.times, context.request.objective
    rows = _fold(data, goal.codes, chosen.plan, seen.task, context.request.seed)
    # Large groups may leave a network fewer training rows than the plan assumed.
    plan = replace(chosen.plan, batch_size=min(chosen.plan.batch_size, rows.n_training))
    chosen = replace(chosen, plan=plan)
    return Preparation(
        data,
        objective,
        seen.task,
        seen.task_reason,
        seen.schema,
        seen.target_encoder,
        seen.leaks,
        chosen.encoder,
        plan,
        rows,
        make_dataset(data, objective, goal, chosen, rows, constrained, times, seen.lagged),
        unit_mean(data.weight, rows.order),
        chosen.n_workers,
        cheaper,
        times,
        seen.lagged,
        seen.order,
        seen.sorted_rows,
        steps=None if seen.lagged is None else seen.lagged.steps[rows.order],
    )


def _fold(data: TrainingData, codes: Array, plan: Plan, task: str, seed: int) -> FoldedRows:
    if isinstance(data.folds, GivenFolds):
        if data.groups is not None:
            data.folds.check_groups(data.groups)
        return FoldedRows.from_folds(data.folds.numbers, data.folds.training, data.folds.n_final)
    rng = np.random.default_rng([seed, _FOLD_STREAM])
    folds = make_folds(codes, n_folds=plan.n_folds, task=task, groups=data.groups, rng=rng)
    return FoldedRows.from_folds(folds)


def _choose(
    seen: Examination, monotone: Mapping[str, int], context: FitContext
) -> tuple[Proposal, CheaperPlan | None]:
    """Return the encoder and the plan, cheaper ones where memory is short."""
    data, schema, goal, forward = seen.data, seen.schema, seen.goal, seen.times is not None
    target = goal.matrix

    def encoder_and_plan(narrowing: int = 1) -> tuple[TableEncoder, Plan]:
        encoder = TableEncoder.fit(
            data.table,
            schema,
            n_bins=_BINS,
            sample_weight=goal.weight,
            target=target[:, : 1 if goal.of_quantiles else None],
            narrowing=narrowing,
            monotone=monotone,
            missing=context.request.missing,
            all_rows=context.all_rows,
        )
        plan = _plan(data, encoder, context, n_outputs=target.shape[1])
        if forward:
            plan = plan_for_later_rows(plan)
            if data.asked.lags:
                plan = plan_for_lags(plan)
        elif goal.n_rare is not None:
            plan = plan_for_rare_class(plan, len(target), goal.n_rare)
        if monotone:
            check_constrainable(target.shape[1], has_grids=bool(encoder.grids))
            recipes = [
                replace(recipe, monotone=True) for recipe in plan.recipes if not recipe.solved
            ]
            plan = replace(plan, recipes=tuple(recipes))
        return encoder, context.adjust(plan) if context.adjust else plan

    waiting = 0 if context.n_samples is None or data.large is not None else context.n_samples
    return context.limit.choose(
        Proposal(*encoder_and_plan(), context.n_workers, n_waiting=waiting),
        encoder_and_plan,
        *target.shape,
        given_folds=data.folds is not None,
    )


def _plan(
    data: TrainingData, encoder: TableEncoder, context: FitContext, *, n_outputs: int
) -> Plan:
    table = TableFacts.of(
        encoder,
        context.n_samples or data.table.n_samples,
        n_outputs,
        n_groups=None if data.groups is None else len(np.unique(data.groups)),
        in_blocks=context.n_samples is not None,
    )
    n_folds = count_folds(data.folds)
    epochs = context.request.effort
    return make_plan(table, epochs=epochs, n_folds=n_folds, preset=context.preset)
