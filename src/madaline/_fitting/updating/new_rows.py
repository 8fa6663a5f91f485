"""The rows that a model is updated with, checked against the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from madaline._data.splits.folds import make_folds
from madaline._data.table import Table
from madaline._data.target import CLASSIFICATION, ClassEncoder, CountEncoder, TargetEncoder
from madaline._data.target.values import target_labels, target_numbers
from madaline._evaluation.scores import class_index, label_text
from madaline._fitting.keeping import left_out
from madaline._fitting.training_data import TrainingData
from madaline._model import FittedModel
from madaline._model.kept_columns import as_learned
from madaline.errors import InputError
from madaline.nn.arrays import Array, Rng

SORTED_RUNS = 2
"""Runs of equal labels for each class, at most, where rows count as sorted by class."""


@dataclass(frozen=True, eq=False)
class NewRows:
    """Rows to update a model with; build it with `checked` (final).

    Parameters
    ----------
    data : TrainingData
        The rows, with the columns that another fit could learn from, and labels of the model.
    unknown : tuple of str
        Labels that are no class of the model, as text.
    """

    data: TrainingData
    unknown: tuple[str, ...] = ()

    @classmethod
    def checked(
        cls,
        model: FittedModel,
        table: Table,
        target: Array,
        weight: Array | None,
        groups: Array | None,
    ) -> NewRows:
        """Return the rows of positive weight.

        Raises
        ------
        InputError
            If a column is missing, or a value cannot be read or used.
        """
        data = TrainingData.checked(table, target, weight, groups, None)
        model.predictor.encode(data.table.take(slice(1)))  # refuses missing columns
        columns = as_learned(
            model.predictor.table(data.table),
            model.schema,
            dropped=left_out(model.summary.settings),
        )
        labels, unknown = read_as_known(model.predictor.target_encoder, data.target)
        return cls(replace(data, table=columns, target=labels), unknown)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.data.table.n_samples

    def folds(self, model: FittedModel, rng: Rng) -> Array:
        """Return the fold of each row: those of its networks do not learn from it.

        Folds are stretches of rows in their order: neighbors in time resemble one another, so that
        networks that had learned from a row's neighbors would seem better than they are on rows to
        come. Rows that are sorted by class or by size are dealt out at random instead. A model of
        one fold is evaluated on the last fifth of the rows.
        """
        n_folds = model.predictor.parts[0].theta.shape[1]
        numbers = np.arange(self.n_rows)
        if n_folds == 1:
            return np.where(numbers >= self.n_rows * 4 // 5, 0, -1)
        few = self.n_rows < 2 * n_folds  # too few to be compared by
        if few or (self.data.groups is None and not _is_sorted(self.data.target)):
            return np.asarray(numbers * n_folds // self.n_rows)
        task, groups = model.summary.task, self.data.groups
        codes = self.data.target
        if task == CLASSIFICATION:
            codes = np.unique([label_text(one) for one in codes.tolist()], return_inverse=True)[1]
        return make_folds(codes, n_folds=n_folds, task=task, rng=rng, groups=groups)


def read_as_known(encoder: TargetEncoder, target: Array) -> tuple[Array, tuple[str, ...]]:
    """Return a target with labels as the model has them, and those that it does not have.

    Examples
    --------
    >>> read_as_known(ClassEncoder(np.array([0, 1])), np.array(["1", "0", "2"]))
    (array([1, 0, '2'], dtype=object), ('2',))
    """
    if not isinstance(encoder, ClassEncoder):
        numbers = target_numbers(target)
        if isinstance(encoder, CountEncoder) and numbers.min() < 0:
            raise InputError(
                f"The model predicts amounts of 0 or more, but y holds {numbers.min():g}: correct"
                " it."
            )
        return numbers, ()
    labels = target_labels(target)
    index = class_index(encoder.classes, labels)
    if (index >= 0).all():
        return encoder.classes[index], ()
    classes, whole = encoder.classes.tolist(), encoder.classes.dtype.kind in "iu"
    read = [
        classes[number] if number >= 0 else _new_label(label, whole=whole)
        for number, label in zip(index.tolist(), labels.tolist(), strict=True)
    ]
    unknown = dict.fromkeys(label_text(one) for one in labels[index < 0].tolist())
    return np.fromiter(read, object, len(read)), tuple(unknown)


def _new_label(label: Any, *, whole: bool) -> Any:
    """Return a label; a whole number as such where those of the model are."""
    return int(label) if whole and isinstance(label, float) and label == int(label) else label


def _is_sorted(target: Array) -> bool:
    """Return whether rows are sorted by their numbers, or have the rows of each class together."""
    if target.dtype.kind == "f":
        steps = np.diff(target)
        return bool((steps >= 0).all() or (steps <= 0).all())
    labels = target.tolist()
    n_runs = 1 + sum(one != other for one, other in pairwise(labels))
    return bool(n_runs <= SORTED_RUNS * len(set(labels)))
