"""The quality of predictions of a table with known targets."""

from __future__ import annotations

from typing import cast

import numpy as np

from madaline._models.runtime.predictor import Predictor
from madaline._race.evaluation.conformal import PredictionSets
from madaline._race.evaluation.quality import Quality
from madaline._race.evaluation.quality.classification import ClassificationQuality
from madaline._race.evaluation.quality.coverage import LEVELS, Coverage
from madaline._race.evaluation.quality.regression import RegressionQuality
from madaline._race.evaluation.scores import class_index, label_text
from madaline._tables.column import is_missing
from madaline._tables.conversion import as_numbers
from madaline._tables.table import Table
from madaline._tables.target import ClassEncoder
from madaline.errors import InputError
from madaline.nn.arrays import Array

COVERED_ROWS = 2000  # rows on which coverage is measured, at most: evenly spread


def quality_of_table(
    predictor: Predictor, table: Table, truth: Array, *, name: str = "target"
) -> Quality | None:
    """Return the quality of predictions of a table; None if no row is left.

    Rows with a missing value or an unknown class are left out; the name is for messages.
    """
    if isinstance(predictor.target_encoder, ClassEncoder):
        classes = predictor.target_encoder.classes
        index = class_index(classes, truth)
        if not (index >= 0).any():
            return None
        labels = [label_text(label) for label in classes.tolist()]
        return _of_classes(predictor, labels, table.take(index >= 0), index[index >= 0])
    known = ~is_missing(truth)
    if not known.any():
        return None
    return _of_numbers(predictor, table.take(known), as_numbers(name, truth)[known])


def _of_classes(
    predictor: Predictor, labels: list[str], table: Table, index: Array
) -> ClassificationQuality:
    rows, probabilities = _spread(table.n_samples), predictor.predict_proba(table)
    outputs = predictor.fold_outputs(table.take(rows))
    of_folds = np.stack([predictor.probabilities(output) for output in outputs])
    predicted = predictor.choose(probabilities[rows])
    sets = cast("PredictionSets", predictor.conformal)
    coverage = tuple(
        Coverage.of_sets(sets.predict(of_folds, level, predicted), index[rows], level)
        for level in LEVELS
    )
    predicted = predictor.choose(probabilities)
    return ClassificationQuality.of(labels, probabilities, index, coverage, predicted=predicted)


def _of_numbers(predictor: Predictor, table: Table, truth: Array) -> RegressionQuality:
    rows = _spread(table.n_samples)
    coverage: list[Coverage] = []
    for level in LEVELS:
        try:
            bounds = predictor.predict_interval(table.take(rows), level)
        except InputError:  # too few training rows for so high a coverage
            break
        coverage.append(Coverage.of_intervals(bounds, truth[rows], level))
    return RegressionQuality.of(predictor.predict(table), truth, tuple(coverage))


def _spread(n_samples: int) -> slice:
    return slice(None, None, max(1, -(-n_samples // COVERED_ROWS)))
