"""A number format reads a formatted number: it takes off a symbol, separators, signs.

Whatever the format, these are understood: a minus sign before or after, brackets for a minus,
a mark such as "~" or "<" before, digits of all scripts, and the words for missing values.
"""

# ruff: noqa: RUF001

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any

from madaline._base.codec import Stored
from madaline._base.json_checks import OneOf, Text, Whole
from madaline._base.language.messages import Amount
from madaline._base.words import format_number
from madaline._tables.formats.characters import Words, folded, is_not_given

POINT, COMMA = ".", ","

THOUSANDS = ("", COMMA, POINT, "'", " ", "_")  # what may separate thousands, the more usual first
MAX_EXACT = 2**53  # whole numbers up to here are told apart in float64

_CURRENCY_WORDS = (
    "USD|EUR|GBP|JPY|CHF|CNY|RMB|INR|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RON|BGN|TRY|RUB|UAH|BRL"
    "|MXN|ARS|CLP|COP|ZAR|KRW|SGD|HKD|TWD|THB|IDR|MYR|PHP|VND|ILS|SAR|AED|EGP|NGN|KES"
    r"|Rs\.?|Fr\.|kr\.?|z\u0142|Rp\.?|TL|Kč|Ft|lei|лв\.?|руб\.?|р\.|грн\.?|人民币|元|圆|圓|円|원"
)
_SIGNS = "$\u00a2\u00a3\u00a5\u20a0-\u20cf\u0e3f\u060b\u0192\ufdfc"
CURRENCY = rf"(?:[A-Z]{{0,3}}[{_SIGNS}]|{_CURRENCY_WORDS})"
SCALES = {
    **dict.fromkeys("千천", 3),
    **dict.fromkeys("万萬만", 4),
    **dict.fromkeys(("百万", "백만"), 6),
    "千万": 7,
    **dict.fromkeys("亿億억", 8),
    **dict.fromkeys(("k", "K", "тыс", "тыс."), 3),
    **dict.fromkeys(("lakh", "lac"), 5),
    **dict.fromkeys(("M", "mn", "Mn", "mio", "Mio", "Mio.", "mln", "Mln", "млн", "млн."), 6),
    **dict.fromkeys(("million", "millions"), 6),
    **dict.fromkeys(("crore", "cr", "Cr"), 7),
    **dict.fromkeys(("bn", "Mrd", "Mrd.", "mld", "mlrd", "млрд", "млрд.", "billion"), 9),
}
"""The powers of ten that stand behind a number, as a word or a letter."""

_LETTERS = "|".join(re.escape(scale) for scale in SCALES if scale.isascii() or scale[0] in "тм")
_SCALED = re.compile(
    rf"(?P<scale>[万萬만亿億억]|(?:千万?|천|百万|백만|{_LETTERS})(?=\ ?(?:{CURRENCY}|$)))"
    r"\ ?(?P<symbol>.*)"
)
_FOOTNOTE = re.compile(r"(?<=\d)\ ?(?:\*{1,3}|[†‡]|\[\w{1,2}\])$")
_ERROR = re.compile(r"(?<=\d)\ ?(?:±|\+/-)\ ?[\d.,]+")
"""What may follow a number and be left out."""

PARTS: Mapping[str, str] = {
    "h:mm": "minutes", "h:mm:ss": "seconds", "h m": "minutes", "ft in": "inches",
}  # fmt: skip
"""How numbers of several parts are written, and the unit in which they are read."""

_OF_PARTS: Mapping[str, tuple[re.Pattern[str], tuple[int, ...]]] = {
    "h:mm": (re.compile(r"(\d{1,3}):([0-5]\d)"), (60, 1)),
    "h:mm:ss": (re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)"), (3600, 60, 1)),
    "h m": (
        re.compile(
            r"(\d{1,4})\ ?(?:h|hrs?|hours?|Std)\.?\ ?(\d{1,2})\ ?(?:m|min|mins|minutes|Min)\.?"
        ),
        (60, 1),
    ),
    "ft in": (re.compile(r"""(\d)\ ?(?:'|\u2032|ft)\ ?(\d{1,2})\ ?(?:"|\u2033|''|in)"""), (12, 1)),
}
_DIGITS = r"([\d,]{1,20})"
_EASTERN_SUM = re.compile(
    rf"(?:{_DIGITS}\ ?[亿億억])?\ ?(?:{_DIGITS}\ ?[万萬만])?\ ?(?:{_DIGITS}\ ?[千천])?\ ?"
    rf"{_DIGITS}?(?P<symbol>\D*)"
)
_NO_CENTS = re.compile("(?<=[0-9])[.,] ?[-\u2014]{1,2}$")  # the dash of a price as in 12,-.
_UNIT = r"[^\s\d+\-.,()<>=~'_][^\d()<>=~]{0,14}"  # a word, a sign, or several: "sq ft"

