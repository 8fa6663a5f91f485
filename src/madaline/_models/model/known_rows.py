"""Checksums of training rows: they tell whether rows were trained on, and their scores flatter.

The file of a model holds no row. Of up to 2,048 rows it holds three bytes each, enough to recognize
a table: of other rows, about one in 8,000 has the checksum of one of them by chance. A checksum is
of the columns and of the target, of several targets the first: many new rows may have the columns
of a training row. Where whole rows repeat, new rows may be equal to training rows, too: as many as
training rows are to one another.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from itertools import chain
from typing import Annotated, final

import numpy as np

from madaline._base.codec import RoundedShare, Stored
from madaline._base.json_checks import Number, Pattern
from madaline._models.runtime.predictor import Predictor
from madaline._race.evaluation.scores import label_text
from madaline._tables.column import is_missing
from madaline._tables.conversion import as_numbers
from madaline._tables.table import Table
from madaline._tables.target import ClassEncoder, JointEncoder, TargetEncoder
from madaline.nn.arrays import Array, row_blocks

MAX_KNOWN_ROWS = 2048  # training rows whose checksum is kept, at most: evenly spread
BYTES = 3  # bytes of a checksum
DIGITS = 3  # decimals of encoded values that count: backends may differ in the sixth
MIN_KNOWN_SHARE = 0.5  # share of the rows from which a table counts as trained on
MIN_SCORED_ROWS = 10  # rows that must be left for the copies of training rows not to be scored


@final
@dataclass(frozen=True, eq=False)
class Copies:
    """Which rows of a table are equal to training rows, their target included."""

    found: Array  # (n_rows,) Booleans: equal to a row whose checksum is kept
    share: float  # of the rows that were trained on, and not only equal to training rows by chance
    error: float  # its standard error
    complete: bool  # whether the checksums of all training rows are kept

    @property
    def trained_on(self) -> bool | None:
        """Whether most of the rows were trained on; None if that cannot be told."""
        if abs(self.share - MIN_KNOWN_SHARE) < 2 * self.error:
            return None
        return self.share > MIN_KNOWN_SHARE

    @property
    def some(self) -> bool:
        """Whether more rows are equal to training rows than by chance."""
        return self.share > 2 * self.error

    @property
    def others(self) -> Array | None:
        """The rows that are no copies, as indices; None if they cannot be told, or are few."""
        others = np.flatnonzero(~self.found)
        return others if self.some and self.complete and len(others) >= MIN_SCORED_ROWS else None


@final
@dataclass(frozen=True)
class KnownRows(Stored):
    """Checksums of some training rows."""

    checksums: Annotated[str, Pattern(r"([A-Za-z0-9+/]{4}){0,2048}")]  # in order, in base64
    sampled: Annotated[float, Number(0, 1, above=True)]  # share of the training rows that have one
    # share of these rows that are equal to another one: of new rows, about as many are equal to one
    # of them
    repeated: RoundedShare
    of_target: bool = False  # whether the target is part of a row

    @cached_property
    def known(self) -> frozenset[bytes]:
        """The checksums of the encoded rows."""
        joined = b64decode(self.checksums)
        return frozenset(joined[first : first + BYTES] for first in range(0, len(joined), BYTES))

    @classmethod
    def of(cls, predictor: Predictor, table: Table, target: Array | None) -> KnownRows:
        """Return the checksums of the rows that a model was trained on."""
        step = max(1, -(-table.n_samples // MAX_KNOWN_ROWS))
        rows = slice(None, None, step)
        truth = None if target is None else target[rows]
        return cls._of_checksums(
            _of_rows(predictor, table.take(rows), truth), sampled=1 / step, target=truth
        )

    @classmethod
    def of_encoded(
        cls,
        features: Array,  # (n_rows, n_features)
        target: Array | None = None,  # (n_rows,) or (n_rows, n_targets): labels or numbers
        encoder: TargetEncoder | None = None,
        *,
        sampled: float,
    ) -> KnownRows:
        """Return the checksums of encoded rows."""
        checksums = _checksums(features, _target_bytes(encoder, target))
        return cls._of_checksums(checksums, sampled=sampled, target=target)

    @classmethod
    def _of_checksums(
        cls, checksums: list[bytes], *, sampled: float, target: Array | None
    ) -> KnownRows:
        counts = Counter(checksums).values()
        repeated = sum(number for number in counts if number > 1) / max(1, len(checksums))
        return cls(_text(frozenset(checksums)), sampled, repeated, target is not None)

    def with_rows(self, more: KnownRows) -> KnownRows:
        """Return the checksums of these rows and of more, the same share of both."""
        parts = (self, more)
        n_rows = sum(len(one.known) / one.sampled for one in parts)
        sampled = min(self.sampled, more.sampled, MAX_KNOWN_ROWS / max(1.0, n_rows))
        kept = [sorted(one.known) for one in parts]  # the lowest are as good as random ones
        shares = [
            int(len(own) * sampled / one.sampled) for own, one in zip(kept, parts, strict=True)
        ]
        joined = frozenset(kept[0][: shares[0]]) | frozenset(kept[1][: shares[1]])
        return KnownRows(_text(joined), sampled, max(self.repeated, more.repeated), self.of_target)

    def copies(self, predictor: Predictor, table: Table, target: Array | None) -> Copies | None:
        """Return which of the rows whose target is given were trained on; None if unknown."""
        if self.repeated == 1 or not table.n_samples or (self.of_target and target is None):
            return None
        if not self.of_target or target is None:  # new rows may have the columns of training rows
            copies = self.among(_of_rows(predictor, table, None))
            return copies if copies.trained_on is False else None
        first = target if target.ndim == 1 else target[:, 0]
        present = np.flatnonzero(~is_missing(first))
        if not len(present):
            return None
        copies = self.among(_of_rows(predictor, table.take(present), first[present]))
        found = np.zeros(table.n_samples, bool)
        found[present] = copies.found
        return replace(copies, found=found)

    def among(self, checksums: list[bytes]) -> Copies:
        """Return which rows with some checksums were trained on.

        Of new rows, `repeated` are found; of training rows, `sampled` and of the rest as many.
        """
        known = np.array([one in self.known for one in checksums], bool)
        n_rows, n_found = len(known), int(known.sum())
        by_chance = len(self.known) / 256**BYTES
        repeated = self.repeated + (1 - self.repeated) * by_chance
        scale = self.sampled * (1 - repeated)
        share = (n_found / n_rows - repeated) / scale
        found = (n_found + 1) / (n_rows + 2)  # never without doubt (Agresti and Coull 1998)
        variance = found * (1 - found) / n_rows
        variance += repeated * (1 - repeated) / max(1, len(self.known))
        error = float(np.sqrt(variance)) / scale
        return Copies(known, min(1.0, max(0.0, share)), error, self.sampled == 1)


def _text(checksums: frozenset[bytes]) -> str:
    return b64encode(b"".join(sorted(checksums))).decode()


def _of_rows(predictor: Predictor, table: Table, target: Array | None) -> list[bytes]:
    encoded, truth = predictor.encode(table), _target_bytes(predictor.target_encoder, target)
    blocks = row_blocks(table.n_samples, encoded.widths[0])
    parts = (_checksums(encoded.block(rows).base, truth and truth[rows]) for rows in blocks)
    return list(chain.from_iterable(parts))


def _checksums(features: Array, target: list[bytes] | None = None) -> list[bytes]:
    checksums = []
    for rows in row_blocks(*features.shape):
        rounded = np.round(features[rows], DIGITS) + 0.0  # no negative zero
        rounded = np.ascontiguousarray(rounded, np.float32)
        texts = [row.tobytes() for row in rounded]
        if target is not None:
            texts = [text + value for text, value in zip(texts, target[rows], strict=True)]
        checksums += [blake2b(text, digest_size=BYTES).digest() for text in texts]
    return checksums


def _target_bytes(encoder: TargetEncoder | None, target: Array | None) -> list[bytes] | None:
    """Return the target of each row, of several targets the first one, as bytes."""
    if target is None:
        return None
    values = target if target.ndim == 1 else target[:, 0]
    one = encoder.encoders[0] if isinstance(encoder, JointEncoder) else encoder
    if isinstance(one, ClassEncoder):
        return [label_text(label).encode() for label in values.tolist()]
    numbers = values if values.dtype.kind in "iuf" else as_numbers("target", values)
    return [f"{number:.6g}".encode() for number in (numbers + 0.0).tolist()]  # no negative zero
