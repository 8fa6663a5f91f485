"""Numbers and dates written in any one dress are read back; what is open is named."""

# ruff: noqa: RUF001

from __future__ import annotations

import datetime
import re
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.formats.choice import Given
from madaline._tables.formats.column_formats import choose_number_format
from madaline._tables.formats.date_format import WrittenDate
from madaline._tables.formats.number_format import FormattedNumber, NumberFormat
from madaline._tables.io.recognition import to_table
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline._tables.text_columns import choose_formats, choose_text_formats, read_numbers
from madaline.errors import InputError

MINUS_SIGNS = ["-", "−", "–"]
SYMBOLS = [
    ("", ""), ("$", ""), ("€ ", ""), ("US$ ", ""), ("CHF ", ""), ("£", ""), ("", " kg"), ("", "kg"),
    ("", " km/h"), ("", " m²"), ("", "%"), ("", " °C"), ("", " zł"), ("", " €"), ("~", ""),
    ("<", ""), ("≥ ", ""),
]  # fmt: skip
SEPARATORS = [
    ("", "."), (",", "."), ("'", "."), ("’", "."), (" ", "."), ("\u202f", "."), ("_", "."),
    ("", ","), (".", ","), (" ", ","), ("'", ","),
]  # fmt: skip
MARKS = ["~", "<", "≥ "]
DIGITS = ["0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९"]


@st.composite
def dressed_columns(draw):
    """Return a column of numbers, and the same as text in one dress."""
    cents = st.integers(-(10**9), 10**9)
    numbers = draw(st.lists(cents, min_size=12, max_size=30, unique=True))
    before, after = draw(st.sampled_from(SYMBOLS))
    thousands, decimal = draw(st.sampled_from(SEPARATORS))
    digits = str.maketrans("0123456789", draw(st.sampled_from(DIGITS)))
    minus = draw(st.sampled_from([*MINUS_SIGNS, "()"]))
    texts = []
    for number in numbers:
        plain = f"{abs(number) / 100:,.2f}".replace(",", "\0").replace(".", decimal)
        text = f"{before}{plain.replace(chr(0), thousands)}{after}".translate(digits)
        if number < 0 and minus == "()" and before not in MARKS:
            text = f"({text})"
        elif number < 0:
            text = f"{before}{minus[:1].replace('(', '-')}{text[len(before) :]}"
        texts.append(text)
    return np.array(numbers) / 100, texts


@given(dressed_columns())
@settings(max_examples=300, deadline=None)
def test_numbers_in_any_one_dress_are_read_back(column):
    numbers, texts = column
    table = to_table({"price": texts})
    schema = Schema.infer(table, {"price": "number"})
    np.testing.assert_array_equal(schema.read(table)["price"], numbers)
    inferred, choice = read_numbers("price", table["price"], kind="")
    np.testing.assert_array_equal(inferred, numbers)
    assert choice.words.startswith("number, read ")


LAYOUTS = {
    "%d/%m/%Y": "day-first", "%d-%m-%Y": "day-first", "%d.%m.%y": "day-first",
    "%m/%d/%Y": "month-first", "%m/%d/%y": "month-first", "%Y/%m/%d": "", "%Y.%m.%d": "",
    "%d %b %Y": "", "%d-%B-%y": "", "%b %d, %Y": "", "%B %d %Y": "", "%Y %b %d": "",
    "%a, %d %b %Y": "",
}  # fmt: skip
TIMES = ["", " %H:%M", "T%H:%M:%S", ", %I:%M %p", " %H:%M:%S.%f", " %H:%MZ", " %I:%M:%S%p"]
MOMENTS = st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(2049, 12, 31))


@given(
    st.lists(MOMENTS, min_size=1, max_size=20),
    st.sampled_from(sorted(LAYOUTS)),
    st.sampled_from(TIMES),
)
@settings(max_examples=300, deadline=None)
def test_dates_in_any_form_are_read_back(moments, layout, time):
    decisive = datetime.datetime(2026, 1, 31, 13, 45, 59)
    texts = [moment.strftime(layout + time) for moment in (decisive, *moments)]
    expected = [datetime.datetime.strptime(text, layout + time) for text in texts]
    choice = choose_formats({"day": list(dict.fromkeys(texts))})["day"]
    assert choice.format is not None
    assert choice.format.order == LAYOUTS[layout]
    table = Table({"day": np.array(texts, dtype=object)})
    read = Schema.infer(table, {"day": "datetime"}).read(table)["day"]
    np.testing.assert_array_equal(read, np.array(expected, "datetime64[us]"))


