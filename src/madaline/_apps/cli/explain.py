"""Commands that explain predictions: by columns, along their values, by the smallest change."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from madaline._apps.cli.console import (
    check_destination,
    say_json,
    say_lines,
    suggestion,
    tell,
    writing,
)
from madaline._apps.cli.options import JSON, MODEL, SPREADSHEET, Command, Option, table_of_model
from madaline._apps.cli.reading import load_model, open_model_rows, read_rows, rows_at, write_parts
from madaline._base.language import _
from madaline._base.words import format_count, format_list, paragraph
from madaline._models.model import FittedModel
from madaline._models.model.model_rows import ModelRows, RowBlock
from madaline._race.evaluation.scores import label_text
from madaline._tables.formats.number_format import PLAIN
from madaline._tables.io.table_files import without_formulas, write_predictions
from madaline._tables.target import ClassEncoder, JointEncoder
from madaline._tell.explain import METHODS, Explanation, explain
from madaline._tell.explain.attributions.written import WrittenExplanations
from madaline._tell.explain.counterfactuals.search import (
    MAX_CHANGED_COLUMNS,
    changing_columns,
    counterfactuals,
)
from madaline._tell.explain.effects import ACCUMULATED, PARTIAL
from madaline._tell.explain.importances import Interaction, interactions
from madaline._tell.explain.overview import Effects, overview
from madaline._tell.report.page import check_jinja, save_explanation
from madaline.errors import InputError


def _load_one_output(arguments: Namespace) -> FittedModel:
    """Return the model of a file, or of the output of it that was named."""
    model, name = load_model(arguments), arguments.target
    encoder = model.predictor.target_encoder
    names = encoder.names if isinstance(encoder, JointEncoder) else (model.summary.target,)
    if name is None and len(names) > 1:
        raise InputError(
            "{model} predicts {names}: name one of them with --target.",
            model=arguments.model,
            names=format_list(names, limit=12, last=" and "),
        )
    if name is not None and name not in names:
        raise InputError(
            "--target names {name}, which {model} does not predict: {suggestion}",
            name=name,
            model=arguments.model,
            suggestion=suggestion(name, names),
        )
    return model.of_output(name) if len(names) > 1 else model


EXPLAINED_ROWS = 5  # rows that are explained by default, unless a file is written

# fmt: off
EXPLAIN = Command(
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
        Option("--rows N", _("explain the first N rows (default: {EXPLAINED_ROWS}, or all of them with -o)").format(EXPLAINED_ROWS=EXPLAINED_ROWS), type=int),
        Option("--background TABLE", "rows to compare with, best those of training (default: one average row)"),
        Option("--target NAME", "which target, or which quantile, where the model predicts several"),
        Option("--class LABEL", "explain this class (default: the one that is predicted)", dest='label'),
        Option("--probability", "explain the probability, not the log-odds"),
        Option("--method METHOD", _("{METHODS} (default: {METHODS2})").format(METHODS=_(", ").join(METHODS), METHODS2=METHODS[0]), default=METHODS[0]),
        Option("--nodes N", "steps of each integral (default: as many as needed)", type=int),
        Option("-o --output OUT", "what to write: an HTML page with pictures, or CSV, TSV, jsonl, Parquet or Feather"),
        SPREADSHEET,
        JSON,
    ),
    usage="madaline explain MODEL TABLE [--rows N] [--background TABLE] [options]",
)
# fmt: on


def run_explain(arguments: Namespace) -> None:
    path = None if arguments.output is None else Path(arguments.output)
    background = arguments.background
    if path is not None:
        given = [arguments.model, arguments.table, *([background] if background else [])]
        check_destination(path, sources=given)
        if _is_page(path):
            check_jinja()
    model = _load_one_output(arguments)
    compared = Namespace(**{**vars(arguments), "table": background})
    settings = {
        "background": background and read_rows(compared, model).table,
        "method": arguments.method,
        "scale": "probability" if arguments.probability else None,
        "target_class": _label(model, arguments.label),
        "nodes": arguments.nodes,
    }
    rows, n_rows = open_model_rows(arguments, model), _n_rows(arguments)
    if rows.in_blocks and path is not None and n_rows is None:
        _explain_all(rows, path, settings, arguments)
        return
    block = _first_rows(rows, EXPLAINED_ROWS if rows.in_blocks and n_rows is None else n_rows)
    explanation = explain(model, block.table, **settings)
    if path is not None:
        _write(explanation, block, path, spreadsheet=arguments.spreadsheet)
        tell(
            _("Wrote the explanation of {rows} to {path}.").format(
                rows=format_count(len(explanation), "row"), path=path
            )
        )
    if arguments.json:
        say_json(_explanation_facts(explanation, block, path))
    elif path is None:
        say_lines(_explanation_lines(explanation, block))


def _first_rows(rows: ModelRows, n_rows: int | None) -> RowBlock:
    """Return the first rows, or all; at least one can be read."""
    block = rows.first(n_rows)
    if not block.table.n_samples:
        raise InputError(
            "The files of the first {rows} cannot be read: ask for more.",
            rows=format_count(block.n_rows, "row"),
        )
    return block


def _write(explanation: Explanation, rows: RowBlock, path: Path, *, spreadsheet: bool) -> None:
    """Write the explanation of some rows, as a page or a table."""
    with writing(path):
        if _is_page(path):
            names = None if rows.names is None else rows.names.tolist()
            save_explanation(explanation, path, names=names)
            return
        columns = rows.spread(explanation.to_columns())
        write_predictions(path, without_formulas(columns) if spreadsheet else columns)


def _explain_all(
    rows: ModelRows, path: Path, settings: Mapping[str, Any], arguments: Namespace
) -> None:
    """Write the explanation of every row, block by block."""
    if _is_page(path):
        raise InputError("{table} is too large for one page: give --rows N.", table=arguments.table)
    explanations = WrittenExplanations(rows, settings, spreadsheet=arguments.spreadsheet)
    n_rows = write_parts(path, explanations.key, rows, explanations.write)
    tell(
        _("Wrote the explanation of {rows} to {path}.").format(
            rows=format_count(n_rows, "row"), path=path
        )
    )
    if arguments.json:
        say_json({"target": rows.model.summary.target, "n_samples": n_rows, "output": str(path)})


def _n_rows(arguments: Namespace) -> int | None:
    if arguments.rows is None:
        return None if arguments.output else EXPLAINED_ROWS
    if arguments.rows < 1:
        raise InputError(
            "--rows is {rows}: give a number of rows, at least 1.", rows=arguments.rows
        )
    return int(arguments.rows)


def _label(model: FittedModel, text: str | None) -> Any:
    """Return the label whose text was typed; what is no label is refused by `explain`."""
    target_encoder = model.predictor.target_encoder
    if text is None or not isinstance(target_encoder, ClassEncoder):
        return text
    labels = {label_text(label): label for label in target_encoder.classes.tolist()}
    return labels.get(text, text)


def _explanation_lines(explanation: Explanation, rows: RowBlock) -> list[str]:
    lines = [paragraph(explanation.heading)]
    for row in range(len(explanation)):
        name = (
            _("Row {row}").format(row=rows.numbers[row])
            if rows.names is None
            else str(rows.names[row])
        )
        lines += ["", *explanation.lines(row, name=name)]
    if explanation.maps:
        lines += ["", paragraph("Which pixels: -o why.html writes a page with the pictures.")]
    return lines


def _is_page(path: Path) -> bool:
    return path.suffix.lower() in (".html", ".htm")


def _explanation_facts(
    explanation: Explanation, rows: RowBlock, path: Path | None
) -> dict[str, Any]:
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
        words = explanation.words.items()
        facts["words"] = {name: [share.to_json() for share in shares] for name, shares in words}
    return facts


_MAX_INTERACTIONS = 3  # interactions that are shown


# fmt: off
EFFECTS = Command(
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
# fmt: on


def run_effects(arguments: Namespace) -> None:
    model = _load_one_output(arguments)
    table = read_rows(arguments, model).table
    found = overview(
        model,
        table,
        arguments.column,
        kind=PARTIAL if arguments.partial else ACCUMULATED,
        target_class=arguments.label,
        scale="log_odds" if arguments.log_odds else None,
    )
    pairs: list[Interaction] = []
    if not arguments.column and len(model.predictor.encoder.columns) > 1 < table.n_samples:
        pairs = list(interactions(model, table))
    if arguments.json:
        curves = [effect.to_json() for effect in found]
        say_json({"effects": curves, "interactions": [pair.to_json() for pair in pairs]})
    else:
        say_lines(_effect_lines(found, pairs, curves=bool(arguments.column)))


def _effect_lines(found: Effects, pairs: list[Interaction], *, curves: bool) -> Iterator[str]:
    for number, effect in enumerate(found):
        if number and curves:
            yield ""
        yield paragraph(effect.sentence, rest="" if curves else "  ")
        if curves:
            yield from effect.lines()
    if curves or not pairs:
        return
    clear = [pair for pair in pairs if pair.clear][:_MAX_INTERACTIONS]
    for pair in clear:
        yield paragraph(str(pair), rest="  ")
    if not clear:
        yield paragraph("No two columns interact noticeably: the model is nearly additive.")


# fmt: off
COUNTERFACTUAL = Command(
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
        Option("--at-least X", "the lowest number that is enough, as 300000 or as the table has it, such as $300k"),
        Option("--at-most X", "the highest number that is enough"),
        Option("--only COLUMN ...", "the columns that may change (default: all but dates and who somebody is)", default=None),
        Option("--most N", "how many columns may change at a time (default: %(default)s)", type=int, default=MAX_CHANGED_COLUMNS),
        JSON,
    ),
    usage="madaline counterfactual MODEL TABLE --row N [--to CLASS] [options]",
)
# fmt: on


def run_counterfactual(arguments: Namespace) -> None:
    model = _load_one_output(arguments)
    target = _target_of_change(model, arguments)
    rows = arguments.row or [0]
    found = counterfactuals(
        model,
        rows_at(open_model_rows(arguments, model), rows),
        target=target,
        columns=arguments.only,
        most_columns=arguments.most,
        row_numbers=rows,
    )
    if arguments.json:
        say_json({"counterfactuals": [change.to_json() for change in found]})
    else:
        say_lines(paragraph(str(change)) for change in found)
        free = arguments.only or changing_columns(model)
        fixed = [] if arguments.only else [one for one in model.schema.single if one not in free]
        if fixed:
            told = _("Not changed, as --only does not name them: {fixed}.").format(
                fixed=format_list(fixed)
            )
            say_lines([paragraph(told)])


def _target_of_change(model: FittedModel, arguments: Namespace) -> Any:
    """Return the class or the range to reach."""
    limits = (arguments.at_least, arguments.at_most)
    if model.summary.task == "classification":
        if limits != (None, None):
            what = _("{model} predicts classes").format(model=arguments.model)
            raise InputError("{what}: give --to CLASS instead of a limit.", what=what)
        return arguments.to
    if arguments.to is not None or limits == (None, None):
        raise InputError(
            "{model} predicts a number, {target}: give --at-least X, --at-most X or both.",
            model=arguments.model,
            target=model.summary.target,
        )
    return tuple(_limit(model, text) for text in limits)


def _limit(model: FittedModel, text: str | None) -> float | None:
    """Return a number as people or the table write it, such as 800万."""
    if text is None:
        return None
    written = model.schema.target or PLAIN
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return written.parse(text)
    except ValueError:
        raise InputError(
            "{text!r} is no number: give one such as {example}.",
            text=text,
            example=written.show(300_000) if written.symbol else "300000",
        ) from None
