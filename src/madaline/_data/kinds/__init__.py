"""All kinds of columns, and their encoders: `madaline._data.kinds.kind` says what a kind is."""

from __future__ import annotations

from collections.abc import Mapping

from madaline._data.formats.choice import READINGS
from madaline._data.kinds.boolean import BooleanKind
from madaline._data.kinds.category import CategoryKind
from madaline._data.kinds.image import ImageKind
from madaline._data.kinds.kind import DROPPED, ColumnEncoder, Kind
from madaline._data.kinds.moment import DatetimeKind
from madaline._data.kinds.number import NumberKind
from madaline._data.kinds.sequence import SequenceKind
from madaline._data.kinds.sound import SoundKind
from madaline._data.kinds.text import TextKind

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
