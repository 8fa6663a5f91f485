"""A fitted model: it predicts, explains itself, and is a file."""

from madaline._models.model.model import FittedModel as FittedModel
