"""What is given as `X` becomes a table, checked in scikit-learn's way."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from madaline._base.language import _
from madaline._base.words import format_count, warn
from madaline._models.arguments import read_missing
from madaline._tables.column import shown
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.io.media_tables import frequency_notes, open_files, scale_notes
from madaline._tables.io.recognition import TEXTS_NAME, Form, RecognizedRows, recognize
from madaline._tables.kinds.image import ImageEncoder
from madaline._tables.kinds.kind import ColumnEncoder
from madaline._tables.kinds.sequence import PatternEncoder, SequenceEncoder
from madaline._tables.media.files import read_pillow_images
from madaline._tables.table import Table, listed
from madaline._tables.text_columns import missing_notes
from madaline.errors import (
    ImagesChangedWarning,
    InputError,
    KindGuessedWarning,
    NoPastWarning,
    SoundsChangedWarning,
    TextReadWarning,
)
from madaline.nn.arrays import Array

_TABLE = (
    "give a table, such as a data frame, an array of shape (n_samples, n_features) or a list of"
    " rows; or images, sequences, sounds or texts"
)

_OF_TABLES = ("collect", "__array__", "toarray", "columns")
"""Attributes of tables; `collect` comes first: a lazy frame would have to compute its columns."""


def read_table(estimator: Any, X: Any, *, fitting: bool, with_past: bool = True) -> Table:
    """Return `X` as a table whose columns are named as in the fit, and open files that they name.

    Names count wherever there are any: columns may come in another order and beside others, which
    are ignored, and those that the model does not use may be missing. When fitting, the estimator's
    `n_features_in_` and `feature_names_in_` are set, otherwise they are checked. Errors on shapes
    and names have scikit-learn's own words.
    """
    notes: list[tuple[str, type[Warning]]] = []
    encoders = () if fitting else _encoder_of(estimator).encoders
    given = recognize(X, like=None if fitting else learned_form(estimator))
    if given.form == Form.PICTURES:
        images, changes = _opened_pictures(given.content, encoders)
        notes += ((change, ImagesChangedWarning) for change in changes)
        given = RecognizedRows(Form.IMAGES, images)
    if fitting and given.doubt:
        notes.append((given.doubt, KindGuessedWarning))
    table = _read(estimator, given, fitting)
    words = read_missing(estimator.missing) if fitting else _encoder_of(estimator).missing
    table = table.without(words)
    if fitting:
        kinds = estimator.kinds if isinstance(estimator.kinds, Mapping) else None
        opened = open_files(table, kinds=kinds, root=estimator.root)
        notes += ((change, ImagesChangedWarning) for change in opened.notes)
    else:
        opened = open_files(table, encoders=encoders, root=estimator.root)
        notes += ((n, SoundsChangedWarning) for n in frequency_notes(opened.table, encoders))
        notes += ((n, ImagesChangedWarning) for n in scale_notes(opened.table, encoders))
        notes += (
            (n, TextReadWarning) for n in missing_notes(opened.table, _encoder_of(estimator).plain)
        )
    past = None if fitting or not with_past else estimator.model_.predictor.past
    if past is not None:
        notes += ((remark, NoPastWarning) for remark in past.remarks(opened.table))
    for note, category in notes:
        warn(note, category)
    return opened.table if past is None else past.add(opened.table)


def learned_form(estimator: Any) -> Form | None:
    """Return what a model learned from, where it was a single column."""
    encoder = _encoder_of(estimator)
    first, *others = encoder.encoders
    if others:
        return None
    if isinstance(first, SequenceEncoder | PatternEncoder):
        return Form.SIGNALS
    if encoder.columns == (TEXTS_NAME,) and not hasattr(estimator, "feature_names_in_"):
        return Form.TEXTS
    return Form.IMAGES if isinstance(first, ImageEncoder) else None


def _encoder_of(estimator: Any) -> TableEncoder:
    encoder: TableEncoder = estimator.model_.predictor.encoder
    return encoder


def _read(estimator: Any, given: RecognizedRows, fitting: bool) -> Table:
    match given.form:
        case Form.COLUMNS:
            return _read_columns(estimator, given, fitting)
        case Form.FRAME:
            return _read_frame(estimator, given, fitting)
        case Form.IMAGES | Form.SIGNALS | Form.TEXTS:
            return _read_only_column(estimator, given, fitting)
    return _read_array(estimator, given.content, fitting)


def _read_columns(estimator: Any, given: RecognizedRows, fitting: bool) -> Table:
    if fitting:
        table = given.table()
        estimator.n_features_in_ = len(table.names)
        estimator.feature_names_in_ = np.array(table.names, dtype=object)
        if table.n_samples < 2:
            rows = format_count(table.n_samples, "row")
            raise InputError("X has {rows}: give at least two to learn from.", rows=rows)
        return table
    predictor = estimator.model_.predictor
    also = () if predictor.past is None else predictor.past.read
    fitted = list(dict.fromkeys([*_fitted_names(estimator), *also]))
    table = given.table(only=set(fitted))
    needed = predictor.columns
    absent = [name for name in needed if name not in table]
    if absent:
        raise InputError(
            "X lacks {listed}, which the fit had: add what is missing.", listed=listed(absent)
        )
    return table.select(name for name in fitted if name in table)


def _read_frame(estimator: Any, given: RecognizedRows, fitting: bool) -> Table:
    """Return a frame as a table: its names count, or where it or the fit has none, its order."""
    frame, names = given.content, list(given.content.columns)
    numbered = set(names) == set(range(len(names)))  # pandas numbers columns that have no names
    if not numbered and (fitting or _counts_names(estimator, names)):
        return _read_columns(estimator, given, fitting)
    native = frame.to_native() if hasattr(type(frame), "to_native") else frame
    validate_data(estimator, native, reset=fitting, skip_check_array=True)
    return given.table(_names(estimator, fitting))


def _read_only_column(estimator: Any, given: RecognizedRows, fitting: bool) -> Table:
    """Return images, signals or texts as a table, under the name of the model's only column.

    Each number of an image counts as a feature.
    """
    values, are_images = given.content, given.form == Form.IMAGES
    if fitting:
        estimator.n_features_in_ = int(np.prod(values.shape[1:])) if are_images else 1
        vars(estimator).pop("feature_names_in_", None)
    if are_images and len(values) == 0:
        raise InputError("The array of images is empty: give at least one image.")
    if fitting and len(values) == 1 and given.form != Form.TEXTS:
        what = "image" if are_images else "row"
        raise InputError(
            "There is one {what}, which cannot be learned from alone: give two or more.", what=what
        )
    names = () if fitting else estimator.model_.predictor.encoder.columns
    return given.table(names if len(names) == 1 else None)


def _read_array(estimator: Any, X: Any, fitting: bool) -> Table:
    """Return rows without names as a table."""
    _check_is_table(X)
    array = validate_data(
        estimator,
        _plain(X),
        reset=fitting,
        accept_sparse="csc",
        dtype=None,
        ensure_all_finite=False,
        ensure_min_samples=2 if fitting else 1,
    )
    return array_table(array, _names(estimator, fitting))


def array_table(array: Any, names: Sequence[str]) -> Table:
    """Return an array that scikit-learn has checked as a table.

    It expects a `TypeError` for a value that is neither text nor a number.
    """
    try:
        return RecognizedRows(Form.ARRAY, array).table(names)
    except InputError:
        values = array.flat if isinstance(array, np.ndarray) and array.dtype == object else ()
        for value in values:
            if not isinstance(value, Hashable):
                kind = type(value).__name__
                raise TypeError(
                    _("X holds a {kind}: each argument must be a string or a number.").format(
                        kind=kind
                    )
                ) from None
        raise


def _counts_names(estimator: Any, names: Sequence[Any]) -> bool:
    """Return whether a model was fitted with names, or there are those of its numbered columns."""
    needed = estimator.model_.predictor.columns
    named = getattr(estimator, "feature_names_in_", None) is not None
    return named or set(needed) <= set(map(str, names))


def _opened_pictures(X: Any, encoders: Sequence[ColumnEncoder]) -> tuple[Array, list[str]]:
    """Return images of Pillow as an array, as a model needs them, and what was changed."""
    encoder = encoders[0] if encoders else None
    if not isinstance(encoder, ImageEncoder):
        return read_pillow_images(X)
    images, notes = read_pillow_images(X, encoder.shape)
    return encoder.of_files(images), notes


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


def _check_is_table(X: Any) -> None:
    """Refuse what has no rows and columns; arrays and frames are checked elsewhere."""
    if isinstance(X, list | tuple):
        _check_rows(X)
    elif not any(hasattr(X, attribute) for attribute in _OF_TABLES):
        call = _call_of(X)
        raise InputError(
            _("X is a {name}: {call}.").format(name=type(X).__name__, call=call)
            if call
            else _("X is {shown}: {TABLE}.").format(shown=shown(X), TABLE=_TABLE)
        )
    elif isinstance(X, np.ndarray) and X.shape == (0,):
        raise InputError("X is empty: {TABLE}.", TABLE=_TABLE)


def _call_of(X: Any) -> str:
    """Return how to make a table of what can make one of itself."""
    names = ("to_table", "to_frame", "to_dataframe", "toPandas")
    return next(
        (_("give X.{name}()").format(name=name) for name in names if hasattr(type(X), name)), ""
    )


def _check_rows(X: Sequence[Any]) -> None:
    if not X:
        raise InputError("X is empty: {TABLE}.", TABLE=_TABLE)
    if all(row is None for row in X):
        raise InputError("X holds nothing but None: {TABLE}.", TABLE=_TABLE)
    if not all(isinstance(row, list | tuple | np.ndarray) for row in X):
        _check_values(X)
        return
    lengths = list(map(len, X))
    number = next((row for row, length in enumerate(lengths) if length != lengths[0]), None)
    if number is not None:
        raise InputError(
            "Row {number} (counted from 0) of X has the length {length} where row 0 has {first}: {remedy}.",
            number=number,
            length=lengths[number],
            first=lengths[0],
            remedy=_remedy(X[0]),
        )
    if len(X[0]) and isinstance(X[0][0], list | tuple):
        raise InputError(
            "X is a list of lists of lists: give np.array(X) if these are images, or"
            " madaline.sequences(X) if they are sequences."
        )


def _check_values(X: Sequence[Any]) -> None:
    """Refuse a list of anything but rows, for example of numbers; records are rows."""
    rows = (hasattr(item, "__len__") and not isinstance(item, str | bytes) for item in X)
    value = next((item for item, is_row in zip(X, rows, strict=True) if not is_row), None)
    if value is None:
        return
    if isinstance(value, int | float | np.number):
        raise InputError(
            "X is a list of numbers: give rows, [[one] for one in X] if it is one column, [X] if it"
            " is one row."
        )
    raise InputError("X is a list that holds {shown}: {TABLE}.", shown=shown(value), TABLE=_TABLE)


def _remedy(row: Any) -> str:
    """Return how to make a table of rows of different lengths, given one of them."""
    if len(row) and isinstance(row[0], str):
        return "give every row as many values, or join its words to one text, ' '.join(row)"
    return "give every row as many values, or, if these are sequences, madaline.sequences(X)"
