"""Small files as people have them, made of real rows, each with what it must mean.

The rows are those of gapminder (32 countries in 2007) and of the weather in Seattle (40 days of
2012); `words.json` holds them in 20 languages, by names of countries and months of Unicode's CLDR.
"""

# ruff: noqa: RUF001

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from corpus.workbooks import workbook

WORDS = json.loads((Path(__file__).parent / "words.json").read_text(encoding="utf-8"))
LANGUAGES: dict[str, Any] = WORDS["languages"]

NUMBER, CATEGORY, DATE = "number", "category", "datetime"


@dataclass(frozen=True)
class Column:
    """What a column of a file must mean."""

    kind: str
    values: list[Any]  # numbers, texts, or dates as 2012-01-31; None where a value is missing


@dataclass(frozen=True)
class File:
    """A file, and what it must mean."""

    group: str  # what is unusual about it
    name: str
    content: bytes
    columns: dict[str, Column]
    target: str = ""  # if the table is read for a fit
    note: str = ""  # what a sentence about it must hold, as a regular expression
    refused: str = ""  # where no reading is right: what the error must hold


@dataclass
class Table:
    """Cells as they are written, and what they mean."""

    header: list[str] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)  # of each column
    columns: dict[str, Column] = field(default_factory=dict)

    def add(self, name: str, kind: str, values: Sequence[Any], cells: Sequence[str] = ()) -> Table:
        """Add a column; its cells are by default what Python writes."""
        self.header.append(name)
        self.cells.append(list(cells) or ["" if v is None else str(v) for v in values])
        self.columns[name] = Column(kind, list(values))
        return self

    def text(self, separator: str = ",", end: str = "\n") -> str:
        """Return the lines of a CSV file."""
        rows = [self.header, *zip(*self.cells, strict=True)]
        return "".join(separator.join(_quoted(o, separator) for o in row) + end for row in rows)

    def file(self, group: str, name: str, encoding: str = "utf-8", **how: Any) -> File:
        """Return the table as a CSV file."""
        separators = {key: how.pop(key) for key in ("separator", "end") if key in how}
        return File(
            group, f"{name}.csv", self.text(**separators).encode(encoding), self.columns, **how
        )


def _quoted(cell: str, separator: str) -> str:
    if not any(o in cell for o in (separator, '"', "\n")):
        return cell
    return '"' + cell.replace('"', '""') + '"'


POPULATION = [row[2] for row in WORDS["countries"]]
LIFE = [row[3] for row in WORDS["countries"]]
INCOME = [row[4] for row in WORDS["countries"]]
DAYS = [row[0] for row in WORDS["weather"]]
RAIN = [row[1] for row in WORDS["weather"]]
WARMTH = [row[2] for row in WORDS["weather"]]
SKY = [row[3] for row in WORDS["weather"]]


def countries(language: str) -> Table:
    """Return the countries, with the names of a language."""
    words = LANGUAGES[language]
    country, continent, population, life, _, _ = words["columns"]
    continents = [words["continents"][row[1]] for row in WORDS["countries"]]
    # All countries differ: as a column of the table they are an identifier.
    table = Table().add(country, "dropped", words["countries"]).add(continent, CATEGORY, continents)
    return table.add(population, NUMBER, POPULATION).add(life, NUMBER, LIFE)


def weather(language: str = "", **columns: Sequence[str]) -> Table:
    """Return the weather in the words of a language; of columns, how cells are written."""
    words = LANGUAGES.get(language, {"weather": dict(zip(SKY, SKY, strict=True))})
    sky = [words["weather"][item] for item in SKY]
    table = Table().add("day", DATE, DAYS, columns.get("day", ()))
    table.add("rain", NUMBER, RAIN, columns.get("rain", ()))
    table.add("warmth", NUMBER, WARMTH, columns.get("warmth", ()))
    return table.add("sky", CATEGORY, sky)