@given(st.lists(st.text(max_size=12), max_size=8))
@settings(max_examples=300, deadline=None)
def test_no_text_is_too_odd_to_be_looked_at(texts):
    choose_formats({"text": texts})


def test_a_kind_overrules_what_was_decided():
    table = to_table({"price": ["7,678", "1,234", "5,001"], "day": ["03/04/2026"] * 2 + [None]})
    kinds = {"price": "number:decimal-comma", "day": "datetime:month-first"}
    read = Schema.infer(table, kinds).read(table)
    assert read["price"].tolist() == [7.678, 1.234, 5.001]
    assert str(read["day"][0])[:10] == "2026-03-04"
    schema = Schema.infer(table, {"price": "category", "day": "category"})
    assert schema["price"].kind == "category"
    assert schema.notes == ()


def test_a_reading_that_does_not_fit_is_named():
    table = to_table({"price": ["1.50", "2.25"], "n": [1.5, 2.5]})
    with pytest.raises(InputError, match="'price' cannot be read with the decimal comma"):
        Schema.infer(table, {"price": "number:decimal-comma"})
    with pytest.raises(InputError, match=r"of the kind 'number:comma': .*number:decimal-comma"):
        Schema.infer(table, {"price": "number:comma"})


def test_an_encoder_reads_new_rows_as_it_read_the_first():
    table = to_table(
        {"price": ["$7.677,59", "$12,00", "$1,5"], "day": ["31/01/26"] * 2 + ["1/2/26"]}
    )
    schema = Schema.infer(table)
    encoder = TableEncoder.fit(schema.read(table), schema)
    state, arrays = encoder.to_state()
    again = TableEncoder.from_state(state, arrays)
    new = to_table({"price": ["$1.234", "n/a"], "day": ["3/4/26", None]})
    same = to_table({"price": [1234.0, None], "day": [np.datetime64("2026-04-03"), None]})
    for one in (encoder, again):
        np.testing.assert_array_equal(one.encode(new).features(0), one.encode(same).features(0))
    with pytest.raises(InputError, match=r"a number such as \$1\.234,5 .*'12 kg'"):
        encoder.encode(to_table({"price": ["12 kg"], "day": ["3/4/26"]}))


def test_categories_and_few_whole_numbers_stay_levels():
    pandas = pytest.importorskip("pandas")
    levels = [f"{number}.5" for number in range(30)]
    frame = pandas.DataFrame({"declared": pandas.Categorical(levels), "text": levels})
    frame["class"] = [str(number % 3) for number in range(30)]
    schema = Schema.infer(to_table(frame), {"declared": "category"})
    assert [schema[name].kind for name in frame] == ["category", "number", "category"]
    table = to_table(frame)
    assert table.levels == {"declared"}
    assert Schema.infer(table.take([*range(30), 0, 1]))["declared"].written is None


@pytest.mark.parametrize("kind", [np.int64, np.uint64, object])
def test_integers_that_float64_cannot_tell_apart_are_codes(kind):
    codes = np.array([10**18 + number for number in range(60)], kind)
    schema = Schema.infer(to_table({"id": codes, "n": np.arange(60) / 7}))
    assert schema["id"].n_distinct == 60
    assert "2^53" in schema["id"].note
    large = np.array([10**16 * number for number in range(1, 60)], kind)
    assert Schema.infer(to_table({"debt": large, "n": np.arange(59) / 7}))["debt"].kind == "number"


def test_integers_with_missing_values_keep_their_digits():
    polars = pytest.importorskip("polars")
    table = to_table(polars.DataFrame({"id": [10**18 + 1, None, 10**18 + 2]}))
    assert table["id"].tolist() == [str(10**18 + 1), None, str(10**18 + 2)]


def test_a_format_refuses_another_symbol_and_other_separators():
    money = NumberFormat("$", ",")
    for text in ("€5", "5 kg", "1,23", "1.234,5", "(5", "--5", "1e999", "five"):
        with pytest.raises(ValueError, match=r".*"):
            money.parse(text)


def test_how_a_constant_that_is_left_out_was_read_is_no_news():
    table = Table.from_columns({"region": ["2. Middle Atlantic"] * 40, "age": [*range(40)]})
    schema = Schema.infer(table)
    assert not schema["region"].kept
    assert schema.notes == ()


