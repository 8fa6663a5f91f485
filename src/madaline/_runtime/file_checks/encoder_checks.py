"""What the description of the encoder of a table must be, and which arrays go with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from madaline._data.array_checks import ArrayCheck
from madaline._data.codec import fields_of
from madaline._data.json_checks import Check, Fields, Forward, Kinds, ListOf, Whole
from madaline._data.kinds import ENCODERS
from madaline._data.kinds.kind import SEQUENCE, SOUND
from madaline._data.kinds.sequence import PatternEncoder
from madaline.nn.arrays import Array

Description: TypeAlias = Mapping[str, Any]


def _columns_agree(state: Description) -> str:
    columns = state["columns"]
    names = [column_name(column) for column in columns]
    if len(set(names)) < len(names):
        return "has two columns of one name"
    bins = {n for column in columns for n in column["state"].get("bins", ())}
    unknown = bins - set(state["n_bins"])
    return f"has columns of {min(unknown)} bins, which were not prepared" if unknown else ""


COLUMN = Forward(
    lambda: Kinds(
        "kind",
        {kind: Fields({"state": fields_of(encoder)}) for kind, encoder in ENCODERS.items()},
    )
)
"""The description of any encoder of a column."""

ENCODER: Check = Fields(
    {
        "n_bins": ListOf(Whole(0, 1024), most=16, distinct=True),
        "columns": ListOf(COLUMN, least=1, most=2**20),
    },
    agree=_columns_agree,
)
"""The description of the encoder of a table."""


def column_name(column: Description) -> str:
    """Return the name of the column of a described encoder."""
    state = column["state"]
    within = {SOUND: "frames", PatternEncoder.kind: "steps"}.get(column["kind"])
    return str((state if within is None else state[within])["name"])


def column_kind(column: Description) -> str:
    """Return the kind of the column of a described encoder."""
    return SEQUENCE if column["kind"] == PatternEncoder.kind else str(column["kind"])


def encoder_arrays(
    state: Description, arrays: Mapping[str, Array], n_outputs: int
) -> Iterator[tuple[str, ArrayCheck]]:
    """Yield the name of each array that a described encoder of a table needs, and its check."""
    for number, column in enumerate(state["columns"]):
        prefix, encoder = f"encoder.{number}.", ENCODERS[column["kind"]]
        for name, check in encoder.array_checks(column["state"], n_outputs, arrays, prefix):
            yield prefix + name, check
