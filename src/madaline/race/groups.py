"""A group is some networks of a cohort that train together; an epoch is divided into groups.

What a network learns does not depend on the group that it is in, so any division gives the same
bits: one suits the processor's cache, another gives each of several processes its share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heapify, heapreplace
from itertools import pairwise
from math import prod


@dataclass(frozen=True)
class Group:
    """Some folds of some recipes of a cohort (final).

    Parameters
    ----------
    recipes, folds : slice
        Which ones, both from a start to a stop.
    """

    recipes: slice
    folds: slice

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of recipes and folds."""
        recipes, folds = self.recipes, self.folds
        return recipes.stop - recipes.start, folds.stop - folds.start

    @property
    def size(self) -> int:
        """Number of networks."""
        return prod(self.shape)


@dataclass(frozen=True)
class Division:
    """The networks of a cohort in groups (final).

    Parameters
    ----------
    groups : tuple of Group
        Together all of its networks.
    costs : tuple of float
        What an epoch of each group costs, in multiply-adds.
    """

    groups: tuple[Group, ...]
    costs: tuple[float, ...]

    @cached_property
    def largest(self) -> float:
        """What the most expensive group costs."""
        return max(self.costs)


GRAINS = (1.6, 1.3, 1.1, 0.9, 0.7, 0.5, 0.4, 0.3, 0.2)
"""How expensive a group may be, in shares of what each worker has to do: small groups can be
dealt out evenly, large ones need fewer calls."""


def divide(choices: Sequence[Sequence[Division]], n_workers: int) -> list[Division]:
    """Return the division of each cohort with which the workers are done first.

    Parameters
    ----------
    choices : sequence of sequence of Division
        For each cohort the possible ones, the coarsest first.
    n_workers : int
        How many work side by side.

    Returns
    -------
    list of Division
        One for each cohort.
    """
    if n_workers == 1:
        return [own[0] for own in choices]
    share = sum(sum(own[0].costs) for own in choices) / n_workers
    divisions = [[_fewest(own, grain * share) for own in choices] for grain in GRAINS]
    return min(divisions, key=lambda all_of_them: time_of(all_of_them, n_workers))


def time_of(divisions: Sequence[Division], n_workers: int) -> float:
    """Return when the last worker is done if the largest groups come first.

    Examples
    --------
    >>> whole = Group(slice(0, 1), slice(0, 1))
    >>> time_of([Division((whole,) * 5, (3.0, 2.0, 2.0, 2.0, 1.0))], 2)
    5.0
    """
    busy = [0.0] * n_workers
    heapify(busy)
    for cost in sorted((cost for one in divisions for cost in one.costs), reverse=True):
        heapreplace(busy, busy[0] + cost)
    return max(busy)


def deal(costs: Sequence[float], n_workers: int) -> list[list[int]]:
    """Return the places of the groups that each worker takes, as `time_of` counts.

    Examples
    --------
    >>> deal((2.0, 3.0, 2.0, 1.0, 2.0), 2)
    [[1, 4], [0, 2, 3]]
    """
    shares: list[list[int]] = [[] for _ in range(n_workers)]
    busy = [(0.0, worker) for worker in range(n_workers)]
    for place in sorted(range(len(costs)), key=lambda place: -costs[place]):
        time, worker = busy[0]
        shares[worker].append(place)
        heapreplace(busy, (time + costs[place], worker))
    return shares


def slices(n: int, n_parts: int) -> list[slice]:
    """Return so many slices of n things, as alike as can be, larger ones first.

    Examples
    --------
    >>> slices(5, 2)
    [slice(0, 3, None), slice(3, 5, None)]
    """
    size, more = divmod(n, n_parts)
    starts = [part * size + min(part, more) for part in range(n_parts + 1)]
    return [slice(start, stop) for start, stop in pairwise(starts)]


def _fewest(own: Sequence[Division], largest: float) -> Division:
    """Return the division into the fewest groups none of which costs more."""
    small_enough = [one for one in own if one.largest <= largest]
    if not small_enough:
        return min(own, key=lambda one: one.largest)
    return min(small_enough, key=lambda one: (len(one.groups), one.largest))
