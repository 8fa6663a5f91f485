"""The description of a model in its file: its parts, and what they must agree in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from madaline._data.codec import Stored, check_of
from madaline._data.json_checks import ListOf, Text
from madaline._data.kinds import KINDS
from madaline._data.kinds.kind import DROPPED
from madaline._data.profile import PROFILE, TableProfile
from madaline._data.schema import Schema
from madaline._data.target import CLASSIFICATION
from madaline._data.target.encoders import JOINT
from madaline._diagnosis.finding import Diagnosis, Finding
from madaline._evaluation.quality import QUALITY, Quality
from madaline._model.kept_rows import KEPT_ROWS
from madaline._model.known_rows import KNOWN_ROWS, KnownRows
from madaline._runtime.file_checks import PREDICTOR, column_kind, column_name
from madaline._story.summary import Summary
from madaline._watching.facts import OF_ONE_NUMBER, OF_SEVERAL_CLASSES, UnseenFacts
from madaline.records.history import Record
from madaline.records.reading import AnyDecision


@dataclass(frozen=True)
class Description(Stored):
    """All that the file of a model holds but arrays; all of it is shown."""

    madaline: Annotated[str, Text(100)]  # the version that fitted it
    predictor: Annotated[Mapping[str, Any], PREDICTOR]
    schema: Schema
    summary: Summary
    records: tuple[Record, ...]
    decisions: tuple[AnyDecision, ...]
    diagnosis: Annotated[Diagnosis, ListOf(check_of(Finding))] | None = None
    profile: Annotated[TableProfile, PROFILE] | None = None
    quality: Annotated[Quality, QUALITY] | None = None
    known_rows: Annotated[KnownRows, KNOWN_ROWS] | None = None
    unseen_facts: UnseenFacts | None = None
    kept_rows: Annotated[Mapping[str, Any], KEPT_ROWS] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the parts that there are as JSON-able values."""
        return {name: part for name, part in super().to_json().items() if part is not None}

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong between what predicts and what is told of it."""
        predictor, summary = values["predictor"], values["summary"]
        kinds = {column["name"]: column["kind"] for column in values["schema"]["columns"]}
        for column in predictor["encoder"]["columns"]:
            if kinds.get(column_name(column)) != column_kind(column):
                return "has a schema that lacks a column of the encoder"
        if len(kinds) < len(values["schema"]["columns"]):
            return "has two columns of one name"
        ordered = {name for name, kind in kinds.items() if kind == DROPPED or KINDS[kind].ordered}
        if not summary.get("settings", {}).get("monotone", {}).keys() <= ordered:
            return "is monotone in a column without an order"
        problem = _outputs_agree(predictor["codec"], summary, values.get("quality"))
        if problem:
            return problem
        if any(kinds.get(one["name"]) != one["kind"] for one in values.get("profile") or ()):
            return "has a profile of other columns"
        return _facts_agree(values.get("unseen_facts"), values["predictor"]["codec"])


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
    """Return what is wrong between one target, its summary, and its quality."""
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
