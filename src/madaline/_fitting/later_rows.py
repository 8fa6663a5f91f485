"""What a fit tells of later rows: each stretch of time beside simpler predictions, and aging."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from madaline._data.splits.stretches import RowTimes
from madaline._engine.blas import one_threaded_products
from madaline._evaluation.forward import (
    Aging,
    ForwardScores,
    Stretch,
    metric_of_stretches,
    worsening,
)
from madaline._evaluation.score import Score
from madaline._race.dataset import Dataset
from madaline._race.ensemble import Ensemble
from madaline.nn.arrays import Array

_MAX_ROWS = 1000  # of a stretch, that networks of other stretches predict: evenly spread


@final
@dataclass(frozen=True, eq=False)
class LaterRows:
    """The rows of a fit in stretches of time, with one target."""

    times: RowTimes  # of the rows as they were given
    whole: Dataset  # the rows, with all targets
    dataset: Dataset  # the same with one target alone
    outputs: slice  # which outputs of the networks belong to it
    scale: float  # one, in the target's own unit
    series: Array | None = None  # (n_samples,): which rows follow one another, as they were given

    def scores(
        self,
        by_stretch: Sequence[tuple[Score, ...]],
        ensemble: Ensemble,
        temperature: float | Array,
    ) -> ForwardScores:
        """Return the scores of each stretch, with what they are compared with."""
        metric = metric_of_stretches(by_stretch)
        scores = [next(score for score in own if score.metric == metric) for own in by_stretch]
        higher = scores[0].higher_is_better
        values = np.array([score.value for score in scores])
        return ForwardScores(
            self.times.name,
            self.times.of_dates,
            metric,
            tuple(self._stretch(number, score) for number, score in enumerate(scores)),
            self.times.gap,
            self.times.horizon,
            worsening(values, higher_is_better=higher),
            tuple(self._aging(ensemble, temperature, squared=metric == "rmse")),
            n_final=self.dataset.rows.n_final,
        )

    def _stretch(self, number: int, score: Score) -> Stretch:
        rows = self.dataset.rows
        when = self._when[rows.held_out(number)]
        return Stretch(
            float(when.min()),
            float(when.max()),
            len(when),
            len(rows.training(number)),
            score.value,
            score.baseline,
            self._last_known(number, score.metric),
        )

    @property
    def _when(self) -> Array:
        return self.times.values[self.dataset.rows.order]

    def _last_known(self, number: int, metric: str) -> float | None:
        """Return the metric of the last value before a stretch; None where that is no number."""
        if metric not in ("rmse", "mean_absolute_error"):
            return None
        rows, target = self.dataset.rows, self.dataset.target[:, 0].astype(np.float64)
        learned, held_out = (
            rows.training(number),
            np.arange(rows.n_evaluated)[rows.held_out(number)],
        )
        series = np.zeros(rows.n_samples, np.intp)
        if self.series is not None:
            series = np.unique(self.series[rows.order], return_inverse=True)[1]
        learned = learned[np.argsort(self._when[learned], kind="stable")]
        latest = np.full(series.max() + 1, target[learned[-1]])  # of a new series, that of all
        latest[series[learned]] = target[learned]  # the last one wins
        errors = target[held_out] - latest[series[held_out]]
        weight = self.dataset.weights(held_out)
        if metric == "rmse":
            return self.scale * float(np.sqrt(np.average(np.square(errors), weights=weight)))
        return self.scale * float(np.average(np.abs(errors), weights=weight))

    def _aging(
        self, ensemble: Ensemble, temperature: float | Array, *, squared: bool
    ) -> list[Aging]:
        """Return how much worse the networks of earlier stretches predict each stretch."""
        rows, when = self.dataset.rows, self._when
        starts = [float(when[rows.held_out(k)].min()) for k in range(rows.n_folds)]
        spread = rows.spread(_MAX_ROWS * rows.n_folds)
        ratios: dict[int, list[float]] = {}
        ages: dict[int, list[float]] = {}
        with one_threaded_products():
            for stretch, places in enumerate(spread):
                losses = [
                    self._loss(ensemble, temperature, fold, places) for fold in range(stretch + 1)
                ]
                for fold, loss in enumerate(losses[:-1]):
                    ratios.setdefault(stretch - fold, []).append(loss / max(losses[-1], 1e-12))
                    ages.setdefault(stretch - fold, []).append(starts[stretch] - starts[fold])
        power = 0.5 if squared else 1.0
        return [
            Aging(float(np.mean(ages[age])), float(np.exp(np.mean(np.log(of_age)))) ** power)
            for age, of_age in ratios.items()
            if min(of_age) > 0 and np.isfinite(of_age).all()
        ]

    def _loss(
        self, ensemble: Ensemble, temperature: float | Array, fold: int, places: Array
    ) -> float:
        output = (ensemble.predict(self.whole, fold, places) / temperature)[:, self.outputs]
        return float(self.dataset.loss.mean(output, self.dataset.target[places], None))
