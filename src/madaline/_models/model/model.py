"""A fitted model: networks that predict, and the records of their training."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from madaline._base.codec import Stored, check_of
from madaline._base.json_checks import ListOf, Malformed, Text
from madaline._base.language import _
from madaline._base.language.choice import speaking
from madaline._base.words import format_list
from madaline._models.diagnosis.finding import Diagnosis, Finding
from madaline._models.diagnosis.new_table import diagnose_table
from madaline._models.model.kept_models import KEPT_MODELS, KeptModels
from madaline._models.model.kept_rows import KEPT_ROWS, KeptRows
from madaline._models.model.known_rows import Copies, KnownRows
from madaline._models.runtime.file_checks import PREDICTOR, column_kind, column_name
from madaline._models.runtime.given_rows import Columns, Rows
from madaline._models.runtime.predictor import KEPT_ROWS as OF_KEPT_ROWS
from madaline._models.runtime.predictor import Predictor
from madaline._models.story.story import Story, tell_constraints, tell_story
from madaline._models.story.summary import Summary, glance
from madaline._models.watching import FALSE_ALARMS
from madaline._models.watching.facts import OF_ONE_NUMBER, OF_SEVERAL_CLASSES, UnseenFacts
from madaline._models.watching.monitor import Monitor
from madaline._models.watching.source import ModelSource
from madaline._race.evaluation.quality import QUALITY, JointQuality, Quality, in_unit
from madaline._race.evaluation.score import Score
from madaline._race.evaluation.scores import score_predictions
from madaline._tables.formats.number_format import PLAIN
from madaline._tables.io.tensor_file import (
    MODEL,
    parse_tensor_file,
    read_tensor_file,
    refusing_malformed,
    written_by,
)
from madaline._tables.io.tensor_header import named, with_prefix
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import DROPPED
from madaline._tables.profile import PROFILE, TableProfile
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline._tables.target import CLASSIFICATION
from madaline._tables.target.encoders import JOINT
from madaline._tables.target.joint_encoder import JointEncoder
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import Quantiles
from madaline.records._results.blocks import Section
from madaline.records._results.result import Result
from madaline.records.decision import Decision
from madaline.records.history import History, Record
from madaline.records.model_decisions import Updated, WentBack
from madaline.records.reading import AnyDecision
from madaline.version import __version__


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
    known_rows: KnownRows | None = None
    unseen_facts: UnseenFacts | None = None
    kept_rows: Annotated[Mapping[str, Any], KEPT_ROWS] | None = None
    kept_models: Annotated[Mapping[str, Any], KEPT_MODELS] | None = None

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
        if not summary.get("request", {}).get("monotone", {}).keys() <= ordered:
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
        return _("lacks the score {score}").format(score=score)
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


@dataclass(frozen=True, eq=False)
class FittedModel(Result):
    """Networks that predict, with their schema, scores, history and decisions."""

    predictor: Predictor  # all that prediction needs
    schema: Schema  # the kind of each column of the table
    summary: Summary  # the results of the fit
    records: tuple[Record, ...]  # every epoch of every recipe
    decisions: tuple[Decision, ...]  # all decisions, with their reasons
    version: str = __version__  # the version of madaline that fitted it
    # what is wrong with the fit; None in files older than diagnoses
    diagnosis: Diagnosis | None = None
    profile: TableProfile | None = None  # summary of the training columns; None in such files
    # quality of the out-of-fold predictions, in counts and curves; None in such files
    quality: Quality | None = None
    known_rows: KnownRows | None = None  # checksums of training rows; None in such files
    # what out-of-fold predictions and their errors were like; None in files of 0.1.0
    unseen_facts: UnseenFacts | None = None
    kept_rows: KeptRows | None = None  # rows for later updates, where the user allows to keep some
    kept_models: KeptModels | None = None  # earlier states, where the user wants some

    def __post_init__(self) -> None:
        object.__setattr__(self, "summary", self.summary.in_unit(self.schema.target))
        object.__setattr__(self, "quality", in_unit(self.quality, self.schema.target))

    def __repr__(self) -> str:
        """Return the target and the first score in one line."""
        summary = self.summary
        later = ", on later rows" if summary.of_later_rows else ""
        return f"<FittedModel of {summary.target}: {summary.scores[0]}{later}>"

    def sections(self) -> Iterator[Section]:
        yield from glance(self.summary, self.diagnosis)

    def predict(self, table: Rows, *, n_jobs: int | None = -1) -> Array:
        """Return the predicted labels or numbers, shape (n_samples,) or (n_samples, n_outputs)."""
        return self.predictor.predict(table, n_jobs=n_jobs)

    def predict_proba(self, table: Rows, *, n_jobs: int | None = -1) -> Array:
        """Return the probability of each class, shape (n_samples, n_classes)."""
        return self.predictor.predict_proba(table, n_jobs=n_jobs)

    def predict_interval(
        self, table: Rows, coverage: float = 0.9, *, n_jobs: int | None = -1
    ) -> Array:
        """Return intervals for a share of new rows, shape (n_samples, 2): lower, upper bounds."""
        return self.predictor.predict_interval(table, coverage, n_jobs=n_jobs)

    def predict_set(self, table: Rows, coverage: float = 0.9, *, n_jobs: int | None = -1) -> Array:
        """Return sets of classes for a share of new rows, Booleans of (n_samples, n_classes)."""
        return self.predictor.predict_set(table, coverage, n_jobs=n_jobs)

    def diagnose(self, table: Columns) -> Diagnosis:
        """Return how a new table differs from the training table; other columns do not count."""
        self._check_profile()
        assert self.profile is not None
        table = self.predictor.table(table)
        unseen = self.predictor.encode(table).unseen
        profile = self.profile.in_unit(self.schema.formats)
        return diagnose_table(table, profile, unseen, self.summary.forward)

    def watch(
        self,
        *,
        false_alarms: float = FALSE_ALARMS,
        seed: int = 0,
        file: str | os.PathLike[str] | None = None,
        read: Callable[[Any], Table] | None = None,
    ) -> Monitor:
        """Return a monitor of rows, predictions, errors and calibration; see `Monitor`.

        The state of an earlier monitor in a file goes on; `read` turns rows into a table.
        """
        self.predictor.check_no_past("watched")
        self._check_profile()
        assert self.profile is not None
        profile = self.profile
        if self.summary.forward is not None:  # later rows have later times: that is no change
            profile = profile.without(*self.summary.forward.columns)
        source = ModelSource(self.predictor, profile, self.unseen_facts, self.summary.target, read)
        source.formats = {**self.schema.formats, "": self.schema.target or PLAIN}
        return Monitor(source, false_alarms, seed) if file is None else Monitor.load(file, source)

    def story(self, *, full: bool = False) -> Story:
        """Return what was tried, what won, and what to do next, or all sentences; ``print`` it."""
        findings = self.diagnosis or ()
        story = tell_story(
            self.summary, self.records, self.decisions, self.constraints, tuple(findings)
        )
        return story.whole if full else story

    @property
    def constraints(self) -> str:
        """With which columns predictions never fall or never rise, in a sentence; often empty."""
        monotone = self.summary.request.monotone
        return tell_constraints(monotone, self.predictor.target_encoder)

    @property
    def updates(self) -> tuple[Updated, ...]:
        """What came of each update since the first fit: when, of how many rows, what was kept."""
        return tuple(one for one in self.decisions if isinstance(one, Updated))

    @property
    def changes(self) -> tuple[Updated | WentBack, ...]:
        """The updates, and the returns to earlier states of the model."""
        return tuple(one for one in self.decisions if isinstance(one, Updated | WentBack))

    @property
    def history(self) -> History:
        """Every epoch of every recipe, as the columns of a table."""
        members = ((one.recipe_id, one.weight) for one in self.summary.members)
        return History.of(self.records, members)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of what is predicted: the targets, or the target with each quantile."""
        return _names_of_outputs(self.predictor, self.summary.target)

    @property
    def target_names(self) -> tuple[str, ...]:
        """Names of the columns that hold the truth; of several quantiles it is one column."""
        several = self.summary.outputs and not isinstance(self.predictor.loss, Quantiles)
        return self.output_names if several else (self.summary.target,)

    def of_output(self, output: Any = None) -> FittedModel:
        """Return the model of one of several targets or quantiles, as if it alone were predicted.

        `output` is its name, the level of a quantile, or an index; None is the only target. It
        raises `InputError` if there is no such output, or one of several must be chosen.
        """
        index = _index_of_output(self.predictor, self.summary.target, output)
        if index is None:
            return self
        return replace(
            self,
            predictor=self.predictor.of_output(index),
            summary=self.summary.of_output(
                index, _title_of_output(self.predictor, self.summary.target, index)
            ),
            quality=self.quality.each[index] if isinstance(self.quality, JointQuality) else None,
        )

    def copies(self, table: Table, target: Array | None) -> Copies | None:
        """Return which rows were trained on; None if that cannot be told.

        Of several targets the first decides: `target` holds that one, or all.
        """
        known = self.known_rows
        return None if known is None else known.copies(self.predictor, table, target)

    def scores_of(self, prediction: Array, output: Array, truth: Array) -> tuple[Score, ...]:
        """Return the scores of predictions and raw outputs of rows; none without any truth."""
        predictor = self.predictor
        encoder = predictor.target_encoder
        scores = score_predictions(
            prediction,
            truth,
            loss=predictor.loss,
            name=self.summary.target,
            classes=getattr(encoder, "classes", None),
            output=output,
            cut=getattr(encoder, "cut", 0.0),
            class_weight=self.summary.request.objective.class_weight,
        )
        return tuple(score.in_unit(self.schema.target) for score in scores)

    def for_command_line(self) -> FittedModel:
        """Return the model with findings that name options of the command line."""
        found = self.diagnosis
        return self if found is None else replace(self, diagnosis=found.for_command_line())

    def check_one_output(self, done: str) -> None:
        """Raise `InputError` if there are several outputs, which cannot be updated, served, ..."""
        if self.summary.outputs:
            raise InputError(
                "A model of several outputs ({output_names}) cannot be {done}: fit a model for each.",
                output_names=format_list(self.output_names),
                done=done,
            )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one file, whole or not at all.

        The file holds no row of the training table (but those of `kept_rows`, if any, and with lags
        the last values of each series), and checksums of some, three bytes each, by which the model
        recognizes them. Nothing in the file can be executed.

        An existing file is replaced only when the new one is complete; it stays as it is if the new
        one could not be read again (`InputError`) or written (`OSError`).
        """
        from madaline._tables.io.tensor_file import write_tensor_file

        description, arrays = self._state()
        write_tensor_file(path, MODEL, description, arrays, check=self._from_file)

    def to_bytes(self) -> bytes:
        """Return what `save` writes; `InputError` if it could not be read again."""
        from madaline._tables.io.tensor_file import tensor_bytes

        return tensor_bytes(MODEL, *self._state(), check=self._from_file)

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy holds: the file, so that later versions can read it."""
        return {"file": self.to_bytes()}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Be such a copy."""
        vars(self).update(vars(self.from_bytes(memoryview(state["file"]), "The copy")))

    def _state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return the description and the arrays of the file."""
        predictor, arrays = self.predictor.to_state()
        kept: dict[str, Any] | None = None
        if self.kept_rows is not None:
            kept, of_rows = self.kept_rows.to_state(self.predictor.target_encoder)
            arrays |= {f"{OF_KEPT_ROWS}{name}": array for name, array in of_rows.items()}
        models: dict[str, Any] | None = None
        if self.kept_models is not None:
            models, of_models = self.kept_models.to_state()
            arrays |= with_prefix(_OF_KEPT_MODELS, of_models)
        parts = {part: getattr(self, part) for part in _PARTS} | {"kept_models": models}
        description = Description(self.version, predictor, kept_rows=kept, **parts)
        with speaking("en"):
            return description.to_json(), arrays

    def _check_profile(self) -> None:
        if self.profile is None:
            raise InputError(
                "The model was fitted by madaline {version}, which kept no profile of the training table: fit it again.",
                version=self.version,
            )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> FittedModel:
        """Read a model that `save` wrote; it predicts the same bits.

        `ModelFileError` if there is no such file, or no whole model, or one of a newer version.
        """
        return cls._checked(path, *read_tensor_file(path))

    @classmethod
    def from_bytes(cls, content: memoryview, name: str) -> FittedModel:
        """Read the bytes of such a file; the name of what holds them is for messages."""
        return cls._checked(name, *parse_tensor_file(content, name))

    @classmethod
    def _checked(
        cls, path: str | os.PathLike[str], description: Any, arrays: Mapping[str, Array]
    ) -> FittedModel:
        with refusing_malformed(path, writer=written_by(description)):
            return cls._from_file(description, arrays)

    @classmethod
    def _from_file(cls, description: Any, arrays: Mapping[str, Array]) -> FittedModel:
        """Return the model of a description and arrays; `Malformed` if they are of none."""
        _DESCRIPTION(description)
        told = Description.from_json(description)
        predictor = Predictor.from_checked(description["predictor"], arrays)
        models = _kept_models(told.kept_models, named(arrays, _OF_KEPT_MODELS))
        arrays = {k: array for k, array in arrays.items() if not k.startswith(_OF_KEPT_MODELS)}
        kept = _kept_rows(predictor, told.kept_rows, named(arrays, OF_KEPT_ROWS))
        parts = {part: getattr(told, part) for part in _PARTS} | {"kept_models": models}
        return cls(predictor, version=told.madaline, kept_rows=kept, **parts)


