"""`madaline predict`: from a fitted model and a table to predictions."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from madaline._cli.arguments import add_argument, add_json, add_model, add_spreadsheet, add_table
from madaline._cli.known_truth import KnownTruth, known_truths
from madaline._cli.output import check_destination, say_csv, say_json, writing
from madaline._cli.rows import FileRows, read_rows
from madaline._data.encoders.encoded import Encoded
from madaline._data.io.table_files import (
    check_ending,
    format_predictions,
    without_formulas,
    write_predictions,
)
from madaline._data.target import CLASSIFICATION, ClassEncoder, JointEncoder
from madaline._evaluation.conformal import check_coverage
from madaline._evaluation.scores import label_text
from madaline._model import FittedModel
from madaline._words import format_count, format_list, say
from madaline.errors import InputError
from madaline.nn.arrays import Array

HELP = "predict the rows of a table"

DESCRIPTION = """\
Predicts every row of a table, in its order, with a model that `madaline fit`
wrote. Columns that the model does not need are ignored. If the target is among
them, the scores and the confusion matrix are printed, too. With --skip-broken,
rows whose image or sound cannot be read have an empty prediction.
"""

EXAMPLES = """\
examples:
  madaline predict penguins.madaline new_penguins.csv
  madaline predict customers.madaline new.csv --id customer --proba -o out.csv
  cat new.csv | madaline predict customers.madaline - | head
  madaline predict houses.madaline new_houses.csv --coverage 0.9
  madaline predict pictures.madaline new_pictures/
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.usage = "madaline predict MODEL TABLE [-o OUT] [--id COLUMN] [--proba] [options]"
    add_model(parser)
    add_table(parser)
    text = "file to write: CSV, TSV, jsonl, Parquet or Feather (default: CSV to standard output)"
    add_argument(parser, "-o --output OUT", text)
    text = "columns to write in front of the predictions, such as a number of each row"
    add_argument(parser, "--id COLUMN ...", text)
    add_argument(parser, "--proba", "add a column with the probability of each class")
    text = (
        "add prediction intervals of a number, or prediction sets of classes, that contain the true"
        " value for this share of new rows"
    )
    add_argument(parser, "--coverage SHARE", text, type=_share)
    add_spreadsheet(parser)
    add_json(parser)


def run(arguments: Namespace) -> None:
    """Predict a table and write the predictions."""
    path = None if arguments.output in (None, "-") else Path(arguments.output)
    if path is not None:
        check_destination(path, sources=[arguments.model, arguments.table])
        check_ending(path)
    model = FittedModel.load(arguments.model)
    rows = _rows(model, arguments)
    encoded = model.predictor.encode(rows.table)
    output = model.predictor.output(encoded)
    prediction = model.predictor.decode(output)
    columns = dict(zip(model.output_names, _by_output(prediction), strict=True))
    if arguments.proba:
        columns |= _probability_columns(model, output)
    if arguments.coverage is not None:
        columns |= _coverage_columns(model, encoded, arguments.coverage)
    columns = rows.spread(columns)
    written = without_formulas(columns) if arguments.spreadsheet else columns
    if path is not None:
        with writing(path):
            write_predictions(path, written)
    _warn_of_unseen(encoded.unseen, model.predictor.encoder.categories)
    truths = known_truths(model, rows.table, prediction, output)
    if arguments.json:
        say_json(_facts(model, columns, encoded.unseen, truths, path))
    elif path is None:
        say_csv(format_predictions(written))
    if path is not None:
        say(f"Wrote {format_count(len(prediction), 'prediction')} to {path}.", sys.stderr)
    for truth in truths:
        say("\n".join(truth.lines(remark=truth is truths[-1])), sys.stderr)


