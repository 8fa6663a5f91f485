"""Constraints: with which columns predictions may only rise, or only fall, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from madaline._data.kinds.kind import DROPPED, NUMBER, ORDERED
from madaline._data.schema import Schema
from madaline._data.table import alike
from madaline.errors import InputError

EXAMPLE = "give a mapping such as {'age': 1, 'debt': -1}"


def read_monotone(monotone: Any) -> dict[str, int]:
    """Return the direction of each constrained column, 1 or -1; `InputError` if there is another.

    Examples
    --------
    >>> read_monotone({"age": 1, "income": 0})
    {'age': 1}
    """
    if monotone is None:
        return {}
    if not isinstance(monotone, Mapping):
        raise InputError(f"monotone is {monotone!r}: {EXAMPLE}.")
    for name, direction in monotone.items():
        if isinstance(direction, bool) or direction not in (-1, 0, 1):
            raise InputError(
                f"monotone is {direction!r} for {name!r}: give 1 (never falls), -1 (never rises) or"
                " 0 (free)."
            )
    return {str(name): int(direction) for name, direction in monotone.items() if direction}


def constrained_columns(monotone: Mapping[str, int], schema: Schema) -> dict[str, int]:
    """Return the direction of each constrained column that is used.

    Parameters
    ----------
    monotone : mapping of str to int
        What `read_monotone` returned.
    schema : Schema
        The kind of each column.

    Raises
    ------
    InputError
        If there is no such column, or its values have no order.
    """
    kinds = {column.name: column.kind for column in schema.columns}
    for name in monotone:
        if name not in kinds:
            raise InputError(
                f"Predictions are to be monotone in {name!r}, but there is no such column:"
                f" {alike(name, list(kinds))}"
            )
        if kinds[name] not in (*ORDERED, DROPPED):
            raise InputError(
                f"Predictions cannot be monotone in {name!r}, a column of the kind {kinds[name]}:"
                f" only numbers, dates and Booleans have an order. Leave it out, or give its kind"
                f" as {NUMBER}."
            )
    return {name: direction for name, direction in monotone.items() if kinds[name] != DROPPED}


def check_constrainable(n_outputs: int, *, has_grids: bool) -> None:
    """Raise `InputError` unless networks for these outputs and columns can be constrained."""
    if n_outputs > 1:
        raise InputError(
            f"Predictions of {n_outputs} classes or targets cannot be monotone, only those of two"
            " classes or of one number: leave the constraints out, or merge classes."
        )
    if has_grids:
        raise InputError(
            "Predictions cannot be monotone beside images, sequences or sounds: leave the"
            " constraints or these columns out."
        )
