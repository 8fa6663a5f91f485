"""The diagnosis of a fit: every check of its rows and networks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from madaline._diagnosis.calibration import find_miscalibration
from madaline._diagnosis.columns import find_identifiers, find_leaking
from madaline._diagnosis.confusion import find_confused_classes
from madaline._diagnosis.diagnosis import Diagnosis
from madaline._diagnosis.divergence import find_divergence
from madaline._diagnosis.duplicates import find_duplicates
from madaline._diagnosis.finding import Finding
from madaline._diagnosis.groups.group import cuts_of, groups_of
from madaline._diagnosis.groups.reversed_groups import find_reversed_groups
from madaline._diagnosis.groups.worse_groups import find_worse_groups
from madaline._diagnosis.labels import find_wrong_labels
from madaline._diagnosis.out_of_fold import OutOfFold
from madaline._diagnosis.strength import Strength, find_weakness
from madaline._diagnosis.units import LayerHealth, find_dead_recipes, find_unit_faults
from madaline._evaluation.leakage import Leak
from madaline.records.decision import Decision

GROUPED_ROWS = 20_000
"""Rows in which groups are searched, at most: of larger tables, every k-th is enough."""

PARTS = 10
"""Ranges of a number that are groups."""


@dataclass(frozen=True, eq=False)
class Training:
    """How the networks of a fit were trained.

    Parameters
    ----------
    strength : Strength
        The losses of the fit.
    ensemble : sequence of sequence of LayerHealth
        The layers of each network that predicted before pruning.
    recipes : sequence of sequence of LayerHealth
        The layers of one network of each recipe that raced.
    leaks : sequence of Leak
        Columns that reveal the target.
    decisions : sequence of Decision
        All decisions.
    starting : collection of str
        `recipe_id` of the recipes that the race started with.
    """

    strength: Strength
    ensemble: Sequence[Sequence[LayerHealth]]
    recipes: Sequence[Sequence[LayerHealth]]
    leaks: Sequence[Leak]
    decisions: Sequence[Decision]
    starting: Collection[str]


def diagnose_fit(evaluated: OutOfFold, training: Training) -> Diagnosis:
    """Return all findings about a fit.

    Parameters
    ----------
    evaluated : OutOfFold
        The rows with their out-of-fold predictions.
    training : Training
        How the networks were trained.
    """
    part = evaluated.thinned(GROUPED_ROWS)
    groups = [group for cut in cuts_of(part, n_parts=PARTS) for group in groups_of(cut)]
    findings: list[Finding] = [
        *find_leaking(training.leaks),
        *find_divergence(training.decisions, training.starting),
        *(find_unit_faults(training.ensemble) or find_dead_recipes(training.recipes)),
        *find_weakness(training.strength, evaluated),
        *find_identifiers(evaluated.schema, evaluated.table),
        *find_wrong_labels(evaluated),
        *find_duplicates(evaluated),
        *(find_reversed_groups(part) if part.n_targets == 1 else ()),
        *find_worse_groups(part, groups),
        *find_confused_classes(evaluated),
        *(find_miscalibration(evaluated) if part.n_targets == 1 else ()),
    ]
    return Diagnosis.of(findings)
