"""Sixteen networks with sixteen learning rates, trained as one matrix.

Run it in the project's folder: ``python examples/many_networks.py``. It takes a few seconds.

Each row of the matrix `theta` holds all parameters of one network. A layer's weights are a view of
some of its columns, so that NumPy multiplies the matrices of all networks in one call.
"""

from time import process_time

import numpy as np
from sklearn.datasets import make_moons

from madaline.nn.arrays import Workspace
from madaline.nn.layers import Linear, Tanh
from madaline.nn.losses import BinaryCrossEntropy
from madaline.nn.network import Network, write_gradient
from madaline.nn.optimizers import GradientDescent, StepSize

EPOCHS, BATCH = 100, 20
x, labels = make_moons(400, noise=0.2, random_state=0)
y = labels[:, None].astype(float)
x, y, x_new, y_new = x[:200], y[:200], x[200:], y[200:]

network = Network((Linear(2, 8), Tanh(), Linear(8, 1)))
loss = BinaryCrossEntropy()


def train(population, learning_rate):
    """Gradient descent on mini-batches: each network takes steps of its own length."""
    theta, gradient = population.theta, np.empty_like(population.theta)
    parameters, gradients = network.bind(theta), network.bind(gradient)  # views, layer by layer
    optimizer, size, workspace = GradientDescent(), StepSize(learning_rate), Workspace()
    rng = np.random.default_rng(1)
    for _ in range(EPOCHS):
        for rows in rng.permutation(len(x)).reshape(-1, BATCH):
            batch = x[rows], y[rows]
            workspace.rewind()  # use the arrays of the last step again
            write_gradient(network, loss, parameters, gradients, *batch, workspace=workspace)
            optimizer.step(population, gradient, size, workspace=workspace)


# All start from the same weights: one network, cloned by taking its row sixteen times.
first = network.initialize((1,), np.random.default_rng(0), dtype=np.float64)
population = first.take([0] * 16)
rates = np.geomspace(0.01, 100, 16)[:, None]  # (networks, 1): one for each row
print(f"theta holds {population.members} networks of {population.layout.size} parameters each.")

start = process_time()
train(population, rates)
seconds = process_time() - start

print(f"Losses after {EPOCHS} epochs:\n  learning rate  training  new rows")
learned = loss.mean(network.predict(population.theta, x), y)
new = loss.mean(network.predict(population.theta, x_new), y_new)
winner = int(np.argmin(new))
for number, (rate, *losses) in enumerate(zip(rates[:, 0], learned, new, strict=True)):
    mark = "  <- wins" if number == winner else ""
    print(f"  {rate:13.3g}  {losses[0]:8.4f}  {losses[1]:8.4f}{mark}")

# One after the other they learn the same, but Python has sixteen times as much to do.
start = process_time()
for number in range(16):
    alone = first.take([0])
    train(alone, rates[number])
    assert rates[number] > 3 or np.allclose(alone.theta, population.theta[number])
ratio = (process_time() - start) / seconds
print(f"Trained one after the other, they take {ratio:.1f} times as long.")
