"""The text encoder counts terms: frequent in a text counts much, frequent in all texts little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np

from madaline._base.codec import Items, LongText
from madaline._base.json_checks import Number
from madaline._base.language import _
from madaline._tables.conversion import as_levels
from madaline._tables.kinds.kind import (
    TEXT,
    WORDS,
    ColumnEncoder,
    Kind,
    TrainingColumn,
    same_length,
)
from madaline._tables.table import Table
from madaline._tables.terms import (
    GAP,
    has_few_words,
    is_made_of_words,
    is_sign,
    is_word,
    n_words,
    terms_of,
)
from madaline.nn.arrays import Array

MAX_TERMS = 4096  # the largest number of terms, the most frequent, beside other columns

MAX_TERMS_ALONE = 16384
"""The same without other columns: twice as many left the loss of 4,000 reviews as it was."""

MAX_COUNTED = 2**22  # the largest number of terms that are counted at a time: about half a GiB
_MAX_NUMBERS = 2**28  # the largest number of features of all texts together: one GiB in float32
_MIN_TEXTS = 2  # a term of fewer texts is left out, unless it is a word of texts that stand alone

_TIMES_OF_WORDS = 2.5
"""Where there is no room for all terms of texts that stand alone, words count as so many times as
frequent: a word of one text comes before a pair of two."""

_WEIGHT_OF_DERIVED = 0.7
"""The weight of pairs and stems beside that of words: each word has two of them or more, which
would outweigh it. Of 0.5 to 1.4, 0.5 was best for tweets, 0.7 for other texts."""

_Weight = Annotated[float, Number(0, 1000, above=True)]


@dataclass(frozen=True, eq=False)
class TextEncoder(ColumnEncoder):
    """Encodes a column of text by its terms (the root of TF-IDF).

    A term that occurs `count` times in a text, and in `share` of the training texts, gets
    ``sqrt((1 + log(count)) * (1 - log(share)))``, zero where it does not occur; pairs of words and
    stems, which repeat words, get 0.7 of it. The features of a text are scaled to a mean
    square of one; a text without any known word, or a missing one, is zero.

    Spärck Jones (1972), "A statistical interpretation of term specificity and its application in
    retrieval".
    """

    name: str
    # the terms, the most frequent first
    terms: Annotated[tuple[LongText, ...], Items(1, MAX_TERMS_ALONE, distinct=True)]
    # what each counts: ``sqrt(1 - log(share))``, times 0.7 for pairs and stems
    weights: Annotated[tuple[_Weight, ...], Items(most=MAX_TERMS_ALONE)]
    # the power of ``1 + log(count)``: a half
    count_power: Annotated[float, Number(0, 1, above=True)] = 0.5
    # whether the pieces of words are terms, too, such as the last letters of a name
    with_pieces: bool = False

    kind = TEXT

    @classmethod
    def fit(
        cls,
        name: str,
        column: Array,  # (n_samples,)
        *,
        alone: bool = False,  # whether there is no other column
        narrowing: int = 1,  # by what the largest number of terms is divided
    ) -> TextEncoder:
        """Return the encoder of a training column, shape (n_samples,), of any kind."""
        texts = [text for text in as_levels(column).tolist() if text is not None]
        with_pieces = has_few_words(texts, alone=alone)
        counts = count_terms(texts, with_pieces=with_pieces)
        if not (alone or with_pieces):  # only whole words and neighbors
            counts = Counter({term: n for term, n in counts.items() if GAP not in term})
        most = min(MAX_TERMS_ALONE if alone else MAX_TERMS, _MAX_NUMBERS // max(1, len(column)))
        most //= narrowing
        for text in texts:  # a name that occurs once does not recur
            if counts[text.lower()] == 1:
                del counts[text.lower()]
        known = _known(counts, most, with_words=alone)
        return cls(
            name,
            tuple(term for term, _ in known),
            tuple(_weight(term, count / len(texts)) for term, count in known),
            with_pieces=with_pieces,
        )

    @property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(
            _("{name} has {term}").format(name=self.name, term=term) for term in self.terms
        )

    @property
    def terms_of_a_text(self) -> float:
        """How many terms a training text has on average: the weight of each tells its share."""
        derived = [_WEIGHT_OF_DERIVED if is_made_of_words(term) else 1.0 for term in self.terms]
        return float(np.exp(1 - np.square(self._weights / derived)).sum())

    def read(self, column: Array) -> Array:
        return as_levels(column)

    def n_unseen(self, column: Array) -> int:
        """Return how many texts have words but no known one, such as texts in another language."""
        return sum(map(self._is_unknown, filter(None, column.tolist())))

    def write(self, column: Array, out: Array) -> None:
        out[...] = 0
        for row, text in enumerate(column.tolist()):
            counts = Counter(terms_of(text or "", with_pieces=self.with_pieces))
            known = [
                (self.term_index[term], n) for term, n in counts.items() if term in self.term_index
            ]
            if any(i not in self._signs for i, _ in known):
                index, numbers = np.array(known).T
                values = (1 + np.log(numbers)) ** self.count_power * self._weights[index]
                out[row, index] = values * np.sqrt(out.shape[1] / np.square(values).sum())

    def _is_unknown(self, text: str) -> bool:
        has_words = False
        for term in terms_of(text, with_pieces=self.with_pieces):
            if not is_sign(term):
                if term in self.term_index:
                    return False
                has_words = True
        return has_words

    @cached_property
    def term_index(self) -> dict[str, int]:
        """The index of each term."""
        return {term: index for index, term in enumerate(self.terms)}

    @cached_property
    def _signs(self) -> frozenset[int]:
        return frozenset(index for term, index in self.term_index.items() if is_sign(term))

    @cached_property
    def _weights(self) -> Array:
        return np.array(self.weights)

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong between the terms and their weights."""
        return same_length(values, "terms", "weights")


