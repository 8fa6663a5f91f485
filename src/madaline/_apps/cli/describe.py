"""Commands that describe a model: on the terminal, or in a file."""

from __future__ import annotations

import os
import shlex
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from madaline._apps.cli.before_fit import look_again
from madaline._apps.cli.console import (
    check_destination,
    say_json,
    say_lines,
    say_page,
    tell,
    writing,
)
from madaline._apps.cli.fit_request import source_name
from madaline._apps.cli.many import describe_many
from madaline._apps.cli.options import JSON, MODEL, Command, Option, table_of_model
from madaline._apps.cli.reading import load_model, read_rows, time_columns
from madaline._apps.cli.sections import (
    column_table,
    importance_lines,
    network_lines,
    update_lines,
    verdict_lines,
)
from madaline._base.language import _, translate_word
from madaline._base.language.widths import align
from madaline._base.words import (
    format_count,
    format_size,
    option_words,
    paragraph,
    say,
)
from madaline._models.diagnosis.finding import Diagnosis
from madaline._models.model import FittedModel
from madaline._models.model.model_rows import RowBlock
from madaline._models.story.forward import tell_age
from madaline._race.plan import BALANCED
from madaline._race.recipe import legend
from madaline._tables.io.tensor_file import MODELS, VERSION, is_of_kind
from madaline._tables.table import Table
from madaline._tables.target.values import side_by_side
from madaline._tell.progress.progress import decision_line
from madaline._tell.report.card import model_card, write_card
from madaline._tell.report.data import Report, verdict
from madaline._tell.report.page import check_jinja, save_page
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.records._letters import RecipeLetters
from madaline.records.race_decisions import LearnedFromProbabilities, SampleDrawn

