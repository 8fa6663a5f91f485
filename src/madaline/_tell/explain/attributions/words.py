"""What each word of a text adds, and each step of a sequence: attributions of columns, split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.kinds.sequence import PatternEncoder
from madaline._tables.kinds.text import TextEncoder
from madaline._tables.media.transforms import coarse_shares
from madaline._tables.terms import Span, terms_in
from madaline._tell.explain.attributions.comparison import BackgroundComparison
from madaline.nn.arrays import Array

_NODES = 16  # on each path, or its segments where networks have kinks


@dataclass(frozen=True)
class WordAttributions:
    """What the words of one text add.

    Attributes
    ----------
    text : str
        Empty if missing.
    spans : tuple[Span, ...]
        Start and end of each known word, in characters, in order.
    amounts : tuple[float, ...]
        What each of them adds.
    absent : float
        What is added by words of the background that the text lacks.

    Examples
    --------
    >>> words = WordAttributions("So good", ((0, 2), (3, 7)), (0.1, 0.5), -0.2)
    >>> round(words.total, 6)
    0.4
    >>> words.strongest(1)
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
        """Return the words of the largest attributions, each with its sum over occurrences."""
        sums: defaultdict[str, float] = defaultdict(float)
        for (start, stop), amount in zip(self.spans, self.amounts, strict=True):
            sums[self.text[start:stop].lower()] += amount
        return sorted(sums.items(), key=lambda item: -abs(item[1]))[:most]

    def to_json(self) -> dict[str, Any]:
        """Return the attributions as JSON-able values."""
        words = [
            {"start": start, "stop": stop, "attribution": amount}
            for (start, stop), amount in zip(self.spans, self.amounts, strict=True)
        ]
        return {"text": self.text, "words": words, "absent": self.absent}


# For each column of texts, by name, the attributions of the words of each row's text.
Words: TypeAlias = dict[str, tuple[WordAttributions, ...]]


def text_columns(encoder: TableEncoder) -> dict[str, slice]:
    """Return the features of each column of texts."""
    features = encoder.feature_columns(0)
    return {
        column_encoder.name: slice(*np.searchsorted(features, [index, index + 1]).tolist())
        for index, column_encoder in enumerate(encoder.encoders)
        if isinstance(column_encoder, TextEncoder)
    }


def word_attributions(
    encoder: TableEncoder,
    comparison: BackgroundComparison,
    texts: Mapping[str, Array],  # (n_samples,), the columns of the rows
    attributions: Array,  # (n_samples, n_columns), of the columns: what words add up to
    *,
    local: bool = False,
) -> Words:
    """Return what the words of each text add, by column name; empty without texts.

    A text is encoded as terms: words and pairs of words. What a term adds is split evenly among its
    occurrences, and what a pair adds between its two words. The background's terms that the text
    lacks make one more number. All of them add up to the attribution of the column. Gradients are
    averaged from the background on, or those at the rows if `local`.
    """
    spans = text_columns(encoder)
    if not spans:
        return {}
    totals = _term_attributions(comparison, list(spans.values()), local=local)
    text_encoders = [e for e in encoder.encoders if isinstance(e, TextEncoder)]
    words_of_texts = {}
    for text_encoder, terms in zip(text_encoders, totals, strict=True):
        name = text_encoder.name
        of_column = attributions[:, encoder.columns.index(name)].tolist()
        rows = zip(text_encoder.read(texts[name]).tolist(), terms, of_column, strict=True)
        words_of_texts[name] = tuple(_split(text_encoder, text or "", *row) for text, *row in rows)
    return words_of_texts


