"""What a notebook shows of results: tables and figures as HTML, and listings.

No script, no request, and fit for any background: texts take the color of the page, so that light
and dark themes suit; other colors are of medium lightness, which both show.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any, Self, SupportsIndex, TypeVar, overload

from madaline._charts.figure import Figure
from madaline._charts.svg import bar_svg, figure_svg

Item = TypeVar("Item")

_MAX_LINES = 20  # lines that are printed, at most


class Html(str):
    """Text that is HTML already; any other text is escaped."""

    __slots__ = ()


def block(*parts: str) -> str:
    """Return parts with their style sheet: what a notebook shows of an object.

    >>> block(paragraph("a < b"))[-21:]
    '<p>a &lt; b</p></div>'
    """
    return f'<div class="madaline"><style>{_style()}</style>{"".join(parts)}</div>'


def paragraph(text: str, style: str = "") -> Html:
    """Return a paragraph of a class of the style sheet."""
    return _element("p", text, style)


def heading(text: str) -> Html:
    """Return a small heading."""
    return _element("h4", text)


def bullets(texts: Iterable[str]) -> Html:
    """Return a list of points."""
    return Html(f"<ul>{''.join(_element('li', text) for text in texts)}</ul>")


def word(text: str, style: str) -> Html:
    """Return text of a class of the style sheet."""
    return _element("span", text, style)


def together(text: str, most: int = 24) -> Html:
    """Return text on one line, unless it is long."""
    return word(text, "together" if len(text) <= most else "")


def bar(value: float, most: float, *, spread: float = 0.0, both: bool = False) -> Html:
    """Return a bar for a cell; see `bar_svg`."""
    return Html(bar_svg(value, most, spread=spread, both=both))


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Collection[int] = (),
    caption: str = "",
    unclear: Collection[int] = (),
) -> Html:
    """Return a table: numbers flush right in some columns, and rows that stand back.

    >>> table(["name", "rows"], [["<b>", "9"]], right=[1])[-73:]
    '<tr><td>&lt;b&gt;</td><td class="right">9</td></tr></tbody></table></div>'
    """

    def cells(tag: str, texts: Sequence[str]) -> str:
        return "".join(
            _element(tag, text, "right" if number in right else "")
            for number, text in enumerate(texts)
        )

    body = "".join(
        f'<tr class="unclear muted">{cells("td", row)}</tr>'
        if number in unclear
        else f"<tr>{cells('td', row)}</tr>"
        for number, row in enumerate(rows)
    )
    above = paragraph(caption, "caption") if caption else ""
    head = f"<thead><tr>{cells('th', header)}</tr></thead>"
    return Html(f'{above}<div class="wide"><table>{head}<tbody>{body}</tbody></table></div>')


def figures(drawn: Iterable[Figure]) -> Html:
    """Return figures side by side, each with its caption and its legend."""
    return Html(f'<div class="figures">{"".join(map(_figure, drawn))}</div>')


def more(shown: int, total: int, noun: str) -> Html:
    """Return how many are not shown; nothing if all are."""
    return paragraph(f"… and {total - shown:,} more {noun}", "muted") if total > shown else Html("")


@cache
def _style() -> str:
    return files("madaline._charts").joinpath("notebook.css").read_text()


def _figure(figure: Figure) -> str:
    legend = ", ".join(word(line.label, f"key {line.style}") for line in figure.legend)
    caption = f"<figcaption>{escape(figure.caption)} {legend}</figcaption>"
    return f"<figure>{figure_svg(figure)}{caption}</figure>"


def _element(tag: str, text: str, style: str = "") -> Html:
    inner = text if isinstance(text, Html) else escape(text)
    return Html(f'<{tag} class="{style}">{inner}</{tag}>' if style else f"<{tag}>{inner}</{tag}>")


class ToFrame:
    """Abstract base of what can be a data frame."""

    @abstractmethod
    def to_columns(self) -> dict[str, Any]:
        """Return the columns of a table, by name."""

    def to_frame(self, library: str = "pandas") -> Any:
        """Return a data frame.

        Parameters
        ----------
        library : {"pandas", "polars", "pyarrow"}, default="pandas"
            Whose.

        Raises
        ------
        InputError
            If there is no such library, or it is not installed.
        """
        from madaline._data.io.frames import make_frame

        return make_frame(self.to_columns(), library)


class Listing(tuple[Item, ...], ToFrame):
    """Abstract base of results in their order; a slice is a listing, too."""

    __slots__ = ()

    @abstractmethod
    def _repr_html_(self) -> str:
        """Return a table for notebooks."""

    @overload
    def __getitem__(self, index: SupportsIndex) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: Any) -> Any:
        """Return one result, or a listing of some."""
        found = super().__getitem__(index)
        return type(self)(found) if isinstance(index, slice) else found

    def __repr__(self) -> str:
        """Return a line for each, and how many are left out."""
        lines = list(map(str, self[:_MAX_LINES]))
        if len(self) > _MAX_LINES:
            lines.append(f"... and {len(self) - _MAX_LINES:,} more")
        return "\n".join(lines) or "(none)"

    def __str__(self) -> str:
        return repr(self)
