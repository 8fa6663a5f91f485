"""Categories: a feature for each frequent level; of too many levels also the mean of the target.

The mean of few rows is unreliable, so it is shrunk towards the overall mean, the more the fewer the
rows. To leak no target, each fold's networks have means of their own, over the rows that they learn
from, and the mean that such a row gets is that of other rows. New rows get the mean of all rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import repeat
from typing import Annotated, Any

import numpy as np

from madaline._data.array_checks import FLOAT32, FLOAT64, INT64, ArrayCheck
from madaline._data.codec import Finite, Items, LongText, Positive, Stored
from madaline._data.column import is_missing
from madaline._data.conversion import as_levels
from madaline._data.json_checks import Whole
from madaline._data.kinds.kind import (
    CATEGORY,
    LEVELS,
    ColumnEncoder,
    Kind,
    TrainingColumn,
    missing_name,
)
from madaline._data.level_counts import LevelCounts
from madaline._data.statistics import total_weight
from madaline._data.table import Table
from madaline.nn.arrays import Array

_MAX_OUTPUTS = 10  # outputs whose means are encoded, those of the most frequent classes
PARTS = 10  # of the rows that a network learns from; the mean of a row is over the other parts


@dataclass(frozen=True, eq=False)
class LevelMeans:
    r"""Shrunk means of a target at the levels of a column, as deviations of about unit size.

    With :math:`n_l` rows of mean :math:`\bar y_l` at level l and :math:`\bar y` overall::

        d_l = n_l (mean_l - mean) / (n_l + m)        with m = variance within / variance between

    Both variances are those of a one-way analysis of variance, so m is the number of rows at which
    a level's mean counts as much as the overall mean.

    Micci-Barreca (2001), "A preprocessing scheme for high-cardinality categorical attributes",
    SIGKDD Explorations 3; the moments: Searle, Casella and McCulloch (1992), "Variance components".
    """

    outputs: Array  # int (n_means,): indices of the encoded outputs of the target
    # float64 (n_means,): number of rows m that the overall mean counts as; infinite where levels
    # are uninformative
    prior: Array
    scale: Array  # float64 (n_means,): what deviations are divided by
    values: Array  # float32 (n_levels, n_means): the deviations over all rows, scaled

    @classmethod
    def fit(
        cls,
        levels: Array,  # int (n_samples,): each row's level, from 0 to ``n_levels - 1``
        target: Array,  # (n_samples, n_outputs): what the networks learn to predict
        weight: Array | None,  # (n_samples,)
        *,
        n_levels: int,
    ) -> LevelMeans:
        """Return the means of a training table."""
        weight = _weights(weight, len(levels))
        outputs = np.sort(np.argsort(-(weight @ target), kind="stable")[:_MAX_OUTPUTS])
        target = target[:, outputs].astype(np.float64)
        rows, sums = level_totals(levels, target, weight, n_levels)
        means = sums / np.maximum(rows, 1e-300)[:, None]
        within = weight @ np.square(target - means[levels])
        return cls.of_totals(outputs, rows, sums, within)

    @classmethod
    def of_totals(
        cls,
        outputs: Array,  # as the field
        rows: Array,  # (n_levels,): the weight of each level's rows
        sums: Array,  # (n_levels, n_means): the weighted sum of their targets
        within: Array,  # (n_means,): the weighted squares of distances from a level's mean
    ) -> LevelMeans:
        """Return the means of the rows whose totals these are."""
        prior = _prior(rows, sums, within)
        deviations = _shrunk(rows, sums, prior)
        scale = np.sqrt(rows @ np.square(deviations) / max(rows.sum(), 1e-300))
        scale = np.where(scale > 0, scale, 1.0)
        return cls(outputs, prior, scale, (deviations / scale).astype(np.float32))

    def for_networks(
        self,
        levels: Array,
        target: Array,
        weight: Array | None,
        learned: Array,  # int: indices of the rows that the networks learn from
        # int (n_samples,): a row that is learned from gets the mean of the rows of other parts
        parts: Array,
    ) -> Array:
        """Return the values of every row for networks that learn from some rows.

        The result is float32 (n_samples, n_means): 0 where no such row has the level.
        """
        n_levels, parts = len(self.values), parts % PARTS
        targets = target[learned][:, self.outputs].astype(np.float64)
        weights = _weights(weight, len(levels))[learned]
        keys = parts[learned] * n_levels + levels[learned]
        rows, sums = level_totals(keys, targets, weights, PARTS * n_levels)
        rows, sums = rows.reshape(PARTS, n_levels), sums.reshape(PARTS, n_levels, -1)
        all_rows, all_sums = rows.sum(axis=0), sums.sum(axis=0)
        result = self.scaled(all_rows, all_sums)[levels]
        for part in range(PARTS):
            these = learned[parts[learned] == part]
            scaled = self.scaled(all_rows - rows[part], all_sums - sums[part])
            result[these] = scaled[levels[these]]
        return result

    def scaled(self, rows: Array, sums: Array) -> Array:
        """Return the means of the target at levels, given their rows and sums of targets."""
        return (_shrunk(rows, sums, self.prior) / self.scale).astype(np.float32)

    def to_arrays(self) -> dict[str, Array]:
        """Return the arrays, for a file."""
        return {f"means.{field.name}": getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> LevelMeans:
        """Return the means that `to_arrays` described."""
        return cls(*(arrays[f"means.{field.name}"] for field in fields(cls)))


def _weights(weight: Array | None, n_samples: int) -> Array:
    return np.ones(n_samples) if weight is None else np.asarray(weight, np.float64)


def level_totals(levels: Array, target: Array, weight: Array, n_levels: int) -> tuple[Array, Array]:
    """Return the weight of each level's rows, and the weighted sum of their targets."""
    rows = np.bincount(levels, weight, n_levels)
    sums = [np.bincount(levels, weight * output, n_levels) for output in target.T]
    return rows, np.stack(sums, axis=1)  # (n_levels,), (n_levels, n_means)