_DESCRIPTION = check_of(Description)
_OF_KEPT_MODELS = f"{OF_KEPT_ROWS}models."
_PARTS = (
    *("schema", "summary", "records", "decisions"),
    *("diagnosis", "profile", "quality", "known_rows", "unseen_facts"),
)
"""Parts of a model that are what its description tells."""


def _kept_models(state: Mapping[str, Any] | None, arrays: Mapping[str, Array]) -> KeptModels | None:
    """Return the earlier states that a file holds; `Malformed` if they are not those described."""
    if state is None and not arrays:
        return None
    try:
        return KeptModels.from_state(state or {}, arrays)
    except Malformed as error:
        raise error.within("kept_models") from None


def _kept_rows(
    predictor: Predictor, state: Mapping[str, Any] | None, arrays: Mapping[str, Array]
) -> KeptRows | None:
    """Return the rows that a file holds, checked; `Malformed` if they are not those described."""
    if state is None and not arrays:
        return None
    try:
        encoder, n_folds = predictor.target_encoder, predictor.parts[0].theta.shape[1]
        kept = KeptRows.from_state(state or {}, arrays, encoder, n_folds)
        if not set(predictor.encoder.columns) <= set(kept.table.names):
            raise Malformed("lacks a column of the encoder")
        return kept
    except Malformed as error:
        raise error.within("kept_rows") from None


def _names_of_outputs(predictor: Predictor, target: str) -> tuple[str, ...]:
    """Return the names of what is predicted, given the name of the target or of all of them."""
    encoder = predictor.target_encoder
    if not isinstance(encoder, JointEncoder):
        return (target,)
    if isinstance(predictor.loss, Quantiles):
        return tuple(f"{target}_{level}" for level in encoder.names)
    return encoder.names


def _title_of_output(predictor: Predictor, target: str, index: int) -> str:
    """Return how sentences call one of several outputs."""
    encoder = predictor.target_encoder
    name = encoder.names[index] if isinstance(encoder, JointEncoder) else target
    return (
        _("{target} (quantile {name})").format(target=target, name=name)
        if isinstance(predictor.loss, Quantiles)
        else name
    )


def _index_of_output(predictor: Predictor, target: str, output: Any) -> int | None:
    """Return the index of the output that was asked for; None where there is only one.

    `InputError` if there is no such output, or one of several must be chosen.
    """
    encoder = predictor.target_encoder
    if isinstance(encoder, JointEncoder):
        return encoder.index(output)
    if output is not None:
        raise InputError(
            "output is {output!r}, but this model predicts {target} alone: leave it out.",
            output=output,
            target=target,
        )
    return None
