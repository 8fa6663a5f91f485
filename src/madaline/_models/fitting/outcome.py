"""The outcome of a race: the ensemble, its calibration, its scores and importances."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import numpy as np

from madaline._models.fitting.prediction import (
    Temperature,
    divided,
    held_out,
    make_predictor,
    shifted,
)
from madaline._models.fitting.prepared import Preparation
from madaline._models.fitting.scoring import Scoring
from madaline._models.fitting.target_views import TargetView, views_of
from madaline._models.runtime.outputs import class_probabilities
from madaline._models.runtime.predictor import Predictor
from madaline._models.story.summary import LinearScore, Output
from madaline._race.dataset import Dataset
from madaline._race.ensemble import Ensemble
from madaline._race.evaluation.calibration import calibrate
from madaline._race.evaluation.conformal import quantile_offsets
from madaline._race.evaluation.metrics import tune_threshold
from madaline._race.importance import Importance, out_of_fold_importances
from madaline._race.linear import linear_models
from madaline._race.pruning import PruningResult, prune_ensemble
from madaline._race.race import Race
from madaline._tables.target import (
    ClassEncoder,
    TargetEncoder,
)
from madaline.nn.losses import Quantile, Quantiles
from madaline.records.decision import Decision
from madaline.records.model_decisions import Calibrated, QuantilesMoved, ThresholdChosen

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
        sizes = self.race.dataset.sizes(self.race.dataset.evaluated)
        before = pruned.before.moved(offsets, sizes)
        same = pruned.ensemble is pruned.before
        ensemble = before if same else pruned.ensemble.moved(offsets, sizes)
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
        dataset = view.dataset(self.dataset)
        output = self._raced.ensemble.output[:, view.outputs]
        target, weight, groups = dataset.evaluated_facts
        bounds = self.prepared.rows.bounds
        epoch = self.race.epoch
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
        errors = (dataset.target[places] - output) / dataset.sizes(places)
        weight = dataset.weights(places)
        offsets = quantile_offsets(levels, errors, weight)
        below = errors <= 0
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
        prepared = self.prepared
        rows = self.prepared.rows
        metric = prepared.objective.decision_metric
        encoder = prepared.target_encoder
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

    @cached_property
    def scoring(self) -> Scoring:
        """The scores of the ensemble before pruning."""
        return Scoring(
            self.prepared,
            self.race.dataset,
            self.pruned.before,
            self.temperature,
            self.cut,
            self.views,
        )

    @cached_property
    def linear(self) -> LinearScore | None:
        """What a linear model reaches on the same folds; None where it was not fitted.

        It has no threshold of its own.
        """
        if self.given is not None or self.threshold is not None:
            return None
        models = linear_models(self.race.dataset, self.race.multiply_adds)
        return None if models is None else self.scoring.linear(models)

    @cached_property
    def outputs(self) -> tuple[Output, ...]:
        """The results of each target, where there are several."""
        if not self.scoring.is_joint:
            return ()
        named = zip(self.views, self.scoring.of_targets, self._importances[1:], strict=True)
        return tuple(
            Output(view.name, scores, self.scoring.better_than_constants(view), importances)
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
