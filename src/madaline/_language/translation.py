"""A text in the language that people read, put together from the catalogs.

A text may hold several sentences, and what fills the gap of a sentence may be made of sentences
again. Of all ways to read a text, the one is taken whose sentences explain the most characters.
What no catalog has stays English.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import final

from madaline._language.catalogs import all_catalogs
from madaline._language.choice import language
from madaline._language.command_line import for_command_line
from madaline._language.templates import GAP, Template, Templates
from madaline._language.widths import display_width, pad

_SENTENCE_END = re.compile(r"(?<=[.!?:]) (?=\S)")
_CLAUSE_END = re.compile(r"(?<=[.!?:,;)]) (?=\S)| (?=\()")
_COLUMNS = re.compile(r"( {2,})")
_LETTER = re.compile("[A-Za-z]")
_MAX_PIECES = 12  # sentences or clauses in a row that are one entry of a catalog, at most
_MAX_CLAUSES = 40  # of a sentence that is taken to pieces, at most
_PHRASE_END = re.compile(r"[.:;] ")
_FEW = 6  # explained characters, by which no line is known
_COST = 5  # characters, of a gap that holds more than a phrase
_MAX_INSTANCES = 4  # sentences that a text may be, of which the best is looked for
_MAX_SENTENCE = 600  # characters of several pieces that are one entry of a catalog, at most
_MAX_GAP = 160  # characters of a gap that holds more than one sentence, at most
_MAX_KNOWN = 20_000  # texts that are remembered
_WIDE_END = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]$")
_WIDE_START = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_IDEOGRAM_START, _IDEOGRAM_END = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[\u4e00-\u9fff]$")
_LATIN_START, _LATIN_END = re.compile(r"[A-Za-z0-9<]"), re.compile(r"[A-Za-z0-9%>]$")
_ENDS = {".": "。", ":": "：", ",": "，", ";": "；"}
_FULL_ENDS = "。？！：；，"
_LIST = re.compile(r", | and | or ")


def translate(text: str) -> str:
    """Return an English text in the language that people read.

    In English, it is the text as it is, and no catalog is read. Each line is translated by itself,
    and keeps what it is indented by.

    >>> from madaline._language.choice import speaking
    >>> with speaking("zh"):
    ...     print(translate("Saved penguins.madaline (345 kB). Next:"))
    已保存 penguins.madaline（345 kB）。接下来：
    """
    name = language()
    return text if name == "en" else _translated(text, name)


def translate_word(text: str) -> str:
    """Return a text in the language that people read, even if it is a single word.

    For a word that is known to be madaline's and not a user's, such as the heading of a table.
    """
    name = language()
    return text if name == "en" else _translator(name).word(text)


def recipe_text(name: str) -> str:
    """Return the name of a recipe in the language that people read.

    >>> recipe_text("64 bins · weight decay 0.1 · 3×64")
    '64 bins · weight decay 0.1 · 3×64'
    """
    return " · ".join(map(translate_word, name.split(" · ")))


def _translated(text: str, name: str) -> str:
    if not _LETTER.search(text):
        return text
    return "\n".join(map(_translator(name).line, text.split("\n")))


@cache
def _translator(name: str) -> Translator:
    entries = all_catalogs(name)
    for english, translation in list(entries.items()):
        there = _for_command_line(english)
        if there not in entries:
            entries[there] = _for_command_line(translation)
    return Translator(Templates(entries))


def _for_command_line(template: str) -> str:
    """Return an entry as it reads where options stand instead of arguments in Python."""
    gaps = [gap[0] for gap in GAP.finditer(template)]
    numbers = iter(range(len(gaps)))
    reworded = for_command_line(GAP.sub(lambda _: f"gap{next(numbers)}end", template))
    return re.sub(r"gap(\d+)end", lambda found: gaps[int(found[1])], reworded)


@final
@dataclass(frozen=True)
class Reading:
    """A translation, and how many English characters the catalogs explain."""

    text: str
    explained: int
    whole: bool  # whether all of it is made of sentences of the catalogs

    def followed(self, other: Reading) -> Reading:
        """Return this reading and the one that comes next."""
        explained, whole = self.explained + other.explained, self.whole and other.whole
        return Reading(_join(self.text, other.text), explained, whole)


@final
@dataclass(frozen=True, eq=False)
class Translator:
    """Translates by the entries of one language."""

    templates: Templates
    _known: dict[tuple[str, bool], Reading] = field(default_factory=dict)

    def line(self, text: str) -> str:
        """Return a line in the other language, indented as it was."""
        return self._indented(text, words=False)

    def word(self, text: str) -> str:
        """Return a line in the other language, even if it is a single word."""
        return self._indented(text, words=True)

    def _indented(self, text: str, *, words: bool) -> str:
        whole = self._sentence(text.strip(), words=words) if "  " in text.strip() else None
        if whole is not None and whole.explained > len(_LETTER.findall(text)) / 2:
            return text[: len(text) - len(text.lstrip())] + whole.text
        if "  " in text.strip():  # a line of a table, whose columns stay where they are
            cells = _COLUMNS.split(text)
            return "".join(
                pad(self._indented(one, words=words), display_width(one)) if one.strip() else one
                for one in cells
            ).rstrip()
        middle = text.strip()
        start = text[: len(text) - len(text.lstrip())]
        end = text[len(text.rstrip()) :] if middle else ""
        reading = self.read(middle, words=words)
        few = reading.explained < _FEW and reading.explained < len(_LETTER.findall(middle)) / 2
        return text if few and not words else f"{start}{reading.text}{end}"

    def read(self, text: str, *, words: bool = False) -> Reading:
        """Return the best reading of a text: as one sentence, as several, or as it is."""
        key = (text, words)
        if key not in self._known:
            if len(self._known) > _MAX_KNOWN:
                self._known.clear()
            self._known[key] = Reading(text, 0, False)  # what holds itself has no reading
            self._known[key] = self._best(text, words=words)
        return self._known[key]

    def _best(self, text: str, *, words: bool) -> Reading:
        readings = [Reading(text, 0, False)]
        if not _LETTER.search(text):
            return readings[0]
        several = len(_split(text, _SENTENCE_END)) > 1
        if len(text) <= _MAX_SENTENCE or not several:
            readings += filter(None, [self._sentence(text, words=words)])
        if len(pieces := _split(text, _SENTENCE_END)) > 1:
            readings.append(self._one_by_one(pieces, words=words))
        if 1 < len(pieces := _split(text, _CLAUSE_END)) <= _MAX_CLAUSES:
            clauses = self._one_by_one(pieces, words=words)
            if clauses.whole:  # no sentence half in one language and half in another
                readings.append(clauses)
        return max(readings, key=lambda reading: reading.explained)

    def _one_by_one(self, pieces: list[str], *, words: bool) -> Reading:
        """Return the best reading of parts, each of which is one piece or several in a row."""
        best = [Reading("", 0, True)]
        for end in range(1, len(pieces) + 1):
            readings = []
            for start in range(max(0, end - _MAX_PIECES), end):
                if end - start == len(pieces):
                    continue
                piece = " ".join(pieces[start:end])
                if start + 1 < end and len(piece) > _MAX_SENTENCE:
                    continue
                found = self._sentence(piece, words=words)
                if found is None and end - start == 1:
                    found = self.read(piece, words=words)
                if found is not None:
                    readings.append(best[start].followed(found))
            best.append(max(readings, key=lambda reading: reading.explained))
        return best[-1]

    def _sentence(self, text: str, *, words: bool) -> Reading | None:
        """Return the best reading of a text as one sentence of the catalogs; None if there is none.

        The catalogs may lack the mark at its end, begin with a comma, or with a small letter.
        """
        readings = list[Reading | None]()
        for one in dict.fromkeys((text, text[:1].lower() + text[1:])):
            readings.append(self._instance(one, words=words))
            if one[-1:] in _ENDS:
                readings.append(_ended(self._instance(one[:-1], words=words), one[-1]))
            else:
                readings.append(_shortened(self._instance(f"{one}.", words=words), end="。"))
        if text[:1].islower() or text[:1].isdigit():
            for start, mark in ((", ", "，"), ("; ", "；")):
                readings.append(_shortened(self._instance(start + text, words=words), start=mark))
        found = [reading for reading in readings if reading is not None]
        return max(found, key=lambda reading: reading.explained, default=None)

    def _instance(self, text: str, *, words: bool) -> Reading | None:
        instances = [
            instance
            for instance in self.templates.instances(text)
            if words or not instance[0].is_word
        ]
        instances.sort(key=lambda instance: instance[0].literal, reverse=True)
        readings = [self._filled(template, gaps) for template, gaps in instances[:_MAX_INSTANCES]]
        found = [reading for reading in readings if reading is not None]
        return max(found, key=lambda reading: reading.explained, default=None)

    def _filled(self, template: Template, gaps: dict[str, str]) -> Reading | None:
        """Return a translation with what fills its gaps, in its own language as far as known.

        None where a gap would hold sentences that no catalog has: the text is another sentence.
        """
        explained, end, text = template.literal, 0, ""
        for gap in GAP.finditer(template.translation):
            english, kind = gaps[gap[1]], gap[2]
            if len(english) > _MAX_GAP and ". " in english:
                return None
            reading = self._filling(english, kind)
            explained += reading.explained
            if kind != "r" and _PHRASE_END.search(english):
                if not reading.whole:
                    return None
                explained -= _COST  # rather a sentence that ends before
            text = _fit(_fit(text, template.translation[end : gap.start()]), reading.text)
            end = gap.end()
        return Reading(_fit(text, template.translation[end:]), explained, True)

    def _filling(self, text: str, kind: str | None) -> Reading:
        """Return the reading of what fills a gap: names and numbers stay as they are.

        The gap of a translation says more: `t` a text of madaline's, even if it is a single word;
        `l` a list of names; `d` parts with dots between them, as in the name of a recipe.
        """
        if kind == "l":
            names = [self.read(name) for name in _LIST.split(text)]
            explained = sum(name.explained for name in names)
            return Reading("、".join(name.text for name in names), explained, True)
        if kind == "d":
            parts = [self.read(one, words=True) for one in text.split(" · ")]
            return Reading(" · ".join(one.text for one in parts), 0, True)
        if kind in ("n", "r") or not _LETTER.search(text):
            return Reading(text, 0, True)
        return self.read(text.strip(), words=kind == "t")


def _ended(reading: Reading | None, end: str) -> Reading | None:
    """Return a reading with the mark at the end of its text."""
    if reading is None:
        return None
    mark = "" if reading.text[-1:] in _FULL_ENDS else _ENDS[end]
    return Reading(reading.text + mark, reading.explained + 1, reading.whole)


def _shortened(reading: Reading | None, *, start: str = "", end: str = "") -> Reading | None:
    """Return a reading without a mark at its start or end that its text did not have."""
    if reading is None:
        return None
    text = reading.text.removeprefix(start).removesuffix(end)
    return Reading(text, reading.explained - 1, reading.whole)


def _split(text: str, ends: re.Pattern[str]) -> list[str]:
    pieces, begin = [], 0
    for end in ends.finditer(text):
        pieces.append(text[begin : end.start()])
        begin = end.end()
    return [*pieces, text[begin:]]


def _join(before: str, after: str) -> str:
    """Return two parts one after the other, without a space where the first ends in Chinese."""
    if not before or not after:
        return before or after
    tight = _WIDE_END.search(before) or re.match(r"[\u3000-\u303f\uff00-\uffef]", after)
    return f"{before}{after}" if tight else f"{before} {after}"


def _fit(before: str, after: str) -> str:
    """Return two parts one after the other: a space stands between Chinese and others alone."""
    if before.endswith(" ") and _WIDE_END.search(before.rstrip()) and _WIDE_START.match(after):
        return before.rstrip() + after
    if after.startswith(" ") and _WIDE_END.search(before) and _WIDE_START.match(after.lstrip()):
        return before + after.lstrip()
    apart = (_IDEOGRAM_END.search(before) and _LATIN_START.match(after)) or (
        _LATIN_END.search(before) and _IDEOGRAM_START.match(after)
    )
    return f"{before} {after}" if apart else before + after
