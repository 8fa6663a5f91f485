"""Loads a saved model and predicts, with NumPy and the standard library alone."""

from madaline._models.runtime.predictor import Predictor as Predictor
from madaline._models.runtime.predictor import load as load
