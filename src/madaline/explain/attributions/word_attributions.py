"""What each word of a text adds: the attribution of its column, taken apart.

A text is seen as terms: words and pairs of words. What a term adds is shared by the places where it
stands, and what a pair adds by its two words. A text also differs from those of the background by
what it lacks; that is one number. All of them add up to the attribution of the column.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from madaline.data.encoders.table_encoder import TableEncoder
from madaline.data.encoders.text_encoder import TextEncoder
from madaline.data.terms import Span, terms_in
from madaline.explain.attributions.comparison import Comparison
from madaline.nn.arrays import Array

NODES = 16
"""Where on each way networks are asked, or its segments where they have kinks."""


@dataclass(frozen=True)
class WordShares:
    """What the words of one text add (final).

    Parameters
    ----------
    text : str
        The text; empty if missing.
    spans : tuple of (int, int)
        Where the words that networks know stand in it, in characters, in this order.
    amounts : tuple of float
        What each of them adds.
    absent : float
        What is added by words that are not in it, but in texts of the background.

    Examples
    --------
    >>> shares = WordShares("So good", ((0, 2), (3, 7)), (0.1, 0.5), -0.2)
    >>> round(shares.total, 6)
    0.4
    >>> shares.strongest(1)
    [('good', 0.5)]
    """

    text: str
    spans: tuple[Span, ...]
    amounts: tuple[float, ...]
    absent: float

    @property
    def total(self) -> float:
        """The attribution of the column."""
        return sum(self.amounts) + self.absent

    def strongest(self, most: int) -> list[tuple[str, float]]:
        """Return the words that add or take most, each with what it adds wherever it stands."""
        sums: defaultdict[str, float] = defaultdict(float)
        for (start, stop), amount in zip(self.spans, self.amounts, strict=True):
            sums[self.text[start:stop].lower()] += amount
        return sorted(sums.items(), key=lambda item: -abs(item[1]))[:most]

    def to_json(self) -> dict[str, Any]:
        """Return the shares as JSON-able values."""
        words = [
            {"start": start, "stop": stop, "attribution": amount}
            for (start, stop), amount in zip(self.spans, self.amounts, strict=True)
        ]
        return {"text": self.text, "words": words, "absent": self.absent}


Words: TypeAlias = dict[str, tuple[WordShares, ...]]
"""By the name of each column of texts what the words of each row's text add."""


def text_columns(encoder: TableEncoder) -> dict[str, slice]:
    """Return which features stand for each column of texts."""
    columns, features = encoder.encoders, encoder.feature_columns(0)
    return {
        one.name: slice(*np.searchsorted(features, [place, place + 1]).tolist())
        for place, one in enumerate(columns)
        if isinstance(one, TextEncoder)
    }


def word_shares(
    encoder: TableEncoder,
    comparison: Comparison,
    texts: Mapping[str, Array],
    attributions: Array,
    *,
    at_end: bool = False,
) -> Words:
    """Return what the words of each text add, by the name of the column; nothing without texts.

    Parameters
    ----------
    encoder : TableEncoder
        Knows the terms.
    comparison : Comparison
        The rows and the background.
    texts : mapping of str to ndarray of shape (n_samples,)
        The columns of the rows.
    attributions : ndarray of shape (n_samples, n_columns)
        What words add up to.
    at_end : bool, default=False
        Whether networks are asked at the rows alone, and not all the way from the background.
    """
    spans = text_columns(encoder)
    if not spans:
        return {}
    totals = _term_totals(comparison, list(spans.values()), at_end=at_end)
    known = {one.name: one for one in encoder.encoders if isinstance(one, TextEncoder)}
    found = {}
    for name, own in zip(spans, totals, strict=True):
        whole = attributions[:, encoder.columns.index(name)]
        column = known[name].read(texts[name])
        rows = zip(column.tolist(), own, whole.tolist(), strict=True)
        found[name] = tuple(_shared(known[name], text or "", *row) for text, *row in rows)
    return found


def _shared(encoder: TextEncoder, text: str, totals: Array, whole: float) -> WordShares:
    """Share what terms add among the words where they stand."""
    terms = [(term, at) for term, at in terms_in(text) if term in encoder.places]
    times: defaultdict[str, int] = defaultdict(int)
    for term, at in terms:
        times[term] += len(at)
    amounts: defaultdict[Span, float] = defaultdict(float)
    for term, at in terms:
        for span in at:
            amounts[span] += float(totals[encoder.places[term]]) / times[term]
    ordered = sorted(amounts)
    shown = text if len(text.lower()) == len(text) else text.lower()  # places are of the latter
    said = tuple(amounts[span] for span in ordered)
    return WordShares(shown, tuple(ordered), said, whole - sum(said))


def _term_totals(comparison: Comparison, spans: Sequence[slice], *, at_end: bool) -> list[Array]:
    """Return gradient times difference of each term, (n_samples, n_terms) for each column."""
    rows = np.arange(comparison.n_samples)
    totals = [np.zeros((len(rows), span.stop - span.start)) for span in spans]
    for pairs in comparison.pairs(rows):
        starts, ends = comparison.starts(pairs), comparison.ends(pairs)
        asked, networks = comparison.asked[pairs.rows], comparison.networks
        gradients = (
            networks.gradients(ends, asked)
            if at_end
            else networks.mean_gradients(starts, ends, asked, NODES)
        )
        for total, span in zip(totals, spans, strict=True):
            found = comparison.feature_totals(pairs, gradients, span)
            for row in np.unique(pairs.rows):
                total[row] += found[pairs.rows == row].sum(axis=0)
    return [total / comparison.n_others for total in totals]