_DRESSED = re.compile(
    rf"""
    (?P<mark>[~\u2248<>\u2264\u2265]=?)?\ ?
    (?P<open>\()?\ ?
    (?P<sign>[+-])?\ ?
    (?P<before>{CURRENCY})?\ ?
    (?P<inner>[+-])?\ ?
    (?P<opened>\()?
    (?P<core>[.,]?[0-9](?:[.,'_\ ]?[0-9])*[.,]?(?:[eE][+-]?[0-9]+)?)\ ?
    (?P<after>{_UNIT})?
    (?P<trailing>\ ?-)?
    (?P<close>\))?
    """,
    re.VERBOSE,
)
"""A formatted number. Its core is digits with separators."""


@dataclass(frozen=True)
class FormattedNumber:
    """A number taken apart."""

    core: str  # digits with separators
    before: str = ""  # the symbol on each side
    after: str = ""
    mark: str = ""  # a mark of approximation or of a bound
    negative: bool = False  # whether it is negative, and whether brackets make it so
    brackets: bool = False
    scale: str = ""  # the word for a power of ten, such as 万

    @classmethod
    def of(cls, text: str) -> FormattedNumber | None:
        """Return the parts of a text that is a number in any dress; None for other text."""
        plain = folded(text)
        bare = _ERROR.sub("", _FOOTNOTE.sub("", plain))
        match = _DRESSED.fullmatch(_NO_CENTS.sub("", bare))
        if match is None or "'" in plain:
            parts = _of_parts(plain)
            if match is None or parts is not None:
                return parts
        brackets = bool(match["open"] or match["opened"])
        signs = [sign for sign in match.group("sign", "inner", "trailing") if sign]
        if brackets != bool(match["close"]) or len(signs) + brackets > 1:
            return None
        if match["open"] and match["opened"]:
            return None
        negative = brackets or any("-" in sign for sign in signs)
        before, after = match["before"] or "", (match["after"] or "").strip()
        is_apart = after[:1].isalpha() and f"{match['core']}{after[0]}" not in bare
        scaled = (
            None
            if after[1:2] in ("", " ") and is_apart and after[0] in "kKM"
            else _SCALED.fullmatch(after)
        )
        scale, after = ("", after) if scaled is None else scaled.group("scale", "symbol")
        mark = match["mark"] or (
            "" if bare == plain else "errors (±)" if "±" in plain else "footnotes"
        )
        return cls(match["core"], before, after, mark, negative, brackets, scale)

    @property
    def symbol(self) -> str | None:
        """The only symbol, or none ("") of the number; None if there are two that differ."""
        if not self.before or not self.after:
            return self.before or self.after
        are_currencies = all(re.fullmatch(CURRENCY, o) for o in (self.before, self.after))
        return self.before if are_currencies else None


_HALF_DAY = re.compile(r"(0?[1-9]|1[0-2])(:[0-5]\d(?::[0-5]\d)?)\ ?([ap])\.?m\.?", re.IGNORECASE)
"""A time of twelve hours, such as 1:45 PM."""


def _of_parts(text: str) -> FormattedNumber | None:
    """Return a number of several parts, such as 2h 15m, in the smallest of them."""
    half = _HALF_DAY.fullmatch(text)
    if half is not None:
        text = f"{int(half[1]) % 12 + 12 * (half[3] in 'pP')}{half[2]}"
    for symbol, (form, factors) in _OF_PARTS.items():
        match = form.fullmatch(text)
        if match is not None:
            value = sum(int(part) * by for part, by in zip(match.groups(), factors, strict=True))
            return FormattedNumber(str(value), after=symbol)
    match = None if text.isascii() else _EASTERN_SUM.fullmatch(text)
    if match is None or sum(map(bool, match.groups()[:4])) < 2:
        return None
    parts = (int(part.replace(",", "") or 0) for part in match.groups("")[:4])
    value = sum(part * by for part, by in zip(parts, (10**8, 10**4, 10**3, 1), strict=True))
    return FormattedNumber(str(value), after=match["symbol"].strip())


