"""The network of the textbooks, for people who learn how a neural network works."""

from madaline.neural_network.network import NeuralNetwork as NeuralNetwork