# fmt: off
INFO = Command(
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
# fmt: on


def run_info(arguments: Namespace) -> None:
    path = Path(arguments.model)
    if arguments.group is None and is_of_kind(path, MODELS):
        describe_many(arguments)
        return
    model = load_model(arguments)
    if arguments.json:
        say_json(_info_facts(model, path))
    else:
        say_page(_info_sections(model, path, list(filter(None, [arguments.group]))))


def _info_sections(
    model: FittedModel, path: Path, groups: Sequence[str]
) -> Iterator[Iterable[str]]:
    summary = model.summary
    name = summary.request.preset
    preset = "" if name == BALANCED.name else _(', with the preset "{name}"').format(name=name)
    yield [paragraph(verdict(model)[0])]
    yield verdict_lines(model)
    yield importance_lines(summary)
    of_plan = SampleDrawn | LearnedFromProbabilities
    told = (one.sentence for one in model.decisions if isinstance(one, of_plan))
    yield list(map(paragraph, told))
    yield [paragraph(model.constraints)] if model.constraints else []
    yield [paragraph(_columns_heading(model)), *column_table(model.schema)]
    yield update_lines(model)
    yield [
        *network_lines(summary),
        _("Trained for {epochs}{preset}.").format(
            epochs=format_count(summary.epochs, "epoch"), preset=preset
        ),
        _("The file has {size} (format {format}, written by madaline {version}).").format(
            size=format_size(path.stat().st_size), format=VERSION, version=model.version
        ),
        "How the model was found:",
        f"  madaline story {shlex.join([str(path), *option_words('--group', groups)])}",
    ]


def _columns_heading(model: FittedModel) -> str:
    """Return what stands above the columns: of a large table, in which rows values are counted."""
    drawn = next((one for one in model.decisions if isinstance(one, SampleDrawn)), None)
    return (
        "Columns:"
        if drawn is None
        else _("Columns, as counted in {rows_drawn}:").format(rows_drawn=drawn.rows_drawn)
    )


def _info_facts(model: FittedModel, path: Path) -> dict[str, Any]:
    classes = getattr(model.predictor.target_encoder, "classes", None)
    return {
        "model": str(path),
        "bytes": path.stat().st_size,
        "format": VERSION,
        "madaline": model.version,
        **model.summary.to_json(),
        "classes": None if classes is None else classes.tolist(),
        "predicts": list(model.output_names),
        "columns": model.schema.to_json()["columns"],
        "kept_rows": 0 if model.kept_rows is None else model.kept_rows.n_rows,
        "kept_models": [] if model.kept_models is None else list(model.kept_models.files),
        "updates": [update.to_json() for update in model.updates],
        "decisions": [decision.to_json() for decision in model.decisions],
    }


# fmt: off
STORY = Command(
    """
    Tells what a fit tried, what won and why, and what to do next. With --full, also
    which recipes were stopped early, which variants lowered the validation loss, and
    which networks make the prediction; with -v, every decision, too.

    examples:
      madaline story penguins.madaline
      madaline story penguins.madaline --full
      madaline story penguins.madaline -v
    """,
    (
        *MODEL,
        Option("--full", "tell all of it"),
        Option("-v --verbose", "tell all of it, and every decision"),
        JSON,
    ),
)
# fmt: on


def run_story(arguments: Namespace) -> None:
    model = load_model(arguments)
    if arguments.json:
        say_json(_story_facts(model))
    else:
        say_page(
            _story_sections(
                model, arguments.model, full=arguments.full, decisions=arguments.verbose
            )
        )


def _story_sections(
    model: FittedModel, path: Path, *, full: bool, decisions: bool
) -> Iterator[Iterable[str]]:
    yield map(paragraph, verdict(model))
    yield from ([text] for text in model.story(full=full or decisions).paragraphs())
    told = model.records if full or decisions else ()
    names = [record.recipe for record in told] or [one.name for one in model.summary.members]
    yield [paragraph(legend(names))]
    if not (full or decisions):
        file = shlex.quote(str(path))
        asked = [(f"  madaline story {file} --full", f"# {_('tells the whole story')}")]
        if model.diagnosis:
            asked.insert(0, (f"  madaline doctor {file}", f"# {_('tells what to do about it')}"))
        yield ["Next:", *align(asked)]
    if decisions:
        recipes = RecipeLetters.of(model.records)
        yield ["Decisions:", *(decision_line(decision, recipes) for decision in model.decisions)]


def _story_facts(model: FittedModel) -> dict[str, Any]:
    return {
        "verdict": verdict(model),
        "story": model.story().to_json(),
        "members": model.summary.to_json()["members"],
        "decisions": [decision.to_json() for decision in model.decisions],
    }


_MAX_ROW_NUMBERS = 10  # numbers of rows that are printed, at most; --json has more


# fmt: off
DOCTOR = Command(
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
# fmt: on


def run_doctor(arguments: Namespace) -> None:
    model = load_model(arguments).for_command_line()
    of_fit = None if model.diagnosis is None else model.diagnosis.facts()
    facts, lines = {"model": arguments.model, "fit": of_fit}, [*_lines_of_fit(model)]
    if arguments.table is not None:
        rows = read_rows(arguments, model, also=time_columns(model))
        of_table = model.diagnose(rows.table).renumbered(rows.numbers).named(rows.files)
        of_table = of_table.for_command_line()
        age = tell_age(model.summary.forward, rows.table)
        facts |= {"table": arguments.table, "new_rows": of_table.facts(), "age": age}
        lines += ["", *([paragraph(age)] if age else [])]
        lines += _finding_lines(of_table, _("The rows of {table}").format(table=arguments.table))
    if arguments.json:
        say_json(facts)
    else:
        say_lines(lines)


def _lines_of_fit(model: FittedModel) -> Iterator[str]:
    what = _("The fit of {target} to {rows}").format(
        target=model.summary.target, rows=format_count(model.summary.n_samples, "row")
    )
    if model.diagnosis is None:
        yield paragraph(
            _(
                "{what} was not diagnosed by madaline {version}, which wrote the file: fit it again to see findings."
            ).format(what=what, version=model.version)
        )
    else:
        yield from _finding_lines(model.diagnosis, what)


def _finding_lines(diagnosis: Diagnosis, what: str) -> Iterator[str]:
    """Yield the findings grouped by their severity."""
    if not diagnosis.findings:
        yield paragraph(_("{what}: no problem was found.").format(what=what))
        return
    yield paragraph(
        _("{what}: {findings}.").format(what=what, findings=format_count(len(diagnosis), "finding"))
    )
    for severity, findings in diagnosis.by_severity().items():
        if findings:
            yield _("{severity}:").format(severity=translate_word(severity.capitalize()))
        for finding in findings:
            yield paragraph(finding.sentence, first="  - ", rest="    ")
            if finding.rows:
                shown = finding.examples(_MAX_ROW_NUMBERS)
                yield paragraph(
                    _("Such as {shown}.").format(shown=shown), first="    ", rest="    "
                )


# fmt: off
CARD = Command(
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
# fmt: on


def run_card(arguments: Namespace) -> None:
    path = None if arguments.output is None or arguments.json else Path(arguments.output)
    if path is not None:
        check_destination(path, sources=[arguments.model])
    model = load_model(arguments)
    if arguments.json:
        say_json({"model": arguments.model, "card": model_card(model)})
    elif path is None:
        say(model_card(model).rstrip(), sys.stdout, as_it_is=True)
    else:
        with writing(path):
            write_card(model, path)
        tell(_("Wrote {path}.").format(path=path))


# fmt: off
REPORT = Command(
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
# fmt: on


def run_report(arguments: Namespace) -> None:
    path = Path(arguments.output or f"{Path(arguments.model).stem}.html")
    look = None if arguments.look is None else Path(arguments.look)
    if look is not None and arguments.table is None:
        raise InputError("--look is a page about a table: name one behind the model.")
    given = [] if arguments.table is None else [arguments.table]
    for page in [] if arguments.json else filter(None, (path, look)):
        check_jinja()
        check_destination(page, sources=[arguments.model, *given])
    model = load_model(arguments)
    rows = None if arguments.table is None else read_rows(arguments, model, also=model.target_names)
    report = _report_of(model, rows, arguments.table)
    if arguments.json:
        say_json(report.to_json())
        return
    link = ""
    if look is not None and rows is not None:
        with writing(look):
            look_again(model, rows.table, source_name(arguments.table)).save(look)
        link = quote(os.path.relpath(look, path.parent).replace(os.sep, "/"))
    with writing(path):
        save_page(report, path, look=link)
    for page in filter(None, (look, path)):
        tell(_("Wrote {page} ({size}).").format(page=page, size=format_size(page.stat().st_size)))


def _report_of(model: FittedModel, given: RowBlock | None, source: str) -> Report:
    if given is None:
        return Report.of(model)
    table = given.table
    target = known_targets(model, table)
    rows, names = (
        _("the {rows} of {name}").format(
            rows=format_count(table.n_samples, "row"), name=Path(source).name
        ),
        None,
    )
    if given.names is not None:
        names = list(map(str, given.names))
    elif len(given.numbers) < given.n_rows:  # the numbers of the rows that are left
        names = [_("Row {number}").format(number=number) for number in given.numbers]
    return Report.of(model, table, target, rows=rows, names=names)


def known_targets(model: FittedModel, table: Table) -> Array | None:
    """Return the targets of a model in a table, side by side; None if one is not there."""
    known = [table[name] for name in model.target_names if name in table]
    return side_by_side(known) if len(known) == len(model.target_names) else None
