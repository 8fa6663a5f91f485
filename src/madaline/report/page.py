"""The page: what a report says, as one HTML file that needs nothing else.

It holds no script and asks for nothing: its content security policy forbids both, and lets through
its own style sheet alone.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from madaline.data.io.atomic import write_atomically
from madaline.extras import load_extra
from madaline.model import FittedModel
from madaline.nn.arrays import Array
from madaline.report.data import report_data
from madaline.report.texts import soft
from madaline.report.view import view_of


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
    write_atomically(Path(path), render_page(data).encode())


def render_page(data: Mapping[str, Any]) -> str:
    """Return what `report_data` returned as HTML.

    Raises
    ------
    InputError
        If jinja2 is not installed.
    """
    return render("report.html", view_of(data))


def render(template: str, context: Mapping[str, Any]) -> str:
    """Return a page made of a template, with the style sheet of all of them.

    Raises
    ------
    InputError
        If jinja2 is not installed.
    """
    check_jinja()
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("madaline.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (files("madaline.report") / "templates" / "report.css").read_text("utf-8")
    own = {"style": style, "style_hash": _hash(style), "soft": soft}
    return environment.get_template(template).render({**context, **own})


def check_jinja() -> None:
    """Raise `InputError` unless jinja2 is installed."""
    load_extra("jinja2", extra="report", purpose="The report")


def _hash(style: str) -> str:
    """Return the hash by which the content security policy knows the style sheet."""
    return b64encode(sha256(style.encode()).digest()).decode()
