"""An ensemble becomes a predictor of new rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from madaline._data.target import JointEncoder, TargetEncoder
from madaline._evaluation.conformal import JointConformal, PredictionIntervals, PredictionSets
from madaline._fitting.preparation import Preparation
from madaline._fitting.views import TargetView, Temperature, divided
from madaline._race.dataset import Dataset
from madaline._race.ensemble import Ensemble, EnsembleMember
from madaline._runtime.frozen_networks import Part
from madaline._runtime.outputs import class_probabilities
from madaline._runtime.predictor import Predictor
from madaline.nn.arrays import Array
from madaline.nn.network import Network


def make_predictor(
    prepared: Preparation,
    dataset: Dataset,
    ensemble: Ensemble,
    target_encoder: TargetEncoder,
    views: Sequence[TargetView],
    temperature: Temperature,
) -> Predictor:
    """Return the predictor that an ensemble makes.

    Parameters
    ----------
    prepared : Preparation
        The encoders.
    dataset : Dataset
        The rows, with the given weights.
    ensemble : Ensemble
        The networks, with their out-of-fold output.
    target_encoder : TargetEncoder
        That of the preparation, with the threshold of two classes.
    views : sequence of TargetView
        The targets one by one.
    temperature : float or ndarray of shape (n_outputs,)
        Divisor of raw outputs.
    """
    output = dataset.loss.in_order(divided(ensemble.output, temperature))
    each = tuple(_conformal(prepared, dataset, view, output) for view in views)
    return Predictor(
        prepared.encoder,
        _parts(ensemble),
        dataset.loss,
        target_encoder,
        JointConformal(each) if isinstance(target_encoder, JointEncoder) else each[0],
        temperature,
    )


def _conformal(
    prepared: Preparation, whole: Dataset, view: TargetView, output: Array
) -> PredictionIntervals | PredictionSets:
    """Return intervals or sets of one target, calibrated on the out-of-fold errors."""
    bounds, dataset = prepared.rows.bounds, view.dataset(whole)
    output = output[:, view.outputs]
    target, weight, _ = dataset.evaluated_facts
    if not view.of_classes:
        prediction = dataset.loss.prediction(output)
        return PredictionIntervals.fit(prediction[:, 0], target[:, 0], bounds, weight)
    truth = target.argmax(axis=1) if target.shape[1] > 1 else target[:, 0].astype(np.int64)
    return PredictionSets.fit(class_probabilities(dataset.loss, output), truth, bounds, weight)


def _parts(ensemble: Ensemble) -> tuple[Part, ...]:
    """Return the networks of the ensemble, those with the same layers together."""
    alike: dict[tuple[int, Network], list[EnsembleMember]] = {}
    for member in ensemble.members:
        alike.setdefault((member.n_bins, member.network), []).append(member)
    return tuple(
        Part(
            n_bins,
            network,
            np.stack([member.theta for member in members]),
            np.asarray([member.weight for member in members]),
        )
        for (n_bins, network), members in alike.items()
    )
