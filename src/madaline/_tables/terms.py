"""The terms of a text: its words, pairs of words, and signs such as "!".

The words of a pair are neighbors, or one other word stands between them, so that "not so good" has
"not … good". Longer words have a stem, too, their first letters, so that "recommended" shares a
term with "recommend". Where a script has no spaces between words, terms are one, two or three
characters. Names and codes also have pieces: up to four letters in a row anywhere in a word, and up
to three that it begins with or ends in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

from madaline._tables.table import Distinct

Span: TypeAlias = tuple[int, int]  # where a piece of a text begins and ends, in characters
GAP = "…"  # stands for what a term leaves out: the word between a pair, or the rest of a word
_STEM = 5  # letters of a stem
_MAX_PIECE = 4  # letters of the longest pieces of a word; those at its ends have one less
_MAX_SIGN = 3  # longer runs of a sign are cut to this length

_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_MARKS = r"\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0966-\u0dff"
_LETTER = rf"(?:[^\W_{_UNSPACED}]|[{_MARKS}])"
_RUN = re.compile(rf"[{_UNSPACED}]+")
_PIECE = re.compile(
    rf"([{_UNSPACED}]+)|({_LETTER}+(?:['\u2019](?!\d){_LETTER}+)?)|([^\w\s{_UNSPACED}{_MARKS}]+)"
)
"""Runs of Thai, Lao, Burmese, Khmer, Japanese and Chinese characters; words of all other scripts,
with the vowels that some write as marks, and with what stands behind an apostrophe; signs."""


def terms_of(
    text: str,
    *,
    with_pieces: bool = False,  # whether the pieces of words are terms, too
) -> Iterator[str]:
    """Yield every term of a text, in lower case, as often as it occurs."""
    units: list[str] = []
    for unspaced, word, sign in _PIECE.findall(text.lower()):
        if unspaced:
            yield from unspaced
            yield from map("".join, pairwise(unspaced))
            yield from map("".join, zip(unspaced, unspaced[1:], unspaced[2:], strict=False))
        elif word:
            yield word
            if len(word) > _STEM:
                yield word[:_STEM] + GAP
            units.append(word)
        else:
            yield sign[:_MAX_SIGN]
        if with_pieces:
            yield from (term for term, _, _ in _pieces_of(unspaced, word))
    yield from map(" ".join, pairwise(units))
    yield from (f"{before} {GAP} {other}" for before, other in zip(units, units[2:], strict=False))


def terms_in(text: str, *, with_pieces: bool = False) -> Iterator[tuple[str, tuple[Span, ...]]]:
    """Yield every term of a text as `terms_of` does, with the spans that it is about.

    That is a word as a whole, also of its stem and its pieces; letters where there is only one word
    with pieces, and characters where a script has no spaces.
    """
    units: list[tuple[str, tuple[Span, ...]]] = []
    pieces = list(_PIECE.finditer(text.lower()))
    by_letters = with_pieces and sum(bool(piece[2]) for piece in pieces) == 1
    for piece in pieces:
        start, stop = piece.span()
        letters = tuple((at, at + 1) for at in range(start, stop))
        spans = letters if piece[1] or by_letters else ((start, stop),)
        if piece[1]:
            for size in (1, 2, 3):
                for at in range(len(spans) - size + 1):
                    yield piece[1][at : at + size], spans[at : at + size]
        elif piece[2]:
            units.append((piece[2], spans))
            yield piece[2], spans
            if len(piece[2]) > _STEM:
                yield piece[2][:_STEM] + GAP, spans[:_STEM]
        else:
            yield piece[3][:_MAX_SIGN], ((start, stop),)
        if with_pieces:
            for term, first, size in _pieces_of(piece[1] or "", piece[2] or ""):
                yield term, spans[first : first + size] if len(spans) > 1 else spans
    yield from ((f"{one} {other}", a + b) for (one, a), (other, b) in pairwise(units))
    distant = zip(units, units[2:], strict=False)
    yield from ((f"{one} {GAP} {other}", a + b) for (one, a), (other, b) in distant)


def is_sign(term: str) -> bool:
    """Return whether a term is a sign, which means little without words."""
    piece = _PIECE.fullmatch(term)
    return piece is not None and piece[3] is not None


def is_made_of_words(term: str) -> bool:
    """Return whether a term is derived from words: a pair of them, a stem, or a piece of one."""
    piece = _PIECE.match(term)
    return piece is not None and piece.end() < len(term)


def is_word(term: str) -> bool:
    """Return whether a term is a whole word, or one character of a script without spaces."""
    piece = _PIECE.fullmatch(term)
    return piece is not None and (piece[2] is not None or (len(term) == 1 and piece[3] is None))


def n_words(text: str) -> float:
    """Return how many words a text has; two characters of a script without spaces count as one.

    Numbers are no words, and what has no space inside, such as an identifier, is one at most.
    """
    unspaced = 0 if text.isascii() else sum(map(len, _RUN.findall(text)))
    spaced = (_RUN.sub(" ", text) if unspaced else text).split()
    return unspaced / 2 + sum(word.isalpha() or any(map(str.isalpha, word)) for word in spaced)


def _pieces_of(unspaced: str, word: str) -> Iterator[tuple[str, int, int]]:
    """Yield the pieces of a word, or of a run of characters, where they begin, and their lengths.

    What stands anywhere in a run without spaces is a term already, so only its ends are added.
    """
    run = unspaced or word
    if not unspaced:
        for size in range(1, min(_MAX_PIECE + 1, len(run))):
            for start in range(len(run) - size + 1):
                yield f"{GAP}{run[start : start + size]}{GAP}", start, size
    for size in range(1, min(_MAX_PIECE, len(run))):
        yield run[:size] + GAP, 0, size
        yield GAP + run[-size:], len(run) - size, size


_MIN_TEXTS = 20  # fewer levels are categories, whatever their words

_SENTENCE_SHARE, _SENTENCE_WORDS = 0.5, 5
"""Share of distinct values, and words of one on average, from which levels are sentences."""

_PHRASE_WORDS = 1.5  # words of a level on average from which levels may be phrases

_LEVEL_SHARE, _MAX_LEVELS = 1 / 3, 300
"""Share of distinct values, or number of them, above which a level alone tells little."""

_REPEATED_SHARE = 0.5  # share of words that other levels have from which words tell more
_MAX_SAMPLED = 2000  # levels whose words are counted, at most


def is_text(
    levels: Distinct,  # the levels of a column
    # words of a level on average from which levels are sentences, if most are distinct
    fewest_words: float = _SENTENCE_WORDS,
) -> bool:
    """Return whether levels are read by their words: sentences, or many phrases of the same words.

    Of 2,000 phrases of two to four words, nearly all distinct, networks learned a log loss of .630
    as texts and .693, nothing, as categories; beside a column of numbers .636 and .697.
    """
    texts = [level for level in levels.values if isinstance(level, str)]
    if len(texts) < _MIN_TEXTS:
        return False
    n_rows = len(levels.codes) - levels.n_missing
    words = sum(map(n_words, texts)) / len(texts)
    if words >= fewest_words and len(texts) >= _SENTENCE_SHARE * n_rows:
        return True
    many = len(texts) > min(_MAX_LEVELS, _LEVEL_SHARE * n_rows)
    return many and words >= _PHRASE_WORDS and _share_repeated(texts) >= _REPEATED_SHARE


def is_of_names(levels: Distinct) -> bool:
    """Return whether levels are names or codes, most of them in few rows."""
    texts = [level for level in levels.values if isinstance(level, str)]
    n_rows = len(levels.codes) - levels.n_missing
    return len(texts) > max(_MIN_TEXTS, _LEVEL_SHARE * n_rows) and has_few_words(texts)


def has_few_words(texts: Sequence[str], *, alone: bool = True) -> bool:
    """Return whether texts are names or codes, or alone also phrases: their letters are read.

    Beside other columns, pieces of the words of phrases made networks worse.
    """
    fewer = _SENTENCE_WORDS if alone else _PHRASE_WORDS
    return sum(map(n_words, texts)) < fewer * len(texts)


def _share_repeated(texts: Sequence[str]) -> float:
    """Return the share of words, or of characters where words have no spaces, that recur.

    Numbers are no words, and those of more than half of the texts tell nothing.
    """
    sample = texts[:: -(-len(texts) // _MAX_SAMPLED)]
    counts = Counter(term for text in sample for term in set(terms_of(text)))
    words = [n for term, n in counts.items() if _is_word(term) and 2 * n <= len(sample)]
    return sum(n for n in words if n > 1) / max(1, sum(words))


def _is_word(term: str) -> bool:
    return any(map(str.isalpha, term)) and not is_made_of_words(term)