def _rows(model: FittedModel, arguments: Namespace) -> FileRows:
    targets = model.target_names
    if arguments.proba and model.summary.task != "classification":
        raise InputError(
            f"{arguments.model} predicts a number, {model.summary.target}, which has no classes:"
            " leave out --proba."
        )
    for target in targets:
        if target in arguments.id:
            raise InputError(f"--id names {target}, which is predicted: name another column.")
    return read_rows(
        arguments.table,
        model,
        root=arguments.root,
        encoding=arguments.encoding,
        also=targets,
        carry=list(dict.fromkeys(arguments.id)),
        skip_broken=arguments.skip_broken,
    )


def _warn_of_unseen(unseen: Mapping[str, int], categories: Sequence[str]) -> None:
    """Warn of categories and texts that were not in training."""
    of_categories = {name: number for name, number in unseen.items() if name in categories}
    of_texts = {name: number for name, number in unseen.items() if name not in categories}
    for what, counts in (
        ("categories never seen in training", of_categories),
        ("texts without any word seen in training", of_texts),
    ):
        if counts:
            columns = format_list(
                f"{name} in {format_count(number, 'row')}" for name, number in counts.items()
            )
            say(f"warning: {what}, treated as unknown: {columns}.", sys.stderr)


def _probability_columns(model: FittedModel, output: Array) -> dict[str, Array]:
    probabilities = model.predictor.probabilities(output)
    if model.summary.outputs:
        named = zip(model.output_names, probabilities.T, strict=True)
        return {f"probability_{name}": values for name, values in named}
    classes: Any = model.predictor.target_encoder
    return {
        f"probability_{label_text(label)}": probabilities[:, index]
        for index, label in enumerate(classes.classes)
    }


def _by_output(values: Array) -> Sequence[Array]:
    """Return the only output, or each of several."""
    return [values] if values.ndim == 1 else list(values.T)


def _coverage_columns(model: FittedModel, encoded: Encoded, coverage: float) -> dict[str, Array]:
    """Return the bounds of each row's interval, or the labels of its set in one text."""
    of_classes, encoder = model.summary.task == CLASSIFICATION, model.predictor.target_encoder
    covered = (model.predict_set if of_classes else model.predict_interval)(encoded, coverage)
    several = isinstance(encoder, JointEncoder) and covered.ndim == 3
    encoders = encoder.encoders if isinstance(encoder, JointEncoder) else [encoder]
    each = np.moveaxis(covered, 1, 0) if several else [covered]
    columns: dict[str, Array] = {}
    for name, target, values in zip(model.target_names, encoders, each, strict=False):
        if isinstance(target, ClassEncoder):
            columns[f"{name}_set"] = _set_texts(target, values)
        else:
            columns |= {f"{name}_low": values[:, 0], f"{name}_high": values[:, 1]}
    return columns


def _set_texts(encoder: ClassEncoder, sets: Array) -> Array:
    labels = np.array([label_text(label) for label in encoder.classes], dtype=object)
    texts = np.empty(len(sets), dtype=object)
    texts[:] = [" | ".join(labels[chosen]) for chosen in sets]
    return texts


def _share(text: str) -> float:
    """Return a coverage, for argparse."""
    try:
        return check_coverage(float(text))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no share between 0 and 1, such as 0.9") from None


def _facts(
    model: FittedModel,
    columns: Mapping[str, Array],
    unseen: Mapping[str, int],
    truths: Sequence[KnownTruth],
    path: Path | None,
) -> dict[str, Any]:
    only = truths[0] if len(truths) == 1 and not model.summary.outputs else None
    facts = {
        "target": model.summary.target,
        "n_samples": len(columns[model.output_names[0]]),
        "unseen": dict(unseen),
        "scores": [] if only is None else [score.to_json() for score in only.scores],
        "confusion": None if only is None else only.matrix(),
        "trained_on": truths[0].of_training if truths else None,
    }
    if model.summary.outputs:
        facts["outputs"] = [
            {"target": truth.target, "scores": [score.to_json() for score in truth.scores]}
            for truth in truths
        ]
    if path is not None:
        return facts | {"output": str(path)}
    return facts | {"columns": {name: values.tolist() for name, values in columns.items()}}
