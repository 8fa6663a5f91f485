"""The checks of what is passed to `NeuralNetwork`: each error names the value and the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from madaline._apps.neural_network.parameters import Gradients, Parameters
from madaline._base.language import _
from madaline._base.words import warn
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
            "{name} has the shape {shape}: give rows of {size} numbers, shape (n_samples, {size}).",
            name=name,
            shape=np.shape(values),
            size=size,
        )
    return rows


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
            "{name} holds {wrong:g} but {loss} learns numbers from {lowest} to {highest}: for {n_codes} classes give the network output_size={n_codes}, for numbers loss=Squared().",
            name=name,
            wrong=wrong[0],
            loss=type(loss).__name__,
            lowest=lowest,
            highest=highest,
            n_codes=n_codes,
        )
    if wrong.size:
        raise InputError(
            "{name} holds {wrong:g} but {loss} learns numbers from {lowest} to {highest}: for other numbers give the network loss=Squared().",
            name=name,
            wrong=wrong[0],
            loss=type(loss).__name__,
            lowest=lowest,
            highest=highest,
        )
    if isinstance(loss, CrossEntropy) and not np.allclose(target.sum(axis=1), 1):
        raise InputError(
            "{name} has rows that do not sum to 1: give one-hot rows, or the network loss=BinaryCrossEntropy().",
            name=name,
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
            "y_train has one class only, {label!r}: give rows of at least two classes.", label=label
        )


def check_scales(x: Array) -> None:
    """Warn of columns whose scales differ by much, or are large: a network hardly learns these."""
    if differ_in_scale(x):
        spread = x.std(axis=0)
        warn(
            "The columns of x_train are not of a similar, small scale (standard deviations are {min:.3g} to {max:.3g}), so the network will learn badly: scale them with scikit-learn's StandardScaler, or use AdaptiveClassifier or AdaptiveRegressor, which do so by themselves.",
            min=spread[spread > 0].min(),
            max=spread.max(),
        )


def differ_in_scale(x: Array) -> bool:
    """Return whether the scales of columns differ by much, or are large."""
    spread = x.std(axis=0)
    reach = np.abs(x - x.mean(axis=0)).max(axis=0)
    varies = spread > 0
    if not varies.any():
        return False
    # Rare ones among zeros have a small spread, heavy tails a far reach: neither alone will do
    ratio = min((sizes[varies].max() / min(sizes[varies].min(), 1.0)) for sizes in (spread, reach))
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
        raise InputError(
            "{name} is {value!r}: give a whole number, at least 1.", name=name, value=value
        )
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
        raise InputError(
            "learning_rate is {value!r}: give a number above 0, for example 0.1.", value=value
        )
    return float(value)


def check_number(name: str, value: object, *, below: float = np.inf, example: str) -> None:
    """Refuse what is no number from 0 to below another."""
    if isinstance(value, bool) or not (
        isinstance(value, int | float | np.number) and 0 <= value < below
    ):
        upper = _(" and below {below:g}").format(below=below) if below < np.inf else ""
        raise InputError(
            "{name} is {value!r}: give a number from 0{upper}, such as {example}.",
            name=name,
            value=value,
            upper=upper,
            example=example,
        )


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
            "random_state is {random_state!r}: give None, a whole number from 0 or a generator.",
            random_state=random_state,
        ) from error


def instance_of(kind: type[Kind], name: str, value: Kind) -> Kind:
    """Return an object of this kind; a class or a name in its place is refused."""
    if not isinstance(value, kind):
        raise InputError(
            "{name} is {value!r}: give an object of a class of madaline.nn, such as {EXAMPLES}.",
            name=name,
            value=value,
            EXAMPLES=EXAMPLES[name],
        )
    return value


def _numbers(name: str, values: npt.ArrayLike) -> Array:
    if hasattr(values, "toarray"):
        raise InputError("{name} is a sparse matrix: give {name}.toarray().", name=name)
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            "{name} is not an array of numbers: {error}. Of a column of words, pandas.get_dummies makes columns of numbers.",
            name=name,
            error=error,
        ) from error
    if not np.isfinite(array).all():
        raise InputError(
            "{name} holds NaN or infinity: leave out or fill in such values.", name=name
        )
    return array
