"""Networks are dealt out to processes: each gets its duty, and all see what they are and say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.population import Population
from madaline.race.cohort import Cohort
from madaline.race.crew import Crew
from madaline.race.epoch import Epoch
from madaline.race.groups import Group, deal, divide
from madaline.race.lesson import Duty, Lesson
from madaline.race.shared_memory import SharedMemory


@dataclass(frozen=True, eq=False)
class Dealt:
    """Networks that are dealt out, for one epoch after the other (final).

    Parameters
    ----------
    crew : Crew
        The processes.
    populations : list of Population
        Of each cohort, in shared memory.
    outputs : list of list of ndarray of shape (n_judged, n_outputs)
        Of each cohort and recipe, in shared memory.
    duties : list of Duty
        The first for this process, and one for each other that has anything to do.
    """

    crew: Crew
    populations: list[Population]
    outputs: list[list[Array]]
    duties: list[Duty]

    def are(self, cohorts: Sequence[Cohort]) -> bool:
        """Return whether it is these networks, and all as they were."""
        populations = [one.population for one in cohorts]
        return len(populations) == len(self.populations) and all(
            one is two for one, two in zip(populations, self.populations, strict=True)
        )

    def teach(self, number: int) -> Iterator[list[Array]]:
        """Train for an epoch; yield what each cohort says, an array for each recipe."""
        self.crew.run(self.duties, number)
        for outputs in self.outputs:
            yield [output.copy() for output in outputs]


def dealt_out(
    crew: Crew,
    cohorts: Sequence[Cohort],
    epoch: Epoch,
    placed: WeakKeyDictionary[Cohort, Population],
) -> Dealt:
    """Put cohorts that are new, or not what they were, where processes see them; deal them out.

    Parameters
    ----------
    crew : Crew
        The processes.
    cohorts : sequence of Cohort
        Whose networks; they may be moved.
    epoch : Epoch
        Any.
    placed : WeakKeyDictionary of Cohort to Population
        Which ones are there, and what they were; changed.
    """
    for cohort in cohorts:
        if placed.get(cohort) is not cohort.population:
            cohort.move(crew.memory.place)
            crew.memory.keep(cohort)
            placed[cohort] = cohort.population
    outputs = [_room_for(cohort, crew.memory) for cohort in cohorts]
    duties = [
        Duty([Lesson(cohorts[place], group, outputs[place]) for place, group in own], epoch)
        for own in _dealt(cohorts, 1 + crew.n_workers)
    ]
    for duty in duties[1:]:
        crew.memory.keep(duty)
    return Dealt(crew, [one.population for one in cohorts], outputs, duties)


def _room_for(cohort: Cohort, memory: SharedMemory) -> list[Array]:
    shape = cohort.examples.rows.n_judged, cohort.examples.n_outputs
    return [memory.place(np.empty(shape, np.float32)) for _ in cohort.recipes]


def _dealt(cohorts: Sequence[Cohort], n_workers: int) -> list[list[tuple[int, Group]]]:
    """Return the groups of all cohorts, dealt out to those who work, and to no more than needed."""
    divisions = divide([one.divisions() for one in cohorts], n_workers)
    costs = [cost for division in divisions for cost in division.costs]
    groups = [
        (place, group) for place, division in enumerate(divisions) for group in division.groups
    ]
    return [[groups[place] for place in places] for places in deal(costs, n_workers) if places]
