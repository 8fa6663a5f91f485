"""What is learned: target encoders turn labels or numbers into what networks learn, and back."""

from __future__ import annotations

from madaline._data.codec import OneKind
from madaline._data.target.encoders import ClassEncoder as ClassEncoder
from madaline._data.target.encoders import CountEncoder as CountEncoder
from madaline._data.target.encoders import RegressionEncoder as RegressionEncoder
from madaline._data.target.encoders import TargetEncoder as TargetEncoder
from madaline._data.target.joint_encoder import SINGLE
from madaline._data.target.joint_encoder import JointEncoder as JointEncoder
from madaline._data.target.probabilities import checked_probabilities as checked_probabilities
from madaline._data.target.probabilities import drawn_classes as drawn_classes
from madaline._data.target.probabilities import holds_probabilities as holds_probabilities
from madaline._data.target.probabilities import labels_of as labels_of
from madaline._data.target.probabilities import mean_entropy as mean_entropy
from madaline._data.target.values import CLASSIFICATION as CLASSIFICATION
from madaline._data.target.values import REGRESSION as REGRESSION
from madaline._data.target.values import check_learnable as check_learnable
from madaline._data.target.values import infer_task as infer_task
from madaline._data.target.values import infer_task_of_several as infer_task_of_several
from madaline._data.target.values import target_numbers as target_numbers

TARGETS = OneKind("task", {**SINGLE, JointEncoder.task: JointEncoder})
"""A target encoder in a file.

>>> TARGETS.read(RegressionEncoder(2.0, 1.0, 1.0, 3.0).to_json())
RegressionEncoder(center=2.0, scale=1.0, low=1.0, high=3.0)
"""