def test_few_words_that_nobody_knows_are_missing_and_kept():
    texts = [f"{number}.5" for number in range(30)] + ["withheld", "n. s. w."]
    choice = choose_number_format(texts)
    assert choice.words == "number, read with withheld and n. s. w. as missing"
    assert np.isnan(choice.format.parse("withheld"))
    assert choice.format.from_json(choice.format.to_json()) == choice.format
    for words in (["one", "two", "six", "ten"], ["12a"], ["<LOD"], ["M"]):
        assert choose_number_format([*texts[:30], *words]).format is None


def test_a_sign_alone_is_missing_among_numbers():
    texts = [f"{number}.5" for number in range(30)]
    assert choose_number_format([*texts, ":"]).words == "number, read with : as missing"


def test_words_in_many_rows_are_no_missing_values():
    rows = [f"{number}.5" for number in range(30)] + ["low"] * 10
    choice = choose_text_formats(Table.from_columns({"size": rows}))["size"]
    assert choice.words.startswith("not read as numbers because of 'low'")


@pytest.mark.parametrize(
    ("texts", "numbers", "words"),
    [
        (["2h 15m", "45m", "3h"], [135, 45, 180], "in minutes"),
        (["13:45", "04:12"], [825, 252], "in minutes"),
        (["1:23:45", "0:10:00"], [5025, 600], "in seconds"),
        (["1:45 PM", "12:05 a.m."], [825, 5], "in minutes"),
        (["5'11\"", "6'0\""], [71, 72], "in inches"),
        (["3億2,000万円", "5,000万円"], [3.2e8, 5e7], "without 円"),
        (["1.2k", "3.4M", "900"], [1200, 3.4e6, 900], "with k as 1,000, with M as 1,000,000"),
        (["$1.2M", "$3k"], [1.2e6, 3000], "without \\$, with k as 1,000"),
        (["54만 1천원", "8천원", "3만원"], [541000, 8000, 30000], "without 원"),
        (["1 day", "5 days"], [1, 5], "without day"),
        (["300 K", "310 K"], [300, 310], "without K"),
        (["5 Mio. €", "6 Mio. €"], [5e6, 6e6], "with Mio. as 1,000,000"),
        (["12 KG", "13 kg"], [12, 13], "without KG"),
        (["7,900E+03", "1,5E+04"], [7900, 15000], "with decimal commas"),
        ([f"{n}.5 ± 0.4" for n in range(12)], [n + 0.5 for n in range(12)], "without errors"),
        ([f"{n}.5*" for n in range(12)], [n + 0.5 for n in range(12)], "without footnotes"),
        ([f"{n}.5 [a]" for n in range(12)], [n + 0.5 for n in range(12)], "without footnotes"),
    ],
)
def test_numbers_of_several_parts_and_scales_are_read(texts, numbers, words):
    choice = choose_number_format(texts)
    assert re.search(words, choice.words)
    assert [choice.format.parse(text) for text in texts] == numbers


@pytest.mark.parametrize("texts", [["5 mW", "5 MW"], ["16:9", "4:3"], ["5 cm", "5 m"]])
def test_what_may_mean_several_things_stays_text(texts):
    assert choose_number_format(texts).format is None


@pytest.mark.parametrize(
    ("texts", "first", "words"),
    [
        (["01/02/59", "13/04/60", "01/05/90", "01/02/04"], "1959-02-01", "years from 1932"),
        (["31/12/98", "01/01/99", "05/06/26"], "1998-12-31", "day first$"),
        (["13/04/30", "13/04/35"], "2030-04-13", "day first$"),
        (["112/01/14", "109/05/06"], "2023-01-14", "with 112 as 2023"),
        (["22/08/2567", "21/03/2566"], "2024-08-22", "with 2567 as 2024"),
        (["民國112年1月14日", "民國109年5月6日"], "2023-01-14", ""),
        (["令和元年6月1日", "平成31年1月2日"], "2019-06-01", ""),
        (["22/08/2024 15h45"], "2024-08-22T15:45", ""),
        (["2024/8/22 下午3:45"], "2024-08-22T15:45", ""),
        (["2024年8月22日 오후 3시 45분"], "2024-08-22T15:45", ""),
        (["22.8.2024 15.45"], "2024-08-22T15:45", ""),
        (["20240822", "20240131"], "2024-08-22", ""),
        (["20240822154500", "20240822T000000"], "2024-08-22T15:45", ""),
        (["ngày 22 tháng 8 năm 2024"], "2024-08-22", ""),
        (["2024. augusztus 22.", "2024. május 1."], "2024-08-22", ""),
        (["2024 Aug", "2024 Sep"], "2024-08-01", ""),
        (["22. srpna 2024", "1. ledna 2023"], "2024-08-22", ""),
        (["22. elokuuta 2024", "3 augusti 2024", "22 Αυγούστου 2024"], "2024-08-22", ""),
        (["1403-06-01", "1399-01-02"], "1403-06-01", "1399 to 1403: if they are of another cal"),
    ],
)
def test_years_and_hours_are_counted_as_people_do(texts, first, words):
    choice = choose_formats({"day": texts})["day"]
    assert re.search(words, choice.words)
    assert str(choice.format.parse(texts[0])).startswith(first)
    assert choice.format.from_json(choice.format.to_json()) == choice.format


