"""The checks of what is passed to `NeuralNetwork`: each error names the value and the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from madaline._neural_network.parameters import Gradients, Parameters
from madaline._words import format_count, format_list, warn
from madaline.errors import InputError
from madaline.nn.arrays import Array, Rng
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss, Poisson

Kind = TypeVar("Kind")

# What to write instead of a name
EXAMPLES = {"activation": "madaline.nn.layers.ReLU()", "loss": "madaline.nn.losses.Squared()"}

MAX_SCALE_RATIO = 20  # of the widest column to the narrowest, or to 1

# Where random numbers come from, as scikit-learn writes it
RandomState: TypeAlias = int | np.random.RandomState | np.random.Generator | None


def as_rows(name: str, values: npt.ArrayLike, size: int) -> Array:
    """Return values as an array of shape (n_samples, size); a single row may come flat."""
    rows = _numbers(name, values)
    if rows.ndim < 2:
        rows = rows.reshape(-1, 1) if size == 1 else rows.reshape(1, -1)
    if rows.ndim != 2 or rows.shape[1] != size or not len(rows):
        raise InputError(
            f"{name} has the shape {np.shape(values)}: give rows of {size} numbers, shape"
            f" (n_samples, {size})."
        )
    return rows


def check_same_length(name: str, n_rows: int, other: str, n_other: int) -> None:
    """Refuse arrays of different lengths."""
    if n_rows != n_other:
        raise InputError(f"{name} has {n_rows} rows but {other} has {n_other}: give one for each.")


def held_out_rows(
    n_rows: int, share: object, *, adaptive: bool, early_stopping: bool = False
) -> tuple[Array, Array]:
    """Return the rows to train on and those to hold out, the same ones each time.

    Unless it is told how many, early stopping holds out a fifth, and so does adaptive training of
    100 rows or more.

    >>> [len(rows) for rows in held_out_rows(200, None, adaptive=True)]
    [160, 40]
    """
    if share is None:
        share = 0.2 if early_stopping or (adaptive and n_rows >= 100) else 0.0
    if not (isinstance(share, int | float | np.number) and 0 <= share < 1):
        raise InputError(
            f"validation_fraction is {share!r}: give a share of the rows from 0 to 1, such as 0.2."
        )
    if early_stopping and (not share or n_rows < 2):
        rows = format_count(n_rows, "row")
        raise InputError(
            f"early_stopping needs rows held out, but validation_fraction is {share!r} of {rows}:"
            " give a share above 0 of two rows or more, such as 0.2."
        )
    n_held_out = min(n_rows - 1, int(np.ceil(share * n_rows)))
    order = np.random.default_rng(0).permutation(n_rows)
    return np.sort(order[n_held_out:]), np.sort(order[:n_held_out])


def check_current(y_pred: Array, prediction: Array) -> None:
    """Refuse predictions that are not the network's present ones."""
    if y_pred.shape != prediction.shape or not np.allclose(
        y_pred, prediction, rtol=1e-6, atol=1e-9
    ):
        raise InputError(
            "y_pred is not what the network predicts for x now: give forward(x), or leave it out."
        )


def check_range(loss: Loss, target: Array, name: str = "y_train") -> None:
    """Refuse targets outside the range of a loss."""
    lowest = 0 if isinstance(loss, BinaryCrossEntropy | CrossEntropy | Poisson) else -np.inf
    highest = 1 if isinstance(loss, BinaryCrossEntropy | CrossEntropy) else np.inf
    wrong = target[(target < lowest) | (target > highest)]
    n_codes = len(np.unique(target)) if target.shape[1] == 1 else 0
    if wrong.size and np.array_equal(np.unique(target), range(n_codes)):  # 0, 1, 2, ...
        raise InputError(
            f"{name} holds {wrong[0]:g} but {type(loss).__name__} learns numbers from {lowest} to"
            f" {highest}: for {n_codes} classes give the network output_size={n_codes}, for numbers"
            " loss=Squared()."
        )
    if wrong.size:
        raise InputError(
            f"{name} holds {wrong[0]:g} but {type(loss).__name__} learns numbers from {lowest} to"
            f" {highest}: for other numbers give the network loss=Squared()."
        )
    if isinstance(loss, CrossEntropy) and not np.allclose(target.sum(axis=1), 1):
        raise InputError(
            f"{name} has rows that do not sum to 1: give one-hot rows, or the network"
            " loss=BinaryCrossEntropy()."
        )


def check_classes(loss: Loss, target: Array, classes: Array | None) -> None:
    """Refuse targets that are all of one class."""
    first = target[0]
    if not isinstance(loss, BinaryCrossEntropy | CrossEntropy) or (target != first).any():
        return
    if set(first.tolist()) <= {0.0, 1.0}:
        code = int(first.argmax() if len(first) > 1 else first[0])
        label = code if classes is None else classes.tolist()[code]
        raise InputError(
            f"y_train has one class only, {label!r}: give rows of at least two classes."
        )


