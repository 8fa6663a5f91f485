"""Intervals or sets of several targets, each calibrated by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from madaline._data.io.tensor_header import named
from madaline._evaluation.conformal.intervals import PredictionIntervals
from madaline._evaluation.conformal.sets import PredictionSets
from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class JointConformal:
    """How far off unseen rows were, for each target.

    The coverage is that of each target alone; all of them at once are covered less often.

    Parameters
    ----------
    each : tuple of PredictionIntervals or PredictionSets
        One for each target, all of one type.
    """

    each: tuple[PredictionIntervals | PredictionSets, ...]

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able description and the arrays that go with it."""
        states: list[dict[str, Any]] = []
        arrays: dict[str, Array] = {}
        for number, one in enumerate(self.each):
            state, own = one.to_state()
            states.append(state)
            arrays |= {f"{number}.{name}": array for name, array in own.items()}
        return {"each": states}, arrays


def conformal_from_state(
    state: Mapping[str, Any], arrays: Mapping[str, Array]
) -> PredictionIntervals | PredictionSets | JointConformal:
    """Return what `to_state` described: intervals have a range, sets have none."""
    if "each" in state:
        return JointConformal(
            tuple(_single(own, named(arrays, f"{k}.")) for k, own in enumerate(state["each"]))
        )
    return _single(state, arrays)


def _single(
    state: Mapping[str, Any], arrays: Mapping[str, Array]
) -> PredictionIntervals | PredictionSets:
    if "low" in state:
        return PredictionIntervals.from_state(state, arrays)
    return PredictionSets.from_state(arrays)
