"""`POST /labels`: what was true of rows that were predicted under a key."""

from __future__ import annotations

from collections import Counter
from typing import Any

from madaline._serve.rows import MOST_ROWS, check_rows, json_word
from madaline._serve.served import ServedModel
from madaline._serve.shapes.fields import check_fields, list_of, object_of
from madaline._watching.alarm import Alarm, Alarms
from madaline.errors import InputError

KEYS, LABELS = "keys", "labels"

LONGEST_KEY, LARGEST_KEY = 200, 2**63
"""Letters of a key, and the bound of a number that is one: keys are kept in the monitor's state."""

LONGEST_LABEL, LARGEST_LABEL = 100_000, 1e100
"""Letters of a label, as of classes in a model's file; beyond that number errors overflow."""


def read_keys(value: Any, n_rows: int) -> list[str | int]:
    """Return the keys of rows.

    Parameters
    ----------
    value : JSON value
        A list of texts or whole numbers, neither too long.
    n_rows : int
        How many rows there are.

    Raises
    ------
    InputError
        If it is something else, there are not as many keys as rows, or one comes twice.

    Examples
    --------
    >>> read_keys(["order 7", 8], 2)
    ['order 7', 8]
    """
    keys = list_of(value, KEYS)
    for key in keys:
        if type(key) not in (str, int):
            raise InputError(f"A key is {json_word(key)}: give text or a whole number.")
        if len(key) > LONGEST_KEY if isinstance(key, str) else abs(key) >= LARGEST_KEY:
            raise InputError(
                f"A key is too long ({str(key)[:20]}...): give text of at most {LONGEST_KEY}"
                " letters, or a whole number below 2^63."
            )
    if len(keys) != n_rows:
        raise InputError(f"There are {len(keys)} keys for {n_rows} rows: give one each.")
    twice = [key for key, times in Counter(keys).items() if times > 1]
    if twice:
        raise InputError(f"The key {twice[0]!r} comes twice: give each row a key of its own.")
    return keys


def read_request(value: Any, most: int = MOST_ROWS) -> tuple[list[str | int], list[Any]]:
    """Return the keys and the labels of a request.

    Parameters
    ----------
    value : JSON value
        An object with ``keys`` and ``labels``, a list each.
    most : int
        How many labels there may be.

    Raises
    ------
    InputError
        If it is something else.

    Examples
    --------
    >>> read_request({"keys": ["order 7"], "labels": ["returned"]})
    (['order 7'], ['returned'])
    """
    request = object_of(value, "The body")
    check_fields(request, (KEYS, LABELS), "the request")
    labels = list_of(request.get(LABELS), LABELS)
    check_rows(len(labels), most)
    for label in labels:
        _check_label(label)
    if not labels:
        raise InputError("There are no labels: give at least one.")
    return read_keys(request.get(KEYS), len(labels)), labels


def _check_label(label: Any) -> None:
    if type(label) in (dict, list, type(None)):
        raise InputError(f"A label is {json_word(label)}: give a class or a number.")
    if isinstance(label, str) and len(label) > LONGEST_LABEL:
        raise InputError(f"A label is too long: give text of at most {LONGEST_LABEL:,} letters.")
    if isinstance(label, int | float) and not abs(label) < LARGEST_LABEL:
        raise InputError(f"A label is {'-' * (label < 0)}1e100 or beyond: give smaller numbers.")


def write_alarms(served: ServedModel, alarms: Alarms) -> dict[str, Any]:
    """Return alarms as a JSON value, with how much was observed."""
    watched = served.watcher.monitor if served.watcher is not None else None
    return {
        "model": served.name,
        "rows": 0 if watched is None else watched.n_rows,
        "labels": 0 if watched is None else watched.n_labels,
        "alarms": [_alarm(one) for one in alarms],
    }


def _alarm(alarm: Alarm) -> dict[str, Any]:
    return {"sentence": alarm.sentence, **alarm.to_json()}
