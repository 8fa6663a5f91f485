"""Folds: parts of the rows, each held out from the networks that evaluate it; and their batches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from madaline._base.language import _
from madaline._tables.target import CLASSIFICATION
from madaline.errors import InputError
from madaline.nn.arrays import Array, Rng

_PARTS = 10  # number of quantile bins of a regression target, to balance groups


def make_folds(
    target: Array, *, n_folds: int, task: str, rng: Rng, groups: Array | None = None
) -> Array:
    """Return the fold of each row.

    Every fold gets its share of each class, or of small and large targets. With groups, no group is
    in two folds; then sizes are balanced first, shares as far as the groups allow. Of several
    targets, what counts is which classes go together, or the first principal component of numbers
    of about unit variance. Folds are numbered from 0, and none is empty.
    """
    n_samples, target = len(target), _one_target(target, task)
    if n_folds < 2:
        raise InputError("There must be at least two folds, not {n_folds}.", n_folds=n_folds)
    if n_samples < n_folds:
        rows = (
            "1 row is" if n_samples == 1 else _("{n_samples} rows are").format(n_samples=n_samples)
        )
        raise InputError(
            "{rows} too few for {n_folds} folds: give at least {n_folds} rows.",
            rows=rows,
            n_folds=n_folds,
        )
    if groups is not None:
        return _grouped(_strata(target, task), _group_numbers(groups, n_samples), n_folds, rng)
    if task == CLASSIFICATION:
        return _by_class(target, n_folds, rng)
    return _by_size(target, n_folds, rng)


def _one_target(target: Array, task: str) -> Array:
    """Return the class, or the size, of each row over all targets, shape (n_samples,)."""
    if target.ndim == 1:
        return target
    if task == CLASSIFICATION:
        return np.unique(target, axis=0, return_inverse=True)[1].reshape(-1)
    centered = target.astype(np.float64) - target.mean(axis=0)
    _, directions = np.linalg.eigh(centered.T @ centered)
    return np.asarray(centered @ directions[:, -1])


def _by_class(target: Array, n_folds: int, rng: Rng) -> Array:
    """Assign shuffled rows in turn, class by class, going on where the class before stopped."""
    order = _sorted_shuffled(target, rng)
    folds = np.empty(len(target), np.int64)
    folds[order] = rng.permutation(n_folds)[np.arange(len(target)) % n_folds]
    return folds


def _by_size(target: Array, n_folds: int, rng: Rng) -> Array:
    """Sort the rows by target and assign each block of n_folds neighbors in random order."""
    order = _sorted_shuffled(target, rng)
    n_blocks = -(-len(target) // n_folds)
    blocks = rng.permuted(np.tile(np.arange(n_folds), (n_blocks, 1)), axis=1)  # (n_blocks, n_folds)
    n_last = len(target) - (n_blocks - 1) * n_folds
    folds = np.empty(len(target), np.int64)
    folds[order] = np.concatenate([blocks[:-1].ravel(), blocks[-1][:n_last]])
    return folds


def _sorted_shuffled(target: Array, rng: Rng) -> Array:
    shuffled = rng.permutation(len(target))
    return shuffled[np.argsort(target[shuffled], kind="stable")]


def _strata(target: Array, task: str) -> Array:
    """Return a small whole number for each row: its class, or its tenth of the target."""
    if task == CLASSIFICATION:
        return np.unique(target, return_inverse=True)[1]
    ranks = np.argsort(np.argsort(target, kind="stable"), kind="stable")
    return ranks * _PARTS // len(target)


def _group_numbers(groups: Array, n_samples: int) -> Array:
    groups = np.asarray(groups)
    if groups.shape != (n_samples,):
        raise InputError(
            "There are {n_groups} groups for {n_samples} rows: give one a row.",
            n_groups=len(groups),
            n_samples=n_samples,
        )
    items = groups.tolist()
    if any(item is None or item != item for item in items):
        raise InputError("A group is missing: give every row a group.")
    numbers = {item: number for number, item in enumerate(dict.fromkeys(items))}
    return np.fromiter(map(numbers.__getitem__, items), np.int64, count=n_samples)


def _grouped(strata: Array, groups: Array, n_folds: int, rng: Rng) -> Array:
    """Assign each group, the largest first, to the small fold that has least of its strata."""
    n_groups = int(groups.max()) + 1
    if n_groups < n_folds:
        word = "group is" if n_groups == 1 else "groups are"
        raise InputError(
            "{n_groups} {word} too few for {n_folds} folds: give at least {n_folds}.",
            n_groups=n_groups,
            word=word,
            n_folds=n_folds,
        )
    n_strata = int(strata.max()) + 1
    counts = np.bincount(groups * n_strata + strata, minlength=n_groups * n_strata)
    counts = counts.reshape(n_groups, n_strata)
    sizes = counts.sum(axis=1)
    shuffled = rng.permutation(n_groups)
    fold_of_group = np.empty(n_groups, np.int64)
    held = np.zeros((n_folds, n_strata))
    for group in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        fold_sizes = held.sum(axis=1)
        small = np.flatnonzero(fold_sizes <= fold_sizes.min() + sizes[group] / 2)
        overlap = held[small] @ (counts[group] / counts.sum(axis=0))
        fold = small[np.lexsort((fold_sizes[small], overlap))[0]]
        fold_of_group[group] = fold
        held[fold] += counts[group]
    return fold_of_group[groups]


@dataclass(frozen=True, eq=False)
class GivenFolds:
    """The rows that each fold's networks are evaluated on, and those that they learn from."""

    numbers: Array  # (n_samples,), the fold of each row, from 0 up; rows of -1 are never held out
    # (n_folds, n_samples), the rows that each fold's networks learn from; all rows outside the
    # fold by default.
    training: Array | None = None
    n_final: int = 0  # networks of each recipe that learn from all rows, and predict in the end

    @classmethod
    def from_numbers(cls, numbers: Any) -> GivenFolds:
        """Return the folds of rows that are numbered by fold; -1 is never held out."""
        given = np.asarray(numbers)
        if given.ndim != 1 or given.dtype.kind not in "iuf" or np.any(given != np.floor(given)):
            raise InputError("folds are not whole numbers: give the number of each row's fold.")
        if len(given) and given.min() < -1:
            raise InputError(
                "folds hold {min:g}: give numbers from 0 up, and -1 for rows that are never held out.",
                min=given.min(),
            )
        return cls(given.astype(np.int64)).numbered()

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[Any, Any]], n_samples: int) -> GivenFolds:
        """Return the folds of pairs of row numbers: training rows and held-out rows."""
        numbers, training = np.full(n_samples, -1), []
        for fold, pair in enumerate(pairs):
            try:
                learned, held_out = pair
            except (TypeError, ValueError):
                raise InputError(
                    "folds hold something that is no pair of row numbers: give (train, test) for"
                    " each fold."
                ) from None
            learned, held_out = _mask(learned, n_samples), _mask(held_out, n_samples)
            twice = np.flatnonzero(held_out & ((numbers >= 0) | learned))
            if len(twice):
                what = (
                    "a training row and held out in the same fold"
                    if learned[twice[0]]
                    else "held out in several folds, but each row can be held out once"
                )
                raise InputError(
                    "Row {twice} is {what}: give folds whose test rows do not overlap, as KFold does.",
                    twice=twice[0],
                    what=what,
                )
            numbers[held_out] = fold
            training.append(learned)
        whole = all(np.array_equal(rows, numbers != fold) for fold, rows in enumerate(training))
        return cls(numbers, None if whole else np.stack(training)).numbered()

    @property
    def n_folds(self) -> int:
        """Number of folds."""
        return int(self.numbers.max()) + 1

    def take(self, rows: Array) -> GivenFolds:
        """Return the folds of some rows; folds that lose all their rows are removed."""
        training = None if self.training is None else self.training[:, rows]
        return GivenFolds(self.numbers[rows], training, self.n_final).numbered()

    def columns(self) -> list[Array]:
        """Return the values, each of shape (n_samples,), by which rows are treated alike or not."""
        return [self.numbers, *([] if self.training is None else self.training)]

    def check_groups(self, groups: Array) -> None:
        """Refuse folds in which networks learn from a group that they are evaluated on."""
        for fold in range(self.n_folds):
            held_out = self.numbers == fold
            learned = ~held_out if self.training is None else self.training[fold]
            shared = np.intersect1d(groups[held_out], groups[learned])
            if len(shared):
                raise InputError(
                    "The folds divide the group {shared!s}: give folds that keep groups together, or leave out groups.",
                    shared=shared[0],
                )

    def numbered(self) -> GivenFolds:
        """Return the same folds, numbered without gaps, each with rows to learn from."""
        kept, numbers = np.unique(self.numbers[self.numbers >= 0], return_inverse=True)
        if len(kept) == 0:
            raise InputError("folds hold out no row: give some rows a fold from 0 up.")
        numbered = np.full(len(self.numbers), -1)
        numbered[self.numbers >= 0] = numbers
        training = None if self.training is None else self.training[kept]
        learned = len(numbered) - np.bincount(numbers) if training is None else training.sum(axis=1)
        if not learned.all():
            raise InputError(
                "Fold {kept} leaves its networks no row to learn from: give each fold some rows outside it, for example rows of -1, which are never held out.",
                kept=kept[learned.argmin()],
            )
        return GivenFolds(numbered, training, self.n_final)


