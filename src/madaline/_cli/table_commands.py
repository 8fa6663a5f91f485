"""The commands that begin with a table: what they say of themselves, and their options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from madaline._cli.options import (
    COLUMNS,
    FORMATS,
    GROUPS,
    JOBS,
    JSON,
    QUIET,
    READING,
    RESOURCES,
    ROOT,
    SEED,
    SKIP_BROKEN,
    SPREADSHEET,
    TARGET,
    TASK,
    TIMES,
    WEIGHT,
    Command,
    Option,
    OptionGroup,
    above_zero,
    at_least,
    order_by,
    quantiles,
    rows_or_all,
    span,
)
from madaline._comparison.compared_rows import MAX_ROWS
from madaline._comparison.methods import CONSTANT, METHODS
from madaline._data.kinds import GIVEN_KINDS
from madaline._evaluation.metrics import CLASS_METRICS, NUMBER_METRICS, TUNED_METRICS
from madaline._evaluation.objective import LOG_LOSS, LOSSES
from madaline._fitting.many import MIN_ROWS
from madaline._race.plan import ALL, BALANCED, MEMBERS, PRESETS
from madaline._serve.settings import Access

IMPUTATION = "imputation"  # the column that numbers the tables of `madaline fill --draws`

_FIT_DEFAULTS: Mapping[str, Any] = {
    **dict.fromkeys(("weight", "groups", "root", "memory", "metric", "class_weight")),
    **dict.fromkeys(("number", "text"), ()),
    "skip_broken": False,
}
"""Options that reading a table for a fit asks for, and other commands may lack."""

# Each option and what it says of itself is one line.
# fmt: off
LOOK = Command(
    "look",
    "before_fit.run_look",
    "look at a table before a fit",
    """
    Shows what each column holds and how it was read, which values are missing, how
    columns are associated with the target and each other, copies, leaks, dates and
    gaps, and what a fit would do with the table. With -o it writes a page.

    examples:
      madaline look penguins.csv
      madaline look penguins.csv --target species -o penguins.html
      madaline look sales.xlsx --target sales --missing tbc -999
    """,
    (
        Option("TABLE", f"{FORMATS}; a folder or a pattern of such files; or a folder of images or sounds for each class"),
        TARGET,
        TASK,
        COLUMNS,
        OptionGroup("rows", (
            GROUPS,
            TIMES,
            *READING,
            SKIP_BROKEN,
            ROOT,
            Option("--memory SIZE", "memory to take at most, such as 2GB"),
        )),
        OptionGroup("output", (
            Option("-o --output PAGE", "write a self-contained HTML page"),
            JSON,
        )),
    ),
    usage="madaline look TABLE [--target COLUMN] [-o PAGE] [options]",
    defaults=_FIT_DEFAULTS,
)

FIT = Command(
    "fit",
    "fit.run_fit",
    "learn to predict a column of a table",
    """
    Learns to predict one column of a table from the others, and writes the model
    to one file. Whether that column holds classes or numbers, and what the others
    are, is inferred and printed; sizes, learning rates and stopping points are
    those that predict unseen rows best. Ctrl-C ends training and saves the best
    model so far; a fit that was killed goes on when the same command is typed
    again.

    examples:
      madaline fit penguins.csv --target species
      madaline fit houses.parquet --target price --category zip --drop id
      madaline fit bikes.csv --target casual,registered
      madaline fit "sales/*.parquet" --target price
      madaline fit teacher.csv --target no,yes --probabilities
      madaline fit sales.csv --target sales --time date --lags 1 7 28 --horizon 14
      madaline fit stores.csv --target sales --by store --common
      madaline fit pictures/          (pictures/cat/1.png, pictures/dog/1.png, ...)
      madaline fit sounds/            (sounds/yes/1.wav, sounds/no/1.wav, ...)
    """,
    (
        Option("TABLE", f"{FORMATS}; a folder or a pattern of such files; or a folder of images or sounds for each class"),
        Option("--target COLUMN", "the column to predict, or several together, with commas between them; of images and sounds, their folder", action="append"),
        Option("-o --output MODEL", "where to write (default: TABLE.madaline, here)"),
        TASK,
        OptionGroup("goal", (
            Option("--loss", "for numbers: predict the mean, the median, a quantile, or the mean of counts", choices=LOSSES),
            Option("--probabilities", "the columns of --target hold the probabilities of classes with their names, such as another model predicts"),
            Option("--quantile SHARE", "the quantile of --loss quantile, or several, as in 0.1,0.5,0.9 (default: 0.5)", type=quantiles, default=0.5),
            Option("--metric METRIC", f"what chooses recipes and stopping points instead of the loss: for classes {', '.join(CLASS_METRICS)}; for numbers {', '.join(NUMBER_METRICS)}", choices=(LOG_LOSS, *CLASS_METRICS, *NUMBER_METRICS)),
            Option("--class-weight WEIGHT", "'balanced' gives all classes the same weight in training; or several CLASS=WEIGHT", nargs='+'),
            Option("--threshold SHARE", f"of two classes, predict the second one above this probability; by default tuned for the metrics {', '.join(TUNED_METRICS)}, otherwise 0.5", type=float),
            Option("--costs COST", "of two classes in sorted order, such as no and yes: the cost of yes predicted for no, and of no for yes; the threshold is tuned for the lowest mean cost", nargs=2, type=float),
        )),
        OptionGroup("a model for each group of rows", (
            Option("--by COLUMN", "fit a model for each value of these columns, such as stores, into one file", nargs='+'),
            Option("--common", "fit one to all rows, too, which answers for groups that are new, small, or cannot be fitted"),
            Option("--min-rows N", f"rows from which on a group gets a model of its own (default: 1; with --common {MIN_ROWS})", type=at_least(1)),
            Option("--compare-common", "tell, out of fold, whether one model for all is better, or one for each"),
        )),
        OptionGroup(COLUMNS.title, (*COLUMNS.options,
            Option("--increasing COLUMN ...", "predictions never fall when these grow; of two classes, the second's"),
            Option("--decreasing COLUMN ...", "predictions never rise when these grow"),
        )),
        OptionGroup("rows", (
            WEIGHT,
            GROUPS,
            TIMES,
            Option("--gap TIME", "time between the last row learned and the first predicted, as '7 days' or 7 steps", type=span),
            Option("--horizon TIME", "how far ahead rows are predicted, as '7 days' or 7 steps", type=span),
            Option("--series COLUMN", "the column that tells series of rows apart, such as stores or sensors"),
            Option("--lags ROWS", "make columns of the target so many rows before, such as 1 7 28; for `madaline forecast`", nargs='+', type=at_least(1)),
            Option("--past COLUMN", "with --lags, use only the past of these, whose values are not known in advance", nargs='+'),
            *READING,
            SKIP_BROKEN,
            ROOT,
            Option("--folds N", "folds of the cross-validation (default: 3 to 10, fewer for more rows)", type=at_least(2)),
        )),
        OptionGroup("work", (
            Option("--preset", "quick: less time, higher loss; best: more time, lower loss (default: %(default)s)", choices=tuple(PRESETS), default=BALANCED.name),
            Option("--members", "all: boosted trees beside networks, where they help (default: %(default)s)", choices=MEMBERS, default=ALL),
            Option("--effort EPOCHS", "epochs of a network, at most (default: %(default)s)", type=at_least(1), default=100),
            Option("--time-limit SECONDS", "end within so many seconds, with the best model so far; it then depends on the clock", type=above_zero),
            SEED,
            *RESOURCES,
            Option("--on ADDRESS", "train on a cluster, with the same result: ray://HOST:10001, dask://HOST:8786; ray or dask for processes of this machine"),
            Option("--keep-rows N", "rows that the model's file may hold for `madaline update` (default: none)", type=at_least(0), default=0),
        )),
        OptionGroup("output", (
            Option("--json", "print the result as one JSON object"),
            Option("-q --quiet", "print the file and the score in one line, nothing else"),
            Option("--live", "watch the fit on a page while it runs, served to this machine alone; same result"),
            Option("-v --verbose", "print every decision, too; with -vv also every epoch of every recipe", action='count', default=0),
        )),
    ),
    usage="madaline fit TABLE --target COLUMN [-o MODEL] [options]",
)

COMPARE = Command(
    "compare",
    "before_fit.run_compare",
    "set other methods beside madaline, on the same folds",
    """
    Fits madaline and other methods to the same folds of a table, and tells how good
    they are, what they cost, and which one to take: the linear model, where it is as
    good. Ctrl-C ends it with the methods that are fitted.

    examples:
      madaline compare penguins.csv --target species
      madaline compare houses.csv --target price --models linear forest madaline
      madaline compare sales.csv --target sales --time date -o compare.html
    """,
    (
        Option("TABLE", f"{FORMATS}; a folder or a pattern of such files"),
        TARGET,
        TASK,
        Option("--loss", "what to minimize of a number, such as poisson for counts (default: %(default)s)", choices=LOSSES),
        Option("--quantile SHARE", "the quantile of --loss quantile (default: %(default)s)", type=float, default=0.5),
        Option("--models NAME ...", f"{', '.join(name for name in METHODS if name != CONSTANT)} (default: those that are installed)"),
        COLUMNS,
        OptionGroup("rows", (
            WEIGHT,
            GROUPS,
            TIMES,
            *READING,
            Option("--rows N", f"rows to compare on, drawn from a larger table, or all (default: {MAX_ROWS:,})", type=rows_or_all, default=MAX_ROWS),
            Option("--folds N", "folds (default: 5, or 3 of 20,000 rows or more)", type=at_least(2)),
        )),
        OptionGroup("work", (
            Option("--effort EPOCHS", "epochs of madaline's networks, at most (default: %(default)s)", type=at_least(1), default=100),
            SEED,
            JOBS,
            Option("--time-limit SECONDS", "for each method in all folds (default: 120, longer for more than 100,000 cells)", type=above_zero),
        )),
        OptionGroup("output", (
            Option("-o --output PICTURE", "write a page or a picture: .html, .svg, .png or .pdf"),
            JSON,
            QUIET,
        )),
    ),
    usage="madaline compare TABLE --target COLUMN [--models NAME ...] [options]",
    defaults=_FIT_DEFAULTS,
)

STREAM = Command(
    "stream",
    "streams.run_stream",
    "play back a table in the order of time: predict each row, then learn it",
    """
    Predicts every row of a table before it learns the row's label, in the order of
    the file or of a column, and shows how well: beside "no change" (numbers: "last
    value"), which predicts the latest label that is known, and beside a linear
    model of the same inputs that learns each row once. Networks learn again from
    the latest 32, 512 or 8,192 rows, their memory; the last column shows which
    memory has the largest weight.

    examples:
      madaline stream prices.csv --target up --time day
      madaline stream orders.parquet --target returned --delay 500
    """,
    (
        Option("TABLE", FORMATS),
        Option("--target COLUMN", "the column to predict", action="append", required=True),
        order_by(),
        *READING,
        Option("--delay ROWS", "after how many more rows a label is known (default: %(default)s)", type=at_least(0), default=0),
        TASK,
        Option("--drop COLUMN ...", "leave these columns out"),
        Option("--category COLUMN ...", "treat these as categories, even if they hold numbers"),
        Option("--kind COLUMN=KIND ...", f"give the kind of a column: {', '.join(GIVEN_KINDS)}"),
        SEED,
        Option("-o --output MODEL", "write the model here after each line, for `OnlineClassifier.load`, `OnlineRegressor.load`"),
        Option("--picture FILE", "draw loss and weights over time: a name that ends in .html, .svg, .png or .pdf"),
        JSON,
    ),
    defaults=_FIT_DEFAULTS,
)

PLAYGROUND = Command(
    "playground",
    "playground.run_playground",
    "watch networks learn, on a page in the browser",
    """
    Opens a page on which networks learn, on data that are made up or on a table of
    yours. Only this machine can open it, and nothing leaves it. Networks learn only
    while a page asks for it. Ctrl-C ends it.

    examples:
      madaline playground
      madaline playground penguins.csv --lang zh
    """,
    (
        Option("TABLE", "a table to choose columns of (CSV, Parquet, xlsx ...); a page takes one, too", nargs='?'),
        Option("--port N", f"port to listen at; 0 is any that is free (default: {Access.port})", type=at_least(0), default=Access.port),
        Option("--allow-host NAME", "a host name that pages may use beside localhost, such as that of a proxy; *.example.com allows all names below it; may be given several times", action="append", default=[]),
        Option("--no-browser", "only tell the address"),
    ),
    usage="madaline playground [TABLE] [--port N] [options]",
)

SAMPLE = Command(
    "sample",
    "sample.run_sample",
    "draw rows like those of a table",
    """
    Learns what ties the columns of a table together, and draws rows like those: with
    the same columns, types and formats, and nobody of the table among them. Tells
    how like real rows they are and how much is remembered, measured on rows that
    were held out. Values of few rows, identifiers and free texts are replaced. This
    is no differential privacy.

    examples:
      madaline sample penguins.csv -n 1000 -o rows.csv
      madaline sample penguins.csv -n 500 --given species=Gentoo -o gentoo.csv
      madaline sample people.csv -n 10000 -o rows.csv --page rows.html
      madaline sample people.csv --save people.sampler -n 10 -o rows.csv
      madaline sample people.sampler -n 10000 --seed 2 -o rows.csv
    """,
    (
        Option("TABLE", f"{FORMATS}; or a file that --save wrote"),
        Option("-n --rows N", "how many rows (default: 1000)", type=at_least(1), default=1000),
        Option("--given COLUMN=VALUE ...", "values of some columns; the rest is drawn to fit them"),
        Option("--balanced COLUMN", "as many rows of each value of this column"),
        SEED,
        OptionGroup("learning", (
            Option("--privacy SHARE", "share of rows that may lie nearer to rows learned from than to others, or safe, middle or sharp (default: 0.53)", default='0.53'),
            Option("--min-rows N", "values of fewer rows are not drawn (default: %(default)s)", type=at_least(1), default=5),
            Option("--first COLUMN ...", "columns to draw first, so that --given costs nothing"),
            Option("--target COLUMN", "the column that models predict to see how useful the rows are (default: the last)"),
            Option("--jobs N", "threads (default: all)", type=at_least(1)),
        )),
        OptionGroup(COLUMNS.title, (*COLUMNS.options,
            *READING,
        )),
        OptionGroup("output", (
            Option("-o --output FILE", "CSV, TSV, jsonl, Parquet or Feather (default: CSV, printed)"),
            SPREADSHEET,
            Option("--page PAGE", "write a page of distributions side by side"),
            Option("--save FILE", "write the sampler; the file is as confidential as the table"),
            Option("--json", "print the figures as one JSON object"),
            QUIET,
        )),
    ),
    usage="madaline sample TABLE -n ROWS [-o FILE] [options]",
    defaults={"task": None},
)

FILL = Command(
    "fill",
    "fill.run_fill",
    "fill the gaps of a table",
    """
    Fills each gap with the best value that the other columns tell: of numbers the
    mean of what may be there, of categories the most probable one. Types and formats
    stay, and cells that are there never change. Tells how good the values are:
    some that are known are hidden, filled, and compared. For standard errors and
    correlations draw several tables with --draws: best values vary too little.
    Networks of madaline take tables with gaps as they are.

    examples:
      madaline fill people.csv -o full.csv
      madaline fill people.csv --mark -o full.csv
      madaline fill people.csv --draws 5 -o five.csv
    """,
    (
        Option("TABLE", FORMATS),
        Option("--mark", "add a column NAME_filled for each with gaps: which cells were filled"),
        Option("--draws N", f"draw N tables instead of the best values, one below the other; the column {IMPUTATION} numbers them", type=at_least(1)),
        Option("--no-check", "do not measure how good filling is, which takes half of the time"),
        SEED,
        OptionGroup(COLUMNS.title, (*COLUMNS.options,
            *READING,
        )),
        OptionGroup("output", (
            Option("-o --output FILE", "CSV, TSV, jsonl, Parquet or Feather (default: CSV, printed)"),
            SPREADSHEET,
            Option("--json", "print what was filled, and how good it is, as one JSON object"),
            QUIET,
        )),
    ),
    usage="madaline fill TABLE [-o FILE] [options]",
    defaults={"task": None},
)
