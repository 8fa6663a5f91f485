"""Figures written to a file: as a page that needs nothing else, or drawn by matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from madaline._charts.figure import Figure
from madaline._charts.html import block, bullets, figures, heading
from madaline._cli.output import check_destination, writing
from madaline._data.io.atomic import write_atomically
from madaline._extras import load_extra
from madaline.errors import InputError

ENDINGS = (".html", ".svg", ".png", ".pdf")


def picture_path(name: str | None, *, sources: Sequence[str]) -> Path | None:
    """Return where a picture goes, or None; refuse what could not be written there.

    Raises
    ------
    InputError
        If the ending is none of `ENDINGS`, matplotlib is needed and missing, or the path cannot be
        written to.
    """
    if name is None:
        return None
    path = Path(name)
    if path.suffix.lower() not in ENDINGS:
        raise InputError(f"{path} has no ending of a picture: give {', '.join(ENDINGS)}.")
    check_destination(path, sources=sources)
    if path.suffix.lower() != ".html":
        load_extra("matplotlib.pyplot", extra="plot", purpose=f"A picture in {path.suffix}")
    return path


def write_picture(
    path: Path, drawn: Sequence[Figure], *, title: str, sentences: Sequence[str] = ()
) -> None:
    """Write figures one above the other; a page has the sentences below them, too."""
    with writing(path):
        if path.suffix.lower() == ".html":
            content = block(heading(title), figures(drawn), bullets(sentences))
            page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}'
            write_atomically(
                path, f"{page}</title>{content}</html>\n".encode("utf-8", "backslashreplace")
            )
            return
        _draw(path, drawn, title)


def _draw(path: Path, drawn: Sequence[Figure], title: str) -> None:
    from matplotlib.figure import Figure as Sheet

    from madaline.plots.drawing import draw

    sheet = Sheet(figsize=(8, 3.5 * len(drawn)), layout="constrained")
    sheet.suptitle(title)
    for figure, axes in zip(drawn, sheet.subplots(len(drawn), 1, squeeze=False)[:, 0], strict=True):
        draw(figure, axes)
    sheet.savefig(path)
