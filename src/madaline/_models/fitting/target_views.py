"""One target of a fit: how it is scored, calibrated, told and watched, by what is predicted.

A kind of target is one class here, and all that a fit asks of it stands there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from madaline._models.diagnosis.out_of_fold import OutOfFold
from madaline._models.fitting.prepared import Preparation
from madaline._models.runtime.outputs import class_probabilities
from madaline._models.watching.facts import (
    UnseenFacts,
    facts_of_classes,
    facts_of_labels,
    facts_of_numbers,
    facts_of_truth,
)
from madaline._race.dataset import Dataset
from madaline._race.evaluation.conformal import PredictionIntervals, PredictionSets
from madaline._race.evaluation.quality.classification import ClassificationQuality
from madaline._race.evaluation.quality.coverage import interval_coverage, set_coverage
from madaline._race.evaluation.quality.regression import RegressionQuality
from madaline._race.evaluation.score import (
    Score,
    ScoredRows,
    classification_scores,
    regression_scores,
)
from madaline._race.evaluation.scores import label_text
from madaline._race.importance import Measure, metric_of_loss
from madaline._tables.target import ClassEncoder, JointEncoder, TargetEncoder
from madaline.nn.arrays import Array
from madaline.nn.losses import Squared


@dataclass(frozen=True, eq=False)
class TargetView(ABC):
    """One target of a fit: what is calibrated, scored and explained for it alone."""

    name: str
    encoder: TargetEncoder
    index: int | None = None  # which of several outputs; None where all belong to the only target

    @property
    def of_classes(self) -> bool:
        """Whether classes are predicted."""
        return self.encoder.of_classes

    @property
    def scale(self) -> float:
        """One, in the target's own unit."""
        return self.encoder.unit

    @property
    def outputs(self) -> slice:
        """Which outputs belong to it."""
        return slice(None) if self.index is None else slice(self.index, self.index + 1)

    def dataset(self, whole: Dataset) -> Dataset:
        """Return the dataset of this target alone."""
        return whole if self.index is None else whole.of_output(self.index)

    def measure(self, whole: Dataset) -> Measure:
        """Return how its predictions are evaluated where columns are permuted."""
        own = self.dataset(whole)
        metric, factor = metric_of_loss(own.loss, self.scale)
        if own.offset is not None and isinstance(own.loss, Squared):  # in the unit of differences
            factor /= float(np.var(own.target[own.evaluated])) or 1.0
        return Measure(own.loss, self.outputs, metric, factor)

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The classes as text; None of numbers."""
        return None

    @abstractmethod
    def second_baseline(self, prepared: Preparation, learned: Dataset) -> Dataset:
        """Return the rows whose constants one of the scores stands beside.

        `learned` are the rows as networks learned them.
        """

    @abstractmethod
    def scores(
        self,
        prepared: Preparation,
        rows: ScoredRows,
        second: Array,  # outputs of the constants of the second baseline
        places: slice | Array,  # of the rows in the dataset
        cut: float,  # the raw output above which the second of two classes is predicted
    ) -> tuple[Score, ...]:
        """Return the scores of some rows."""

    @abstractmethod
    def conformal(
        self,
        prepared: Preparation,
        output: Array,  # raw, of all targets, for rows that the networks did not learn from
        places: Array,  # of these rows in the dataset
        bounds: Sequence[int],
        drift: float,
    ) -> PredictionIntervals | PredictionSets:
        """Return intervals or sets, calibrated on the out-of-fold errors."""

    @abstractmethod
    def quality(self, evaluated: OutOfFold) -> ClassificationQuality | RegressionQuality:
        """Return the quality of the out-of-fold predictions."""

    @abstractmethod
    def unseen_facts(self, evaluated: OutOfFold, output: Array) -> UnseenFacts:
        """Return what out-of-fold outputs of the networks that predict were like."""


@final
@dataclass(frozen=True, eq=False)
class ClassView(TargetView):
    """A target of classes."""

    encoder: ClassEncoder

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes as text."""
        return tuple(map(str, self.encoder.classes.tolist()))

    def second_baseline(self, prepared: Preparation, learned: Dataset) -> Dataset:
        """Return the rows whose constants the log loss stands beside.

        The log loss of networks that learned from weighted classes stands beside that of a constant
        with the same weights.
        """
        return self.dataset(learned)

    def scores(
        self,
        prepared: Preparation,
        rows: ScoredRows,
        second: Array,
        places: slice | Array,
        cut: float,
    ) -> tuple[Score, ...]:
        """Return accuracy, area and log loss."""
        whole = prepared.probabilities
        return classification_scores(
            self.dataset(prepared.own_dataset).loss,
            rows,
            weighted=None if prepared.objective.class_weight is None else second,
            cut=cut,
            probabilities=None if whole is None else whole[places],
        )

    def conformal(
        self,
        prepared: Preparation,
        output: Array,
        places: Array,
        bounds: Sequence[int],
        drift: float,
    ) -> PredictionSets:
        """Return sets of classes."""
        dataset = self.dataset(prepared.own_dataset)
        target = dataset.target[places]
        truth = target.argmax(axis=1) if target.shape[1] > 1 else target[:, 0].astype(np.int64)
        probabilities = class_probabilities(dataset.loss, output[:, self.outputs])
        return PredictionSets.fit(probabilities, truth, bounds, dataset.weights(places))

    def quality(self, evaluated: OutOfFold) -> ClassificationQuality:
        """Return the quality of probabilities, and of the classes that are chosen by them."""
        bounds = evaluated.bounds
        probabilities = evaluated.probabilities
        class_index = evaluated.class_index
        return ClassificationQuality.of(
            self.encoder.classes.tolist(),
            probabilities,
            class_index,
            set_coverage(probabilities, class_index, bounds, evaluated.weight),
            evaluated.weight,
            predicted=self.encoder.choose(probabilities),
        )

    def unseen_facts(self, evaluated: OutOfFold, output: Array) -> UnseenFacts:
        """Return what the probabilities were like, and how often the classes were right."""
        probabilities = class_probabilities(evaluated.loss, output)
        predicted = self.encoder.choose(probabilities)
        facts = facts_of_classes(probabilities, predicted)
        facts |= facts_of_labels(probabilities, predicted, evaluated.class_index)
        return UnseenFacts.of(facts, tuple(map(label_text, self.encoder.classes.tolist())))