def test_a_first_field_that_may_be_a_year_is_told():
    days = [f"{year}/08/{day:02d}" for year in (23, 24) for day in range(1, 29)]
    choice = choose_formats({"day": days})["day"]
    assert choice.format is None
    assert "such as 23/08/01 may have the day or the year first" in choice.words
    given = choose_formats({"day": days}, {"day": Given.of("datetime:day-first")})["day"]
    assert str(given.format.parse(days[0]))[:10] == "2001-08-23"


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (
            [f"{n}" if n % 3 else f"ca. {n + 3}" for n in range(60)],
            "looks like numbers, such as 'ca. 3', but",
        ),
        ([f"{n},{n + 10},{n + 11}" for n in range(40)], "looks like numbers"),
        (
            [f"{n + 1:02d} sausis {1990 + n}" for n in range(30)],
            "looks like dates, such as '01 sausis 1990', but",
        ),
        ([f"QA-{n}" for n in range(40)], ""),
        ([f"Room {n}" for n in range(40)], ""),
        ([f"{n * 331:05d}" for n in range(40)], ""),
        ([f"{n * 7919 + 100000}/{n % 5 + 20}" for n in range(40)], ""),
        ([f"{n + 1000} {'ABCD'[n % 4]}{'XY'[n % 2]}{'UVW'[n % 3]}" for n in range(60)], ""),
        ([f"555-{n:04d}" for n in range(40)], ""),
        ([f"030 {n * 7919:07d}" for n in range(40)], ""),
        ([f"10.0.{n}.{n}" for n in range(40)], ""),
        ([f"{n // 4 + 1}{'ABCD'[n % 4]}" for n in range(40)], ""),
    ],
)
def test_values_that_are_not_read_are_told_and_codes_are_not(texts, words):
    choice = choose_text_formats(Table.from_columns({"code": texts}))["code"]
    assert words in choice.words
    assert "looks like" in words or "looks like" not in choice.words


def test_a_unit_is_one_that_most_values_have():
    assert choose_number_format(["2", "3", "4", "5more"]).words == ""
    texts = [str(number) for number in range(30)]
    assert "because of '5 more'" in choose_number_format([*texts, "5 more"]).words
    shares = [f"{number}%" for number in range(10)]
    assert "'0' has no unit %" in choose_number_format([*texts, *shares]).words


def test_no_date_of_a_data_base_is_missing():
    days = [f"2022-05-{day:02d}" for day in range(1, 20)]
    choice = choose_formats({"day": [*days, "0000-00-00"]})["day"]
    assert np.isnat(choice.format.parse("0000-00-00"))


_ATOMS = [
    *"1+-()$%ekM万亿千月日年時h~<*/.,'_²①½\u0300\0", "1,", "1 ", "5万", "1亿", "5'", "1:", "1h ",
    "12:30 ", "2024年", "2024-", "Jan ", "上午", "昭和", "ngày ", "+01:00", "±", "[1]", "USD", "١",
]  # fmt: skip
_BEFORE = ["", "1", "$", "-", "(", "2024-01-", "上午 ", "昭和", "1万", "12:30:"]
_BEHIND = ["", "1", "%", "万", "千5", ")", "年", "月1日", " PM"]


def test_texts_of_thousands_of_signs_raise_nothing():
    wrong = []
    for atom, before, behind in product(_ATOMS, _BEFORE, _BEHIND):
        text = before + atom * (5000 // len(atom)) + behind
        try:
            FormattedNumber.of(text), WrittenDate.of(text)
        except (ValueError, ArithmeticError, LookupError, TypeError) as error:
            wrong.append((before, atom, behind, error))
    assert wrong == []


def test_a_scale_behind_too_many_digits_is_no_number():
    texts = [f"{number}万" for number in range(1, 90)]
    choice = choose_number_format([*texts, f"{'1' * 5000}万5"])
    assert choice.format is None or "1111" in choice.words
