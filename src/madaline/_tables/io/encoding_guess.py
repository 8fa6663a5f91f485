"""Guesses the encoding of a text file: the one in which its letters follow one another as usual.

Each encoding gives another text for the same bytes. `letters.txt` holds how usual it is in each
of 44 languages that one letter follows another, in bits; the text that takes the fewest bits is
the likeliest. It is made by `benchmarks/letters.py`.
"""

# ruff: noqa: RUF001

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from madaline._base.language import _
from madaline.nn.arrays import Array

DOUBTFUL = 12.0  # bits that another reading may take more: of one word in 200, the first is wrong
_PRIOR = 16.0  # bits by which the encoding of the fit goes before others
_MAX_BITS, _MIN_BYTES = 14.0, 24  # bits a byte beyond ASCII above which so many are no text
_MAX_PARTS, _MAX_BEFORE = 500, 200  # different parts of lines that are looked at, and bytes before
_MAX_TRIED, _MAX_PART, _MAX_BYTES = 20_000, 2_000, 50_000  # of one line, or of a few words again
_RARE, _NO_TEXT = 14, 30  # bits of a letter rare behind another, and of what stands in no text
_SIGN, _RARE_SIGN = 9, 17  # bits of a sign
_SWITCH = 5  # bits for a word in another language than most


@cache
def _encodings() -> dict[str, tuple[str, float]]:
    """Return where each encoding is used, and by how many bits others go before it."""
    lines = files("madaline._tables.io").joinpath("encodings.txt").read_text("utf-8").splitlines()
    rows = (line.split(" ", 2) for line in lines)
    return {encoding: (place, float(bits)) for encoding, bits, place in rows}


@dataclass(frozen=True)
class Guess:
    """What a file holds beyond ASCII, read in one encoding."""

    encoding: str
    text: str  # the different parts, a line each
    bits: float  # how unusual it is
    n_bytes: int  # beyond ASCII

    @property
    def name(self) -> str:
        """The name of the encoding, and where it is used."""
        place = _encodings().get(self.encoding, ("", 0))[0]
        named = _("{name} ({detail})").format(name=self.encoding, detail=_(place))
        return named if place else self.encoding

    @property
    def is_plausible(self) -> bool:
        """Whether it may be text, as far as there is enough of it."""
        return self.n_bytes < _MIN_BYTES or self.bits <= _MAX_BITS * self.n_bytes


def guess_encoding(content: bytes, prior: str | None = None) -> Iterator[Guess]:
    """Yield the readings that the bytes of a file allow, the likeliest first."""
    parts, seen = _parts(content), set[str]()
    encodings = dict.fromkeys([prior, *_encodings()] if prior else _encodings())
    guesses = [_read_as(parts, encoding, prior) for encoding in encodings]
    for guess in sorted(filter(None, guesses), key=lambda guess: guess.bits):
        if guess.text not in seen and _allows(content, guess.encoding):
            seen.add(guess.text)
            yield guess


def decode(content: bytes, encoding: str) -> str:
    """Return a text, its letters whole: Vietnamese has signs for tones that follow letters."""
    return whole_letters(content.decode(encoding), encoding)


def whole_letters(text: str, encoding: str) -> str:
    """Return a text as `decode` does, which was decoded in parts."""
    is_vietnamese = encoding.lower() in ("windows-1258", "cp1258")
    return unicodedata.normalize("NFC", text) if is_vietnamese else text