def _prior(rows: Array, sums: Array, within: Array) -> Array:
    """Return the variance within levels over that between them, by the method of moments."""
    n_samples = rows.sum()
    means = sums / np.maximum(rows, 1e-300)[:, None]
    mean = sums.sum(axis=0) / n_samples
    between = rows @ np.square(means - mean)
    n_levels = np.count_nonzero(rows > 0)
    spread_within = within / max(n_samples - n_levels, 1.0)
    rest = n_samples - np.square(rows).sum() / n_samples
    spread_between = (between - (n_levels - 1) * spread_within) / max(rest, 1e-300)
    prior: Array = np.full(len(mean), np.inf)
    np.divide(spread_within, spread_between, out=prior, where=spread_between > 0)
    return prior


def _shrunk(rows: Array, sums: Array, prior: Array) -> Array:
    """Return the deviations of the levels' means from that of all, shrunk; 0 for unknown levels."""
    mean = sums.sum(axis=0) / max(rows.sum(), 1e-300)
    known = (rows > 1e-12 * rows.sum())[:, None]  # a difference of sums of weights may be off zero
    shrunk: Array = np.zeros_like(sums)
    np.divide(sums - rows[:, None] * mean, rows[:, None] + prior, out=shrunk, where=known)
    return shrunk


MAX_LEVEL_FEATURES = 64  # the largest number of levels with a feature of their own
# levels that are remembered; others count as rare, like unknown ones
MAX_LEVELS = 10_000
MAX_LEVELS_OF_ALL = 200_000  # of a large table, divided by the number of means


