"""The story of a fit in plain words, from the records and decisions that its file holds."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from madaline._charts.html import block, bullets, heading
from madaline._charts.listing import ToFrame
from madaline._story.kept import tell_kept
from madaline._story.seen import tell_seen
from madaline._story.summary import Summary
from madaline._story.tried import tell_tried
from madaline.records.decision import Decision
from madaline.records.history import Record

Part: TypeAlias = Literal["tried", "seen", "kept"]
"""What a sentence is about: what was tried, what was seen, or what was kept."""

HEADINGS: dict[Part, str] = {
    "tried": "What was tried",
    "seen": "What was seen",
    "kept": "What was kept",
}

WIDTH = 80
"""Characters of a line, at most."""


@dataclass(frozen=True)
class Sentence:
    """One sentence of a story: the part that it belongs to, and its text."""

    part: Part
    text: str

    def __str__(self) -> str:
        """Return the text."""
        return self.text

    def to_json(self) -> dict[str, Any]:
        """Return the sentence as JSON-able values."""
        return {"part": self.part, "sentence": self.text}


@dataclass(frozen=True)
class Story(ToFrame):
    """What was tried, what was seen, and what was kept: ``print`` it (final).

    Parameters
    ----------
    sentences : tuple of Sentence
        In their order.

    Examples
    --------
    >>> print(Story((Sentence("kept", "5 networks predict."),)))
    What was kept: 5 networks predict.
    """

    sentences: tuple[Sentence, ...]

    def __iter__(self) -> Iterator[Sentence]:
        """Return the sentences one by one."""
        return iter(self.sentences)

    def __len__(self) -> int:
        """Return how many sentences there are."""
        return len(self.sentences)

    def __str__(self) -> str:
        """Return a paragraph for each part."""
        return "\n".join(line for part in HEADINGS for line in self.lines(part))

    def __repr__(self) -> str:
        """Return the same."""
        return str(self)

    def _repr_html_(self) -> str:
        parts = self.parts().items()
        return block(*(heading(HEADINGS[p]) + bullets(map(str, texts)) for p, texts in parts))

    def to_columns(self) -> dict[str, Any]:
        """Return the part and the text of each sentence."""
        return {"part": [one.part for one in self], "sentence": [one.text for one in self]}

    def lines(self, part: Part) -> Iterator[str]:
        """Yield a part as lines of a paragraph; none if it has no sentences."""
        sentences = self.parts().get(part)
        if sentences:
            text = f"{HEADINGS[part]}: {' '.join(map(str, sentences))}"
            yield from textwrap.wrap(text, WIDTH, break_on_hyphens=False, break_long_words=False)

    def parts(self) -> dict[Part, list[Sentence]]:
        """Return the sentences of each part that has some."""
        parts = {part: [one for one in self if one.part == part] for part in HEADINGS}
        return {part: sentences for part, sentences in parts.items() if sentences}

    def to_json(self) -> list[dict[str, Any]]:
        """Return the sentences as JSON-able values."""
        return [one.to_json() for one in self]


def tell_story(
    summary: Summary,
    records: Sequence[Record],
    decisions: Sequence[Decision],
    constraints: str = "",
) -> Story:
    """Return the story of a fit.

    Parameters
    ----------
    summary : Summary
        What it came to.
    records : sequence of Record
        Every epoch of every recipe.
    decisions : sequence of Decision
        What was decided.
    constraints : str, optional
        With which columns predictions never fall or never rise, in a sentence.
    """
    tried = [Sentence("tried", text) for text in tell_tried(summary, records, decisions)]
    seen = [Sentence("seen", text) for text in tell_seen(records, decisions)]
    kept = [Sentence("kept", text) for text in tell_kept(summary, decisions)]
    kept += [Sentence("kept", constraints)] if constraints else []
    return Story((*tried, *seen, *kept))
