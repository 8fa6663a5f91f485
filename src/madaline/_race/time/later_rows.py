"""What a fit tells of later rows: each stretch of time beside simpler predictions, and aging."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import final

import numpy as np

from madaline._race.dataset import Dataset
from madaline._race.ensemble import Ensemble
from madaline._race.evaluation.score import Score
from madaline._race.time.anchors import usual_error
from madaline._race.time.forward import (
    Aging,
    ForwardScores,
    Noticed,
    Stretch,
    metric_of_stretches,
    promised,
    worsening,
)
from madaline._race.time.stretches import RowTimes
from madaline.nn._engine.blas import one_threaded_products
from madaline.nn.arrays import Array
from madaline.nn.losses import Squared

_PROMISED_ROWS = 0.25  # how far ahead scores are promised, as a share of the rows
_MAX_PROMISED_ROWS = 20_000  # of a stretch and what comes after it
_MIN_LOSS = 1e-12  # below which a loss counts as this
_N_DISTANCES = 3  # ranges of distances from the last known value that are told apart
_MIN_ROWS_OF_DISTANCE = 10
_MAX_ROWS = 1000  # of a stretch, that networks of other stretches predict: evenly spread


@final
@dataclass(frozen=True, eq=False)
class LaterRows:
    """The rows of a fit in stretches of time."""

    times: RowTimes  # of the rows as they were given
    dataset: Dataset  # the rows, with all targets
    series: Array | None = None  # (n_samples,): which rows follow one another, as they were given
    series_names: tuple[str, ...] = ()  # the columns that tell them apart, where they were found
    # (n_samples,): encoded, the last value known where a row is predicted, as they were given; by
    # default the last one before the stretch
    known: Array | None = None
    # (n_samples,): which of the rows given each is, where one may be there several times
    given: Array | None = None
    noticed: Noticed | None = None  # why stretches are held out, where the user did not ask for it
    # for how long scores are promised, where that is not a share of the rows
    reach: float | None = None

    @cached_property
    def ahead(self) -> list[Array]:
        """The rows of which the networks of each stretch tell what is promised.

        Their own stretch and what comes after it, up to a quarter as many rows as the table has, or
        up to the reach or the horizon; of many, some that are evenly spread.
        """
        rows = self.dataset.rows
        when = self._when[: self.dataset.rows.n_evaluated]
        in_time = np.argsort(when, kind="stable")
        places = []
        for fold in range(rows.n_folds):
            stretch = rows.held_out(fold)
            alone = self.series is not None and not self.series_names  # groups, or lags
            if self.times.horizon is not None or alone:
                later = np.arange(stretch.start, stretch.stop)
            else:
                first = when[stretch].min()
                start = int(np.searchsorted(when[in_time], first))
                stop = start + int(_PROMISED_ROWS * rows.n_samples)
                if self.reach is not None:
                    end = max(when[stretch].max(), first + self.reach)
                    stop = int(np.searchsorted(when[in_time], end, side="right"))
                later = in_time[start:stop]
            places.append(later[:: -(-len(later) // _MAX_PROMISED_ROWS)])
        return places

    def outputs(self, ensemble: Ensemble, temperature: float | Array) -> list[Array]:
        """Return the raw outputs of the networks of each stretch for its rows `ahead`."""
        with one_threaded_products():
            return [
                self._output(ensemble, temperature, fold, places)
                for fold, places in enumerate(self.ahead)
            ]

    def widening(self, places: Array, errors: Array, drift: float) -> float:
        """Return by what intervals have to be wider than errors on the stretches so far.

        The next stretch may be harder than those: so they are made for one that is a standard error
        harder, as far as errors scatter from stretch to stretch. With lags these are mean absolute
        errors without the largest, as heavy tails decide squares.
        """
        rows = self.dataset.rows
        fold = np.searchsorted(rows.bounds, places, side="right") - 1
        measure = _root_mean_square if self.known is None else usual_error
        sizes = [measure(errors[fold == number].astype(np.float64)) for number in np.unique(fold)]
        (score,) = promised(
            [(Score("rmse", float(size), 0.0, 0.0, False),) for size in sizes], drift
        )
        return 1 + score.standard_error / score.value if score.value else 1.0

    def scores(
        self,
        by_stretch: Sequence[tuple[Score, ...]],
        targets: Sequence[tuple[Dataset, float]],  # each target alone, and one in its own unit
        aging: tuple[Aging, ...],
    ) -> ForwardScores:
        """Return the scores of each stretch, with what they are compared with."""
        metric = metric_of_stretches(by_stretch)
        scores = [
            next(score for score in of_stretch if score.metric == metric)
            for of_stretch in by_stretch
        ]
        stretches = [
            self._stretch(number, score, self._last_known(number, targets, metric))
            for number, score in enumerate(scores)
        ]
        return ForwardScores(
            self.times.name,
            self.times.of_dates,
            metric,
            tuple(stretches),
            self.times.gap,
            self.times.horizon,
            worsening(
                np.array([score.value for score in scores]),
                higher_is_better=scores[0].higher_is_better,
            ),
            aging,
            noticed=self.noticed,
            n_final=self.dataset.rows.n_final,
            n_undated=int(np.isnan(self.times.values).sum()),
            ahead=float(np.median([np.ptp(self._when[places]) for places in self.ahead])),
            series=self.series_names,
            n_steps=self._n_steps() if self.series_names else 1,
        )

    def _stretch(self, number: int, score: Score, last_known: float | None) -> Stretch:
        rows = self.dataset.rows
        when = self._when[rows.held_out(number)]
        return Stretch(
            float(when.min()),
            float(when.max()),
            len(when),
            self._n_learned(number),
            score.value,
            score.baseline,
            last_known,
        )

    def _n_steps(self) -> int:
        """Return how many rows of a series are promised ahead."""
        rows = [len(np.unique(self._when[places])) for places in self.ahead]
        return int(np.median(rows))

    def _n_learned(self, number: int) -> int:
        """Return how many rows the networks of a stretch learned from, each counted once."""
        learned = self.dataset.rows.training(number)
        if self.given is None:
            return len(learned)
        return len(np.unique(self.given[self.dataset.rows.order[learned]]))

    @cached_property
    def _when(self) -> Array:
        return self.times.values[self.dataset.rows.order]

    def _last_known(
        self, number: int, targets: Sequence[tuple[Dataset, float]], metric: str
    ) -> float | None:
        """Return the metric of the last known value, the mean over the targets."""
        if metric == "log_loss":
            return float(np.mean([self._latest_shares(number, target) for target, _ in targets]))
        measure = _OF_ERRORS.get(metric)
        if measure is None:
            return None
        losses = []
        for target, scale in targets:
            errors, constant, weight = self._errors_of_last_known(number, target)
            losses.append(measure(scale * errors, scale * constant, weight))
        return float(np.mean(losses))

    def _latest_shares(self, number: int, target: Dataset) -> float:
        """Return the log loss of the class shares in as many rows before a stretch as it has.

        Each class counts once more, as none is impossible.
        """
        learned = self._in_time(number)
        held_out = self.dataset.rows.held_out(number)
        classes = target.target.astype(np.float64)
        if classes.shape[1] == 1:
            classes = np.concatenate([1 - classes, classes], axis=1)
        latest = learned[-(held_out.stop - held_out.start) :]
        shares = np.average(classes[latest], axis=0, weights=target.weights(latest))
        shares = (shares * len(latest) + 1) / (len(latest) + classes.shape[1])
        losses = -np.log(classes[held_out] @ shares)
        return float(np.average(losses, weights=target.weights(held_out)))

    def _errors_of_last_known(
        self, number: int, target: Dataset
    ) -> tuple[Array, Array, Array | None]:
        """Return the errors of the last known value in a stretch, of the mean, and weights."""
        rows = self.dataset.rows
        values = target.target[:, 0].astype(np.float64)
        learned = self._in_time(number)
        held_out = rows.held_out(number)
        series = np.zeros(rows.n_samples, np.intp)
        if self.series is not None:
            series = np.unique(self.series[rows.order], return_inverse=True)[1]
        latest = np.full(series.max() + 1, values[learned[-1]])  # of a new series, that of all
        latest[series[learned]] = values[learned]  # the last one wins
        known = latest[series[held_out]]
        if self.known is not None:
            known = self.known[rows.order[held_out]]
        mean = np.average(values[learned], weights=target.weights(learned))
        return values[held_out] - known, values[held_out] - mean, target.weights(held_out)

    def _in_time(self, number: int) -> Array:
        """Return the rows that the networks of a stretch learned from, in the order of time."""
        learned = self.dataset.rows.training(number)
        return learned[np.argsort(self._when[learned], kind="stable")]

    def aging(self, ensemble: Ensemble, temperature: float | Array) -> tuple[Aging, ...]:
        """Return how much worse networks predict a stretch that comes later, by how much later.

        Where squared errors are minimized, that is a share of their root.
        """
        dataset = self.dataset
        rows = self.dataset.rows
        when = self._when
        starts = [float(when[rows.held_out(fold)].min()) for fold in range(rows.n_folds)]
        by_age: dict[int, list[tuple[float, float]]] = {}
        for stretch, places in enumerate(rows.spread(_MAX_ROWS * rows.n_folds)):
            losses = []
            target, sizes = dataset.target[places], dataset.sizes(places)
            with one_threaded_products():
                for fold in range(stretch + 1):
                    output = self._output(ensemble, temperature, fold, places)
                    losses.append(float(dataset.loss.mean(output / sizes, target / sizes, None)))
            for fold, loss in enumerate(losses[:-1]):
                ratio = (starts[stretch] - starts[fold], loss / max(losses[-1], _MIN_LOSS))
                by_age.setdefault(stretch - fold, []).append(ratio)
        power = 0.5 if isinstance(dataset.loss, Squared) else 1.0
        return tuple(
            Aging(float(of_age[:, 0].mean()), float(np.exp(power * np.log(of_age[:, 1]).mean())))
            for of_age in map(np.array, by_age.values())
            if np.isfinite(of_age).all() and of_age[:, 1].min() > 0
        )

    def _output(
        self, ensemble: Ensemble, temperature: float | Array, fold: int, places: Array
    ) -> Array:
        output = self.dataset.shifted(ensemble.predict(self.dataset, fold, places), places)
        output = output / temperature
        return np.asarray(self.dataset.loss.in_order(output))


def _root_mean_square(errors: Array) -> float:
    return float(np.sqrt(np.square(errors).mean()))


def _mean_square(errors: Array, weight: Array | None) -> float:
    return float(np.average(np.square(errors), weights=weight))


_OF_ERRORS: Mapping[str, Callable[[Array, Array, Array | None], float]] = {
    "rmse": lambda errors, _, weight: _mean_square(errors, weight) ** 0.5,
    "mean_absolute_error": lambda errors, _, weight: float(
        np.average(np.abs(errors), weights=weight)
    ),
    "r2": lambda errors, constant, weight: (
        1 - _mean_square(errors, weight) / max(_mean_square(constant, weight), _MIN_LOSS)
    ),
}
"""Metrics of the last known value, given its errors, those of the mean, and weights."""


def ranges_of_distance(steps: Array) -> Iterator[tuple[int, int, Array]]:
    """Yield ranges of distances from the last known value, and which rows are so far behind it."""
    bounds = np.linspace(steps.min() - 1, steps.max(), _N_DISTANCES + 1)
    ends = np.unique(np.ceil(bounds).astype(int))
    for end, last in pairwise(ends.tolist()):
        places = np.flatnonzero((steps > end) & (steps <= last))
        if len(places) >= _MIN_ROWS_OF_DISTANCE:
            yield end + 1, last, places
