"""One fit, read from top to bottom: from a table and a target to a fitted model."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, final

import numpy as np

from madaline._data.formats.number_format import NumberFormat
from madaline._data.kinds.kind import DROPPED
from madaline._data.profile import TableProfile
from madaline._data.schema import Schema
from madaline._data.splits.folds import GivenFolds
from madaline._data.table import Table
from madaline._data.target import mean_entropy
from madaline._engine.executors.choice import count_workers, find_executor
from madaline._engine.memory import memory_limit as bytes_allowed
from madaline._evaluation.objective import Objective
from madaline._fitting.arguments import check_effort, check_members, check_seed, read_monotone
from madaline._fitting.evaluation import Evaluation
from madaline._fitting.examination import FitOptions
from madaline._fitting.file_checks import check_file
from madaline._fitting.large_table import LargeTable
from madaline._fitting.memory import MemoryLimit
from madaline._fitting.outcome import Outcome
from madaline._fitting.prediction import make_predictor, shifted
from madaline._fitting.preparation import Preparation, prepare
from madaline._fitting.training import TimeLimit, TrainingRun
from madaline._fitting.training_data import TrainingData
from madaline._model import FittedModel
from madaline._model.kept_rows import KeptRows, as_learned, check_keep_rows, check_kinds
from madaline._model.known_rows import MAX_KNOWN_ROWS, KnownRows
from madaline._race.checkpoint import CheckpointFile
from madaline._race.ensemble import Ensemble
from madaline._race.plan import ALL, BALANCED, Plan, preset_named
from madaline._race.race import Event, Race
from madaline._runtime.predictor import Predictor
from madaline._story.summary import Member, Summary
from madaline._time.lags import read_lags, read_names
from madaline._time.stretches import RowTimes
from madaline.errors import InputError
from madaline.nn._sparse_rows import dense
from madaline.nn.arrays import Array
from madaline.nn.layers import Trees
from madaline.records.race_decisions import LearnedFromProbabilities

KEPT_STREAM = 2**32 - 3
"""Separates the random numbers of kept rows from those of networks, batches and folds."""


@final
class Fitting:
    """A fit is an iterator over its records and decisions; afterwards `model` returns the model.

    What is not explained here is as for `AdaptiveClassifier`. The constructor prepares all, and
    raises `InputError` if nothing can be learned, with the reason and the remedy.
    """

    def __init__(
        self,
        table: Table,
        target: Array,  # (n_samples,), or (n_samples, n_targets), which are predicted together
        *,
        task: str | None = None,  # inferred from the target by default
        target_name: str | Sequence[str] = "target",
        target_format: NumberFormat | None = None,  # how its numbers were written in a file
        objective: Objective | None = None,
        sample_weight: Array | None = None,
        groups: Array | None = None,
        folds: int | GivenFolds | None = None,
        time: str | bool | Array | RowTimes | None = None,  # see `TrainingData`
        gap: Any = None,
        horizon: Any = None,
        series: str | None = None,
        lags: Any = None,
        past: Any = None,
        classes: Array | None = None,  # those that the columns of a target are probabilities of
        kinds: Mapping[str, str] | None = None,
        missing: Sequence[str] = (),  # words that stand for missing values, absent from the table
        monotone: Mapping[str, int] | None = None,
        effort: int = 100,
        preset: str = BALANCED.name,
        members: str = ALL,
        seed: int = 0,
        n_jobs: int | None = None,
        executor: Any = None,  # an address, client or `Executor`; not part of the result
        memory_limit: int | str | None = None,
        adjust: Callable[[Plan], Plan] | None = None,  # changes the plan, for experiments
        source: str | None = None,  # the table's file, or its folder with a trailing slash
        file_options: Sequence[str] = (),  # of `madaline fit`, kept to reproduce the command
        checkpoint: str | os.PathLike[str] | None = None,  # a fit goes on from its own
        keep_rows: int = 0,
        time_limit: TimeLimit | None = None,
        large: LargeTable | None = None,  # that the table is a sample of
        compiled_from: float | None = None,  # planned multiply-adds that numba computes
    ) -> None:
        check_seed(seed)
        given_executor = find_executor(executor)
        chosen, limit = preset_named(preset), MemoryLimit(bytes_allowed(memory_limit))
        data = TrainingData.checked(
            table,
            target,
            sample_weight,
            groups,
            folds,
            target_name,
            time=time,
            gap=gap,
            horizon=horizon,
            series=series,
            lags=lags,
            past=past,
            classes=classes,
            large=large,
        )
        options = FitOptions(
            objective or Objective(),
            task,
            kinds or {},
            read_monotone(monotone),
            check_effort(effort),
            chosen,
            seed,
            tuple(missing),
            adjust,
            count_workers(n_jobs if given_executor is None else 1),
            limit,
        )
        self.target_name = ", ".join(data.target_names)
        prepared = self.prepared = prepare(data, options)
        lagged = prepared.lagged
        self.monotone, self.cheaper = options.monotone, prepared.cheaper
        optional = {
            "monotone": self.monotone or None,
            "preset": None if chosen is BALANCED else chosen.name,
            "members": None if check_members(members) == ALL else members,
            "time_limit": time_limit.seconds if time_limit else None,
            "source": source or None,
            "file_options": list(file_options) or None,
            "memory": limit.n_bytes if self.cheaper else None,
            "keep_rows": keep_rows or None,
            "time": time if isinstance(time, str | bool) else None,
            "gap": _plain_span(gap),
            "horizon": _plain_span(horizon) if lags is None else _plain_rows(horizon),
            "series": series if lagged is None else lagged.past.lags.series,
            "lags": None if lags is None else list(read_lags(lags)),
            "past": None if past is None else list(read_names(past)),
            "missing": list(missing) or None,
            "probabilities": None if classes is None else True,
        }
        self._settings = {
            "effort": options.effort,
            "seed": seed,
            "kinds": dict(options.kinds),
            "folds": folds if isinstance(folds, int) else None,
            "given": data.names,
            **{name: value for name, value in optional.items() if value is not None},
            **prepared.objective.settings(),
        }
        self.task, self.task_reason = prepared.task, prepared.task_reason
        of_past, n_outputs = lagged is not None, prepared.n_predicted
        check_kept_columns(
            prepared.schema,
            keep_rows,
            n_outputs=n_outputs,
            of_past=of_past,
            of_probabilities=classes is not None,
        )
        self.schema = replace(prepared.schema, target=target_format)
        self._profile = TableProfile.of(prepared.data.table, prepared.schema)
        self._kept_rows = _sample_of_rows(prepared, self._settings)
        check_file(prepared, self._profile, self._settings, self._kept_rows)
        self.encoder, self.target_encoder = prepared.encoder, prepared.target_encoder
        self.plan, self.rows, self.leaks = prepared.plan, prepared.rows, prepared.leaks
        order = prepared.order
        # what to do where rows near one another are alike, but may not be in the order of time, or
        # where several have the same time
        self.advice = "" if order is None or order.of_time else order.advice
        self.advice = self.advice if lagged is None else lagged.advice
        self.race = Race(self.plan, prepared.dataset, seed, blocks=prepared.blocks)
        n_jobs = n_jobs if self.cheaper is None else prepared.n_workers
        preparation = time_limit.seconds_passed if time_limit else 0.0
        work = time_limit.affordable_work if time_limit else np.inf
        self.race.equip(n_jobs, given_executor, compiled_from, affordable=work)
        self.checkpoint = CheckpointFile(None if checkpoint is None else Path(checkpoint))
        allows = limit.allows if members == ALL and self.plan.trees else None
        self.training = TrainingRun(self.race, self.checkpoint, time_limit, allows, preparation)
        self.records, self.decisions = self.training.records, self.training.decisions
        if not self.decisions:
            learned = _learned_from_probabilities(prepared)
            of_plan = prepared.drawn, self.cheaper, chosen.decision, learned
            self.decisions += filter(None, of_plan)

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
        output = self.outcome.evaluated_output
        unsorted = np.full((self.prepared.n_given, output.shape[1]), np.nan, output.dtype)
        unsorted[self.prepared.evaluated_rows] = output
        return unsorted

    def model(self) -> FittedModel:
        """Return the fitted model."""
        predictor, lagged = self.outcome.predictor(), self.prepared.lagged is not None
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

    def _summary(self) -> Summary:
        return replace(
            self._summary_so_far(self.outcome.ensemble),
            multiply_adds=self.race.multiply_adds + self.outcome.pruned.multiply_adds,
            scores=self.outcome.scores,
            standard_errors_better=self.outcome.standard_errors_better,
            members=self._members(),
            row_multiply_adds_before=self._row_work(self.outcome.pruned.before),
            leaks=self.leaks,
            importances=self.outcome.importances,
            settings=self._settings,
            outputs=self.outcome.outputs,
            forward=self.outcome.forward,
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
            f"keep_rows is {keep_rows}, but a model with lags keeps the last values of each series,"
            " and no rows: leave it out."
        )
    if check_keep_rows(keep_rows) and n_outputs > 1:
        raise InputError(
            f"keep_rows is {keep_rows}, but a model of {n_outputs} outputs cannot be updated: leave"
            " it out, or fit a model for each."
        )
    if keep_rows and of_probabilities:
        raise InputError(
            f"keep_rows is {keep_rows}, but a model that learned from probabilities keeps no rows:"
            " leave it out."
        )
    if keep_rows:
        check_kinds(schema)


def _plain_rows(horizon: Any) -> int | None:
    return None if horizon is None else int(horizon)


def _plain_span(span: Any) -> Any:
    """Return a length of time as JSON-able value: a timedelta in seconds, as text."""
    if isinstance(span, timedelta | np.timedelta64):
        return f"{np.timedelta64(span) / np.timedelta64(1, 's'):g} seconds"
    return span


def _sample_of_rows(prepared: Preparation, settings: Mapping[str, Any]) -> KeptRows | None:
    """Return a sample of the rows that a fit learned from; None where none are to be kept."""
    data, rows, most = prepared.data, prepared.rows, settings.get("keep_rows", 0)
    if not most:
        return None
    folds = np.full(rows.n_samples, -1)
    if not rows.n_final:  # final networks learn from all rows
        numbers = np.repeat(np.arange(rows.n_folds), np.diff(rows.bounds))
        folds[rows.order[: rows.n_evaluated]] = numbers
    return KeptRows.of(
        as_learned(data.table, prepared.schema, dropped=left_out_columns(settings)),
        data.target,
        folds,
        most=most,
        rng=np.random.default_rng([settings["seed"], KEPT_STREAM]),
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


def left_out_columns(settings: Mapping[str, Any]) -> list[str]:
    """Return the columns that the user left out of the fit."""
    return [name for name, kind in settings.get("kinds", {}).items() if kind == DROPPED]