@final
@dataclass(frozen=True, eq=False)
class NumberView(TargetView):
    """A target of numbers: a mean, a quantile or a mean count."""

    def second_baseline(self, prepared: Preparation, learned: Dataset) -> Dataset:
        """Return the rows whose constants are the baseline of R²."""
        return replace(self.dataset(prepared.own_dataset), loss=Squared())

    def scores(
        self,
        prepared: Preparation,
        rows: ScoredRows,
        second: Array,
        places: slice | Array,
        cut: float,
    ) -> tuple[Score, ...]:
        """Return R² and the error in the target's own unit."""
        loss = self.dataset(prepared.own_dataset).loss
        return regression_scores(loss, rows, means=second, scale=self.scale)

    def conformal(
        self,
        prepared: Preparation,
        output: Array,
        places: Array,
        bounds: Sequence[int],
        drift: float,
    ) -> PredictionIntervals:
        """Return intervals, wider where later rows are harder to predict."""
        dataset = self.dataset(prepared.own_dataset)
        target = dataset.target[places][:, 0]
        prediction = dataset.loss.prediction(output[:, self.outputs])[:, 0]
        limits = None
        widening = 1.0
        sizes = np.ravel(dataset.sizes(places))
        if prepared.later is not None:
            limits = self.encoder.encoded_range
            errors = (prediction - target) / sizes
            widening = prepared.later.widening(places, errors, drift)
        steps = None if prepared.steps is None else prepared.steps[places].astype(np.float64)
        if steps is not None and steps.max() == steps.min():
            steps = None
        weight = dataset.weights(places)
        return PredictionIntervals.fit(
            prediction,
            target,
            bounds,
            weight,
            limits,
            widening=widening,
            ahead=steps,
            sizes=sizes,
        )

    def quality(self, evaluated: OutOfFold) -> RegressionQuality:
        """Return the quality of predicted numbers, in the target's unit."""
        prediction = self._decoded(evaluated.loss.prediction(evaluated.output))
        truth = self._decoded(evaluated.target)
        coverage = interval_coverage(prediction, truth, evaluated.bounds, evaluated.weight)
        return RegressionQuality.of(prediction, truth, coverage, evaluated.weight)

    def unseen_facts(self, evaluated: OutOfFold, output: Array) -> UnseenFacts:
        """Return what predictions and errors were like."""
        prediction = self._decoded(evaluated.loss.prediction(output))
        truth = self._decoded(evaluated.target)
        return UnseenFacts.of(facts_of_numbers(prediction) | facts_of_truth(prediction, truth))

    def _decoded(self, prediction: Array) -> Array:
        return self.encoder.decode(prediction).astype(np.float64)


def views_of(encoder: TargetEncoder, name: str) -> tuple[TargetView, ...]:
    """Return the targets one by one; of several quantiles, these."""
    if not isinstance(encoder, JointEncoder):
        return (_view_of(encoder, name),)
    named = zip(encoder.names, encoder.encoders, strict=True)
    return tuple(_view_of(of_target, name, index) for index, (name, of_target) in enumerate(named))


def _view_of(encoder: TargetEncoder, name: str, index: int | None = None) -> TargetView:
    if isinstance(encoder, ClassEncoder):
        return ClassView(name, encoder, index)
    return NumberView(name, encoder, index)
