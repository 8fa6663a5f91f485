"""Booleans: the centered truth, and whether it is missing."""

from __future__ import annotations

import numpy as np

from madaline._data.encoders.boolean_encoder import BooleanEncoder
from madaline._export.graph import Graph
from madaline._export.numbers import flagged


def boolean_features(graph: Graph, name: str, encoder: BooleanEncoder) -> str:
    """Return the features of a Boolean, float32 of shape (rows, n_features).

    Parameters
    ----------
    graph : Graph
        Where nodes are added.
    name : str
        The input, float64 of shape (rows, 1).
    encoder : BooleanEncoder
        The encoder of the column.
    """
    missing, features = graph.add("IsNaN", name), []
    if encoder.varies:
        centered = graph.add("Sub", name, np.array([[encoder.true_share]]))
        known = graph.add("Where", missing, np.array([[0.0]]), centered)
        features.append(graph.cast(known, np.float32))
    if encoder.missing_share is not None:
        features.append(flagged(graph, missing, np.array([encoder.missing_share])))
    return graph.add("Concat", *features, axis=1)
