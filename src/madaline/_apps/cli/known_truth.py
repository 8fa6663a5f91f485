"""Scores and the confusion matrix of predictions in a table that holds the truth, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, final

from madaline._apps.cli.sections import clipped, score_lines
from madaline._base.language import _, translate_word
from madaline._base.language.widths import align, display_width
from madaline._base.words import (
    WIDTH,
    format_count,
    format_share,
    metric_name,
    paragraph,
)
from madaline._models.model import FittedModel
from madaline._models.model.known_rows import Copies
from madaline._race.evaluation.quality.classification import ClassificationQuality
from madaline._race.evaluation.score import Score
from madaline._race.evaluation.scores import class_index, label_text
from madaline._tables.column import is_missing
from madaline._tables.table import Table
from madaline._tables.target import ClassEncoder
from madaline.nn.arrays import Array

_MAX_LABEL_WIDTH = 12  # characters of a class's name that the matrix shows
_MAX_PAIRS = 8  # confusions that are listed where the matrix is too wide


@final
@dataclass(frozen=True, eq=False)
class KnownTruth:
    """Scores and the confusion matrix of predictions whose truth is known."""

    target: str  # name of the target
    n_rows: int  # scored rows: those with a true value
    n_left_out: int  # more such rows, which are copies of training rows
    copies: Copies | None  # which rows were trained on; None if that cannot be told
    n_unknown: int = 0  # scored rows of classes that the model does not know
    scores: tuple[Score, ...] = ()  # at least one
    # of the rows of known classes; None for numbers, or if there is no such row
    quality: ClassificationQuality | None = None
    promised: Score | None = None  # what the fit promised of later rows

    @classmethod
    def of(
        cls,
        model: FittedModel,
        table: Table,
        column: str,
        prediction: Array,
        output: Array,
        copies: Copies | None,
    ) -> KnownTruth | None:
        """Evaluate predictions and raw outputs by a column; None if it does not hold the truth.

        Copies of training rows are left out where others can be told from them.
        """
        if column not in table or is_missing(table[column]).all():
            return None
        truth, n_left_out = table[column], 0
        others = None if copies is None else copies.others
        if others is not None and not is_missing(truth[others]).all():
            n_left_out = int((~is_missing(truth)).sum() - (~is_missing(truth[others])).sum())
            truth, prediction, output = (rows[others] for rows in (truth, prediction, output))
        scored = cls(
            model.summary.target,
            n_rows=int((~is_missing(truth)).sum()),
            n_left_out=n_left_out,
            copies=copies,
        )
        return scored._evaluated(model, truth, prediction, output)

    def _evaluated(
        self, model: FittedModel, truth: Array, prediction: Array, output: Array
    ) -> KnownTruth:
        scored = replace(self, scores=model.scores_of(prediction, output, truth))
        encoder = model.predictor.target_encoder
        if not isinstance(encoder, ClassEncoder):
            return scored
        classes = encoder.classes
        index = class_index(classes, truth)
        known, quality = index >= 0, None
        if known.any():
            labels = [label_text(label) for label in classes.tolist()]
            shares = model.predictor.probabilities(output[known])
            chosen = encoder.choose(shares)
            quality = ClassificationQuality.of(labels, shares, index[known], predicted=chosen)
        n_unknown = self.n_rows - int(known.sum())
        return replace(scored, quality=quality, n_unknown=n_unknown)

    @property
    def of_training(self) -> bool | None:
        """Whether most of the rows were trained on; None if that cannot be told."""
        return None if self.copies is None else self.copies.trained_on

    def lines(self, *, remark: bool = True) -> Iterator[str]:
        """Yield the scores and the confusion matrix, and whether the scores are too good."""
        yield _("Scores of {target}, {rows}:").format(
            target=self.target, rows=format_count(self.n_rows, "row")
        )
        yield from score_lines(self.scores)
        if self.promised is not None and (self.n_left_out or not self.of_training):
            yield _("The fit promised a {name} of {promised} on later rows.").format(
                name=metric_name(self.promised.metric), promised=self.promised.estimate
            )
        if self.n_unknown:
            have = "has a class" if self.n_unknown == 1 else "have classes"
            yield paragraph(
                _(
                    "{rows} {have} that the model was not trained on: they count as errors in the accuracy and are left out elsewhere."
                ).format(rows=format_count(self.n_unknown, "row"), have=have)
            )
        if self.quality is not None:
            yield from confusion_lines(self.quality)
        if remark:
            yield from self._remark()

    def _remark(self) -> Iterator[str]:
        if self.copies is None:
            yield "These scores are too good if the model was trained on these rows."
        elif self.n_left_out:
            are = "more row is a copy" if self.n_left_out == 1 else "more rows are copies"
            yield paragraph(
                _("{n_left_out:,} {are} of training rows, target included, and not scored.").format(
                    n_left_out=self.n_left_out, are=are
                )
            )
        elif self.copies.trained_on:
            yield paragraph(
                "warning: the model was trained on most of these rows, so these scores are too"
                " good. `madaline info` prints the validation scores."
            )
        elif self.copies.some:
            share = format_share(self.copies.share, 0 if self.copies.share >= 0.01 else 1)
            yield paragraph(
                _(
                    "warning: the model seems to have been trained on {share} of these rows, and this part of the scores is too good."
                ).format(share=share)
            )
        elif self.copies.trained_on is None:
            yield "These scores are too good if the model was trained on these rows."

    def matrix(self) -> dict[str, Any] | None:
        """Return the confusion matrix and the scores of each class, JSON-able."""
        if self.quality is None:
            return None
        return {
            "classes": list(self.quality.classes),
            "matrix": self.quality.matrix.tolist(),
            "by_class": self.quality.by_class(),
        }


def known_truths(
    model: FittedModel, table: Table, prediction: Array, output: Array
) -> list[KnownTruth]:
    """Return what is known of the only target, or of each of several that the table holds."""
    n_outputs, first = len(model.summary.outputs), model.target_names[0]
    truth_of_first = table[first] if first in table.names else None
    copies = model.copies(table, truth_of_first)
    if not n_outputs:
        truth = KnownTruth.of(model, table, model.summary.target, prediction, output, copies)
        promised = model.summary.promised
        truths = [None if truth is None else replace(truth, promised=promised)]
    else:
        columns = model.target_names * (n_outputs if len(model.target_names) == 1 else 1)
        truths = [
            KnownTruth.of(
                model.of_output(k), table, column, prediction[:, k], output[:, k : k + 1], copies
            )
            for k, column in enumerate(columns)
        ]
    return [truth for truth in truths if truth is not None]


def confusion_lines(quality: ClassificationQuality) -> Iterator[str]:
    """Yield the confusion matrix, precision and recall; of many classes, what is confused most."""
    labels = [clipped(label, _MAX_LABEL_WIDTH) for label in quality.classes]
    counts = [[f"{rows:,.0f}" for rows in row] for row in quality.matrix.tolist()]
    widest = max(len(count) for row in counts for count in row)
    width = max(9, *map(display_width, labels), widest)
    recall, precision = translate_word("recall"), translate_word("precision")
    first = max(display_width(precision), *map(display_width, labels))
    if 4 + first + (width + 2) * (len(labels) + 1) > WIDTH:
        yield from _pairs(quality)
        return
    by_class = quality.by_class()
    yield "Confusion matrix (down: true class; across: predicted class):"
    rows = [["", *labels, recall]]
    for label, row, scores in zip(labels, counts, by_class, strict=True):
        rows.append([label, *row, format_share(scores["recall"])])
    rows.append([precision, *(format_share(scores["precision"]) for scores in by_class), ""])
    columns = range(1, len(labels) + 2)
    yield from align(
        rows, right=columns, widths=[first + 2, *(width for __ in columns)], start="  "
    )


def _pairs(quality: ClassificationQuality) -> Iterator[str]:
    pairs = quality.confusions(_MAX_PAIRS)
    if not pairs:
        yield _("No two of the {n_classes} classes are confused.").format(
            n_classes=len(quality.classes)
        )
        return
    yield _("Most frequent confusions of {n_classes} classes (--json: all):").format(
        n_classes=len(quality.classes)
    )
    for pair in pairs:
        confusion = _("{true} predicted as {predicted}").format(
            true=clipped(pair["true"], 24), predicted=clipped(pair["predicted"], 24)
        )
        yield f"  {confusion}: {pair['rows']:,.0f} ({pair['share']:.0%})"