def _allows(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeError:
        return False
    return True


def _read_as(parts: Iterable[bytes], encoding: str, prior: str | None) -> Guess | None:
    """Return parts read in an encoding; None if their bytes do not allow it."""
    decoder, sample = codecs.getincrementaldecoder(encoding), b"".join(parts)
    try:  # what was cut may end within a letter
        read = [decoder().decode(part, final=len(part) < _MAX_PART) for part in parts]
        text = whole_letters("\n".join(read), encoding)
    except UnicodeError:
        return None
    languages, costs = _costs()
    columns = [number for number, language in enumerate(languages) if _may_hold(encoding, language)]
    bits = np.array([_bits_of(part, costs) for part in text.split("\n")])[:, columns]
    bits = np.minimum(bits, bits.min(axis=1, keepdims=True) + _SWITCH).sum(axis=0).min()
    less = -_PRIOR if encoding == prior else _encodings()[encoding][1]
    n_bytes = len(sample) - len(sample.translate(None, bytes(range(128, 256))))
    return Guess(encoding, text, float(bits) + less, n_bytes)


_SEPARATORS = rb"\x00-\x2f:-?"  # bytes that are not the second of a letter of East Asia

_HIGH, _BEFORE = re.compile(rb"[\x80-\xff]"), re.compile(rb"[^%s]*\Z" % _SEPARATORS)
_FROM = re.compile(rb"[^%s]+" % _SEPARATORS)


def _parts(content: bytes) -> dict[bytes, None]:
    """Return the first different parts of lines that hold something beyond ASCII."""
    parts, stop, n_bytes = dict[bytes, None](), 0, 0
    for __ in range(_MAX_TRIED):
        is_enough = len(parts) == _MAX_PARTS or n_bytes > _MAX_BYTES
        if is_enough or (high := _HIGH.search(content, stop)) is None:
            break
        before = _BEFORE.search(content[max(stop, high.start() - _MAX_BEFORE) : high.start()])
        match = _FROM.match(content, high.start())
        stop = high.end() if match is None else match.end()
        start = high.start() - (0 if before is None else len(before[0]))
        part = content[start : min(stop, start + _MAX_PART)]
        n_bytes += 0 if part in parts else len(part)
        parts[part] = None
    return parts


@cache
def _costs() -> tuple[list[str], dict[str, Array]]:
    """Return the languages, and the bits in each of a letter behind another, or of a character."""
    lines = files("madaline._tables.io").joinpath("letters.txt").read_text("utf-8").splitlines()
    rows = [line.split() for line in lines]
    languages = [*dict.fromkeys(language for language, *_ in rows)]
    costs: dict[str, Array] = {}

    def put(key: str, language: str, bits: float) -> None:
        if key not in costs:
            costs[key] = np.full(len(languages), _RARE if len(key) == 2 else _RARE_SIGN, np.float32)
        of_key, number = costs[key], languages.index(language)
        of_key[number] = min(of_key[number], bits)

    for language, cost, *groups in rows:
        for group in groups:
            first = "" if group[0] == "*" else group[0]
            for second in group[1:]:
                put((first + second).replace("_", " "), language, float(cost))
    for language, (codec, start, end, bits_of) in _ORDINARY.items():
        for character in _characters(codec, start, end):
            put(character, language, bits_of)
    for language in _ORDINARY:
        for code in (*range(0x3000, 0x3021), *range(0xFF01, 0xFF5F)):
            put(chr(code), language, _SIGN + 1)
    for bits, codes in ((7, (*range(0x3041, 0x30FF), 0x3001, 0x3002)), (9, range(0xFF66, 0xFFA0))):
        for code in codes:
            put(chr(code), "ja", bits)
    return languages, costs


_ORDINARY = {
    "zh": ("gb2312", 0xB0, 0xD7, 12),
    "zh_Hant": ("big5", 0xA4, 0xC6, 12),
    "ja": ("euc_jp", 0xB0, 0xCF, 12),
    "ko": ("euc_kr", 0xB0, 0xC8, 11),
}
"""The first and last rows of an encoding that hold ordinary characters, and the bits of each."""

_HOMES = {
    "gb18030": ("zh", "zh_Hant"), "cp950": ("zh_Hant",), "big5hkscs": ("zh_Hant",),
    "cp932": ("ja",), "euc_jp": ("ja",), "cp949": ("ko",),
}  # fmt: skip


def _may_hold(encoding: str, language: str) -> bool:
    if encoding in _HOMES:
        return language in _HOMES[encoding]
    return encoding not in _encodings() or language not in _ORDINARY


def _characters(codec: str, start: int, end: int) -> str:
    seconds = (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    rows = range(start, end + 1)
    codes = b"\n".join(bytes((row, second)) for row in rows for second in seconds)
    return "".join(o for o in codes.decode(codec, "ignore") if not o.isascii())


def _bits_of(part: str, costs: Mapping[str, Array]) -> Array:
    """Return how unusual a part of a line is, in each language."""
    total = np.zeros(len(_costs()[0]), np.float32)
    for before, this, after in zip(f" {part}", f"{part} ", f"{part[1:]}  ", strict=True):
        pair = _folded(before, costs) + _folded(this, costs)
        if this in costs:
            total += costs[this] + (_WITHIN if before.isascii() and before.islower() else 0)
        elif before in costs and before.isalpha() and this.isalpha():
            total += (_WITHIN if this.islower() else 2) if this.isascii() else _NO_TEXT
        elif not pair.isascii():
            total += costs.get(pair, _RARE)
            total += _RARE if before.islower() and this.isupper() else 0
        if not this.isascii() and not _is_letter(this) and this not in costs:
            total += _bits_of_sign(before, this, after)
    return total


def _folded(character: str, costs: Mapping[str, Array]) -> str:
    """Return a letter of an alphabet in lower case; a space for all else."""
    is_letter = _is_letter(character) and character not in costs
    return character.lower()[0] if is_letter else " "


def _is_letter(character: str) -> bool:
    return character.isalpha() or unicodedata.category(character)[0] == "M"


_WITHIN = 8  # bits of a sign, or of another script, within a word
_MARKS = frozenset("«»“”„‘’–—…‹›¿¡·•№ºª\xa0")  # signs that stand beside letters

_USUAL = frozenset("€£°±²³½¼×§©®™µ")


def _bits_of_sign(before: str, sign: str, after: str) -> float:
    """Return how unusual a sign is between two characters."""
    n_letters = before.isalpha() + after.isalpha()
    if sign in _MARKS:
        return _SIGN + (0 if n_letters < 2 else 4 if sign in "’·" else _WITHIN)
    if unicodedata.category(sign)[0] == "C":
        return _NO_TEXT
    return (_SIGN if sign in _USUAL else _RARE_SIGN) + _WITHIN * n_letters
