"""What the file of a model could not hold is refused before anything is learned."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from madaline._base.codec import check_of
from madaline._base.json_checks import Check, Text
from madaline._base.language import _
from madaline._base.words import clip_text
from madaline._models.fitting.prepared import Preparation
from madaline._models.model.kept_rows import KeptRows
from madaline._models.request import FitRequest
from madaline._models.runtime.file_checks import COLUMN as COLUMN_ENCODER
from madaline._models.runtime.file_checks import column_name
from madaline._tables.io.tensor_file import check_header, header_size, refusing_unreadable
from madaline._tables.io.tensor_header import parse_json
from madaline._tables.kinds.kind import ColumnSchema
from madaline._tables.profile import ColumnProfile, TableProfile
from madaline._tables.target import TARGETS

_LEARNED_SHARE = 0.125
"""Share of a file's header that what is learned takes, about: importances, networks, records."""


def check_file(
    prepared: Preparation,
    profile: TableProfile,
    request: FitRequest,
    kept: KeptRows | None,
) -> None:
    """Raise `InputError` unless a model's file can hold what is known before the race.

    The checks are those of whoever reads the file.
    """
    encoder, arrays = prepared.encoder.to_state()
    known = {
        "schema": prepared.schema.to_json()["columns"],
        "encoder": encoder["columns"],
        "profile": profile.to_json(),
        "target": prepared.target_encoder.to_json(),
        "request": request.to_json(),
    }
    if kept is not None:
        kept.check()
    remedy = "leave out columns, shorten their levels, or give long ones as texts"
    with refusing_unreadable("The table cannot be learned from", remedy):
        check_header(round(header_size(known, arrays) / (1 - _LEARNED_SHARE)))
        known = parse_json(json.dumps(known))
    for column in known["schema"]:
        _check_column(column["name"], column, check_of(ColumnSchema))
    for column in known["profile"]:
        _check_column(column["name"], column, check_of(ColumnProfile))
    for column in known["encoder"]:
        _check_column(column_name(column), column, COLUMN_ENCODER)
    _check_target(prepared.data.target_names, known["target"])
    with refusing_unreadable("The settings cannot be used", "correct it"):
        check_of(FitRequest)(known["request"])


def _check_column(name: str, described: Any, check: Check) -> None:
    remedy = "correct it, or leave the column out"
    with refusing_unreadable(
        _("Column {name!r} cannot be learned from").format(name=clip_text(name, 60)), remedy
    ):
        check(described)


def _check_target(names: Sequence[str], described: Any) -> None:
    for name in names:
        with refusing_unreadable(
            _("The target {name!r} cannot be learned").format(name=clip_text(name, 60)), "rename it"
        ):
            Text()(name)
    with refusing_unreadable("The target cannot be learned"):
        TARGETS(described)
