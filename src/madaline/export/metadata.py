"""What the file says about itself: all that a program needs to know to fill the inputs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from madaline.data.target import ClassEncoder
from madaline.evaluation.table_score import label_text
from madaline.export.inputs import Input
from madaline.model import FittedModel

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
    encoder = model.predictor.target_encoder
    if isinstance(encoder, ClassEncoder):
        facts["classes"] = json.dumps([label_text(label) for label in encoder.classes])
        if len(encoder.classes) == 2:
            facts["threshold"] = repr(float(encoder.threshold))
    return facts
