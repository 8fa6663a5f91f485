"""`madaline explain`: how much each column of a row adds to its prediction."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from madaline._cli.arguments import add_argument, add_json, add_model, add_spreadsheet, add_table
from madaline._cli.output import check_destination, say_json, suggestion, writing
from madaline._cli.rows import FileRows, read_given_rows
from madaline._data.io.table_files import without_formulas, write_predictions
from madaline._data.target import ClassEncoder, JointEncoder
from madaline._evaluation.scores import label_text
from madaline._explain import METHODS, Explanation, explain
from madaline._model import FittedModel
from madaline._report.page import check_jinja, save_explanation
from madaline._words import format_count, format_list, paragraph, say
from madaline.errors import InputError

_DEFAULT_ROWS = 5
"""Rows that are explained by default, unless a file is written."""

HELP = "show what each prediction comes from"

DESCRIPTION = """\
Shows for the first rows of a table how much each column adds to the prediction
or takes away, compared with other rows. Classes are explained by their
log-odds.
"""

EXAMPLES = """\
examples:
  madaline explain penguins.madaline new_penguins.csv --background penguins.csv
  madaline explain penguins.madaline new_penguins.csv --class Gentoo
  madaline explain houses.madaline new_houses.csv -o why.csv
  madaline explain pictures.madaline new/ --background pictures/ -o why.html
"""


def add_output_choice(parser: Any) -> None:
    """Add the option that names one of several targets, or the level of a quantile."""
    text = "which target, or which quantile, where the model predicts several"
    add_argument(parser, "--target NAME", text)


def load_one_output(arguments: Namespace) -> FittedModel:
    """Return the model of a file, or of the output of it that was named."""
    model, name = FittedModel.load(arguments.model), arguments.target
    encoder = model.predictor.target_encoder
    names = encoder.names if isinstance(encoder, JointEncoder) else (model.summary.target,)
    if name is None and len(names) > 1:
        raise InputError(
            f"{arguments.model} predicts {format_list(names, limit=12, last=' and ')}: name one of"
            " them with --target."
        )
    if name is not None and name not in names:
        raise InputError(
            f"--target names {name}, which {arguments.model} does not predict:"
            f" {suggestion(name, names)}"
        )
    return model.of_output(name) if len(names) > 1 else model


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.usage = "madaline explain MODEL TABLE [--rows N] [--background TABLE] [options]"
    add_model(parser)
    add_table(parser)
    text = f"explain the first N rows (default: {_DEFAULT_ROWS}, or all of them with -o)"
    add_argument(parser, "--rows N", text, type=int)
    text = "rows to compare with, best those of training (default: one average row)"
    add_argument(parser, "--background TABLE", text)
    add_output_choice(parser)
    text = "explain this class (default: the one that is predicted)"
    add_argument(parser, "--class LABEL", text, dest="label")
    add_argument(parser, "--probability", "explain the probability, not the log-odds")
    text = f"{', '.join(METHODS)} (default: {METHODS[0]})"
    add_argument(parser, "--method METHOD", text, default=METHODS[0])
    text = "steps of each integral (default: as many as needed)"
    add_argument(parser, "--nodes N", text, type=int)
    text = "what to write: an HTML page with pictures, or CSV, TSV, jsonl, Parquet or Feather"
    add_argument(parser, "-o --output OUT", text)
    add_spreadsheet(parser)
    add_json(parser)


def run(arguments: Namespace) -> None:
    """Explain rows, and print or write the explanation."""
    path = None if arguments.output is None else Path(arguments.output)
    given = [arguments.table] + ([arguments.background] if arguments.background else [])
    if path is not None:
        check_destination(path, sources=[arguments.model, *given])
        if _is_page(path):
            check_jinja()
    model = load_one_output(arguments)
    rows = read_given_rows(arguments, model).first(_n_rows(arguments))
    background = arguments.background
    explanation = explain(
        model,
        rows.table,
        background=background and read_given_rows(arguments, model, path=background).table,
        method=arguments.method,
        scale="probability" if arguments.probability else None,
        target_class=_label(model, arguments.label),
        nodes=arguments.nodes,
    )
    if path is not None:
        _write(path, explanation, rows, spreadsheet=arguments.spreadsheet)
        say(
            f"Wrote the explanation of {format_count(len(explanation), 'row')} to {path}.",
            sys.stderr,
        )
    if arguments.json:
        say_json(_facts(explanation, rows, path))
    elif path is None:
        say("\n".join(_page(explanation, rows)), sys.stdout)


def _n_rows(arguments: Namespace) -> int | None:
    if arguments.rows is None:
        return None if arguments.output else _DEFAULT_ROWS
    if arguments.rows < 1:
        raise InputError(f"--rows is {arguments.rows}: give a number of rows, at least 1.")
    return int(arguments.rows)


def _label(model: FittedModel, text: str | None) -> Any:
    """Return the label whose text was typed; what is no label is refused by `explain`."""
    target_encoder = model.predictor.target_encoder
    if text is None or not isinstance(target_encoder, ClassEncoder):
        return text
    labels = {label_text(label): label for label in target_encoder.classes.tolist()}
    return labels.get(text, text)


def _page(explanation: Explanation, rows: FileRows) -> list[str]:
    lines = [paragraph(explanation.heading)]
    for row in range(len(explanation)):
        first, *others = explanation.lines(row)
        name = f"Row {rows.numbers[row]}" if rows.names is None else str(rows.names[row])
        lines += ["", first.replace(f"Row {row}", name, 1), *others]
    if explanation.maps:
        lines += ["", paragraph("Which pixels: -o why.html writes a page with the pictures.")]
    return lines


def _write(path: Path, explanation: Explanation, rows: FileRows, *, spreadsheet: bool) -> None:
    with writing(path):
        if _is_page(path):
            names = None if rows.names is None else rows.names.tolist()
            save_explanation(explanation, path, names=names)
        else:
            columns = rows.spread(explanation.to_columns())
            write_predictions(path, without_formulas(columns) if spreadsheet else columns)


def _is_page(path: Path) -> bool:
    return path.suffix.lower() in (".html", ".htm")


def _facts(explanation: Explanation, rows: FileRows, path: Path | None) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "target": explanation.target,
        "n_samples": len(explanation),
        "scale": explanation.scale,
        "method": explanation.method,
        "background": explanation.background,
    }
    if path is not None:
        return facts | {"output": str(path)}
    columns = rows.spread(explanation.to_columns())
    facts["columns"] = {name: values.tolist() for name, values in columns.items()}
    if explanation.maps:
        facts["maps"] = {name: maps.tolist() for name, maps in explanation.maps.items()}
    if explanation.words:
        facts["words"] = {
            name: [share.to_json() for share in shares]
            for name, shares in explanation.words.items()
        }
    return facts
