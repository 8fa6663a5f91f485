"""Trees as one node: those of all members, whose leaves hold their share of the mean."""

from __future__ import annotations

import numpy as np

from madaline._export.graph import Graph
from madaline._runtime.networks import LayeredNetworks
from madaline.nn.arrays import Array
from madaline.nn.layers._trees import FixedTrees


def trees_output(graph: Graph, features: str, networks: LayeredNetworks) -> str:
    """Return the mean of the raw outputs of trees, float64 of shape (rows, n_outputs)."""
    *levels, (layer, own) = networks.layers
    assert isinstance(layer, FixedTrees)
    n_inputs = 0
    for _, of_linear in levels:  # those of all members side by side
        weight = of_linear["weight"]
        beside, n_inputs = np.moveaxis(weight, 0, 1).reshape(weight.shape[1], -1), weight.shape[2]
        features = graph.add("Gemm", features, beside, of_linear["bias"].ravel())
    shares, trees = networks.shares[:, 0], layer.trees
    tree, node, is_leaf, output = _nodes(layer, own["below"])
    member = tree // len(layer.roots)
    below, first = own["below"].reshape(len(shares), -1, 2), layer.roots[tree % len(layer.roots)]
    at = (member, first + node)
    yes, no = (np.where(is_leaf, 0, below[(*at, side)] - first) for side in (0, 1))
    weights = own["value"][at] * shares[member]
    regressor = graph.add(
        "TreeEnsembleRegressor",
        features,
        n_targets=trees.out_features,
        base_values=(shares @ own["bias"]).tolist(),
        nodes_treeids=tree.tolist(),
        nodes_nodeids=node.tolist(),
        nodes_featureids=(own["feature"][at] + member * n_inputs).tolist(),
        nodes_values=np.where(is_leaf, 0, own["threshold"][at]).tolist(),
        nodes_modes=np.where(is_leaf, "LEAF", "BRANCH_LEQ").tolist(),
        nodes_truenodeids=yes.tolist(),
        nodes_falsenodeids=no.tolist(),
        target_treeids=tree[is_leaf].tolist(),
        target_nodeids=node[is_leaf].tolist(),
        target_ids=output[is_leaf].tolist(),
        target_weights=weights[is_leaf].tolist(),
    )
    return graph.cast(regressor, np.float64)


def _nodes(layer: FixedTrees, below: Array) -> tuple[Array, Array, Array, Array]:
    """Return the nodes that rows may come to: tree, number in it, whether a leaf, and output."""
    trees, n_nodes = layer.trees, 2 * layer.trees.n_leaves - 1
    below = below.reshape(-1, n_nodes, 2) - np.tile(layer.roots, len(below))[:, None, None]
    comes = np.zeros(below.shape[:2], bool)
    comes[:, 0] = True
    for number in range(n_nodes):
        own = np.flatnonzero(comes[:, number])
        for side in (0, 1):
            comes[own, below[own, number, side]] = True
    tree, node = np.nonzero(comes)
    output = tree // trees.n_trees % trees.out_features
    return tree, node, node >= trees.n_leaves - 1, output
