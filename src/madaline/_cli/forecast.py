"""`madaline forecast`: the rows that follow those that a model with lags learned from."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from pathlib import Path

from madaline._cli.arguments import Commands, at_least
from madaline._cli.output import check_destination, say_csv, say_json, tell, writing
from madaline._cli.rows import read_table_of
from madaline._data.io.table_files import (
    check_ending,
    format_predictions,
    without_formulas,
    write_predictions,
)
from madaline._evaluation.conformal import check_coverage
from madaline._model import FittedModel
from madaline._runtime.forecast import with_date_texts
from madaline._words import format_count


def add_forecast(commands: Commands) -> None:
    """Add `madaline forecast`."""
    arguments = commands.add(
        "forecast",
        _forecast,
        "predict the rows that come next",
        """
        Predicts the rows that follow the last known ones, series by series, each with
        an interval, by a model that was fitted with --lags. Where the model needs more
        than times and the past, such as prices, --future names a file of the rows to
        come; rows of it that hold the target are known from then on.

        examples:
          madaline fit sales.csv --target sales --time date --series store \\
            --lags 1 7 28 --horizon 14
          madaline forecast sales.madaline --horizon 14 -o next.csv
          madaline forecast sales.madaline --future prices.csv
        """,
        usage="madaline forecast MODEL [--horizon N] [--future FILE] [-o OUT] [options]",
    )
    arguments.add_model()
    text = "rows of each series (default: as many as the model learned to predict)"
    arguments.add("--horizon N", text, type=at_least(1))
    arguments.add("--future FILE", "a table of later rows, with what is known of them")
    arguments.add_reading()
    text = "file to write: CSV, TSV, jsonl, Parquet or Feather (default: CSV to standard output)"
    arguments.add("-o --output OUT", text)
    text = "share of new rows whose number lies in its interval (default: %(default)s)"
    arguments.add("--coverage SHARE", text, type=_coverage, default=0.9)
    arguments.add_spreadsheet()
    arguments.add_json()


def _forecast(arguments: Namespace) -> None:
    path = None if arguments.output in (None, "-") else Path(arguments.output)
    if path is not None:
        sources = [arguments.model, *filter(None, [arguments.future])]
        check_destination(path, sources=sources)
        check_ending(path)
    model = FittedModel.load(arguments.model)
    rows = None
    if arguments.future is not None:
        rows, _ = read_table_of(arguments.future, model, arguments)
    columns = with_date_texts(
        model.predictor.forecast(arguments.horizon, rows, coverage=arguments.coverage)
    )
    written = without_formulas(columns) if arguments.spreadsheet else columns
    if path is not None:
        with writing(path):
            write_predictions(path, written)
        n_rows = len(columns[model.output_names[0]])
        tell(f"Wrote {format_count(n_rows, 'prediction')} to {path}.")
    if arguments.json:
        facts = {"output": str(path)} if path is not None else {}
        lists = {name: values.tolist() for name, values in columns.items()}
        say_json({"target": model.summary.target, "columns": lists, **facts})
    elif path is None:
        say_csv(format_predictions(written))


def _coverage(text: str) -> float:
    """Return a coverage, for argparse."""
    try:
        return check_coverage(float(text))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no share between 0 and 1, such as 0.9") from None
