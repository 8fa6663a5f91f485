"""The pages: a report, and the explanation of some rows, each as one self-contained HTML file.

They hold no script and load nothing: their content security policy forbids both, and allows their
own style sheet alone.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any

from madaline._base.extras import load_extra
from madaline._base.language import _, translate, translate_word
from madaline._base.language.choice import html_language
from madaline._models.model import FittedModel
from madaline._tables.io.atomic import write_document
from madaline._tell.explain import Explanation
from madaline._tell.report.data import Report
from madaline._tell.report.explained import ExplainedRow
from madaline._tell.report.view import view_of
from madaline.nn.arrays import Array
from madaline.records._results.svg import figure_svg

_PACKAGE = "madaline._tell.report"  # of the templates and the style sheet that all pages share


def write_report(
    model: FittedModel,
    path: str | os.PathLike[str],
    table: Any = None,
    target: Array | None = None,
    *,
    rows: str | None = None,
) -> None:
    """Write a model's report to one HTML file; the rows are those of `Report.of`.

    `InputError` if jinja2 is not installed, a column is not there or the truth has another length;
    `OSError` if the file cannot be written.
    """
    check_jinja()
    save_page(Report.of(model, table, target, rows=rows), path)


def save_page(report: Report, path: str | os.PathLike[str], *, look: str = "") -> None:
    """Write a report as HTML, with a link to a look at the table; `OSError` if it cannot be."""
    write_document(path, render_page(report, look=look))


def render_page(report: Report, *, look: str = "") -> str:
    """Return a report as HTML; `InputError` if jinja2 is not installed."""
    return render("report.html", {**view_of(report), "look": look})


def save_explanation(
    explanation: Explanation, path: str | os.PathLike[str], *, names: Sequence[str] | None = None
) -> None:
    """Write an explanation to one HTML file: bars for columns, maps for images.

    The names are those of the rows, by default their numbers. `InputError` if jinja2 is not
    installed; `OSError` if the file cannot be written.
    """
    labels = names or [
        _("Row {number}").format(number=number) for number in explanation.row_numbers
    ]
    rows = [
        {"name": name, **ExplainedRow.of(explanation, number).view()}
        for number, name in enumerate(labels)
    ]
    context = {"target": explanation.target, "heading": explanation.heading, "rows": rows}
    page = render("explanation.html", context)
    write_document(path, page)


def check_jinja() -> Any:
    """Return jinja2; `InputError` unless it is installed."""
    return load_extra("jinja2", extra="report", purpose="The report")


def render(template: str, context: Mapping[str, Any], *, package: str = _PACKAGE) -> str:
    """Return a page made of a template, with the style sheet of all of them.

    Another package has templates and a style sheet of its own, which add to those of reports.
    `InputError` if jinja2 is not installed.
    """
    style = _style(package)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    shared = {"style": style, "style_hash": digest, "soft": _breakable, "svg": figure_svg}
    shared["lang"] = html_language()
    return str(_environment(package).get_template(template).render({**context, **shared}))


@cache
def _environment(package: str) -> Any:
    jinja2 = check_jinja()
    packages = dict.fromkeys((package, _PACKAGE))
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(name) for name in packages]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.globals |= {"_": _sentence, "word": translate_word}
    return environment


def _sentence(template: str, **values: Any) -> Any:
    """Return a sentence of a template as HTML, with values that are escaped."""
    safe = check_jinja().utils.markupsafe
    shown = {name: _shown(value) for name, value in values.items()}
    escaped = {n: safe.escape(one) if isinstance(one, str) else one for n, one in shown.items()}
    return safe.Markup(_(template).format(**escaped))


def _shown(value: Any) -> Any:
    """Return a value as a page shows it: a text of madaline in the language that people read."""
    return translate(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


@cache
def _style(package: str) -> str:
    """Return the style sheets of all pages and then those of a package, sorted by name."""
    folders = [files(name) / "templates" for name in dict.fromkeys((_PACKAGE, package))]
    sheets = [sorted(folder.iterdir(), key=lambda file: file.name) for folder in folders]
    return "".join(
        file.read_text("utf-8")
        for of_folder in sheets
        for file in of_folder
        if file.name.endswith(".css")
    )


def _breakable(name: str) -> str:
    """Return a name as HTML that a narrow screen may break after each underscore."""
    return escape(name).replace("_", "_<wbr>")
