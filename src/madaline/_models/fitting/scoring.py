"""The scores of an ensemble: out of fold, or of later rows where these are held out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import numpy as np

from madaline._models.fitting.prediction import Temperature, divided
from madaline._models.fitting.prepared import Preparation
from madaline._models.fitting.target_views import TargetView
from madaline._models.story.summary import LinearScore
from madaline._race.dataset import Dataset
from madaline._race.ensemble import Ensemble
from madaline._race.evaluation.metrics import DECISION_METRICS
from madaline._race.evaluation.score import (
    FoldOutputs,
    Score,
    ScoredRows,
    standard_errors_better,
)
from madaline._race.evaluation.scores import label_scores, mean_scores, quantile_scores
from madaline._race.linear import LinearModels
from madaline._race.time.forward import Aging, Distance, ForwardScores, drift_of, promised
from madaline._race.time.later_rows import ranges_of_distance
from madaline._race.time.series_scores import SeriesScores
from madaline._tables.target import JointEncoder
from madaline.nn.arrays import Array
from madaline.nn.losses import Quantiles


@final
@dataclass(frozen=True, eq=False)
class Scoring:
    """Scores an ensemble, and what it is compared with."""

    prepared: Preparation
    raced: Dataset  # the rows as they raced
    ensemble: Ensemble
    temperature: Temperature
    cut: float  # the raw output above which the second of two classes is predicted
    views: tuple[TargetView, ...]  # the targets one by one

    @cached_property
    def dataset(self) -> Dataset:
        """The rows as they raced, with targets of which networks learned differences."""
        return self.raced.from_anchors()

    @property
    def is_joint(self) -> bool:
        """Whether several targets or quantiles are predicted together."""
        return isinstance(self.prepared.target_encoder, JointEncoder)

    @cached_property
    def output(self) -> Array:
        """The final raw out-of-fold output, (n_evaluated, n_outputs)."""
        return self.raced.loss.in_order(divided(self.ensemble.output, self.temperature))

    def evaluated(self, dataset: Dataset, outputs: slice = slice(None)) -> ScoredRows:
        """Return the out-of-fold outputs, or some of them, beside those of the baseline."""
        return _evaluated(dataset, self.output[:, outputs])

    def better_than_constants(self, view: TargetView | None = None) -> float:
        """Return by how many standard errors the loss is below the baseline's, of all targets."""
        dataset = self.dataset if view is None else view.dataset(self.dataset)
        outputs = slice(None) if view is None else view.outputs
        return standard_errors_better(dataset.loss, self.evaluated(dataset, outputs))

    @property
    def scores(self) -> tuple[Score, ...]:
        """The scores of all targets; the metric that chose the ensemble comes first."""
        return self._all_scores(self.of_targets, self.output)

    @cached_property
    def of_targets(self) -> tuple[tuple[Score, ...], ...]:
        """The scores of each target."""
        return self._scores_of_each(self.output, self._ahead, self._fold_outputs())

    def _all_scores(self, each: Sequence[tuple[Score, ...]], evaluated: Array) -> tuple[Score, ...]:
        """Return the scores of out-of-fold outputs, given those of each target."""
        dataset = self.prepared.own_dataset
        rows = _evaluated(dataset, evaluated)
        scores = self._joint_scores(each, rows) if self.is_joint else each[0]
        if dataset.metric is None:
            return scores
        cut = self.cut if dataset.metric.name in DECISION_METRICS else 0.0
        chosen = dataset.metric.score(rows.output - cut, rows.prior, rows.groups)
        return (chosen, *(score for score in scores if score.metric != chosen.metric))

    def linear(self, models: LinearModels) -> LinearScore:
        """Return the scores of linear models on the same folds."""
        raced = self.raced
        later = self.prepared.later
        output = raced.loss.in_order(raced.shifted(models.out_of_fold(), raced.evaluated))
        ahead = [
            raced.loss.in_order(raced.shifted(models.output(fold, places), places))
            for fold, places in enumerate([] if later is None else later.ahead)
        ]
        beside = replace(self.evaluated(self.dataset), prior=output)
        better = standard_errors_better(self.dataset.loss, beside)
        return LinearScore(self._all_scores(self._scores_of_each(output, ahead), output), better)

    def _scores_of_each(
        self, evaluated: Array, ahead: Sequence[Array], outputs: FoldOutputs | None = None
    ) -> tuple[tuple[Score, ...], ...]:
        """Return the scores of each target, given raw outputs out of fold and of later rows."""
        return tuple(self._usual_scores(view, evaluated, ahead, outputs) for view in self.views)

    def _fold_outputs(self) -> FoldOutputs | None:
        """Return what tells the gain from averaging; None where it cannot be measured.

        With folds such as `TimeSeriesSplit`, networks learn from unlike rows: of a row, some know
        what came before alone, others the row itself. How far they differ is not what their mean
        gains on new rows.
        """
        if self.prepared.rows.learned:
            return None
        return self.ensemble.fold_outputs(self.prepared.own_dataset, temperature=self.temperature)

    def _usual_scores(
        self,
        view: TargetView,
        evaluated: Array,
        ahead: Sequence[Array],
        outputs: FoldOutputs | None,
    ) -> tuple[Score, ...]:
        dataset = view.dataset(self.prepared.own_dataset)
        later = self.prepared.later
        if later is None:
            second = view.second_baseline(self.prepared, self.dataset).prior_output()
            if outputs is not None and view.index is not None:
                outputs = outputs.of_output(view.index)
            rows = replace(_evaluated(dataset, evaluated[:, view.outputs]), fold_outputs=outputs)
            return view.scores(self.prepared, rows, second, dataset.evaluated, self.cut)
        return promised(
            [
                self._scores_of_fold(view, fold, output, places)
                for fold, (output, places) in enumerate(zip(ahead, later.ahead, strict=True))
            ],
            drift_of(self._aging),
        )

    def _scores_of_stretch(self, fold: int) -> tuple[Score, ...]:
        """Return the scores of a stretch of time, those of several targets together."""
        held_out = self.prepared.rows.held_out(fold)
        output = self.output[held_out]
        places = np.arange(held_out.start, held_out.stop)
        each = [self._scores_of_fold(view, fold, output, places) for view in self.views]
        if not self.is_joint:
            return each[0]
        dataset = self.prepared.own_dataset
        prior = np.repeat(dataset.prior(fold)[None], len(places), axis=0)
        rows = ScoredRows(output, prior, dataset.target[places], dataset.weights(places))
        return self._joint_scores(each, rows)

    def _scores_of_fold(
        self, view: TargetView, fold: int, output: Array, places: Array
    ) -> tuple[Score, ...]:
        """Return the scores of the networks of a fold for some rows, given their raw outputs."""
        dataset = view.dataset(self.prepared.own_dataset)
        prior, second = (
            np.repeat(own.prior(fold)[None], len(places), axis=0)
            for own in (dataset, view.second_baseline(self.prepared, self.dataset))
        )
        target = dataset.target[places]
        weight = dataset.weights(places)
        rows = ScoredRows(output[:, view.outputs], prior, target, weight)
        return view.scores(self.prepared, rows, second, places, self.cut)

    @cached_property
    def _ahead(self) -> list[Array]:
        """The raw outputs of the networks of each stretch for the rows that they promise."""
        later = self.prepared.later
        return [] if later is None else later.outputs(self.ensemble, self.temperature)

    @cached_property
    def _aging(self) -> tuple[Aging, ...]:
        later = self.prepared.later
        return () if later is None else later.aging(self.ensemble, self.temperature)

    @cached_property
    def forward(self) -> ForwardScores | None:
        """The scores of each stretch of time; None where rows were dealt out at random."""
        later = self.prepared.later
        if later is None:
            return None
        own = self.prepared.own_dataset
        forward = later.scores(
            [self._scores_of_stretch(fold) for fold in range(self.prepared.rows.n_folds)],
            [(view.dataset(own), view.scale) for view in self.views],
            self._aging,
        )
        distances = tuple(self._distances(self.views[0], forward.metric))
        return replace(forward, distances=distances, by_series=self._by_series())

    def _by_series(self) -> SeriesScores | None:
        """Return the scores of series of numbers, each on its own scale, where lags tell them."""
        lagged = self.prepared.time.lagged
        view = self.views[0]
        dataset = view.dataset(self.prepared.own_dataset)
        if lagged is None or view.of_classes or self.is_joint or dataset.target.shape[1] > 1:
            return None
        output = self.evaluated(dataset, view.outputs).output
        rows = self.prepared.rows.order
        predicted = self.prepared.target_encoder.decode(dataset.loss.prediction(output))
        return lagged.score_series(rows[dataset.evaluated], predicted.astype(np.float64))

    def _distances(self, view: TargetView, metric: str) -> Iterator[Distance]:
        """Yield the metric of rows that are predicted from near and from far, where lags tell."""
        dataset = view.dataset(self.prepared.own_dataset)
        steps = self.prepared.steps
        if steps is None:
            return
        second = view.second_baseline(self.prepared, self.dataset).prior_output()
        evaluated = self.evaluated(dataset, view.outputs)
        for first, last, places in ranges_of_distance(steps[dataset.evaluated]):
            rows = evaluated.take(places)
            scores = view.scores(self.prepared, rows, second[places], places, self.cut)
            value = next(score.value for score in scores if score.metric == metric)
            yield Distance(first, last, value)

    def _joint_scores(
        self, each: Sequence[tuple[Score, ...]], rows: ScoredRows
    ) -> tuple[Score, ...]:
        """Return the scores of all targets together, given those of each."""
        loss = self.prepared.own_dataset.loss
        if isinstance(loss, Quantiles):
            return quantile_scores(each)
        if not self.views[0].of_classes:
            return mean_scores(
                [[score for score in scores if score.metric == "r2"] for scores in each]
            )
        probabilities = loss.prediction(rows.output), loss.prediction(rows.prior)
        of_labels = label_scores(*probabilities, rows.target > 0.5, rows.weight, rows.groups)
        return (*of_labels, *mean_scores(each))


def _evaluated(dataset: Dataset, output: Array) -> ScoredRows:
    """Return out-of-fold outputs beside those of the baseline."""
    return ScoredRows(output, dataset.prior_output(), *dataset.evaluated_facts)