def in_own_words(language: str) -> Table:
    """Return the weather, its columns named in the language, too."""
    table, words = weather(language), LANGUAGES[language]["columns"]
    renamed = {"day": words[4], "sky": words[5]}
    table.header = [renamed.get(name, name) for name in table.header]
    table.columns = {renamed.get(name, name): column for name, column in table.columns.items()}
    return table


ENCODINGS = {
    "zh": "gb18030", "zh_Hant": "big5", "ja": "cp932", "ko": "cp949", "pl": "cp1250",
    "cs": "cp1250", "hu": "cp1250", "hr": "cp1250", "ru": "cp1251", "uk": "cp1251",
    "bg": "cp1251", "de": "cp1252", "fr": "cp1252", "es": "cp1252", "pt": "cp1252",
    "it": "cp1252", "sv": "cp1252", "da": "cp1252", "tr": "cp1254", "el": "cp1253",
}  # fmt: skip
"""The encoding in which Excel on Windows saves a CSV file in each language."""


def of_encodings() -> Iterator[File]:
    """Yield tables of many words, of few, and of four words in one column, in each encoding."""
    for language, encoding in [*ENCODINGS.items(), ("ja", "euc_jp")]:
        name, group = f"{language} {encoding}", f"encoding {encoding}"
        yield countries(language).file(group, f"countries {name}", encoding)
        yield in_own_words(language).file(group, f"weather {name}", encoding)
        yield weather(language).file(group, f"four words {name}", encoding)
    for language in ("zh", "de", "ru", "ko"):
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"):
            name = f"{language} {encoding}"
            yield countries(language).file("Unicode", f"countries {name}", encoding)


def _written(values: Sequence[Any], form: str) -> list[str]:
    """Return numbers written with the separators of ``"1.234,5"``, in as many decimals."""
    thousands, decimal = form[1], form[5]
    cells = []
    for value in values:
        cell = f"{value:,.{len(form) - 6}f}"
        cells.append(cell.replace(",", "T").replace(".", decimal).replace("T", thousands))
    return cells


def of_separators() -> Iterator[File]:
    """Yield tables with other separators of values, decimals, thousands and lines."""
    forms = {"comma": "1,234.56", "point": "1.234,56", "space": "1 234,56", "narrow": "1\u202f234,56",
             "apostrophe": "1'234.56"}  # fmt: skip
    for name, form in forms.items():
        for separator in (",", ";", "\t"):
            table = countries("de").add("income", NUMBER, INCOME, _written(INCOME, form))
            word = {",": "comma", ";": "semicolon", "\t": "tab"}[separator]
            yield table.file("separators", f"{name} of thousands, {word}", separator=separator)
    commas = {"rain": [str(o).replace(".", ",") for o in RAIN],
              "warmth": [str(o).replace(".", ",") for o in WARMTH]}  # fmt: skip
    for separator in (",", ";", "|"):
        yield weather(**commas).file(
            "separators", f"decimal comma, {separator}", separator=separator
        )
    yield weather().file("separators", "crlf", end="\r\n")
    yield weather().file("separators", "cr", end="\r")
    table = weather()
    head = File(
        "separators",
        "sep line.csv",
        ("sep=;\r\n" + table.text(";", "\r\n")).encode(),
        table.columns,
    )
    yield head
    yield File("separators", "spaces.csv", table.text(" ").encode(), table.columns)
    yield File(
        "separators", "blank.csv", table.text().replace("\n", "\n\n").encode(), table.columns
    )


MISSING = (
    "k.A.", "k. A.", "keine Angabe", "unbekannt", "fehlt", "缺失", "未知", "无", "暂无", "нет данных",
    "н/д", "неизвестно", "-", "#N/A", ".", "nil", "missing", "unknown", "n.d.", "s/d", "brak danych",
    "b.d.", "不明", "なし", "없음", "not available", "—", "#VALUE!", "#DIV/0!", "non disponible",
    "sin datos", "N.A.",
)  # fmt: skip


