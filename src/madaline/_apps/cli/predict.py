"""`madaline predict`: from a fitted model and a table to predictions, and what they are worth."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from madaline._apps.cli.console import (
    check_destination,
    say_csv,
    say_json,
    tell,
    writing,
)
from madaline._apps.cli.known_truth import KnownTruth, known_truths
from madaline._apps.cli.many_predictions import predict_by_group
from madaline._apps.cli.options import (
    JSON,
    MODEL,
    SPREADSHEET,
    Command,
    Option,
    coverage,
    table_of_model,
)
from madaline._apps.cli.reading import check_written, load_model, open_model_rows, write_parts
from madaline._base.language import _
from madaline._base.words import (
    format_count,
    format_list,
    paragraph,
)
from madaline._models.model import FittedModel
from madaline._models.model.predictions import Predictions
from madaline._tables.io.table_files import (
    check_ending,
    format_predictions,
    without_formulas,
    write_predictions,
)
from madaline._tables.io.tensor_file import MODELS, is_of_kind
from madaline.errors import InputError
from madaline.nn.arrays import Array


@final
@dataclass(frozen=True, eq=False)
class _Outcome:
    """What is told of predictions beside themselves."""

    columns: Mapping[str, Array]  # of the only block, or of the last
    n_rows: int
    n_readable: int  # of these, those whose files could be read
    unseen: Mapping[str, int]  # in how many rows a category has a level that no training row had
    categories: Sequence[str]
    truths: Sequence[KnownTruth]
    facts: Mapping[str, Any]
    n_scored: int | None = None  # where some rows were drawn
    warning: str = ""


# fmt: off
PREDICT = Command(
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
    (
        *MODEL,
        *table_of_model(),
        Option("-o --output OUT", "file to write: CSV, TSV, jsonl, Parquet or Feather (default: CSV to standard output)"),
        Option("--id COLUMN ...", "columns to write in front of the predictions, such as a number of each row"),
        Option("--proba", "add a column with the probability of each class"),
        Option("--coverage SHARE", "add prediction intervals of a number, or prediction sets of classes, that contain the true value for this share of new rows", type=coverage),
        SPREADSHEET,
        JSON,
    ),
    usage="madaline predict MODEL TABLE [-o OUT] [--id COLUMN] [--proba] [options]",
)
# fmt: on


def run_predict(arguments: Namespace) -> None:
    path = None if arguments.output in (None, "-") else Path(arguments.output)
    if path is not None:
        check_destination(path, sources=[arguments.model, arguments.table])
        check_ending(path)
    by_group = arguments.group is None and is_of_kind(arguments.model, MODELS)
    outcome = (_by_group if by_group else _by_one_model)(arguments, path)
    if outcome.warning:
        tell(paragraph(_("warning: {warning}").format(warning=outcome.warning)))
    _warn_of_unseen(outcome.unseen, outcome.categories)
    if arguments.json:
        lists = {name: values.tolist() for name, values in outcome.columns.items()}
        written = {"columns": lists} if path is None else {"output": str(path)}
        say_json({**outcome.facts, **written})
    if path is not None:
        tell(
            _("Wrote {predictions} to {path}.").format(
                predictions=format_count(outcome.n_readable, "prediction"), path=path
            )
        )
    if outcome.truths and outcome.n_scored is not None:
        n_scored, n_rows = outcome.n_scored, outcome.n_rows
        tell(
            paragraph(
                _("Scored are {n_scored:,} of {n_rows:,} rows, drawn at random.").format(
                    n_scored=n_scored, n_rows=n_rows
                )
            )
        )
    for truth in outcome.truths:
        tell(*truth.lines(remark=truth is outcome.truths[-1]))


def _by_one_model(arguments: Namespace, path: Path | None) -> _Outcome:
    """Predict every row, block by block."""
    model = load_model(arguments)
    check_written(arguments, model.summary.task, model.summary.target, model.target_names)
    carry = list(dict.fromkeys(arguments.id))
    rows = open_model_rows(arguments, model, also=model.target_names, carry=carry)
    if rows.in_blocks and path is None and arguments.json:
        raise InputError(
            "{table} is too large for one JSON object: name a file with -o.", table=arguments.table
        )
    predictions = Predictions(
        rows,
        probabilities=arguments.proba,
        coverage=arguments.coverage,
        spreadsheet=arguments.spreadsheet,
    )
    columns: Mapping[str, Array] = {}
    if path is not None and rows.in_blocks:
        write_parts(path, predictions.key, rows, predictions.write)
    else:
        columns = _write(predictions.columns(), path, arguments)
    return _outcome_of(predictions, columns)


def _outcome_of(predictions: Predictions, columns: Mapping[str, Array]) -> _Outcome:
    """Return what is known of predictions that are written."""
    model, scored = predictions.rows.model, predictions.scored
    truths: list[KnownTruth] = []
    if scored is not None:
        truths = known_truths(model, scored.table, scored.prediction, scored.output)
    n_readable = predictions.n_readable
    n_scored = n_readable if scored is None else scored.table.n_samples
    return _Outcome(
        columns,
        predictions.n_rows,
        n_readable,
        predictions.unseen,
        model.predictor.encoder.categories,
        truths,
        _facts(model, predictions.n_rows, predictions.unseen, truths),
        n_scored if n_scored < n_readable else None,
    )


def _by_group(arguments: Namespace, path: Path | None) -> _Outcome:
    """Predict every row by the model of its group."""
    predicted = predict_by_group(arguments)
    _write([predicted.columns], path, arguments)
    scores = [score.to_json() for truth in predicted.truths for score in truth.scores]
    facts = {"target": predicted.target, "n_samples": predicted.n_rows}
    facts |= {"unseen": predicted.unseen, "without_model": predicted.without, "scores": scores}
    return _Outcome(
        predicted.columns,
        predicted.n_rows,
        predicted.n_rows,
        predicted.unseen,
        predicted.categories,
        predicted.truths,
        facts,
        warning=predicted.without,
    )


def _write(
    blocks: Iterable[Mapping[str, Array]], path: Path | None, arguments: Namespace
) -> Mapping[str, Array]:
    """Write predictions to a file, or print them; return those of the last block."""
    columns: Mapping[str, Array] = {}
    for number, columns in enumerate(blocks):
        written = without_formulas(columns) if arguments.spreadsheet else columns
        if path is not None:
            with writing(path):
                write_predictions(path, written)
        elif not arguments.json:
            say_csv(format_predictions(written, header=number == 0))
    return columns


def _warn_of_unseen(unseen: Mapping[str, int], categories: Sequence[str]) -> None:
    """Warn of categories and texts that the model does not know."""
    for what, are_categories in (
        ("categories that the model does not know", True),
        ("texts without any word that the model knows", False),
    ):
        names = [name for name in unseen if (name in categories) is are_categories]
        if names:
            columns = format_list(
                _("{name} in {rows}").format(name=name, rows=format_count(unseen[name], "row"))
                for name in names
            )
            tell(_("warning: {what}: {columns}.").format(what=what, columns=columns))


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
