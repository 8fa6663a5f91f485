"""Loads a saved model and predicts, with NumPy and the standard library alone."""

from madaline._models.runtime import Predictor as Predictor
from madaline._models.runtime import load as load
