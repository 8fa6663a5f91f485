"""A sentence of a story is text that belongs to one of its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Part: TypeAlias = Literal["tried", "seen", "kept"]
"""What a sentence is about: what was tried, what was seen, or what was kept."""


@dataclass(frozen=True)
class Sentence:
    """One sentence of a story.

    Parameters
    ----------
    part : {"tried", "seen", "kept"}
        What it is about.
    text : str
        The sentence.
    """

    part: Part
    text: str

    def __str__(self) -> str:
        """Return the text."""
        return self.text

    def to_json(self) -> dict[str, Any]:
        """Return the sentence as JSON-able values."""
        return {"part": self.part, "sentence": self.text}
