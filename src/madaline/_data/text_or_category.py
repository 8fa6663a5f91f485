"""Whether levels are texts, which are read by their words, or categories, each of its own kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from madaline._data.distinct import Distinct
from madaline._data.terms import is_made_of_words, n_words, terms_of

FEWEST_TEXTS = 20
"""Fewer levels are categories, whatever their words."""

MOSTLY, WORDS_OF_SENTENCES = 0.5, 5
"""Share of distinct values, and words of one on average, from which levels are sentences."""

WORDS_OF_PHRASES = 1.5
"""Words of a level on average from which levels may be phrases."""

MANY_OF_ROWS, MANY = 1 / 3, 300
"""Share of distinct values, or number of them, above which a level alone tells little."""

REPEATED = 0.5
"""Share of words that other levels have, too, from which words tell more than levels."""

SAMPLED = 2000
"""Levels whose words are counted, at most."""


def is_text(levels: Distinct, fewest_words: float = WORDS_OF_SENTENCES) -> bool:
    """Return whether levels are read by their words: sentences, or many phrases of the same words.

    Of 2,000 phrases of two to four words, nearly all distinct, networks learned a log loss of .630
    as texts and .693, nothing, as categories; beside a column of numbers .636 and .697.

    Parameters
    ----------
    levels : Distinct
        The levels of a column.
    fewest_words : float
        Words of a level on average from which levels are sentences, if most are distinct.

    Examples
    --------
    >>> import numpy as np
    >>> colors = [f"{shade} {color}" for shade in ("dark", "light") for color in "abcdefghijk"]
    >>> many, few = np.array(colors, object), np.array(colors[:9], object)
    >>> is_text(Distinct.of(many)), is_text(Distinct.of(few))
    (True, False)
    """
    texts = [one for one in levels.values if isinstance(one, str)]
    if len(texts) < FEWEST_TEXTS:
        return False
    n_rows = len(levels.codes) - levels.n_missing
    words = sum(map(n_words, texts)) / len(texts)
    if words >= fewest_words and len(texts) >= MOSTLY * n_rows:
        return True
    many = len(texts) > min(MANY, MANY_OF_ROWS * n_rows)
    return many and words >= WORDS_OF_PHRASES and _share_repeated(texts) >= REPEATED


def is_of_names(levels: Distinct) -> bool:
    """Return whether levels are names or codes, most of them in few rows.

    Examples
    --------
    >>> import numpy as np
    >>> names = [f"{first}{last}" for first in ("an", "be", "cla") for last in "abcdefghij"]
    >>> is_of_names(Distinct.of(np.array(names, object)))
    True
    >>> is_of_names(Distinct.of(np.array(names * 3, object)))
    False
    """
    texts = [one for one in levels.values if isinstance(one, str)]
    n_rows = len(levels.codes) - levels.n_missing
    return len(texts) > max(FEWEST_TEXTS, MANY_OF_ROWS * n_rows) and has_few_words(texts)


def has_few_words(texts: Sequence[str], *, alone: bool = True) -> bool:
    """Return whether texts are names or codes, or alone also phrases: their letters are read.

    Beside other columns, pieces of the words of phrases made networks worse.

    Examples
    --------
    >>> has_few_words(["Anna", "Mary Ann"]), has_few_words(["王小明"])
    (True, True)
    >>> has_few_words(["so good"]), has_few_words(["so good"], alone=False)
    (True, False)
    """
    fewer = WORDS_OF_SENTENCES if alone else WORDS_OF_PHRASES
    return sum(map(n_words, texts)) < fewer * len(texts)


def _share_repeated(texts: Sequence[str]) -> float:
    """Return the share of words, or of characters where words have no spaces, that recur.

    Numbers are no words, and those of more than half of the texts tell nothing.
    """
    sample = texts[:: -(-len(texts) // SAMPLED)]
    counts = Counter(term for text in sample for term in set(terms_of(text)))
    words = [n for term, n in counts.items() if _is_word(term) and 2 * n <= len(sample)]
    return sum(n for n in words if n > 1) / max(1, sum(words))


def _is_word(term: str) -> bool:
    return any(map(str.isalpha, term)) and not is_made_of_words(term)
