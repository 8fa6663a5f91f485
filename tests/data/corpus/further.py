"""Files that were written after the code: nobody looked at them while it was written."""

# ruff: noqa: W505, RUF001

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from corpus.files import (
    DATE,
    DAYS,
    INCOME,
    LIFE,
    NUMBER,
    RAIN,
    SKY,
    WARMTH,
    WORDS,
    Column,
    File,
    Table,
    countries,
    weather,
)
from corpus.workbooks import workbook

_MONTHS = WORDS["months"]
_HEAD, _ROWS = (
    ["day", "rain", "warmth", "sky"],
    [*map(list, zip(DAYS, RAIN, WARMTH, SKY, strict=True))],
)


def of_surroundings() -> Iterator[File]:
    """Yield tables with titles above and totals and notes below, and one that ends with a short row."""
    german, chinese, japanese, french = weather("de"), weather("zh"), countries("ja"), weather("fr")
    texts: dict[str, tuple[Table, str, str]] = {
        "German title": (german, f"Wetterdaten Seattle\n\n{german.text(';')}", "utf-8"),
        "Chinese title and total": (
            chinese,
            f"2012年西雅图天气表\n{chinese.text()}合计,135.2,436,\n",
            "gb18030",
        ),
        "Japanese titles": (
            japanese,
            f"国別データ,,,\n出所：gapminder,,,\n{japanese.text()}",
            "cp932",
        ),
        "French mean": (french, f"{french.text(';')}Moyenne;3,38;10,9;\n", "cp1252"),
        "note": (weather(), f"{weather().text()}\n\nNote: snow is measured as water\n", "utf-8"),
        "German note": (weather(), f"{weather().text()},,\nQuelle: NOAA,,,\n", "utf-8"),
    }
    for name, (table, text, encoding) in texts.items():
        yield File(
            "further: around", f"{name}.csv", text.encode(encoding), table.columns, note="Skipped"
        )
    table = weather()
    for column in (1, 2, 3):
        table.cells[column][-1] = ""
        table.columns[_HEAD[column]].values[-1] = None
    yield table.file("further: around", "last row with a date alone")
    sheets: dict[str, bytes] = {
        "Chinese": workbook([["合计表"], ["单位：mm"], [], _HEAD, *_ROWS, ["总计", 135.2, 436.0]]),
        "empty column and row": workbook(
            [[], ["", "Title"], [], ["", *_HEAD], *[["", *row] for row in _ROWS]]
        ),
        "two totals": workbook(
            [_HEAD, *_ROWS, [], ["Average", 3.38, 10.9], ["Total", 135.2, 436.0]]
        ),
        "names of groups": workbook(
            [["", "measured", "", "seen"], _HEAD, *_ROWS], merged=("B1:C1",)
        ),
    }
    for name, content in sheets.items():
        yield File("further: around", f"{name}.xlsx", content, weather().columns, note="Skipped")
    hidden = workbook([["t"], _HEAD, *_ROWS], hidden=(1, 3))
    yield File(
        "further: around", "hidden.xlsx", hidden, weather().columns, note="day, warmth.*hidden"
    )


