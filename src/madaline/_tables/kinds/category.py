"""Categories: a feature for each frequent level; of too many levels also the mean of the target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import repeat
from typing import Annotated, Any

import numpy as np

from madaline._base.codec import Finite, Items, LongText, Positive, Stored
from madaline._base.json_checks import Whole
from madaline._base.language import Names, _
from madaline._tables.array_checks import FLOAT32, FLOAT64, INT64, ArrayCheck
from madaline._tables.column import is_missing
from madaline._tables.conversion import as_levels
from madaline._tables.kinds.kind import (
    CATEGORY,
    LEVELS,
    ColumnEncoder,
    Kind,
    TrainingColumn,
    missing_name,
)
from madaline._tables.kinds.level_means import MAX_OUTPUTS, LevelMeans, level_totals
from madaline._tables.level_counts import LevelCounts
from madaline._tables.statistics import total_weight
from madaline._tables.table import Table
from madaline.nn.arrays import Array

MAX_LEVEL_FEATURES = 64  # the largest number of levels with a feature of their own
# levels that are remembered; others count as rare, like unknown ones
MAX_LEVELS = 10_000
MAX_LEVELS_OF_ALL = 200_000  # of a large table, divided by the number of means
MAX_CELLS = 10  # levels of another column, in each of which a level has a mean
_PAIRS_TELL = 0.95  # share of the variance within levels that is left within pairs, at most
_MIN_FREE = 2000  # degrees of freedom that this share is taken from, at least


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
    # of a large table, where they tell more: the means over the rows that also have a level of
    # another column, its name and these levels
    pair_means: LevelMeans | None = None
    pair_column: str = ""
    pair_levels: tuple[str, ...] = ()

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

    def with_pair_means(
        self,
        codes: Array,  # int (n_samples,): what `read` returned of the training column
        other: CategoryEncoder,  # of another column
        cells: Array,  # int (n_samples,): what it read
        target: Array,
        sample_weight: Array | None,
    ) -> CategoryEncoder:
        """Return the encoder that also encodes the mean at each pair of levels of two columns."""
        means = LevelMeans.fit(
            self.slots(codes),
            target,
            sample_weight,
            n_levels=len(self.levels) + 3,
            cells=cells,
            n_cells=len(other.levels),
        )
        return replace(self, pair_means=means, pair_column=other.name, pair_levels=other.levels)

    def replaced(self, means: LevelMeans, pair_means: LevelMeans | None = None) -> CategoryEncoder:
        """Return the encoder with other means."""
        return replace(self, means=means, pair_means=pair_means)

    @property
    def all_means(self) -> tuple[LevelMeans, ...]:
        """The means of the target at each level, and at pairs of levels, if there are any."""
        return tuple(means for means in (self.means, self.pair_means) if means is not None)

    def means_of_rows(
        self,
        levels: Array,
        target: Array,
        weight: Array | None,
        learned: Array,
        parts: Array,
        cells: Array | None,  # int (n_samples,): what the encoder of the other column read
    ) -> Array:
        """Return all means for networks that learn from some rows; see `LevelMeans`."""
        assert self.means is not None
        found = [self.means.for_networks(levels, target, weight, learned, parts)]
        if self.pair_means is not None and cells is not None:
            of_pairs = self.pair_means.for_networks
            found.append(of_pairs(levels, target, weight, learned, parts, cells))
        return np.concatenate(found, axis=1)

    @property
    def n_means(self) -> int:
        """Number of features, the last ones, that are means of the target."""
        return sum(means.values.shape[1] for means in self.all_means)

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
            names.append(_("{name} is rare").format(name=self.name))
        if self.has_missing:
            names.append(missing_name(self.name))
        if len(names) <= 2:
            return tuple(names[: len(names) - 1])  # one slot is a constant, two are one feature
        if not self.has_rare:
            return tuple(names)
        outputs = () if self.means is None else self.means.outputs.tolist()
        usual = [
            _("{name}: usual target {output}").format(name=self.name, output=output)
            for output in outputs
        ]
        usual += [
            _("{name}: usual target {output} where {pair_column} = {level}").format(
                name=self.name, output=output, pair_column=self.pair_column, level=level
            )
            for level in self.pair_levels
            for output in outputs
        ]
        return (*names, _("{name}: frequency").format(name=self.name), *usual)

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
        start = n_slots + 1
        for means in self.all_means:
            stop = start + means.values.shape[1]
            out[:, start:stop] = means.values[self.slots(column)]
            start = stop

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
        means = {} if self.means is None else self.means.to_arrays("means")
        pairs = {} if self.pair_means is None else self.pair_means.to_arrays("pairs")
        return _CategoryFacts(**facts).to_json(), counted | means | pairs

    @classmethod
    def from_state(cls, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> CategoryEncoder:
        facts, counted = _CategoryFacts.from_json(state), (arrays["counts"], arrays["shares"])
        return cls(
            counts=counted[0],
            shares=counted[1],
            means=LevelMeans.from_arrays(arrays, "means"),
            pair_means=LevelMeans.from_arrays(arrays, "pairs"),
            **vars(facts),
        )

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
        n_cells = {"means": 1, "pairs": len(state.get("pair_levels", ()))}
        for means, n in n_cells.items():
            if f"{prefix}{means}.values" in arrays or (means == "pairs" and n):
                k = min(n_outputs, MAX_OUTPUTS)
                yield f"{means}.outputs", ArrayCheck(INT64, (k,), 0, n_outputs - 1, ascending=True)
                yield f"{means}.prior", ArrayCheck(FLOAT64, (k,), 0, infinite=True)
                yield f"{means}.scale", ArrayCheck(FLOAT64, (k,), 0, above=True)
                yield f"{means}.values", ArrayCheck(FLOAT32, (n_levels + 3, n * k))


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
    pair_column: str = ""
    pair_levels: Annotated[tuple[LongText, ...], Items(most=MAX_CELLS, distinct=True)] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the facts as JSON-able values, without what most encoders do not have."""
        values = super().to_json()
        if self.most_features == MAX_LEVEL_FEATURES:
            del values["most_features"]
        if not self.pair_levels:
            del values["pair_column"], values["pair_levels"]
        return values


