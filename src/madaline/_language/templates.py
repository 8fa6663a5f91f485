"""Sentences with gaps: which of them a text was made from, and what fills their gaps.

The code writes English, in f-strings. Their literal parts, with a gap for each value, are the
entries of a catalog: a text is an instance of `"{0:n} of {1} {2:was|were} stopped"` if these parts
stand in it in this order. `{0:n}` is a gap for a number, `{2:was|were}` for one of these words.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import final

GAP = re.compile(r"\{(\d+)(?::([^{}]*))?\}")
"""A gap: its number, and what may fill it, or how its translation is written."""

_NUMBER = re.compile(r"\s*[-+−]?(?:[\d.,]*\d(?:e[-+]?\d+)?|nan|inf)%?")
_PHRASE_END = re.compile(r"[.:;] ")
_FEW_LETTERS = 7
_MAX_FILLS = 6  # of a sentence whose gaps may end at several places
_WORD = re.compile(r"[A-Za-z]+")
_START = re.compile(r"^[,;，；] ?")
_END = re.compile(r"(?<![.,:;])[.:,;。：，；]$")
_QUOTED = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"|<code>.*?</code>|</?[a-z][^<>]*>")
_SHARE = re.compile(r" \d+%$")
_MAX_WORDS = 3  # of a name
_OF_SENTENCES = re.compile(
    r"\b(?:the|an?|of|to|in|is|are|was|were|and|or|not|no|with|by|for|from|on|at|than|that|which"
    r"|each|its|their|has|have|be|as|if|so|it|this|these|only|less|more|does|do|would|still|grows"
    r"|when|where|what|how|but|then|because|since|until|while|again|they|them|you|can|may)\b|[.:;] "
)


def bare(text: str) -> tuple[str, str, str]:
    """Return the mark that a text begins with, the text, and the mark at its end.

    >>> bare(", with 3 rows."), bare("and so on ...")
    ((',', 'with 3 rows', '.'), ('', 'and so on ...', ''))
    """
    start = text[: len(text) - len(_START.sub("", text, count=1))]
    end = found[0] if (found := _END.search(text, len(start))) else ""
    return start.strip(), text[len(start) : len(text) - len(end)], end


def is_name(text: str) -> bool:
    """Return whether a text may be a name that a user chose, and is no part of a sentence.

    >>> is_name("home state"), is_name("'a column of mine'"), is_name("sorted by the target")
    (True, True, False)
    """
    plain = _QUOTED.sub(" ", _SHARE.sub("", text))
    words = [word for word in plain.split() if _WORD.search(word)]
    few = len(words) <= _MAX_WORDS and not _OF_SENTENCES.search(plain)
    return few or len(plain.split()) <= 1


@final
@dataclass(frozen=True)
class Template:
    """One entry of a catalog: an English sentence with gaps, and its translation."""

    english: str
    mark: str  # at the end of the sentence
    translation: str
    translated_mark: str

    @cached_property
    def literal(self) -> int:
        """How many characters stand outside of the gaps."""
        return len(GAP.sub("", self.english))

    @cached_property
    def dropped(self) -> list[str]:
        """The gaps that the translation does without, such as the verb of a plural."""
        kept = {gap[1] for gap in GAP.finditer(self.translation)}
        return [gap[1] for gap in GAP.finditer(self.english) if gap[1] not in kept]

    @cached_property
    def is_word(self) -> bool:
        """Whether it is one word, which may as well be a name that a user chose."""
        return self.english.replace("-", "").isalpha()

    @cached_property
    def words(self) -> list[str]:
        """The whole words outside of the gaps; those at its start may have another letter."""
        marked = GAP.sub("0", self.english)  # a word that touches a gap is not whole
        words = re.findall(r"(?<![A-Za-z0-9])[A-Za-z]+(?![A-Za-z0-9])", marked)
        return [word.lower() for word in words]

    @cached_property
    def _parts(self) -> tuple[list[str], list[str], list[str]]:
        """The texts around the gaps, the number of each gap, and what is special about it."""
        gaps = list(GAP.finditer(self.english))
        starts = [0, *(gap.end() for gap in gaps)]
        ends = [*(gap.start() for gap in gaps), len(self.english)]
        around = [self.english[start:end] for start, end in zip(starts, ends, strict=True)]
        return around, [gap[1] for gap in gaps], [gap[2] or "" for gap in gaps]

    def fills(self, text: str) -> Iterator[dict[str, str]]:
        """Yield what fills each gap where the text is an instance of the sentence."""
        around, names, kinds = self._parts
        if around[0]:  # a sentence may begin with a small letter
            text = around[0][0] + text[1:] if around[0][0].lower() == text[:1].lower() else text
        if not (text.startswith(around[0]) and text.endswith(around[-1])):
            return
        end = len(around[0])
        for part in around[1:]:  # most texts lack a part: this is fast
            end = text.find(part, end) + len(part)
            if end < len(part):
                return
        odd = text.count('"') % 2 == 1  # a quotation that does not end is part of some gap
        most = 1 if self._is_short else _MAX_FILLS
        for found in islice(self._fill_from(0, len(around[0]), text, kinds, set()), most):
            if (odd or all(map(_is_whole, found))) and not (
                self._is_short and any(map(_PHRASE_END.search, found))
            ):
                yield dict(zip(names, found, strict=True))

    def _fill_from(
        self, gap: int, start: int, text: str, kinds: list[str], failed: set[tuple[int, int]]
    ) -> Iterator[list[str]]:
        """Yield what fills the gaps from one on, with few characters in the first ones first."""
        if gap == len(kinds) and start == len(text):
            yield []
        if gap == len(kinds) or (gap, start) in failed:
            return
        after, none = self._parts[0][gap + 1], True
        for end in _ends(text, start, after, kinds[gap], is_last=gap + 1 == len(kinds)):
            for rest in self._fill_from(gap + 1, end + len(after), text, kinds, failed):
                none = False
                yield [text[start:end], *rest]
        if none:
            failed.add((gap, start))

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


def _is_whole(text: str) -> bool:
    """Return whether no quotation, parenthesis or column of a table begins or ends elsewhere."""
    return text.count('"') % 2 == 0 and text.count("(") == text.count(")") and "  " not in text


@final
class Templates:
    """All entries of a language, found by the words of a text."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._by_word = defaultdict[str, list[Template]](list)
        templates = [
            Template(*bare(english)[1:], *bare(translation)[1:])
            for english, translation in entries.items()
        ]
        frequent = Counter(word for template in templates for word in set(template.words))
        for template in templates:
            rarest = min(template.words, key=lambda word: frequent[word], default="")
            self._by_word[rarest].append(template)

    def instances(self, text: str) -> Iterator[tuple[Template, dict[str, str]]]:
        """Yield the sentences that a text is an instance of, with what fills their gaps."""
        for template in self._candidates({"", *_WORD.findall(text.lower())}):
            if template.literal <= len(text):
                for gaps in template.fills(text):
                    yield template, gaps

    def _candidates(self, words: Iterable[str]) -> Iterator[Template]:
        for word in words:
            yield from self._by_word.get(word, ())
