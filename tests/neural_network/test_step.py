"""Each line that `explain_step` prints can be checked with a pocket calculator."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import numpy as np
import pytest

from madaline._apps.neural_network import NeuralNetwork
from madaline.errors import InputError
from madaline.nn.layers import GELU, ReLU, Sigmoid, Tanh
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Huber, Squared

CALCULATOR = {
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "tanh": math.tanh,
    "relu": lambda x: max(0.0, x),
    "exp": math.exp,
    "log": math.log,
    "__builtins__": {},
}
FORMULA = re.compile(r"(sigmoid|tanh|relu|exp|log|[-+×/()². 0-9e])*[(×][-+×/()². 0-9eloxp]*")
CASES = [
    (2, [2], 1, [0, 1], 1),
    (2, [2], 1, [0.5, -1], 0),
    (2, [2, 2], 1, [0.5, -1], [0.25]),
    (1, [], 1, [2], 1),
    (3, [2], 2, [0.1, 0.2, -3], [1, 0]),
    (2, [3], 3, [1, 1], [0, 0, 1]),
]


def printed(network, *arguments, capsys) -> list[str]:
    network.explain_step(*arguments)
    return capsys.readouterr().out.splitlines()


def calculated(formula: str) -> float:
    return eval(formula.replace("×", "*").replace("²", "**2"), CALCULATOR)


@pytest.mark.parametrize(("inputs", "hidden", "outputs", "x", "y"), CASES, ids=str)
@pytest.mark.parametrize("loss", [BinaryCrossEntropy(), CrossEntropy(), Squared()], ids=repr)
@pytest.mark.parametrize("activation", [Sigmoid(), Tanh(), ReLU()], ids=repr)
def test_each_formula_gives_its_number(inputs, hidden, outputs, x, y, loss, activation, capsys):
    if outputs == 1 and isinstance(loss, CrossEntropy):
        pytest.skip("one class alone has nothing to learn")
    network = NeuralNetwork(
        inputs, hidden, outputs, loss=loss, activation=activation, random_state=1
    )
    checked = 0
    for line in printed(network, x, y, 0.5, capsys=capsys):
        for formula, result in pairwise(line.split(" = ")):
            formula = formula.split(": ")[-1]
            if FORMULA.fullmatch(formula):
                value = calculated(formula)
                assert value == pytest.approx(calculated(result), rel=2e-3, abs=3e-4), line
                checked += 1
    parameters = sum(array.size for array in (*network.weights, *network.biases))
    assert checked >= 2 * parameters + 1


def test_the_numbers_are_those_of_the_network(capsys):
    network, by_hand = (NeuralNetwork(2, 2, 1, random_state=0) for _ in range(2))
    lines = printed(network, [0, 1], 1, 0.5, capsys=capsys)
    by_hand.update_weights(by_hand.backward([0, 1], [1]), 0.5)
    text = "\n".join(lines)
    for array in (*by_hand.weights, *by_hand.biases):
        for value in array.ravel():
            assert f"= {value:.4g}\n" in text
    after = by_hand.forward([0, 1])
    assert f"prediction {after[0]:.4g}, loss {by_hand.loss([1], after):.4g}" in lines[-1]
    np.testing.assert_array_equal(
        network.weights[0], NeuralNetwork(2, 2, 1, random_state=0).weights[0]
    )


def test_other_activations_and_losses_have_their_values(capsys):
    network = NeuralNetwork(2, 2, 1, activation=GELU(), loss=Huber(), random_state=0)
    lines = printed(network, [0, 1], 1, capsys=capsys)
    assert any("output = gelu(" in line for line in lines)
    assert network.loss([1], network.forward([0, 1])) == pytest.approx(
        float(next(line for line in lines if "loss = " in line).split("= ")[1]), rel=1e-3
    )


def test_labels_are_targets(capsys):
    network = NeuralNetwork(2, 2, 1, random_state=0)
    network.train([[0, 0], [1, 1]], ["no", "yes"], epochs=3)
    assert "target = 1," in printed(network, [1, 1], "yes", capsys=capsys)[0]
    assert "target = 0," in printed(network, [[1, 1]], ["no"], capsys=capsys)[0]


def test_a_large_network_and_several_rows_are_refused():
    with pytest.raises(InputError, match=r"121 parameters.*up to 60"):
        NeuralNetwork(10, 10, 1).explain_step([0] * 10, 1)
    with pytest.raises(InputError, match=r"x has 2 rows: give one, such as x\[0\]"):
        NeuralNetwork(2, 2, 1).explain_step([[0, 1], [1, 1]], [0, 1])
