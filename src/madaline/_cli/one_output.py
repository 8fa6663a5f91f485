"""The choice of one output where a model has several: what is explained is one number."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from madaline._cli.arguments import add_option
from madaline._cli.output import suggestion
from madaline._data.target import JointEncoder
from madaline._model import FittedModel
from madaline._words import some
from madaline.errors import InputError


def add_output_choice(parser: Any) -> None:
    """Add the option that names one of several targets, or the level of a quantile."""
    text = "which target, or which quantile, where the model predicts several"
    add_option(parser, "--target NAME", text)


def load_one_output(arguments: Namespace) -> FittedModel:
    """Return the model of a file, or of the output of it that was named.

    Raises
    ------
    InputError
        If there is no such output, or there are several and none was named.
    """
    model, name = FittedModel.load(arguments.model), arguments.target
    encoder = model.predictor.target_encoder
    names = encoder.names if isinstance(encoder, JointEncoder) else (model.summary.target,)
    if name is None and len(names) > 1:
        raise InputError(
            f"{arguments.model} predicts {some(names, limit=12, last=' and ')}: name one of them"
            " with --target."
        )
    if name is not None and name not in names:
        raise InputError(
            f"--target names {name}, which {arguments.model} does not predict:"
            f" {suggestion(name, names)}"
        )
    return model.of_output(name) if len(names) > 1 else model
