"""The network of the textbooks, for people who learn how a neural network works."""

from madaline._apps.neural_network.estimator import NeuralNetwork as NeuralNetwork
