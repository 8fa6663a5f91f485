"""The diagnosis of a fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from madaline._models.diagnosis.finding import Diagnosis, Finding
from madaline._models.diagnosis.groups import cuts_of, find_worse_groups, groups_of
from madaline._models.diagnosis.learning import (
    LayerHealth,
    Strength,
    examine,
    find_dead_recipes,
    find_divergence,
    find_unit_faults,
    find_weakness,
)
from madaline._models.diagnosis.out_of_fold import OutOfFold
from madaline._models.diagnosis.over_time import find_over_time
from madaline._models.diagnosis.predictions import (
    find_confused_classes,
    find_miscalibration,
    find_wrong_labels,
)
from madaline._models.diagnosis.training_table import (
    find_duplicates,
    find_identifiers,
    find_leaking,
    find_one_column,
)
from madaline._race.ensemble import Ensemble
from madaline._race.evaluation.leakage import Leak
from madaline._race.importance import Importance
from madaline._race.race import Race
from madaline._race.time.forward import ForwardScores
from madaline._tables.kinds.kind import DATETIME
from madaline.nn.arrays import Array
from madaline.nn.network import Network
from madaline.records.decision import Decision

# Of a block whose features are copied at a time
_BLOCK_ROWS = 2**14
_BLOCK_OUTPUTS = 2**20
_EXAMINED_ROWS = 512  # on which the units of a network are examined
_GROUPED_ROWS = 20_000  # in which groups are searched: of larger tables, every k-th is enough
_N_PARTS = 10  # ranges of a number that are groups


@dataclass(frozen=True, eq=False)
class FinishedRace:
    """A race that is over, and its best ensemble."""

    race: Race
    ensemble: Ensemble  # before pruning

    @property
    def unfinished(self) -> bool:
        """Whether the leading networks were at their best in the last epoch."""
        best = self.race.state.best
        return best.epochs_trained(best.epoch) >= self.race.plan.epochs

    def training_loss(self, temperature: float | Array, weight: Array | None) -> float:
        """Return the mean loss of the ensemble on the training rows of each fold.

        Raw outputs are divided by the temperature, or by one for each output.
        """
        dataset = self.race.dataset
        losses, weights = [], []
        block = max(1, min(_BLOCK_ROWS, _BLOCK_OUTPUTS // dataset.n_outputs))
        for fold in range(dataset.rows.n_folds):
            training = dataset.rows.training_sample(fold)
            for start in range(0, len(training), block):
                rows = training[start : start + block]
                output = np.zeros((len(rows), dataset.n_outputs))
                for member in self.ensemble.members:
                    x = dataset.encoded(member.n_bins, fold, rows)
                    output += member.weight * member.network.predict(member.theta[fold], x)
                loss = dataset.loss.rows(output / temperature, dataset.target[rows])
                losses.append(loss.astype(np.float64))
                weights.append(np.ones(len(rows)) if weight is None else weight[rows])
        return float(np.average(np.concatenate(losses), weights=np.concatenate(weights)))

    def layers_of_ensemble(self) -> list[list[LayerHealth]]:
        """Return the layers of the ensemble's networks that have as many as the first member."""
        networks = [
            self._examine(member.network, member.n_bins, fold, theta)
            for member in sorted(self.ensemble.members, key=lambda member: -member.weight)
            if not member.network.of_trees
            for fold, theta in enumerate(member.theta)
        ]
        return [layers for layers in networks if len(layers) == len(networks[0])]

    def layers_of_recipes(self) -> list[list[LayerHealth]]:
        """Return the layers of the first fold's network of each recipe."""
        return [
            self._examine(candidate.network, candidate.recipe.n_bins, 0, candidate.theta[0])
            for candidate in self.race.state.able
            if not candidate.snapshot and not candidate.network.of_trees
        ]

    def _examine(self, network: Network, n_bins: int, fold: int, theta: Array) -> list[LayerHealth]:
        dataset = self.race.dataset
        rows = dataset.rows.training(fold)
        rows = rows[:: -(-len(rows) // _EXAMINED_ROWS)]
        return examine(network, theta, dataset.encoded(n_bins, fold, rows))


def diagnose_fit(
    evaluated: OutOfFold,
    finished: FinishedRace,
    strength: Strength,
    *,
    leaks: Sequence[Leak],
    importances: Sequence[Importance],
    decisions: Sequence[Decision],
    forward: ForwardScores | None = None,
    hurried: bool = False,  # whether there is no time to search many rows
) -> Diagnosis:
    """Return all findings about a fit; those over time where rows were held out in time."""
    part = evaluated.thinned(_GROUPED_ROWS // 10 if hurried else _GROUPED_ROWS)
    groups = [group for cut in cuts_of(part, n_parts=_N_PARTS) for group in groups_of(cut)]
    candidates = finished.race.candidates.values()
    dates = (column.name for column in evaluated.schema.columns if column.kind == DATETIME)
    times = () if forward is None else tuple(dates)
    starting = {candidate.recipe_id for candidate in candidates if not candidate.entered}
    findings: list[Finding] = [
        *find_leaking(leaks),
        *find_one_column(importances, strength, leaks, times),
        *find_divergence(decisions, starting),
        *(
            find_unit_faults(finished.layers_of_ensemble())
            or find_dead_recipes(finished.layers_of_recipes())
        ),
        *find_weakness(strength, evaluated, in_time=forward is not None),
        *find_over_time(forward, of_numbers=evaluated.classes is None),
        *find_identifiers(evaluated.schema, evaluated.table),
        *find_wrong_labels(evaluated),
        *find_duplicates(evaluated),
        *find_worse_groups(part, groups),
        *find_confused_classes(evaluated),
        *(find_miscalibration(evaluated) if evaluated.n_targets == 1 else ()),
    ]
    return Diagnosis.of(findings)
