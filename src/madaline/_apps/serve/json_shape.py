"""`POST /predict`, `/forecast` and `/labels`: rows as people write them, and what came of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from madaline._apps.serve.answers import Answer, Extras
from madaline._apps.serve.messages import (
    MAX_ROWS,
    Needs,
    Refusal,
    RequestedRows,
    Sent,
    check_rows,
    json_word,
    list_of,
    read_fields,
    rows_of_records,
)
from madaline._apps.serve.models import PredictionRequest, ServedModel, ServedOutput
from madaline._base.codec import Count, Items, Stored
from madaline._base.json_checks import LARGEST_WHOLE, TRUTH, Either, Number, Text, Whole
from madaline._base.language import _
from madaline._base.words import format_list
from madaline._models.online.columns import KEY, MAX_NUMBER
from madaline._models.runtime.forecast import with_date_texts
from madaline._models.watching.alarm import Alarm
from madaline._models.watching.monitor import Monitor
from madaline._race.evaluation.conformal import check_coverage
from madaline._race.evaluation.scores import label_text
from madaline._tell.explain import Explanation
from madaline.errors import InputError
from madaline.nn.arrays import Array

_NUMBERS = Whole(-(2**63), 2**63 - 1), Number(-MAX_NUMBER, MAX_NUMBER)
_LABEL = Either(Text(), *_NUMBERS, TRUTH, words="a class, or a number from -1e100 to 1e100")

Keys: TypeAlias = Annotated[tuple[Annotated[Any, KEY], ...], Items(1, distinct=True)]


@dataclass(frozen=True, eq=False)
class Question(PredictionRequest):
    """Rows, and what is wanted beside their predictions."""

    rows: Any  # a row, an object, or a list of rows
    explain: bool | None = None
    coverage: Any = None  # the share of new rows whose true value intervals or sets contain
    keys: Keys | None = None

    @classmethod
    def read(cls, value: Any) -> Question:
        """Return what is asked by a row (an object), rows (a list), or an object with rows."""
        if type(value) is dict and type(value.get("rows")) in (dict, list):
            return read_fields(Question, value)
        if type(value) not in (dict, list):
            raise InputError(
                "The body is {json_word}: give a row as an object, or a list of rows.",
                json_word=json_word(value),
            )
        return Question(value)

    @property
    def records(self) -> list[Any]:
        """All rows."""
        return [self.rows] if type(self.rows) is dict else self.rows

    @property
    def extras(self) -> Extras:
        return Extras(bool(self.explain), self.coverage)

    def rows_for(self, needs: Needs) -> RequestedRows:
        rows = rows_of_records(self.records, needs)
        if self.keys is not None:
            _check_keys(self.keys, rows.n_rows)
        return rows

    def answer(self, served: ServedModel, answered: Answer, rows: RequestedRows) -> dict[str, Any]:
        explanation = (answered.outputs or [answered])[0].explanation
        return Answers(
            *_head(served),
            [prediction_of(served, answered, row) for row in range(rows.n_rows)],
            dict(answered.unseen) or None,
            [*absent_remarks(rows.absent), *answered.remarks] or None,
            None if explanation is None else explanation.heading,
        ).to_json()


@dataclass(frozen=True, eq=False)
class Ahead(Stored):
    """Which of the next rows are asked for, and what is known of them."""

    # How many rows of each series; as many as the model learned, by default
    horizon: Annotated[int, Whole(1, LARGEST_WHOLE)] | None = None
    coverage: Any = None
    rows: Any = None


@dataclass(frozen=True, eq=False)
class Labels(Stored):
    """What came of rows that were predicted under keys."""

    keys: Keys
    labels: Annotated[tuple[Annotated[Any, _LABEL], ...], Items(1)]


@dataclass(frozen=True, eq=False)
class RowAnswer(Sent):
    """What is answered for a row and one target."""

    prediction: Any
    probabilities: Mapping[str, float] | None = None  # of classes
    set: list[str] | None = None  # classes that cannot be ruled out
    interval: Mapping[str, float] | None = None  # of a number: low and high
    explanation: Mapping[str, Any] | None = None  # what each column adds, in words and numbers


@dataclass(frozen=True, eq=False)
class Answers(Sent):
    """What is answered to rows."""

    model: str
    version: str
    target: str
    predictions: list[Any]
    unseen: Mapping[str, Count] | None = None  # columns with new categories, in how many rows
    remarks: list[str] | None = None
    explained: str | None = None  # what explanations compare with


@dataclass(frozen=True, eq=False)
class Forecasts(Sent):
    """The rows that come next."""

    model: str
    version: str
    target: str
    forecasts: list[dict[str, Any]]


@dataclass(frozen=True, eq=False)
class RaisedAlarms(Sent):
    """What changed since a model is watched, and how much was observed."""

    model: str
    rows: Count
    labels: Count
    alarms: list[Any]


def read_missing(value: str | None) -> bool:
    """Return whether rows may lack columns: where the query says so, never by itself.

    A mistyped name would count as missing.
    """
    if value not in (None, "allow"):
        raise InputError("missing is {value!r}: give missing=allow, or leave it out.", value=value)
    return value == "allow"


def absent_remarks(names: Sequence[str]) -> list[str]:
    """Return which columns count as missing in all rows, in a sentence; often nothing."""
    return (
        [_("These columns count as missing: {names}.").format(names=format_list(names))]
        if names
        else []
    )


def _head(served: ServedModel) -> tuple[str, str, str]:
    return served.name, served.version, served.model.summary.target


def prediction_of(served: ServedModel, answer: Answer, row: int) -> dict[str, Any]:
    """Return what is answered for a row; of several targets each field has a value for each."""
    if not answer.outputs:
        return _of_output(served.outputs[0], answer, row)
    names = [output.name for output in served.outputs]
    each = [
        _of_output(output, part, row)
        for output, part in zip(served.outputs, answer.outputs, strict=True)
    ]
    written = {
        field: dict(zip(names, (fields[field] for fields in each), strict=True))
        for field in each[0]
    }
    if answer.bounds is not None:
        written["interval"] = _interval(answer.bounds[row])
    return written


def _of_output(output: ServedOutput, answer: Answer, row: int) -> dict[str, Any]:
    """Return what is answered for a row and one target."""
    classes = output.classes or ()
    explained = answer.explanation
    shares = sets = None
    if answer.probabilities is not None:
        rounded = map(_short, answer.probabilities[row].tolist())
        shares = dict(zip(classes, rounded, strict=True))
    if answer.sets is not None:
        chosen = zip(classes, answer.sets[row].tolist(), strict=True)
        sets = [label for label, is_in in chosen if is_in]
    interval = None if answer.bounds is None else _interval(answer.bounds[row])
    explanation = None if explained is None else _explanation(explained, row)
    return RowAnswer(answer.predictions[row], shares, sets, interval, explanation).to_json()


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


def _check_keys(keys: Sequence[Any], n_rows: int) -> None:
    if len(keys) != n_rows:
        raise InputError(
            "There are {n_keys} keys for {n_rows} rows: give one each.",
            n_keys=len(keys),
            n_rows=n_rows,
        )


def forecast(value: Any, served: ServedModel, max_rows: int = MAX_ROWS) -> dict[str, Any]:
    """Return the rows that come next as a JSON value, as a request asks for them."""
    ahead = read_fields(Ahead, value)
    predictor = served.model.predictor
    rows = None
    coverage = check_coverage(0.9 if ahead.coverage is None else ahead.coverage)
    if ahead.rows is not None:
        records = list_of(ahead.rows, "rows")
        rows = rows_of_records(records, Needs(served.kinds, max_rows, served.known)).table()
    elif predictor.past is not None:
        past = predictor.past
        horizon = ahead.horizon or past.lags.horizon
        n_series = len(past.kept.names)
        if horizon * n_series > max_rows:
            raise Refusal(
                413,
                "{horizon:,} rows of each of {n_series:,} series are too many: there are at most {max_rows:,} in an answer.",
                horizon=horizon,
                n_series=n_series,
                max_rows=max_rows,
            )
    columns = with_date_texts(predictor.forecast(ahead.horizon, rows, coverage=coverage))
    values = zip(*(column.tolist() for column in columns.values()), strict=True)
    forecasts = [dict(zip(columns, row, strict=True)) for row in values]
    return Forecasts(*_head(served), forecasts).to_json()


def read_labels(value: Any, max_rows: int = MAX_ROWS) -> Labels:
    """Return the keys and the labels of a request."""
    known = read_fields(Labels, value)
    check_rows(len(known.labels), max_rows)
    _check_keys(known.keys, len(known.labels))
    return known


def write_alarms(name: str, monitor: Monitor, alarms: Iterable[Alarm]) -> dict[str, Any]:
    """Return alarms as a JSON value, with how much was observed."""
    raised = [{"sentence": alarm.sentence, **alarm.to_json()} for alarm in alarms]
    return RaisedAlarms(name, monitor.n_rows, monitor.n_labels, raised).to_json()
