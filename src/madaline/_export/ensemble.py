"""The ensemble: the mean of all networks' raw outputs, divided by the calibration temperature."""

from __future__ import annotations

import numpy as np

from madaline._export.features import Features
from madaline._export.graph import Graph
from madaline._export.layers import layered_output
from madaline._export.networks import stacked_output
from madaline._runtime.predictor import Predictor


def ensemble_output(graph: Graph, features: Features, predictor: Predictor) -> str:
    """Return the raw output, float64 of shape (rows, n_outputs).

    Parameters
    ----------
    graph : Graph
        Where nodes are added.
    features : Features
        What goes into the networks.
    predictor : Predictor
        The networks, and the temperature.

    Raises
    ------
    InputError
        If a network has layers that cannot be exported.
    """
    means = predictor.networks.mean
    outputs = [layered_output(graph, features, own) for own in means.layered]
    if means.stacked is not None:
        outputs.append(stacked_output(graph, features, means.stacked))
    output = outputs[0] if len(outputs) == 1 else graph.add("Sum", *outputs)
    temperature = np.asarray(predictor.temperature, np.float64)
    return output if (temperature == 1).all() else graph.add("Div", output, temperature)
