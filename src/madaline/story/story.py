"""The story of a fit is told from its records and decisions alone, so that a file can tell it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from madaline.records.decision import Decision
from madaline.records.record import Record
from madaline.story.kept import tell_kept
from madaline.story.seen import tell_seen
from madaline.story.sentence import Sentence
from madaline.story.summary import Summary
from madaline.story.tried import tell_tried

HEADINGS = {
    "tried": "What was tried",
    "seen": "What was seen",
    "kept": "What was kept",
}

WIDTH = 80
"""Characters of a line, at most."""


@dataclass(frozen=True)
class Story:
    """What was tried, what was seen, and what was kept: ``print`` it (final).

    Parameters
    ----------
    sentences : tuple of Sentence
        In the order in which they are told.

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

    def lines(self, part: str) -> Iterator[str]:
        """Yield a part as lines of a paragraph; nothing if there is nothing to tell."""
        told = self.parts().get(part, [])
        if told:
            text = f"{HEADINGS[part]}: {' '.join(map(str, told))}"
            yield from textwrap.wrap(text, WIDTH, break_on_hyphens=False, break_long_words=False)

    def parts(self) -> dict[str, list[Sentence]]:
        """Return the sentences of each part that has some."""
        told = {part: [one for one in self if one.part == part] for part in HEADINGS}
        return {part: sentences for part, sentences in told.items() if sentences}

    def to_json(self) -> list[dict[str, Any]]:
        """Return the sentences as JSON-able values."""
        return [one.to_json() for one in self]


def tell_story(summary: Summary, records: Sequence[Record], decisions: Sequence[Decision]) -> Story:
    """Return the story of a fit.

    Parameters
    ----------
    summary : Summary
        What it came to.
    records : sequence of Record
        Every epoch of every recipe.
    decisions : sequence of Decision
        What was decided.
    """
    tried = [Sentence("tried", text) for text in tell_tried(summary, records, decisions)]
    seen = [Sentence("seen", text) for text in tell_seen(records, decisions)]
    kept = [Sentence("kept", text) for text in tell_kept(summary, decisions)]
    return Story((*tried, *seen, *kept))
