"""The diagnosis of a fit: every check of its facts, the worst findings first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from madaline.diagnosis.calibration import find_broken_promises
from madaline.diagnosis.columns import find_identifiers, find_leaking
from madaline.diagnosis.confusion import find_confused_classes
from madaline.diagnosis.diagnosis import Diagnosis
from madaline.diagnosis.divergence import find_divergence
from madaline.diagnosis.duplicates import find_duplicates
from madaline.diagnosis.finding import Finding
from madaline.diagnosis.groups import cuts_of, groups_of
from madaline.diagnosis.labels import find_wrong_labels
from madaline.diagnosis.out_of_fold import Facts
from madaline.diagnosis.reversed_groups import find_reversed_groups
from madaline.diagnosis.strength import Strength, find_weakness
from madaline.diagnosis.units import LayerHealth, find_lost_networks, find_sick_units
from madaline.diagnosis.worse_groups import find_worse_groups
from madaline.evaluation.leakage import Leak
from madaline.records.decision import Decision

GROUPED_ROWS = 20_000
"""Rows in which groups are looked for, at most: of larger tables, every k-th is enough."""

PARTS = 10
"""Ranges of a number that are groups."""


@dataclass(frozen=True, eq=False)
class Training:
    """How the networks of a fit came about.

    Parameters
    ----------
    strength : Strength
        How well rows are fitted.
    healths : sequence of sequence of LayerHealth
        How the layers of each network are that predicted before pruning.
    raced : sequence of sequence of LayerHealth
        The same of a network of each recipe that raced.
    leaks : sequence of Leak
        Columns that give the target away.
    decisions : sequence of Decision
        What was decided.
    starting : collection of str
        Names of the recipes that the race started with.
    """

    strength: Strength
    healths: Sequence[Sequence[LayerHealth]]
    raced: Sequence[Sequence[LayerHealth]]
    leaks: Sequence[Leak]
    decisions: Sequence[Decision]
    starting: Collection[str]


def diagnose_fit(facts: Facts, training: Training) -> Diagnosis:
    """Return everything that was found in a fit.

    Parameters
    ----------
    facts : Facts
        The judged rows.
    training : Training
        How the networks came about.
    """
    return Diagnosis.of([*_of_training(facts, training), *_of_rows(facts)])


def _of_training(facts: Facts, training: Training) -> Iterator[Finding]:
    yield from find_leaking(training.leaks)
    yield from find_divergence(training.decisions, training.starting)
    yield from find_sick_units(training.healths) or find_lost_networks(training.raced)
    yield from find_weakness(training.strength, facts)
    yield from find_identifiers(facts.schema, facts.table)


def _of_rows(facts: Facts) -> Iterator[Finding]:
    yield from find_wrong_labels(facts)
    yield from find_duplicates(facts)
    part = facts.thinned(GROUPED_ROWS)
    groups = [group for cut in cuts_of(part, n_parts=PARTS) for group in groups_of(cut)]
    yield from find_reversed_groups(part)
    yield from find_worse_groups(part, groups)
    yield from find_confused_classes(facts)
    yield from find_broken_promises(facts)
