"""What an ensemble becomes: the predictor of new rows, with intervals or sets for each target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from madaline._models.fitting.prepared import Preparation
from madaline._models.fitting.target_views import TargetView
from madaline._models.runtime.frozen_networks import NetworkPart
from madaline._models.runtime.predictor import Predictor
from madaline._race.dataset import Dataset
from madaline._race.ensemble import Ensemble, EnsembleMember
from madaline._race.evaluation.conformal import JointConformal
from madaline._race.time.forward import drift_of
from madaline._race.time.past import Past
from madaline._tables.target import (
    JointEncoder,
    TargetEncoder,
)
from madaline.nn.arrays import Array
from madaline.nn.network import Network

Temperature: TypeAlias = float | Array
"""Divisor of raw outputs; of several labels, one for each."""


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
    each = tuple(view.conformal(prepared, output, places, bounds, drift) for view in views)
    return Predictor(
        prepared.encoder,
        _parts(ensemble, rows.predicting),
        dataset.loss,
        target_encoder,
        JointConformal(each) if isinstance(target_encoder, JointEncoder) else each[0],
        temperature,
        _past(prepared, output, places),
    )


def _past(prepared: Preparation, output: Array, places: Array) -> Past | None:
    """Return what the model keeps of the past, given raw outputs of rows out of fold."""
    lagged, dataset = prepared.time.lagged, prepared.own_dataset
    if lagged is None or lagged.past.lags.classes or dataset.target.shape[1] > 1:
        return None if lagged is None else lagged.past
    errors = dataset.loss.prediction(output)[:, 0] - dataset.target[places][:, 0]
    return lagged.keeping(prepared.rows.order[places], errors.astype(np.float64))


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
