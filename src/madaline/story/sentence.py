"""A sentence of a story is words with places for numbers, and the numbers that were recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Part: TypeAlias = Literal["tried", "seen", "kept"]
"""What a sentence is about: what was tried, what came of it, or what was kept."""


@dataclass(frozen=True)
class Sentence:
    """One sentence of a story.

    Parameters
    ----------
    part : {"tried", "seen", "kept"}
        What it is about.
    words : str
        It names numbers and names as ``{name}`` or, with a format, ``{name:.4f}``; so the words
        cannot disagree with the record.
    numbers : mapping of str to float
        What was recorded.
    names : mapping of str to str
        Names of recipes, columns and metrics.

    Examples
    --------
    >>> str(Sentence("seen", "{best} came to {loss:.2f}.", {"loss": 0.123}, {"best": "16 bins"}))
    '16 bins came to 0.12.'
    """

    part: Part
    words: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Fill in numbers and names."""
        # One step: what the user's names hold is not looked into again.
        return self.words.format_map({**self.names, **self.numbers})

    def to_json(self) -> dict[str, Any]:
        """Return the sentence as JSON-able values."""
        return {
            "part": self.part,
            "sentence": str(self),
            "numbers": dict(self.numbers),
            "names": dict(self.names),
        }
