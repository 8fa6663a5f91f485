"""What the description of a model tells of its fit, beside what predicts; all of it is shown."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any

from madaline._data.codec import check_of, given_fields
from madaline._data.formats.date_format import DateFormat
from madaline._data.formats.number_format import NumberFormat
from madaline._data.json_checks import (
    TRUTH,
    Check,
    Either,
    Fields,
    ListOf,
    Malformed,
    MapOf,
    Number,
    OneOf,
    Optional,
    Pattern,
    Row,
    Text,
    Whole,
)
from madaline._data.kinds.kind import DROPPED, GIVEN_KINDS, KINDS, ORDERED, ColumnSchema
from madaline._data.profile import ColumnProfile
from madaline._data.target import CLASSIFICATION
from madaline._data.target.encoders import JOINT
from madaline._diagnosis.finding import SEVERITIES, Finding
from madaline._evaluation.leakage import Leak
from madaline._evaluation.score import Score
from madaline._model.kept_rows import KEPT_ROWS
from madaline._model.quality_checks import (
    COUNT,
    FINITE,
    FINITES,
    MEASURED,
    NAME,
    QUALITY,
    SHARE,
    SHARES,
    lengths,
)
from madaline._race.importance import Importance
from madaline._race.plan import PRESETS
from madaline._runtime.file_checks.encoder_checks import VALUE, column_kind, column_name
from madaline._runtime.file_checks.predictor_checks import LABEL, MOST_OUTPUTS, PREDICTOR
from madaline._story.summary import Member, Output, Summary
from madaline._watching.facts import OF_ONE_NUMBER, OF_SEVERAL_CLASSES
from madaline.records.reading import DECISIONS, RECORDS

UNITS = ListOf(Whole(0, 2**24), most=256)
TASK = OneOf(("classification", "regression"))


COLUMN = given_fields(
    ColumnSchema,
    {
        "kind": OneOf(KINDS),
        "quartiles": ListOf(MEASURED, most=5),
        "written": Optional(Either(check_of(NumberFormat), check_of(DateFormat))),
    },
)
SCHEMA = Fields(
    {"n_samples": COUNT, "columns": ListOf(COLUMN)}, {"target": Optional(check_of(NumberFormat))}
)

SCORE = given_fields(Score)
LEAK = given_fields(Leak)
IMPORTANCE = given_fields(Importance, {"columns": ListOf(NAME, least=1)})
MEMBER = given_fields(Member, {"units": UNITS, "weight": SHARE})

SETTINGS = Fields(
    {
        "effort": Whole(1, 2**53),
        "seed": COUNT,
        "kinds": MapOf(NAME, OneOf(GIVEN_KINDS)),
        "folds": Optional(Whole(2, 2**53)),
        "given": ListOf(OneOf(("sample_weight", "groups", "folds"))),
    },
    {
        "preset": OneOf(PRESETS),
        "time_limit": Number(0, above=True),
        "memory": Whole(1, 2**63),
        "monotone": MapOf(NAME, OneOf((1, -1))),
        "source": NAME,
        "file_options": ListOf(NAME),
        "loss": NAME,
        "quantile": Either(SHARE, ListOf(SHARE, 2, MOST_OUTPUTS)),
        "metric": NAME,
        "threshold": SHARE,
        "costs": ListOf(ListOf(FINITE, 2, 2), 2, 2),
        "class_weight": Either(NAME, ListOf(Row((LABEL, Number(0))))),
        "keep_rows": Whole(1, 2**40),
    },
)
"""With what it was fitted."""

SCORES = ListOf(SCORE, least=1, most=100)
OUTPUT = given_fields(Output, {"scores": SCORES, "importances": ListOf(IMPORTANCE)})

_SUMMARY: dict[str, Check] = {
    "task": TASK,
    "target": VALUE,
    "scores": SCORES,
    "outputs": ListOf(OUTPUT, least=2, most=MOST_OUTPUTS),
    "members": ListOf(MEMBER, least=1),
    "leaks": ListOf(LEAK),
    "importances": ListOf(IMPORTANCE),
    "settings": SETTINGS,
}
SUMMARY = given_fields(Summary, _SUMMARY, more={"learned": TRUTH})


def _template_agrees(values: Mapping[str, Any]) -> str:
    """Return what is wrong with the words of a finding: they name numbers that it lacks."""
    known = {"subject", *values.get("evidence", {})}
    try:
        parts = [*string.Formatter().parse(values["seen"] + values["remedy"])]
    except ValueError:
        return "has braces that do not match"
    for _, name, form, conversion in parts:
        if name is not None and (name not in known or conversion or not _is_form(form or "")):
            return "has words that name what is not there"
        if name == "subject" and form:
            return "has a format for its subject"
    return ""


def _is_form(form: str) -> bool:
    """Return whether a format makes a short text of a number."""
    try:
        Pattern(r"\+?,?(\.\d)?[fg%e]?")(form)
    except Malformed:
        return False
    return True


FINDING = given_fields(
    Finding,
    {
        "kind": NAME,
        "severity": OneOf(SEVERITIES),
        "evidence": MapOf(NAME, MEASURED),
        "rows": ListOf(COUNT),
        "names": ListOf(NAME),
    },
    more={"sentence": NAME},
    agree=_template_agrees,
)


def _edges_agree(edges: Sequence[float], below: Sequence[float]) -> str:
    """Return what is wrong with the edges of a column's histogram; nothing if there are none."""
    if list(edges) != sorted(edges):
        return "has edges out of order"
    return "has too few below" if edges and not (below and below[-1] > 0.5) else ""


