"""After each epoch, the statistics of batch normalization are those of the averaged networks.

Those of the batches that they were trained with are of other weights and of augmented rows.
"""

from __future__ import annotations

from madaline._engine.training import TrainingRule
from madaline._race.dataset import Dataset
from madaline.nn.population import Population
from madaline.nn.surgery.normalization import copy_statistics, has_normalization, measure_statistics

ROWS = 256
"""Rows that statistics are measured on: each has hundreds of positions."""


def measure(
    rule: TrainingRule, members: Population, dataset: Dataset, *, n_bins: int, fold: int
) -> None:
    """Store the statistics of some training rows in the networks of a fold, if they have any.

    Parameters
    ----------
    rule : TrainingRule
        How the networks learn.
    members : Population
        The networks of the fold, with one axis; changed in place.
    dataset : Dataset
        The rows.
    n_bins : int
        How the networks see them.
    fold : int
        Which fold: its networks did not learn from the rows that it holds out.
    """
    if not has_normalization(rule.network):
        return
    places = dataset.rows.training_sample(fold)
    places = places[:: max(1, len(places) // ROWS)][:ROWS]
    theta = rule.averaged(members)
    measure_statistics(rule.network, theta, dataset.encoded(n_bins, fold, places))
    for matrix in (members.theta, members.memory["z"]):  # so that their average has them
        copy_statistics(rule.network, theta, matrix)
