"""The network of the textbooks, for people who learn how a neural network works."""

from madaline._neural_network.estimator import NeuralNetwork as NeuralNetwork
