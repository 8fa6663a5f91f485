"""The network of the textbooks, for people who learn how a neural network works."""

from madaline._neural_network.network import NeuralNetwork as NeuralNetwork
