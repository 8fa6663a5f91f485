"""What the file says about itself: all that a program needs to know to fill the inputs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from madaline._data.target import ClassEncoder, JointEncoder
from madaline._evaluation.scores import label_text
from madaline._export.inputs import Input
from madaline._export.outputs import encoders_of
from madaline._model import FittedModel
from madaline._runtime.predictor import Predictor

NOTES = {
    "missing": "A missing number, Boolean or date is NaN. A missing level is the text under"
    " 'missing' in 'inputs'. ONNX Runtime for Python takes None for an unseen level, without a"
    " warning: replace it.",
    "text": "Numbers and dates that the training table held as text enter as numbers, too.",
    "infinite": "Infinite numbers are not refused, as predict of madaline does, but clipped.",
}
"""Notes for whoever fills the inputs."""


def metadata(model: FittedModel, inputs: Sequence[Input], without: Sequence[str]) -> dict[str, str]:
    """Return the metadata of an exported model, each a text.

    Parameters
    ----------
    model : FittedModel
        The model.
    inputs : sequence of Input
        The inputs.
    without : sequence of str
        Columns that are left out.
    """
    facts = {
        "madaline": model.version,
        "task": model.summary.task,
        "target": model.summary.target,
        "inputs": json.dumps([one.to_json() for one in inputs]),
        **NOTES,
    }
    if without:
        facts["without"] = json.dumps(list(without))
    return facts | _facts_of_outputs(model.predictor)


def _facts_of_outputs(predictor: Predictor) -> dict[str, str]:
    """Return the names of several outputs, and of classes the labels and the threshold."""
    joint, encoders = predictor.target_encoder, encoders_of(predictor)
    facts: dict[str, Any] = {}
    if isinstance(joint, JointEncoder):
        facts["outputs"] = list(joint.names)
    if isinstance(encoders[0], ClassEncoder):
        facts["classes"] = [[label_text(label) for label in one.classes] for one in encoders]
        if len(encoders[0].classes) == 2:
            facts["threshold"] = [float(one.threshold) for one in encoders]
    alone = not isinstance(joint, JointEncoder)
    return {name: json.dumps(one[0] if alone else one) for name, one in facts.items()}
