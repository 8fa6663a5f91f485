"""Printed and in notebooks, networks, their history and their decisions can be read."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from madaline import NeuralNetwork
from madaline._apps.neural_network.decisions import CoachDecision, UnitsAdded
from madaline._apps.neural_network.display import CoachDecisions
from madaline.records.history import Epoch, Epochs

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
Y = np.array(["same", "different", "different", "same"])


@pytest.fixture(scope="module")
def network() -> NeuralNetwork:
    network = NeuralNetwork(2, 5, 1, random_state=0)
    network.train(X, Y, epochs=300)
    return network


def test_a_network_is_a_picture_and_the_figures_of_its_text(network) -> None:
    page = network._repr_html_()
    assert page.count('<g class="weight') == sum(w.size for w in network.weights)
    assert page.count('<g class="unit') == 2 + sum(b.size for b in network.biases)
    title, *layers, loss = repr(network).splitlines()
    assert title in page
    assert loss.strip() in page
    for line in layers:
        shape, function, size = line.partition(": ")[2].split(", ")
        assert f"<td>{shape}</td><td>{function}</td><td>{size}</td>" in page
    assert f"widest is {max(abs(w).max() for w in network.weights):.3g}." in page


def test_a_network_without_training_has_no_loss() -> None:
    network = NeuralNetwork(2, [3, 2], 2)
    assert "not trained" in network._repr_html_()
    assert "loss (" not in network._repr_html_()
    assert repr(network.history_) == "<Epochs: 0>"
    assert "not trained yet" in network.history_._repr_html_()
    assert repr(network.decisions_) == "(none)"
    assert "no decisions" in network.decisions_._repr_html_()


def test_columns_and_classes_have_their_names() -> None:
    frame = pd.DataFrame(X, columns=["left", "right"])
    network = NeuralNetwork(2, 2, 1, random_state=0).fit(frame, Y, epochs=2)
    for name in ("left", "right", "same"):
        assert f">{name}</text>" in network._repr_html_()
    network = NeuralNetwork(2, 2, 3, random_state=0).fit(frame, ["a", "b", "c", "a"], epochs=2)
    for name in "abc":
        assert f">{name}</text>" in network._repr_html_()


def test_the_history_is_a_list_that_prints_shortly_and_draws_its_losses(network) -> None:
    history = network.history_
    assert isinstance(history, list)
    assert [epoch.epoch for epoch in history] == list(range(1, 301))
    assert repr(history) == (
        f"<Epochs: 300, the loss from {history[0].loss:.4g} to {history[-1].loss:.4g}>"
    )
    np.testing.assert_array_equal(history.figure().marks[0].y, [epoch.loss for epoch in history])
    assert history.to_frame().columns.tolist() == [
        "epoch",
        "loss",
        "learning_rate",
        "validation_loss",
    ]
    assert "training loss" in history._repr_html_()


def test_the_lowest_loss_on_held_out_rows_is_said_and_drawn() -> None:
    losses = [(0.7, 0.7), (0.5, 0.6), (0.3, 0.8)]
    history = Epochs(
        [Epoch(number, loss, 0.1, other) for number, (loss, other) in enumerate(losses, start=1)]
    )
    assert repr(history) == (
        "<Epochs: 3, the loss from 0.7 to 0.3; on held-out rows the lowest is 0.6, at epoch 2>"
    )
    assert [line.label for line in history.figure().legend] == ["training loss", "validation loss"]


def test_epochs_without_held_out_rows_are_gaps_of_the_curve() -> None:
    losses = [(0.7, 0.7), (0.5, 0.6), (0.4, None), (0.3, None), (0.3, 0.5), (0.2, 0.6)]
    history = Epochs(
        [Epoch(number, loss, 0.1, other) for number, (loss, other) in enumerate(losses, start=1)]
    )
    held_out = history.figure().marks[1:]
    assert [line.x.tolist() for line in held_out] == [[1, 2], [5, 6]]
    assert [line.y.tolist() for line in held_out] == [[0.7, 0.6], [0.5, 0.6]]
    assert [line.label for line in held_out] == ["validation loss", ""]


def test_dots_of_the_figure_are_where_decisions_fell() -> None:
    decisions: list[CoachDecision] = []
    history = Epochs([Epoch(number, 1 / number, 0.1) for number in (1, 2, 3, 4)], decisions)
    assert len(history.figure().marks) == 1
    decisions += [
        UnitsAdded(number, "the network", 10, 0.3, 0.3, (2,), ((4,),)) for number in (2, 4)
    ]
    first, second = history.figure().marks[1:]
    assert (first.x.tolist(), first.y.tolist()) == ([2], [0.5])
    assert (second.x.tolist(), second.y.tolist()) == ([4], [0.25])
    assert (first.label, second.label) == ("units added", "")


def test_decisions_are_a_sentence_a_line_and_a_table(network) -> None:
    decisions = network.decisions_
    assert decisions
    assert repr(decisions).splitlines() == [f"epoch {d.epoch}: {d.sentence}" for d in decisions]
    assert repr(decisions[:1]) == repr(decisions).splitlines()[0]
    assert isinstance(decisions[0], CoachDecision)
    page = decisions._repr_html_()
    assert page.count("<tr>") == 1 + len(decisions)
    assert all(f"<td>{decision.sentence}</td>" in page for decision in decisions)
    assert decisions.to_frame()["sentence"].tolist() == [d.sentence for d in decisions]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_show_the_same(network, copied) -> None:
    other = copied(network)
    assert isinstance(other.decisions_, CoachDecisions)
    assert other._repr_html_() == network._repr_html_()
    assert other.history_._repr_html_() == network.history_._repr_html_()
    assert repr(other.decisions_) == repr(network.decisions_)


def test_a_network_in_training_was_trained_for_some_epochs() -> None:
    network = NeuralNetwork(2, 2, 1, random_state=0)
    training = network.training([[0, 1], [1, 0]], [0, 1], 10)
    for _ in range(6):
        next(training)
    assert repr(network).splitlines()[0].endswith("trained for 6 epochs")
    assert "not trained" not in repr(network)
