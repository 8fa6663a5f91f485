"""All that a report contains: the page shows it, and `to_json` writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, TypeAlias

import numpy as np

from madaline._base.language import _
from madaline._base.words import format_count, format_list
from madaline._models.diagnosis.finding import Diagnosis, Finding
from madaline._models.model import FittedModel
from madaline._models.model.known_rows import Copies
from madaline._models.model.quality_of_table import quality_of_table
from madaline._race.evaluation.quality import Quality, in_unit
from madaline._race.evaluation.score import Score
from madaline._race.evaluation.scores import label_text
from madaline._tables.column import is_missing
from madaline._tables.conversion import as_numbers
from madaline._tables.io.recognition import to_table
from madaline._tables.table import Table
from madaline._tables.target import CLASSIFICATION, ClassEncoder
from madaline._tell.explain import explain
from madaline._tell.explain.columns import as_table
from madaline._tell.explain.effect import Effect
from madaline._tell.explain.effects import effects
from madaline._tell.explain.importances import Interaction, important_columns, interactions
from madaline._tell.report.explained import ExplainedRow
from madaline._tell.report.reproduce import how_to_reproduce
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import Quantiles

TableLike: TypeAlias = Table | Mapping[str, Any] | Any  # a table, columns by name, or a data frame
_MAX_OUTPUTS = 12  # outputs that a report describes one by one; scores of all are in the summary

_MAX_EFFECTS, _MAX_INTERACTIONS = 8, 3
"""Columns whose effect is drawn, and pairs of interacting columns that are listed."""


@dataclass(frozen=True, eq=False)
class Example:
    """A prediction that is explained, and why it was chosen."""

    why: str
    row: int
    name: str | None
    prediction: Any
    truth: Any  # None where it is not known
    background: str  # what the row is compared with, in words
    explained: ExplainedRow

    def to_json(self) -> dict[str, Any]:
        """Return the example as JSON-able values."""
        facts = {name: value for name, value in vars(self).items() if name != "explained"}
        return facts | self.explained.to_json()


@dataclass(frozen=True, eq=False)
class RowsReport:
    """What is learned from given rows about one output."""

    what: str  # what the rows are, in words
    n_rows: int
    copies: Copies | None  # which rows were trained on; None where it is not known
    n_left_out: int = 0  # copies of training rows, which are not scored
    scores: tuple[Score, ...] = ()  # empty where the truth is not known, or was trained on
    quality: Quality | None = None
    effects: tuple[Effect, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    examples: tuple[Example, ...] = ()
    diagnosis: Diagnosis | None = None

    @classmethod
    def of(
        cls,
        model: FittedModel,
        table: Table,
        target: Array | None,
        what: str | None,
        names: Sequence[str] | None,
        copies: Copies | None,
        *,
        diagnose: bool = True,
    ) -> RowsReport:
        """Look at rows; those that the model was trained on are not scored: that would flatter."""
        table = as_table(table)
        if target is not None and target.shape != (table.n_samples,):
            raise InputError(
                "The target has shape {shape} beside {rows}: give one value for each row.",
                shape=target.shape,
                rows=format_count(table.n_samples, "row"),
            )
        scores, quality, n_left_out = _scored(model, table, target, copies)
        diagnosed = diagnose and model.profile is not None
        return cls(
            what or format_count(table.n_samples, "row"),
            table.n_samples,
            copies,
            n_left_out,
            scores,
            quality,
            tuple(_effects(model, table)),
            tuple(_interactions(model, table)),
            tuple(_examples(model, table, target, names)),
            model.diagnose(table).named(names) if diagnosed else None,
        )

    @property
    def trained_on(self) -> bool | None:
        """Whether most of the rows were trained on; None where it is not known."""
        return None if self.copies is None else self.copies.trained_on

    @property
    def novelty(self) -> str:
        """Which of the rows are scored, and whether they are new to the model, as a clause."""
        if self.n_left_out:
            copies = format_count(self.n_left_out, "copy", "copies")
            return _("without {copies} of training rows").format(copies=copies)
        if self.copies is not None and self.copies.some:
            share = f"{self.copies.share:.0%}"
            return _("too good, as the model seems to have been trained on {share} of them").format(
                share=share
            )
        if self.trained_on is False:
            return "which are new to the model"
        return "too good if the model was trained on some of them"

    def to_json(self) -> dict[str, Any]:
        """Return what was learned as JSON-able values."""
        return {
            "what": self.what,
            "n_rows": self.n_rows,
            "trained_on": self.trained_on,
            "n_left_out": self.n_left_out,
            "scores": [score.to_json() for score in self.scores],
            "quality": None if self.quality is None else self.quality.to_json(),
            "effects": [
                effect.to_json() | {"of_levels": effect.of_levels, "scale": effect.readout.scale}
                for effect in self.effects
            ],
            "interactions": [
                pair.to_json() | {"sentence": str(pair)} for pair in self.interactions
            ],
            "explanations": [example.to_json() for example in self.examples],
            "findings": None if self.diagnosis is None else self.diagnosis.facts(),
        }


@dataclass(frozen=True, eq=False)
class OutputReport:
    """One of several targets or quantiles, as if it alone were predicted."""

    model: FittedModel
    rows: RowsReport | None

    def to_json(self) -> dict[str, Any]:
        """Return what is known of the output as JSON-able values."""
        model = self.model
        return {
            "target": model.summary.target,
            "threshold": getattr(model.predictor.target_encoder, "threshold", None),
            "scores": [score.to_json() for score in model.summary.scores],
            "quality": None if model.quality is None else model.quality.to_json(),
            "importances": [importance.to_json() for importance in model.summary.importances],
            "rows": None if self.rows is None else self.rows.to_json(),
        }


@dataclass(frozen=True, eq=False)
class Report:
    """All that a report tells of a model, and of rows if there are some."""

    model: FittedModel
    date: date
    outputs: tuple[OutputReport, ...]  # empty where one output is predicted
    rows: RowsReport | None

    @classmethod
    def of(
        cls,
        model: FittedModel,
        table: TableLike = None,  # at best like the rows learned from; a model's file holds none
        target: Array | None = None,  # the truth, (n_samples,) or (n_samples, n_targets)
        *,
        rows: str | None = None,  # what the rows are, in words
        names: Sequence[str] | None = None,  # of rows, such as their files; otherwise numbers
    ) -> Report:
        """Make the report of a model, and of rows, some of whose values will be in it.

        `InputError` if a column is not there, or the truth has another length.
        """
        read = None if table is None else to_table(table)
        outputs = tuple(_outputs(model, read, target, rows, names))
        of_rows = None
        if read is not None and outputs:
            of_rows = _rows_of_outputs(model, read, outputs)
        elif read is not None:
            copies = model.copies(read, target)
            of_rows = RowsReport.of(model, read, target, rows, names, copies)
        return cls(model, date.today(), outputs, of_rows)

    @property
    def findings_of_rows(self) -> tuple[Finding, ...]:
        """How the given rows differ from those of training."""
        if self.rows is None or self.rows.diagnosis is None:
            return ()
        return self.rows.diagnosis.findings

    @property
    def threshold(self) -> float | None:
        """Above which probability the second of two classes is predicted."""
        return getattr(self.model.predictor.target_encoder, "threshold", None)

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON-able values."""
        model = self.model
        summary = self.model.summary
        return {
            "madaline": model.version,
            "date": self.date.isoformat(),
            "target": summary.target,
            "task": summary.task,
            "verdict": verdict(model),
            "outcome": outcome_of_several(model),
            "of_quantiles": isinstance(model.predictor.loss, Quantiles),
            "outputs": [output.to_json() for output in self.outputs],
            "classes": class_labels(model),
            "threshold": self.threshold,
            "summary": summary.to_json(),
            "story": model.story().to_json(),
            "history": dict(model.history),
            "decisions": [decision.to_json() for decision in model.decisions],
            "columns": model.schema.to_json()["columns"],
            "profile": None if model.profile is None else model.profile.to_json(),
            "quality": None if model.quality is None else model.quality.to_json(),
            "importances": [importance.to_json() for importance in summary.importances],
            "findings": None if model.diagnosis is None else model.diagnosis.facts(),
            "rows": None if self.rows is None else self.rows.to_json(),
            "reproduce": asdict(how_to_reproduce(model)),
        }


