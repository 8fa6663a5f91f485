"""Preparation: from a table and a target to the dataset, the folds and the plan of a race."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from madaline._models.fitting.all_rows import blocks_in_memory, blocks_of_files, draw_sample
from madaline._models.fitting.arguments import check_constrainable, constrained_columns, count_folds
from madaline._models.fitting.columns import make_dataset, unit_mean
from madaline._models.fitting.examination import Examination, FitContext, examine, in_order
from madaline._models.fitting.memory import Proposal
from madaline._models.fitting.prepared import Preparation
from madaline._models.fitting.training_data import TrainingData
from madaline._race.plan import Plan
from madaline._race.planning import (
    ENCODINGS,
    TableFacts,
    make_plan,
    plan_for_rare_class,
)
from madaline._race.row_blocks import RowBlocks
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.level_counts import count_levels
from madaline._tables.splits.folds import FoldedRows, GivenFolds, make_folds
from madaline.nn.arrays import Array
from madaline.records.race_decisions import CheaperPlan

_FOLD_STREAM = 2**32 - 2  # separates the random numbers of folds from those of networks and batches


def prepare(data: TrainingData, context: FitContext) -> Preparation:
    """Infer, encode and plan all that a race needs; of a large table, from a sample of the rows."""
    seed, sampled = context.request.seed, data.drawn_from
    if sampled is not None:
        levels = sampled.drawn.levels.get
        prepared = _prepare(data, replace(context, n_samples=sampled.n_samples, all_rows=levels))
        blocks = blocks_of_files(sampled, prepared, context.limit.allows, seed=seed)
        return _learning_from(blocks, prepared)
    sample = draw_sample(data, context.request.told_task, seed)
    if sample is None:
        return _prepare(data, context)
    in_memory = partial(count_levels, data.table)
    of_all = replace(context, n_samples=data.table.n_samples, all_rows=in_memory)
    prepared = _prepare(data.take(sample), of_all)
    if prepared.encoder.only_texts or prepared.encoder.patterns:  # are solved, all rows at once
        return _prepare(data, context)
    blocks = blocks_in_memory(data, sample, prepared, seed=seed)
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
    if seen.time.order is not None and seen.time.order.of_time:
        chosen, cheaper = _choose(seen, constrained, context)
    data, goal, objective = seen.data, seen.goal, context.request.objective
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
        make_dataset(data, objective, goal, chosen, rows, constrained, seen.time),
        unit_mean(data.weight, rows.order),
        chosen.n_workers,
        cheaper,
        seen.time,
        seen.sorted_rows,
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
    target = seen.goal.matrix

    def encoder_and_plan(narrowing: int = 1) -> tuple[TableEncoder, Plan]:
        encoder = TableEncoder.fit(
            seen.data.table,
            seen.schema,
            n_bins=tuple(ENCODINGS),
            sample_weight=seen.goal.weight,
            target=target[:, : 1 if seen.goal.of_quantiles else None],
            narrowing=narrowing,
            monotone=monotone,
            all_rows=context.all_rows,
        )
        encoder = replace(encoder, missing=tuple(context.request.missing))
        return encoder, _plan_for(seen, encoder, monotone, context)

    n_waiting = 0 if seen.data.drawn_from is not None else context.n_samples or 0
    return context.limit.choose(
        Proposal(*encoder_and_plan(), context.n_workers, n_waiting=n_waiting),
        encoder_and_plan,
        *target.shape,
        given_folds=seen.data.folds is not None,
    )


def _plan_for(
    seen: Examination, encoder: TableEncoder, monotone: Mapping[str, int], context: FitContext
) -> Plan:
    """Return the plan for rows in time, a rare class, and columns that predictions follow."""
    n_samples, n_outputs = seen.goal.matrix.shape
    plan = seen.time.recipes(_plan(seen.data, encoder, context, n_outputs=n_outputs))
    if seen.time.times is None and seen.goal.n_rare is not None:
        plan = plan_for_rare_class(plan, n_samples, seen.goal.n_rare)
    if monotone:
        check_constrainable(n_outputs, has_grids=bool(encoder.grids))
        recipes = [replace(recipe, monotone=True) for recipe in plan.recipes if not recipe.solved]
        plan = replace(plan, recipes=tuple(recipes))
    return context.adjust(plan) if context.adjust else plan


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
