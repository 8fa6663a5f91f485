"""What is learned from texts gives these texts back."""

import datetime as clock
import re
from datetime import UTC, datetime

import numpy as np
import pytest

from madaline._tables.formats import writing
from madaline._tables.formats.number_format import NumberFormat
from madaline._tables.formats.writing import learn_dates, learn_numbers


@pytest.mark.parametrize(
    ("texts", "numbers", "read"),
    [
        (["$1,234.50", "$12.00", "-$3.25"], [1234.5, 12, -3.25], NumberFormat("$", ",", ".")),
        (["12 %", "7 %", "100 %"], [12, 7, 100], NumberFormat("%")),
        (["1.234,5 €", "7,0 €", "-2,5 €"], [1234.5, 7, -2.5], NumberFormat("€", ".", ",")),
        (["(12.50)", "3.75", "1.00"], [-12.5, 3.75, 1], NumberFormat()),
        (["5", "17", "-3"], [5, 17, -3], NumberFormat()),
        (["0.5", "1.25", "7"], [0.5, 1.25, 7], NumberFormat()),
        (
            ["￥374.5万", "￥1,280.0万", "-￥2.5万"],
            [3_745_000, 12_800_000, -25_000],
            NumberFormat("¥", ",", power=4),
        ),
    ],
)
def test_numbers_come_back_as_they_were(texts, numbers, read):
    writing = learn_numbers(texts, numbers, read)
    assert writing is not None
    assert [writing.write(number) for number in numbers] == texts
    assert [writing.read(text) for text in texts] == numbers


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%d",
        "%d/%m/%Y",
        "%m/%d/%y",
        "%d.%m.%Y %H:%M",
        "%d %b %Y",
        "%B %d, %Y",
        "%Y%m%d",
        "%Y年%m月%d日",
    ],
)
def test_dates_come_back_as_they_were(form):
    days = [clock.datetime(2023, 1, 31, 9, 5), clock.datetime(2024, 12, 7, 17, 45)]
    if "%H" not in form:
        days = [day.replace(hour=0, minute=0) for day in days]
    texts = [day.strftime(form) for day in days]
    seconds = [day.replace(tzinfo=UTC).timestamp() for day in days]
    writing = learn_dates(texts, seconds)
    assert writing is not None
    assert [writing.write(moment) for moment in seconds] == texts
    assert [writing.read(text) for text in texts] == [np.datetime64(day) for day in days]


def test_days_without_a_zero_come_back_beside_months_with_one():
    texts = [f"{day}.{month:02d}.2023" for day in (5, 17, 30) for month in (1, 9, 12)]
    days = [clock.datetime(2023, month, day) for day in (5, 17, 30) for month in (1, 9, 12)]
    seconds = [day.replace(tzinfo=UTC).timestamp() for day in days]
    writing = learn_dates(texts, seconds)
    assert [writing.write(moment) for moment in seconds] == texts


def test_other_texts_are_not_understood():
    assert learn_numbers(["1.2M", "3k"], [1.2e6, 3000.0], NumberFormat()) is None
    assert learn_dates(["Tuesday next"], [0.0]) is None


class _Abroad(datetime):
    """Where months are not written in English: a locale must not matter."""

    def strftime(self, form: str) -> str:
        assert not {"%b", "%B", "%p"} & set(re.findall("%.", form))
        return super().strftime(form)

    @classmethod
    def strptime(cls, text: str, form: str) -> datetime:
        assert not {"%b", "%B", "%p"} & set(re.findall("%.", form))
        return datetime.strptime(text, form)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%-d %b %Y", "5 May 2021"),
        ("%B %d, %Y", "December 05, 2021"),
        ("%d/%m/%Y %-I:%M %p", "05/12/2021 12:30 PM"),
        ("%d/%m/%Y %I:%M %p", "05/12/2021 12:30 AM"),
    ],
)
def test_names_of_months_do_not_follow_the_locale(
    form: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "datetime", _Abroad)
    monkeypatch.setattr(writing, "_EPOCH", _Abroad(1970, 1, 1, tzinfo=UTC))
    dates = writing.DateWriting(form)
    moment = dates.read(text)
    assert dates.write(moment.astype("datetime64[s]").astype(float)) == text
    assert str(moment)[:7] == ("2021-05" if "May" in text else "2021-12")
