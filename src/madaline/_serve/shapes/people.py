"""`POST /predict`: rows as people write them, and answers that they can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from madaline._evaluation.scores import label_text
from madaline._explain import Explanation
from madaline._serve.answers import Answer, Asked, Wanted
from madaline._serve.rows import MOST_ROWS, json_word, rows_of_records
from madaline._serve.served import ServedModel
from madaline._serve.shapes.fields import check_fields
from madaline._serve.shapes.labels import KEYS, read_keys
from madaline.errors import InputError

ROWS, EXPLAIN, COVERAGE = "rows", "explain", "coverage"
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
