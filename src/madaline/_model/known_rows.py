"""Checksums of training rows: they tell whether rows were trained on, and their scores flatter.

The file of a model holds no row. Of up to 2,048 rows it holds three bytes each, enough to recognize
a table: of other rows, about one in 8,000 has the checksum of one of them by chance. Where rows
repeat, new rows may be equal to training rows, too: as many as training rows are to one another.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from typing import Any, final

import numpy as np

from madaline._data.json_checks import Fields, Number, Pattern
from madaline._data.table import Table
from madaline._runtime.predictor import Predictor
from madaline.nn.arrays import Array, row_blocks

MAX_KNOWN_ROWS = 2048
"""Training rows whose checksum is kept, at most: evenly spread."""

BYTES = 3
"""Bytes of a checksum."""

DIGITS = 3
"""Decimals of encoded values that count: backends may differ in the sixth."""

MIN_KNOWN_SHARE = 0.5
"""Share of the rows from which a table counts as trained on."""


@final
@dataclass(frozen=True)
class KnownRows:
    """Checksums of some training rows.

    Examples
    --------
    >>> rows = np.arange(12.0).reshape(6, 2)
    >>> known = KnownRows.of_encoded(rows, sampled=1.0)
    >>> known.share(rows[2:4])[0], known.share(rows + 0.5)[0]
    (1.0, 0.0)
    """

    checksums: frozenset[bytes]  # of the encoded rows
    sampled: float  # share of the training rows whose checksum is kept
    # share of these rows that are equal to another one: of new rows, about as many are equal to one
    # of them
    repeated: float

    @classmethod
    def of(cls, predictor: Predictor, table: Table) -> KnownRows:
        """Return the checksums of the rows that a model was trained on."""
        step = max(1, -(-table.n_samples // MAX_KNOWN_ROWS))
        rows = table.take(slice(None, None, step))
        encoded = predictor.encode(rows)
        blocks = row_blocks(rows.n_samples, encoded.widths[0])
        checksums = (_checksums(encoded.block(block).base) for block in blocks)
        return cls._of_checksums(list(chain.from_iterable(checksums)), sampled=1 / step)

    @classmethod
    def of_encoded(cls, features: Array, *, sampled: float) -> KnownRows:
        """Return the checksums of encoded rows, shape (n_rows, n_features)."""
        return cls._of_checksums(_checksums(features), sampled=sampled)

    @classmethod
    def _of_checksums(cls, checksums: list[bytes], *, sampled: float) -> KnownRows:
        counts = Counter(checksums).values()
        repeated = sum(number for number in counts if number > 1) / max(1, len(checksums))
        return cls(frozenset(checksums), sampled, repeated)

    def with_rows(self, more: KnownRows) -> KnownRows:
        """Return the checksums of these rows and of more, the same share of both.

        Examples
        --------
        >>> first = KnownRows.of_encoded(np.arange(8.0)[:, None], sampled=1.0)
        >>> both = first.with_rows(KnownRows.of_encoded(np.arange(9.0, 12)[:, None], sampled=1.0))
        >>> len(both.checksums), both.sampled
        (11, 1.0)
        """
        parts = (self, more)
        n_rows = sum(len(one.checksums) / one.sampled for one in parts)
        sampled = min(self.sampled, more.sampled, MAX_KNOWN_ROWS / max(1.0, n_rows))
        kept = [sorted(one.checksums) for one in parts]  # the lowest are as good as random ones
        shares = [
            int(len(own) * sampled / one.sampled) for own, one in zip(kept, parts, strict=True)
        ]
        joined = frozenset(kept[0][: shares[0]]) | frozenset(kept[1][: shares[1]])
        return KnownRows(joined, sampled, max(self.repeated, more.repeated))

    def hold(self, predictor: Predictor, table: Table) -> bool | None:
        """Return whether most rows of a table were trained on; None if that cannot be told."""
        if self.repeated == 1 or not table.n_samples:
            return None
        share, error = self.share(predictor.encode(table).base)
        if abs(share - MIN_KNOWN_SHARE) < 2 * error:
            return None
        return share > MIN_KNOWN_SHARE

    def share(self, features: Array) -> tuple[float, float]:
        """Return the share of encoded rows that were trained on, and its standard error.

        Of new rows, `repeated` are found; of training rows, `sampled` and of the rest as many.
        """
        n_rows, n_found = len(features), sum(one in self.checksums for one in _checksums(features))
        scale = self.sampled * (1 - self.repeated)
        share = (n_found / n_rows - self.repeated) / scale
        found = (n_found + 1) / (n_rows + 2)  # never without doubt (Agresti and Coull 1998)
        variance = found * (1 - found) / n_rows
        variance += self.repeated * (1 - self.repeated) / max(1, len(self.checksums))
        return min(1.0, max(0.0, share)), float(np.sqrt(variance)) / scale

    def to_json(self) -> dict[str, Any]:
        """Return the checksums as JSON-able values."""
        joined = b"".join(sorted(self.checksums))
        return {
            "checksums": b64encode(joined).decode(),
            "sampled": self.sampled,
            "repeated": self.repeated,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> KnownRows:
        """Return the checksums that `to_json` described."""
        joined = b64decode(values["checksums"])
        starts = range(0, len(joined), BYTES)
        checksums = frozenset(joined[start : start + BYTES] for start in starts)
        return cls(checksums, float(values["sampled"]), float(values["repeated"]))


def _checksums(features: Array) -> list[bytes]:
    checksums = []
    for rows in row_blocks(*features.shape):
        rounded = np.round(features[rows], DIGITS) + 0.0  # no negative zero
        rounded = np.ascontiguousarray(rounded, np.float32)
        checksums += [blake2b(row.tobytes(), digest_size=BYTES).digest() for row in rounded]
    return checksums


KNOWN_ROWS = Fields(
    {
        "checksums": Pattern(r"([A-Za-z0-9+/]{4}){0,2048}"),  # three bytes each
        "sampled": Number(0, 1, above=True),
        "repeated": Number(0, 1 + 1e-9),
    }
)
"""Checksums of rows in a file."""
