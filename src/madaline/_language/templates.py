"""Sentences with gaps: which of them a text was made from, and what fills their gaps.

The code writes English, in f-strings. Their literal parts, with a gap for each value, are the
entries of a catalog: a text is an instance of `"{0:n} of {1} {2:was|were} stopped"` if these parts
stand in it in this order. `{0:n}` is a gap for a number, `{2:was|were}` for one of these words.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import final

GAP = re.compile(r"\{(\d+)(?::([^{}]*))?\}")
"""A gap: its number, and what may fill it, or how its translation is written."""

_NUMBER = r"\s*[-+−]?(?:[\d.,]+(?:e[-+]?\d+)?|nan|inf)%?"
_CLAUSE_END = re.compile(r"[.:;,] ")
_FEW_LETTERS = 5
_WORD = re.compile(r"[A-Za-z]+")


def _filling(kind: str) -> str:
    """Return the pattern of what may fill a gap."""
    if "|" in kind:
        return "|".join(map(re.escape, kind.split("|")))
    return _NUMBER if kind == "n" else ".*?"


@final
@dataclass(frozen=True)
class Template:
    """One entry of a catalog: an English sentence with gaps, and its translation."""

    english: str
    translation: str

    @cached_property
    def literal(self) -> int:
        """How many characters stand outside of the gaps."""
        return len(GAP.sub("", self.english))

    @cached_property
    def is_word(self) -> bool:
        """Whether it is one word, which may as well be a name that a user chose."""
        return self.english.replace("-", "").isalpha()

    @cached_property
    def key(self) -> str:
        """The longest whole word outside of the gaps; empty if there is none."""
        marked = GAP.sub("0", self.english)  # a word that touches a gap is not whole
        words = re.findall(r"(?<![A-Za-z0-9])[A-Za-z]+(?![A-Za-z0-9])", marked)
        return max(words, key=len, default="")

    @cached_property
    def _pattern(self) -> tuple[re.Pattern[str], list[str]]:
        parts, names, end = list[str](), list[str](), 0
        for gap in GAP.finditer(self.english):
            parts += [re.escape(self.english[end : gap.start()])]
            parts += [f"({_filling(gap[2] or '')})"]
            names, end = [*names, gap[1]], gap.end()
        return re.compile("".join(parts) + re.escape(self.english[end:]), re.DOTALL), names

    def fill(self, text: str) -> dict[str, str] | None:
        """Return what fills each gap where the text is an instance of the sentence."""
        pattern, names = self._pattern
        found = pattern.fullmatch(text)
        if found is None or (self._is_short and any(map(_CLAUSE_END.search, found.groups()))):
            return None
        return dict(zip(names, found.groups(), strict=True))

    @cached_property
    def _is_short(self) -> bool:
        """Whether so little is outside of the gaps that these may hold no more than a phrase."""
        return len("".join(_WORD.findall(GAP.sub("", self.english)))) < _FEW_LETTERS


@final
class Templates:
    """All entries of a language, found by the words of a text."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._by_word = defaultdict[str, list[Template]](list)
        for english, translation in entries.items():
            template = Template(english, translation)
            self._by_word[template.key].append(template)

    def instances(self, text: str) -> Iterator[tuple[Template, dict[str, str]]]:
        """Yield the sentences that a text is an instance of, with what fills their gaps."""
        for template in self._candidates({"", *_WORD.findall(text)}):
            if template.literal <= len(text):
                gaps = template.fill(text)
                if gaps is not None:
                    yield template, gaps

    def _candidates(self, words: Iterable[str]) -> Iterator[Template]:
        for word in words:
            yield from self._by_word.get(word, ())
