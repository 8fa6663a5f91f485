"""`madaline predict`: from a fitted model and a table to predictions."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from madaline.cli.destination import check_destination, unwritable
from madaline.cli.report import finite, score_lines
from madaline.cli.rows import add_rows_arguments, read_rows
from madaline.cli.words import paragraph, say
from madaline.data.encoders.encoded import Encoded
from madaline.data.io.table_files import format_predictions, write_predictions
from madaline.data.table import Table
from madaline.data.target import ClassEncoder
from madaline.errors import InputError
from madaline.evaluation.conformal.scores import check_coverage
from madaline.evaluation.table_score import label_text, score_predictions
from madaline.model import FittedModel
from madaline.nn.arrays import Array
from madaline.words import count, some

HELP = "predict the rows of a table"

DESCRIPTION = """\
Predicts every row of a table, in its order, with a model that `madaline fit`
wrote. Columns that the model does not need are ignored; if the column that it
predicts is among them, the predictions are also scored. With --skip-broken,
rows whose image or sound cannot be read have an empty prediction.
"""

EXAMPLES = """\
examples:
  madaline predict penguins.madaline new_penguins.csv
  madaline predict penguins.madaline new_penguins.csv --proba -o out.parquet
  madaline predict houses.madaline new_houses.csv --coverage 0.9
  madaline predict pictures.madaline new_pictures/
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Tell the parser what can be typed."""
    parser.usage = "madaline predict MODEL TABLE [-o OUT] [--proba] [--coverage SHARE] [options]"
    parser.add_argument("model", metavar="MODEL", help="a file that `madaline fit` wrote")
    parser.add_argument(
        "table",
        metavar="TABLE",
        help="CSV, TSV or Parquet file, gzip too; or images or sounds in a folder",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="CSV, TSV or Parquet file to write, gzip too; by default CSV to standard output",
    )
    parser.add_argument(
        "--proba", action="store_true", help="add a column with the probability of each class"
    )
    parser.add_argument(
        "--coverage",
        metavar="SHARE",
        type=_share,
        help="add what holds the truth of this share of new rows: lower and upper bounds of a"
        " number, or a set of classes",
    )
    add_rows_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: Namespace) -> None:
    """Predict a table and write the predictions."""
    path = None if arguments.output is None else Path(arguments.output)
    if path is not None:
        check_destination(path, sources=[arguments.model, arguments.table])
    model = FittedModel.load(arguments.model)
    if arguments.proba and model.summary.task != "classification":
        raise InputError(
            f"{arguments.model} predicts a number, {model.summary.target}, which has no classes:"
            " leave out --proba."
        )
    rows = read_rows(
        arguments.table, model, also=[model.summary.target], skip_broken=arguments.skip_broken
    )
    table = rows.table
    encoded = model.predictor.encode(table)
    output = model.predictor.output(encoded)
    prediction = model.predictor.decode(output)
    columns: dict[str, Array] = {model.summary.target: prediction}
    if arguments.proba:
        columns |= _probability_columns(model, output)
    if arguments.coverage is not None:
        columns |= _coverage_columns(model, encoded, arguments.coverage)
    columns = rows.spread(columns)
    if path is not None:
        _write(path, columns)
    _warn_of_unseen(encoded.unseen, model.predictor.encoder.categories)
    scores = _score(model, table, prediction)
    if arguments.json:
        say(_as_json(model.summary.target, columns, encoded.unseen, scores, path), sys.stdout)
    elif path is None:
        _print_csv(columns)
    if path is not None:
        say(f"Wrote {count(len(prediction), 'prediction')} to {path}.", sys.stderr)


def _warn_of_unseen(unseen: Mapping[str, int], categories: Sequence[str]) -> None:
    """Say where there are categories and texts that the model cannot know anything about."""
    of_categories = {name: number for name, number in unseen.items() if name in categories}
    of_texts = {name: number for name, number in unseen.items() if name not in categories}
    for what, counts in (
        ("categories never seen in training", of_categories),
        ("texts without any word seen in training", of_texts),
    ):
        if counts:
            places = some(f"{name} in {count(number, 'row')}" for name, number in counts.items())
            say(f"warning: {what}, treated as unknown: {places}.", sys.stderr)


def _probability_columns(model: FittedModel, output: Array) -> dict[str, Array]:
    probabilities = model.predictor.probabilities(output)
    classes: Any = model.predictor.target_encoder
    return {
        f"probability_{label_text(label)}": probabilities[:, place]
        for place, label in enumerate(classes.classes)
    }


def _coverage_columns(model: FittedModel, encoded: Encoded, coverage: float) -> dict[str, Array]:
    """Return the bounds of each row's interval, or the labels of its set in one text."""
    target, target_encoder = model.summary.target, model.predictor.target_encoder
    if not isinstance(target_encoder, ClassEncoder):
        low, high = model.predict_interval(encoded, coverage).T
        return {f"{target}_low": low, f"{target}_high": high}
    labels = np.array([label_text(label) for label in target_encoder.classes], dtype=object)
    sets = model.predict_set(encoded, coverage)
    texts = np.empty(len(sets), dtype=object)
    texts[:] = [" | ".join(labels[chosen]) for chosen in sets]
    return {f"{target}_set": texts}


def _share(text: str) -> float:
    """Return a coverage, for argparse."""
    try:
        return check_coverage(float(text))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no share between 0 and 1, such as 0.9") from None


def _score(model: FittedModel, table: Table, prediction: Array) -> list[dict[str, Any]]:
    summary = model.summary
    if summary.target not in table:
        return []
    truth = table[summary.target]
    scores = score_predictions(prediction, truth, loss=model.predictor.loss, name=summary.target)
    if scores:
        say(
            paragraph(
                f"The table holds {summary.target} too; scores on its rows, which flatter where the"
                " model learned from them:"
            ),
            sys.stderr,
        )
        say("\n".join(score_lines(scores)), sys.stderr)
    return [score.to_json() for score in scores]


def _write(path: Path, columns: Mapping[str, Array]) -> None:
    try:
        write_predictions(path, columns)
    except OSError as error:
        raise unwritable(path, error) from None


def _as_json(
    target: str,
    columns: Mapping[str, Array],
    unseen: Mapping[str, int],
    scores: list[dict[str, Any]],
    path: Path | None,
) -> str:
    result: dict[str, Any] = {
        "target": target,
        "n_samples": len(columns[target]),
        "unseen": dict(unseen),
        "scores": scores,
    }
    if path is not None:
        return json.dumps(finite(result | {"output": str(path)}))
    lists = {name: values.tolist() for name, values in columns.items()}
    return json.dumps(finite(result | {"columns": lists}))


def _print_csv(columns: Mapping[str, Array]) -> None:
    """Write CSV in UTF-8, whatever the encoding of the terminal: it is a file, not talk."""
    if sys.stdout is not None:
        sys.stdout.flush()
        sys.stdout.buffer.write(format_predictions(columns))
