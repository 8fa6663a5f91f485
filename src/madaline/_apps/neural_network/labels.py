"""Labels of any kind and the targets that a network learns from, there and back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from madaline._base.language import _
from madaline._base.words import format_count, format_list
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss, Poisson

# How missing values are written, by Python, NumPy and pandas
_MISSING_WORDS = ("None", "nan", "<NA>", "NaT")


def labels_in(y: npt.ArrayLike, n_rows: int, size: int, loss: Loss) -> Array | None:
    """Return the label of each row; None if `y` holds numbers that are targets as they are."""
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
    """Return the classes among labels, sorted: two for one output, else one for each output."""
    classes = np.unique(labels)
    wanted = max(2, size)
    if classes.dtype.kind in "iuf" and set(classes) <= set(range(wanted)):
        return np.arange(wanted)
    if classes.dtype.kind == "b":
        classes = np.array([False, True])
    if len(classes) != wanted:
        remedy = (
            _(" or output_size={n_classes}").format(n_classes=len(classes))
            if len(classes) > 2
            else ""
        )
        count = format_count(len(classes), "class", "classes")
        raise InputError(
            "{name} has {count} ({tolist}) but a network of {outputs} distinguishes {wanted}: give {wanted} classes{remedy}.",
            name=name,
            count=count,
            tolist=format_list(classes.tolist(), 4),
            outputs=format_count(size, "output"),
            wanted=wanted,
            remedy=remedy,
        )
    return classes


def targets_of(name: str, labels: Array, classes: Array, size: int) -> Array:
    """Return the target of each label, shape (n_samples, size)."""
    codes = dict(zip(classes.tolist(), range(len(classes)), strict=True))
    unknown = [label for label in labels.tolist() if label not in codes]
    if unknown:
        raise InputError(
            "{name} holds {unknown!r}: the network's classes are {classes}.",
            name=name,
            unknown=unknown[0],
            classes=format_list(map(repr, classes.tolist())),
        )
    indices = np.array([codes[label] for label in labels.tolist()])
    return indices[:, None].astype(np.float64) if size == 1 else np.eye(size)[indices]


def predicted(prediction: Array, classes: Array | None, loss: Loss) -> Array:
    """Return labels for predicted probabilities, and other predictions as they are."""
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
    missing = [
        label for label in values if not isinstance(label, str) and str(label) in _MISSING_WORDS
    ]
    if missing:
        raise InputError(
            "The labels hold {missing!r}: leave out rows without a label.", missing=missing[0]
        )
    if len({isinstance(label, str) for label in values}) > 1:
        raise InputError("The labels mix words with other values: give labels of one type.")
    return np.array(values)


def raw_output(loss: Loss, prediction: Array) -> Array:
    """Return the output whose prediction this is; 0 and 1 count as the nearest probabilities.

    >>> raw_output(BinaryCrossEntropy(), np.array([0.5]))
    array([0.])
    """
    tiny = np.finfo(np.float64).tiny
    match loss:
        case BinaryCrossEntropy():
            inside = np.clip(prediction, 1e-15, 1 - 1e-15)
            return np.asarray(np.log(inside) - np.log1p(-inside))
        case CrossEntropy() | Poisson():
            return np.asarray(np.log(np.maximum(prediction, tiny)))
    return prediction
