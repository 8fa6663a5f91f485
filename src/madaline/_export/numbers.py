"""Numbers: missing ones become the median, all are scaled, and flags tell which were missing."""

from __future__ import annotations

import numpy as np

from madaline._data.encoders.joined_numbers import JoinedNumbers
from madaline._data.encoders.scaling import FAR
from madaline._export.graph import Graph, Piece
from madaline.nn.arrays import Array


def fill(graph: Graph, names: list[str], joined: JoinedNumbers) -> tuple[str, str]:
    """Return the numbers with the median where one is missing, and where that is.

    Parameters
    ----------
    graph : Graph
        Where nodes are added.
    names : list of str
        The inputs of the columns of numbers, in the order of their encoders.
    joined : JoinedNumbers
        Their encoders.

    Returns
    -------
    numbers, missing : str
        float64 and Boolean, of shape (rows, n_columns).
    """
    given = graph.add("Concat", *names, axis=1)
    missing = graph.add("IsNaN", given)
    centers = np.array([one.scaling.center for one in joined.encoders])
    return graph.add("Where", missing, centers[None], given), missing


def scale(graph: Graph, numbers: str, missing: str, joined: JoinedNumbers) -> list[Piece]:
    """Return the scaled numbers, and the flags of those that may be missing."""
    pieces = []
    varying = np.flatnonzero([one.varies for one in joined.encoders])
    if len(varying):
        scalings = [joined.encoders[number].scaling for number in varying]
        center, spread = (
            np.array([[getattr(scaling, part) for scaling in scalings]])
            for part in ("center", "spread")
        )
        own = numbers
        if len(varying) < len(joined.encoders):
            own = graph.add("Gather", numbers, varying, axis=1)
        values = scaled(graph, own, center, spread)
        pieces.append(Piece(graph.cast(values, np.float32), np.array(joined.starts)[varying]))
    if joined.flags:
        columns, features, shares = map(np.array, zip(*joined.flags, strict=True))
        flags = graph.add("Gather", missing, columns, axis=1)
        pieces.append(Piece(flagged(graph, flags, shares), features))
    return pieces


def scaled(graph: Graph, numbers: str, center: Array, spread: Array) -> str:
    """Return float64 numbers scaled and smoothly clipped: `madaline._data.encoders.scaling`."""
    z = graph.add("Div", graph.add("Sub", numbers, center), spread)
    z = graph.add("Clip", z, np.array(-FAR), np.array(FAR))
    third = graph.add("Div", z, np.array(3.0))
    size = graph.add("Add", graph.add("Mul", third, third), np.array(1.0))
    return graph.add("Div", z, graph.add("Sqrt", size))


def flagged(graph: Graph, missing: str, shares: Array) -> str:
    """Return centered flags of missing values, float32: 1 or 0, minus the share of each column."""
    yes, no = (np.asarray(value - shares, np.float32)[None] for value in (1.0, 0.0))
    return graph.add("Where", missing, yes, no)
