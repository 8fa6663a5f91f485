"""What a result shows, as data without HTML and without a terminal: sections of blocks.

A renderer makes text (`records._results.text`) or HTML (`records._results.html`) of them, and looks
up titles, heads, captions and paragraphs in the catalog, each as a whole. Cells stand as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, final

from madaline._base.language import _, translate_word
from madaline._tables.profile import ColumnProfile
from madaline.records._results.diagram import Diagram
from madaline.records._results.figure import Figure


class Name(str):
    """A title or a head that somebody gave, such as a class: no catalog knows it."""

    __slots__ = ()


Style: TypeAlias = Literal["", "point", "muted", "medium", "high", "together"]
"""A point of a list; text that stands back, or forth; or on one line if it is short."""


@final
@dataclass(frozen=True)
class Paragraph:
    """One or more sentences, or a word in a cell."""

    text: str
    style: Style = ""


@final
@dataclass(frozen=True)
class Bar:
    """A number of a cell as a bar, with what is written beside it; the spread is a thin line."""

    value: float
    most: float
    text: str = ""
    spread: float = 0.0
    both: bool = False  # whether zero is in the middle


Cell: TypeAlias = str | Paragraph | Bar | ColumnProfile
"""A profile is drawn as a small distribution."""


@final
@dataclass(frozen=True, eq=False)
class TextTable:
    """A table: numbers flush right in some columns, and rows that stand back."""

    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    right: Collection[int] = ()
    caption: str = ""
    unclear: Collection[int] = ()


@final
@dataclass(frozen=True, eq=False)
class Charts:
    """Figures side by side, each with its caption and its legend; before them a network."""

    figures: Sequence[Figure] = ()
    network: Diagram | None = None


class Found(Protocol):
    """A finding, such as of a diagnosis."""

    @property
    def severity(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    def examples(self, most: int) -> str: ...


@final
@dataclass(frozen=True, eq=False)
class Findings:
    """What is or may be wrong, the worst first."""

    each: Sequence[Found]


_MAX_EXAMPLES = 5  # rows of a finding that are shown

Block: TypeAlias = Paragraph | TextTable | Charts | Findings


@final
@dataclass(frozen=True, eq=False)
class Section:
    """Blocks one below the other."""

    blocks: Sequence[Block]
    title: str = ""
    first: bool = False  # whether text shows it, and leaves those out that are not


def points(texts: Iterable[str]) -> list[Paragraph]:
    """Return the points of a list."""
    return [Paragraph(text, "point") for text in texts]


def more(shown: int, total: int, noun: str) -> list[Paragraph]:
    """Return how many are not shown; nothing if all are."""
    text = _("… and {total:,} more {noun}").format(total=total - shown, noun=translate_word(noun))
    return [Paragraph(text, "muted")] if total > shown else []


def finding_blocks(finding: Found) -> list[Paragraph]:
    """Return the sentence of a finding and some of its rows."""
    examples = finding.examples(_MAX_EXAMPLES)
    return [Paragraph(finding.sentence), *([Paragraph(examples, "muted")] if examples else [])]