@dataclass(frozen=True)
class NumberFormat(Stored):
    """How the numbers of a column are written."""

    symbol: Annotated[str, Text(100)] = ""  # before or after each number: a currency or a unit
    thousands: Annotated[str, OneOf(THOUSANDS)] = ""  # what separates thousands
    decimal: Annotated[str, OneOf((POINT, COMMA))] = POINT  # what separates decimals
    words: Words = ()
    # what most numbers have around them, and the power of ten that it stands for, as of 万
    before: Annotated[str, Text(100)] = field(default="", compare=False)
    after: Annotated[str, Text(100)] = field(default="", compare=False)
    power: Annotated[int, Whole(0, 9)] = field(default=0, compare=False)

    def show(self, number: float, digits: int = 3) -> str:
        """Return a number with a few significant digits, in the unit in which the column has it.

        >>> NumberFormat("¥", before="¥", after="万", power=4).show(-3741234.0)
        '-¥374万'
        """
        shown = format_number(abs(number) / 10**self.power, digits)
        return self.with_unit(f"{'-' if number < 0 else ''}{shown}")

    def texts(
        self, write: Callable[..., list[str]], numbers: Iterable[float], *sizes: float
    ) -> list[str]:
        """Return numbers as a function writes them by an error or a largest number, in the unit.

        >>> from madaline._base.words import format_with_error
        >>> yen = NumberFormat("¥", before="¥", after="万", power=4)
        >>> yen.texts(format_with_error, [704580.0, -61226.0], 61226.0)
        ['¥70.5万', '-¥6.1万']
        """
        scale = 10**self.power
        scaled = (size / scale for size in sizes)
        return [*map(self.with_unit, write([one / scale for one in numbers], *scaled))]

    def text(self, write: Callable[..., str], number: float, *sizes: float) -> str:
        """Return a number as a function writes it, in the unit."""
        return self.texts(lambda each, *most: [write(each[0], *most)], [number], *sizes)[0]

    def with_unit(self, text: str) -> str:
        """Return a number that is scaled and written, with what stands before and after it."""
        sign = "-" if text.startswith("-") else "+" if text.startswith("+") else ""
        return Amount(f"{sign}{self.before}{text.removeprefix(sign)}{self.after}")

    def parse(self, text: str) -> float:
        """Return the number that a text stands for, NaN where it stands for a missing value."""
        if is_not_given(text) or text.strip() in self.words:
            return math.nan
        formatted = FormattedNumber.of(text)
        if formatted is None or not is_same_symbol(formatted.symbol, self.symbol):
            raise ValueError(text)
        return self.parse_formatted(formatted)

    def parse_formatted(self, formatted: FormattedNumber) -> float:
        """Return the number of a text that is already taken apart, whatever its symbol."""
        if not self.fits(formatted.core):
            raise ValueError(formatted.core)
        plain = formatted.core.replace(self.thousands, "") if self.thousands else formatted.core
        number = float(plain.replace(self.decimal, POINT) + _exponent(formatted))
        number *= 60 if formatted.symbol == "h" and self.symbol == "h m" else 1
        if math.isinf(number):
            raise ValueError(formatted.core)
        return -number if formatted.negative else number

    def fits(self, core: str) -> bool:
        """Return whether digits with separators are a number in this format."""
        return _core(self.decimal, self.thousands).fullmatch(core) is not None

    @property
    def in_parts(self) -> bool:
        """Whether its numbers have several parts, such as hours and minutes."""
        return self.symbol in PARTS

    @property
    def example(self) -> str:
        """A number in this format, for messages."""
        if self.in_parts:
            return {"h:mm": "1:30", "h:mm:ss": "1:30:00", "h m": "1h 30m"}.get(
                self.symbol, "5'11\""
            )
        number = f"1{self.thousands}234{self.decimal}5"
        if not self.symbol:
            return number
        is_currency = re.fullmatch(CURRENCY, self.symbol) is not None
        return f"{self.symbol}{number}" if is_currency else f"{number} {self.symbol}"

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong between the separators."""
        same = values.get("thousands", "") == values.get("decimal", POINT)
        return "has thousands like decimals" if same else ""


def is_same_symbol(symbol: str | None, other: str) -> bool:
    """Return whether a number with a symbol may stand beside those with another one.

    >>> is_same_symbol("KG", "kg"), is_same_symbol("m", "h m"), is_same_symbol("mW", "MW")
    (True, True, False)
    >>> is_same_symbol("day", "days"), is_same_symbol("m", "ms")
    (True, False)
    """
    if symbol in ("", other):
        return True
    if symbol is not None and min(map(len, (symbol, other))) > 1:
        symbol, other = symbol.removesuffix("s"), other.removesuffix("s")
    if symbol is None or len(symbol) < 2 or symbol.casefold() != other.casefold():
        return symbol in ("h", "m", "min") and other == "h m"
    return all(o in (o.lower(), o.upper(), o.capitalize()) for o in (symbol, other))


def _exponent(formatted: FormattedNumber) -> str:
    """Return the power of ten behind a number, as Python writes it."""
    if not formatted.scale:
        return ""
    if "e" in formatted.core.lower():
        raise ValueError(formatted.core)
    return f"e{SCALES[formatted.scale]}"


@cache  # and not a part of the format: copies of it need not know of patterns
def _core(mark: str, thousands: str) -> re.Pattern[str]:
    """Return the pattern of digits with separators."""
    decimal, group = re.escape(mark), re.escape(thousands)
    whole = "[0-9]+"
    if thousands:
        whole = f"(?:[0-9]+|[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+"
        indian = f"|[1-9][0-9]?(?:{group}[0-9]{{2}})+{group}[0-9]{{3}}"
        whole += f"{indian if thousands == COMMA else ''})"
    return re.compile(f"(?:{whole}(?:{decimal}[0-9]*)?|{decimal}[0-9]+)(?:[eE][+-]?[0-9]+)?")


PLAIN = NumberFormat()
"""That of numbers that are numbers already."""
