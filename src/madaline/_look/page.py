"""The page of a look: one self-contained HTML file in the style of the report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from madaline._charts.svg import bar_svg, distribution_svg
from madaline._data.io.atomic import write_atomically
from madaline._data.kinds.kind import DROPPED
from madaline._look.columns import LookedColumn
from madaline._look.look import Look, Pair
from madaline._report.page import render
from madaline._words import clip_text, format_count, format_share
from madaline.version import __version__

_PACKAGE = "madaline._look"
_MAX_TOLD, _MAX_MATRIX, _MAX_PAIRS = 12, 16, 20  # rows of tables, and columns of the matrix
_MAX_COLUMNS, _MAX_UNFOLDED = 24, 400  # columns that are described, and others that unfold
_MAX_NAME = 200  # characters of a name
_MIN_SHOWN = 0.3  # association of columns that are in the matrix


def save_look(look: Look, path: Path) -> None:
    """Write a look as HTML; `InputError` if jinja2 is not installed."""
    write_atomically(path, render_look(look).encode("utf-8", "backslashreplace"))


def render_look(look: Look) -> str:
    """Return a look as HTML."""
    columns = list(map(_column, look.columns))
    of_target, day = look.target is not None, date.today()
    lacking = sorted((one for one in look.columns if one.n_missing), key=lambda o: -o.n_missing)
    context = {
        "look": look,
        "date": f"{day:%B} {day.day}, {day.year}",
        "version": __version__,
        "target": None if look.target is None else _column(look.target),
        "told": [*map(_told, look.related)] if of_target else [],
        "silent": [_name(one.name) for one in look.columns if one.association == 0.0],
        "columns": columns[:_MAX_COLUMNS],
        "more_columns": columns[_MAX_COLUMNS:_MAX_UNFOLDED],
        "hidden_columns": max(0, len(columns) - _MAX_UNFOLDED),
        "lacking": [_lacking(one, look.n_rows) for one in lacking],
        "matrix": _matrix(look.pairs),
        "pairs": [_pair(pair) for pair in look.pairs[:_MAX_PAIRS]],
        "dropped": [one for one in columns if one["kind"] == DROPPED],
        "most": _MAX_TOLD,
        "first": look.first_rows,
        "name": _name,
        "count": format_count,
        "percent": format_share,
    }
    return render("look.html", context, package=_PACKAGE)


def _name(name: str) -> str:
    """Return a name that a page has room for."""
    return clip_text(" ".join(name.split()) or "(empty)", _MAX_NAME)


def _column(column: LookedColumn) -> dict[str, Any]:
    """Return what is shown of a column."""
    picture = "" if column.profile is None else distribution_svg(column.profile)
    return {
        **vars(column),
        "name": _name(column.name),
        "typical": column.values,
        "picture": picture,
    }


def _told(column: LookedColumn) -> dict[str, str]:
    """Return a column that tells of the target, with a bar."""
    strength = column.association or 0.0
    return {"name": _name(column.name), "bar": bar_svg(strength, 1.0), "value": f"{strength:.2f}"}


def _lacking(column: LookedColumn, n_rows: int) -> dict[str, str]:
    """Return how many values a column lacks, with a bar, and what that tells of the target."""
    told = column.of_missing
    return {
        "name": _name(column.name),
        "bar": bar_svg(column.n_missing, max(1, n_rows)),
        "rows": f"{column.n_missing:,}",
        "share": format_share(column.n_missing / max(1, n_rows)),
        "told": "" if not told else f"{told:.2f}",
    }


def _pair(pair: Pair) -> dict[str, str]:
    return {
        "names": f"{_name(pair.first)} and {_name(pair.second)}",
        "bar": bar_svg(pair.association, 1.0),
        "value": f"{pair.association:.2f}",
    }


def _matrix(pairs: Sequence[Pair]) -> dict[str, Any] | None:
    """Return the associations of the columns that tell most of each other, side by side."""
    strong = (pair for pair in pairs if pair.association >= _MIN_SHOWN)
    names = list(
        islice(_distinct(n for pair in strong for n in (pair.first, pair.second)), _MAX_MATRIX)
    )
    if len(names) < 3:
        return None
    strengths = np.eye(len(names))
    for pair in pairs:
        if pair.first in names and pair.second in names:
            place = names.index(pair.first), names.index(pair.second)
            strengths[place] = strengths[place[::-1]] = pair.association
    order = _side_by_side(strengths)
    rows = [
        {
            "name": _name(names[row]),
            "number": number,
            "cells": [
                {
                    "text": "" if row == one else f"{strengths[row, one]:.1f}".removeprefix("0"),
                    "shade": 0 if row == one else int(np.ceil(9 * strengths[row, one])),
                }
                for one in order
            ],
        }
        for number, row in enumerate(order, 1)
    ]
    return {"rows": rows}


def _distinct(names: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(names)


def _side_by_side(strengths: Any) -> list[int]:
    """Return an order in which each is beside the one that tells most of it, of those left."""
    order = [int(strengths.sum(axis=0).argmax())]
    while len(order) < len(strengths):
        left = [one for one in range(len(strengths)) if one not in order]
        order.append(max(left, key=lambda one: float(strengths[order[-1], one])))
    return order
