"""Numbers are shown in the unit in which the column has them."""

from __future__ import annotations

import pytest

from madaline._tables.formats.column_formats import choose_number_format
from madaline._tables.formats.number_format import PLAIN, NumberFormat


@pytest.mark.parametrize(
    ("pattern", "number", "shown"),
    [
        ("￥{}.5万", 3741234.0, "￥374万"),
        ("￥{}.5万", -15000.0, "-￥1.5万"),
        ("{}.8㎡", 65.83, "65.8㎡"),
        ("{}层", 3.0, "3层"),
        ("{} 万元", 1.2e6, "120 万元"),
        ("${}k", 182_400.0, "$182k"),
        ("${}.2M", 1_250_000.0, "$1.25M"),
        ("${},500", 182_500.0, "$182,000"),
        ("{} kg", 65.83, "65.8 kg"),
        ("{}%", 12.5, "12.5%"),
        ("{} €", 40.0, "40 €"),
    ],
)
def test_a_number_is_shown_as_its_column_has_it(pattern: str, number: float, shown: str) -> None:
    choice = choose_number_format([pattern.format(100 + place) for place in range(30)])
    assert isinstance(choice.format, NumberFormat)
    assert choice.format.show(number) == shown
    kept = NumberFormat.from_json(choice.format.to_json())
    assert kept.show(number) == shown


def test_a_plain_number_has_nothing_around_it() -> None:
    assert PLAIN.show(1234567.0) == "1,230,000"


def test_the_unit_of_most_rows_is_shown() -> None:
    texts = [*(f"{place}.5万" for place in range(20)), "1.2亿"]
    read = choose_number_format(texts).format
    assert isinstance(read, NumberFormat)
    assert read.parse("1.2亿") == 1.2e8
    assert read.show(35000.0) in ("3.5万", "35,000")
