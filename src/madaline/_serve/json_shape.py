"""`POST /predict`, `/forecast` and `/labels`: rows as people write them, and what came of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from madaline._data.lags import check_rows as check_steps
from madaline._evaluation.conformal import check_coverage
from madaline._evaluation.scores import label_text
from madaline._explain import Explanation
from madaline._runtime.forecast import with_date_texts
from madaline._serve.answers import Answer, Extras, RowsRequest
from madaline._serve.messages import (
    MAX_ROWS,
    Refusal,
    RequestedRows,
    check_fields,
    check_rows,
    json_word,
    list_of,
    object_of,
    rows_of_records,
)
from madaline._serve.models import Output, ServedModel
from madaline._watching.alarm import Alarms
from madaline._words import format_list
from madaline.errors import InputError
from madaline.nn.arrays import Array

_FIELDS = ("rows", "explain", "coverage", "keys")  # fields of a request that holds more than rows

_MAX_KEY, _KEY_BOUND = 200, 2**63
"""Letters of a key, and the bound of a number that is one: keys are kept in the monitor's state."""

_MAX_LABEL, _LABEL_BOUND = 100_000, 1e100
"""Letters of a label, as of classes in a model's file; beyond that number errors overflow."""


def read_request(
    value: Any,
    kinds: Mapping[str, str],
    max_rows: int = MAX_ROWS,
    known: Mapping[str, str] | None = None,
    *,
    partial: bool = False,
) -> RowsRequest:
    """Return the rows of a request, what it wants, and keys under which labels will come.

    The value is a row (an object), rows (a list of objects), or an object with rows and wishes. The
    rows may lack columns where they may be `partial`.
    """
    records, extras, keys = read_wishes(value)
    rows = rows_of_records(records, kinds, max_rows, known, partial=partial)
    return RowsRequest(rows, extras, None if keys is None else _read_keys(keys, rows.n_rows))


def read_wishes(value: Any) -> tuple[list[Any], Extras, Any]:
    """Return the rows of a request as they are, what it wants, and keys, if it has any."""
    extras, keys = Extras(), None
    if type(value) is dict and type(value.get("rows")) in (dict, list):
        check_fields(value, _FIELDS, "the request")
        extras = Extras(_flag(value.get("explain")), value.get("coverage"))
        keys, value = value.get("keys"), value["rows"]
    if type(value) is dict:
        value = [value]
    if type(value) is not list:
        raise InputError(
            f"The body is {json_word(value)}: give a row as an object, or a list of rows."
        )
    return value, extras, keys


def read_missing(value: str | None) -> bool:
    """Return whether rows may lack columns: where the query says so, never by itself.

    A mistyped name would count as missing.
    """
    if value not in (None, "allow"):
        raise InputError(f"missing is {value!r}: give missing=allow, or leave it out.")
    return value == "allow"


def absent_remarks(names: Sequence[str]) -> list[str]:
    """Return which columns count as missing in all rows, in a sentence; often nothing."""
    return [f"These columns count as missing: {format_list(names)}."] if names else []


def write_answer(served: ServedModel, answer: Answer, asked: RowsRequest) -> dict[str, Any]:
    """Return an answer as a JSON value."""
    written: dict[str, Any] = {
        "model": served.name,
        "version": served.version,
        "target": served.model.summary.target,
        "predictions": [
            prediction_of(served, answer, row) for row in range(len(answer.predictions))
        ],
    }
    if answer.unseen:
        written["unseen"] = dict(answer.unseen)
    remarks = [*absent_remarks(asked.rows.absent), *answer.remarks]
    if remarks:
        written["remarks"] = remarks
    explanation = (answer.outputs or [answer])[0].explanation
    if explanation is not None:
        written["explained"] = explanation.heading
    return written


def prediction_of(served: ServedModel, answer: Answer, row: int) -> dict[str, Any]:
    """Return what is answered for a row; of several targets each field has a value for each."""
    if not answer.outputs:
        return _of_output(served.outputs[0], answer, row)
    names = [output.name for output in served.outputs]
    each = [
        _of_output(output, one, row)
        for output, one in zip(served.outputs, answer.outputs, strict=True)
    ]
    written = {
        field: dict(zip(names, (one[field] for one in each), strict=True)) for field in each[0]
    }
    if answer.bounds is not None:
        written["interval"] = _interval(answer.bounds[row])
    return written


def _of_output(output: Output, answer: Answer, row: int) -> dict[str, Any]:
    """Return what is answered for a row and one target."""
    written: dict[str, Any] = {"prediction": answer.predictions[row]}
    classes = output.classes or []
    if answer.probabilities is not None:
        shares = answer.probabilities[row].tolist()
        written["probabilities"] = dict(zip(classes, map(_short, shares), strict=True))
    if answer.sets is not None:
        chosen = answer.sets[row].tolist()
        written["set"] = [label for label, is_in in zip(classes, chosen, strict=True) if is_in]
    if answer.bounds is not None:
        written["interval"] = _interval(answer.bounds[row])
    if answer.explanation is not None:
        written["explanation"] = _explanation(answer.explanation, row)
    return written


