"""A category becomes one feature for each of its frequent levels; rare ones share one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import repeat
from typing import Any

import numpy as np

from madaline._data.column import is_missing
from madaline._data.conversion import as_levels
from madaline._data.encoders.column_encoder import ColumnEncoder, missing_name
from madaline._data.encoders.level_means import LevelMeans
from madaline._data.kinds import CATEGORY
from madaline._data.statistics import total_weight
from madaline.nn.arrays import Array

MOST_FEATURES = 64
"""The largest number of levels with a feature of their own."""

MOST_LEVELS = 10_000
"""The largest number of levels that are remembered; others count as rare, like unknown ones."""


@dataclass(frozen=True, eq=False)
class CategoryEncoder(ColumnEncoder):
    """Encodes a column of levels.

    The `most_features` most frequent levels get a feature each (one-hot). Where there are more, the
    others share the feature "rare", one more feature is the logarithm of a level's frequency, and
    if the target is given, others are its mean at the level. Missing is a level of its own where
    training had it. Two levels share one feature of -0.5 and 0.5. All are centered; before that, an
    unknown level is zero everywhere.

    Parameters
    ----------
    name : str
        Name of the column.
    levels : tuple of str
        Levels, the most frequent first.
    counts : float64 ndarray of shape (n_levels,)
        Total weight of each.
    shares : float64 ndarray of shape (n_slots,)
        Share of the training rows of each slot: a frequent level, rare, missing.
    has_missing : bool
        Whether the last slot stands for missing values.
    is_cut : bool
        Whether there were more levels than are remembered; then unknown ones count as rare.
    log_center, log_spread : float
        Mean and standard deviation of the logarithmic counts over the training rows.
    means : LevelMeans, optional
        Means of the target at each level, at those that are not remembered, where missing.
    most_features : int
        The largest number of levels with a feature of their own; fewer where memory is short.

    Examples
    --------
    >>> column = np.array(["red", "blue", "red", None], dtype=object)
    >>> encoder = CategoryEncoder.fit("color", column)
    >>> encoder.feature_names
    ('color = red', 'color = blue', 'color is missing')
    >>> encoder.read(np.array(["blue", None, "violet"], dtype=object))
    array([ 1, -1, -2])
    """

    name: str
    levels: tuple[str, ...]
    counts: Array
    shares: Array
    has_missing: bool
    is_cut: bool
    log_center: float
    log_spread: float
    means: LevelMeans | None = None
    most_features: int = MOST_FEATURES

    kind = CATEGORY

    @classmethod
    def fit(
        cls,
        name: str,
        column: Array,
        sample_weight: Array | None = None,
        *,
        most_features: int = MOST_FEATURES,
    ) -> CategoryEncoder:
        """Return the encoder of a training column, shape (n_samples,), of any kind."""
        texts = as_levels(column)
        levels, counts = _counted(texts, sample_weight)
        missing = total_weight(is_missing(texts), sample_weight)
        slots = [*counts[:most_features]]
        if len(levels) > most_features:
            slots.append(counts[most_features:].sum())
        if missing > 0:
            slots.append(missing)
        center, spread = _log_moments(counts)
        return cls(
            name,
            tuple(levels[:MOST_LEVELS]),
            counts[:MOST_LEVELS],
            np.array(slots) / max(counts.sum() + missing, np.finfo(np.float64).tiny),
            missing > 0,
            len(levels) > MOST_LEVELS,
            center,
            spread,
            most_features=most_features,
        )

    def with_means(
        self, codes: Array, target: Array, sample_weight: Array | None
    ) -> CategoryEncoder:
        """Return the encoder that also encodes the mean of the target at each level.

        Parameters
        ----------
        codes : int ndarray of shape (n_samples,)
            What `read` returned of the training column.
        target : ndarray of shape (n_samples, n_outputs)
            What the networks learn to predict.
        sample_weight : ndarray of shape (n_samples,), optional
            Weight of each row.
        """
        slots, n_levels = self.slots(codes), len(self.levels) + 3
        means = LevelMeans.fit(slots, target, sample_weight, n_levels=n_levels)
        return replace(self, means=means)

    @property
    def n_means(self) -> int:
        """Number of features, the last ones, that are means of the target."""
        return 0 if self.means is None else len(self.means.outputs)

    def slots(self, codes: Array) -> Array:
        """Return the index in `means` of each code that `read` returned.

        After the remembered levels come the others, missing, and unknown levels.
        """
        last = len(self.levels)
        slots = np.where(codes == _MISSING, last + 1, codes)
        return np.where(codes == _UNSEEN, last + 2, slots)

    @property
    def has_rare(self) -> bool:
        """Whether some levels share the feature "rare"."""
        return len(self.levels) > self.most_features

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The level that each feature stands for, or rare, missing, frequency."""
        names = [f"{self.name} = {level}" for level in self.levels[: self.most_features]]
        if self.has_rare:
            names.append(f"{self.name} is rare")
        if self.has_missing:
            names.append(missing_name(self.name))
        if len(names) <= 2:
            return tuple(names[: len(names) - 1])  # one slot is a constant, two are one feature
        if not self.has_rare:
            return tuple(names)
        outputs = () if self.means is None else self.means.outputs.tolist()
        usual = [f"{self.name}: usual target {output}" for output in outputs]
        return (*names, f"{self.name}: frequency", *usual)

    def read(self, column: Array) -> Array:
        """Return the index of each row's level, or -1 where missing, -2 where unknown."""
        unknown = len(self.levels) if self.is_cut else _UNSEEN
        items = as_levels(column).tolist()
        codes = map(self._codes.get, items, repeat(unknown))
        return np.fromiter(codes, np.intp, count=len(items))

    @cached_property
    def _codes(self) -> dict[Any, int]:
        """The index of every level, made once: one row should not cost ten thousand levels."""
        return {level: code for code, level in enumerate(self.levels)} | {None: _MISSING}

    def write(self, column: Array, out: Array) -> None:
        """Write the features of the levels with these codes."""
        if not self.has_rare:
            out[:] = self._features.take(column, axis=0)
            return
        n_slots = len(self.shares)
        out[:, :n_slots] = self._features.take(np.minimum(column, self.most_features), axis=0)
        rarest = len(self.counts) - 1  # unknown levels count as it
        known = np.where(column == _UNSEEN, rarest, np.minimum(column, rarest))
        logs = (np.log(self.counts[known]) - self.log_center) / self.log_spread
        out[:, n_slots] = np.where(column == _MISSING, 0.0, logs)
        if self.means is not None:
            out[:, n_slots + 1 :] = self.means.values[self.slots(column)]

    def n_unseen(self, column: Array) -> int:
        """Return the number of rows with a level that no training row had."""
        return int(np.count_nonzero(column == _UNSEEN))

    @cached_property
    def _features(self) -> Array:
        """The features of each level, or of rare; the last rows are those of unseen and missing."""
        n_slots = len(self.shares)
        if n_slots == 2:
            features = np.array([[0.5], [-0.5], [0.0]])
        else:
            features = np.eye(n_slots + 1, n_slots)
        features -= self.shares @ features[:n_slots]
        unseen, missing = n_slots, n_slots - 1 if self.has_missing else n_slots
        rows = [*range(n_slots - self.has_missing), unseen, missing]
        return features[rows].astype(np.float32)

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able description and the counts."""
        return {
            "name": self.name,
            "levels": list(self.levels),
            "has_missing": self.has_missing,
            "is_cut": self.is_cut,
            "log_center": self.log_center,
            "log_spread": self.log_spread,
            **(
                {} if self.most_features == MOST_FEATURES else {"most_features": self.most_features}
            ),
        }, {"counts": self.counts, "shares": self.shares} | (
            {} if self.means is None else self.means.to_arrays()
        )

    @classmethod
    def from_state(cls, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> CategoryEncoder:
        """Return the encoder that `to_state` described."""
        counted = {name: arrays[name] for name in ("counts", "shares")}
        means = LevelMeans.from_arrays(arrays) if "means.values" in arrays else None
        return cls(**(dict(state) | counted | {"levels": tuple(state["levels"]), "means": means}))


_MISSING, _UNSEEN = -1, -2


def _counted(texts: Array, sample_weight: Array | None) -> tuple[list[str], Array]:
    """Return the levels and the total weight of each, the heaviest first, equals by alphabet."""
    items = texts.tolist()
    levels: list[Any] = [*sorted(set(items) - {None}), None]
    index = {level: code for code, level in enumerate(levels)}
    codes = np.fromiter(map(index.__getitem__, items), np.intp, count=len(items))
    counts = np.bincount(codes, sample_weight, len(levels))[:-1].astype(np.float64)
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] > 0]
    return [levels[code] for code in order], counts[order]


def _log_moments(counts: Array) -> tuple[float, float]:
    if len(counts) == 0:
        return 0.0, 1.0
    logs = np.log(counts)
    center = float(np.average(logs, weights=counts))
    variance = float(np.average(np.square(logs - center), weights=counts))
    return center, float(np.sqrt(variance)) if variance > 1e-12 else 1.0
