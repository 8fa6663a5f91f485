"""What a race needs, and what was inferred from the table on the way there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import final

import numpy as np

from madaline._models.fitting.training_data import TrainingData
from madaline._race.dataset import Dataset
from madaline._race.evaluation.leakage import Leak
from madaline._race.evaluation.objective import Objective
from madaline._race.plan import Plan
from madaline._race.row_blocks import RowBlocks
from madaline._race.time.hooks import TimeHooks
from madaline._race.time.later_rows import LaterRows
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.schema import Schema
from madaline._tables.splits.folds import FoldedRows
from madaline._tables.target import JointEncoder, TargetEncoder
from madaline.nn.arrays import Array
from madaline.records.race_decisions import CheaperPlan, SampleDrawn


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
    time: TimeHooks = field(default_factory=TimeHooks)  # what is known of the time of the rows
    sorted_rows: str = ""  # that the rows are in the order of the target
    # all rows of a large table, and which of those given these are: the sample that decides
    blocks: RowBlocks | None = None
    sample: Array | None = None

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
        lagged = self.time.lagged
        return self.rows.n_samples if lagged is None else lagged.made.n_own

    @property
    def n_given(self) -> int:
        """How many rows were given, those included that have no past for lags.

        Of a table larger than memory, a sample was given.
        """
        if self.blocks is not None and self.sample is not None:
            return self.blocks.n_samples
        lagged = self.time.lagged
        return self.rows.n_samples if lagged is None else lagged.n_given

    @property
    def evaluated_rows(self) -> Array:
        """Which of the given rows are evaluated, fold after fold."""
        rows = self.rows.order[: self.rows.n_evaluated]
        if self.sample is not None:
            return np.asarray(self.sample[rows])
        return rows if self.time.lagged is None else self.time.lagged.given[rows]

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
        data, encoder = self.data, self.target_encoder
        return self.time.later(self.own_dataset, data.table, self.schema, data.groups, encoder)

    @cached_property
    def steps(self) -> Array | None:
        """How many steps ahead rows are predicted, fold after fold, where lags tell."""
        return self.time.steps_of(self.rows.order)

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
