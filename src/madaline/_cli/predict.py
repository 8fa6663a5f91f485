"""`madaline predict`: from a fitted model and a table to predictions, and what they are worth."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

from madaline._cli.console import (
    Commands,
    check_destination,
    coverage,
    say_csv,
    say_json,
    tell,
    writing,
)
from madaline._cli.many_predictions import predict_by_group
from madaline._cli.reading import load_model, open_model_rows, write_parts
from madaline._cli.sections import clipped, score_lines
from madaline._data.column import is_missing
from madaline._data.io.table_files import (
    check_ending,
    format_predictions,
    without_formulas,
    write_predictions,
)
from madaline._data.io.tensor_file import MODELS, is_of_kind
from madaline._data.table import Table
from madaline._data.target import ClassEncoder
from madaline._evaluation.quality.classification import ClassificationQuality
from madaline._evaluation.score import Score
from madaline._evaluation.scores import class_index, label_text
from madaline._language.translation import translate_word
from madaline._language.widths import display_width, pad, pad_left
from madaline._model import FittedModel
from madaline._model.known_rows import Copies
from madaline._model.predictions import Predictions
from madaline._words import (
    WIDTH,
    format_count,
    format_estimate,
    format_list,
    format_share,
    metric_name,
    paragraph,
)
from madaline.errors import InputError
from madaline.nn.arrays import Array


def add_predict(commands: Commands) -> None:
    """Add `madaline predict`."""
    arguments = commands.add(
        "predict",
        _predict,
        "predict the rows of a table",
        """
        Predicts every row of a table, in its order, with a model that `madaline fit`
        wrote, or with that of its group (fit --by). Columns that the model does not need
        are ignored. If the target is among them, the scores and the confusion matrix are
        printed, too. With --skip-broken, rows whose image or sound cannot be read have
        an empty prediction. Tables of any size are read and written block by block, and
        go on where they stopped; for models of many groups, one file is read as a whole.

        examples:
          madaline predict penguins.madaline new_penguins.csv
          madaline predict customers.madaline new.csv --id customer --proba -o out.csv
          cat new.csv | madaline predict customers.madaline - | head
          madaline predict houses.madaline new_houses.csv --coverage 0.9
          madaline predict pictures.madaline new_pictures/
          madaline predict sales.madaline "sales/*.parquet" -o predicted.parquet
        """,
        usage="madaline predict MODEL TABLE [-o OUT] [--id COLUMN] [--proba] [options]",
    )
    arguments.add_model()
    arguments.add_table()
    text = "file to write: CSV, TSV, jsonl, Parquet or Feather (default: CSV to standard output)"
    arguments.add("-o --output OUT", text)
    text = "columns to write in front of the predictions, such as a number of each row"
    arguments.add("--id COLUMN ...", text)
    arguments.add("--proba", "add a column with the probability of each class")
    text = "add prediction intervals of a number, or prediction sets of classes, that contain the"
    text += " true value for this share of new rows"
    arguments.add("--coverage SHARE", text, type=coverage)
    arguments.add_spreadsheet()
    arguments.add_json()


def _predict(arguments: Namespace) -> None:
    path = None if arguments.output in (None, "-") else Path(arguments.output)
    if path is not None:
        check_destination(path, sources=[arguments.model, arguments.table])
        check_ending(path)
    if arguments.group is None and is_of_kind(arguments.model, MODELS):
        _predict_by_group(arguments, path)
        return
    model = load_model(arguments)
    _check_columns(model, arguments)
    carry = list(dict.fromkeys(arguments.id))
    rows = open_model_rows(arguments, model, also=model.target_names, carry=carry)
    if rows.in_blocks and path is None and arguments.json:
        raise InputError(
            f"{arguments.table} is too large for one JSON object: name a file with -o."
        )
    predictions = Predictions(
        rows,
        probabilities=arguments.proba,
        coverage=arguments.coverage,
        spreadsheet=arguments.spreadsheet,
    )
    columns = _write(predictions, path, as_csv=not arguments.json)
    _tell_of(predictions, path, columns, arguments)


def _write(predictions: Predictions, path: Path | None, *, as_csv: bool) -> dict[str, Array]:
    """Write predictions to a file, or print them; return those of the last block."""
    columns: dict[str, Array] = {}
    if path is not None and predictions.rows.in_blocks:
        write_parts(path, predictions.key, predictions.rows, predictions.write)
        return columns
    for number, columns in enumerate(predictions.columns()):
        written = predictions.written(columns)
        if path is not None:
            with writing(path):
                write_predictions(path, written)
        elif as_csv:
            say_csv(format_predictions(written, header=number == 0))
    return columns


def _tell_of(
    predictions: Predictions,
    path: Path | None,
    columns: Mapping[str, Array],
    arguments: Namespace,
) -> None:
    """Say what the model does not know, and how good predictions are where the truth is known."""
    model, scored = predictions.rows.model, predictions.scored
    _warn_of_unseen(predictions.unseen, model.predictor.encoder.categories)
    truths = list[KnownTruth]()
    if scored is not None:
        truths = _known_truths(model, scored.table, scored.prediction, scored.output)
    if arguments.json:
        facts = _facts(model, predictions.n_rows, predictions.unseen, truths)
        lists = {name: values.tolist() for name, values in columns.items()}
        say_json(facts | ({"output": str(path)} if path is not None else {"columns": lists}))
    if path is not None:
        tell(f"Wrote {format_count(predictions.n_readable, 'prediction')} to {path}.")
    if scored is not None and truths and scored.table.n_samples < predictions.n_readable:
        n_scored = scored.table.n_samples
        tell(paragraph(f"Scored are {n_scored:,} of {predictions.n_rows:,} rows, drawn at random."))
    for truth in truths:
        tell(*truth.lines(remark=truth is truths[-1]))


def _predict_by_group(arguments: Namespace, path: Path | None) -> None:
    """Predict every row by the model of its group."""
    predicted = predict_by_group(arguments)
    columns = predicted.columns
    written = without_formulas(columns) if arguments.spreadsheet else columns
    if path is not None:
        with writing(path):
            write_predictions(path, written)
    if predicted.without:
        tell(paragraph(f"warning: {predicted.without}"))
    _warn_of_unseen(predicted.unseen, predicted.categories)
    if arguments.json:
        facts = {"target": predicted.target, "n_samples": predicted.n_rows}
        facts |= {"unseen": predicted.unseen, "without_model": predicted.without}
        facts |= {"scores": [score.to_json() for score in predicted.scores]}
        lists = {name: values.tolist() for name, values in columns.items()}
        say_json(facts | ({"output": str(path)} if path is not None else {"columns": lists}))
    elif path is None:
        say_csv(format_predictions(written))
    if path is not None:
        tell(f"Wrote {format_count(predicted.n_rows, 'prediction')} to {path}.")
    if predicted.scores:
        truth = KnownTruth(
            predicted.target,
            predicted.n_scored,
            predicted.n_left_out,
            predicted.copies,
            scores=predicted.scores,
        )
        tell(*truth.lines())


def _check_columns(model: FittedModel, arguments: Namespace) -> None:
    if arguments.proba and model.summary.task != "classification":
        raise InputError(
            f"{arguments.model} predicts a number, {model.summary.target}, which has no classes:"
            " leave out --proba."
        )
    for target in model.target_names:
        if target in arguments.id:
            raise InputError(f"--id names {target}, which is predicted: name another column.")


def _warn_of_unseen(unseen: Mapping[str, int], categories: Sequence[str]) -> None:
    """Warn of categories and texts that the model does not know."""
    for what, are_categories in (
        ("categories that the model does not know", True),
        ("texts without any word that the model knows", False),
    ):
        names = [name for name in unseen if (name in categories) is are_categories]
        if names:
            columns = format_list(
                f"{name} in {format_count(unseen[name], 'row')}" for name in names
            )
            tell(f"warning: {what}: {columns}.")


def _facts(
    model: FittedModel, n_rows: int, unseen: Mapping[str, int], truths: Sequence[KnownTruth]
) -> dict[str, Any]:
    only = truths[0] if len(truths) == 1 and not model.summary.outputs else None
    facts = {
        "target": model.summary.target,
        "n_samples": n_rows,
        "unseen": dict(unseen),
        "scores": [] if only is None else [score.to_json() for score in only.scores],
        "confusion": None if only is None else only.matrix(),
        "trained_on": truths[0].of_training if truths else None,
        "n_left_out": truths[0].n_left_out if truths else 0,
    }
    if model.summary.outputs:
        facts["outputs"] = [
            {"target": truth.target, "scores": [score.to_json() for score in truth.scores]}
            for truth in truths
        ]
    return facts


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
        yield f"Scores of {self.target}, {format_count(self.n_rows, 'row')}:"
        yield from score_lines(self.scores)
        if self.promised is not None and (self.n_left_out or not self.of_training):
            name, error = metric_name(self.promised.metric), self.promised.standard_error
            promised = format_estimate(self.promised.value, error)
            yield f"The fit promised a {name} of {promised} on later rows."
        if self.n_unknown:
            have = "has a class" if self.n_unknown == 1 else "have classes"
            yield paragraph(
                f"{format_count(self.n_unknown, 'row')} {have} that the model was not trained on:"
                " they count as errors in the accuracy and are left out elsewhere."
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
                f"{self.n_left_out:,} {are} of training rows, target included, and not scored."
            )
        elif self.copies.trained_on:
            yield paragraph(
                "warning: the model was trained on most of these rows, so these scores are too"
                " good. `madaline info` prints the validation scores."
            )
        elif self.copies.some:
            share = format_share(self.copies.share, 0 if self.copies.share >= 0.01 else 1)
            yield paragraph(
                f"warning: the model seems to have been trained on {share} of these"
                " rows, and this part of the scores is too good."
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


def _known_truths(
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
    width = max(9, *map(display_width, labels), widest) + 2
    recall, precision = translate_word("recall"), translate_word("precision")
    first = max(display_width(precision), *map(display_width, labels)) + 2
    if 2 + first + width * (len(labels) + 1) > WIDTH:
        yield from _pairs(quality)
        return
    by_class = quality.by_class()
    yield "Confusion matrix (down: true class; across: predicted class):"
    yield f"  {'':<{first}}" + "".join(pad_left(label, width) for label in [*labels, recall])
    for label, row, scores in zip(labels, counts, by_class, strict=True):
        cells = "".join(f"{cell:>{width}}" for cell in row)
        yield f"  {pad(label, first)}{cells}{format_share(scores['recall']):>{width}}"
    cells = "".join(f"{format_share(scores['precision']):>{width}}" for scores in by_class)
    yield f"  {pad(precision, first)}{cells}"


def _pairs(quality: ClassificationQuality) -> Iterator[str]:
    pairs = quality.confusions(_MAX_PAIRS)
    if not pairs:
        yield f"No two of the {len(quality.classes)} classes are confused."
        return
    yield f"Most frequent confusions of {len(quality.classes)} classes (--json: all):"
    for pair in pairs:
        confusion = f"{clipped(pair['true'], 24)} predicted as {clipped(pair['predicted'], 24)}"
        yield f"  {confusion}: {pair['rows']:,.0f} ({pair['share']:.0%})"
