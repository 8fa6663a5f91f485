"""Labels of any kind (words, booleans, numbers) become the targets that a loss learns, and back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from madaline._words import count, some
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss

MISSING = ("None", "nan", "<NA>", "NaT")
"""How missing values are written, by Python, NumPy and pandas."""


def labels_in(y: npt.ArrayLike, n_rows: int, size: int, loss: Loss) -> Array | None:
    """Return the label of each row; None if `y` holds numbers that are targets as they are.

    Parameters
    ----------
    y : array-like
        What the user gave.
    n_rows : int
        Number of rows that it belongs to.
    size : int
        Outputs of the network.
    loss : Loss
        The loss of the network; only cross-entropies learn labels.

    Examples
    --------
    >>> labels_in([True, False], 2, 1, BinaryCrossEntropy())
    array([ True, False])
    >>> labels_in([0, 1], 2, 1, BinaryCrossEntropy())
    """
    if not isinstance(loss, BinaryCrossEntropy | CrossEntropy):
        return None
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or (n_rows == 1 and len(labels) == size > 1):
        return None
    if labels.dtype.kind not in "iuf":
        return _complete(labels)
    if size == 1 and labels.size and labels.min() >= 0 and labels.max() <= 1:
        return None  # probabilities
    return labels if size > 1 or len(np.unique(labels)) == 2 else None


def classes_of(name: str, labels: Array, size: int) -> Array:
    """Return the classes among labels, sorted: two for one output, else one for each output.

    Examples
    --------
    >>> classes_of("y", np.array(["b", "a", "b"]), 1)
    array(['a', 'b'], dtype='<U1')
    """
    found = np.unique(labels)
    wanted = max(2, size)
    if found.dtype.kind in "iuf" and set(found) <= set(range(wanted)):
        return np.arange(wanted)
    if found.dtype.kind == "b":
        found = np.array([False, True])
    if len(found) != wanted:
        remedy = f" or output_size={len(found)}" if len(found) > 2 else ""
        classes = count(len(found), "class", "classes")
        raise InputError(
            f"{name} has {classes} ({some(found.tolist(), 4)}) but a network of"
            f" {count(size, 'output')} distinguishes {wanted}: give {wanted} classes{remedy}."
        )
    return found


def targets_of(name: str, labels: Array, classes: Array, size: int) -> Array:
    """Return the target of each label, shape (n_samples, size).

    Examples
    --------
    >>> targets_of("y", np.array(["b", "a"]), np.array(["a", "b"]), 1)
    array([[1.],
           [0.]])
    """
    known = dict(zip(classes.tolist(), range(len(classes)), strict=True))
    unknown = [label for label in labels.tolist() if label not in known]
    if unknown:
        raise InputError(
            f"{name} holds {unknown[0]!r}: the network's classes are"
            f" {some(map(repr, classes.tolist()))}."
        )
    indices = np.array([known[label] for label in labels.tolist()])
    return indices[:, None].astype(np.float64) if size == 1 else np.eye(size)[indices]


def predicted(prediction: Array, classes: Array | None, loss: Loss) -> Array:
    """Return labels for predicted probabilities, and other predictions as they are.

    Parameters
    ----------
    prediction : ndarray of shape (n_samples, n_outputs)
        Predictions of the network.
    classes : ndarray or None
        Its classes, if it was given labels.
    loss : Loss
        Its loss.
    """
    size = prediction.shape[1]
    if not isinstance(loss, BinaryCrossEntropy | CrossEntropy):
        return prediction[:, 0] if size == 1 else prediction
    if size > 1 and classes is None and isinstance(loss, BinaryCrossEntropy):
        return np.asarray(prediction > 0.5, np.int64)  # each output is a yes or no of its own
    indices = prediction.argmax(axis=1) if size > 1 else (prediction[:, 0] > 0.5).astype(np.intp)
    return indices if classes is None else np.asarray(classes[indices])


def _complete(labels: Array) -> Array:
    """Return labels of one type, none of which is missing."""
    if labels.dtype.kind != "O":
        return labels
    values = labels.tolist()
    missing = [one for one in values if not isinstance(one, str) and str(one) in MISSING]
    if missing:
        raise InputError(f"The labels hold {missing[0]!r}: leave out rows without a label.")
    if len({isinstance(one, str) for one in values}) > 1:
        raise InputError("The labels mix words with other values: give labels of one type.")
    return np.array(values)
