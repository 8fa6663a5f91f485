"""What is given as `X` becomes a table, checked in scikit-learn's way."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from madaline._data.io.frames import frame_of
from madaline._data.io.inputs import TEXTS_NAME, is_texts, read_signals, to_table
from madaline._data.io.media_tables import frequency_notes, open_files, scale_notes
from madaline._data.kinds.image import ImageEncoder
from madaline._data.kinds.sequence import PatternEncoder, SequenceEncoder
from madaline._data.media.files import is_pillow_images, read_pillow_images
from madaline._data.media.images import plausible_images, read_images
from madaline._data.media.signals import sequences, shape_error
from madaline._data.records import is_records
from madaline._data.table import Table, listed
from madaline._estimators.table_checks import check_is_table
from madaline._words import count
from madaline.errors import (
    ImagesChangedWarning,
    InputError,
    KindGuessedWarning,
    SoundsChangedWarning,
)
from madaline.nn.arrays import Array


def read_table(estimator: Any, X: Any, *, fitting: bool) -> Table:
    """Return `X` as a table, in scikit-learn's way, and open the files that columns name.

    Names count wherever there are any: columns may come in another order and beside others, which
    are ignored. See `_read_table` for the parameters and the errors.
    """
    if is_pillow_images(X):
        X = _opened_pictures(estimator, X, fitting=fitting)
    table = _read_table(estimator, X, fitting=fitting)
    if fitting:
        kinds = estimator.kinds if isinstance(estimator.kinds, Mapping) else None
        opened = open_files(table, kinds=kinds, root=estimator.root)
        for note in opened.notes:
            warnings.warn(note, ImagesChangedWarning, stacklevel=3)
        return opened.table
    encoders = estimator.model_.predictor.encoder.encoders
    table = open_files(table, encoders=encoders, root=estimator.root).table
    for note in frequency_notes(table, encoders):
        warnings.warn(note, SoundsChangedWarning, stacklevel=4)
    for note in scale_notes(table, encoders):
        warnings.warn(note, ImagesChangedWarning, stacklevel=4)
    return table


def _read_table(estimator: Any, X: Any, *, fitting: bool) -> Table:
    """Return `X` as a table whose columns are named as in the fit.

    Parameters
    ----------
    estimator : BaseEstimator
        Its `n_features_in_` and `feature_names_in_` are set when fitting, and checked otherwise.
    X : data frame, array-like or sparse matrix of shape (n_samples, n_features), images, or texts
        The rows; or a mapping of columns; or records; or a mapping of single values, one row.
    fitting : bool
        Whether `X` is what is learned from.

    Raises
    ------
    ValueError
        With scikit-learn's own words on shapes and names; `InputError` on the values.
    """
    frame = frame_of(X)
    if frame is not None:
        return _read_frame(estimator, frame, fitting=fitting)
    X = X if fitting else _as_learned(estimator, X)
    if fitting:
        _warn_of_guess(X)
    images = read_images(X)
    if images is not None:
        return _read_images(estimator, images, fitting=fitting)
    signals = read_signals(X)
    if signals is not None:
        return _read_signals(estimator, signals, fitting=fitting)
    if is_texts(X):
        if fitting:
            _set_n_features(estimator, 1)
        return _as_only_column(estimator, to_table(X), fitting)
    if isinstance(X, Mapping | Table) or is_records(X):
        return _read_columns(estimator, X, fitting=fitting)
    if not fitting and _are_missing_texts(estimator, X):
        return Table({TEXTS_NAME: np.full(len(X), None)})
    check_is_table(X)
    X = validate_data(
        estimator,
        _plain(X),
        reset=fitting,
        accept_sparse="csc",
        dtype=None,
        ensure_all_finite=False,
        ensure_min_samples=2 if fitting else 1,
    )
    try:
        return to_table(X, names=_names(estimator, fitting))
    except InputError:
        refuse_objects(X)
        raise


def _read_frame(estimator: Any, frame: Any, *, fitting: bool) -> Table:
    """Return a frame as a table: its names count, or where it or the fit has none, its order."""
    names, numbers = list(frame.columns), range(len(frame.columns))
    if set(names) == set(numbers):  # pandas numbers columns that have no names
        frame = frame[:, [names.index(number) for number in numbers]]
    elif fitting or _counts_names(estimator, names):
        return _read_columns(estimator, frame, fitting=fitting)
    validate_data(estimator, frame.to_native(), reset=fitting, skip_check_array=True)
    return to_table(frame, names=_names(estimator, fitting))


def _counts_names(estimator: Any, names: Sequence[Any]) -> bool:
    """Return whether a model was fitted with names, or there are those of its numbered columns."""
    needed = estimator.model_.predictor.encoder.columns
    named = getattr(estimator, "feature_names_in_", None) is not None
    return named or set(needed) <= set(map(str, names))


def _read_images(estimator: Any, images: Array, *, fitting: bool) -> Table:
    """Return images as a table of one column; each number of an image counts as a feature."""
    if fitting:
        _set_n_features(estimator, int(np.prod(images.shape[1:])))
    if len(images) == 0:
        raise InputError("The array of images is empty: give at least one image.")
    if fitting and len(images) == 1:
        raise InputError(
            "There is one image, which cannot be learned from alone: give two or more."
        )
    return _as_only_column(estimator, to_table(images), fitting)


def _opened_pictures(estimator: Any, X: Any, *, fitting: bool) -> Array:
    """Return images of Pillow as an array, as the model needs them."""
    encoder = None if fitting else estimator.model_.predictor.encoder.encoders[0]
    if not isinstance(encoder, ImageEncoder):
        encoder = None
    images, notes = read_pillow_images(X, None if encoder is None else encoder.shape)
    for note in notes:
        warnings.warn(note, ImagesChangedWarning, stacklevel=4 if fitting else 5)
    return images if encoder is None else encoder.of_files(images)


def _read_columns(estimator: Any, X: Any, *, fitting: bool) -> Table:
    """Return columns with names, or records, as a table.

    In prediction, their order may differ, others are ignored, and those that the model does not use
    may be missing.
    """
    if fitting:
        table = to_table(X)
        estimator.n_features_in_ = len(table.names)
        estimator.feature_names_in_ = np.array(table.names, dtype=object)
        if table.n_samples < 2:
            rows = count(table.n_samples, "row")
            raise InputError(f"X has {rows}: give at least two to learn from.")
        return table
    fitted = _fitted_names(estimator)
    table = to_table(X, only=set(fitted))
    needed = estimator.model_.predictor.encoder.columns
    absent = [name for name in needed if name not in table]
    if absent:
        raise InputError(f"X lacks {listed(absent)}, which the fit had: add what is missing.")
    return table.select(name for name in fitted if name in table)


def _are_missing_texts(estimator: Any, X: Any) -> bool:
    """Return whether it was fitted to a list of texts, and X is a list of missing ones."""
    of_texts = estimator.model_.predictor.encoder.columns == (TEXTS_NAME,)
    if not of_texts or hasattr(estimator, "feature_names_in_"):
        return False
    if not isinstance(X, list | tuple) and getattr(X, "ndim", 2) != 1:
        return False
    return len(X) > 0 and is_texts([*X, ""])


def _read_signals(estimator: Any, signals: Array, *, fitting: bool) -> Table:
    """Return sequences or sounds as a table of one column, which counts as one feature."""
    if fitting:
        _set_n_features(estimator, 1)
    if fitting and len(signals) == 1:
        raise InputError("There is one row, which cannot be learned from alone: give two or more.")
    return _as_only_column(estimator, to_table(signals), fitting)


def _as_only_column(estimator: Any, table: Table, fitting: bool) -> Table:
    """Return a table of one column under the name of the only column that a model uses."""
    if fitting:
        return table
    names = estimator.model_.predictor.encoder.columns
    return Table({names[0]: table[table.names[0]]}) if len(names) == 1 else table


def _as_learned(estimator: Any, X: Any) -> Any:
    """Return arrays as the kind that the model was fitted on: one sequence looks like an image."""
    first, *others = estimator.model_.predictor.encoder.encoders
    arrays = isinstance(X, list | tuple) and bool(X) and all(isinstance(o, np.ndarray) for o in X)
    if others or not (arrays or getattr(X, "ndim", 0) == 3):
        return X
    if isinstance(first, ImageEncoder) and len({one.shape for one in X}) > 1:
        raise shape_error(X)
    if isinstance(first, ImageEncoder) and arrays:
        return np.stack(X)
    return sequences(X) if isinstance(first, SequenceEncoder | PatternEncoder) else X


def _warn_of_guess(X: Any) -> None:
    """Warn of what a list of arrays is taken for that may be images or sequences."""
    arrays = isinstance(X, list | tuple) and bool(X) and all(isinstance(o, np.ndarray) for o in X)
    if not arrays or X[0].ndim != 2 or any(one.shape != X[0].shape for one in X):
        return
    if X[0].dtype.kind not in "if":  # bytes are pixels
        return
    shape, pictures = X[0].shape, plausible_images(X)
    taken, other = ("images", "sequences") if pictures else ("sequences", "images")
    how = "madaline.sequences(X)" if pictures else "np.stack(X)"
    warnings.warn(
        f"X, a list of {len(X):,} arrays of shape {shape}, is taken for {taken}: if they are"
        f" {other}, give {how}.",
        KindGuessedWarning,
        stacklevel=4,
    )


def _set_n_features(estimator: Any, n_features: int) -> None:
    """Set the number of features of an `X` without names."""
    estimator.n_features_in_ = n_features
    vars(estimator).pop("feature_names_in_", None)


def _plain(X: Any) -> Any:
    """Return `X` as an array where NumPy would misread it."""
    if isinstance(X, list | tuple):
        return np.array(X, dtype=object)  # one text would make text of everything
    if isinstance(X, np.ma.MaskedArray):
        values: Array = np.ma.getdata(X).astype(object)
        values[np.ma.getmaskarray(X)] = None
        return values
    return X


def _names(estimator: Any, fitting: bool) -> list[str]:
    """Return the names of columns that are known by their order; flat images have none."""
    n_features: int = estimator.n_features_in_
    names = [] if fitting else _fitted_names(estimator)
    return names if len(names) == n_features else [f"x{number}" for number in range(n_features)]


def _fitted_names(estimator: Any) -> list[str]:
    """Return the names of all columns of the fit, also of those that the model does not use."""
    return [column.name for column in estimator.model_.schema.columns]


def refuse_objects(X: Any) -> None:
    """Raise what scikit-learn expects of a value that is neither text nor a number."""
    values = X.flat if isinstance(X, np.ndarray) and X.dtype == object else ()
    for value in values:
        if not isinstance(value, Hashable):
            kind = type(value).__name__
            raise TypeError(f"X holds a {kind}: each argument must be a string or a number.")
