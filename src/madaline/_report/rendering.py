"""Templates become self-contained pages, whose security policy allows their own style alone."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from madaline._charts.svg import figure_svg
from madaline._extras import load_extra
from madaline._report.texts import soft

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