def _scored(
    model: FittedModel, table: Table, target: Array | None, copies: Copies | None
) -> tuple[tuple[Score, ...], Quality | None, int]:
    """Return the scores of the rows that are new to the model, and how many others there are."""
    others = None if copies is None else copies.others
    if target is None or (copies is not None and copies.trained_on and others is None):
        return (), None, 0
    n_left_out = 0
    if others is not None:
        n_left_out = table.n_samples - len(others)
        table = table.take(others)
        target = target[others]
    output = model.predictor.output(table)
    scores = model.scores_of(model.predictor.decode(output), output, target)
    quality = quality_of_table(model.predictor, table, target, name=model.summary.target)
    return scores, in_unit(quality, model.schema.target), n_left_out


def verdict(model: FittedModel) -> list[str]:
    """Return what to know first: what is predicted, and whether anything was learned."""
    summary = model.summary
    labels = class_labels(model)
    outcome = (
        "a number"
        if labels is None
        else _("{n_labels} classes: {labels}").format(
            n_labels=len(labels), labels=format_list(labels)
        )
    )
    outcome = outcome_of_several(model) or outcome
    sentences = [
        _("Predicts {target} ({outcome}) from {columns}, learned from {rows}.").format(
            target=summary.target,
            outcome=outcome,
            columns=format_count(summary.n_columns, "column"),
            rows=format_count(summary.n_samples, "row"),
        )
    ]
    if not summary.learned:
        sentences.append(
            _(
                "The model is not clearly better than the baseline: the columns may hold no information about {target}, or {rows} are too few to show it."
            ).format(target=summary.target, rows=format_count(summary.n_samples, "row"))
        )
    return [
        *sentences,
        *(_("Warning: {leak}").format(leak=leak) for leak in summary.leak_sentences),
    ]


