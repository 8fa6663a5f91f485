"""`POST /labels`: what was true of rows that were predicted under a key."""

from __future__ import annotations

from collections import Counter
from typing import Any

from madaline.errors import InputError
from madaline.serve.rows import json_word
from madaline.serve.served import ServedModel
from madaline.serve.shapes.fields import check_fields, list_of, object_of
from madaline.watching.alarm import Alarm, Alarms

KEYS, LABELS = "keys", "labels"


def read_keys(value: Any, n_rows: int) -> list[str | int]:
    """Return the keys of rows.

    Parameters
    ----------
    value : JSON value
        A list of texts or whole numbers.
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
    if len(keys) != n_rows:
        raise InputError(f"There are {len(keys)} keys for {n_rows} rows: give one each.")
    twice = [key for key, times in Counter(keys).items() if times > 1]
    if twice:
        raise InputError(f"The key {twice[0]!r} comes twice: give each row a key of its own.")
    return keys


def read_request(value: Any) -> tuple[list[str | int], list[Any]]:
    """Return the keys and the labels of a request.

    Parameters
    ----------
    value : JSON value
        An object with ``keys`` and ``labels``, a list each.

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
    for label in labels:
        if type(label) in (dict, list, type(None)):
            raise InputError(f"A label is {json_word(label)}: give a class or a number.")
    if not labels:
        raise InputError("There are no labels: give at least one.")
    return read_keys(request.get(KEYS), len(labels)), labels


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
