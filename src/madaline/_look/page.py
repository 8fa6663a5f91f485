"""The page of a look: one self-contained HTML file in the style of the report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np

from madaline._charts.svg import bar_svg, distribution_svg
from madaline._data.io.atomic import write_atomically
from madaline._look.look import Look, Pair
from madaline._report.page import render
from madaline._words import clip_text, format_count, format_share
from madaline.nn.arrays import Array
from madaline.version import __version__

_DIRECTIONS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""Characters that would turn the text behind a name around: they are left out."""

_MAX_ROWS, _MAX_MATRIX = 12, 16  # of tables before others unfold, and of the matrix
_MAX_COLUMNS, _MAX_UNFOLDED = 24, 400  # columns that are described, and others that unfold
_MAX_NAME = 200  # characters of a name
_MIN_SHOWN = 0.3  # association of columns that are in the matrix


def save_look(look: Look, path: Path) -> None:
    """Write a look as HTML; `InputError` if jinja2 is not installed."""
    write_atomically(path, render_look(look).encode("utf-8", "backslashreplace"))


def render_look(look: Look) -> str:
    """Return a look as HTML."""
    day = date.today()
    context = {
        "look": look,
        "date": f"{day:%B} {day.day}, {day.year}",
        "version": __version__,
        "of_classes": look.target is not None and look.target.of_levels,
        "related": look.related,
        "silent": [_name(one.name) for one in look.columns if one.association == 0.0],
        "lacking": sorted((o for o in look.columns if o.n_missing), key=lambda o: -o.n_missing),
        "matrix": _matrix(look.pairs),
        "most": _MAX_ROWS,
        "most_columns": _MAX_COLUMNS,
        "most_unfolded": _MAX_UNFOLDED,
        "name": _name,
        "picture": lambda one: "" if one.profile is None else distribution_svg(one.profile),
        "bar": bar_svg,
        "count": format_count,
        "percent": format_share,
    }
    return render("look.html", context, package="madaline._look").translate(_DIRECTIONS)


def _name(name: str) -> str:
    """Return a name that a page has room for."""
    return clip_text(" ".join(name.split()) or "(empty)", _MAX_NAME)


def _matrix(pairs: Sequence[Pair]) -> list[tuple[str, Array]]:
    """Return columns that tell most of each other, with what each tells of the others; few if any.

    Each is beside the one that tells most of it.
    """
    strong = (name for pair in pairs if pair.association >= _MIN_SHOWN for name in pair[:2])
    names = list(dict.fromkeys(strong))[:_MAX_MATRIX]
    strengths = np.eye(len(names))
    for one, other, association in pairs:
        if one in names and other in names:
            place = names.index(one), names.index(other)
            strengths[place] = strengths[place[::-1]] = association
    order = [int(strengths.sum(axis=0).argmax())] if names else []
    while len(order) < len(names):
        left = [one for one in range(len(names)) if one not in order]
        order.append(max(left, key=lambda one: float(strengths[order[-1], one])))
    return [(_name(names[one]), strengths[one, order]) for one in order]
