"""A text in the language that people read, put together from the catalogs.

A text may hold several sentences, and what fills the gap of a sentence may be made of sentences
again. Of all ways to read a text, the one is taken whose sentences explain the most characters. A
text that cannot be read to its end stays English as a whole: no line is half in one language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import final

from madaline._language.catalogs import all_catalogs
from madaline._language.choice import language
from madaline._language.command_line import for_command_line
from madaline._language.templates import GAP, Template, Templates, bare, is_name
from madaline._language.widths import display_width, pad

_SENTENCE_END = re.compile(r"(?<=[.!?:]) (?=\S)")
_CLAUSE_END = re.compile(r"(?<=[.!?:,;)]) (?=\S)| (?=\()")
_COLUMNS = re.compile(r"( {2,})")
_LETTER = re.compile("[A-Za-z]")
_TAG = re.compile("</?[a-z]")
_DIGIT = re.compile("[0-9]")
_MAX_PIECES = 12  # sentences or clauses in a row that are one entry of a catalog, at most
_MAX_CLAUSES = 40  # of a sentence that is taken to pieces, at most
_PHRASE_END = re.compile(r"[.:;] ")
_COST = 5  # characters, of a gap that holds more than a phrase, or a tag: rather end before
_MAX_INSTANCES = 4  # sentences that a text may be, of which the best is looked for
_MAX_WORDS = 3  # of the names in a list; longer ones are clauses, with commas between them
_MAX_SENTENCE = 600  # characters of several pieces that are one entry of a catalog, at most
_MAX_KNOWN = 20_000  # texts that are remembered
_WIDE_END = re.compile(r"[“”\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]$")
_WIDE_START = re.compile(r"[“”\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_IDEOGRAM_START, _IDEOGRAM_END = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[\u4e00-\u9fff]$")
_LATIN_START, _LATIN_END = re.compile(r"[A-Za-z0-9]"), re.compile(r"[A-Za-z0-9%²]$")
_MARKS = {".": "。", ":": "：", ",": "，", ";": "；"}
_FULL_MARKS = "。？！：；，"
_COMMAND = re.compile(r"(?:cat .* )?madaline [a-z]+ (?:[^a-z ]|\S*[^a-z. ]|\S*\.\w)")
_AMOUNT = re.compile(r"( ?)([^,:]+?)(?= [-+][\d.,]*\d(?:,|$))")
_AMOUNTS = re.compile(r"\S [-+][\d.,]*\d, \S+ [-+][\d.,]*\d(?:,|$)")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_COLON = re.compile(r"(?<=[\u4e00-\u9fff”）]):(?: |$)")
_CHINESE_NAME = re.compile(r"(?=.*[\u4e00-\u9fff])[^\s，、。：；！？“”'\"]+")
_LIST = re.compile(r"(, and |, or |, (?!then )| and | or )(?![^()]*\))")
_NOTED = re.compile(r"(.*?) \((.*)\)")
_BULLET = re.compile(r"^\s*(?:[-*] )?")


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


def _translated(text: str, name: str) -> str:
    if text.isascii() and not _LETTER.search(text):
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
    """A translation, how many English characters the catalogs explain, and whether it is a name."""

    text: str
    explained: int
    is_name: bool = False

    def between(self, before: str, after: str) -> str:
        """Return the text as it stands between two others: a Chinese name in Chinese is quoted."""
        glued = _IDEOGRAM_END.search(before.rstrip()) or _IDEOGRAM_START.match(after.lstrip())
        is_quoted = self.is_name and glued and _CHINESE_NAME.fullmatch(self.text)
        return f"“{self.text}”" if is_quoted else self.text


@final
@dataclass(frozen=True, eq=False)
class Translator:
    """Translates by the entries of one language."""

    templates: Templates
    _known: dict[tuple[str, bool], Reading | None] = field(default_factory=dict)

    def line(self, text: str) -> str:
        """Return a line in the other language, indented as it was."""
        return self._indented(text, words=False)

    def word(self, text: str) -> str:
        """Return a line in the other language, even if it is a single word."""
        return self._indented(text, words=True)

    def _indented(self, text: str, *, words: bool) -> str:
        start = text[: len(text) - len(_BULLET.sub("", text, count=1))]
        middle, end = text[len(start) :].rstrip(), text[len(text.rstrip()) :]
        if not middle:
            return text
        if _AMOUNTS.search(middle):  # words of a user, each with what it adds
            return f"{start}{_AMOUNT.sub(self._amount, middle)}{end}"
        command = _COMMAND.match(middle)
        reading = None if command else self.read(middle, words=words)
        if reading is not None:
            return f"{start}{reading.text}{end}"
        if "  " not in middle:
            return text
        first, *cells = _COLUMNS.split(text[len(start) :])  # of a table, which stay where they are
        cells = [first if command else self._cell(first, words=words), *cells]
        cells[1:] = [self._cell(one, words=words) for one in cells[1:]]
        return f"{start}{''.join(cells)}".rstrip()

    def _amount(self, found: re.Match[str]) -> str:
        """Return what stands before an amount, translated where it is a phrase of madaline."""
        reading = self.read(found[2])
        return found[1] + (reading.text if reading else found[2])

    def _cell(self, text: str, *, words: bool) -> str:
        """Return a cell of a line of a table, as wide as it was if it can be."""
        if not text.strip():
            return text
        return pad(self._indented(text, words=words), display_width(text))

    def read(self, text: str, *, words: bool = False) -> Reading | None:
        """Return the best reading of a text, as one sentence or as several; None if it has none."""
        key = (text, words)
        if key not in self._known:
            if len(self._known) > _MAX_KNOWN:
                self._known.clear()
            self._known[key] = None  # what holds itself has no reading
            self._known[key] = self._best(text, words=words)
        return self._known[key]

    def _best(self, text: str, *, words: bool) -> Reading | None:
        if not _LETTER.search(text):
            return _without_letters(text)
        if (recipe := self._recipe(text)) is not None:
            return recipe
        readings = []
        sentences = _split(text, _SENTENCE_END)
        if len(text) <= _MAX_SENTENCE or len(sentences) == 1:
            readings.append(self._sentence(text, words=words))
        if len(sentences) > 1:
            readings.append(self._one_by_one(sentences, words=words))
        if 1 < len(clauses := _split(text, _CLAUSE_END)) <= _MAX_CLAUSES and not any(readings):
            readings.append(self._one_by_one(clauses, words=words))
        in_chinese = _IDEOGRAM_START.search(text) and not re.search("<|  ", text)
        is_list = in_chinese and len(_listed(text)) > 1
        if is_list and not any(readings):
            return self._names(text)  # of a user: most Chinese tables have some in English, too
        return _most_explained(readings)

    def _recipe(self, text: str) -> Reading | None:
        """Return the reading of the name of a recipe, whose parts have dots between them."""
        _, name, end = bare(text)
        if " · " not in name or _PHRASE_END.search(name) or '"' in name:
            return None
        parts = [self._name(one, words=True) for one in name.split(" · ")]
        if None in parts:
            return None
        translated = " · ".join(one.text for one in parts if one)
        return Reading(translated + _MARKS.get(end, end), len(name))

    def _one_by_one(self, pieces: list[str], *, words: bool) -> Reading | None:
        """Return the best reading of parts, each of which is one piece or several in a row."""
        best: list[Reading | None] = [Reading("", 0)]
        for end in range(1, len(pieces) + 1):
            readings = []
            for start in range(max(0, end - _MAX_PIECES), end):
                before, piece = best[start], " ".join(pieces[start:end])
                if before is None or end - start == len(pieces):
                    continue
                if start + 1 < end and len(piece) > _MAX_SENTENCE:
                    continue
                if start + 1 < end:
                    found = self._sentence(piece, words=words)
                else:
                    found = self.read(piece, words=words)
                if found is None and re.fullmatch(r"\S+:", piece):  # a file or a column
                    found = Reading(f"{piece[:-1]}：", 0)
                if found is not None:
                    text = _join(before.text, found.text)
                    readings.append(Reading(text, before.explained + found.explained))
            best.append(_most_explained(readings))
        return best[-1] if best[-1] and best[-1].explained else None

    def _sentence(self, text: str, *, words: bool) -> Reading | None:
        """Return the best reading of a text as one sentence of the catalogs; None if there is none.

        The marks around the sentence are those of the text; those of the catalog do not count.
        """
        start, sentence, end = bare(text)
        instances = [
            instance
            for instance in self.templates.instances(sentence)
            if words or not instance[0].is_word or (end and end == instance[0].mark)
        ]
        instances.sort(key=lambda instance: instance[0].literal, reverse=True)
        found = (self._marked(template, gaps, start, end) for template, gaps in instances)
        return _most_explained(islice(filter(None, found), _MAX_INSTANCES))

    def _marked(
        self, template: Template, gaps: dict[str, str], start: str, end: str
    ) -> Reading | None:
        """Return the reading of an instance with the marks around it."""
        reading = self._filled(template, gaps)
        if reading is None:
            return None
        is_marked = reading.text[-1:] in _FULL_MARKS or (
            end == template.mark and not template.translated_mark
        )
        mark = "" if is_marked else _MARKS.get(end, end)
        return Reading(f"{_MARKS.get(start, start)}{reading.text}{mark}", reading.explained)

    def _filled(self, template: Template, gaps: dict[str, str]) -> Reading | None:
        """Return a translation with what fills its gaps, in its own language.

        None where a gap would hold what no catalog has: the text is another sentence. So it is
        where a number would be lost, as the translation has no place for the gap.
        """
        if any(_DIGIT.search(gaps[name]) for name in template.dropped):
            return None
        explained, end, text = template.literal, 0, ""
        for gap in GAP.finditer(template.translation):
            reading = self._filling(gaps[gap[1]], gap[2])
            if reading is None:
                return None
            explained += reading.explained
            fill = gaps[gap[1]]
            if gap[2] != "r" and (_PHRASE_END.search(fill) or fill.startswith("<")):
                explained -= _COST
            text, end = _fit(text, template.translation[end : gap.start()]), gap.end()
            text = _fit(text, reading.between(text, template.translation[end:]))
        return Reading(_fit(text, template.translation[end:]), explained)

    def _filling(self, text: str, kind: str | None) -> Reading | None:
        """Return the reading of what fills a gap: names and numbers stay as they are.

        The gap of a translation says more: `t` a text of madaline's, even if it is a single word;
        `l` a list of names, `n` a number, `r` a text of any kind, which stays. Parts with dots
        between them make the name of a recipe.
        """
        if kind in ("n", "r"):
            return None if (_LETTER if kind == "n" else _TAG).search(text) else Reading(text, 0)
        if kind == "l" and (names := self._names(text)):
            return names
        if not _LETTER.search(text):
            return _without_letters(text)
        words = kind == "t"
        whole = self.read(text.strip(), words=words)
        is_sentence = whole and (_PHRASE_END.search(text) or not _LIST.search(text))
        names = None if is_sentence else self._names(text, words=words)
        return names if names and (not whole or names.explained >= whole.explained) else whole

    def _names(self, text: str, *, words: bool = False) -> Reading | None:
        """Return a name, or a list of names, as it is; None for words that make a sentence."""
        explained, written, pieces = 0, "", _listed(text)
        comma = "，" if any(len(name.split()) > _MAX_WORDS for name in pieces[::2]) else "、"
        for name, mark in zip(pieces[::2], [*pieces[1::2], ""], strict=True):
            reading = self._name(name, words=words)
            if reading is None:
                return None
            written, explained = written + reading.text, explained + reading.explained
            written += " 或 " if "or" in mark else comma if mark else ""
        return Reading(written, explained, is_name=len(pieces) == 1 and not explained)

    def _name(self, text: str, *, words: bool) -> Reading | None:
        """Return a name as it is, with what is said of it in parentheses."""
        if (noted := _NOTED.fullmatch(text)) and (name := self._name(noted[1], words=words)):
            note = self._filling(noted[2], None)
            return note and Reading(f"{name.text}（{note.text}）", name.explained + note.explained)
        if not _LETTER.search(text):
            return None if _PHRASE_END.search(text) else _without_letters(text)
        reading = self.read(text, words=words)
        return reading or (Reading(text, 0) if is_name(text) else None)


def _without_letters(text: str) -> Reading:
    """Return a text without a word in English: numbers, or Chinese names and their list."""
    if not _IDEOGRAM_START.search(text):
        return Reading(text, 0)
    text = _COLON.sub("：", text)
    names = [text] if _PHRASE_END.search(text) else _listed(text)[::2]
    return Reading("、".join(names), 0, is_name=len(names) == 1)


def _listed(text: str) -> list[str]:
    """Return the items of a list, with what stands between two of them; quotations are whole."""
    quoted = _QUOTED.findall(text)
    pieces = _LIST.split(_QUOTED.sub("\0", text))
    rest = iter(quoted)
    return [re.sub("\0", lambda _: next(rest), piece) for piece in pieces]


def _most_explained(readings: Iterable[Reading | None]) -> Reading | None:
    found = [reading for reading in readings if reading is not None]
    return max(found, key=lambda reading: reading.explained, default=None)


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