def pair_column(
    encoder: CategoryEncoder,
    codes: Array,  # int (n_samples,): what it read
    others: Mapping[CategoryEncoder, Array],  # other columns, and what they read
    target: Array,  # (n_samples, n_outputs)
) -> CategoryEncoder | None:
    """Return the column with whose levels those of another are paired; None if none tells more.

    It is the one that leaves the least variance of the target within pairs, compared with that
    within levels when the means of its own levels are taken off.
    """
    shares: dict[CategoryEncoder, float] = {}
    n_levels = len(encoder.levels) + 3
    for other, cells in others.items():
        n_cells = len(other.levels)
        n_means = min(target.shape[1], MAX_OUTPUTS)
        if not 2 <= n_cells <= MAX_CELLS or n_levels * n_cells * n_means > MAX_LEVELS_OF_ALL:
            continue
        rows = np.flatnonzero(cells >= 0)
        own, cell = encoder.slots(codes)[rows], cells[rows]
        rest = target[rows] - _means_at(cell, target[rows], n_cells)[0][cell]
        within_levels, _ = _variance_within(own, rest, n_levels)
        within_pairs, free = _variance_within(own * n_cells + cell, rest, n_levels * n_cells)
        if free >= _MIN_FREE and within_levels > 0:
            shares[other] = within_pairs / within_levels
    best = min(shares, key=shares.__getitem__, default=None)
    return best if best is not None and shares[best] <= _PAIRS_TELL else None


def _means_at(levels: Array, target: Array, n_levels: int) -> tuple[Array, Array]:
    """Return the mean target at each level, and the rows of each."""
    rows, sums = level_totals(levels, target.astype(np.float64), np.ones(len(levels)), n_levels)
    return sums / np.maximum(rows, 1.0)[:, None], rows


def _variance_within(levels: Array, target: Array, n_levels: int) -> tuple[float, int]:
    """Return the variance within levels, summed over outputs, and its degrees of freedom."""
    means, rows = _means_at(levels, target, n_levels)
    free = len(levels) - int(np.count_nonzero(rows))
    return float(np.square(target - means[levels]).sum() / max(free, 1)), free


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
        more = _(" and {n_shown:,} more").format(n_shown=len(shown) - 3) if len(shown) > 3 else ""
        texts = [str(level) for level in shown[commonest]]
        named = Names(text if len(text) <= 24 else text[:21] + "..." for text in texts)
        return _("{named}{more}").format(named=named, more=more)

    def fit(self, training: TrainingColumn) -> CategoryEncoder:
        """Return the fitted encoder; with many levels it also has means of the target."""
        encoder = CategoryEncoder.fit(
            training.name,
            *training.weighted(),
            most_features=MAX_LEVEL_FEATURES // training.narrowing,
        )
        all_rows = training.all_rows(training.name) if encoder.has_rare else None
        if all_rows is not None:
            n_means = 1 if training.target is None else min(training.target.shape[1], MAX_OUTPUTS)
            encoder = encoder.of_all_rows(all_rows, n_means=n_means)
        if training.target is None or not encoder.has_rare:
            return encoder
        codes = encoder.read_rows(training.table)
        return encoder.with_means(codes, training.target, training.weight)