def _interval(bounds: Array) -> dict[str, float]:
    low, high = bounds.tolist()
    return {"low": low, "high": high}


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
        written["words"] = {name: words[row].to_json() for name, words in explanation.words.items()}
    return written


def _short(number: float) -> float:
    """Return a number with six digits: no more are promised."""
    return float(f"{number:.6g}")


def _flag(value: Any) -> bool:
    if value not in (True, False, None) or (value in (0, 1) and type(value) is not bool):
        raise InputError(f"explain is {json_word(value)}: give true or false.")
    return bool(value)


def _read_keys(value: Any, n_rows: int) -> list[str | int]:
    """Return the keys of rows, one each."""
    keys = list_of(value, "keys")
    for key in keys:
        if type(key) not in (str, int):
            raise InputError(f"A key is {json_word(key)}: give text or a whole number.")
        if len(key) > _MAX_KEY if isinstance(key, str) else abs(key) >= _KEY_BOUND:
            raise InputError(
                f"A key is too long ({str(key)[:20]}...): give text of at most {_MAX_KEY}"
                " letters, or a whole number below 2^63."
            )
    if len(keys) != n_rows:
        raise InputError(f"There are {len(keys)} keys for {n_rows} rows: give one each.")
    twice = [key for key, times in Counter(keys).items() if times > 1]
    if twice:
        raise InputError(f"The key {twice[0]!r} comes twice: give each row a key of its own.")
    return keys


@dataclass(frozen=True, eq=False)
class ForecastRequest:
    """Which of the next rows are asked for, and what is known of them."""

    horizon: Any  # how many rows of each series; None for as many as the model learned
    coverage: float
    rows: RequestedRows | None

    def answer(self, served: ServedModel, max_rows: int) -> dict[str, Any]:
        """Return the rows that come next as a JSON value."""
        model, rows = served.model, None if self.rows is None else self.rows.table()
        past = model.predictor.past
        if past is not None and rows is None:
            given, n_series = self.horizon, len(past.kept.names)
            each = past.lags.horizon if given is None else check_steps("horizon", given)
            if each * n_series > max_rows:
                raise Refusal(
                    413,
                    f"{each:,} rows of each of {n_series:,} series are too many: there are at most"
                    f" {max_rows:,} in an answer.",
                )
        columns = with_date_texts(
            model.predictor.forecast(self.horizon, rows, coverage=self.coverage)
        )
        values = zip(*(column.tolist() for column in columns.values()), strict=True)
        return {
            "model": served.name,
            "version": served.version,
            "target": model.summary.target,
            "forecasts": [dict(zip(columns, row, strict=True)) for row in values],
        }


def read_forecast(
    value: Any,
    kinds: Mapping[str, str],
    max_rows: int = MAX_ROWS,
    known: Mapping[str, str] | None = None,
) -> ForecastRequest:
    """Return what a request for the next rows asks."""
    request = object_of(value, "The body")
    check_fields(request, ("horizon", "coverage", "rows"), "the request")
    coverage = 0.9 if request.get("coverage") is None else request["coverage"]
    rows = None
    if request.get("rows") is not None:
        rows = rows_of_records(list_of(request["rows"], "rows"), kinds, max_rows, known)
    return ForecastRequest(request.get("horizon"), check_coverage(coverage), rows)


def read_labels(value: Any, max_rows: int = MAX_ROWS) -> tuple[list[str | int], list[Any]]:
    """Return the keys and the labels of a request."""
    request = object_of(value, "The body")
    check_fields(request, ("keys", "labels"), "the request")
    labels = list_of(request.get("labels"), "labels")
    check_rows(len(labels), max_rows)
    for label in labels:
        _check_label(label)
    if not labels:
        raise InputError("There are no labels: give at least one.")
    return _read_keys(request.get("keys"), len(labels)), labels


def _check_label(label: Any) -> None:
    if type(label) in (dict, list, type(None)):
        raise InputError(f"A label is {json_word(label)}: give a class or a number.")
    if isinstance(label, str) and len(label) > _MAX_LABEL:
        raise InputError(f"A label is too long: give text of at most {_MAX_LABEL:,} letters.")
    if isinstance(label, int | float) and not abs(label) < _LABEL_BOUND:
        raise InputError(f"A label is {'-' * (label < 0)}1e100 or beyond: give smaller numbers.")


def write_alarms(served: ServedModel, alarms: Alarms) -> dict[str, Any]:
    """Return alarms as a JSON value, with how much was observed."""
    watched = served.watcher.monitor if served.watcher is not None else None
    return {
        "model": served.name,
        "rows": 0 if watched is None else watched.n_rows,
        "labels": 0 if watched is None else watched.n_labels,
        "alarms": [{"sentence": alarm.sentence, **alarm.to_json()} for alarm in alarms],
    }
