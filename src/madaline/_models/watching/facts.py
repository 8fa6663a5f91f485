"""What a prediction and its label tell: the numbers whose changes are tested, row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, final

import numpy as np

from madaline._base.codec import Finite, Stored
from madaline._tables.kinds.kind import CATEGORY, NUMBER
from madaline._tables.profile import PROFILE, ColumnProfile, TableProfile
from madaline._tables.table import Table
from madaline.nn.arrays import Array

MIN_PROBABILITY = 1e-6  # log losses are cut off here

PREDICTION, CONFIDENCE, CLASS, LOSS, EXCESS = "prediction", "confidence", "class", "loss", "excess"
"""Names of the facts."""

OF_ONE_NUMBER = {PREDICTION: NUMBER, LOSS: NUMBER, EXCESS: NUMBER}
OF_SEVERAL_CLASSES = {CLASS: CATEGORY, CONFIDENCE: NUMBER, LOSS: NUMBER, EXCESS: NUMBER}
"""The facts of numbers, and of two classes; those of more classes; and of what kind they are."""


def facts_of_classes(probabilities: Array, predicted: Array) -> dict[str, Array]:
    """Return what predicted classes tell before their labels are known."""
    if probabilities.shape[1] == 2:
        return {PREDICTION: probabilities[:, 1]}
    chosen = probabilities[np.arange(len(predicted)), predicted]
    return {CLASS: predicted.astype(np.float64), CONFIDENCE: chosen}


def facts_of_labels(probabilities: Array, predicted: Array, truth: Array) -> dict[str, Array]:
    """Return what labels tell: the log loss, and by how much predictions are right too often.

    The latter is 1 where the predicted class is right, else 0, minus its probability: zero on
    average where probabilities are calibrated. The true class is -1 where it was not in training.
    """
    rows = np.arange(len(truth))
    likely = np.where(truth >= 0, probabilities[rows, truth], 0.0)
    loss = -np.log(np.maximum(likely, MIN_PROBABILITY))
    return {LOSS: loss, EXCESS: (predicted == truth) - probabilities[rows, predicted]}


def facts_of_numbers(prediction: Array) -> dict[str, Array]:
    """Return what predicted numbers tell, shape (n_rows,)."""
    return {PREDICTION: prediction}


def facts_of_truth(prediction: Array, truth: Array) -> dict[str, Array]:
    """Return what true numbers tell: the absolute error, and the error with its sign."""
    return {LOSS: np.abs(truth - prediction), EXCESS: truth - prediction}


@final
@dataclass(frozen=True)
class UnseenFacts(Stored):
    """The facts of the training rows, predicted by networks that did not see them."""

    profile: Annotated[TableProfile, PROFILE]  # what the facts were like
    means: tuple[Finite, ...]  # the mean of each; zero for classes

    @classmethod
    def of(cls, facts: Mapping[str, Array], classes: Sequence[str] = ()) -> UnseenFacts:
        """Return a summary of facts; classes are the names of what the fact `CLASS` numbers."""
        columns = {name: values.astype(np.float64) for name, values in facts.items()}
        texts = np.array(classes, object)
        table = Table(
            {
                name: texts[values.astype(np.intp)] if name == CLASS else values
                for name, values in columns.items()
            }
        )
        profiles = [
            ColumnProfile.of(table, name, CATEGORY if name == CLASS else NUMBER) for name in columns
        ]
        means = [
            0.0 if name == CLASS else float(np.mean(values)) for name, values in columns.items()
        ]
        return cls(TableProfile(tuple(profiles)), tuple(means))