def count_terms(
    texts: Iterable[str], most: int = MAX_COUNTED, *, with_pieces: bool = False
) -> Counter[str]:
    """Return in how many texts each term occurs.

    Where there are more than `most` terms, those of a single text so far are forgotten (lossy
    counting).
    """
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(set(terms_of(text, with_pieces=with_pieces)))
        if len(counts) > most:  # only new ones make it so many
            counts = Counter({term: n for term, n in counts.items() if n > 1})
    return counts


def _known(counts: Mapping[str, int], most: int, *, with_words: bool) -> list[tuple[str, int]]:
    """Return the terms of two texts or more, the most frequent first, with their counts.

    Words of one text may follow, but not where all texts are without a term in common. Where there
    is no room for all terms, words come before pairs, stems and pieces that are as frequent.
    """
    known = {term: n for term, n in counts.items() if n >= _MIN_TEXTS}
    if known and with_words:
        known |= {term: n for term, n in counts.items() if n < _MIN_TEXTS and is_word(term)}
        if len(known) > most:
            chosen = sorted(known.items(), key=lambda item: (-_claim(*item), item[0]))[:most]
            known = dict(chosen)
    return sorted(known.items(), key=lambda item: (-item[1], item[0]))[:most]


def _claim(term: str, count: int) -> float:
    return count * _TIMES_OF_WORDS if is_word(term) else count


def _weight(term: str, share: float) -> float:
    """Return the weight of a term: that of rare ones is higher, that of pairs and stems lower.

    The root lowers the weight of rare terms compared with TF-IDF: networks overfit to them.
    """
    rarity = float(np.sqrt(1 - np.log(share)))
    return _WEIGHT_OF_DERIVED * rarity if is_made_of_words(term) else rarity


class TextKind(Kind):
    """Texts that are read by their words, or by their letters."""

    name, words, holds, json = TEXT, ("text", "texts"), WORDS, "string"
    encoders = (TextEncoder,)

    def read(self, name: str, column: Array) -> Array:
        del name  # every value has a text
        return as_levels(column)

    def detail(self, table: Table, name: str) -> str:
        """Return how long texts are."""
        levels = table.distinct(name)
        counts = levels.counts[levels.is_present]
        words = [n_words(text) for text in levels.values[levels.is_present]]
        return (
            _("{average:.0f} words on average").format(average=np.average(words, weights=counts))
            if words
            else ""
        )

    def fit(self, training: TrainingColumn) -> TextEncoder:
        return TextEncoder.fit(
            training.name, training.values, alone=training.alone, narrowing=training.narrowing
        )
