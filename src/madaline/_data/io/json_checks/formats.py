"""What a format of numbers or dates must be in a file."""

from __future__ import annotations

from madaline._data.formats.date_format import ORDERS
from madaline._data.formats.number_format import COMMA, POINT, THOUSANDS
from madaline._data.io.json_checks.holders import Fields
from madaline._data.io.json_checks.values import OneOf, Text

NUMBER_FORMAT = Fields(
    {"symbol": Text(100), "thousands": OneOf(THOUSANDS), "decimal": OneOf((POINT, COMMA))},
    agree=lambda state: (
        "" if state["thousands"] != state["decimal"] else "has thousands like decimals"
    ),
)
DATE_FORMAT = Fields({"order": OneOf(("", *ORDERS))})