def _split(encoder: TextEncoder, text: str, totals: Array, of_column: float) -> WordAttributions:
    """Split what terms add among the occurrences of their words."""
    terms = [
        (term, spans)
        for term, spans in terms_in(text, with_pieces=encoder.with_pieces)
        if term in encoder.term_index
    ]
    counts: defaultdict[str, int] = defaultdict(int)
    for term, spans in terms:
        counts[term] += len(spans)
    amounts: defaultdict[Span, float] = defaultdict(float)
    for term, spans in terms:
        for span in spans:
            amounts[span] += float(totals[encoder.term_index[term]]) / counts[term]
    spans_of_text = tuple(sorted(amounts))
    shown = text if len(text.lower()) == len(text) else text.lower()  # spans are of the latter
    ordered = tuple(amounts[span] for span in spans_of_text)
    return WordAttributions(shown, spans_of_text, ordered, of_column - sum(ordered))


def _term_attributions(
    comparison: BackgroundComparison, spans: Sequence[slice], *, local: bool
) -> list[Array]:
    """Return gradient times difference of each term, (n_samples, n_terms) for each column."""
    rows = np.arange(comparison.n_samples)
    networks = comparison.networks
    totals = [np.zeros((len(rows), span.stop - span.start)) for span in spans]
    for pairs in comparison.pairs(rows):
        starts, ends = comparison.starts(pairs), comparison.ends(pairs)
        gradients = (
            networks.gradients(ends, pairs.class_index)
            if local
            else networks.mean_gradients(starts, ends, pairs.class_index, _NODES)
        )
        for by_feature in comparison.feature_attributions(pairs, gradients):
            for total, span in zip(totals, spans, strict=True):
                for row in np.unique(pairs.rows):
                    total[row] += by_feature[pairs.rows == row, span].sum(axis=0, dtype=np.float64)
    return [total / comparison.n_background for total in totals]


def pattern_map(encoder: PatternEncoder, column: Array, by_feature: Array) -> Array:
    """Return the attribution of each step and channel, given that of each feature.

    It has the shape (n_samples, length, n_channels + 1), the last for whether there is a step.

    What a step of the outline adds goes in equal parts to the steps that it is the mean of. What a
    pattern adds goes in equal parts to the steps where it occurs, if it occurs more often than in
    training on average, and to the others if it is rarer. So the map adds up to the attributions.
    """
    n_coarse, channels = encoder.outline_shape
    n_outline = n_coarse * channels
    outline = by_feature[:, :n_outline].reshape(len(column), n_coarse, channels)
    shares = coarse_shares(*encoder.lengths).astype(np.float64)  # (n_coarse, length)
    added = np.moveaxis(outline, 1, 2) @ shares  # (n_samples, channels + 1, length)
    added = np.moveaxis(added, 1, 2)
    _add_patterns(encoder, column, by_feature[:, n_outline:], added[..., :-1])
    return added


def _add_patterns(encoder: PatternEncoder, column: Array, adds: Array, added: Array) -> None:
    """Add to each step and channel what patterns add there."""
    kernels = encoder.kernels
    steps = encoder.scaled(column)[..., :-1]
    adds = adds.reshape(len(column), *kernels.thresholds.shape)
    mean = encoder.mean.reshape(kernels.thresholds.shape)
    for dilation, kernel, views in kernels.views(steps):
        in_kernel = kernels.channels[dilation, kernel] != 0
        n_inside = views.shape[-1]
        margin = (steps.shape[1] - n_inside) // 2
        at_steps = np.zeros(views.shape[1:])
        for view, number in np.ndindex(len(views), kernels.thresholds.shape[-1]):
            pattern = (view, dilation, kernel, number)
            occurs = views[view] > kernels.thresholds[pattern]
            often = occurs.mean(axis=1) >= mean[pattern]
            steps_of_it = np.where(often[:, None], occurs, ~occurs)
            amounts = adds[(slice(None), *pattern)] / np.maximum(1, steps_of_it.sum(axis=1))
            at_steps += amounts[:, None] * steps_of_it
        inside = slice(margin, margin + n_inside)
        added[:, inside, in_kernel] += (at_steps / in_kernel.sum())[..., None]