def check_scales(x: Array) -> None:
    """Warn of columns whose scales differ by much, or are large: a network hardly learns these."""
    if differ_in_scale(x):
        spread = x.std(axis=0)
        warn(
            "The columns of x_train are not of a similar, small scale (standard deviations are"
            f" {spread[spread > 0].min():.3g} to {spread.max():.3g}), so the network will learn"
            " badly: scale them with scikit-learn's StandardScaler, or use AdaptiveClassifier or"
            " AdaptiveRegressor, which do so by themselves."
        )


def differ_in_scale(x: Array) -> bool:
    """Return whether the scales of columns differ by much, or are large."""
    spread, reach = x.std(axis=0), np.abs(x - x.mean(axis=0)).max(axis=0)
    varies = spread > 0
    if not varies.any():
        return False
    # Rare ones among zeros have a small spread, heavy tails a far reach: neither alone will do
    ratio = min((one[varies].max() / min(one[varies].min(), 1.0)) for one in (spread, reach))
    return bool(ratio > MAX_SCALE_RATIO)


def layer_sizes(input_size: int, hidden_size: int | Sequence[int], output_size: int) -> list[int]:
    """Return the numbers of inputs, of each layer's hidden units, and of outputs."""
    if any(size is None for size in (input_size, hidden_size, output_size)):
        raise InputError(
            "NeuralNetwork needs three sizes, of inputs, hidden units and outputs: give them, such"
            " as NeuralNetwork(2, 5, 1)."
        )
    hidden = hidden_size if isinstance(hidden_size, Sequence | np.ndarray) else [hidden_size]
    return [
        whole_number("input_size", input_size),
        *(whole_number("hidden_size", size) for size in hidden),
        whole_number("output_size", output_size),
    ]


def whole_number(name: str, value: object) -> int:
    """Return a whole number from 1."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < 1:  # type: ignore[operator]
        raise InputError(f"{name} is {value!r}: give a whole number, at least 1.")
    return int(value)  # type: ignore[call-overload, no-any-return]


def check_shapes(grads: object, parameters: Parameters) -> None:
    """Refuse gradients that are not those of these parameters."""
    if not isinstance(grads, Gradients) or [by.shape for by in grads] != [
        parameter.shape for parameter in parameters
    ]:
        raise InputError("grads do not belong to this network: give what backward() returned.")


def positive_number(value: object) -> float:
    """Return the learning rate as a positive float."""
    if not (isinstance(value, int | float | np.number) and 0 < value < np.inf):
        raise InputError(f"learning_rate is {value!r}: give a number above 0, for example 0.1.")
    return float(value)


def check_number(name: str, value: object, *, below: float = np.inf, example: str) -> None:
    """Refuse what is no number from 0 to below another."""
    if isinstance(value, bool) or not (
        isinstance(value, int | float | np.number) and 0 <= value < below
    ):
        upper = f" and below {below:g}" if below < np.inf else ""
        raise InputError(f"{name} is {value!r}: give a number from 0{upper}, such as {example}.")


def random_generator(random_state: RandomState) -> Rng:
    """Return a generator; None takes its seed from NumPy's global state."""
    if random_state is None:
        seed = np.random.randint(2**31)  # noqa: NPY002 (what np.random.seed decides)
        return np.random.default_rng(seed)
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31))
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"random_state is {random_state!r}: give None, a whole number from 0 or a generator."
        ) from error


def instance_of(kind: type[Kind], name: str, value: Kind) -> Kind:
    """Return an object of this kind; a class or a name in its place is refused."""
    if not isinstance(value, kind):
        raise InputError(
            f"{name} is {value!r}: give an object of a class of madaline.nn, such as"
            f" {EXAMPLES[name]}."
        )
    return value


def _numbers(name: str, values: npt.ArrayLike) -> Array:
    if hasattr(values, "toarray"):
        raise InputError(f"{name} is a sparse matrix: give {name}.toarray().")
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{name} is not an array of numbers: {error}. Of a column of words,"
            " pandas.get_dummies makes columns of numbers."
        ) from error
    if not np.isfinite(array).all():
        raise InputError(f"{name} holds NaN or infinity: leave out or fill in such values.")
    return array


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
    found = np.unique(labels)
    wanted = max(2, size)
    if found.dtype.kind in "iuf" and set(found) <= set(range(wanted)):
        return np.arange(wanted)
    if found.dtype.kind == "b":
        found = np.array([False, True])
    if len(found) != wanted:
        remedy = f" or output_size={len(found)}" if len(found) > 2 else ""
        classes = format_count(len(found), "class", "classes")
        raise InputError(
            f"{name} has {classes} ({format_list(found.tolist(), 4)}) but a network of"
            f" {format_count(size, 'output')} distinguishes {wanted}: give {wanted}"
            f" classes{remedy}."
        )
    return found


def targets_of(name: str, labels: Array, classes: Array, size: int) -> Array:
    """Return the target of each label, shape (n_samples, size)."""
    codes = dict(zip(classes.tolist(), range(len(classes)), strict=True))
    unknown = [label for label in labels.tolist() if label not in codes]
    if unknown:
        raise InputError(
            f"{name} holds {unknown[0]!r}: the network's classes are"
            f" {format_list(map(repr, classes.tolist()))}."
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
        raise InputError(f"The labels hold {missing[0]!r}: leave out rows without a label.")
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
