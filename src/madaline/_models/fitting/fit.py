"""One fit, read from top to bottom: from a table and a target to a fitted model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Self, final

import numpy as np

from madaline._models.fitting.evaluation import Evaluation
from madaline._models.fitting.examination import FitContext
from madaline._models.fitting.file_checks import check_file
from madaline._models.fitting.means import Means
from madaline._models.fitting.memory import MemoryLimit
from madaline._models.fitting.outcome import Outcome
from madaline._models.fitting.prediction import make_predictor, shifted
from madaline._models.fitting.preparation import prepare
from madaline._models.fitting.prepared import Preparation
from madaline._models.fitting.training import TrainingRun
from madaline._models.fitting.training_data import Roles, TrainingData
from madaline._models.model import FittedModel
from madaline._models.model.kept_rows import KeptRows, as_learned, check_kinds
from madaline._models.model.known_rows import MAX_KNOWN_ROWS, KnownRows
from madaline._models.request import FitRequest, check_keep_rows
from madaline._models.runtime.predictor import Predictor
from madaline._models.story.summary import Member, Summary
from madaline._race.checkpoint import CheckpointFile
from madaline._race.ensemble import Ensemble
from madaline._race.evaluation.leakage import Leak
from madaline._race.plan import ALL, Plan, preset_named
from madaline._race.race import Event, Race
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.kinds.kind import DROPPED
from madaline._tables.profile import TableProfile
from madaline._tables.schema import Schema
from madaline._tables.splits.folds import FoldedRows
from madaline._tables.table import Table
from madaline._tables.target import TargetEncoder, mean_entropy
from madaline.errors import InputError
from madaline.nn._engine.executors.choice import count_workers, find_executor
from madaline.nn._engine.executors.executor import Executor
from madaline.nn._engine.memory import memory_limit
from madaline.nn._sparse_rows import dense
from madaline.nn.arrays import Array
from madaline.nn.layers import Trees
from madaline.records.decision import Decision
from madaline.records.history import Record
from madaline.records.race_decisions import CheaperPlan, LearnedFromProbabilities

KEPT_STREAM = 2**32 - 3
"""Separates the random numbers of kept rows from those of networks, batches and folds."""


@final
class Fitting:
    """A fit is an iterator over its records and decisions; afterwards `model` returns the model.

    What is given stays as it is: `prepare` reads it, and raises `InputError` if nothing can be
    learned, with the reason and the remedy.
    """

    def __init__(
        self,
        request: FitRequest,
        table: Table,  # the columns to learn from
        roles: Roles,
        means: Means | None = None,
        *,
        adjust: Callable[[Plan], Plan] | None = None,  # changes the plan, for experiments
    ) -> None:
        self.request = request
        self.roles = roles
        self.means = means or Means()
        self._table = table
        self._adjust = adjust

    def prepare(self) -> Self:
        """Return the fit when it is ready to train; `InputError` if nothing can be learned."""
        _ = self.training
        return self

    @cached_property
    def prepared(self) -> Preparation:
        """The encoded rows, the plan, and what was inferred from the table."""
        data = TrainingData.checked(self._table, self.roles, self.request)
        n_workers = count_workers(self.means.n_jobs if self._executor is None else 1)
        return prepare(data, FitContext(self.request, n_workers, self._limit, self._adjust))

    @cached_property
    def _executor(self) -> Executor | None:
        """The executor that was given, if any."""
        return find_executor(self.means.executor)

    @cached_property
    def _limit(self) -> MemoryLimit:
        return MemoryLimit(memory_limit(self.means.memory_limit))

    @property
    def target_name(self) -> str:
        """The name of the target, or those of several."""
        return ", ".join(self.prepared.data.target_names)

    @property
    def task(self) -> str:
        """What is predicted: classes or numbers."""
        return self.prepared.task

    @property
    def plan(self) -> Plan:
        """What the race will do."""
        return self.prepared.plan

    @property
    def rows(self) -> FoldedRows:
        """The evaluated and the training rows of each fold."""
        return self.prepared.rows

    @property
    def leaks(self) -> tuple[Leak, ...]:
        """Columns that reveal the target."""
        return self.prepared.leaks

    @property
    def cheaper(self) -> CheaperPlan | None:
        """What is different where memory is short."""
        return self.prepared.cheaper

    @property
    def encoder(self) -> TableEncoder:
        """What encodes columns as features."""
        return self.prepared.encoder

    @property
    def target_encoder(self) -> TargetEncoder:
        """What encodes the target, and decodes predictions."""
        return self.prepared.target_encoder

    @cached_property
    def schema(self) -> Schema:
        """The kind of each column, and how the target was written."""
        return replace(self.prepared.schema, target=self.roles.written)

    @property
    def advice(self) -> str:
        """What to do where rows near one another are alike, but may be in no order of time.

        Or where several have the same time; often nothing.
        """
        return self.prepared.time.advice

    @cached_property
    def race(self) -> Race:
        """The networks that race, and what computes them."""
        prepared, limit = self.prepared, self.means.time_limit
        race = Race(prepared.plan, prepared.dataset, self.request.seed, blocks=prepared.blocks)
        race.equip(
            self.means.n_jobs if prepared.cheaper is None else prepared.n_workers,
            self._executor,
            self.means.compiled_from,
            affordable=np.inf if limit is None else limit.affordable_work,
        )
        return race

    @cached_property
    def training(self) -> TrainingRun:
        """The training of the race, which goes on from a checkpoint."""
        self._check_keeping()
        check_file(self.prepared, self._profile, self.request, self._kept_rows)
        limit = self.means.time_limit
        preparation = limit.seconds_passed if limit else 0.0
        trees = self.request.members == ALL and self.plan.trees
        allows = self._limit.allows if trees else None
        training = TrainingRun(self.race, self.checkpoint, limit, allows, preparation)
        if not training.decisions:
            learned = _learned_from_probabilities(self.prepared)
            preset = preset_named(self.request.preset).decision
            of_plan = (self.prepared.drawn, self.cheaper, preset, learned)
            training.decisions += filter(None, of_plan)
        return training

    @cached_property
    def checkpoint(self) -> CheckpointFile:
        """The file that a killed fit goes on from."""
        return CheckpointFile(self.means.checkpoint)

    @property
    def records(self) -> list[Record]:
        """What happened so far: an epoch of a recipe each."""
        return self.training.records

    @property
    def decisions(self) -> list[Decision]:
        """What was decided so far."""
        return self.training.decisions

    @cached_property
    def _profile(self) -> TableProfile:
        return TableProfile.of(self.prepared.data.table, self.prepared.schema)

    @cached_property
    def _kept_rows(self) -> KeptRows | None:
        return _sample_of_rows(self.prepared, self.request)

    def _check_keeping(self) -> None:
        """Raise `InputError` if rows are to be kept that cannot be."""
        check_kept_columns(
            self.prepared.schema,
            self.request.keep_rows,
            n_outputs=self.prepared.n_predicted,
            of_past=self.prepared.time.lagged is not None,
            of_probabilities=self.roles.classes is not None,
        )

    def __iter__(self) -> Iterator[Event]:
        """Train; yield every record, with the decision based on it, if any."""
        try:
            yield from self.training
        finally:
            if self.race.blocks is not None:
                self.race.blocks.rows.close()
        yield from self._prune()
        yield from self._calibrate()

    def _prune(self) -> Iterator[Event]:
        """Prune the ensemble; yield every decision, with a record."""
        for decision in self.outcome.pruned.decisions:
            record = self.race.latest_record(decision.recipe_id)
            if record is not None and decision not in self.decisions:
                self.decisions.append(decision)
                yield record, decision

    def _calibrate(self) -> Iterator[Event]:
        """Yield how probabilities or quantiles are corrected, with the last record."""
        for decision in self.outcome.corrections:
            if decision not in self.decisions:
                self.decisions.append(decision)
                yield self.records[-1], decision

    def stop(self, *, by_callback: bool = False) -> None:
        """End training soon, with a model of the best so far, for the user or for a callback."""
        self.training.ask_to_stop(by_callback=by_callback)

    @cached_property
    def outcome(self) -> Outcome:
        """The result of the race, once it is over."""
        return Outcome(self.prepared, self.race, is_late=self.training.is_late)

    @cached_property
    def evaluation(self) -> Evaluation:
        """The out-of-fold predictions and their diagnosis, once the race is over."""
        return Evaluation(self.outcome, self.decisions)

    def out_of_fold(self) -> Array:
        """Return the final raw out-of-fold output for every training row, (n_samples, n_outputs).

        It is that of the ensemble before pruning, which was chosen by these very rows, in the order
        of the table (without rows of weight zero); NaN for rows that no fold evaluates.
        """
        output = self.outcome.scoring.output
        unsorted = np.full((self.prepared.n_given, output.shape[1]), np.nan, output.dtype)
        unsorted[self.prepared.evaluated_rows] = output
        return unsorted

    def model(self) -> FittedModel:
        """Return the fitted model."""
        predictor, lagged = self.outcome.predictor(), self.prepared.time.lagged is not None
        return FittedModel(
            predictor,
            self.schema,
            self._summary(),
            tuple(self.records),
            tuple(self.decisions),
            diagnosis=self.evaluation.diagnosis,
            profile=self._profile,
            quality=self.evaluation.quality(),
            known_rows=None if lagged else self._known_rows(predictor),
            unseen_facts=self.evaluation.unseen_facts(),
            kept_rows=self._kept_rows,
        )

    def _known_rows(self, predictor: Predictor) -> KnownRows:
        """Return the checksums of training rows; of a large table, those of its sample."""
        known, prepared = _known_rows(self.prepared, predictor), self.prepared
        if prepared.blocks is None:
            return known
        return replace(known, sampled=known.sampled * prepared.rows.n_samples / prepared.n_own)

    def model_so_far(self) -> FittedModel:
        """Return a model of the best ensemble so far, unpruned and not calibrated.

        It is there to predict, during training: its summary holds no score.
        """
        ensemble = shifted(self.race.dataset, self.race.ensemble())
        encoder, views = self.target_encoder, self.outcome.views
        predictor = make_predictor(self.prepared, ensemble, encoder, views, 1.0)
        summary = self._summary_so_far(ensemble)
        records, decisions = tuple(self.records), tuple(self.decisions)
        return FittedModel(predictor, self.schema, summary, records, decisions)

    def _members(self) -> tuple[Member, ...]:
        members = sorted(self.outcome.ensemble.members, key=lambda member: -member.weight)
        before = {member.key: member.units for member in self.outcome.pruned.before.members}
        return tuple(
            Member(
                member.recipe_id,
                member.name,
                member.weight,
                member.units,
                member.units != before[member.key],
                sum(one.n_trees for one in member.network.layers if isinstance(one, Trees)),
            )
            for member in members
        )

    def _summary_so_far(self, ensemble: Ensemble) -> Summary:
        """Return the summary of networks that are not evaluated: it holds no score."""
        return Summary(
            task=self.task,
            target=self.target_name,
            n_samples=self.prepared.n_own,
            n_evaluated=self.rows.n_evaluated,
            n_columns=len(self.encoder.columns),
            n_folds=self.rows.n_folds,
            epochs=self.race.epoch,
            multiply_adds=self.race.multiply_adds,
            scores=(),
            standard_errors_better=0.0,
            members=(),
            row_multiply_adds=self._row_work(ensemble),
            row_multiply_adds_before=self._row_work(ensemble),
        )

    def _row_work(self, ensemble: Ensemble) -> int:
        """Return the multiply-adds of predicting a row with the networks that predict new rows."""
        predicting = len(range(self.rows.n_networks)[self.rows.predicting])
        return ensemble.row_multiply_adds * predicting // self.rows.n_networks

    @property
    def _request_as_read(self) -> FitRequest:
        """What was asked, with the task that was inferred and the series that groups stand for."""
        time = self.prepared.time.as_read(self.request.time)
        return replace(self.request, task=self.task, time=time)

    def _summary(self) -> Summary:
        return replace(
            self._summary_so_far(self.outcome.ensemble),
            multiply_adds=self.race.multiply_adds + self.outcome.pruned.multiply_adds,
            scores=self.outcome.scoring.scores,
            standard_errors_better=self.outcome.scoring.better_than_constants(),
            members=self._members(),
            row_multiply_adds_before=self._row_work(self.outcome.pruned.before),
            leaks=self.leaks,
            importances=self.outcome.importances,
            request=self._request_as_read,
            given=self.roles.given,
            of_probabilities=self.roles.classes is not None,
            outputs=self.outcome.outputs,
            forward=self.outcome.scoring.forward,
            linear=self.outcome.linear,
        )


def check_kept_columns(
    schema: Schema,
    keep_rows: int,
    *,
    n_outputs: int = 1,
    of_past: bool = False,
    of_probabilities: bool = False,
) -> None:
    """Raise `InputError` if `keep_rows` is no number of rows, or such rows cannot be kept."""
    if check_keep_rows(keep_rows) and of_past:
        raise InputError(
            "keep_rows is {keep_rows}, but a model with lags keeps the last values of each series, and no rows: leave it out.",
            keep_rows=keep_rows,
        )
    if check_keep_rows(keep_rows) and n_outputs > 1:
        raise InputError(
            "keep_rows is {keep_rows}, but a model of {n_outputs} outputs cannot be updated: leave it out, or fit a model for each.",
            keep_rows=keep_rows,
            n_outputs=n_outputs,
        )
    if keep_rows and of_probabilities:
        raise InputError(
            "keep_rows is {keep_rows}, but a model that learned from probabilities keeps no rows: leave it out.",
            keep_rows=keep_rows,
        )
    if keep_rows:
        check_kinds(schema)


def _sample_of_rows(prepared: Preparation, request: FitRequest) -> KeptRows | None:
    """Return a sample of the rows that a fit learned from; None where none are to be kept."""
    if not request.keep_rows:
        return None
    data, rows = prepared.data, prepared.rows
    folds = np.full(rows.n_samples, -1)
    if not rows.n_final:  # final networks learn from all rows
        numbers = np.repeat(np.arange(rows.n_folds), np.diff(rows.bounds))
        folds[rows.order[: rows.n_evaluated]] = numbers
    return KeptRows.of(
        as_learned(data.table, prepared.schema, dropped=left_out_columns(request)),
        data.target,
        folds,
        most=request.keep_rows,
        rng=np.random.default_rng([request.seed, KEPT_STREAM]),
        weight=None if data.weight is None else data.weight / data.weight.mean(),
    )


def _learned_from_probabilities(prepared: Preparation) -> LearnedFromProbabilities | None:
    data = prepared.data
    if data.classes is None:
        return None
    entropy = mean_entropy(data.target, data.weight)
    return LearnedFromProbabilities(0, "the target", len(data.classes), entropy)


def _known_rows(prepared: Preparation, predictor: Predictor) -> KnownRows:
    """Return the checksums of the training rows; of few, those that are encoded already.

    Where they have probabilities, rows with labels are to be told by their columns alone.
    """
    table, features = prepared.data.table, prepared.dataset.features
    if prepared.data.classes is not None:
        return KnownRows.of(predictor, table, None)
    few = table.n_samples <= MAX_KNOWN_ROWS and prepared.blocks is None
    if few and 0 in features.encoded:
        target, encoder = prepared.data.target[prepared.rows.order], predictor.target_encoder
        return KnownRows.of_encoded(dense(features[0]), target, encoder, sampled=1.0)
    return KnownRows.of(predictor, table, prepared.data.target)


def left_out_columns(request: FitRequest) -> list[str]:
    """Return the columns that the user left out of the fit."""
    return [name for name, kind in request.kinds.items() if kind == DROPPED]
