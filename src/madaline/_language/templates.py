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

_NUMBER = re.compile(r"\s*[-+−]?(?:[\d.,]*\d(?:e[-+]?\d+)?|nan|inf)%?")
_CLAUSE_END = re.compile(r"[.:;,] ")
_FEW_LETTERS = 5
_WORD = re.compile(r"[A-Za-z]+")


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
    def _parts(self) -> tuple[list[str], list[str], list[str]]:
        """The texts around the gaps, the number of each gap, and what is special about it."""
        gaps = list(GAP.finditer(self.english))
        starts = [0, *(gap.end() for gap in gaps)]
        ends = [*(gap.start() for gap in gaps), len(self.english)]
        around = [self.english[start:end] for start, end in zip(starts, ends, strict=True)]
        return around, [gap[1] for gap in gaps], [gap[2] or "" for gap in gaps]

    def fill(self, text: str) -> dict[str, str] | None:
        """Return what fills each gap where the text is an instance of the sentence."""
        around, names, kinds = self._parts
        if not (text.startswith(around[0]) and text.endswith(around[-1])):
            return None
        end = len(around[0])
        for part in around[1:]:  # most texts lack a part: this is fast
            end = text.find(part, end) + len(part)
            if end < len(part):
                return None
        found = self._fill_from(0, len(around[0]), text, kinds, set())
        if found is None or (self._is_short and any(map(_CLAUSE_END.search, found))):
            return None
        return dict(zip(names, found, strict=True))

    def _fill_from(
        self, gap: int, start: int, text: str, kinds: list[str], failed: set[tuple[int, int]]
    ) -> list[str] | None:
        """Return what fills the gaps from one on, each with as few characters as possible."""
        if gap == len(kinds):
            return [] if start == len(text) else None
        if (gap, start) in failed:
            return None
        after = self._parts[0][gap + 1]
        for end in _ends(text, start, after, kinds[gap], is_last=gap + 1 == len(kinds)):
            rest = self._fill_from(gap + 1, end + len(after), text, kinds, failed)
            if rest is not None:
                return [text[start:end], *rest]
        failed.add((gap, start))
        return None

    @cached_property
    def _is_short(self) -> bool:
        """Whether so little is outside of the gaps that these may hold no more than a phrase."""
        return len("".join(_WORD.findall(GAP.sub("", self.english)))) < _FEW_LETTERS


def _ends(text: str, start: int, after: str, kind: str, *, is_last: bool) -> Iterator[int]:
    """Yield where a gap may end, before the text that follows it; numbers are as long as can be."""
    if kind == "n":
        number = _NUMBER.match(text, start)
        if number is not None:
            yield from (
                end for end in range(number.end(), start, -1) if text.startswith(after, end)
            )
    elif "|" in kind:
        for choice in sorted(kind.split("|"), key=len, reverse=True):
            if text.startswith(choice + after, start):
                yield start + len(choice)
    elif is_last:
        if len(text) - len(after) >= start:
            yield len(text) - len(after)
    else:
        end = text.find(after, start)
        while end >= 0:
            yield end
            end = text.find(after, end + 1) if end < len(text) else -1


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
