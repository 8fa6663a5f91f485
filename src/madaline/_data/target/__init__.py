"""What is learned: target encoders turn labels or numbers into what networks learn, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from madaline._data.target.encoders import COUNT, JOINT
from madaline._data.target.encoders import ClassEncoder as ClassEncoder
from madaline._data.target.encoders import CountEncoder as CountEncoder
from madaline._data.target.encoders import RegressionEncoder as RegressionEncoder
from madaline._data.target.encoders import TargetEncoder as TargetEncoder
from madaline._data.target.joint_encoder import JointEncoder as JointEncoder
from madaline._data.target.values import CLASSIFICATION as CLASSIFICATION
from madaline._data.target.values import REGRESSION as REGRESSION
from madaline._data.target.values import check_learnable as check_learnable
from madaline._data.target.values import infer_task as infer_task
from madaline._data.target.values import infer_task_of_several as infer_task_of_several


def target_encoder_from_state(state: Mapping[str, Any]) -> TargetEncoder:
    """Return the target encoder that its `to_state` described.

    Examples
    --------
    >>> target_encoder_from_state(RegressionEncoder(2.0, 1.0, 1.0, 3.0).to_state())
    RegressionEncoder(center=2.0, scale=1.0, low=1.0, high=3.0)
    """
    if state["task"] == JOINT:
        each = map(target_encoder_from_state, state["encoders"])
        return JointEncoder(tuple(state["names"]), tuple(each))
    encoders: Mapping[str, type[ClassEncoder | CountEncoder | RegressionEncoder]] = {
        CLASSIFICATION: ClassEncoder,
        COUNT: CountEncoder,
        REGRESSION: RegressionEncoder,
    }
    return encoders[state["task"]].from_state(state)
