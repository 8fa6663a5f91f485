"""The evaluation of a fit: its out-of-fold predictions, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import numpy as np

from madaline._models.diagnosis.finding import Diagnosis
from madaline._models.diagnosis.fit import FinishedRace, diagnose_fit
from madaline._models.diagnosis.learning import Strength
from madaline._models.diagnosis.out_of_fold import OutOfFold
from madaline._models.diagnosis.predictions import Suspects
from madaline._models.fitting.outcome import SHARE_TO_DIAGNOSE, Outcome
from madaline._models.fitting.target_views import TargetView, views_of
from madaline._models.watching.facts import (
    UnseenFacts,
)
from madaline._race.evaluation.quality import JointQuality, Quality
from madaline._race.evaluation.score import mean_and_error
from madaline._race.time.forward import ForwardScores
from madaline._race.time.noticing import is_harder_later
from madaline._tables.target import CLASSIFICATION, ClassEncoder
from madaline.nn._engine.blas import one_threaded_products
from madaline.records.decision import Decision


@final
@dataclass(frozen=True, eq=False)
class Evaluation:
    """The out-of-fold predictions of a fit, their quality, and the diagnosis."""

    outcome: Outcome  # the result of the race
    decisions: Sequence[Decision]  # all decisions of the race

    @cached_property
    def out_of_fold(self) -> OutOfFold:
        """The rows with their out-of-fold predictions."""
        prepared = self.outcome.prepared
        dataset = self.outcome.prepared.own_dataset
        rows = prepared.rows
        schema = prepared.schema
        first, *others = self.outcome.views
        order = rows.order[: rows.n_evaluated]
        evaluated = self.outcome.scoring.evaluated(dataset)
        tuned = self.outcome.threshold
        return OutOfFold(
            prepared.data.table.select(schema.kept).take(order),
            schema,
            rows.bounds,
            dataset.loss,
            evaluated.output,
            evaluated.prior,
            evaluated.target,
            None if others else first.labels,
            evaluated.weight,
            evaluated.groups,
            prepared.data.row_numbers[order],
            0.5 if tuned is None else tuned.threshold,
            weighted_classes=prepared.objective.class_weight is not None,
            drawn_classes=prepared.data.classes is not None,
        )

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """What is wrong with the fit; rows by their numbers in the user's table."""
        race = self.outcome.race
        outcome = self.outcome
        evaluated = self.out_of_fold
        finished = FinishedRace(race, outcome.pruned.before)
        with one_threaded_products():
            dataset = outcome.dataset  # classes with the weights that the networks learned from
            rows = outcome.scoring.evaluated(dataset)
            losses = (
                dataset.loss.rows(one, rows.target).astype(float)
                for one in (rows.output, rows.prior)
            )
            unseen, constant = (mean_and_error(one, rows.weight, rows.groups)[0] for one in losses)
            strength = Strength(
                finished.training_loss(outcome.temperature, dataset.weight),
                unseen,
                constant,
                outcome.scoring.better_than_constants(),
                finished.unfinished,
            )
            return diagnose_fit(
                evaluated,
                finished,
                strength,
                leaks=outcome.prepared.leaks,
                importances=() if outcome.prepared.time.lagged is not None else outcome.importances,
                decisions=self.decisions,
                forward=self._forward(),
                hurried=outcome.is_late(SHARE_TO_DIAGNOSE),
            )

    def _forward(self) -> ForwardScores | None:
        """Return the scores of stretches, with aging only where later rows are harder to predict.

        Older networks learned from fewer rows, and are worse for that reason alone.
        """
        forward = self.outcome.scoring.forward
        prepared = self.outcome.prepared
        if forward is None or prepared.time.times is None or not forward.aging:
            return forward
        data, dataset = prepared.data, prepared.dataset
        dataset = dataset if data.classes is None else prepared.own_dataset
        target = np.empty_like(dataset.target)
        target[prepared.rows.order] = dataset.target
        facts = prepared.schema, target, data.weight, data.groups
        classes = prepared.task == CLASSIFICATION
        ages = is_harder_later(prepared.time.times, data.table, *facts, classes=classes)
        return forward if ages else replace(forward, aging=())

    @property
    def label_suspects(self) -> Suspects | None:
        """The rows whose label may be wrong, in the order of the table; None without labels."""
        encoder = self.outcome.prepared.target_encoder
        if not isinstance(encoder, ClassEncoder) or self.out_of_fold.drawn_classes:
            return None
        order = self.outcome.prepared.evaluated_rows
        evaluated = self.out_of_fold
        n_given = self.outcome.prepared.n_given
        probabilities = np.full((n_given, len(encoder.classes)), np.nan)
        class_index = np.zeros(n_given, np.intp)
        probabilities[order] = evaluated.probabilities
        class_index[order] = evaluated.class_index
        return Suspects.among(probabilities, class_index)

    @cached_property
    def _views(self) -> tuple[TargetView, ...]:
        """The targets one by one, with a tuned threshold."""
        name = self.outcome.prepared.data.target_names[0]
        return views_of(self.outcome.target_encoder, name)

    def unseen_facts(self) -> UnseenFacts | None:
        """Return what the out-of-fold predictions of the networks that predict were like.

        None of several targets: only the columns of such a model are watched.
        """
        if len(self._views) > 1:
            return None
        output = self.outcome.ensemble.output / self.outcome.temperature
        return self._views[0].unseen_facts(self.out_of_fold, output)

    def quality(self) -> Quality:
        """Return the quality of the out-of-fold predictions, numbers in the target's unit."""
        if len(self._views) == 1:
            return self._views[0].quality(self.out_of_fold)
        each = tuple(
            view.quality(self.out_of_fold.of_output(index, view.labels))
            for index, view in enumerate(self._views)
        )
        return JointQuality(tuple(view.name for view in self._views), each)