def of_missing() -> Iterator[File]:
    """Yield tables in which a word stands for what is missing."""
    rows = range(3, 40, 8)  # five of 40
    for number, word in enumerate(MISSING):
        table = weather()
        index = (1, 2, 0)[number % 3 if number % 4 else 1]
        name = table.header[index]
        values = table.columns[name].values
        cells = table.cells[index]
        if number % 5 == 4 and index:
            cells[:] = [f"€ {cell}" for cell in cells]
        for row in rows:
            values[row], cells[row] = None, word
        note = "" if word == "#N/A" else _shown(word)  # which is empty in every spreadsheet
        yield table.file("missing", f"{number} {name}", note=note)
    for word in ("unknown", "-", "没有"):
        table = weather()
        for row in rows:
            table.cells[3][row] = table.columns["sky"].values[row] = word
        yield table.file("missing", f"level {word}")
    table = weather()
    table.cells[1][3:36:4] = ["low"] * 9
    yield table.file("missing", "one word in every fourth row", refused="'low'.*--missing")
    table = weather()
    table.cells[1][3], table.columns["rain"].values[3] = "withheld", None
    yield table.file("missing", "one word that nobody knows", note="withheld as missing")


def _shown(word: str) -> str:
    return "".join(f"\\{o}" if not o.isalnum() and o.isascii() and o != " " else o for o in word)


def _days(write: Callable[[date], str]) -> Table:
    return weather(day=[write(date.fromisoformat(day)) for day in DAYS])


def _first_of_month(write: Callable[[date], str]) -> Table:
    """Return a table whose days are written as months."""
    table = _days(write)
    table.columns["day"].values[:] = [f"{day[:7]}-01" for day in DAYS]
    return table


_WIDE = {
    "de": "{d}. {m} {y}", "fr": "{d} {m} {y}", "en": "{d} {m} {y}", "ru": "{d} {m} {y} г.",
    "it": "{d} {m} {y}", "es": "{d} de {m} de {y}", "pl": "{d} {m} {y}", "uk": "{d} {m} {y} р.",
    "ro": "{d} {m} {y}", "nl": "{d} {m} {y}", "pt": "{d} de {m} de {y}", "tr": "{d} {m} {y}",
}  # fmt: skip


def of_dates() -> Iterator[File]:
    """Yield tables whose dates have names of months, or are written as in China, Japan, Korea."""
    for language, form in _WIDE.items():
        months = WORDS["months"][language]
        for style, pattern in (("wide", form), ("abbreviated", "{d:02}-{m}-{y}")):
            pattern = (
                form if style == "wide" else ("{d} {m} {y}", "{d:02}-{m}-{y}")[len(language) % 2]
            )

            def write(day: date, names: list[str] = months[style], pattern: str = pattern) -> str:
                return pattern.format(d=day.day, m=names[day.month - 1], y=day.year)

            yield _days(write).file("dates", f"{language} {style}")
    yield _days(
        lambda o: f"{o.day:02}-{WORDS['months']['fr']['abbreviated'][o.month - 1]}-{o:%y}"
    ).file("dates", "fr dashes")
    yield _days(
        lambda o: f"{o.day}/{WORDS['months']['es']['abbreviated'][o.month - 1]}/{o.year}"
    ).file("dates", "es slashes")
    german, french = (
        ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"],
        ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
    )
    wide = {name: WORDS["months"][name]["wide"] for name in ("de", "fr", "es")}
    yield _days(
        lambda o: f"{german[o.weekday()]}, {o.day}. {wide['de'][o.month - 1]} {o.year}"
    ).file("dates", "de weekday")
    yield _days(lambda o: f"{french[o.weekday()]} {o.day} {wide['fr'][o.month - 1]} {o.year}").file(
        "dates", "fr weekday"
    )
    yield _first_of_month(lambda o: f"{wide['de'][o.month - 1]} {o.year}").file("dates", "de month")
    yield _first_of_month(lambda o: f"{o:%b %Y}").file("dates", "en month")
    eastern = {
        "zh": "{y}年{m}月{d}日", "zh padded": "{y}年{m:02}月{d:02}日", "ja time": "{y}年{m}月{d}日 00:00",
        "ko": "{y}년 {m}월 {d}일", "ko points": "{y}. {m}. {d}.", "slashes": "{y}/{m}/{d}",
        "zh spaces": "{y} 年 {m} 月 {d} 日",
    }  # fmt: skip
    for name, form in eastern.items():
        yield _days(lambda o, form=form: form.format(y=o.year, m=o.month, d=o.day)).file(
            "dates", name
        )
    wide_digits = str.maketrans("0123456789", "０１２３４５６７８９")
    yield _days(lambda o: f"{o.year}年{o.month}月{o.day}日".translate(wide_digits)).file(
        "dates", "ja full width"
    )
    yield _first_of_month(lambda o: f"{o.year}年{o.month}月").file("dates", "zh month")
    yield _first_of_month(lambda o: f"{o.year}년 {o.month}월").file("dates", "ko month")


