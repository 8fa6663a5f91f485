"""The arguments of an estimator and of its `fit`, checked, in the forms of scikit-learn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np

from madaline._base.words import warn
from madaline._tables.column import number_text
from madaline._tables.drawing import read_seed as read_seed
from madaline._tables.formats.characters import check_missing
from madaline._tables.io.frames import frame_of
from madaline._tables.io.targets import to_target, to_targets
from madaline._tables.splits.folds import GivenFolds
from madaline._tables.target import CLASSIFICATION, check_learnable
from madaline._tables.target.values import known_values, left_out_words, missing_values
from madaline.errors import InputError, RowsLeftOutWarning
from madaline.nn.arrays import Array

if TYPE_CHECKING:
    from madaline._models.fitting.means import TimeLimit

_EXAMPLE = "give a mapping such as {'age': 1, 'debt': -1}"


def read_kinds(kinds: Any) -> Mapping[str, str]:
    """Return the kinds of some columns, or raise `InputError` if they are no mapping."""
    if kinds is None or isinstance(kinds, Mapping):
        return kinds or {}
    raise InputError(
        "kinds is {kinds!r}: give a mapping such as {{'zip': 'category'}}.", kinds=kinds
    )


def read_missing(words: Any) -> tuple[str, ...]:
    """Return the words and numbers that stand for missing values as texts.

    Examples
    --------
    >>> read_missing(["tbc", -999])
    ('tbc', '-999')
    """
    if words is None:
        return ()
    if isinstance(words, str) or not isinstance(words, Iterable):
        raise InputError(
            "missing is {words!r}: give a list of words, such as ['tbc', -999].", words=words
        )
    texts = [number_text(float(o)) if isinstance(o, Real) else str(o).strip() for o in words]
    return check_missing(texts)


def read_time_limit(seconds: Any) -> TimeLimit | None:
    """Return a time limit whose clock starts now, or None; raise `InputError` for no number."""
    from madaline._models.fitting.means import TimeLimit

    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, Real):
        raise InputError(
            "time_limit is {seconds!r}: give a number of seconds, above 0.", seconds=seconds
        )
    return TimeLimit(float(seconds))


def computed(y: Any) -> Any:
    """Return the values of a lazy frame, a relation or a stream; anything else as it is.

    A single column becomes a series.

    Examples
    --------
    >>> computed([1, 2])
    [1, 2]
    """
    frame = frame_of(y)
    if frame is None or frame.to_native() is y:
        return y
    return frame[frame.columns[0]] if len(frame.columns) == 1 else frame.to_native()


def read_labels(y: Any, n_samples: int) -> Array:
    """Return `y` as one label or number a row, shape (n_samples,), for what has one target."""
    y = computed(y)
    shape = _shape(y)
    if len(shape) == 2 and shape[1] > 1:
        raise InputError(
            "y has the shape {shape}, but one target is predicted (y should be a 1d array): choose a column, or fit a model for each, such as with MultiOutputRegressor or MultiOutputClassifier of sklearn.multioutput.",
            shape=shape,
        )
    return read_targets(y, n_samples)


def read_targets(y: Any, n_samples: int, *, n_targets: int | None = None) -> Array:
    """Return `y` as one label or number a row, or as a column for each of several targets.

    A single column comes with scikit-learn's `DataConversionWarning`; `ValueError` where there is
    no `y`, or it has another shape.
    """
    if isinstance(y, str):
        raise InputError(
            "y is the name {y!r}, but X is a table in memory: give the values of y, or give X as the path of a file.",
            y=y,
        )
    y = computed(y)
    shape = _shape(y)
    given = shape[1] if len(shape) == 2 else 1
    if n_targets is not None and given != n_targets:
        raise InputError(
            "y has the shape {shape}, but the model predicts {n_targets} targets: give a column for each.",
            shape=tuple(shape),
            n_targets=n_targets,
        )
    if given > 1:
        values = to_targets(y)
        if len(values) != n_samples:
            raise InputError(
                "y has {n_values} rows, but X has {n_samples}: give each row its targets.",
                n_values=len(values),
                n_samples=n_samples,
            )
        return values
    if y is not None and len(shape) != 1:
        from sklearn.utils.validation import column_or_1d

        y = column_or_1d(y, warn=True)
    return _one_per_row(to_target(y), n_samples, "y")


def warn_of_other_order(X: Any, y: Any) -> None:
    """Warn if both are of pandas, and the index of one holds the labels of the other, reordered."""
    indexes: list[Any] = [getattr(one, "index", None) for one in (X, y)]
    rows, labels = indexes
    if not (hasattr(rows, "equals") and hasattr(labels, "equals")) or rows.equals(labels):
        return
    unique = rows.is_unique and labels.is_unique and len(rows) == len(labels)
    if unique and rows.isin(labels).all():
        warn(
            "The index of y holds the labels of that of X in another order, but rows are matched by"
            " their position: give y.loc[X.index], or y.to_numpy() if the order is right."
        )


def with_known_targets(
    target: Array, weight: Array | None, *, name: str = "y"
) -> tuple[Array, Array | None]:
    """Return targets without missing ones, whose rows get the weight zero, and the weights."""
    columns = target.reshape(len(target), -1).T
    missing = np.logical_or.reduce([*map(missing_values, columns)])
    left_out = left_out_words(name, missing)
    if not left_out:
        return booleans_of(target), weight
    warn(left_out, RowsLeftOutWarning)
    rows = missing.reshape(-1, *[1] * (target.ndim - 1))
    filled = np.where(rows, target[np.argmin(missing)], target).astype(target.dtype)
    return booleans_of(filled), np.where(missing, 0.0, 1.0 if weight is None else weight)


def booleans_of(target: Array) -> Array:
    """Return objects that are all Booleans as such; anything else as it is.

    Examples
    --------
    >>> booleans_of(np.array([True, False], object)).dtype
    dtype('bool')
    """
    if target.dtype.kind != "O" or target.ndim != 1:
        return target
    known = known_values(target)
    return known if known.dtype.kind == "b" and len(known) == len(target) else target


def read_indicators(labels: Array, names: Sequence[str]) -> Array:
    """Return several labels, each 0 or 1, as an indicator matrix, (n_samples, n_labels)."""
    columns = []
    for name, column in zip(names, labels.T, strict=True):
        check_learnable(column, CLASSIFICATION, name=name)
        values = set(known_values(column).tolist())
        if not values <= {0, 1}:
            other = next(iter(values - {0, 1}))
            raise InputError(
                "The target {name!r} holds {other!r}, but several targets of classes must be labels of 0 and 1 (multiclass-multioutput is not supported): fit a model for each, such as with MultiOutputClassifier of sklearn.multioutput.",
                name=name,
                other=other,
            )
        columns.append(column.astype(np.int64))
    return np.stack(columns, axis=1)


def read_names(y: Any) -> str | tuple[str, ...]:
    """Return the name of a series, or of each column; otherwise "target", or y0, y1, and so on.

    Examples
    --------
    >>> read_names(np.zeros(3)), read_names(np.zeros((3, 2)))
    ('target', ('y0', 'y1'))
    """
    frame = frame_of(y)
    columns = [] if frame is None else frame.columns
    if len(columns) > 1:
        return tuple(map(str, columns))
    shape = _shape(y)
    if len(shape) == 2 and shape[1] > 1:
        return tuple(f"y{number}" for number in range(shape[1]))
    name = columns[0] if len(columns) == 1 else getattr(y, "name", None)
    return name if isinstance(name, str) and name else "target"


def read_weight(sample_weight: Any, n_samples: int) -> Array | None:
    """Return the weight of each row in float64, shape (n_samples,), or None."""
    from madaline._models.fitting.arguments import check_weight

    if sample_weight is None:
        return None
    weight = np.asarray(computed(sample_weight), np.float64)
    if weight.ndim == 0:
        weight = np.full(n_samples, weight)
    weight = _one_per_row(weight, n_samples, "sample_weight")
    check_weight(weight)
    return weight


def read_groups(groups: Any, n_samples: int) -> Array | None:
    """Return the group of each row, shape (n_samples,), or None."""
    return None if groups is None else _one_per_row(to_target(groups), n_samples, "groups")


def read_times(time: Any, n_samples: int) -> Array | None:
    """Return the time of each row; None where `time` is something else that `fit` takes."""
    if time is None or isinstance(time, str | bool):
        return None
    if np.ndim(time) == 0:
        raise InputError(
            "time is {time!r}: give the name of a column, the time of each row, or True for rows in the order of time.",
            time=time,
        )
    return _one_per_row(to_target(time), n_samples, "time")


def read_monotone(monotone: Any) -> dict[str, int]:
    """Return the direction of each constrained column, 1 or -1; `InputError` if there is another.

    >>> read_monotone({"age": 1, "income": 0})
    {'age': 1}
    """
    if monotone is None:
        return {}
    if not isinstance(monotone, Mapping):
        raise InputError(
            "monotone is {monotone!r}: {EXAMPLE}.", monotone=monotone, EXAMPLE=_EXAMPLE
        )
    for name, direction in monotone.items():
        if isinstance(direction, bool) or direction not in (-1, 0, 1):
            raise InputError(
                "monotone is {direction!r} for {name!r}: give 1 (never falls), -1 (never rises) or 0 (free).",
                direction=direction,
                name=name,
            )
    return {str(name): int(direction) for name, direction in monotone.items() if direction}


def read_whole(number: Any) -> Any:
    """Return a whole number of NumPy as one of Python; anything else, which may be wrong, as it is.

    >>> read_whole(np.int64(3)), read_whole("3")
    (3, '3')
    """
    return number.item() if isinstance(number, np.integer) else number


def read_number_of_folds(folds: Any) -> int | None:
    """Return the number of folds, if `folds` is one.

    >>> read_number_of_folds(3), read_number_of_folds([0, 1])
    (3, None)
    """
    is_number = isinstance(folds, Integral) and not isinstance(folds, bool)
    return int(folds) if is_number else None


def read_folds(folds: Any, y: Array, groups: Array | None) -> GivenFolds | None:
    """Return folds; None for a number of them. Splitters use `y` and `groups`.

    Examples
    --------
    >>> read_folds(iter([([0, 1], [2]), ([2], [0, 1])]), np.zeros(3), None).numbers
    array([1, 1, 0])
    """
    if folds is None or read_number_of_folds(folds) is not None:
        return None
    folds = computed(folds)
    if callable(getattr(folds, "split", None)) and not isinstance(folds, str):
        return GivenFolds.from_pairs(folds.split(np.zeros((len(y), 1)), y, groups), len(y))
    if not hasattr(folds, "__array__"):
        try:
            folds = list(folds)
        except TypeError:
            raise InputError(
                "folds is {folds!r}: give a number of folds, a fold for each row, a splitter, or pairs of (train, test) rows.",
                folds=folds,
            ) from None
        if not all(isinstance(fold, Integral) for fold in folds):
            return GivenFolds.from_pairs(folds, len(y))
    numbers = np.asarray(folds)
    if numbers.shape != (len(y),):
        raise InputError(
            "folds has shape {shape}, but X has {n_y} rows: give one fold a row, shape ({n_y},).",
            shape=numbers.shape,
            n_y=len(y),
        )
    return GivenFolds.from_numbers(numbers)


@contextmanager
def unchanged_if_refused(estimator: Any) -> Iterator[None]:
    """Undo what a fit that was refused or stopped has set: an earlier fit predicts as before."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        estimator.__dict__ = before
        raise


def _shape(y: Any) -> tuple[int, ...]:
    return tuple(y.shape) if hasattr(y, "shape") else np.asarray(y).shape


def _one_per_row(values: Array, n_samples: int, name: str) -> Array:
    if values.shape != (n_samples,):
        raise InputError(
            "{name} has shape {shape}, but X has {n_samples} rows: give one value a row, shape ({n_samples},).",
            name=name,
            shape=values.shape,
            n_samples=n_samples,
        )
    return values
