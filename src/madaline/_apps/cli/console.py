"""What commands print and write."""

from __future__ import annotations

import errno
import json
import math
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from madaline._base.extras import load_extra
from madaline._base.language import Message, _
from madaline._base.words import format_list, say
from madaline._tables.io.atomic import check_place, write_document
from madaline.errors import InputError
from madaline.records._results.blocks import Charts, Section
from madaline.records._results.figure import Figure
from madaline.records._results.html import render_page

_ENDINGS = (".html", ".svg", ".png", ".pdf")


def say_lines(lines: Iterable[str]) -> None:
    """Write lines of a result to standard output."""
    say("\n".join(lines), sys.stdout)


def say_page(sections: Iterable[Iterable[str]]) -> None:
    """Write the lines of each section to standard output, with an empty line between sections."""
    texts = ("\n".join(lines) for lines in sections)
    say_lines(["\n\n".join(text for text in texts if text)])


def tell(*texts: str) -> None:
    """Write messages to standard error."""
    for text in texts:
        say(text, sys.stderr)


def say_json(value: dict[str, Any]) -> None:
    """Write a result to standard output, as one JSON object."""
    say(json.dumps(finite(value)), sys.stdout, as_it_is=True)


def say_csv(content: bytes) -> None:
    """Write a table in CSV to standard output: its bytes, but to a terminal as printable text."""
    if sys.stdout is None:
        return
    if sys.stdout.isatty():
        say(content.decode().removesuffix("\n"), sys.stdout, as_it_is=True)
        return
    sys.stdout.flush()  # CSV is in UTF-8, whatever the encoding of the terminal: it is a file
    sys.stdout.buffer.write(content)


def finite(value: Any) -> Any:
    """Return a JSON-able value with None for infinities and NaN, and messages as sentences."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict) and value.keys() == {"message", "plural", "values"}:
        return Message.restored(value)
    if isinstance(value, dict):
        return {name: finite(item) for name, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, list | tuple) else value


def suggestion(name: str, names: Sequence[str]) -> str:
    """Return what somebody may have meant by a name that is not there."""
    folded = {option.casefold(): option for option in reversed(names)}
    close = get_close_matches(name.casefold(), folded, n=3)
    if close:
        return _("did you mean {close}?").format(
            close=_(" or ").join(folded[match] for match in close)
        )
    return _("there are {names}.").format(names=format_list(names, limit=12))


def check_destination(path: Path, *, sources: Iterable[str]) -> None:
    """Refuse a path that a file could not be written to."""
    check_place(path)
    for source in sources:
        if path.exists() and Path(source).exists() and path.samefile(source):
            raise InputError("{path} is what is read: give another file to write.", path=path)
    with writing(path), tempfile.TemporaryFile(dir=path.parent):
        pass  # files are written beside their path and then moved, so the folder decides


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the operating system refuses while a file is written into a sentence."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from None


def unwritable(path: Path, error: OSError) -> InputError:
    """Return the sentence for a file that the operating system would not write."""
    reason = (error.strerror or str(error)).lower()
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    remedy = "free some space" if full else "allow writing there"
    return InputError(
        "{path} cannot be written, {reason}: {remedy}, or write elsewhere with -o.",
        path=path,
        reason=reason,
        remedy=remedy,
    )


def picture_path(name: str | None, *, sources: Sequence[str]) -> Path | None:
    """Return where a picture goes, or None; refuse what could not be written there."""
    if name is None:
        return None
    path = Path(name)
    if path.suffix.lower() not in _ENDINGS:
        raise InputError(
            "{path} has no ending of a picture: give {ENDINGS}.",
            path=path,
            ENDINGS=_(", ").join(_ENDINGS),
        )
    check_destination(path, sources=sources)
    if path.suffix.lower() != ".html":
        load_extra(
            "matplotlib.pyplot",
            extra="plot",
            purpose=_("A picture in {suffix}").format(suffix=path.suffix),
        )
    return path


def write_picture(path: Path, title: str, sections: Iterable[Section]) -> None:
    """Write a page; of other formats, only the figures, one above the other."""
    with writing(path):
        if path.suffix.lower() == ".html":
            write_document(path, render_page(title, sections))
        else:
            blocks = [block for section in sections for block in section.blocks]
            charts = [block.figures for block in blocks if isinstance(block, Charts)]
            _draw(path, [each for figures in charts for each in figures], title)


def _draw(path: Path, drawn: Sequence[Figure], title: str) -> None:
    from matplotlib.figure import Figure as Sheet

    from madaline._tell.plots.drawing import draw

    sheet = Sheet(figsize=(8, 3.5 * len(drawn)), layout="constrained")
    sheet.suptitle(title)
    for figure, axes in zip(drawn, sheet.subplots(len(drawn), 1, squeeze=False)[:, 0], strict=True):
        draw(figure, axes)
    sheet.savefig(path)
