"""Plots of a single network show its losses and its predictions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from madaline import NeuralNetwork, plots
from madaline.errors import InputError
from madaline.nn.losses import Squared

matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
Y = np.array([0, 1, 1, 0])


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
    decided = [decision.epoch for decision in network.decisions_]
    assert sorted(line.get_xdata()[0] for line in axes.lines[1:]) == sorted(decided)
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names[0] == "training loss"
    assert len(set(names)) == len(names) > bool(decided)


def test_peaks_of_the_loss_are_cut_off():
    network = NeuralNetwork(2, 5, 1, random_state=0)
    network.train(X, Y, epochs=400)
    network.history_[200] = replace(network.history_[200], loss=50.0)
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


def iris() -> tuple[pd.DataFrame, np.ndarray, NeuralNetwork]:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(60, 3)), columns=["length", "width", "height"])
    labels = np.where(table["length"] * table["height"] > 0, "yes", "no")
    return table, labels, NeuralNetwork(3, [4, 2], 1, random_state=0).fit(table, labels, epochs=50)


def test_of_more_inputs_two_are_named_and_the_others_held_at_their_medians():
    table, labels, network = iris()
    with pytest.raises(InputError, match=r"has 3 inputs.*columns=\('length', 'width'\)"):
        plots.plot_decision_boundary(network, table, labels)
    axes = drawn(plots.plot_decision_boundary(network, table, labels, columns=["height", 0]))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("height", "length")
    assert "median of width" in axes.get_title()
    shades, points = axes.collections[0], axes.collections[-1]
    np.testing.assert_array_equal(
        points.get_offsets(), table.loc[labels == "yes", ["height", "length"]]
    )
    across, up = axes.get_xlim()[0], axes.get_ylim()[0]
    corner = [[table["length"].min() - 0.1 * np.ptp(table["length"]), table["width"].median(), 0]]
    corner[0][2] = table["height"].min() - 0.1 * np.ptp(table["height"])
    assert across <= corner[0][2]
    assert up <= corner[0][0]
    np.testing.assert_allclose(shades.get_array()[0, 0], network.forward(corner)[0, 0])


def test_columns_of_a_data_frame_are_found_by_name_whatever_their_order():
    table, labels, network = iris()
    chosen = {"columns": ["length", "height"]}
    one = plots.plot_decision_boundary(network, table, labels, **chosen)
    turned = table[["height", "width", "length"]]
    other = plots.plot_decision_boundary(network, turned, labels, **chosen)
    assert np.array_equal(one.collections[0].get_array(), other.collections[0].get_array())


@pytest.mark.parametrize("columns", ["length", [0], [1, 1], [0, 3], ["length", "depth"], [-1, 0]])
def test_what_is_no_pair_of_inputs_is_refused(columns):
    table, labels, network = iris()
    with pytest.raises(InputError, match=r"columns (is|has) "):
        plots.plot_decision_boundary(network, table, labels, columns=columns)


def test_one_input_has_no_plane():
    with pytest.raises(InputError, match="one input"):
        plots.plot_decision_boundary(NeuralNetwork(1, 2, 1), np.zeros((2, 1)), [0, 1])


def test_no_legend_covers_anything_where_the_figure_makes_room():
    network = NeuralNetwork(2, 2, 1, random_state=0)
    network.train(X, Y, epochs=20)
    for axes in (plots.plot_history(network), plots.plot_decision_boundary(network, X, Y)):
        drawn(axes)
        legend, frame = axes.get_legend().get_window_extent(), axes.get_window_extent()
        assert legend.y1 < frame.y0
        assert legend.y0 >= 0
        assert axes.get_title()


def test_each_hidden_unit_has_a_map_of_what_it_computes():
    network = NeuralNetwork(2, [3, 14], 1, random_state=0)
    panels = plots.plot_hidden_units(network, X, Y)
    assert [ax.get_title() for ax in panels] == ["unit 1", "unit 2", "unit 3"]
    drawn(panels[0])
    np.testing.assert_allclose(
        [ax.collections[0].get_array()[0, 0] for ax in panels],
        network.hidden_outputs([[-0.1, -0.1]])[0][0],
    )
    deep = plots.plot_hidden_units(network, X, Y, layer=2)
    assert len(deep) == 12
    assert deep[0].get_title() == f"unit 1, weight {network.weights[2][0, 0]:.3g}"
    with pytest.raises(InputError, match="has 2 hidden layers: give one of 1, 2"):
        plots.plot_hidden_units(network, X, Y, layer=3)
    with pytest.raises(InputError, match="no hidden layer"):
        plots.plot_hidden_units(NeuralNetwork(2, [], 1), X, Y)


def test_a_network_is_drawn_with_a_line_for_each_weight():
    network = NeuralNetwork(2, 3, 1, random_state=0)
    axes = drawn(plots.plot_network(network))
    assert len(axes.lines) == 2 * 3 + 3
    widest = max(axes.lines, key=lambda line: line.get_linewidth())
    weights = np.concatenate([w.ravel() for w in network.weights])
    assert f"{np.abs(weights).max():.3g}" in axes.get_title()
    assert widest.get_color() == ("C1" if weights[np.abs(weights).argmax()] < 0 else "C0")
    assert "3 units" in [text.get_text() for text in axes.texts]


def test_a_boundary_is_small_as_svg(tmp_path) -> None:
    network = NeuralNetwork(2, 3, 1, random_state=0)
    plots.plot_decision_boundary(network, [[0, 0], [1, 1]], [0, 1]).figure.savefig(
        tmp_path / "boundary.svg"
    )
    assert (tmp_path / "boundary.svg").stat().st_size < 100_000  # an image
