"""A number becomes itself, robustly scaled, whether it is missing, and bins on demand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from madaline._data.conversion import as_numbers
from madaline._data.encoders.bins import Bins
from madaline._data.encoders.column_encoder import ColumnEncoder, missing_name
from madaline._data.encoders.scaling import RobustScaling
from madaline._data.formats.number_format import NumberFormat
from madaline._data.kinds import NUMBER
from madaline._data.statistics import Distribution, share, total_weight
from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class NumberEncoder(ColumnEncoder):
    """Holds the encoding of a column of numbers; `JoinedNumbers` writes all of a table together.

    Parameters
    ----------
    name : str
        Name of the column.
    scaling : RobustScaling
        Middle and spread of the training values.
    varies : bool
        Whether there were two different values; otherwise only missing values are encoded.
    missing_share : float or None
        Share of training rows without a value; None when all had one.
    bins : mapping of int to Bins
        For each number of bins the bins, where the column needs any.
    written : NumberFormat, optional
        How the training values were written, where they were text.

    Examples
    --------
    >>> encoder = NumberEncoder.fit("size", np.array([1.0, 2, 3, 4, np.nan]), n_bins=(2,))
    >>> encoder.feature_names, encoder.bin_names(2)
    (('size', 'size is missing'), ('size from 1 to 2', 'size from 2 to 4'))
    """

    name: str
    scaling: RobustScaling
    varies: bool
    missing_share: float | None
    bins: Mapping[int, Bins]
    written: NumberFormat | None = None

    kind = NUMBER

    @classmethod
    def fit(
        cls,
        name: str,
        column: Array,
        sample_weight: Array | None = None,
        n_bins: Collection[int] = (),
        *,
        ascending: Array | None = None,
    ) -> NumberEncoder:
        """Return the encoder of a training column, shape (n_samples,), of any kind.

        `ascending` are its sorted numbers, where they are known and there are no weights.
        """
        numbers = as_numbers(name, column)
        missing = np.isnan(numbers)
        distribution = (
            Distribution.of(numbers, sample_weight)
            if ascending is None
            else Distribution.of_ascending(ascending)
        )
        missing_share = share(missing, sample_weight)
        if len(distribution.values) == 0:
            return cls(name, RobustScaling(0.0, 1.0), False, None, {})
        scaling = RobustScaling.fit(distribution)
        fitted = {
            wanted: Bins.fit(
                distribution,
                wanted,
                missing=total_weight(missing, sample_weight),
                median=scaling.center,
            )
            for wanted in n_bins
            if wanted > 0
        }
        return cls(
            name,
            scaling,
            len(distribution.values) > 1,
            missing_share or None,
            {wanted: bins for wanted, bins in fitted.items() if bins is not None},
        )

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The number itself, and whether it is missing."""
        value = (self.name,) if self.varies else ()
        return value if self.missing_share is None else (*value, missing_name(self.name))

    @property
    def rising(self) -> tuple[bool, ...]:
        """The number itself rises, as all its bins do."""
        return tuple(name == self.name for name in self.feature_names)

    def n_bin_features(self, n_bins: int) -> int:
        """Return the number of bins that there are; zero where the column needs none."""
        return len(self.bins[n_bins]) if n_bins in self.bins else 0

    def bin_names(self, n_bins: int) -> tuple[str, ...]:
        """Return what each bin stands for; empty where there are none."""
        if n_bins not in self.bins:
            return ()
        edges = self.bins[n_bins].edges
        return tuple(f"{self.name} from {low:.4g} to {high:.4g}" for low, high in pairwise(edges))

    def read(self, column: Array) -> Array:
        """Return float64 numbers, NaN where missing."""
        return as_numbers(self.name, column, self.written)

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able description and the bins' arrays."""
        arrays: dict[str, Array] = {}
        for n_bins, bins in self.bins.items():
            arrays[f"edges{n_bins}"] = bins.edges
            arrays[f"means{n_bins}"] = bins.means
        return {
            "name": self.name,
            "center": self.scaling.center,
            "spread": self.scaling.spread,
            "varies": self.varies,
            "missing_share": self.missing_share,
            "bins": list(self.bins),
            "written": None if self.written is None else self.written.to_json(),
        }, arrays

    @classmethod
    def from_state(cls, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> NumberEncoder:
        """Return the encoder that `to_state` described."""
        written = state.get("written")
        return cls(
            state["name"],
            RobustScaling(state["center"], state["spread"]),
            state["varies"],
            state["missing_share"],
            {n: Bins(arrays[f"edges{n}"], arrays[f"means{n}"]) for n in state["bins"]},
            None if written is None else NumberFormat.from_json(written),
        )
