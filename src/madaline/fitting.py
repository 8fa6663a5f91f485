"""One fit, read from top to bottom: from a table and a target to a fitted model."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import numpy as np

from madaline.core.arrays import Array
from madaline.core.losses import Squared
from madaline.core.network import Network
from madaline.data.batches import FoldedRows
from madaline.data.encoder import TableEncoder
from madaline.data.folds import make_folds
from madaline.data.given_folds import GivenFolds
from madaline.data.profile import TableProfile
from madaline.data.schema import Schema
from madaline.data.table import Table
from madaline.data.target import ClassCodec, CountCodec, RegressionCodec, TargetCodec, infer_task
from madaline.diagnosis.diagnosis import Diagnosis
from madaline.diagnosis.facts import Facts
from madaline.diagnosis.labels import Suspects
from madaline.diagnosis.of_fit import Training, diagnose_fit
from madaline.diagnosis.of_race import Remains
from madaline.diagnosis.strength import Strength
from madaline.errors import ModelFileError
from madaline.fit_arguments import (
    check_effort,
    check_lengths,
    check_seed,
    check_weight,
    count_folds,
)
from madaline.model import FittedModel, Summary
from madaline.quality.of_fit import quality_of_fit
from madaline.runtime.intervals import Intervals
from madaline.runtime.predictor import Part, Predictor, class_probabilities
from madaline.runtime.sets import Sets
from madaline.training.calibration import Calibration, calibrate
from madaline.training.checkpoint import resume, save_checkpoint
from madaline.training.decisions import Decision
from madaline.training.examples import Examples
from madaline.training.importance import Importance, metric_of_loss, out_of_fold_importances
from madaline.training.leakage import find_leaks
from madaline.training.mix import Ingredient, Mix
from madaline.training.objective import Objective
from madaline.training.plan import Plan, make_plan
from madaline.training.pruning import Pruned, prune_mix
from madaline.training.race import Event, Race
from madaline.training.records import Record
from madaline.training.score import (
    Score,
    classification_scores,
    regression_scores,
    standard_errors_better,
)
from madaline.training.threads import Workers, one_threaded_products

Judged: TypeAlias = tuple[Array, Array, Array, Array | None, Array | None]
"""Out-of-fold outputs of networks and of constants, targets, weights and groups."""

BINS = (0, 16, 64)
"""Encodings that race: numbers as they are, and beside 16 or 64 piecewise-linear bins."""

FOLD_STREAM = 2**32 - 2
"""Tells the random numbers of folds from those of networks and batches."""

IMPORTANCE_SHARE = 0.01
"""Share of the work of training that finding what matters may take."""

CHECKPOINT_SECONDS = 5.0
"""How much work may be lost when a fit is killed. It decides nothing about the result."""

CHECKPOINT_SHARE = 0.05
"""Share of the time that keeping the state may take."""


class Fitting:
    """A fit as an iterator of what happens; afterwards `model` returns what came of it.

    Parameters
    ----------
    table : Table
        The columns to learn from.
    target : ndarray of shape (n_samples,)
        Labels or numbers.
    task : {"classification", "regression"}, optional
        What to learn; told from the target by default.
    target_name : str, default="target"
        What the target is called.
    objective : Objective, optional
        What is to be made small.
    sample_weight : ndarray of shape (n_samples,), optional
        Weight of each row; rows of weight zero are left out.
    groups : ndarray of shape (n_samples,), optional
        Rows of one group are never on both sides of a fold.
    folds : int or GivenFolds, optional
        Number of folds, or which rows each fold's networks are judged on; by default as many folds
        as suit the number of rows, which have their share of each class or of large targets.
    kinds : mapping of str to str, optional
        What some columns are to be taken for, for example ``{"zip": "category"}``.
    effort : int, default=100
        How often a network may see the table, at most (epochs).
    seed : int, default=0
        Decides every random number: same seed, same bits, on any number of threads.
    n_jobs : int, optional
        Number of threads, as in scikit-learn.
    adjust : callable, optional
        From the plan made for the table to the plan that is carried out: for experiments.
    checkpoint : path, optional
        A file to keep the state in. If it holds the state of this very fit, the fit goes on there;
        what is resumed ends in the same bits. `discard_checkpoint` removes it.

    Raises
    ------
    InputError
        If there is nothing that could be learned, with the reason and the remedy.
    """

    def __init__(
        self,
        table: Table,
        target: Array,
        *,
        task: str | None = None,
        target_name: str = "target",
        objective: Objective | None = None,
        sample_weight: Array | None = None,
        groups: Array | None = None,
        folds: int | GivenFolds | None = None,
        kinds: Mapping[str, str] | None = None,
        effort: int = 100,
        seed: int = 0,
        n_jobs: int | None = None,
        adjust: Callable[[Plan], Plan] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> None:
        check_effort(effort)
        check_seed(seed)
        numbers = folds.numbers if isinstance(folds, GivenFolds) else None
        check_lengths(table.n_samples, target, sample_weight, groups, numbers)
        check_weight(sample_weight)
        self._numbers = np.arange(table.n_samples)
        if sample_weight is not None and not np.all(sample_weight > 0):
            self._numbers = counted = np.flatnonzero(sample_weight)
            table, target, sample_weight = (
                table.take(counted),
                target[counted],
                sample_weight[counted],
            )
            groups = None if groups is None else groups[counted]
            folds = folds.take(counted) if isinstance(folds, GivenFolds) else folds
        self._table = table
        self.target_name = target_name
        given = {"sample_weight": sample_weight, "groups": groups, "folds": folds}
        self._settings = {
            "effort": effort,
            "seed": seed,
            "kinds": dict(kinds or {}),
            "folds": folds if isinstance(folds, int) else None,
            "given": [name for name, value in given.items() if value is not None],
        }
        self.schema = Schema.infer(table, kinds)
        self.objective = objective or Objective()
        self._settings |= self.objective.settings()
        told = task or self.objective.task
        self.task, self.task_reason = (told, "as told") if told else infer_task(target)
        self.objective.check_task(self.task)
        self.codec = self.objective.fit_codec(self.task, target, sample_weight)
        self.leaks = find_leaks(
            table,
            self.schema.single,
            self.codec.encode(target),
            classes=isinstance(self.codec, ClassCodec),
            groups=groups,
        )
        weight = sample_weight
        if isinstance(self.codec, ClassCodec):
            codes = self.codec.encode(target)
            weight = self.objective.row_weight(self.codec.classes, codes, sample_weight)
        self.encoder = TableEncoder.fit(
            table,
            self.schema,
            n_bins=BINS,
            sample_weight=weight,
            target=_target_matrix(self.codec, target),
        )
        widths = {n_bins: self.encoder.n_features(n_bins) for n_bins in BINS}
        n_groups = None if groups is None else len(np.unique(groups))
        plan = make_plan(
            table.n_samples,
            widths,
            epochs=effort,
            n_groups=n_groups,
            n_folds=count_folds(folds),
            grid=self.encoder.grid,
        )
        self.plan = adjust(plan) if adjust else plan
        self.rows = self._fold(target, groups, folds, seed)
        self._own_weight = _unit_mean(sample_weight, self.rows.order)
        # Large groups may leave a network fewer rows than the plan counted on.
        batch_size = min(self.plan.batch_size, self.rows.n_training)
        self.plan = replace(self.plan, batch_size=batch_size)
        self.race = Race(
            self.plan, self._examples(table, target, weight, groups), seed, Workers(n_jobs)
        )
        self.records: list[Record] = []
        self.decisions: list[Decision] = []
        self.checkpoint = None if checkpoint is None else Path(checkpoint)
        self._resume()

    def __iter__(self) -> Iterator[Event]:
        """Train; yield every record, with the decision that it led to, if any."""
        saved, cost = time.monotonic(), 0.0
        while not self.race.finished:
            for record, decision in self.race.run_epoch():
                if decision is None:
                    self.records.append(record)
                else:
                    self.decisions.append(decision)
                yield record, decision
            wait = max(CHECKPOINT_SECONDS, cost / CHECKPOINT_SHARE)
            if self.checkpoint and time.monotonic() - saved > wait:
                started = time.monotonic()
                self._save_checkpoint()
                saved = time.monotonic()
                cost = saved - started
        yield from self._prune()
        yield from self._calibrate()

    def _save_checkpoint(self) -> None:
        """Keep the state; a fit that cannot be kept goes on all the same."""
        if self.checkpoint is None:
            return
        try:
            save_checkpoint(self.checkpoint, self.race, self.records, self.decisions)
        except OSError as error:
            warnings.warn(
                f"The fit goes on, but cannot be resumed if it is interrupted: {self.checkpoint}"
                f" cannot be written ({error.strerror}).",
                stacklevel=2,
            )
            self.checkpoint = None

    def _resume(self) -> None:
        """Go on where an interrupted fit of the same table stopped."""
        if self.checkpoint is None or not self.checkpoint.exists():
            return
        try:
            resumed = resume(self.checkpoint, self.race)
        except ModelFileError:  # not a checkpoint of ours, or cut short: begin at the beginning
            return
        if resumed is not None:
            self.records, self.decisions = resumed

    @cached_property
    def pruned(self) -> Pruned:
        """What predicts once the race is over, and what it could do without."""
        return prune_mix(
            self.race.mix(),
            self.race.examples,
            epoch=self.race.epoch,
            tolerance=self.plan.tolerance,
            workers=self.race.workers,
        )

    @property
    def mix(self) -> Mix:
        """What predicts, once the race is over."""
        return self.pruned.mix

    def _prune(self) -> Iterator[Event]:
        """Make what predicts as small as it may be; yield every decision, with a record."""
        for decision in self.pruned.decisions:
            record = self.race.candidates[decision.subject].record
            if record is not None and decision not in self.decisions:
                self.decisions.append(decision)
                yield record, decision

    @cached_property
    def calibration(self) -> Calibration | None:
        """How sure the networks should be, once the race is over.

        None where they tell numbers, and with one fold, as a temperature is judged by other folds.
        """
        if not isinstance(self.codec, ClassCodec) or self.rows.n_folds < 2:
            return None
        examples = self.race.examples
        target, weight, groups = examples.judged_facts
        return calibrate(examples.loss, self.mix.output, target, self.rows.bounds, weight, groups)

    @property
    def _temperature(self) -> float:
        return 1.0 if self.calibration is None else self.calibration.temperature

    def _calibrate(self) -> Iterator[Event]:
        """Say whether and how probabilities are calibrated, with the last record."""
        if self.calibration is not None:
            decision = self.calibration.decision(self.race.epoch)
            if decision not in self.decisions:
                self.decisions.append(decision)
                yield self.records[-1], decision

    @cached_property
    def importances(self) -> tuple[Importance, ...]:
        """How much each column matters to what predicts, on rows that it never saw."""
        examples = replace(self.race.examples, weight=self._own_weight)
        scale = self.codec.scale if isinstance(self.codec, RegressionCodec | CountCodec) else 1.0
        return out_of_fold_importances(
            self.mix,
            examples,
            self.encoder.columns,
            work=IMPORTANCE_SHARE * self.race.multiply_adds,
            seed=self.race.seed,
            metric=metric_of_loss(examples.loss, scale),
            temperature=self._temperature,
            workers=self.race.workers,
        )

    @property
    def _judged_output(self) -> Array:
        """The final raw out-of-fold output of the mix as it was before it was pruned.

        Pruning chose by these rows, and would flatter itself.
        """
        return self.pruned.before.output / self._temperature

    @property
    def resumed_epoch(self) -> int:
        """The epoch at which the fit stands; above zero before the first step if it was resumed."""
        return self.race.epoch

    def model(self) -> FittedModel:
        """Return the fitted model."""
        summary = Summary(
            task=self.task,
            target=self.target_name,
            n_samples=self.rows.n_samples,
            n_judged=self.rows.n_judged,
            n_columns=len(self.encoder.columns),
            n_folds=self.rows.n_folds,
            epochs=self.race.epoch,
            multiply_adds=self.race.multiply_adds + self.pruned.multiply_adds,
            scores=self._scores(),
            standard_errors_better=self._standard_errors_better(),
            weights=self.mix.shares,
            units={one.name: one.units for one in self.mix.ingredients},
            row_multiply_adds=self.mix.row_multiply_adds,
            row_multiply_adds_before=self.pruned.before.row_multiply_adds,
            leaks=self.leaks,
            importances=self.importances,
            settings=self._settings,
        )
        predictor = Predictor(
            self.encoder,
            self._parts(),
            self.race.examples.loss,
            self.codec,
            self._conformal(),
            self._temperature,
        )
        return FittedModel(
            predictor,
            self.schema,
            summary,
            tuple(self.records),
            tuple(self.decisions),
            diagnosis=self.diagnosis,
            profile=TableProfile.of(self._table, self.schema),
            quality=quality_of_fit(self._facts, self.codec),
        )

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """What is wrong with the fit, once the race is over; rows by their numbers in the table."""
        starting = tuple(recipe.name for recipe in self.plan.recipes)
        remains = Remains(self.race, self.pruned.before)
        with one_threaded_products():
            training = Training(
                self._strength(remains),
                remains.healths(),
                remains.raced(),
                self.leaks,
                self.decisions,
                starting,
            )
            return diagnose_fit(self._facts, training)

    @property
    def label_suspects(self) -> Suspects | None:
        """The rows whose label may be wrong, in the order of the table; None for numbers.

        As in `out_of_fold`, rows of weight zero are not among them.
        """
        if not isinstance(self.codec, ClassCodec):
            return None
        facts, order = self._facts, self.rows.order[: self.rows.n_judged]
        probabilities = np.full((self.rows.n_samples, len(self.codec.classes)), np.nan)
        codes = np.zeros(self.rows.n_samples, np.intp)
        probabilities[order], codes[order] = facts.probabilities, facts.codes
        return Suspects.among(probabilities, codes)

    def discard_checkpoint(self) -> None:
        """Remove the file that the fit was kept in, once the model is safe."""
        if self.checkpoint:
            self.checkpoint.unlink(missing_ok=True)

    def out_of_fold(self) -> Array:
        """Return the final raw output for every training row by networks that never saw it.

        They are the networks before pruning, which say the same beyond doubt: what to prune was
        chosen by these very rows, so that what is left looks better on them than it is.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            In the order of the table (without rows of weight zero); NaN for rows that are never
            judged.
        """
        output = self._judged_output
        unsorted = np.full((self.rows.n_samples, output.shape[1]), np.nan, output.dtype)
        unsorted[self.rows.order[: self.rows.n_judged]] = output
        return unsorted

    def _fold(
        self, target: Array, groups: Array | None, folds: int | GivenFolds | None, seed: int
    ) -> FoldedRows:
        if isinstance(folds, GivenFolds):
            if groups is not None:
                folds.check_groups(groups)
            return FoldedRows.from_folds(folds.numbers, folds.training)
        made = make_folds(
            self.codec.encode(target),
            n_folds=self.plan.n_folds,
            task=self.task,
            groups=groups,
            rng=np.random.default_rng([seed, FOLD_STREAM]),
        )
        return FoldedRows.from_folds(made)

    def _examples(
        self, table: Table, target: Array, weight: Array | None, groups: Array | None
    ) -> Examples:
        order, matrix = self.rows.order, _target_matrix(self.codec, target)
        places = None if groups is None else np.unique(groups[order], return_inverse=True)[1]
        sorted_table = table.take(order)
        encoded = self.encoder.encode(sorted_table)
        fold_features = self.encoder.fold_features(
            sorted_table,
            matrix[order],
            None if weight is None else weight[order],
            [self.rows.training(fold) for fold in range(self.rows.n_folds)],
            np.arange(len(order)) if places is None else places,
        )
        used = sorted({recipe.n_bins for recipe in self.plan.recipes})
        return Examples(
            self.rows,
            {n_bins: encoded.features(n_bins) for n_bins in used},
            {
                n_bins: tuple(int(column) for column in self.encoder.feature_columns(n_bins))
                for n_bins in used
            },
            matrix[order],
            self.objective.network_loss(self.codec),
            _unit_mean(weight, order),
            places,
            self.objective.make_metric(
                self.codec, target[order], self._own_weight, n_judged=self.rows.n_judged
            ),
            fold_features,
            self.encoder.grid,
        )

    @cached_property
    def _facts(self) -> Facts:
        """The judged rows and what was said of them, for the diagnosis."""
        examples = replace(self.race.examples, weight=self._own_weight)
        order = self.rows.order[: self.rows.n_judged]
        output, prior, target, weight, groups = self._judged(examples)
        classes = self.codec.classes.tolist() if isinstance(self.codec, ClassCodec) else None
        n_bins = min(examples.features)
        features = [
            examples.encoded(n_bins, fold, self.rows.held_out(fold))
            for fold in range(self.rows.n_folds)
        ]
        return Facts(
            self._table.select(self.schema.kept).take(order),
            self.schema,
            self.rows.bounds,
            examples.loss,
            output,
            prior,
            target,
            np.concatenate(features)[:, : self.encoder.n_features(0)],
            classes if classes is None else tuple(map(str, classes)),
            weight,
            groups,
            self._numbers[order],
        )

    def _strength(self, remains: Remains) -> Strength:
        """Return how well rows are fitted that were learned from, and others."""
        facts = self._facts
        return Strength(
            remains.seen_loss(self._temperature, self._own_weight),
            facts.mean(facts.losses)[0],
            facts.mean(facts.constant_losses)[0],
            self._standard_errors_better(),
            remains.unfinished,
        )

    def _scores(self) -> tuple[Score, ...]:
        # Class weights are for training; what is reported is about the rows as they are.
        examples = replace(self.race.examples, weight=self._own_weight)
        facts = self._judged(examples)
        scores = self._usual_scores(examples, facts)
        if examples.metric is None:
            return scores
        output, prior, _, _, groups = facts
        chosen = examples.metric.score(output, prior, groups)
        return (chosen, *(score for score in scores if score.metric != chosen.metric))

    def _usual_scores(self, examples: Examples, facts: Judged) -> tuple[Score, ...]:
        committee = self.pruned.before.committee(
            examples, temperature=self._temperature, workers=self.race.workers
        )
        if isinstance(self.codec, RegressionCodec | CountCodec):
            means = replace(examples, loss=Squared()).prior_output()
            return regression_scores(
                examples.loss, *facts, means=means, scale=self.codec.scale, committee=committee
            )
        balanced = self.objective.class_weight is not None
        return classification_scores(examples.loss, *facts, balanced=balanced, committee=committee)

    def _standard_errors_better(self) -> float:
        examples = self.race.examples
        return standard_errors_better(examples.loss, *self._judged(examples))

    def _judged(self, examples: Examples) -> Judged:
        """Return out-of-fold outputs of networks and constants, targets, weights and groups."""
        return self._judged_output, examples.prior_output(), *examples.judged_facts

    def _conformal(self) -> Intervals | Sets:
        """Return how far off the rows were that networks never saw."""
        examples, bounds = replace(self.race.examples, weight=self._own_weight), self.rows.bounds
        output, (target, weight, _) = self.mix.output / self._temperature, examples.judged_facts
        if isinstance(self.codec, RegressionCodec | CountCodec):
            prediction = examples.loss.prediction(output)
            return Intervals.fit(prediction[:, 0], target[:, 0], bounds, weight)
        truth = target.argmax(axis=1) if target.shape[1] > 1 else target[:, 0].astype(np.int64)
        return Sets.fit(class_probabilities(examples.loss, output), truth, bounds, weight)

    def _parts(self) -> tuple[Part, ...]:
        """Return the networks of the mix, those with the same layers together."""
        alike: dict[tuple[int, Network], list[Ingredient]] = {}
        for one in self.mix.ingredients:
            alike.setdefault((one.n_bins, one.network), []).append(one)
        return tuple(
            Part(
                n_bins,
                network,
                np.stack([one.theta for one in ingredients]),
                np.asarray([one.share for one in ingredients]),
            )
            for (n_bins, network), ingredients in alike.items()
        )


def _target_matrix(codec: TargetCodec, target: Array) -> Array:
    """Return what the networks should say, shape (n_samples, n_outputs)."""
    encoded = codec.encode(target)
    if isinstance(codec, ClassCodec) and len(codec.classes) > 2:
        return np.eye(len(codec.classes), dtype=np.float32)[encoded]
    return encoded.astype(np.float32)[:, None]


def _unit_mean(weight: Array | None, order: Array) -> Array | None:
    if weight is None:
        return None
    sorted_weight = weight[order]
    return np.asarray(sorted_weight / sorted_weight.mean(), np.float32)