@dataclass(frozen=True, eq=False)
class CategoryEncoder(ColumnEncoder):
    """Encodes a column of levels.

    The `most_features` most frequent levels get a feature each (one-hot). Where there are more, the
    others share the feature "rare", one more feature is the logarithm of a level's frequency, and
    if the target is given, others are its mean at the level. Missing is a level of its own where
    training had it. Two levels share one feature of -0.5 and 0.5. All are centered; before that, an
    unknown level is zero everywhere.
    """

    name: str
    levels: tuple[str, ...]  # levels, the most frequent first
    counts: Array  # float64 (n_levels,): total weight of each
    # float64 (n_slots,): share of the training rows of each slot: a frequent level, rare, missing
    shares: Array
    has_missing: bool  # whether the last slot stands for missing values
    # whether there were more levels than are remembered; then unknown ones count as rare
    is_cut: bool
    # mean and standard deviation of the logarithmic counts over the training rows
    log_center: float
    log_spread: float
    # means of the target at each level, at those that are not remembered, where missing
    means: LevelMeans | None = None
    # the largest number of levels with a feature of their own; fewer where memory is short
    most_features: int = MAX_LEVEL_FEATURES

    kind, by_level = CATEGORY, True

    @classmethod
    def fit(
        cls,
        name: str,
        column: Array,
        sample_weight: Array | None = None,
        *,
        most_features: int = MAX_LEVEL_FEATURES,
    ) -> CategoryEncoder:
        """Return the encoder of a training column, shape (n_samples,), of any kind."""
        texts = as_levels(column)
        levels, counts = _counted(texts, sample_weight)
        missing = total_weight(is_missing(texts), sample_weight)
        return cls._of_counts(name, levels, counts, missing, most_features, MAX_LEVELS)

    @classmethod
    def _of_counts(
        cls,
        name: str,
        levels: Sequence[str],  # the most frequent first
        counts: Array,  # float64 (n_levels,): the weight of each
        missing: float,  # the weight of rows without a value
        most_features: int,
        most_levels: int,  # that are remembered
    ) -> CategoryEncoder:
        slots = [*counts[:most_features]]
        if len(levels) > most_features:
            slots.append(counts[most_features:].sum())
        if missing > 0:
            slots.append(missing)
        center, spread = _log_moments(counts)
        return cls(
            name,
            tuple(levels[:most_levels]),
            counts[:most_levels],
            np.array(slots) / max(counts.sum() + missing, np.finfo(np.float64).tiny),
            missing > 0,
            len(levels) > most_levels,
            center,
            spread,
            most_features=most_features,
        )

    def of_all_rows(self, column: LevelCounts, *, n_means: int) -> CategoryEncoder:
        """Return the encoder with the levels of all rows, where it was fitted on a sample."""
        most = max(MAX_LEVELS, MAX_LEVELS_OF_ALL // n_means)
        order = np.argsort(-column.counts, kind="stable")
        levels, counts = column.levels[order].tolist(), column.counts[order].astype(np.float64)
        missing = float(column.n_missing)
        return self._of_counts(self.name, levels, counts, missing, self.most_features, most)

    def with_means(
        self,
        codes: Array,  # int (n_samples,): what `read` returned of the training column
        target: Array,  # (n_samples, n_outputs): what the networks learn to predict
        sample_weight: Array | None,  # (n_samples,)
    ) -> CategoryEncoder:
        """Return the encoder that also encodes the mean of the target at each level."""
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

    @property
    def candidates(self) -> tuple[str, ...]:
        """All levels, the most frequent first."""
        return self.levels

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
        facts = {name: getattr(self, name) for name in _CategoryFacts.__dataclass_fields__}
        counted = {"counts": self.counts, "shares": self.shares}
        means = {} if self.means is None else self.means.to_arrays()
        return _CategoryFacts(**facts).to_json(), counted | means

    @classmethod
    def from_state(cls, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> CategoryEncoder:
        facts, counted = _CategoryFacts.from_json(state), (arrays["counts"], arrays["shares"])
        means = LevelMeans.from_arrays(arrays) if "means.values" in arrays else None
        return cls(counts=counted[0], shares=counted[1], means=means, **vars(facts))

    @classmethod
    def described(cls) -> type[Stored]:
        return _CategoryFacts

    @classmethod
    def array_checks(
        cls, state: Mapping[str, Any], n_outputs: int, arrays: Mapping[str, Array], prefix: str
    ) -> Iterator[tuple[str, ArrayCheck]]:
        """Yield what the counts, the shares and the means of levels must be."""
        n_levels, most = len(state["levels"]), state.get("most_features", MAX_LEVEL_FEATURES)
        n_slots = min(n_levels, most) + (n_levels > most) + state["has_missing"]
        yield "counts", ArrayCheck(FLOAT64, (n_levels,), 0, above=True)
        yield "shares", ArrayCheck(FLOAT64, (n_slots,), 0, 1 + 1e-9)
        if f"{prefix}means.values" in arrays:
            k = min(n_outputs, _MAX_OUTPUTS)
            yield "means.outputs", ArrayCheck(INT64, (k,), 0, n_outputs - 1, ascending=True)
            yield "means.prior", ArrayCheck(FLOAT64, (k,), 0, infinite=True)
            yield "means.scale", ArrayCheck(FLOAT64, (k,), 0, above=True)
            yield "means.values", ArrayCheck(FLOAT32, (n_levels + 3, k))


@dataclass(frozen=True)
class _CategoryFacts(Stored):
    """What a file tells of an encoder of levels, beside its arrays."""

    name: str
    levels: Annotated[tuple[LongText, ...], Items(most=MAX_LEVELS_OF_ALL, distinct=True)]
    has_missing: bool
    is_cut: bool
    log_center: Finite
    log_spread: Positive
    most_features: Annotated[int, Whole(1, MAX_LEVEL_FEATURES)] = MAX_LEVEL_FEATURES

    def to_json(self) -> dict[str, Any]:
        """Return the facts as JSON-able values, the usual number of features left out."""
        values = super().to_json()
        if self.most_features == MAX_LEVEL_FEATURES:
            del values["most_features"]
        return values


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


class CategoryKind(Kind):
    """Levels: text, or what is read as its text."""

    name, words, holds, json = CATEGORY, ("category", "categories"), LEVELS, "string"
    encoders = (CategoryEncoder,)

    def read(self, name: str, column: Array) -> Array:
        del name  # every value has a text
        return as_levels(column)

    def detail(self, table: Table, name: str) -> str:
        """Return the most frequent levels."""
        levels = table.distinct(name)
        shown = levels.values[levels.is_present]
        commonest = np.argsort(-levels.counts[levels.is_present], kind="stable")[:3]
        more = f" and {len(shown) - 3:,} more" if len(shown) > 3 else ""
        texts = [str(level) for level in shown[commonest]]
        return ", ".join(text if len(text) <= 24 else text[:21] + "..." for text in texts) + more

    def fit(self, training: TrainingColumn) -> CategoryEncoder:
        """Return the fitted encoder; with many levels it also has means of the target."""
        encoder = CategoryEncoder.fit(
            training.name,
            *training.weighted(),
            most_features=MAX_LEVEL_FEATURES // training.narrowing,
        )
        all_rows = training.all_rows(training.name) if encoder.has_rare else None
        if all_rows is not None:
            n_means = 1 if training.target is None else min(training.target.shape[1], _MAX_OUTPUTS)
            encoder = encoder.of_all_rows(all_rows, n_means=n_means)
        if training.target is None or not encoder.has_rare:
            return encoder
        codes = encoder.read_rows(training.table)
        return encoder.with_means(codes, training.target, training.weight)