def outcome_of_several(model: FittedModel) -> str:
    """Return what is predicted where there are several outputs, in words; otherwise nothing."""
    names = [output.name for output in model.summary.outputs]
    if not names:
        return ""
    if len(model.target_names) == 1:
        return _("{n_names} quantiles of a number: {names}").format(
            n_names=len(names), names=format_list(names)
        )
    what = "labels" if model.summary.task == CLASSIFICATION else "numbers"
    return _("{n_names} {what}, predicted together").format(n_names=len(names), what=what)


def class_labels(model: FittedModel) -> list[str] | None:
    """Return the labels of a model's classes as text; None if it predicts numbers."""
    encoder = model.predictor.target_encoder
    if not isinstance(encoder, ClassEncoder):
        return None
    return [label_text(label) for label in encoder.classes.tolist()]


def _outputs(
    model: FittedModel,
    table: Table | None,
    target: Array | None,
    rows: str | None,
    names: Sequence[str] | None,
) -> list[OutputReport]:
    """Return what is known of the first of several outputs; nothing where there is one."""
    outputs = model.summary.outputs
    n_targets = len(model.target_names)
    if outputs and table is not None and target is not None:
        n_rows = table.n_samples
        if target.shape != ((n_rows,) if n_targets == 1 else (n_rows, n_targets)):
            raise InputError(
                "The target has the shape {shape} beside {rows}: give {values} for each row.",
                shape=target.shape,
                rows=format_count(n_rows, "row"),
                values=format_count(n_targets, "value"),
            )
    reports = []
    copies = None if table is None else model.copies(table, target)
    for index in range(min(_MAX_OUTPUTS, len(outputs))):
        output = model.of_output(index)
        of_rows = None
        truth = target[:, index] if n_targets > 1 and target is not None else target
        if table is not None:
            of_rows = RowsReport.of(output, table, truth, rows, names, copies, diagnose=False)
        reports.append(OutputReport(output, of_rows))
    return reports


def _rows_of_outputs(
    model: FittedModel, table: Table, outputs: Sequence[OutputReport]
) -> RowsReport:
    """Return what is known of the rows whichever output is predicted."""
    first = outputs[0].rows
    assert first is not None
    diagnosis = None if model.profile is None else model.diagnose(table)
    return RowsReport(first.what, first.n_rows, first.copies, diagnosis=diagnosis)


def _effects(model: FittedModel, table: Table) -> list[Effect]:
    """Return the effects of the columns that matter most and have more than one value here."""
    curves = []
    for name in important_columns(model, _MAX_EFFECTS):
        if name not in model.schema.single or len(set(table[name].tolist())) < 2:
            continue
        try:
            curves.append(effects(model, table, name))
        except InputError:  # one value and gaps
            continue
    return curves


def _interactions(model: FittedModel, table: Table) -> list[Interaction]:
    if len(model.predictor.encoder.columns) < 2 or table.n_samples < 2:
        return []
    return [pair for pair in interactions(model, table) if pair.clear][:_MAX_INTERACTIONS]


def _examples(
    model: FittedModel, table: Table, truth: Array | None, names: Sequence[str] | None
) -> list[Example]:
    """Return explanations of a few rows, compared with up to 100 rows of the table.

    They are those of the most confident, the median and the least confident prediction of a class,
    or of the highest, the median and the lowest number; and where the truth is known, of the most
    confident mistake or the largest error.
    """
    chosen = _chosen_rows(model, table, truth)
    rows = table.take(np.array(list(chosen.values())))
    explanation = explain(model, rows, background=table)
    predictions = model.predict(rows)
    return [
        Example(
            why,
            int(index),
            None if names is None else names[index],
            predictions[number : number + 1].tolist()[0],
            None if truth is None else truth[index : index + 1].tolist()[0],
            explanation.background,
            ExplainedRow.of(explanation, number),
        )
        for number, (why, index) in enumerate(chosen.items())
    ]


def _chosen_rows(model: FittedModel, table: Table, truth: Array | None) -> dict[str, int]:
    """Return the numbers of the rows to explain, by the reason to show them."""
    encoder = model.predictor.target_encoder
    if isinstance(encoder, ClassEncoder):
        probabilities = model.predict_proba(table)
        values = probabilities.max(axis=1)
        predicted = encoder.decode(probabilities)
        names = (
            "The most confident prediction",
            "The median prediction",
            "The least confident prediction",
        )
        worst = "The most confident mistake"
    else:
        values = predicted = model.predict(table)
        names = ("The highest prediction", "The median prediction", "The lowest prediction")
        worst = "The largest error"
    order = np.argsort(values, kind="stable")
    chosen = {
        name: int(order[rank]) for name, rank in zip(names, (-1, len(order) // 2, 0), strict=True)
    }
    if truth is not None:
        if isinstance(encoder, ClassEncoder):
            pairs = zip(predicted.tolist(), truth.tolist(), strict=True)
            error = values * [label_text(label) != label_text(true) for label, true in pairs]
        else:
            error = np.abs(predicted - as_numbers(model.summary.target, truth))
        error[is_missing(truth)] = 0
        if error.any():
            chosen[worst] = int(error.argmax())
    return chosen
