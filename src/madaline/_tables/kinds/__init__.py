"""All kinds of columns, and their encoders: `madaline._tables.kinds.kind` says what a kind is."""

from __future__ import annotations

from collections.abc import Mapping

from madaline._tables.formats.choice import READINGS
from madaline._tables.kinds.boolean import BooleanKind
from madaline._tables.kinds.category import CategoryKind
from madaline._tables.kinds.image import ImageKind
from madaline._tables.kinds.kind import DROPPED, ColumnEncoder, Kind
from madaline._tables.kinds.moment import DatetimeKind
from madaline._tables.kinds.number import NumberKind
from madaline._tables.kinds.sequence import SequenceKind
from madaline._tables.kinds.sound import SoundKind
from madaline._tables.kinds.text import TextKind

_ALL = (
    NumberKind(),
    CategoryKind(),
    BooleanKind(),
    DatetimeKind(),
    ImageKind(),
    TextKind(),
    SequenceKind(),
    SoundKind(),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}  # that can be learned from

ENCODERS: Mapping[str, type[ColumnEncoder]] = {
    encoder.file_kind or encoder.kind: encoder for kind in _ALL for encoder in kind.encoders
}
"""The encoders, by what files call them."""

GIVEN_KINDS = (
    *KINDS,
    DROPPED,
    *(f"{kind}:{reading}" for kind, readings in READINGS.items() for reading in readings),
)
"""All that may be given as the kind of a column: kinds, some also with a reading of text."""
