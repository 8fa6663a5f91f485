"""`POST /predict` and `/labels`: rows as people write them, and later what was true of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from madaline._evaluation.scores import label_text
from madaline._explain import Explanation
from madaline._serve.answers import Answer, Asked, Wanted
from madaline._serve.messages import check_fields, json_word, list_of, object_of
from madaline._serve.models import ServedModel
from madaline._serve.rows import MOST_ROWS, check_rows, rows_of_records
from madaline._watching.alarm import Alarm, Alarms
from madaline.errors import InputError

ROWS, EXPLAIN, COVERAGE, KEYS, LABELS = "rows", "explain", "coverage", "keys", "labels"
FIELDS = (ROWS, EXPLAIN, COVERAGE, KEYS)
"""Fields of a request that holds more than rows."""


def read_request(value: Any, kinds: Mapping[str, str], most: int = MOST_ROWS) -> Asked:
    """Return the rows of a request, what it wants, and keys under which labels will come.

    Parameters
    ----------
    value : JSON value
        A row (an object), rows (a list of objects), or an object with rows and wishes.
    kinds : mapping of str to str
        The kind of each column that the model needs.
    most : int
        How many rows there may be.

    Raises
    ------
    InputError
        If it is something else.

    Examples
    --------
    >>> asked = read_request({"rows": [{"age": 27}], "explain": True}, {"age": "number"})
    >>> asked.rows.n_rows, asked.wanted.explain
    (1, True)
    >>> read_request("27", {"age": "number"})
    Traceback (most recent call last):
    madaline.errors.InputError: The body is text: give a row as an object, or a list of rows.
    """
    wanted, keys = Wanted(), None
    if type(value) is dict and type(value.get(ROWS)) in (dict, list):
        check_fields(value, FIELDS, "the request")
        wanted = Wanted(_flag(value.get(EXPLAIN)), value.get(COVERAGE))
        keys, value = value.get(KEYS), value[ROWS]
    if type(value) is dict:
        value = [value]
    if type(value) is not list:
        raise InputError(
            f"The body is {json_word(value)}: give a row as an object, or a list of rows."
        )
    rows = rows_of_records(value, kinds, most)
    return Asked(rows, wanted, None if keys is None else read_keys(keys, rows.n_rows))


def write_answer(served: ServedModel, answer: Answer, _: Asked) -> dict[str, Any]:
    """Return an answer as a JSON value.

    Parameters
    ----------
    served : ServedModel
        The model that answered.
    answer : Answer
        What it answered.
    """
    written: dict[str, Any] = {
        "model": served.name,
        "version": served.version,
        "target": served.model.summary.target,
        "predictions": [_prediction(served, answer, row) for row in range(len(answer.predictions))],
    }
    if answer.unseen:
        written["unseen"] = dict(answer.unseen)
    if answer.explanation is not None:
        written["explained"] = answer.explanation.heading
    return written


def _prediction(served: ServedModel, answer: Answer, row: int) -> dict[str, Any]:
    written: dict[str, Any] = {"prediction": answer.predictions[row]}
    classes = served.classes or []
    if answer.probabilities is not None:
        shares = answer.probabilities[row].tolist()
        written["probabilities"] = dict(zip(classes, map(_short, shares), strict=True))
    if answer.sets is not None:
        chosen = answer.sets[row].tolist()
        written["set"] = [label for label, one in zip(classes, chosen, strict=True) if one]
    if answer.bounds is not None:
        low, high = answer.bounds[row].tolist()
        written["interval"] = {"low": low, "high": high}
    if answer.explanation is not None:
        written["explanation"] = _explanation(answer.explanation, row)
    return written


def _explanation(explanation: Explanation, row: int) -> dict[str, Any]:
    """Return what each column adds to a prediction, in words and in numbers."""
    shares = map(_short, explanation.attributions[row].tolist())
    amounts = dict(zip(explanation.columns, shares, strict=True))
    written: dict[str, Any] = {
        "text": "\n".join(explanation.lines(row)),
        "scale": explanation.scale,
        "base": _short(explanation.base[row]),
        "output": _short(explanation.output[row]),
        "attributions": {name: amounts[name] for name in explanation.strongest(row)},
    }
    if explanation.target_class is not None:
        written["class"] = label_text(explanation.target_class[row])
    if explanation.words:
        written["words"] = {name: one[row].to_json() for name, one in explanation.words.items()}
    return written


def _short(number: float) -> float:
    """Return a number with six digits: no more are promised."""
    return float(f"{number:.6g}")


def _flag(value: Any) -> bool:
    if value not in (True, False, None) or (value in (0, 1) and type(value) is not bool):
        raise InputError(f"{EXPLAIN} is {json_word(value)}: give true or false.")
    return bool(value)


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


def read_labels(value: Any, most: int = MOST_ROWS) -> tuple[list[str | int], list[Any]]:
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
    >>> read_labels({"keys": ["order 7"], "labels": ["returned"]})
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
