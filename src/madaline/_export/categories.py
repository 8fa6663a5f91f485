"""Categories: a level has a number, and the number a row in a table of features."""

from __future__ import annotations

import numpy as np

from madaline._data.encoders.category_encoder import CategoryEncoder
from madaline._export.graph import Graph
from madaline._export.inputs import missing_level, unseen_level


def category_features(graph: Graph, name: str, encoder: CategoryEncoder) -> str:
    """Return the features of a category, float32 of shape (rows, n_features).

    Parameters
    ----------
    graph : Graph
        Where nodes are added.
    name : str
        The input, text of shape (rows, 1).
    encoder : CategoryEncoder
        The encoder of the column.
    """
    levels = [*encoder.levels, None, unseen_level(encoder)]
    column = np.fromiter(levels, object, len(levels))
    table = np.empty((len(levels), encoder.n_features), np.float32)
    encoder.write(encoder.read(column), table)
    number = graph.add(
        "LabelEncoder",
        name,
        keys_strings=[*encoder.levels, missing_level(encoder)],
        values_int64s=list(range(len(levels) - 1)),
        default_int64=len(levels) - 1,
    )
    return graph.add("Gather", table, graph.add("Squeeze", number, np.array([1])), axis=0)