COLUMN_PROFILE = given_fields(
    ColumnProfile,
    {
        "kind": OneOf(("number", "datetime", "category", "boolean")),
        "edges": ListOf(FINITE, distinct=True),
        "below": SHARES,
        "bounds": Either(ListOf(FINITE, 2, 2), ListOf(FINITE, 0, 0)),
        "counts": ListOf(COUNT),
        "levels": ListOf(VALUE, distinct=True),
        "shares": SHARES,
    },
    agree=lambda values: (
        lengths("edges", "below")(values)
        or lengths("levels", "shares")(values)
        or _edges_agree(values.get("edges", ()), values.get("below", ()))
    ),
)
PROFILE = ListOf(COLUMN_PROFILE)

UNSEEN_FACTS = Fields({"profile": PROFILE, "means": FINITES})

KNOWN_ROWS = Fields(
    {
        "checksums": Pattern(r"([A-Za-z0-9+/]{4}){0,2048}"),  # three bytes each
        "sampled": Number(0, 1, above=True),
        "repeated": SHARE,
    }
)


def _outputs_agree(
    codec: Mapping[str, Any], summary: Mapping[str, Any], quality: Mapping[str, Any] | None
) -> str:
    """Return what is wrong between the target, its summary, and the quality of predictions."""
    outputs, names = summary.get("outputs", []), codec.get("names", [])
    if [one["name"] for one in outputs] != names:
        return "has a summary of other outputs"
    if not outputs:
        return _target_agrees(codec, summary, quality)
    if quality and quality.get("names") != names:
        return "has the quality of other outputs"
    each = quality["each"] if quality else [None] * len(names)
    for own, one, of_one in zip(codec["encoders"], outputs, each, strict=True):
        problem = _target_agrees(own, {"task": summary["task"], **one}, of_one)
        if problem:
            return problem
    return ""


def _target_agrees(
    codec: Mapping[str, Any], summary: Mapping[str, Any], quality: Mapping[str, Any] | None
) -> str:
    """Return the same of one target."""
    of_classes = codec["task"] == CLASSIFICATION
    if of_classes != (summary["task"] == CLASSIFICATION):
        return "has a summary of another task"
    score = "accuracy" if of_classes else "r2"
    if all(one["metric"] != score for one in summary["scores"]):
        return f"lacks the score {score}"
    if quality and quality["of"] != ("classes" if of_classes else "numbers"):
        return "has the quality of another task"
    if quality and of_classes and len(quality["classes"]) != len(codec["classes"]):
        return "has the quality of other classes"
    return ""


def _agree(values: Mapping[str, Any]) -> str:
    """Return what is wrong between what predicts and what is told of it."""
    predictor, summary = values["predictor"], values["summary"]
    kinds = {column["name"]: column["kind"] for column in values["schema"]["columns"]}
    for column in predictor["encoder"]["columns"]:
        if kinds.get(column_name(column)) != column_kind(column):
            return "has a schema that lacks a column of the encoder"
    if len(kinds) < len(values["schema"]["columns"]):
        return "has two columns of one name"
    ordered = {name for name, kind in kinds.items() if kind in (*ORDERED, DROPPED)}
    if not summary.get("settings", {}).get("monotone", {}).keys() <= ordered:
        return "is monotone in a column without an order"
    problem = _outputs_agree(predictor["codec"], summary, values.get("quality"))
    if problem:
        return problem
    if any(kinds.get(one["name"]) != one["kind"] for one in values.get("profile", ())):
        return "has a profile of other columns"
    return _facts_agree(values.get("unseen_facts"), values["predictor"]["codec"])


def _facts_agree(facts: Mapping[str, Any] | None, codec: Mapping[str, Any]) -> str:
    """Return what is wrong with facts of predictions: they are others than a target has."""
    if facts is None:
        return ""
    if codec["task"] == JOINT:
        return "has facts of several predictions"
    kinds = {one["name"]: one["kind"] for one in facts["profile"]}
    if codec["task"] == CLASSIFICATION and len(codec["classes"]) > 2:
        wanted = OF_SEVERAL_CLASSES
    else:
        wanted = OF_ONE_NUMBER
    if kinds != wanted or not len(facts["profile"]) == len(facts["means"]) == len(wanted):
        return "has facts of other predictions"
    return ""


MODEL = Fields(
    {
        "madaline": Text(100),
        "predictor": PREDICTOR,
        "schema": SCHEMA,
        "summary": SUMMARY,
        "records": RECORDS,
        "decisions": DECISIONS,
    },
    {
        "diagnosis": ListOf(FINDING),
        "profile": PROFILE,
        "quality": QUALITY,
        "known_rows": KNOWN_ROWS,
        "unseen_facts": UNSEEN_FACTS,
        "kept_rows": KEPT_ROWS,
    },
    agree=_agree,
)
"""The description of a model."""