def of_dates() -> Iterator[File]:
    """Yield tables with dates in further forms."""
    japanese, korean, chinese = "月火水木金土日", "월화수목금토일", "一二三四五六日"
    polish = ["poniedziałek", "wtorek", "środa", "czwartek", "piątek", "sobota", "niedziela"]
    spanish = ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"]
    forms: dict[str, tuple[Callable[[date], str], str]] = {
        "Chinese weekday": (lambda o: f"{o.year}年{o.month}月{o.day}日 周{chinese[o.weekday()]}", "utf-8"),
        "Japanese weekday": (lambda o: f"{o.year}年{o.month:02}月{o.day:02}日（{japanese[o.weekday()]}）", "cp932"),
        "Korean weekday": (lambda o: f"{o.year}년 {o.month}월 {o.day}일 {korean[o.weekday()]}요일", "cp949"),
        "Japanese time": (lambda o: f"{o.year}年{o.month}月{o.day}日 0時00分", "utf-8"),
        "Korean points": (lambda o: f"{o.year}.{o.month:02}.{o.day:02}", "utf-8"),
        "French first": (lambda o: f"{o.day}{'er' if o.day == 1 else ''} {_MONTHS['fr']['wide'][o.month - 1]} {o.year}", "cp1252"),
        "Portuguese capitals": (lambda o: f"{o.day:02}/{_MONTHS['pt']['abbreviated'][o.month - 1].strip('.').upper()}/{o.year}", "utf-8"),
        "Turkish capitals": (lambda o: f"{o.day} {_MONTHS['tr']['wide'][o.month - 1].upper()} {o.year}", "utf-8"),
        "Polish weekday": (lambda o: f"{polish[o.weekday()]}; {o.day} {_MONTHS['pl']['wide'][o.month - 1]} {o.year} r.".replace(";", ","), "cp1250"),
        "Spanish weekday": (lambda o: f"{spanish[o.weekday()]}, {o.day} de {_MONTHS['es']['wide'][o.month - 1]} de {o.year}", "cp1252"),
        "German time": (lambda o: f"{o.day}. {_MONTHS['de']['wide'][o.month - 1]} {o.year}, 00:00 Uhr", "cp1252"),
        "eight digits": (lambda o: f"{o:%Y%m%d}", "utf-8"),
    }  # fmt: skip
    for name, (write, encoding) in forms.items():
        table = weather(day=[write(date.fromisoformat(day)) for day in DAYS])
        yield table.file("further: dates", name, encoding)
    table = weather(day=[f"{day[5:7]}/{day[:4]}" for day in DAYS])
    table.columns["day"] = Column(DATE, [f"{day[:7]}-01" for day in DAYS])
    yield table.file("further: dates", "months")


MISSING = (
    "N/V", "no data", "Keine Angabe", "UNBEKANNT", "未填写", "不详", "データなし", "н.д.", "данных нет", "n.b.",
    "kA", "None", "S/D", "NR", "#REF!", "?", "**", "(null)", "\\N", "na", "Na", "NaN.", "-99", "未检测", "無し",
    "자료없음", "inconnue", "N. A.", "non renseigné",
)  # fmt: skip


def of_missing() -> Iterator[File]:
    """Yield tables with further words for missing values."""
    for number, word in enumerate(MISSING):
        table = weather()
        for row in range(3, 40, 8):
            table.columns["warmth"].values[row], table.cells[2][row] = None, word
        yield table.file("further: missing", f"word {number}")


def of_money() -> Iterator[File]:
    """Yield tables with further currencies."""
    whole = [round(value) for value in INCOME]
    forms: dict[str, tuple[Callable[[int], str], Callable[[int], Any]]] = {
        "yen": (lambda o: f"¥{o:,}", float), "yen behind": (lambda o: f"{o:,}円", float),
        "wan yuan": (lambda o: f"{o / 1e4:.4f} 万元", lambda o: round(o / 1e4, 4) * 1e4),
        "renminbi": (lambda o: f"人民币{o}元", float), "RMB": (lambda o: f"RMB {o:,}", float),
        "Taiwan": (lambda o: f"NT${o:,}", float), "Hong Kong": (lambda o: f"HK$ {o:,}.00", float),
        "koruna": (lambda o: f"{o:,} Kč".replace(",", " "), float),
        "forint": (lambda o: f"{o:,} Ft".replace(",", " "), float),
        "hryvnia": (lambda o: f"₴{o:,}", float), "hryvnia word": (lambda o: f"{o:,} грн.".replace(",", " "), float),
        "full width": (lambda o: f"￥{o}".translate(str.maketrans("0123456789", "０１２３４５６７８９")), float),
        "thousands": (lambda o: f"{o / 1e3:.3f}千元", float), "no cents": (lambda o: f"{o},-", float),
        "lira": (lambda o: f"{o:,} TL".replace(",", "."), float),
    }  # fmt: skip
    for name, (write, value) in forms.items():
        table = Table().add("life", NUMBER, LIFE)
        table.add("income", NUMBER, [*map(value, whole)], [*map(write, whole)])
        yield table.file("further: money", name, separator=";")


def further_files() -> list[File]:
    """Return all of them."""
    return [file for make in (of_surroundings, of_dates, of_missing, of_money) for file in make()]


NOT_RIGHT = {"word 21": "refused", "word 22": "wrong", "lira": "wrong"}
"""Those that are not read rightly: "NaN." and "-99" among numbers, points of thousands
in every row."""
