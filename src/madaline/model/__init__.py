"""A fitted model: it predicts, explains itself, and is a file."""

from madaline.model.model import FittedModel as FittedModel
