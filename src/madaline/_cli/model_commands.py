"""The commands that begin with a model: what they say of themselves, and their options."""

from __future__ import annotations

from madaline._cli.options import (
    FORMATS,
    JSON,
    MODEL,
    READING,
    RESOURCES,
    SPREADSHEET,
    Command,
    Option,
    above_zero,
    at_least,
    coverage,
    order_by,
    table_of_model,
)
from madaline._explain import METHODS
from madaline._explain.counterfactuals.search import MAX_CHANGED_COLUMNS
from madaline._serve.settings import Settings
from madaline._watching import FALSE_ALARMS

EXPLAINED_ROWS = 5  # rows that are explained by default, unless a file is written

# Each option and what it says of itself is one line.
# fmt: off
PREDICT = Command(
    "predict",
    "predict.run_predict",
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

FORECAST = Command(
    "forecast",
    "later_rows.run_forecast",
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
    (
        *MODEL,
        Option("--horizon N", "rows of each series (default: as many as the model learned to predict)", type=at_least(1)),
        Option("--future FILE", "a table of later rows, with what is known of them"),
        *READING,
        Option("-o --output OUT", "file to write: CSV, TSV, jsonl, Parquet or Feather (default: CSV to standard output)"),
        Option("--coverage SHARE", "share of new rows whose number lies in its interval (default: %(default)s)", type=coverage, default=0.9),
        SPREADSHEET,
        JSON,
    ),
    usage="madaline forecast MODEL [--horizon N] [--future FILE] [-o OUT] [options]",
)

UPDATE = Command(
    "update",
    "later_rows.run_update",
    "go on with new rows: as it is, adjusted, or fitted anew",
    """
    Compares three candidates on new rows, each predicted by networks that did not
    learn from it: the model as it is, its networks adjusted to the new rows, and
    new networks. A change is kept only if it lowers the loss by more than a
    standard error. The old rows take part as far as the model keeps them
    (--keep-rows, here or in `madaline fit`).

    examples:
      madaline update sales.madaline january.csv -o sales.madaline
      madaline update sales.madaline january.csv -o new.madaline --keep-rows 5000
    """,
    (
        *MODEL,
        Option("TABLE", f"{FORMATS}; the target is among its columns, and rows are in the order of time, or of the column that the model knows the times of"),
        *READING,
        Option("-o --output NEW", "where to write the updated model; may be MODEL", required=True),
        Option("--keep-rows N", "how many rows to keep in the file for later updates (default: as many as before)", type=at_least(0)),
        *RESOURCES,
        Option("--json", "print the result as one JSON object"),
        Option("-q --quiet", "print the file and the outcome in one line, nothing else"),
    ),
    usage="madaline update MODEL TABLE -o NEW [--keep-rows N] [options]",
    defaults={"root": None, "skip_broken": False},
)

WATCH = Command(
    "watch",
    "later_rows.run_watch",
    "find what changes in new rows: columns, predictions, errors, calibration",
    """
    Takes the rows of a table in the order of the file or of a column, and tests
    whether columns, predictions and, where the target is known, errors and
    calibration change. There is one false alarm in 10,000 rows, at most and on
    average, as long as rows are independent and nothing changes.

    examples:
      madaline watch churn.madaline this_month.csv --time day
      madaline watch churn.madaline monday.csv --state churn.monitor
      madaline watch churn.madaline tuesday.csv --state churn.monitor   (goes on)
    """,
    (
        *MODEL,
        *table_of_model(),
        Option("--target COLUMN", "the true values (default: that of the model, if there)"),
        order_by("that of the model, otherwise as in the file"),
        Option("--false-alarms ROWS", f"rows for each false alarm (default: {FALSE_ALARMS:,})", type=above_zero, default=FALSE_ALARMS),
        Option("--state FILE", "start from the state in this file if it exists, and save the state to it"),
        Option("--picture FILE", "draw the loss over time: a name that ends in .html, or .svg, .png, .pdf with matplotlib"),
        JSON,
    ),
)

EXPLAIN = Command(
    "explain",
    "explain.run_explain",
    "show what each prediction comes from",
    """
    Shows for the first rows of a table how much each column adds to the prediction
    or takes away, compared with other rows. Classes are explained by their
    log-odds.

    examples:
      madaline explain penguins.madaline new_penguins.csv --background penguins.csv
      madaline explain penguins.madaline new_penguins.csv --class Gentoo
      madaline explain houses.madaline new_houses.csv -o why.csv
      madaline explain pictures.madaline new/ --background pictures/ -o why.html
    """,
    (
        *MODEL,
        *table_of_model(),
        Option("--rows N", f"explain the first N rows (default: {EXPLAINED_ROWS}, or all of them with -o)", type=int),
        Option("--background TABLE", "rows to compare with, best those of training (default: one average row)"),
        Option("--target NAME", "which target, or which quantile, where the model predicts several"),
        Option("--class LABEL", "explain this class (default: the one that is predicted)", dest='label'),
        Option("--probability", "explain the probability, not the log-odds"),
        Option("--method METHOD", f"{', '.join(METHODS)} (default: {METHODS[0]})", default=METHODS[0]),
        Option("--nodes N", "steps of each integral (default: as many as needed)", type=int),
        Option("-o --output OUT", "what to write: an HTML page with pictures, or CSV, TSV, jsonl, Parquet or Feather"),
        SPREADSHEET,
        JSON,
    ),
    usage="madaline explain MODEL TABLE [--rows N] [--background TABLE] [options]",
)

EFFECTS = Command(
    "effects",
    "explain.run_effects",
    "show how predictions change with a column",
    """
    Shows how predictions change along the values of a column, the other columns as
    they are: one sentence, and the curve below it, with a twentieth of the rows
    between two of its dots. Without --column, one sentence for each of the most
    important columns, and which of them interact.

    examples:
      madaline effects houses.madaline houses.csv
      madaline effects houses.madaline houses.csv --column size
      madaline effects penguins.madaline penguins.csv --column sex --class Adelie
    """,
    (
        *MODEL,
        *table_of_model(),
        Option("--column COLUMN ...", "the columns"),
        Option("--target NAME", "which target, or which quantile, where the model predicts several"),
        Option("--class CLASS", "whose probability", dest='label'),
        Option("--partial", "partial dependence: give every value to every row, not only values near its own"),
        Option("--log-odds", "measure log-odds of a class"),
        JSON,
    ),
    usage="madaline effects MODEL TABLE [--column COLUMN ...] [options]",
)

COUNTERFACTUAL = Command(
    "counterfactual",
    "explain.run_counterfactual",
    "find the smallest change that leads to another prediction",
    """
    Looks for the smallest change of a row that leads to another prediction, within
    the values seen in training. It shows what the networks would predict, not what
    would happen if the value were changed in the world.

    examples:
      madaline counterfactual loans.madaline new.csv --row 3 --to approved
      madaline counterfactual loans.madaline new.csv --row 3 --only amount duration
      madaline counterfactual houses.madaline new.csv --row 0 --at-least 300000
    """,
    (
        *MODEL,
        *table_of_model(),
        Option("--row N ...", "the rows, counted from 0 (default: the first)", type=int, default=None),
        Option("--target NAME", "which target, or which quantile, where the model predicts several"),
        Option("--to CLASS", "the class to reach (default: the next probable one)"),
        Option("--at-least X", "the lowest number that is enough", type=float),
        Option("--at-most X", "the highest number that is enough", type=float),
        Option("--only COLUMN ...", "the columns that may change (default: all but dates and who somebody is)", default=None),
        Option("--most N", "how many columns may change at a time (default: %(default)s)", type=int, default=MAX_CHANGED_COLUMNS),
        JSON,
    ),
    usage="madaline counterfactual MODEL TABLE --row N [--to CLASS] [options]",
)

INFO = Command(
    "info",
    "describe.run_info",
    "describe a fitted model",
    """
    Shows what a model predicts and from which columns, how well, and which networks
    it consists of. Of a file with a model for each group, it shows the scores of all.

    examples:
      madaline info penguins.madaline
      madaline info stores.madaline --group Berlin
    """,
    (
        *MODEL,
        JSON,
    ),
)

STORY = Command(
    "story",
    "describe.run_story",
    "tell how a model was found",
    """
    Tells what a fit tried, what it saw, and what it kept: the recipes, which of
    them were stopped early, which variants lowered the validation loss, and which
    networks make the prediction. With -v, also every decision.

    examples:
      madaline story penguins.madaline
      madaline story penguins.madaline -v
    """,
    (
        *MODEL,
        Option("-v --verbose", "print every decision, too"),
        JSON,
    ),
)

DOCTOR = Command(
    "doctor",
    "describe.run_doctor",
    "list problems of a model, or of a new table",
    """
    Lists what was found when a model was fitted, the worst first: columns that leak
    the target, labels that look wrong, groups of rows that are predicted badly, and
    more, each with the numbers and a remedy. With a table, also how its rows differ
    from those of training, and how much later they are.

    examples:
      madaline doctor penguins.madaline
      madaline doctor penguins.madaline new_penguins.csv
    """,
    (
        *MODEL,
        *table_of_model(nargs="?"),
        JSON,
    ),
    usage="madaline doctor MODEL [TABLE] [--skip-broken] [--root FOLDER] [--json]",
)

CARD = Command(
    "card",
    "describe.run_card",
    "write a model card",
    """
    Prints a model card: Markdown about what the model predicts, how good it is,
    what it needs and relies on, its limits, and how it was made, with metadata
    at the top that model hubs read. Add a license and the origin of the data.

    examples:
      madaline card penguins.madaline
      madaline card penguins.madaline -o README.md
    """,
    (
        *MODEL,
        Option("-o --output CARD", "write it to a file, such as README.md, instead"),
        Option("--json", "print one JSON object with the text instead"),
    ),
    usage="madaline card MODEL [-o CARD] [--json]",
)

REPORT = Command(
    "report",
    "describe.run_report",
    "write a report about a model",
    """
    Writes one self-contained HTML page: how good the model is and what to know
    first, where it is good and where not, what drives it, the data, how it was
    found and how to reproduce it. With a table, also the effects of columns and
    some predictions explained; a few values of the table are then in the report.
    If the table holds the target and its rows are new to the model, they are
    scored, too. If the model was trained on them, all scores are out of fold.

    examples:
      madaline report penguins.madaline penguins.csv
      madaline report houses.madaline new_houses.csv -o houses.html
      madaline report houses.madaline houses.csv --look table.html
      madaline report houses.madaline --json > houses.json
    """,
    (
        *MODEL,
        *table_of_model(nargs="?"),
        Option("-o --output REPORT", "where to write (default: MODEL.html, here)"),
        Option("--look PAGE", "write a look at the table, too, and link to it"),
        Option("--json", "print the content of the report as one JSON object instead"),
    ),
    usage="madaline report MODEL [TABLE] [-o REPORT] [options]",
)

EXPORT = Command(
    "export",
    "describe.run_export",
    "write a model as an ONNX file",
    """
    Writes a model as an ONNX file, which runs in other programs and languages,
    without Python and madaline. It holds the whole pipeline in standard operators,
    from the columns of a table to labels and probabilities, or numbers. It has one
    input for each column; the metadata of the file describe them: missing numbers
    are NaN, dates are seconds since 1970. Intervals and sets are not in the file.
    Needs the extra onnx: pip install onnx.

    examples:
      madaline export penguins.madaline -o penguins.onnx
      madaline export reviews.madaline --without text -o reviews.onnx
    """,
    (
        *MODEL,
        Option("-o --output FILE", "where to write (default: MODEL.onnx, here)"),
        Option("--without COLUMN ...", "columns of texts and sounds to leave out: the file predicts as if they were empty"),
        Option("--float32", "numbers enter as float32, rounded to seven digits"),
        Option("--json", "print one JSON object with the inputs and outputs, too"),
    ),
    usage="madaline export MODEL [-o FILE.onnx] [--without COLUMN ...] [--float32] [--json]",
)

SERVE = Command(
    "serve",
    "serve.run_serve",
    "serve models over HTTP, with a page to try them",
    """
    Serves models to programs (JSON: rows as people write them, MLflow's shapes, the
    Open Inference Protocol) and to people (a page with a form). A model is read
    again when its file changes. Ctrl-C or SIGTERM ends the server once it has
    answered the requests that have begun. Other machines can ask only with --host;
    then set a token.

    examples:
      madaline serve penguins.madaline
      madaline serve income=models/adult.madaline models/churn.madaline --port 9000
      curl localhost:8000/predict -d '{"bill_length_mm": 38.5, "sex": null, ...}'
    """,
    (
        Option("MODEL", "files that `madaline fit` wrote; NAME=PATH gives one another name", nargs='+'),
        Option("--host ADDRESS", "address to listen at; 0.0.0.0 is all of them (default: 127.0.0.1, this machine alone)", default=Settings.host),
        Option("--port N", f"port to listen at; 0 is any that is free (default: {Settings.port})", type=at_least(0), default=Settings.port),
        Option("--token-file FILE", "a file with a token that requests must carry (default: $MADALINE_TOKEN, if it is set)"),
        Option("--allow-host NAME", "a host name that requests may use beside localhost and --host, such as that of a proxy; *.example.com allows all names below it; may be given several times", action="append", default=[]),
        Option("--max-rows N", f"rows of a request, at most (default: {Settings.max_rows:,})", type=at_least(1), default=Settings.max_rows),
        Option("--max-cells N", f"values of a request, and its rows times the model's columns or classes, at most (default: {Settings.max_cells:,})", type=at_least(1), default=Settings.max_cells),
        Option("--max-bytes N", f"bytes of a request, at most (default: {Settings.max_bytes:,})", type=at_least(1), default=Settings.max_bytes),
        Option("--timeout SECONDS", f"seconds until a request is answered, or refused (default: {Settings.timeout:g})", type=above_zero, default=Settings.timeout),
        Option("--shutdown-timeout SECONDS", f"seconds that shutdown may take: half for requests, half for watching (default: {Settings.shutdown_timeout:g})", type=above_zero, default=Settings.shutdown_timeout),
        Option("--report FILE", "an HTML file that `madaline report` wrote, to show instead of one without a table"),
        Option("--watch FOLDER", "look for changes in the rows that are predicted; the state is kept in this folder"),
        Option("--replace-any", "let a new file replace a model of another target or with other columns, too"),
        Option("--access-log", "print a line for each request"),
    ),
    usage="madaline serve MODEL... [--host ADDRESS] [--port N] [options]",
)
