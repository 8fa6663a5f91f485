"""From the textbook's script to a network that adapts itself, in five steps.

Run it in the project's folder: ``python examples/neural_network.py``. It needs pandas for step 4.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from madaline import NeuralNetwork

# 1. The textbook's script: initialize, then forward, loss, gradient, update, and repeat.
# The output is to be 1 if exactly one of the two inputs is 1 (exclusive or).
x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([[0], [1], [1], [0]])
np.random.seed(0)
network = NeuralNetwork(input_size=2, hidden_size=5, output_size=1)
for _ in range(1000):
    y_pred = network.forward(x)
    loss = network.loss(y, y_pred)
    grads = network.backward(x, y, y_pred)
    network.update_weights(grads, learning_rate=0.1)
print(f"1. Plain gradient descent: a loss of {loss:.3f} after 1,000 epochs.")
print(f"   Guessing has {np.log(2):.3f}, so it has hardly begun to learn.\n")

# 2. Is the gradient right? Check it, and look at one step with every number.
print(f"2. The gradients are right: relative error {network.check_gradients(x, y):.0e}.")
tiny = NeuralNetwork(input_size=2, hidden_size=1, output_size=1, random_state=0)
tiny.explain_step(x[1], y[1])

# 3. The same start, but training notices that it is slow, and tries other learning rates.
np.random.seed(0)
network = NeuralNetwork(input_size=2, hidden_size=5, output_size=1)
network.train(x, y, epochs=1000, learning_rate=0.1)
print("\n3. Adaptive training. What it saw, what it tried, and what came of it:")
for decision in network.decisions_:
    print(f"   epoch {decision.epoch}: {decision.sentence}")
print(f"   A loss of {network.loss_:.4f}, and the predictions {network.predict(x)}.\n")

# 4. A table, labels in words. Inputs must be numbers of a similar size, so they are standardized.
path = Path(__file__).parent / "data" / "penguins.csv"
penguins = pd.read_csv(path).dropna().sample(frac=1, random_state=0)
numbers = penguins[["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]]
train, test = slice(0, 250), slice(250, None)
x = (numbers - numbers[train].mean()) / numbers[train].std()
y = penguins["species"] + " " + penguins["sex"]
network = NeuralNetwork(input_size=4, hidden_size=20, output_size=6, random_state=0)
network.train(x[train], y[train])
print("4. Species and sex of penguins.", network, sep="\n")
print(f"   Right on {(network.predict(x[test]) == y[test]).mean():.0%} of 83 new penguins.\n")

# 5. It held out a fifth of the rows. When the loss on them rose, it simplified, or stopped.
print("5. What it did against overfitting:")
for decision in network.decisions_:
    if decision.action in ("simplify", "stop"):
        print(f"   epoch {decision.epoch}: {decision.sentence}")
