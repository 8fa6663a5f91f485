"""What is learned: target encoders turn labels or numbers into what networks learn, and back."""

from __future__ import annotations

from madaline._base.codec import OneKind
from madaline._tables.target.encoders import ClassEncoder as ClassEncoder
from madaline._tables.target.encoders import CountEncoder as CountEncoder
from madaline._tables.target.encoders import RegressionEncoder as RegressionEncoder
from madaline._tables.target.encoders import TargetEncoder as TargetEncoder
from madaline._tables.target.joint_encoder import SINGLE
from madaline._tables.target.joint_encoder import JointEncoder as JointEncoder
from madaline._tables.target.probabilities import checked_probabilities as checked_probabilities
from madaline._tables.target.probabilities import drawn_classes as drawn_classes
from madaline._tables.target.probabilities import holds_probabilities as holds_probabilities
from madaline._tables.target.probabilities import labels_of as labels_of
from madaline._tables.target.probabilities import mean_entropy as mean_entropy
from madaline._tables.target.values import CLASSIFICATION as CLASSIFICATION
from madaline._tables.target.values import REGRESSION as REGRESSION
from madaline._tables.target.values import check_learnable as check_learnable
from madaline._tables.target.values import infer_task as infer_task
from madaline._tables.target.values import infer_task_of_several as infer_task_of_several
from madaline._tables.target.values import target_numbers as target_numbers

TARGETS = OneKind("task", {**SINGLE, JointEncoder.task: JointEncoder})
"""A target encoder in a file.

>>> TARGETS.read(RegressionEncoder(2.0, 1.0, 1.0, 3.0).to_json())
RegressionEncoder(center=2.0, scale=1.0, low=1.0, high=3.0)
"""
