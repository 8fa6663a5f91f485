"""The checks of the exercises: call one with your answer, and it prints whether it is right.

It needs NumPy alone. The right answers are in here, so do not read on before you have tried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

RIGHT = "Right."


@dataclass(frozen=True)
class Exercise:
    """A function to write: it is called, and what it gives is compared with the right answer.

    >>> double = Exercise(lambda n: 2 * n, [(3,)], [(lambda n: n * n, "This is the square.")])
    >>> double(lambda n: n + n)
    Right.
    >>> double(lambda n: n * n)
    Not yet: your function(3) should give 6, but gives 9. This is the square.
    >>> double(lambda n: None)
    Not yet: your function(3) gives None: end the function with `return`.
    """

    answer: Callable[..., Any]
    calls: Sequence[tuple[Any, ...]] = ((),)  # the arguments of each
    mistakes: Sequence[tuple[Callable[..., Any], str]] = ()  # what many write, what to tell them
    # where many answers are right: what is wrong with one, given the arguments; "" if nothing is
    judge: Callable[..., str] | None = None

    def __call__(self, function: Callable[..., Any]) -> None:
        """Print whether the function is right; if not, what it does wrong."""
        print(self.verdict(function))

    def verdict(self, function: Callable[..., Any]) -> str:
        """Return one sentence, and a second one for mistakes that many make."""
        if not callable(function):
            return "Not yet: give the function itself, without parentheses behind its name."
        for arguments in self.calls:
            problem = self._problem(function, arguments)
            if problem:
                return " ".join([f"Not yet: {problem}.", *self._hints(function)])
        return RIGHT

    def _problem(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> str:
        """Return what is wrong with one call, in words; an empty text if nothing is."""
        name = getattr(function, "__name__", "").replace("<lambda>", "your function")
        call = f"{name}({', '.join(map(_shown, arguments))})"
        found, error = _called(function, arguments)
        if error is not None:
            return f"{call} stops with {type(error).__name__}: {error}".rstrip(": .")
        right = self.answer(*deepcopy(arguments))
        if found is None and right is not None:
            return f"{call} gives None: end the function with `return`"
        if self.judge is None:
            return _difference(call, found, right)
        try:
            return self.judge(found, *deepcopy(arguments))
        except Exception as error:  # what was given has another form
            return f"what {call} gives cannot be used ({error})".replace(".)", ")")

    def _hints(self, function: Callable[..., Any]) -> list[str]:
        for mistake, hint in self.mistakes:
            if all(_agree(function, mistake, arguments) for arguments in self.calls):
                return [hint]
        return []


def _called(
    function: Callable[..., Any], arguments: tuple[Any, ...]
) -> tuple[Any, Exception | None]:
    try:
        with np.errstate(all="ignore"):
            return function(*deepcopy(arguments)), None
    except Exception as error:  # whatever readers write
        return None, error


def _agree(one: Callable[..., Any], other: Callable[..., Any], arguments: tuple[Any, ...]) -> bool:
    """Tell whether two functions do the same, be it that both fail."""
    (found, error), (expected, other_error) = _called(one, arguments), _called(other, arguments)
    if error is not None or other_error is not None:
        return type(error) is type(other_error)
    return found is not None and not _difference("", found, expected)


def _difference(call: str, found: Any, right: Any) -> str:
    if isinstance(right, tuple):
        if not isinstance(found, tuple | list) or len(found) != len(right):
            return f"{call} should give {len(right)} things: write `return a, b`, and so on"
        names = ("first", "second", "third", "fourth")
        parts = zip(names, found, right, strict=False)
        problems = (_difference(f"the {name} of {call}", one, other) for name, one, other in parts)
        return next(filter(None, problems), "")
    if right is None or isinstance(right, str):
        same = isinstance(found, type(right)) and found == right
        return "" if same else f"{call} should give {right!r}, but gives {_shown(found)}"
    if isinstance(right, list) and any(isinstance(part, list | tuple | str) for part in right):
        return "" if found == right else f"{call} should give {right}, but gives {_shown(found)}"
    try:
        numbers = np.asarray(found, float)
    except (TypeError, ValueError):
        return f"{call} gives {_shown(found)}, which is no number and no array of numbers"
    expected = np.asarray(right, float)
    if numbers.shape != expected.shape:
        return f"{call} should have the shape {expected.shape}, but has {numbers.shape}"
    if np.allclose(numbers, expected, rtol=1e-4, atol=1e-7, equal_nan=True):
        return ""
    return f"{call} should give {_shown(right)}, but gives {_shown(found)}"


def _shown(value: Any) -> str:
    """Return a value in a few words."""
    if isinstance(value, np.random.Generator):
        return "rng"
    if callable(value):
        return "function"
    if isinstance(value, np.ndarray) and value.size > 12:
        return f"array of shape {value.shape}"
    if isinstance(value, np.ndarray | np.generic):
        value = np.round(value, 4).tolist()
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        text = ", ".join(map(_shown, value))
        return f"[{text}]" if isinstance(value, list) else f"({text})"
    return repr(value)


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-np.asarray(z, float)))


# 1. One neuron by hand


def _weighted_sum(inputs: Any, weights: Any, bias: float) -> float:
    return sum(w * x for w, x in zip(weights, inputs, strict=True)) + bias


def _mean_loss(probabilities: Any, targets: Any) -> float:
    p, y = np.asarray(probabilities), np.asarray(targets)
    return float(-np.log(np.where(y == 1, p, 1 - p)).mean())


def _count_right(probabilities: Any, targets: Any) -> int:
    return sum((p > 0.5) == (y == 1) for p, y in zip(probabilities, targets, strict=True))


def _step(inputs: Any, target: int, weights: Any, bias: float, rate: float) -> tuple[Any, float]:
    error = float(_sigmoid(_weighted_sum(inputs, weights, bias))) - target
    moved = [w - rate * error * x for w, x in zip(weights, inputs, strict=True)]
    return moved, bias - rate * error


weighted_sum = Exercise(
    _weighted_sum,
    [([1, 2], [3, 4], 0.5), ([0, 0], [3, 4], -1), ([2], [0.5], 1), ([1, 2, 3], [1, 0, -1], 4)],
    [
        (lambda x, w, b: sum(p * q for p, q in zip(w, x, strict=True)), "Where is the bias?"),
        (
            lambda x, w, b: sum(p * q + b for p, q in zip(w, x, strict=True)),
            "Add the bias once, after the loop.",
        ),
        (
            lambda x, w, b: w[0] * x[0] + w[1] * x[1] + b,
            "There may be one input, or three: use a loop.",
        ),
    ],
)
mean_loss = Exercise(
    _mean_loss,
    [([0.9, 0.2], [1, 0]), ([0.9], [0]), ([0.25, 0.5, 0.75], [1, 0, 0])],
    [
        (
            lambda p, y: float(-np.log(p).mean()),
            "If the target is 0, the probability of the truth is 1 - p.",
        ),
        (lambda p, y: -_mean_loss(p, y), "A loss is not negative: mind the sign."),
        (lambda p, y: _mean_loss(p, y) * len(p), "Divide the sum by the number of rows."),
    ],
)
count_right = Exercise(
    _count_right,
    [([0.9, 0.2, 0.6], [1, 0, 0]), ([0.1], [0]), ([0.3, 0.8], [1, 1])],
    [
        (
            lambda p, y: sum(q > 0.5 for q in p),
            "A small probability is right where the target is 0.",
        ),
        (
            lambda p, y: _count_right(p, y) / len(p),
            "This is the share; the number is asked for.",
        ),
    ],
)
step = Exercise(
    _step,
    [([1.0, 2.0], 1, [0.0, 0.0], 0.0, 0.1), ([0.5, -1.0], 0, [1.0, 2.0], 0.5, 1.0)],
    [
        (
            lambda x, y, w, b, r: _step(x, y, w, b, -r),
            "This goes uphill: subtract what the loss rises by.",
        ),
        (
            lambda x, y, w, b, r: (_step(x, y, w, b, r)[0], b),
            "The bias learns, too: its input is always 1.",
        ),
        (
            lambda x, y, w, b, r: _step(x, y, w, b, 1.0),
            "Multiply the step by the learning rate.",
        ),
    ],
)


# 2. XOR, and why a layer is needed

SWITCHES = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def _judge_and(found: Any) -> str:
    w1, w2, b = (float(value) for value in found)
    if max(abs(w1), abs(w2), abs(b)) > 15:
        return f"one of {w1:g}, {w2:g} and {b:g} is beyond 15"
    return _wrong_row(_sigmoid(SWITCHES @ [w1, w2] + b), [0, 0, 0, 1])


def _wrong_row(found: Any, targets: Sequence[int]) -> str:
    for row, value, target in zip(SWITCHES.tolist(), np.ravel(found), targets, strict=True):
        if abs(value - target) >= 0.1:
            return f"the row {row} should give {target}, but gives {value:.3f}"
    return ""


def _judge_xor(found: Any) -> str:
    w1, b1, w2, b2 = (np.asarray(part, float) for part in found)
    hidden = _sigmoid(SWITCHES @ w1 + b1)
    for unit, words in ((0, "first"), (1, "second")):
        problem = _wrong_row(hidden[:, unit], [0, unit, 1 - unit, 0])
        if problem:
            return f"in the {words} unit, {problem}"
    return _wrong_row(_sigmoid(hidden @ w2 + b2), [0, 1, 1, 0])


def _layer(x: Any, weights: Any, biases: Any) -> Any:
    return _sigmoid(x @ weights + biases)


and_neuron = Exercise(lambda: (10, 10, -15), judge=_judge_and)
layer = Exercise(
    _layer,
    [
        (np.array([[1.0, 2.0]]), np.array([[0.5, 0, 1], [0, 1, -1]]), np.array([0, 0.5, 0])),
        (np.eye(2), np.array([[1.0], [-1.0]]), np.array([0.5])),
    ],
    [
        (lambda x, w, b: x @ w + b, "The activation is missing."),
        (lambda x, w, b: _sigmoid(x @ w), "The biases are missing."),
        (lambda x, w, b: _sigmoid(x * w + b), "Use @; the sign * multiplies place by place."),
        (
            lambda x, w, b: _sigmoid(x @ w) + b,
            "Add the biases before the activation.",
        ),
    ],
)
xor_network = Exercise(
    lambda: (20 * np.array([[1, -1], [-1, 1]]), [-10, -10], [[20], [20]], [-10]), judge=_judge_xor
)


def _count_parameters(sizes: Sequence[int]) -> int:
    return sum(a * b + b for a, b in pairwise(sizes))


count_parameters = Exercise(
    _count_parameters,
    [([2, 3, 1],), ([4, 20, 6],), ([1, 1],), ([5, 4, 3, 2],)],
    [
        (
            lambda s: sum(a * b for a, b in pairwise(s)),
            "Each unit has a bias, too.",
        ),
        (
            lambda s: sum(a * b + a for a, b in pairwise(s)),
            "A layer has as many biases as units, not as inputs.",
        ),
    ],
)


# 3. Loss and slope


def _measured_slope(function: Callable[[float], float], w: float) -> float:
    return (function(w + 1e-5) - function(w - 1e-5)) / 2e-5


def _backward_layer(x: Any, weights: Any, error: Any) -> tuple[Any, Any, Any]:
    return x.T @ error, error.sum(axis=0), error @ weights.T


def _judge_name(found: Any) -> str:
    if str(found).strip().lower() == "bob":
        return ""
    return f"{found} is not right: compare each of the three with a nudge"


measured_slope = Exercise(
    _measured_slope,
    [(lambda w: w * w, 3.0), (np.tanh, 0.5), (lambda w: w**3, -1.0)],
    [
        (lambda f, w: 2 * _measured_slope(f, w), "The distance between the two places is 2 h."),
        (lambda f, w: -_measured_slope(f, w), "Subtract the value on the left."),
        (lambda f, w: f(w + 1e-5) - f(w - 1e-5), "Divide by the distance."),
    ],
)
slope_of_tanh = Exercise(
    lambda z: 1 - np.tanh(z) ** 2,
    [(0.0,), (0.7,), (-2.0,)],
    [
        (
            lambda z: np.tanh(z) * (1 - np.tanh(z)),
            "This is the form of the rule for the sigmoid.",
        ),
        (lambda z: 1 - z**2, "It is the output of tanh that is squared, not the sum."),
    ],
)
squared_gradient = Exercise(
    lambda p, y: 2 * (p - y) / len(p),
    [(np.array([0.5, 2.0]), np.array([1.0, 1.0])), (np.array([3.0]), np.array([1.0]))],
    [
        (lambda p, y: 2 * (p - y), "It is a mean: divide by the number of rows."),
        (lambda p, y: (p - y) / len(p), "The slope of a square has a 2."),
        (lambda p, y: 2 * (y - p) / len(p), "Mind the sign: it is prediction minus target."),
        (lambda p, y: np.mean(2 * (p - y)), "Each prediction has a slope of its own."),
    ],
)
_LAYER = (
    np.array([[1.0, 2.0], [3.0, -1.0], [0.0, 0.5]]),
    np.array([[0.5, 1.0, 0.0], [-1.0, 0.0, 2.0]]),
    np.array([[0.1, 0.2, 0.3], [-0.1, 0.0, 0.4], [1.0, -1.0, 0.5]]),
)
backward_layer = Exercise(
    _backward_layer,
    [_LAYER],
    [
        (
            lambda x, w, e: (x.T @ e, e.mean(axis=0), e @ w.T),
            "Add up the biases' errors; who wants a mean has divided already.",
        ),
        (
            lambda x, w, e: (x.T @ e, e, e @ w.T),
            "There is one bias for each unit: add up the rows.",
        ),
        (lambda x, w, e: (x.T @ e, e.sum(axis=1), e @ w.T), "Add up over the rows: axis=0."),
    ],
)
who_is_right = Exercise(lambda: "Bob", judge=_judge_name)


# 4. The training loop


def _forward_deep(x: Any, weights: Sequence[Any], biases: Sequence[Any]) -> Any:
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        x = np.tanh(x @ w + b)
    return _sigmoid(x @ weights[-1] + biases[-1])


def _logit(p: Any) -> Any:
    return np.log(p / (1 - p))


def _updated(parameters: Sequence[Any], gradient: Sequence[Any], rate: float) -> tuple[Any, ...]:
    return tuple(p - rate * g for p, g in zip(parameters, gradient, strict=True))


def _train_neuron(x: Any, y: Any, epochs: int, rate: float) -> tuple[Any, float]:
    weights, bias = np.zeros(x.shape[1]), 0.0
    for _ in range(epochs):
        error = (_sigmoid(x @ weights + bias) - y) / len(x)
        weights, bias = weights - rate * x.T @ error, bias - rate * error.sum()
    return weights, bias


_X = np.array([[0.5, -1.0], [1.5, 0.0], [-1.0, 1.0]])
forward_deep = Exercise(
    _forward_deep,
    [
        (_X, [np.eye(2), np.array([[1.0], [2.0]])], [np.array([0.5, 0.0]), np.array([-1.0])]),
        (_X, [np.array([[1.0], [2.0]])], [np.array([0.0])]),
        (_X, [np.eye(2), np.eye(2), np.eye(2)], [np.zeros(2), np.ones(2), np.zeros(2)]),
    ],
    [
        (
            lambda x, w, b: np.tanh(_logit(_forward_deep(x, w, b))),
            "The last layer has the sigmoid, so that its output is a probability.",
        ),
        (
            lambda x, w, b: _logit(_forward_deep(x, w, b)),
            "The sigmoid of the last layer is missing.",
        ),
    ],
)
updated = Exercise(
    _updated,
    [([np.array([1.0, 2.0]), np.array([[3.0]])], [np.array([0.5, -0.5]), np.array([[1.0]])], 0.1)],
    [
        (lambda p, g, r: _updated(p, g, -r), "This goes uphill: subtract."),
        (lambda p, g, r: _updated(p, g, 1.0), "Multiply the slopes by the learning rate."),
    ],
)
accuracy_of_classes = Exercise(
    lambda p, classes: float(np.mean(p.argmax(axis=1) == classes)),
    [
        (np.array([[0.7, 0.2, 0.1], [0.1, 0.5, 0.4], [0.4, 0.3, 0.3]]), np.array([0, 2, 0])),
        (np.array([[1.0, 2.0]]), np.array([1])),
    ],
    [
        (
            lambda p, classes: np.sum(p.argmax(axis=1) == classes),
            "This is the number of rows; the share is asked for.",
        ),
        (
            lambda p, classes: 1 - np.mean(p.argmax(axis=1) == classes),
            "This is the share of rows that are wrong.",
        ),
    ],
)
train_neuron = Exercise(
    _train_neuron,
    [(_X, np.array([1.0, 1.0, 0.0]), 1, 0.5), (_X, np.array([1.0, 1.0, 0.0]), 50, 1.0)],
    [
        (
            lambda x, y, n, r: _train_neuron(x, y, n, r * len(x)),
            "The loss is a mean: divide by the number of rows.",
        ),
        (lambda x, y, n, r: _train_neuron(x, y, n, -r), "This goes uphill."),
        (lambda x, y, n, r: _train_neuron(x, y, n + 1, r), "This is one epoch too many."),
    ],
)


# 5. Too weak, too strong


def _split(n: int, share: float, rng: np.random.Generator) -> tuple[Any, Any]:
    order = rng.permutation(n)
    return order[round(share * n) :], order[: round(share * n)]


def _judge_split(found: Any, n: int, share: float, _rng: Any) -> str:
    learned, held = (np.asarray(part, int) for part in found)
    if sorted([*learned, *held]) != list(range(n)):
        return "each row should be in one of the two arrays, once"
    if len(held) != round(share * n):
        return f"of {n} rows, {round(share * n)} should be held out, in the second array"
    if list(held) in (list(range(len(held))), list(range(n - len(held), n))):
        return "the rows should be drawn at random, not the first or the last ones"
    return ""


def _best_epoch(held_out: Sequence[float], patience: int) -> int:
    best = 0
    for epoch, value in enumerate(held_out):
        if value < held_out[best]:
            best = epoch
        if epoch - best >= patience:
            break
    return best


def _diagnose(training: float, held_out: float, guessing: float) -> str:
    if training > guessing / 3:
        return "weak"
    return "overfit" if held_out > 2 * training else "good"


split = Exercise(
    _split,
    [(20, 0.25, np.random.default_rng(0)), (30, 0.5, np.random.default_rng(1))],
    judge=_judge_split,
)
best_epoch = Exercise(
    _best_epoch,
    [
        ([0.9, 0.5, 0.6, 0.7, 0.1], 2),
        ([0.9, 0.5, 0.6, 0.7, 0.1], 5),
        ([0.5, 0.6, 0.7, 0.8, 0.1], 2),
        ([0.3, 0.4, 0.2, 0.5], 3),
        ([0.5], 1),
    ],
    [
        (
            lambda losses, patience: int(np.argmin(losses)),
            "Training stops before it sees all of these losses.",
        ),
        (
            lambda losses, patience: _best_epoch(losses, patience + 1),
            "It stops as soon as the best was `patience` epochs ago.",
        ),
    ],
)
decayed_step = Exercise(
    lambda w, s, rate, decay: w - rate * (s + decay * w),
    [(np.array([1.0, -2.0]), np.array([0.5, 0.5]), 0.1, 0.01)],
    [
        (
            lambda w, s, rate, decay: w - rate * s - decay * w,
            "The decay is part of the slope: the learning rate multiplies it, too.",
        ),
        (lambda w, s, rate, decay: w - rate * s, "Where is the decay?"),
        (
            lambda w, s, rate, decay: w - rate * (s - decay * w),
            "Weights should shrink: mind the sign.",
        ),
    ],
)
diagnose = Exercise(
    _diagnose,
    [(0.5, 0.6, 0.69), (0.1, 0.5, 0.69), (0.1, 0.15, 0.69), (0.4, 0.9, 0.69), (0.4, 0.5, 1.5)],
    [
        (
            lambda t, h, g: "overfit" if h > 2 * t else _diagnose(t, h, g),
            "Ask first whether it is weak.",
        )
    ],
)


# 6. How fast to learn


def _standardize(x_train: Any, x_new: Any) -> tuple[Any, Any]:
    mean, deviation = x_train.mean(axis=0), x_train.std(axis=0)
    return (x_train - mean) / deviation, (x_new - mean) / deviation


def _momentum_step(w: float, v: float, slope: float, rate: float, m: float) -> tuple[float, float]:
    return w + m * v - rate * slope, m * v - rate * slope


def _adam_step(
    w: float,
    mean: float,
    square: float,
    slope: float,
    rate: float,
    t: int,
    *,
    corrects: bool = True,
) -> tuple[float, float, float]:
    mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
    for_mean, for_square = (1 - 0.9**t, 1 - 0.999**t) if corrects else (1.0, 1.0)
    step = rate * (mean / for_mean) / (float(np.sqrt(square / for_square)) + 1e-8)
    return w - step, mean, square


standardize = Exercise(
    _standardize,
    [(np.array([[1.0, 10.0], [3.0, 30.0], [2.0, 50.0]]), np.array([[2.0, 0.0], [4.0, 40.0]]))],
    [
        (
            lambda a, b: (_standardize(a, a)[0], _standardize(b, b)[0]),
            "The new rows should be measured by the training rows, too.",
        ),
        (
            lambda a, b: ((a - a.mean()) / a.std(), (b - a.mean()) / a.std()),
            "Each column has a mean of its own: axis=0.",
        ),
        (lambda a, b: (a - a.mean(axis=0), b - a.mean(axis=0)), "Divide by the deviation."),
    ],
)
momentum_step = Exercise(
    _momentum_step,
    [(1.0, 0.5, 2.0, 0.1, 0.9), (-1.0, 0.0, 3.0, 0.01, 0.5)],
    [
        (
            lambda w, v, s, r, m: (w + v, m * v - r * s),
            "Change the velocity first, and step by the new one.",
        ),
        (
            lambda w, v, s, r, m: (w - m * v - r * s, m * v + r * s),
            "Here the velocity has the direction of the step: add it.",
        ),
    ],
)
adam_step = Exercise(
    _adam_step,
    [(1.0, 0.0, 0.0, 2.0, 0.1, 1), (1.0, 0.5, 4.0, -1.0, 0.01, 7)],
    [
        (
            lambda *all_: _adam_step(*all_, corrects=False),
            "Divide by 1 - 0.9 ** t and 1 - 0.999 ** t.",
        ),
        (
            lambda w, m, s, slope, r, t: (
                2 * w - _adam_step(w, m, s, slope, r, t)[0],
                *_adam_step(w, m, s, slope, r, t)[1:],
            ),
            "This goes uphill: subtract.",
        ),
    ],
)
highest_rate = Exercise(
    lambda c: 2 / c,
    [(20,), (1,), (0.5,)],
    [
        (
            lambda c: 1 / c,
            "This rate reaches zero in one step; somewhat higher ones still come closer.",
        )
    ],
)


# 7. Many networks, and honest numbers


def _judge_folds(found: Any, n: int, n_folds: int, _rng: Any) -> str:
    numbers = np.asarray(found, int)
    if numbers.shape != (n,) or set(numbers.tolist()) != set(range(n_folds)):
        return f"each of {n} rows should have a number from 0 to {n_folds - 1}, all of them used"
    sizes = np.bincount(numbers)
    if sizes.max() - sizes.min() > 1:
        return f"the folds have {sizes.tolist()} rows: these should differ by one at most"
    if (np.diff(numbers) >= 0).sum() in (n - 1, n - 1 - n // n_folds, n - n // n_folds):
        return "the order should be random"
    return ""


def _weighted_ensemble(predictions: Sequence[Any], weights: Sequence[float]) -> Any:
    return np.average(predictions, axis=0, weights=weights)


def _interval_width(errors: Any, share: float) -> float:
    sizes = np.sort(np.abs(errors))
    k = int(np.ceil((len(sizes) + 1) * share))
    return np.inf if k > len(sizes) else float(sizes[k - 1])


def _judge_honest(found: Any) -> str:
    name = str(found).strip().lower()
    problems = {
        "ann": "the means and deviations of Ann's table come from the held-out rows, too",
        "bob": "of 200 recipes, the best on these rows was partly lucky there",
        "cem": "nobody knows why a customer cancelled before it happened",
        "dua": "",
    }
    return problems.get(name, f"{found} is none of the four")


random_folds = Exercise(
    lambda n, n_folds, rng: rng.permutation(np.arange(n) % n_folds),
    [(10, 3, np.random.default_rng(0)), (40, 5, np.random.default_rng(1))],
    judge=_judge_folds,
)
weighted_ensemble = Exercise(
    _weighted_ensemble,
    [([np.array([[0.2, 0.8]]), np.array([[0.6, 0.4]])], [3, 1]), ([np.array([0.5])], [0.2])],
    [
        (
            lambda p, w: sum(one * weight for one, weight in zip(p, w, strict=True)),
            "Divide by the sum of the weights.",
        ),
        (lambda p, w: np.mean(p, axis=0), "Where are the weights?"),
    ],
)
interval_width = Exercise(
    _interval_width,
    [(np.arange(20) - 15.0, 0.9), (np.array([3.0, -1.0, 2.0]), 0.5), (np.array([1.0, 2.0]), 0.9)],
    [
        (
            lambda e, s: (
                float(np.sort(e)[int(np.ceil((len(e) + 1) * s)) - 1])
                if np.ceil((len(e) + 1) * s) <= len(e)
                else np.inf
            ),
            "Errors may be negative: it is their size that counts.",
        ),
        (
            lambda e, s: float(np.append(np.sort(np.abs(e)), np.inf)[int(np.ceil(len(e) * s)) - 1]),
            "It is n + 1, not n: the new row is one more.",
        ),
    ],
)
honest_person = Exercise(lambda: "Dua", judge=_judge_honest)


# 8. Images and language


def _convolve(image: Any, window: Any) -> Any:
    places = np.lib.stride_tricks.sliding_window_view(image, window.shape)
    return (places * window).sum(axis=(-2, -1))


def _pool(image: Any, size: int) -> Any:
    height, width = image.shape
    return image.reshape(height // size, size, width // size, size).max(axis=(1, 3))


def _embedding_gradient(codes: Any, by_output: Any, n_letters: int) -> Any:
    return np.eye(n_letters)[codes].T @ by_output


def _overwriting(codes: Any, by_output: Any, n_letters: int) -> Any:
    by_table = np.zeros((n_letters, by_output.shape[1]))
    for number, slope in zip(codes, by_output, strict=True):
        by_table[number] = slope
    return by_table


def _softmax(z: Any) -> Any:
    powers = np.exp(z - np.max(z))
    return powers / powers.sum()


_IMAGE = np.array([[1.0, 2, 0, 1], [0, 1, 3, 1], [2, 2, 1, 0], [1, 0, 0, 4]])
convolve_any = Exercise(
    _convolve,
    [(_IMAGE, np.array([[1.0, -1], [0, 2]])), (_IMAGE, np.ones((1, 3))), (_IMAGE, np.eye(3))],
    [
        (
            lambda image, window: _convolve(image, window)[:-1, :-1],
            "The window also fits at the last places: their number is side - size + 1.",
        ),
        (
            lambda image, window: _convolve(image, window[::-1, ::-1]),
            "Do not turn the window around.",
        ),
    ],
)
pool = Exercise(
    _pool,
    [(_IMAGE, 2), (_IMAGE, 4), (_IMAGE, 1), (np.arange(18.0).reshape(3, 6), 3)],
    [
        (
            lambda image, size: image.reshape(len(image) // size, size, -1, size).mean(axis=(1, 3)),
            "This is the mean; the largest number is asked for.",
        )
    ],
)
embedding_gradient = Exercise(
    _embedding_gradient,
    [(np.array([0, 2, 0]), np.array([[1.0, 2.0], [3.0, 4.0], [0.5, -1.0]]), 4)],
    [(_overwriting, "A letter that stands in several rows: add its slopes up.")],
)
safe_softmax = Exercise(
    _softmax,
    [(np.array([0.0, 1.0, -1.0]),), (np.array([1000.0, 1001.0]),), (np.array([-1000.0, -1000.0]),)],
    [
        (
            lambda z: np.exp(z) / np.exp(z).sum(),
            "Subtract the largest sum first: the result is the same, and nothing overflows.",
        )
    ],
)
