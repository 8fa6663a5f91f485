"""Images and sequences of fixed size: numbers are scaled, channel by channel."""

from __future__ import annotations

import numpy as np

from madaline._data.encoders.image_encoder import ImageEncoder
from madaline._data.encoders.sequence_encoder import SequenceEncoder
from madaline._export.graph import Graph


def image_features(graph: Graph, name: str, encoder: ImageEncoder) -> str:
    """Return the features of images, float32 of shape (rows, n_features).

    Parameters
    ----------
    graph : Graph
        Where nodes are added.
    name : str
        The input, float32 of shape (rows, height, width, channels).
    encoder : ImageEncoder
        The encoder of the column.
    """
    centered = graph.add("Sub", name, np.asarray(encoder.mean, np.float32))
    values = graph.add("Div", centered, np.asarray(encoder.scale, np.float32))
    return graph.add("Reshape", values, np.array([0, encoder.n_features]))


def sequence_features(graph: Graph, name: str, encoder: SequenceEncoder) -> str:
    """Return the features of sequences, float32 of shape (rows, n_features).

    Parameters
    ----------
    graph : Graph
        Where nodes are added.
    name : str
        The input, float64 of shape (rows, length, channels + 1): numbers, NaN where there is none,
        and last the share of them that are known.
    encoder : SequenceEncoder
        The encoder of the column.
    """
    return graph.add(
        "Reshape", scaled_steps(graph, name, encoder), np.array([0, encoder.n_features])
    )


def scaled_steps(graph: Graph, name: str, encoder: SequenceEncoder) -> str:
    """Return the scaled steps of sequences, float32 of shape (rows, length, channels + 1)."""
    mean, scale = (
        np.append(np.asarray(one, np.float32), last).astype(np.float64)
        for one, last in ((encoder.mean, 0), (encoder.scale, 1))
    )
    values = graph.add("Div", graph.add("Sub", name, mean), scale)
    known = graph.add("Where", graph.add("IsNaN", values), np.array(0.0), values)
    return graph.cast(known, np.float32)
