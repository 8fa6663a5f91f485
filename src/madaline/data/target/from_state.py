"""From the description of a target codec in a file back to the codec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from madaline.data.target.base import CLASSIFICATION, COUNT, TargetCodec
from madaline.data.target.classes import ClassCodec
from madaline.data.target.counts import CountCodec
from madaline.data.target.regression import RegressionCodec


def codec_from_state(state: Mapping[str, Any]) -> TargetCodec:
    """Return the codec that its `to_state` described.

    Examples
    --------
    >>> codec_from_state(RegressionCodec(2.0, 1.0, 1.0, 3.0).to_state())
    RegressionCodec(center=2.0, scale=1.0, low=1.0, high=3.0)
    """
    match state["task"]:
        case str(task) if task == CLASSIFICATION:
            return ClassCodec.from_state(state)
        case str(task) if task == COUNT:
            return CountCodec.from_state(state)
        case _:
            return RegressionCodec.from_state(state)
