"""What an ensemble becomes: the predictor of new rows, with intervals or sets for each target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, final

import numpy as np

from madaline._data.target import (
    JointEncoder,
    TargetEncoder,
)
from madaline._evaluation.conformal import JointConformal, PredictionIntervals, PredictionSets
from madaline._fitting.prepared import Preparation
from madaline._race.dataset import Dataset
from madaline._race.ensemble import Ensemble, EnsembleMember
from madaline._race.importance import Measure, metric_of_loss
from madaline._runtime.frozen_networks import NetworkPart
from madaline._runtime.outputs import class_probabilities
from madaline._runtime.predictor import Predictor
from madaline._time.forward import drift_of
from madaline.nn.arrays import Array
from madaline.nn.losses import Squared
from madaline.nn.network import Network

Temperature: TypeAlias = float | Array
"""Divisor of raw outputs; of several labels, one for each."""


@final
@dataclass(frozen=True, eq=False)
class TargetView:
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


def views_of(encoder: TargetEncoder, name: str) -> tuple[TargetView, ...]:
    """Return the targets one by one; of several quantiles, these."""
    if not isinstance(encoder, JointEncoder):
        return (TargetView(name, encoder),)
    named = zip(encoder.names, encoder.encoders, strict=True)
    return tuple(
        TargetView(name, of_target, index) for index, (name, of_target) in enumerate(named)
    )


def divided(output: Array, temperature: Temperature) -> Array:
    """Return raw outputs divided by the temperature; as they are where it is one."""
    return output if np.all(np.equal(temperature, 1)) else np.asarray(output / temperature)


def shifted(dataset: Dataset, ensemble: Ensemble) -> Ensemble:
    """Return an ensemble whose outputs are those of its networks with what is added to them."""
    if dataset.offset is None:
        return ensemble
    return replace(ensemble, mean_output=dataset.shifted(ensemble.output, dataset.evaluated))


def held_out(
    prepared: Preparation, ensemble: Ensemble, temperature: Temperature = 1.0
) -> tuple[Array, Array]:
    """Return raw outputs for rows that networks did not learn from, and places of these rows."""
    if prepared.later is None:
        output = prepared.own_dataset.loss.in_order(divided(ensemble.output, temperature))
        return output, np.arange(prepared.rows.n_evaluated)
    output = np.concatenate(prepared.later.outputs(ensemble, temperature))
    return output, np.concatenate(prepared.later.ahead)


def make_predictor(
    prepared: Preparation,
    ensemble: Ensemble,
    target_encoder: TargetEncoder,
    views: Sequence[TargetView],
    temperature: Temperature,
) -> Predictor:
    """Return the predictor of new rows that an ensemble makes."""
    dataset = prepared.own_dataset
    rows = prepared.rows
    drift = 0.0
    (output, places), bounds = held_out(prepared, ensemble, temperature), rows.bounds
    if prepared.later is not None:
        # A final network has no errors of its own: each gets a share of all of them
        dealt = np.arange(len(places)) % rows.n_final
        bounds = (0, *np.cumsum(np.bincount(dealt, minlength=rows.n_final)).tolist())
        order = np.argsort(dealt, kind="stable")
        output, places = output[order], places[order]
        drift = drift_of(prepared.later.aging(ensemble, temperature))
    each = tuple(_conformal(prepared, view, output, places, bounds, drift) for view in views)
    return Predictor(
        prepared.encoder,
        _parts(ensemble, rows.predicting),
        dataset.loss,
        target_encoder,
        JointConformal(each) if isinstance(target_encoder, JointEncoder) else each[0],
        temperature,
        None if prepared.time.lagged is None else prepared.time.lagged.past,
    )


def _conformal(
    prepared: Preparation,
    view: TargetView,
    output: Array,  # raw, of all targets, for rows that the networks did not learn from
    places: Array,  # of these rows in the dataset
    bounds: Sequence[int],
    drift: float,
) -> PredictionIntervals | PredictionSets:
    """Return intervals or sets of one target, calibrated on the out-of-fold errors."""
    dataset, output = view.dataset(prepared.own_dataset), output[:, view.outputs]
    target = dataset.target[places]
    weight = dataset.weights(places)
    if not view.of_classes:
        prediction = dataset.loss.prediction(output)[:, 0]
        limits, widening = None, 1.0
        if prepared.later is not None:
            limits = view.encoder.encoded_range
            widening = prepared.later.widening(places, prediction - target[:, 0], drift)
        steps = None if prepared.steps is None else prepared.steps[places].astype(np.float64)
        if steps is not None and steps.max() == steps.min():
            steps = None
        return PredictionIntervals.fit(
            prediction, target[:, 0], bounds, weight, limits, widening=widening, ahead=steps
        )
    truth = target.argmax(axis=1) if target.shape[1] > 1 else target[:, 0].astype(np.int64)
    return PredictionSets.fit(class_probabilities(dataset.loss, output), truth, bounds, weight)


def _parts(ensemble: Ensemble, predicting: slice) -> tuple[NetworkPart, ...]:
    """Return the networks that predict new rows, those with the same layers together."""
    alike: dict[tuple[int, Network], list[EnsembleMember]] = {}
    for member in ensemble.members:
        alike.setdefault((member.n_bins, member.network), []).append(member)
    return tuple(
        NetworkPart(
            n_bins,
            network,
            np.stack([member.theta[predicting] for member in members]),
            np.asarray([member.weight for member in members]),
        )
        for (n_bins, network), members in alike.items()
    )
