"""The outcome of a race: the ensemble, its calibration, its scores and importances."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import final

import numpy as np

from madaline._data.target import (
    ClassEncoder,
    JointEncoder,
    TargetEncoder,
)
from madaline._evaluation.calibration import calibrate
from madaline._evaluation.conformal import quantile_offsets
from madaline._evaluation.metrics import DECISION_METRICS, tune_threshold
from madaline._evaluation.score import (
    FoldOutputs,
    Score,
    ScoredRows,
    classification_scores,
    regression_scores,
    standard_errors_better,
)
from madaline._evaluation.scores import label_scores, mean_scores, quantile_scores
from madaline._fitting.prediction import (
    TargetView,
    Temperature,
    divided,
    held_out,
    make_predictor,
    shifted,
    views_of,
)
from madaline._fitting.prepared import Preparation
from madaline._race.dataset import Dataset
from madaline._race.ensemble import Ensemble
from madaline._race.importance import Importance, out_of_fold_importances
from madaline._race.linear import linear_models
from madaline._race.pruning import PruningResult, prune_ensemble
from madaline._race.race import Race
from madaline._runtime.outputs import class_probabilities
from madaline._runtime.predictor import Predictor
from madaline._story.summary import LinearScore, Output
from madaline._time.forward import Aging, Distance, ForwardScores, drift_of, promised
from madaline._time.series_scores import SeriesScores
from madaline.nn.arrays import Array
from madaline.nn.losses import Quantile, Quantiles, Squared
from madaline.records.decision import Decision
from madaline.records.model_decisions import Calibrated, QuantilesMoved, ThresholdChosen

_N_DISTANCES = 3  # ranges of distances from the last known value that are told apart
_MIN_ROWS_OF_DISTANCE = 10

# Shares of the time for all that follows training that must be left to prune, to look for an offset
# of probabilities, and to look for groups with larger errors in as many rows as usual
_SHARE_TO_PRUNE, _SHARE_TO_CALIBRATE, SHARE_TO_DIAGNOSE = 0.7, 0.5, 0.3

_IMPORTANCE_SHARE = 0.01  # work of the importances, at most, as a share of the work of training


@final
@dataclass(frozen=True, eq=False)
class Outcome:
    """The result of a finished race."""

    prepared: Preparation
    race: Race
    given: Ensemble | None = None  # the ensemble, where it is not the best one of the race
    # whether a time limit leaves less than a share of the time that all of this takes
    is_late: Callable[[float], bool] = lambda _: False

    @cached_property
    def pruned(self) -> PruningResult:
        """The pruned ensemble, and what was removed from it, with the offsets of calibration."""
        pruned, of_quantiles = self._raced, self.quantiles
        each = [decision.offset for decision in self.calibrations]
        offsets = np.array(each if of_quantiles is None else of_quantiles.offsets)
        if not offsets.any():
            return pruned
        before = pruned.before.moved(offsets)
        same = pruned.ensemble is pruned.before
        ensemble = before if same else pruned.ensemble.moved(offsets)
        return replace(pruned, ensemble=ensemble, before=before)

    @cached_property
    def _raced(self) -> PruningResult:
        """The pruned ensemble as the race left it."""
        race = self.race
        ensemble = race.ensemble() if self.given is None else self.given
        race.forget_outputs()
        tolerance = 0.0 if self.is_late(_SHARE_TO_PRUNE) else race.plan.tolerance
        pruned = prune_ensemble(
            ensemble, race.dataset, epoch=race.epoch, tolerance=tolerance
        ).without_member_outputs()
        before = pruned.before
        ensemble = shifted(race.dataset, pruned.ensemble)
        same = pruned.ensemble is before
        return replace(
            pruned, ensemble=ensemble, before=ensemble if same else shifted(race.dataset, before)
        )

    @cached_property
    def dataset(self) -> Dataset:
        """The rows as they raced, with targets of which networks learned differences."""
        return self.race.dataset.from_anchors()

    @property
    def ensemble(self) -> Ensemble:
        """The networks that predict."""
        return self.pruned.ensemble

    @cached_property
    def views(self) -> tuple[TargetView, ...]:
        """The targets one by one; of several quantiles, these."""
        return views_of(self.prepared.target_encoder, self.prepared.data.target_names[0])

    @cached_property
    def calibrations(self) -> tuple[Calibrated, ...]:
        """The temperature that the ensemble's raw outputs are divided by, for each target.

        None for regression, and with one fold, as a temperature is evaluated on other folds.
        """
        rows = self.prepared.rows
        if not self.views[0].of_classes or rows.n_folds < 2:
            return ()
        return tuple(map(self._calibration, self.views))

    def _calibration(self, view: TargetView) -> Calibrated:
        dataset, output = view.dataset(self.dataset), self._raced.ensemble.output[:, view.outputs]
        target, weight, groups = dataset.evaluated_facts
        bounds, epoch = self.prepared.rows.bounds, self.race.epoch
        decision = calibrate(
            dataset.loss,
            output,
            target,
            bounds,
            weight,
            groups,
            epoch=epoch,
            with_offset=not self.is_late(_SHARE_TO_CALIBRATE),
        )
        return decision if view.index is None else replace(decision, subject=view.name)

    @cached_property
    def quantiles(self) -> QuantilesMoved | None:
        """What is added to predicted quantiles, so that they hold on new rows."""
        dataset = self.prepared.own_dataset
        loss = dataset.loss
        if not isinstance(loss, Quantile | Quantiles):
            return None
        output, places = held_out(self.prepared, self._raced.ensemble)
        levels = loss.levels if isinstance(loss, Quantiles) else (loss.level,) * output.shape[1]
        errors, weight = dataset.target[places] - output, dataset.weights(places)
        offsets, below = quantile_offsets(levels, errors, weight), errors <= 0
        shares = np.average(below, axis=0, weights=weight).clip(0, 1)
        facts = levels, tuple(shares.tolist()), tuple(offsets.tolist()), len(places)
        return QuantilesMoved(self.race.epoch, "the ensemble", *facts)

    @property
    def temperature(self) -> Temperature:
        """Divisor of raw outputs."""
        each = [decision.temperature for decision in self.calibrations] or [1.0]
        return np.array(each) if len(each) > 1 else each[0]

    @property
    def corrections(self) -> Iterator[Decision]:
        """How what the networks say is corrected: probabilities, a threshold, or quantiles."""
        yield from filter(None, (*self.calibrations, self.threshold, self.quantiles))

    @cached_property
    def threshold(self) -> ThresholdChosen | None:
        """The tuned threshold of two classes; None where the objective does not ask for one."""
        prepared, rows = self.prepared, self.prepared.rows
        metric, encoder = prepared.objective.decision_metric, prepared.target_encoder
        binary = isinstance(encoder, ClassEncoder) and len(encoder.classes) == 2
        if metric is None or not binary or rows.n_folds < 2:
            return None
        dataset = prepared.own_dataset
        target, weight, _ = dataset.evaluated_facts
        output = divided(self.ensemble.output, self.temperature)
        return tune_threshold(
            metric,
            class_probabilities(dataset.loss, output)[:, 1],
            target[:, 0] > 0.5,
            rows.bounds,
            weight,
            epoch=self.race.epoch,
        )

    @cached_property
    def target_encoder(self) -> TargetEncoder:
        """The target encoder, with the tuned threshold."""
        encoder = self.prepared.target_encoder
        if self.threshold is None or not isinstance(encoder, ClassEncoder):
            return encoder
        return replace(encoder, threshold=self.threshold.threshold)

    @property
    def cut(self) -> float:
        """The raw output above which the second of two classes is predicted."""
        encoder = self.target_encoder
        return encoder.cut if isinstance(encoder, ClassEncoder) else 0.0

    @property
    def evaluated_output(self) -> Array:
        """The final raw out-of-fold output of the ensemble before pruning.

        Pruning was guided by these rows, so that what is left looks better on them than it is.
        """
        output = divided(self.pruned.before.output, self.temperature)
        return self.race.dataset.loss.in_order(output)

    def evaluated(self, dataset: Dataset, outputs: slice = slice(None)) -> ScoredRows:
        """Return the out-of-fold outputs of the networks, or some of them, beside the baseline."""
        return _evaluated(dataset, self.evaluated_output[:, outputs])

    @cached_property
    def standard_errors_better(self) -> float:
        """By how many standard errors the loss is below the baseline's."""
        dataset = self.dataset
        return standard_errors_better(dataset.loss, self.evaluated(dataset))

    @property
    def scores(self) -> tuple[Score, ...]:
        """The out-of-fold scores; the metric that chose the ensemble comes first."""
        return self._all_scores(self._each_scores, self.evaluated_output)

    def _all_scores(self, each: Sequence[tuple[Score, ...]], evaluated: Array) -> tuple[Score, ...]:
        """Return the scores of out-of-fold outputs, given those of each target."""
        dataset = self.prepared.own_dataset
        rows = _evaluated(dataset, evaluated)
        scores = self._joint_scores(each, rows) if self._is_joint else each[0]
        if dataset.metric is None:
            return scores
        cut = self.cut if dataset.metric.name in DECISION_METRICS else 0.0
        chosen = dataset.metric.score(rows.output - cut, rows.prior, rows.groups)
        return (chosen, *(score for score in scores if score.metric != chosen.metric))

    @cached_property
    def outputs(self) -> tuple[Output, ...]:
        """The results of each target, where there are several."""
        if not self._is_joint:
            return ()
        named = zip(self.views, self._each_scores, self._importances[1:], strict=True)
        return tuple(
            Output(view.name, scores, self._standard_errors_better(view), importances)
            for view, scores, importances in named
        )

    @property
    def importances(self) -> tuple[Importance, ...]:
        """Out-of-fold importance of each column, the mean over the targets."""
        return self._importances[0]

    @cached_property
    def _importances(self) -> tuple[tuple[Importance, ...], ...]:
        dataset = self.prepared.own_dataset
        return out_of_fold_importances(
            self.ensemble,
            dataset,
            self.prepared.encoder.columns,
            work=_IMPORTANCE_SHARE * self.race.multiply_adds,
            seed=self.race.seed,
            measures=[view.measure(dataset) for view in self.views],
            temperature=self.temperature,
        )

    def predictor(self) -> Predictor:
        """Return the predictor of new rows."""
        encoder, temperature = self.target_encoder, self.temperature
        return make_predictor(self.prepared, self.ensemble, encoder, self.views, temperature)

    @property
    def _is_joint(self) -> bool:
        return isinstance(self.prepared.target_encoder, JointEncoder)

    def _standard_errors_better(self, view: TargetView) -> float:
        dataset = view.dataset(self.dataset)
        return standard_errors_better(dataset.loss, self.evaluated(dataset, view.outputs))

    @cached_property
    def _each_scores(self) -> tuple[tuple[Score, ...], ...]:
        return self._scores_of_each(self.evaluated_output, self._ahead, self._fold_outputs())

    @cached_property
    def linear(self) -> LinearScore | None:
        """What a linear model reaches on the same folds; None where it was not fitted.

        It has no threshold of its own.
        """
        raced, later = self.race.dataset, self.prepared.later
        if self.given is not None or self.threshold is not None:
            return None
        models = linear_models(raced, self.race.multiply_adds)
        if models is None:
            return None
        output = raced.shifted(models.out_of_fold(), raced.evaluated)
        ahead = [
            raced.shifted(models.output(fold, places), places)
            for fold, places in enumerate([] if later is None else later.ahead)
        ]
        in_order = raced.loss.in_order
        each = self._scores_of_each(in_order(output), [*map(in_order, ahead)])
        beside = replace(self.evaluated(self.dataset), prior=in_order(output))
        better = standard_errors_better(self.dataset.loss, beside)
        return LinearScore(self._all_scores(each, in_order(output)), better)

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
        return self.pruned.before.fold_outputs(
            self.prepared.own_dataset, temperature=self.temperature
        )

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
            second = self._second_baseline(view).prior_output()
            if outputs is not None and view.index is not None:
                outputs = outputs.of_output(view.index)
            rows = replace(_evaluated(dataset, evaluated[:, view.outputs]), fold_outputs=outputs)
            return self._scores_of(view, rows, second, dataset.evaluated)
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
        output, places = self.evaluated_output[held_out], np.arange(held_out.start, held_out.stop)
        each = [self._scores_of_fold(view, fold, output, places) for view in self.views]
        if not self._is_joint:
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
            for own in (dataset, self._second_baseline(view))
        )
        target, weight = dataset.target[places], dataset.weights(places)
        rows = ScoredRows(output[:, view.outputs], prior, target, weight)
        return self._scores_of(view, rows, second, places)

    def _second_baseline(self, view: TargetView) -> Dataset:
        """Return the rows whose constants are the baseline of R², or of the log loss.

        The log loss of networks that learned from weighted classes stands beside that of a constant
        with the same weights.
        """
        if view.of_classes:
            return view.dataset(self.dataset)
        return replace(view.dataset(self.prepared.own_dataset), loss=Squared())

    def _scores_of(
        self,
        view: TargetView,
        rows: ScoredRows,
        second: Array,
        places: slice | Array,
    ) -> tuple[Score, ...]:
        loss = view.dataset(self.prepared.own_dataset).loss
        if not view.of_classes:
            return regression_scores(loss, rows, means=second, scale=view.scale)
        weighted = None if self.prepared.objective.class_weight is None else second
        whole = self.prepared.probabilities
        return classification_scores(
            loss,
            rows,
            weighted=weighted,
            cut=self.cut,
            probabilities=None if whole is None else whole[places],
        )

    @cached_property
    def _ahead(self) -> list[Array]:
        """The raw outputs of the networks of each stretch for the rows that they promise."""
        later = self.prepared.later
        return [] if later is None else later.outputs(self.pruned.before, self.temperature)

    @cached_property
    def _aging(self) -> tuple[Aging, ...]:
        later = self.prepared.later
        return () if later is None else later.aging(self.pruned.before, self.temperature)

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
        lagged, view = self.prepared.time.lagged, self.views[0]
        dataset = view.dataset(self.prepared.own_dataset)
        if lagged is None or view.of_classes or self._is_joint or dataset.target.shape[1] > 1:
            return None
        output, rows = self.evaluated(dataset, view.outputs).output, self.prepared.rows.order
        predicted = self.prepared.target_encoder.decode(dataset.loss.prediction(output))
        return lagged.score_series(rows[dataset.evaluated], predicted.astype(np.float64))

    def _distances(self, view: TargetView, metric: str) -> Iterator[Distance]:
        """Yield the metric of rows that are predicted from near and from far, where lags tell."""
        dataset, steps = view.dataset(self.prepared.own_dataset), self.prepared.steps
        if steps is None:
            return
        steps = steps[dataset.evaluated]
        second = self._second_baseline(view).prior_output()
        evaluated = self.evaluated(dataset, view.outputs)
        ends = np.unique(
            np.ceil(np.linspace(steps.min() - 1, steps.max(), _N_DISTANCES + 1)).astype(int)
        )
        for end, last in pairwise(ends.tolist()):
            rows = (steps > end) & (steps <= last)
            if rows.sum() < _MIN_ROWS_OF_DISTANCE:
                continue
            places = np.flatnonzero(rows)
            scores = self._scores_of(view, evaluated.take(places), second[rows], places)
            value = next(score.value for score in scores if score.metric == metric)
            yield Distance(end + 1, last, value)

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