def _ten_thousands(value: float, digits: int = 4) -> float:
    return round(value / 1e4, digits)


def of_money() -> Iterator[File]:
    """Yield tables with amounts of money as written in China, Japan, Korea and elsewhere."""
    whole = [round(value) for value in INCOME]
    short = [round(value * 1e4) for value in map(_ten_thousands, INCOME)]
    forms: dict[str, tuple[Callable[[Any], str], list[Any]]] = {
        "full-width yen": (lambda o: f"￥{o:,}", whole), "yen": (lambda o: f"¥{o:,.2f}", INCOME),
        "yuan": (lambda o: f"{o}元", whole), "yuan and decimals": (lambda o: f"{o:,.2f} 元", INCOME),
        "yen behind": (lambda o: f"{o:,}円", whole), "won": (lambda o: f"₩{o:,}", whole),
        "full-width won": (lambda o: f"￦{o:,}", whole), "won behind": (lambda o: f"{o:,}원", whole),
        "wan": (lambda o: f"{_ten_thousands(o)}万", short),
        "wan yuan": (lambda o: f"{_ten_thousands(o)}万元", short),
        "wan for some": (
            lambda o: f"{_ten_thousands(o)}万" if o >= 1e4 else f"{o}", short),
        "wan and yuan": (
            lambda o: f"{_ten_thousands(o)}万元" if o >= 1e4 else f"{o}元", short),
        "man yen": (lambda o: f"{_ten_thousands(o)}万円", short),
        "man won": (lambda o: f"{_ten_thousands(o)}만원", short),
        "full width": (lambda o: f"{o}".translate(str.maketrans("0123456789", "０１２３４５６７８９")), whole),
        "full-width commas": (lambda o: f"{o:,}".replace(",", "，"), whole),
        "zloty": (lambda o: f"{_written([o], '1 234,56')[0]} zł", INCOME),
        "rubles": (lambda o: f"{_written([o], '1 234,56')[0]} руб.", INCOME),
        "ruble sign": (lambda o: f"{_written([o], '1 234,56')[0]} ₽", INCOME),
        "reais": (lambda o: f"R$ {_written([o], '1.234,56')[0]}", INCOME),
        "francs": (lambda o: f"CHF {_written([o], chr(49) + chr(39) + '234.56')[0]}", INCOME),
        "euros": (lambda o: f"{_written([o], '1.234,56')[0]} €", INCOME),
    }  # fmt: skip
    for name, (write, values) in forms.items():
        table = (
            Table().add("life", NUMBER, LIFE).add("income", NUMBER, values, [*map(write, values)])
        )
        yield table.file("money", name, separator=";")
    people = [round(value / 1e8, 4) for value in POPULATION]
    table = Table().add("life", NUMBER, LIFE)
    table.add("people", NUMBER, [round(o * 1e8) for o in people], [f"{o}亿" for o in people])
    yield table.file("money", "yi")


