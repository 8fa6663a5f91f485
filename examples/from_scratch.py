"""A neural network from scratch: about 60 lines of NumPy, and then the same with madaline.

Run it in the project's folder: ``python examples/from_scratch.py``.
"""

import numpy as np

# Exclusive or: the output is to be 1 if exactly one of the two inputs is 1.
x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y = np.array([[0.0], [1.0], [1.0], [0.0]])


def initialize(rng, inputs, units, outputs):
    """Draw small random weights, so that the units differ; biases are zero at first."""
    hidden_weights = rng.normal(size=(inputs, units)) / np.sqrt(inputs)
    output_weights = rng.normal(size=(units, outputs)) / np.sqrt(units)
    return [hidden_weights, np.zeros(units), output_weights, np.zeros(outputs)]


def sigmoid(z):
    """Return 1 / (1 + exp(-z)), written so that it cannot overflow."""
    return (1 + np.tanh(z / 2)) / 2


def forward(parameters, x):
    """Add up weighted inputs and a bias, and apply the activation, layer by layer."""
    w1, b1, w2, b2 = parameters
    hidden = np.tanh(x @ w1 + b1)  # (rows, units)
    return hidden, sigmoid(hidden @ w2 + b2)  # (rows, outputs): probabilities


def loss_of(y, y_pred):
    """Return the mean of -log(probability of the truth): 0 if certain and right."""
    return -np.mean(y * np.log(y_pred) + (1 - y) * np.log(1 - y_pred))


def backward(parameters, x, y, hidden, y_pred):
    """Return how steeply the loss rises with each parameter, by the chain rule."""
    _, _, w2, _ = parameters
    error = (y_pred - y) / len(x)  # by the sums of the output: sigmoid and logarithm cancel
    hidden_error = error @ w2.T * (1 - hidden * hidden)  # tanh'(z) = 1 - tanh(z)**2
    return [x.T @ hidden_error, hidden_error.sum(axis=0), hidden.T @ error, error.sum(axis=0)]


def update(parameters, gradients, learning_rate):
    """Take a step downhill."""
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter -= learning_rate * gradient


epochs, learning_rate = 500, 1.0
start = initialize(np.random.default_rng(0), inputs=2, units=4, outputs=1)
parameters = [parameter.copy() for parameter in start]
print("From scratch:")
for epoch in range(epochs):
    hidden, y_pred = forward(parameters, x)
    if epoch % 100 == 0:
        print(f"  epoch {epoch:3}: loss {loss_of(y, y_pred):.4f}")
    update(parameters, backward(parameters, x, y, hidden, y_pred), learning_rate)
by_hand = forward(parameters, x)[1]
print("  predictions:", by_hand.ravel())


# The same with madaline. By itself it would start from weights of its own, so these are given.
from madaline import NeuralNetwork  # noqa: E402
from madaline.nn.layers import Tanh  # noqa: E402

network = NeuralNetwork(input_size=2, hidden_size=4, output_size=1, activation=Tanh())
network.weights[0][:], network.biases[0][:], network.weights[1][:], network.biases[1][:] = start
network.train(x, y, epochs, learning_rate, adaptive=False)
print("With NeuralNetwork:")
for epoch in network.history_[::100]:
    print(f"  epoch {epoch.epoch - 1:3}: loss {epoch.loss:.4f}")
print("  predictions:", network.forward(x).ravel())
same = np.array_equal(by_hand, network.forward(x))
print(f"  equal to the last digit: {same}")

# Adaptive training does not need a learning rate that suits.
adaptive = NeuralNetwork(input_size=2, hidden_size=4, output_size=1, activation=Tanh())
adaptive.weights[0][:], adaptive.biases[0][:], adaptive.weights[1][:], adaptive.biases[1][:] = start
adaptive.train(x, y, epochs)
print(f"Adaptive training: a loss of {adaptive.loss_:.4f} after {epochs} epochs.")
