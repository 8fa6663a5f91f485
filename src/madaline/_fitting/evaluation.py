"""The evaluation of a fit: its out-of-fold predictions, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import numpy as np

from madaline._data.target import CLASSIFICATION, ClassEncoder, JointEncoder, TargetEncoder
from madaline._diagnosis.finding import Diagnosis
from madaline._diagnosis.fit import FinishedRace, diagnose_fit
from madaline._diagnosis.learning import Strength
from madaline._diagnosis.out_of_fold import OutOfFold
from madaline._diagnosis.predictions import Suspects
from madaline._engine.blas import one_threaded_products
from madaline._evaluation.quality import JointQuality, Quality
from madaline._evaluation.quality.classification import ClassificationQuality
from madaline._evaluation.quality.coverage import interval_coverage, set_coverage
from madaline._evaluation.quality.regression import RegressionQuality
from madaline._evaluation.score import mean_and_error
from madaline._evaluation.scores import label_text
from madaline._fitting.outcome import SHARE_TO_DIAGNOSE, Outcome
from madaline._runtime.outputs import class_probabilities
from madaline._time.forward import ForwardScores
from madaline._time.noticing import is_harder_later
from madaline._watching.facts import (
    UnseenFacts,
    facts_of_classes,
    facts_of_labels,
    facts_of_numbers,
    facts_of_truth,
)
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
        rows, schema, encoder = prepared.rows, prepared.schema, prepared.target_encoder
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
            _labels(encoder),
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

    def unseen_facts(self) -> UnseenFacts | None:
        """Return what the out-of-fold predictions of the networks that predict were like.

        None of several targets: only the columns of such a model are watched.
        """
        if isinstance(self.outcome.target_encoder, JointEncoder):
            return None
        encoder = self.outcome.target_encoder
        evaluated = self.out_of_fold
        output = self.outcome.ensemble.output / self.outcome.temperature
        loss = evaluated.loss
        if isinstance(encoder, ClassEncoder):
            probabilities = class_probabilities(loss, output)
            predicted = encoder.choose(probabilities)
            facts = facts_of_classes(probabilities, predicted)
            facts |= facts_of_labels(probabilities, predicted, evaluated.class_index)
            return UnseenFacts.of(facts, tuple(map(label_text, encoder.classes.tolist())))
        prediction = encoder.decode(loss.prediction(output)).astype(np.float64)
        truth = encoder.decode(evaluated.target).astype(np.float64)
        return UnseenFacts.of(facts_of_numbers(prediction) | facts_of_truth(prediction, truth))

    def quality(self) -> Quality:
        """Return the quality of the out-of-fold predictions, numbers in the target's unit."""
        encoder = self.outcome.target_encoder
        if not isinstance(encoder, JointEncoder):
            return _quality(encoder, self.out_of_fold)
        each = tuple(
            _quality(of_target, self.out_of_fold.of_output(index, _labels(of_target)))
            for index, of_target in enumerate(encoder.encoders)
        )
        return JointQuality(encoder.names, each)


def _labels(encoder: TargetEncoder) -> tuple[str, ...] | None:
    """Return the labels as text; None where numbers, or several targets, are predicted."""
    return tuple(map(str, encoder.classes.tolist())) if isinstance(encoder, ClassEncoder) else None


def _quality(
    encoder: TargetEncoder, evaluated: OutOfFold
) -> ClassificationQuality | RegressionQuality:
    bounds, weight = evaluated.bounds, evaluated.weight
    if isinstance(encoder, ClassEncoder):
        probabilities, class_index = evaluated.probabilities, evaluated.class_index
        coverage = set_coverage(probabilities, class_index, bounds, weight)
        labels = encoder.classes.tolist()
        predicted = encoder.choose(probabilities)
        return ClassificationQuality.of(
            labels, probabilities, class_index, coverage, weight, predicted=predicted
        )
    output = evaluated.loss.prediction(evaluated.output)
    prediction = encoder.decode(output).astype(np.float64)
    truth = encoder.decode(evaluated.target).astype(np.float64)
    coverage = interval_coverage(prediction, truth, bounds, weight)
    return RegressionQuality.of(prediction, truth, coverage, weight)