def of_targets() -> Iterator[File]:
    """Yield tables with rows that lack a target."""
    for name, word in (("sky", ""), ("warmth", ""), ("warmth", "k.A."), ("sky", "n/a")):
        table = weather()
        index = table.header.index(name)
        for row in (5, 17, 30):
            table.cells[index][row] = word
        rows = [row for row in range(40) if row not in (5, 17, 30)]
        columns = {
            key: Column(o.kind, [o.values[row] for row in rows]) for key, o in table.columns.items()
        }
        content = table.text().encode()
        label = f"{name} {'empty' if not word else 'word'}.csv"
        yield File("rows without a target", label, content, columns, name, note="3 .*rows")
    table = weather()
    table.cells[3][:30] = [""] * 30
    yield table.file("rows without a target", "most", target="sky", refused="30 of 40")


def of_sheets() -> Iterator[File]:
    """Yield spreadsheets, and CSV files saved from some, that hold more than a table."""
    sky, table = [*SKY], weather()
    rows: list[list[Any]] = [[*row] for row in zip(DAYS, RAIN, WARMTH, sky, strict=True)]
    head: list[list[Any]] = [table.header]
    title: list[Any] = ["Weather in Seattle, 2012"]
    total = ["Total", round(sum(RAIN), 1), round(sum(WARMTH), 1)]
    note: list[Any] = ["Source: NOAA"]
    sheets: dict[str, list[list[Any]]] = {
        "plain": [*head, *rows],
        "title": [title, *head, *rows],
        "title and blank row": [title, [], *head, *rows],
        "two titles": [title, ["all in mm and °C"], [], *head, *rows],
        "total": [*head, *rows, total],
        "blank row and total": [*head, *rows, [], total],
        "note below": [*head, *rows, [], note],
        "title, total and note": [title, [], *head, *rows, [], total, note],
        "blank rows": [[], *head, *rows[:9], [], *rows[9:]],
        "empty column before": [["", *row] for row in [*head, *rows]],
    }
    for name, cells in sheets.items():
        skipped = {"title": "Skipped", "total": "Skipped.*Total", "note": "Skipped.*Source"}
        word = next((text for key, text in skipped.items() if key in name), "")
        yield File("spreadsheets", f"{name}.xlsx", workbook(cells), table.columns, note=word)
    for name in ("title", "two titles", "total", "title, total and note"):
        lines = "\n".join(",".join(map(str, row)) for row in sheets[name])
        note_of = "Skipped"
        yield File(
            "spreadsheets", f"{name}.csv", f"{lines}\n".encode(), table.columns, note=note_of
        )
        padded = "\n".join(",".join(map(str, [*row, "", "", ""][:4])) for row in sheets[name])
        yield File(
            "spreadsheets",
            f"{name}, padded.csv",
            f"{padded}\n".encode(),
            table.columns,
            note=note_of,
        )
    hidden = workbook(sheets["plain"], hidden=(2,))
    yield File("spreadsheets", "hidden column.xlsx", hidden, table.columns, note="rain.*hidden")
    merged_title = workbook(sheets["title"], merged=("A1:D1",))
    yield File("spreadsheets", "merged title.xlsx", merged_title, table.columns, note="Skipped")
    yield _with_merged_continents()


def _with_merged_continents() -> File:
    """Return a workbook in which one cell names the continent of several rows."""
    order = sorted(range(32), key=lambda row: WORDS["countries"][row][1])
    continents = [WORDS["countries"][row][1] for row in order]
    cells: list[list[Any]] = [["continent", "life"]]
    merged, start = [], 0
    for row, continent in enumerate(continents):
        is_first = row == 0 or continents[row - 1] != continent
        start = row if is_first else start
        cells.append([continent if is_first else None, LIFE[order[row]]])
        if row == 31 or continents[row + 1] != continent:
            merged.append(f"A{start + 2}:A{row + 2}")
    columns = {
        "continent": Column(CATEGORY, continents),
        "life": Column(NUMBER, [LIFE[row] for row in order]),
    }
    content = workbook(cells, merged=merged)
    return File("spreadsheets", "merged cells.xlsx", content, columns, note="merged")


def all_files() -> list[File]:
    """Return all files."""
    makers = (
        of_encodings, of_separators, of_missing, of_dates, of_money, of_targets, of_sheets,
    )  # fmt: skip
    return [file for make in makers for file in make()]
