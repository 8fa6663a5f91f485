"""What the records and decisions of a file must be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from madaline._data.io.json_checks import (
    Check,
    Either,
    Fields,
    Kinds,
    ListOf,
    MapOf,
    Measured,
    Text,
    Whole,
    fields_of,
)
from madaline.records.history import Record
from madaline.records.reading import OLD_NAMES, TYPES

NAME, EPOCH = Text(), Whole(0, 2**53)

RECORD = fields_of(Record, {"epoch": EPOCH})
OLD_RECORD = Fields({name: check for name, check in RECORD.needed.items() if name != "recipe_id"})
RECORDS: Check = ListOf(Either(RECORD, OLD_RECORD))
"""Every epoch of every recipe; in old files names identify recipes."""


def _is_known(values: Mapping[str, Any]) -> str:
    action, evidence = values["action"], values["evidence"].keys()
    for kind, names in OLD_NAMES:
        if kind.action == action and evidence >= set(names.split()):
            return ""
    return "is no decision that is known"


_TOLD: dict[str, Check] = {"action": NAME, "sentence": NAME}
OLD_DECISION = Fields(
    {
        "epoch": EPOCH,
        "subject": NAME,
        "reason": NAME,
        "evidence": MapOf(NAME, Measured(), most=100),
        **_TOLD,
    },
    agree=_is_known,
)
DECISION = Kinds(
    "type", {name: fields_of(kind, {"epoch": EPOCH}, more=_TOLD) for name, kind in TYPES.items()}
)
DECISIONS: Check = ListOf(Either(DECISION, OLD_DECISION))
"""All decisions: each a type and its fields, in old files an action and numbers."""
