"""Which encoder and which plan suit a table, and the memory that there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from madaline._data.encoders.table_encoder import TableEncoder
from madaline._data.schema import Schema
from madaline._fitting.arguments import count_folds
from madaline._fitting.encoded_target import EncodedTarget
from madaline._fitting.memory_limit import MemoryLimit, Proposal
from madaline._fitting.monotone import check_constrainable
from madaline._fitting.training_data import TrainingData
from madaline._race.plan import Plan
from madaline._race.planning.make_plan import make_plan
from madaline._race.planning.preset import Preset
from madaline._race.planning.rare_classes import plan_for_rare_class
from madaline.records.race_decisions import CheaperPlan

BINS = (0, 16, 64)
"""Encodings that race: numbers as they are, or also in 16 or 64 piecewise-linear bins."""


def choose(
    data: TrainingData,
    schema: Schema,
    goal: EncodedTarget,
    monotone: Mapping[str, int],
    *,
    effort: int,
    preset: Preset,
    adjust: Callable[[Plan], Plan] | None,
    n_workers: int,
    limit: MemoryLimit,
) -> tuple[Proposal, CheaperPlan | None]:
    """Return the encoder and the plan, cheaper ones where memory is short."""
    target = goal.matrix

    def encoder_and_plan(narrowing: int = 1) -> tuple[TableEncoder, Plan]:
        encoder = TableEncoder.fit(
            data.table,
            schema,
            n_bins=BINS,
            sample_weight=goal.weight,
            target=target[:, : 1 if goal.of_quantiles else None],
            narrowing=narrowing,
            monotone=monotone,
        )
        plan = _plan(data, encoder, effort, preset, n_outputs=target.shape[1])
        if goal.n_rare is not None:
            plan = plan_for_rare_class(plan, len(target), goal.n_rare)
        if monotone:
            check_constrainable(target.shape[1], has_grids=bool(encoder.grids))
            recipes = [replace(one, monotone=True) for one in plan.recipes if not one.solved]
            plan = replace(plan, recipes=tuple(recipes))
        return encoder, adjust(plan) if adjust else plan

    return limit.choose(
        Proposal(*encoder_and_plan(), n_workers),
        encoder_and_plan,
        *target.shape,
        given_folds=data.folds is not None,
    )


def _plan(
    data: TrainingData, encoder: TableEncoder, effort: int, preset: Preset, *, n_outputs: int
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
        patterns=bool(encoder.patterns),
        n_outputs=n_outputs,
        preset=preset,
    )
