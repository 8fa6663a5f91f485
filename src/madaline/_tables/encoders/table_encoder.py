"""The table encoder turns a table into the inputs of networks: float32, about unit size.

It is fitted once, to all rows of the training table, those held out from some networks included,
but not to the target. So medians, quantiles and counts of levels are the same for all folds. Only
where a category has too many levels for one-hot, some features depend on the target; then the
networks of each fold get their own (`FoldFeatures`). The same table can be encoded with different
numbers of piecewise-linear bins beside its numbers; the rest of the work is shared.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np

from madaline._base.language import _
from madaline._tables.encoders.encoded import Encoded, check_prepared
from madaline._tables.formats.choice import Format
from madaline._tables.kinds import ENCODERS, KINDS
from madaline._tables.kinds.bins import Bins
from madaline._tables.kinds.category import MAX_CELLS, CategoryEncoder, pair_column
from madaline._tables.kinds.image import ImageEncoder
from madaline._tables.kinds.kind import ColumnEncoder, TrainingColumn
from madaline._tables.kinds.moment import DatetimeEncoder
from madaline._tables.kinds.number import JoinedNumbers, NumberEncoder
from madaline._tables.kinds.sequence import PatternEncoder
from madaline._tables.kinds.sound import SoundEncoder
from madaline._tables.kinds.text import TextEncoder
from madaline._tables.level_counts import LevelCounts, unknown_counts
from madaline._tables.media.grids import Grid
from madaline._tables.schema import Schema
from madaline._tables.table import Table, listed
from madaline.errors import InputError
from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class TableEncoder:
    """Encodes tables like the one it was fitted on.

    Features come in this order: those of every column, then the bins of every column of numbers.

    >>> table = Table.from_columns({"size": [1.0, 2, 3, 4, 5], "color": list("rgbrg")})
    >>> encoder = TableEncoder.fit(table, Schema.infer(table), n_bins=(0, 2))
    >>> encoder.feature_names(2)
    ('size', 'color = g', 'color = r', 'color = b', 'size from 1 to 3', 'size from 3 to 5')
    >>> encoder.feature_columns(2)
    array([0, 1, 1, 1, 0, 0])
    >>> encoded = encoder.encode(Table.from_columns({"color": ["g", "violet"], "size": [3, 9]}))
    >>> encoded.features(0).round(2)
    array([[ 0.  ,  0.6 , -0.4 , -0.2 ],
           [ 2.12, -0.4 , -0.4 , -0.2 ]], dtype=float32)
    >>> encoded.unseen
    {'color': 1}
    """

    encoders: tuple[ColumnEncoder, ...]  # one for each column that has any information
    n_bins: tuple[int, ...]  # numbers of bins that `features` may be asked for
    # words that stand for missing values in rows to predict, beside those that are known
    missing: tuple[str, ...] = ()

    @classmethod
    def fit(
        cls,
        table: Table,
        schema: Schema,
        *,
        n_bins: Sequence[int] = (0, 16, 64),  # numbers of bins to prepare
        # (n_samples,): weight of each row: a weight of two is the row twice, zero is no row
        sample_weight: Array | None = None,
        # (n_samples, n_outputs): what the networks learn to predict, for categories of very many
        # levels. Training rows then need `FoldFeatures`, too
        target: Array | None = None,
        # by what the largest number of levels of a category, or terms of a text, with a feature of
        # their own is divided, where memory is short
        narrowing: int = 1,
        # columns whose features must rise with their values: dates get no cyclic features
        monotone: Collection[str] = (),
        # see `TrainingColumn`
        all_rows: Callable[[str], LevelCounts | None] = unknown_counts,
    ) -> TableEncoder:
        """Learn the encoding of a training table."""
        weight = None if sample_weight is None else np.asarray(sample_weight, np.float64)
        alone, bins = len(schema.kept) == 1, tuple(n_bins)
        fitted = []
        for column in schema.columns:
            if column.kept:
                training = TrainingColumn(
                    table,
                    column,
                    weight,
                    target,
                    bins,
                    alone=alone,
                    narrowing=narrowing,
                    monotone=column.name in monotone,
                    all_rows=all_rows,
                )
                fitted.append(KINDS[column.kind].fit(training))
                table.forget_ascending(column.name)
        encoders = tuple(encoder for encoder in fitted if encoder.n_features > 0)
        if not encoders:
            raise _nothing_to_learn_from(schema)
        if target is not None and all_rows is not unknown_counts:
            encoders = tuple(_with_pairs(own, encoders, table, target, weight) for own in encoders)
        return cls(encoders, tuple(n_bins))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that a table must have."""
        return tuple(encoder.name for encoder in self.encoders)

    @cached_property
    def widths(self) -> Mapping[int, int]:
        """The number of features for each number of bins, counted once."""
        return {n_bins: len(self.feature_columns(n_bins)) for n_bins in (0, *self.n_bins)}

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the columns that are read as text levels."""
        return tuple(e.name for e in self.encoders if isinstance(e, CategoryEncoder))

    @cached_property
    def written(self) -> Mapping[str, Format]:
        """How the columns that were read from text are written."""
        kinds = NumberEncoder | DatetimeEncoder
        formats = {e.name: e.written for e in self.encoders if isinstance(e, kinds)}
        return {name: form for name, form in formats.items() if form is not None}

    @property
    def plain(self) -> tuple[str, ...]:
        """Names of the columns of numbers and dates that were not read from text."""
        kinds = NumberEncoder | DatetimeEncoder
        return tuple(e.name for e in self.encoders if isinstance(e, kinds) and e.written is None)

    @property
    def grid(self) -> tuple[int, ...]:
        """Shape of the grid of a single column, such as (height, width); empty if there is none."""
        return self.encoders[0].grid_shape[:-1] if len(self.encoders) == 1 else ()

    @property
    def only_texts(self) -> bool:
        """Whether all features are terms of texts."""
        return self.terms_of_a_row is not None

    @cached_property
    def terms_of_a_row(self) -> float | None:
        """How many numbers of a training row are not zero on average, if all are terms of texts."""
        texts = [encoder for encoder in self.encoders if isinstance(encoder, TextEncoder)]
        if len(texts) < len(self.encoders):
            return None
        return sum(encoder.terms_of_a_text for encoder in texts)

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width and channels of images; empty unless they are the only column."""
        only = self.encoders[0]
        return only.shape if len(self.encoders) == 1 and isinstance(only, ImageEncoder) else ()

    @property
    def grids(self) -> dict[str, Grid]:
        """The grid of each column whose features are pixels, steps or frames."""
        return {
            encoder.name: Grid(
                start,
                start + encoder.n_features,
                encoder.grid_shape[:-1],
                spectral=isinstance(encoder, SoundEncoder),
            )
            for encoder, start in zip(self.encoders, self.starts, strict=True)
            if encoder.grid_shape
        }

    @property
    def patterns(self) -> dict[str, tuple[int, int]]:
        """The first feature of each column of patterns, and the first one after it."""
        return {
            encoder.name: (start, start + encoder.n_features)
            for encoder, start in zip(self.encoders, self.starts, strict=True)
            if isinstance(encoder, PatternEncoder)
        }

    @property
    def n_changes(self) -> int:
        """How many of the last features are patterns of changes; a column of patterns is alone."""
        last = self.encoders[-1]
        return last.kernels.n_changes if isinstance(last, PatternEncoder) else 0

    def n_features(self, n_bins: int) -> int:
        """Return the number of features with that many bins."""
        check_prepared(n_bins, self.n_bins)
        return self.widths[n_bins]

    def feature_columns(self, n_bins: int) -> Array:
        """Return for each feature the index of its column in `columns`, shape (n_features,)."""
        check_prepared(n_bins, self.n_bins)
        base = [encoder.n_features for encoder in self.encoders]
        bins = [0] * len(base)
        for number, encoder in self._numbers:
            bins[number] = encoder.n_bin_features(n_bins)
        indices = np.arange(len(base))
        return np.concatenate([np.repeat(indices, base), np.repeat(indices, bins)])

    def directions(self, n_bins: int, monotone: Mapping[str, int]) -> Array:
        """Return for each feature how the output may move with it, given that for some columns.

        The result is int (n_features,): 1 or -1 where the output must not fall or rise with the
        feature, 0 where it is free.
        """
        check_prepared(n_bins, self.n_bins)
        base = [monotone.get(e.name, 0) * rises for e in self.encoders for rises in e.rising]
        numbers = [(e.n_bin_features(n_bins), monotone.get(e.name, 0)) for _, e in self._numbers]
        bins = [direction for count, direction in numbers for _ in range(count)]
        return np.array([*base, *bins], np.intp)

    def feature_names(self, n_bins: int) -> tuple[str, ...]:
        """Return what each feature stands for."""
        check_prepared(n_bins, self.n_bins)
        names = [name for encoder in self.encoders for name in encoder.feature_names]
        for __, encoder in self._numbers:
            names += encoder.bin_names(n_bins)
        return tuple(names)

    def bins(self, n_bins: int) -> dict[str, Bins]:
        """Return the bins of each column of numbers that needs any, by name."""
        return {e.name: e.bins[n_bins] for _, e in self._numbers if n_bins in e.bins}

    def encode(
        self,
        table: Table,  # it must have all of `columns`, in any order; others are ignored
        *,
        n_threads: int = 1,
    ) -> Encoded:
        """Read a table and do the work that all numbers of bins share.

        Ask it for `features`.
        """
        self.check_columns(table)
        columns = [encoder.read_rows(table) for encoder in self.encoders]
        counts = {
            encoder.name: encoder.n_unseen(column)
            for encoder, column in zip(self.encoders, columns, strict=True)
        }
        unseen = {name: count for name, count in counts.items() if count}
        return self.encoded(columns, table.n_samples, unseen=unseen, n_threads=n_threads)

    def encoded(
        self,
        columns: Sequence[Array],  # of each encoder what it read, (n_samples,)
        n_samples: int,
        *,
        unseen: Mapping[str, int] | None = None,
        n_threads: int = 1,
    ) -> Encoded:
        """Return columns that were read as a table, to be asked for features."""
        numbers = [columns[number] for number, _ in self._numbers]
        others = [(columns[number], span, encoder) for number, span, encoder in self._others]
        return Encoded(
            n_samples, self.joined, numbers, others, self.widths, unseen or {}, n_threads
        )

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able description and the arrays that go with it."""
        columns, arrays = [], {}
        for number, encoder in enumerate(self.encoders):
            state, of_column = encoder.to_state()
            columns.append({"kind": encoder.file_kind or encoder.kind, "state": state})
            arrays.update({f"{number}.{name}": array for name, array in of_column.items()})
        missing = {"missing": list(self.missing)} if self.missing else {}
        return {"n_bins": list(self.n_bins), "columns": columns, **missing}, arrays

    @classmethod
    def from_state(cls, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> TableEncoder:
        """Return the encoder that `to_state` described; it gives the same bits."""
        of_columns: list[dict[str, Array]] = [{} for _ in state["columns"]]
        for key, array in arrays.items():
            number, _, name = key.partition(".")
            of_columns[int(number)][name] = array
        encoders = tuple(
            ENCODERS[column["kind"]].from_state(column["state"], of_columns[number])
            for number, column in enumerate(state["columns"])
        )
        return cls(encoders, tuple(state["n_bins"]), tuple(state.get("missing", ())))

    def __getstate__(self) -> dict[str, Any]:
        """Return what a pickle or a copy holds: the fields alone."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @cached_property
    def joined(self) -> JoinedNumbers | None:
        """The columns of numbers together, if there are any."""
        encoders = tuple(encoder for _, encoder in self._numbers)
        starts = tuple(self.starts[number] for number, _ in self._numbers)
        return JoinedNumbers(encoders, starts) if encoders else None

    @cached_property
    def _others(self) -> tuple[tuple[int, slice, ColumnEncoder], ...]:
        """The index, the features and the encoder of each column that holds no numbers."""
        return tuple(
            (number, slice(start, start + encoder.n_features), encoder)
            for number, (encoder, start) in enumerate(zip(self.encoders, self.starts, strict=True))
            if not isinstance(encoder, NumberEncoder)
        )

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The index of the first feature of each column."""
        return (0, *accumulate(encoder.n_features for encoder in self.encoders[:-1]))

    @cached_property
    def _numbers(self) -> tuple[tuple[int, NumberEncoder], ...]:
        """The index and the encoder of each column of numbers."""
        return tuple(
            (number, encoder)
            for number, encoder in enumerate(self.encoders)
            if isinstance(encoder, NumberEncoder)
        )

    def check_columns(self, table: Table) -> None:
        """Raise an `InputError` if the table lacks a column."""
        absent = [name for name in self.columns if name not in table]
        if absent:
            raise InputError(
                _(
                    "The table lacks a column that the model needs: {listed}; add it (empty where unknown)."
                    if len(absent) == 1
                    else "The table lacks columns that the model needs: {listed}; add them (empty where unknown)."
                ).format(listed=listed(absent))
            )


def _with_pairs(
    encoder: ColumnEncoder,
    encoders: Sequence[ColumnEncoder],
    table: Table,
    target: Array,
    weight: Array | None,
) -> ColumnEncoder:
    """Return an encoder of many levels with means of pairs, if those of a column tell more."""
    if not isinstance(encoder, CategoryEncoder) or encoder.means is None:
        return encoder
    others = [one for one in encoders if isinstance(one, CategoryEncoder) and one is not encoder]
    cells = {one: one.read_rows(table) for one in others if len(one.levels) <= MAX_CELLS}
    codes = encoder.read_rows(table)
    other = pair_column(encoder, codes, cells, target)
    if other is None:
        return encoder
    return encoder.with_pair_means(codes, other, cells[other], target, weight)


def _nothing_to_learn_from(schema: Schema) -> InputError:
    if schema.n_samples == 1:
        return InputError("The table has 1 sample: give at least two different rows.")
    reasons = _("; ").join(
        _("{name!r}: {detail}").format(name=column.name, detail=column.detail)
        for column in schema.columns[:3]
        if not column.kept
    )
    return InputError(
        "No column tells the rows apart, so there is nothing to learn from{reasons}: add a column whose values differ.",
        reasons=f" ({reasons})" if reasons else "",
    )
