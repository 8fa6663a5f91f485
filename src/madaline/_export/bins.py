"""Bins of numbers: each rises from 0 at its lower edge to 1 at its upper edge."""

from __future__ import annotations

import numpy as np

from madaline._data.encoders.joined_numbers import JoinedNumbers
from madaline._export.graph import Graph


def bin_features(graph: Graph, numbers: str, n_bins: int, joined: JoinedNumbers) -> str:
    """Return how full each bin of each number is, float32 of shape (rows, n_bin_features).

    Parameters
    ----------
    graph : Graph
        Where nodes are added.
    numbers : str
        The columns of numbers, float64 of shape (rows, n_columns), none missing.
    n_bins : int
        Which bins.
    joined : JoinedNumbers
        The encoders of the columns.
    """
    bins = joined.bins[n_bins]
    half = graph.add("Mul", numbers, np.array(0.5))  # twice 1e308 would overflow
    columns = joined.owners[n_bins][bins.owner]
    own = graph.add("Gather", half, columns, axis=1)
    part = graph.add("Div", graph.add("Sub", own, bins.low[None]), bins.width[None])
    return graph.cast(graph.add("Clip", part, np.array(0.0), np.array(1.0)), np.float32)
