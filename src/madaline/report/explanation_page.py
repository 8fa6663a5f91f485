"""The explanation of some rows as one HTML file: bars for columns, maps for images."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from madaline.data.io.atomic import write_atomically
from madaline.explain import Explanation
from madaline.report.explained import explained_row
from madaline.report.page import render
from madaline.report.view_of_rows import view_of_explanation


def save_explanation(
    explanation: Explanation,
    path: str | os.PathLike[str],
    *,
    names: Sequence[str] | None = None,
) -> None:
    """Write an explanation to one HTML file, which shows without a network.

    Parameters
    ----------
    explanation : Explanation
        What ``model.explain(X)`` returned.
    path : path
        Where to write; an existing file is replaced.
    names : sequence of str, optional
        What each row is called; by default its number.

    Raises
    ------
    MadalineError
        If jinja2 is not installed.
    OSError
        If the file cannot be written.
    """
    called = names or [f"Row {number}" for number in explanation.row_numbers]
    rows = [
        {"name": name, **view_of_explanation(explained_row(explanation, number))}
        for number, name in enumerate(called)
    ]
    page = render(
        "explanation.html",
        {"target": explanation.target, "heading": explanation.heading, "rows": rows},
    )
    write_atomically(Path(path), page.encode())
