"""The quality of predicted numbers: how far off they are, where, and to which side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from madaline.evaluation.quality.coverage import Coverage
from madaline.nn.arrays import Array

BINS = 30
"""Bins of the histogram of errors, and on each side of the map of predictions and truths."""

PARTS = 10
"""Parts of equal size that the rows are cut into, by their prediction."""

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Quantiles of the errors of each part."""

TAIL = 0.005
"""Share of the rows on each side that is drawn at the border, not to scale."""


@dataclass(frozen=True)
class NumberQuality:
    """How well numbers are predicted (final). An error is the truth less the prediction.

    Parameters
    ----------
    n_rows : int
        Rows that were judged.
    edges : tuple of float
        Of the map of predictions and truths, on both sides; what lies beyond is in the outermost.
    counts : tuple of tuple of int
        For each bin of the truth, the rows in each bin of the prediction.
    error_edges : tuple of float
        Of the histogram of errors; what lies beyond is in the outermost bins.
    error_counts : tuple of int
        Rows in each of its bins.
    predictions : tuple of float
        The mean prediction of parts of the rows, in ascending order.
    errors : tuple of tuple of float
        Five quantiles (`LEVELS`) of the errors of each part.
    bias : float
        The mean error.
    median_error : float
        Half of the predictions are closer to the truth than this.
    coverage : tuple of Coverage
        What intervals hold.
    """

    n_rows: int
    edges: tuple[float, ...]
    counts: tuple[tuple[int, ...], ...]
    error_edges: tuple[float, ...]
    error_counts: tuple[int, ...]
    predictions: tuple[float, ...]
    errors: tuple[tuple[float, ...], ...]
    bias: float
    median_error: float
    coverage: tuple[Coverage, ...]

    @classmethod
    def of(
        cls,
        prediction: Array,
        truth: Array,
        coverage: tuple[Coverage, ...] = (),
        weight: Array | None = None,
    ) -> NumberQuality:
        """Judge predictions.

        Parameters
        ----------
        prediction, truth : ndarray of shape (n_rows,)
            In the target's unit.
        coverage : tuple of Coverage
            What intervals hold.
        weight : ndarray of shape (n_rows,), optional
            Weight of each row, for the mean error; rows are counted as they are.

        Examples
        --------
        >>> quality = NumberQuality.of(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 6.0]))
        >>> quality.bias, quality.median_error, sum(quality.error_counts)
        (1.0, 0.0, 3)
        """
        error = truth - prediction
        edges = _edges(np.concatenate([prediction, truth]))
        error_edges = _edges(error)
        places = [_bins(values, edges) for values in (truth, prediction)]
        counts = np.bincount(places[0] * BINS + places[1], minlength=BINS**2).reshape(BINS, BINS)
        order = np.argsort(prediction, kind="stable")
        parts = [part for part in np.array_split(order, PARTS) if len(part)]
        return cls(
            len(truth),
            tuple(edges.tolist()),
            tuple(map(tuple, counts.tolist())),
            tuple(error_edges.tolist()),
            tuple(np.bincount(_bins(error, error_edges), minlength=BINS).tolist()),
            tuple(float(prediction[part].mean()) for part in parts),
            tuple(tuple(np.quantile(error[part], LEVELS).tolist()) for part in parts),
            float(np.average(error, weights=weight)),
            float(np.median(np.abs(error))),
            coverage,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the quality as JSON-able values."""
        return {"of": "numbers"} | asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> NumberQuality:
        """Return the quality that `to_json` described."""
        own: dict[str, Any] = {
            name: tuple(one) if isinstance(one, list) else one for name, one in values.items()
        }
        own |= {name: tuple(map(tuple, own[name])) for name in ("counts", "errors")}
        own["coverage"] = tuple(Coverage(**one) for one in own["coverage"])
        del own["of"]
        return cls(**own)


def _edges(values: Array) -> Array:
    """Return the edges of bins of equal width that hold all but the tails."""
    low, high = np.quantile(values, [TAIL, 1 - TAIL])
    if not high > low:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, BINS + 1)


def _bins(values: Array, edges: Array) -> Array:
    return np.clip(np.searchsorted(edges, values, side="right") - 1, 0, BINS - 1)