def _mask(rows: Any, n_samples: int) -> Array:
    """Return row numbers, or Booleans, as Booleans of shape (n_samples,)."""
    rows, mask = np.asarray(rows), np.zeros(n_samples, dtype=bool)
    if rows.dtype == bool and rows.shape == (n_samples,):
        return np.asarray(mask | rows)
    if rows.size == 0:
        return mask
    if rows.ndim != 1 or rows.dtype.kind not in "iu":
        raise InputError("folds hold something that is no row number: give whole numbers.")
    if rows.min() < 0 or rows.max() >= n_samples:
        wrong = rows.min() if rows.min() < 0 else rows.max()
        raise InputError(
            "folds name row {wrong}, but rows go from 0 to {n_samples}.",
            wrong=wrong,
            n_samples=n_samples - 1,
        )
    mask[rows] = True
    return mask


@dataclass(frozen=True, eq=False)
class FoldedRows:
    """Rows sorted by fold; from here on a row is its index in this order."""

    # (n_samples,), the original index of each row; rows that are never held out come last.
    order: npt.NDArray[np.intp]
    bounds: tuple[int, ...]  # where each fold starts, and where the last one ends
    # The rows that each fold's network learns from; all outside it by default.
    learned: tuple[npt.NDArray[np.intp], ...] = ()
    # Networks of each recipe that learn from all rows and are evaluated on none. They come after
    # those of the folds; where there are any, they predict in the end, and those of the folds only
    # choose recipes and epochs for them.
    n_final: int = 0

    @classmethod
    def from_folds(
        cls,
        folds: npt.NDArray[np.integer],
        training: npt.NDArray[np.bool_] | None = None,
        n_final: int = 0,
        *,
        n_folds: int = 0,  # at least so many, the last ones may hold out none of the rows
    ) -> FoldedRows:
        """Sort the rows by fold; within a fold they keep their order.

        `training` are Booleans of shape (n_folds, n_samples): the rows that networks learn from.
        """
        counts = np.bincount(folds[folds >= 0], minlength=n_folds)
        order = np.argsort(np.where(folds < 0, len(counts), folds), kind="stable")
        return cls(
            order,
            (0, *(int(stop) for stop in np.cumsum(counts))),
            () if training is None else tuple(np.flatnonzero(rows[order]) for rows in training),
            n_final,
        )

    @property
    def n_folds(self) -> int:
        """Number of folds."""
        return len(self.bounds) - 1

    @property
    def n_networks(self) -> int:
        """Number of networks of each recipe: those of the folds, then those that are final."""
        return self.n_folds + self.n_final

    @property
    def predicting(self) -> slice:
        """The networks of each recipe that predict new rows."""
        return slice(self.n_folds, None) if self.n_final else slice(None)

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return len(self.order)

    @property
    def n_evaluated(self) -> int:
        """Number of rows that are held out by a fold; they are the first ones."""
        return self.bounds[-1]

    @property
    def n_training(self) -> int:
        """Training rows of the network that has the fewest."""
        if self.learned:
            return min(map(len, self.learned))
        return self.n_samples - int(np.diff(self.bounds).max())

    def held_out(self, fold: int) -> slice:
        """Return the rows that are held out from this fold's network."""
        return slice(self.bounds[fold], self.bounds[fold + 1])

    def training(self, fold: int) -> npt.NDArray[np.intp]:
        """Return the rows that this fold's network, or a final one, learns from."""
        if fold >= self.n_folds:
            return np.arange(self.n_samples)
        if self.learned:
            return self.learned[fold]
        start, stop = self.bounds[fold], self.bounds[fold + 1]
        return np.concatenate([np.arange(start), np.arange(stop, self.n_samples)])

    def training_sample(self, fold: int) -> npt.NDArray[np.intp]:
        """Return some training rows of this fold's network, as many as are held out.

        Those of the next fold, so that over all folds every row counts once; where folds were
        given, rows evenly spread over the training rows.
        """
        if self.n_folds > 1 and not self.learned:
            rows = self.held_out((fold + 1) % self.n_folds)
            return np.arange(rows.start, rows.stop)
        training = self.training(fold)
        rows = self.held_out(fold if fold < self.n_folds else 0)
        return training[:: max(1, len(training) // (rows.stop - rows.start))]

    def spread(self, n_rows: int) -> list[npt.NDArray[np.intp]]:
        """Return rows of each fold, evenly spread, at most `n_rows` over all folds."""
        step = max(1, -(-self.n_evaluated // n_rows))
        held_out = map(self.held_out, range(self.n_folds))
        return [np.arange(rows.start, rows.stop)[::step] for rows in held_out]

    def steps(self, batch_size: int) -> list[int]:
        """Return how many batches an epoch of each network has.

        An incomplete last one is left out. Networks of folds take as many steps each, though some
        may have more rows; where final networks learn beside them, each sees all its rows.
        """
        if not self.n_final:
            return [max(1, self.n_training // batch_size)] * self.n_folds
        sizes = [len(self.training(network)) for network in range(self.n_networks)]
        return [max(1, size // batch_size) for size in sizes]

    def batches(self, batch_size: int, rng: np.random.Generator) -> list[npt.NDArray[np.intp]]:
        """Return an epoch of batches for every network, each of shape (steps, batch_size).

        Each row is in at most one batch of a network.
        """
        return [
            rng.permutation(self.training(network))[: steps * batch_size].reshape(steps, batch_size)
            for network, steps in enumerate(self.steps(batch_size))
        ]
