"""A group is some networks of a cohort that train together; an epoch is divided into groups.

What a network learns does not depend on the group that it is in, so any division gives the same
bits: some suit the processor's cache, others give each of several workers its share.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise


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


def divide(n_recipes: int, n_folds: int, *, recipes_each: int, folds_each: int) -> list[Group]:
    """Return groups of so many recipes and folds, at most, as alike as can be.

    Examples
    --------
    >>> [group.folds for group in divide(2, 5, recipes_each=2, folds_each=3)]
    [slice(0, 3, None), slice(3, 5, None)]
    """
    return [
        Group(recipes, folds)
        for recipes in slices(n_recipes, -(-n_recipes // recipes_each))
        for folds in slices(n_folds, -(-n_folds // folds_each))
    ]


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
