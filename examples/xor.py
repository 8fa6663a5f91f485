"""Exclusive or: the smallest problem that no single neuron can solve.

The output is to be 1 if exactly one of the two inputs is 1. A network with a hidden layer can learn
that, but plain gradient descent often learns too slowly or gets stuck. This script trains the same
network twice from the same weights: as in a textbook, and adaptively.
"""

import numpy as np

from madaline import NeuralNetwork

x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([[0], [1], [1], [0]])

# As in a textbook: forward, loss, backward, update, repeat.
np.random.seed(0)
network = NeuralNetwork(input_size=2, hidden_size=5, output_size=1)
for _ in range(1000):
    y_pred = network.forward(x)
    loss = network.loss(y, y_pred)
    grads = network.backward(x, y, y_pred)
    network.update_weights(grads, learning_rate=0.1)

print("Plain gradient descent, 1000 epochs:")
print(network.forward(x).round(3))
print(f"The loss is {loss:.3f}. Guessing has {np.log(2):.3f}, so this has hardly begun to learn.\n")

# The same start, but training may notice that it is slow or stuck and do something about it.
np.random.seed(0)
network = NeuralNetwork(input_size=2, hidden_size=5, output_size=1)
network.train(x, y, epochs=1000, learning_rate=0.1)

print("Adaptive, 1000 epochs. What it did, and why:")
for decision in network.decisions_:
    print(f"  epoch {decision.epoch:3}  {decision.sentence}")
print(f"The loss is {network.history_[-1].loss:.4f}. The predictions:")
print(network.forward(x))
