"""Plots of a single network show its losses and its predictions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from madaline import NeuralNetwork, plots
from madaline.errors import InputError
from madaline.nn.losses import Squared

matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
Y = np.array([0, 1, 1, 0])

CHANGES = {
    "learning rate changed": ("raise", "lower", "restore"),
    "units added": ("grow",),
    "new weights": ("restart",),
    "simplified": ("simplify",),
}


@pytest.fixture(autouse=True)
def no_window():
    """Draw into memory, and let go of every figure."""
    matplotlib.use("agg")
    yield
    from matplotlib import pyplot

    pyplot.close("all")


def drawn(axes):
    axes.figure.canvas.draw()
    return axes


def test_history_is_the_loss_of_each_epoch_with_dots_where_the_network_was_changed():
    network = NeuralNetwork(2, 2, 1, random_state=0)
    network.train(X, Y, epochs=400)
    axes = drawn(plots.plot_history(network))
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [e.loss for e in network.history_])
    changed = {
        name: [d.epoch for d in network.decisions_ if d.action in actions]
        for name, actions in CHANGES.items()
    }
    assert sorted(line.get_xdata()[0] for line in axes.lines[1:]) == sorted(
        epoch for epochs in changed.values() for epoch in epochs
    )
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names[0] == "training loss"
    assert set(names[1:]) == {name for name, epochs in changed.items() if epochs}
    assert len(set(names)) == len(names)


def test_peaks_of_the_loss_are_cut_off():
    network = NeuralNetwork(2, 5, 1, random_state=0)
    network.train(X, Y, epochs=400)
    losses = [epoch.loss for epoch in network.history_]
    bottom, top = drawn(plots.plot_history(network)).get_ylim()
    assert bottom <= min(losses) < losses[0] < top <= 1.2 * losses[0]


def test_a_network_that_is_not_trained_has_no_history():
    with pytest.raises(InputError, match="not trained yet"):
        plots.plot_history(NeuralNetwork(2, 2, 1))


def test_the_boundary_of_two_classes_lies_where_the_probability_is_one_half():
    network = NeuralNetwork(2, 5, 1, random_state=0)
    network.train(X, np.where(Y, "yes", "no"))
    axes = drawn(plots.plot_decision_boundary(network, X, np.where(Y, "yes", "no")))
    shades, boundary = axes.collections[:2]
    corners = shades.get_array()[[20, 20, -20, -20], [20, -20, 20, -20]]
    np.testing.assert_array_equal(corners > 0.5, [False, True, True, False])
    vertices = np.concatenate([path.vertices for path in boundary.get_paths()])
    np.testing.assert_allclose(network.forward(vertices), 0.5, atol=0.02)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["no", "yes"]


def test_several_classes_have_a_color_each():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(60, 2)), columns=["length", "width"])
    labels = np.array(["a", "b", "c"])[np.digitize(table["length"], [-0.5, 0.5])]
    network = NeuralNetwork(2, 5, 3, random_state=0)
    network.train(table, labels, epochs=500)
    axes = drawn(plots.plot_decision_boundary(network, table, labels))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("length", "width")
    assert set(np.unique(axes.collections[0].get_array())) == {0, 1, 2}
    assert [len(points.get_offsets()) for points in axes.collections[1:]] == [
        (labels == name).sum() for name in "abc"
    ]


def test_predicted_numbers_are_shades_on_given_axes():
    from matplotlib.pyplot import subplots

    network = NeuralNetwork(2, 5, 1, loss=Squared(), random_state=0)
    network.train(X, [3.0, 5.0, 5.0, 3.0])
    _, axes = subplots()
    assert plots.plot_decision_boundary(network, X, [3.0, 5.0, 5.0, 3.0], axes) is axes
    drawn(axes)
    assert axes.collections[0].get_array().shape == (200, 200)


def test_only_two_inputs_have_a_plane():
    with pytest.raises(InputError, match="has 3 inputs"):
        plots.plot_decision_boundary(NeuralNetwork(3, 2, 1), np.zeros((2, 3)), [0, 1])
