"""A fitted model: it predicts, explains itself, and is a file."""

from madaline._model.model import FittedModel as FittedModel
