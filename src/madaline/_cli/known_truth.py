"""What the predictions of a table are worth if the table holds the target, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

from madaline._cli.sections import score_lines
from madaline._data.column import is_missing
from madaline._data.table import Table
from madaline._data.target import ClassEncoder
from madaline._evaluation.quality.classification import ClassificationQuality
from madaline._evaluation.score import Score
from madaline._evaluation.scores import class_index, label_text, score_predictions
from madaline._model import FittedModel
from madaline._words import WIDTH, clip_text, format_count, paragraph, printable
from madaline.nn.arrays import Array

_MAX_LABEL_WIDTH = 12
"""Characters of a class's name that the matrix shows."""

_MAX_PAIRS = 8
"""Confusions that are listed where the matrix is too wide."""


@final
@dataclass(frozen=True, eq=False)
class KnownTruth:
    """Scores and the confusion matrix of predictions whose truth is known."""

    target: str  # name of the target
    # rows with a true value, and how many of those have a class that the model does not know
    n_rows: int
    n_unknown: int
    # whether the model was trained on most of the rows; None if that cannot be told
    of_training: bool | None
    scores: tuple[Score, ...]  # at least one
    # of the rows of known classes; None for numbers, or if there is no such row
    quality: ClassificationQuality | None

    @classmethod
    def of(
        cls,
        model: FittedModel,
        table: Table,
        prediction: Array,
        output: Array,
        *,
        column: str | None = None,
    ) -> KnownTruth | None:
        """Evaluate predictions and raw outputs for a table; None if it does not hold the truth.

        The truth stands in the column that is named as the target, or in another.
        """
        predictor, target = model.predictor, model.summary.target
        column = target if column is None else column
        if column not in table or is_missing(table[column]).all():
            return None
        truth, encoder = table[column], predictor.target_encoder
        n_rows = int((~is_missing(truth)).sum())
        rows = model.known_rows
        of_training = None if rows is None else rows.hold(predictor, table)
        if not isinstance(encoder, ClassEncoder):
            scores = score_predictions(prediction, truth, loss=predictor.loss, name=target)
            return cls(target, n_rows, 0, of_training, scores, None)
        classes = encoder.classes
        scores = score_predictions(
            prediction, truth, loss=predictor.loss, name=target, classes=classes, output=output
        )
        index = class_index(classes, truth)
        known, quality = index >= 0, None
        if known.any():
            labels = [label_text(label) for label in classes.tolist()]
            probabilities = predictor.probabilities(output[known])
            chosen = encoder.choose(probabilities)
            quality = ClassificationQuality.of(
                labels, probabilities, index[known], predicted=chosen
            )
        return cls(target, n_rows, n_rows - int(known.sum()), of_training, scores, quality)

    def lines(self, *, remark: bool = True) -> Iterator[str]:
        """Yield the scores and the confusion matrix, and whether the scores are too good."""
        yield f"Scores of {self.target}, {format_count(self.n_rows, 'row')}:"
        yield from score_lines(self.scores)
        if self.n_unknown:
            have = "has a class" if self.n_unknown == 1 else "have classes"
            yield paragraph(
                f"{format_count(self.n_unknown, 'row')} {have} that the model was not trained on:"
                " they count as errors in the accuracy and are left out elsewhere."
            )
        if self.quality is not None:
            yield from confusion_lines(self.quality)
        if not remark:
            return
        if self.of_training is None:
            yield "These scores are too good if the model was trained on these rows."
        elif self.of_training:
            yield paragraph(
                "warning: the model was trained on most of these rows, so these scores are too"
                " good. `madaline info` prints the validation scores."
            )

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
    if not model.summary.outputs:
        known = KnownTruth.of(model, table, prediction, output)
        return [] if known is None else [known]
    n_outputs, found = len(model.summary.outputs), []
    columns = model.target_names * (n_outputs if len(model.target_names) == 1 else 1)
    for index, column in enumerate(columns):
        own = output[:, index : index + 1]
        view, values = model.of_output(index), prediction[:, index]
        found.append(KnownTruth.of(view, table, values, own, column=column))
    return [one for one in found if one is not None]


def confusion_lines(quality: ClassificationQuality) -> Iterator[str]:
    """Yield the confusion matrix, precision and recall; of many classes, what is confused most."""
    labels = [clip_text(printable(label), _MAX_LABEL_WIDTH, "...") for label in quality.classes]
    counts = [[f"{rows:,.0f}" for rows in row] for row in quality.matrix.tolist()]
    width = max(9, *map(len, labels), *(len(one) for row in counts for one in row)) + 2
    first = max(len("precision"), *map(len, labels)) + 2
    if 2 + first + width * (len(labels) + 1) > WIDTH:
        yield from _pairs(quality)
        return
    by_class = quality.by_class()
    yield "Confusion matrix (down: true class; across: predicted class):"
    yield f"  {'':<{first}}" + "".join(f"{label:>{width}}" for label in [*labels, "recall"])
    for label, row, one in zip(labels, counts, by_class, strict=True):
        cells = "".join(f"{cell:>{width}}" for cell in row)
        yield f"  {label:<{first}}{cells}{_share(one['recall']):>{width}}"
    precision = "".join(f"{_share(one['precision']):>{width}}" for one in by_class)
    yield f"  {'precision':<{first}}{precision}"


def _pairs(quality: ClassificationQuality) -> Iterator[str]:
    pairs = quality.confusions(_MAX_PAIRS)
    if not pairs:
        yield f"No two of the {len(quality.classes)} classes are confused."
        return
    yield f"Most frequent confusions of {len(quality.classes)} classes (--json: all):"
    for pair in pairs:
        true, predicted = (printable(pair[name]) for name in ("true", "predicted"))
        yield (
            f"  {clip_text(true, 24, '...')} predicted as {clip_text(predicted, 24, '...')}:"
            f" {pair['rows']:,.0f} ({pair['share']:.0%})"
        )


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
