"""The outputs of a model that has several: their names, and the one that was asked for."""

from __future__ import annotations

from typing import Any

from madaline._data.target import JointEncoder
from madaline._runtime.predictor import Predictor
from madaline.errors import InputError
from madaline.nn.losses import Quantiles


def names_of_outputs(predictor: Predictor, target: str) -> tuple[str, ...]:
    """Return the names of what is predicted, given the name of the target or of all of them."""
    encoder = predictor.target_encoder
    if not isinstance(encoder, JointEncoder):
        return (target,)
    if isinstance(predictor.loss, Quantiles):
        return tuple(f"{target}_{level}" for level in encoder.names)
    return encoder.names


def title_of_output(predictor: Predictor, target: str, index: int) -> str:
    """Return how sentences call one of several outputs."""
    encoder = predictor.target_encoder
    name = encoder.names[index] if isinstance(encoder, JointEncoder) else target
    return f"{target} (quantile {name})" if isinstance(predictor.loss, Quantiles) else name


def index_of_output(predictor: Predictor, target: str, output: Any) -> int | None:
    """Return the index of the output that was asked for; None where there is only one.

    Raises
    ------
    InputError
        If there is no such output, or one of several must be chosen.
    """
    encoder = predictor.target_encoder
    if isinstance(encoder, JointEncoder):
        return encoder.index(output)
    if output is not None:
        raise InputError(
            f"output is {output!r}, but this model predicts {target} alone: leave it out."
        )
    return None
