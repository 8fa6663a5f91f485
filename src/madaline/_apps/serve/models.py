"""A model of a server, with the threads that answer, and what it may be replaced by."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self, final

from madaline._apps.serve.answers import MAX_BATCH_ROWS, Answer, Extras, Worker, of_classes
from madaline._apps.serve.messages import Needs, RequestedRows, read_fields
from madaline._apps.serve.watching import Watcher
from madaline._base.codec import Stored
from madaline._base.language import _
from madaline._base.words import format_list
from madaline._models.model import FittedModel
from madaline._race.evaluation.scores import label_text
from madaline._tables.kinds.kind import CATEGORY, DATETIME, NUMBER, SOUND, ColumnEncoder
from madaline._tables.target import ClassEncoder, JointEncoder, TargetEncoder
from madaline._tell.report.data import Report
from madaline._tell.report.page import render_page
from madaline.errors import InputError


@final
@dataclass(frozen=True, eq=False)
class ServedOutput:
    """One of the targets or quantiles that a model predicts."""

    name: str
    encoder: TargetEncoder

    @cached_property
    def classes(self) -> list[str] | None:
        """The labels of the classes, as text; None of numbers."""
        if not isinstance(self.encoder, ClassEncoder):
            return None
        return [label_text(label) for label in self.encoder.classes.tolist()]


@final
@dataclass(frozen=True, eq=False)
class ServedModel:
    """One version of a model."""

    name: str
    model: FittedModel
    version: str  # the beginning of the SHA-256 of its file
    quick: Worker  # answers requests of few rows
    patient: Worker  # answers what takes long: many rows, explanations, intervals and sets
    watcher: Watcher | None = None  # looks for changes in what is predicted

    @property
    def first(self) -> ServedModel:
        """The model itself, which a file of many has several of."""
        return self

    async def answer(self, rows: RequestedRows, extras: Extras) -> Answer:
        """Return the answer to a request; `InputError` if it cannot be given."""
        extras.check(rows.n_rows, len(self.outputs))
        few = rows.n_rows <= MAX_BATCH_ROWS and not extras.wanted
        return await (self.quick if few else self.patient).answer(rows, extras)

    def observe(self, rows: RequestedRows, keys: Sequence[Hashable] | None, n_bytes: int) -> None:
        """Watch rows that were predicted, where that is wanted; it takes no time here."""
        if self.watcher is not None:
            self.watcher.observe(rows, keys, n_bytes)

    def close(self, seconds: float) -> None:
        """Let the threads end once they have done what is waiting, within some seconds."""
        self.quick.close()
        self.patient.close()
        if self.watcher is not None:
            self.watcher.close(seconds)

    def wait(self) -> None:
        """Return when the state of watching is saved."""
        if self.watcher is not None:
            self.watcher.wait()

    @cached_property
    def kinds(self) -> Mapping[str, str]:
        """The kind of each column that is needed."""
        return _kinds(self.model)

    @cached_property
    def known(self) -> Mapping[str, str]:
        """The kind of each column that rows may hold as well, as far as it is known by now."""
        past = self.model.predictor.past
        columns = () if past is None else past.lags.each
        return {column.name: CATEGORY if column.classes else NUMBER for column in columns}

    @cached_property
    def encoders(self) -> tuple[ColumnEncoder, ...]:
        """What encodes the columns that rows must have."""
        encoders = self.model.predictor.encoder.encoders
        return tuple(encoder for encoder in encoders if encoder.name in self.kinds)

    @cached_property
    def outputs(self) -> tuple[ServedOutput, ...]:
        """What is predicted: one target, or several, or quantiles."""
        encoder = self.model.predictor.target_encoder
        encoders = encoder.encoders if isinstance(encoder, JointEncoder) else (encoder,)
        return tuple(map(ServedOutput, self.model.output_names, encoders))

    @cached_property
    def n_outputs(self) -> int:
        """Numbers that are answered for a row."""
        return sum(len(output.classes or (0,)) for output in self.outputs)

    @cached_property
    def report_facts(self) -> Report:
        """What a report tells of the model, made once; a model's file holds no row to add."""
        return Report.of(self.model)

    @cached_property
    def report(self) -> str:
        """The report, made once."""
        return render_page(self.report_facts)


class PredictionRequest(Stored, ABC):
    """Abstract: a request for predictions, in one of the shapes."""

    keys: Sequence[Hashable] | None = None  # one a row, under which labels will come

    @classmethod
    def read(cls, value: Any) -> Self:
        """Return what the JSON of a request asks; `InputError` if it is something else."""
        return read_fields(cls, value)

    @property
    def extras(self) -> Extras:
        """What is wanted beside predictions."""
        return Extras()

    @abstractmethod
    def rows_for(self, needs: Needs) -> RequestedRows:
        """Return the rows; `InputError` if they lack what is needed."""

    @abstractmethod
    def answer(self, served: ServedModel, answered: Answer, rows: RequestedRows) -> dict[str, Any]:
        """Return what is found as a JSON value."""


def check_served(model: FittedModel, path: Path | str) -> None:
    """Refuse models of sounds, which cannot be sent in JSON."""
    for name, kind in _kinds(model).items():
        if kind == SOUND:
            raise InputError(
                "{path} predicts from sounds ({name}), which are not served: use `madaline predict`.",
                path=path,
                name=name,
            )


def check_replaces(new: FittedModel, old: FittedModel, path: Path) -> None:
    """Raise `InputError` if a model of a file cannot answer the requests of another one."""
    targets = [
        _("classes of {names}" if of_classes(model) else "numbers of {names}").format(
            names=format_list(map(repr, model.output_names))
        )
        for model in (new, old)
    ]
    if targets[0] != targets[1]:
        difference = _("it predicts {targets}, not {wanted}").format(
            targets=targets[0], wanted=targets[1]
        )
    elif list(_kinds(new).items()) != list(_kinds(old).items()):
        difference = _difference(_kinds(new), _kinds(old))
    else:
        return
    raise InputError(
        "{path} holds another model, {difference}: start the server again, with --replace-any to have such files taken.",
        path=path,
        difference=difference,
    )


def _difference(new: Mapping[str, str], old: Mapping[str, str]) -> str:
    """Return how columns differ, in words."""
    changed = [name for name in new if name in old and new[name] != old[name]]
    for names, what in (
        ([name for name in new if name not in old], "needs more columns"),
        ([name for name in old if name not in new], "lacks columns"),
        (changed, "reads columns as another kind"),
    ):
        if names:
            return f"it {what} ({format_list(names)})"
    return "its columns are in another order"


def _kinds(model: FittedModel) -> dict[str, str]:
    """Return the kind of each column that rows must have."""
    kinds = {encoder.name: encoder.kind for encoder in model.predictor.encoder.encoders}
    past = model.predictor.past
    if past is not None and past.lags.time is not None:
        kinds.setdefault(past.lags.time, DATETIME if past.lags.of_dates else NUMBER)
    return {name: kinds.get(name, CATEGORY) for name in model.predictor.columns}
