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
from importlib.resources import files
from pathlib import Path
from typing import Any

from madaline._charts.svg import figure_svg
from madaline._data.io.atomic import write_atomically
from madaline._explain import Explanation
from madaline._extras import load_extra
from madaline._model import FittedModel
from madaline._report.data import report_data
from madaline._report.rows import data_of_explanation
from madaline._report.texts import soft
from madaline._report.view import view_of
from madaline._report.view_of_rows import view_of_explanation
from madaline.nn.arrays import Array


def write_report(
    model: FittedModel,
    path: str | os.PathLike[str],
    table: Any = None,
    target: Array | None = None,
    *,
    rows: str | None = None,
) -> None:
    """Write a model's report to one HTML file.

    Parameters
    ----------
    model : FittedModel
        The model, fitted or loaded from a file.
    path : path
        Where to write; an existing file is replaced.
    table, target, rows
        As in `report_data`.

    Raises
    ------
    InputError
        If jinja2 is not installed.
    InputError
        If a column is not there, or the truth has another length.
    OSError
        If the file cannot be written.
    """
    check_jinja()
    save_page(report_data(model, table, target, rows=rows), path)


def save_page(data: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write what `report_data` returned as HTML; `OSError` if that cannot be done."""
    write_atomically(Path(path), render_page(data).encode("utf-8", "backslashreplace"))


def render_page(data: Mapping[str, Any]) -> str:
    """Return what `report_data` returned as HTML.

    Raises
    ------
    InputError
        If jinja2 is not installed.
    """
    return render("report.html", view_of(data))


def save_explanation(
    explanation: Explanation,
    path: str | os.PathLike[str],
    *,
    names: Sequence[str] | None = None,
) -> None:
    """Write an explanation to one HTML file: bars for columns, maps for images.

    Parameters
    ----------
    explanation : Explanation
        What ``model.explain(X)`` returned.
    path : path
        Where to write; an existing file is replaced.
    names : sequence of str, optional
        Names of the rows; by default their numbers.

    Raises
    ------
    InputError
        If jinja2 is not installed.
    OSError
        If the file cannot be written.
    """
    labels = names or [f"Row {number}" for number in explanation.row_numbers]
    rows = [
        {"name": name, **view_of_explanation(data_of_explanation(explanation, number))}
        for number, name in enumerate(labels)
    ]
    page = render(
        "explanation.html",
        {"target": explanation.target, "heading": explanation.heading, "rows": rows},
    )
    write_atomically(Path(path), page.encode("utf-8", "backslashreplace"))


REPORT = "madaline._report"
"""The package of the templates and the style sheet that all pages share."""


def check_jinja() -> None:
    """Raise `InputError` unless jinja2 is installed."""
    load_extra("jinja2", extra="report", purpose="The report")


def render(template: str, context: Mapping[str, Any], *, package: str = REPORT) -> str:
    """Return a page made of a template, with the style sheet of all of them.

    Parameters
    ----------
    template : str
        The name of the template's file.
    context : mapping
        What the template shows.
    package : str, optional
        A package with templates and a style sheet of its own, which add to those of reports.

    Raises
    ------
    InputError
        If jinja2 is not installed.
    """
    style = _style(package)
    shared = {"style": style, "style_hash": _digest(style), "soft": soft, "svg": figure_svg}
    return str(_environment(package).get_template(template).render({**context, **shared}))


@cache
def _environment(package: str) -> Any:
    jinja2 = load_extra("jinja2", extra="report", purpose="The report")
    packages = dict.fromkeys((package, REPORT))
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(one) for one in packages]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style(package: str) -> str:
    sheets = {REPORT: "report.css", package: f"{package.rpartition('._')[2]}.css"}
    folders = {one: files(one) / "templates" for one in sheets}
    return "".join((folders[one] / name).read_text("utf-8") for one, name in sheets.items())


def _digest(style: str) -> str:
    return b64encode(sha256(style.encode()).digest()).decode()
