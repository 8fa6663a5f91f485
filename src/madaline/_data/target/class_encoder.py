"""The classes of a target, numbered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline._data.target.target_encoder import CLASSIFICATION, TargetEncoder
from madaline._data.target.values import distinct_labels, target_labels
from madaline.errors import InputError
from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class ClassEncoder(TargetEncoder):
    """Numbers the classes.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        The labels, in order; they keep their type.
    threshold : float
        Of two classes, the second one is predicted where its probability is above.

    Examples
    --------
    >>> encoder = ClassEncoder.fit(np.array(["no", "yes", "no", "no"]))
    >>> encoder.classes
    array(['no', 'yes'], dtype='<U3')
    >>> encoder.encode(np.array(["yes", "no"]))
    array([1, 0])
    >>> encoder.decode(np.array([[0.4, 0.6], [0.9, 0.1]]))
    array(['yes', 'no'], dtype='<U3')
    """

    classes: Array
    threshold: float = 0.5

    @classmethod
    def fit(cls, values: Array, sample_weight: Array | None = None) -> ClassEncoder:
        """Return the target encoder of a training target.

        Parameters
        ----------
        values : ndarray of shape (n_samples,)
            Labels of any type that has a text in JSON: text, Booleans, whole numbers, floats.
        sample_weight : ndarray of shape (n_samples,), optional
            Weight of each row; classes without any weight are left out.

        Raises
        ------
        InputError
            If a label is missing, there are fewer than two classes, or the labels are measurements.
        """
        classes, codes = distinct_labels(target_labels(values))
        classes = classes[np.bincount(codes, sample_weight, len(classes)) > 0]
        if len(classes) < 2:
            held = f": {classes[0]!s}" if len(classes) else ""
            raise InputError(
                f"The target holds only one class{held}; give rows of at least two classes."
            )
        return cls(classes)

    def encode(self, values: Array) -> Array:
        """Return the number of each label's class, int64.

        Raises
        ------
        InputError
            If a label is missing or not among `classes`.
        """
        numbers = {label: number for number, label in enumerate(self.classes.tolist())}
        items = target_labels(values).tolist()
        try:
            return np.fromiter(map(numbers.__getitem__, items), np.int64, count=len(items))
        except KeyError as error:
            raise InputError(
                f"The label {error.args[0]!r} is not among the classes"
                f" {', '.join(map(repr, self.classes.tolist()[:8]))}: correct it."
            ) from None

    def matrix(self, values: Array) -> Array:
        """Return 0 and 1 of two classes, or one-hot rows of several."""
        if len(self.classes) == 2:
            return super().matrix(values)
        return np.eye(len(self.classes), dtype=np.float32)[self.encode(values)]

    def decode(self, prediction: Array) -> Array:
        """Return the most probable label of each row; of two, according to the threshold.

        Parameters
        ----------
        prediction : ndarray of shape (n_samples, n_classes)
            Probabilities.
        """
        return np.asarray(self.classes[self.choose(prediction)])

    def choose(self, probabilities: Array) -> Array:
        """Return the index of the class that is predicted for each row.

        Examples
        --------
        >>> ClassEncoder(np.array(["no", "yes"]), threshold=0.3).choose(np.array([[0.6, 0.4]]))
        array([1])
        """
        if self.threshold == 0.5:
            return np.asarray(np.argmax(probabilities, axis=1))
        return np.asarray(probabilities[:, 1] > self.threshold, np.intp)

    @property
    def cut(self) -> float:
        """The raw output, as log-odds, above which the second of two classes is predicted."""
        return float(np.log(self.threshold / (1 - self.threshold)))

    def to_state(self) -> dict[str, Any]:
        """Return a JSON-able description."""
        state = {
            "task": CLASSIFICATION,
            "classes": self.classes.tolist(),
            "dtype": self.classes.dtype.str,
        }
        return state if self.threshold == 0.5 else state | {"threshold": self.threshold}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> ClassEncoder:
        """Return the target encoder that `to_state` described."""
        labels, dtype = state["classes"], np.dtype(state["dtype"])
        if dtype.kind == "U":  # the labels decide how long they are, and not a number in a file
            dtype = np.dtype(f"U{max(map(len, labels))}")
        classes = np.empty(len(labels), dtype)
        classes[:] = labels
        return cls(classes, state.get("threshold", 0.5))
