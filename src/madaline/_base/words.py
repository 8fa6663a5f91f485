"""The words, numbers and lines that every text uses."""

from __future__ import annotations

import math
import re
import sys
import warnings
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, TextIO

from madaline._base.language import _, ngettext, tight, translate, translate_word
from madaline._base.language.messages import for_command_line as for_command_line
from madaline._base.language.widths import display_width, wrap

WIDTH = 80
"""Characters of a line that is printed."""

METRICS = {
    "accuracy": "accuracy (share predicted correctly)",
    "subset_accuracy": "subset accuracy (all labels right)",
    "balanced_accuracy": "balanced accuracy (mean recall)",
    "roc_auc": "ROC AUC (0.5 is chance, 1 is perfect)",
    "average_precision": "average precision (1 is perfect)",
    "f1": "F1 (1 is perfect)",
    "f1_micro": "micro F1 (1 is perfect)",
    "f1_macro": "macro F1 (1 is perfect)",
    "matthews_corrcoef": "Matthews correlation (1 is perfect)",
    "cost": "mean cost of a row (0 is perfect)",
    "brier": "Brier score (0 is perfect)",
    "log_loss": "log loss (0 is perfect)",
    "r2": "R² (1 is perfect)",
    "mean_absolute_error": "mean absolute error",
    "mean_pinball_loss": "mean pinball loss",
    "d2_pinball_score": "D² of the pinball loss (1 is perfect)",
    "mean_poisson_deviance": "mean Poisson deviance (0 is perfect)",
    "mean_squared_error": "mean squared error",
    "rmse": "root mean squared error",
}
"""What a newcomer should know of a metric."""


def metric_name(metric: str) -> str:
    """Return the name of a metric without what it means.

    >>> metric_name("log_loss"), metric_name("r2"), metric_name("profit")
    ('log loss', 'R²', 'profit')
    """
    return _(METRICS.get(metric, metric).partition(" (")[0])


def when_worse(metric: str) -> str:
    """Return whether a metric falls or rises when predictions get worse.

    >>> when_worse("r2"), when_worse("log_loss")
    ('falls', 'rises')
    """
    return _("falls") if metric == "r2" else _("rises")


def _decimals_of_error(error: float) -> int | None:
    """Return how many decimals two digits of an error need; None where decimals do not suit.

    >>> [_decimals_of_error(error) for error in (0.0041, 1572.4, 0.0, float("inf"))]
    [4, -2, None, None]
    """
    if not 1e-6 < error < 1e12:
        return None
    return 1 - math.floor(math.log10(error))


def format_with_error(values: Sequence[float], error: float) -> list[str]:
    """Return numbers with as many decimals as two digits of an error need.

    One digit of an error is enough where a number would have six digits.

    >>> format_with_error([0.86175, 0.759], 0.0035) + format_with_error([0.999971], 0.000041)
    ['0.8618', '0.7590', '0.99997']
    >>> format_with_error([21856.3, 1198.0], 1198.0)
    ['21,900', '1,200']
    """
    digits = _decimals_of_error(error)
    if digits is not None and digits > 5 and max(map(abs, values)) >= 0.1:
        digits -= 1
    if digits is None:
        return [f"{value:.4g}" for value in values]
    return [f"{round(value, digits):,.{max(0, digits)}f}" for value in values]


def format_estimate(value: float, error: float) -> str:
    """Return a number with its standard error, both with the decimals of `format_with_error`.

    >>> format_estimate(0.86175, 0.0035)
    '0.8618 ± 0.0035'
    """
    return " ± ".join(format_with_error((value, error), error))


def format_number(number: float, digits: int = 3) -> str:
    """Return a number with a few significant digits.

    >>> [format_number(number) for number in (0.012345, 3.0, 206855.4)], format_number(-1234.5, 4)
    (['0.0123', '3', '207,000'], '-1,234')
    """
    rounded = float(f"{number:.{digits}g}")
    many = 1000 <= abs(rounded) < 1e15
    return f"{rounded:,.0f}" if many else f"{rounded:.{digits}g}"


def format_share(share: float | None, digits: int = 1) -> str:
    """Return a share as a percentage, a dash where there is none.

    >>> format_share(0.1234), format_share(None), format_share(1.0, 0)
    ('12.3%', '-', '100%')
    """
    return "-" if share is None else f"{share:.{digits}%}"


def format_probability(probability: float) -> str:
    """Return a probability as a percentage that is never rounded to certainty.

    >>> format_probability(0.8375), format_probability(0.99999), format_probability(0.0)
    ('83.8%', 'over 99.9%', 'under 0.1%')
    """
    if probability > 0.999:
        return _("over 99.9%")
    return format_share(probability) if probability >= 0.001 else _("under 0.1%")


def format_measured(values: Sequence[float], error: float) -> list[str]:
    """Return numbers with the digits that an error of one digit leaves.

    >>> format_measured([0.86175, 0.0035], 0.0035), format_measured([22542.1, 80012.8], 1164.5)
    (['0.862', '0.004'], ['23,000', '80,000'])
    >>> format_measured([1.0, 0.69775], 0.0)
    ['1', '0.698']
    """
    if not 1e-9 < error < 1e12:
        return [f"{value:.3g}" for value in values]
    digits = -math.floor(math.log10(error))
    return [f"{round(value, digits):z,.{max(0, digits)}f}" for value in values]


def format_signed(amount: float, most: float) -> str:
    """Return an amount with its sign, rounded to three digits of the largest.

    >>> format_signed(1.23456, 12.0), format_signed(-0.01, 0.5), format_signed(1234.5, 99999.0)
    ('+1.2', '-0.010', '+1,200')
    """
    text = with_a_digit(format_rounded([amount], most)[0], amount, most / 1e5)
    return text if text.startswith("-") else f"+{text}"


def with_a_digit(text: str, amount: float, least: float) -> str:
    """Return a rounded amount, with one digit where only zeros are left, if it is large enough.

    >>> with_a_digit("+0", 0.274, 0.001), with_a_digit("0", 0.0001, 0.001)
    ('+0.3', '0')
    """
    if text.strip("+-0.,") or abs(amount) < least or not amount:
        return text
    sign = "-" if amount < 0 else text[: text.startswith("+")]
    return f"{sign}{abs(amount):.{-math.floor(math.log10(abs(amount)))}f}"


def format_rounded(values: Sequence[float], most: float) -> list[str]:
    """Return numbers rounded to three digits of the largest.

    >>> format_rounded([0.0403, 0.0071, 1e-9], 0.0403), format_rounded([1234.5], 99999.0)
    (['0.0403', '0.0071', '0.0000'], ['1,200'])
    """
    digits = min(9, 2 - math.floor(math.log10(most))) if most > 0 else 0
    return [f"{round(value, digits):z,.{max(0, digits)}f}" for value in values]


def format_loss(loss: float) -> str:
    """Return a loss with four decimals, or with three significant digits if it is tiny.

    >>> format_loss(0.42), format_loss(0.0000168), format_loss(0.0)
    ('0.4200', '1.68e-05', '0.0000')
    """
    return f"{loss:.3g}" if 0 < abs(loss) < 0.001 else f"{loss:.4f}"


def format_distinct(values: Sequence[float], decimals: int = 4) -> list[str]:
    """Return numbers with so many decimals, or with more where different ones would look alike.

    >>> format_distinct([0.4158, 0.4138]) + format_distinct([0.00901, 0.00897])
    ['0.4158', '0.4138', '0.00901', '0.00897']
    """
    for digits in range(decimals, 16):
        texts = [f"{value:,.{digits}f}" for value in values]
        if len(set(texts)) == len(set(values)):
            return texts
    return [f"{value:.4g}" for value in values]


def format_change(difference: float, error: float) -> str:
    """Return a difference with its sign and its standard error.

    >>> format_change(0.000021, 0.000034), format_change(-0.0126, 0.0), format_change(0.0, 0.0)
    ('+0.000021 ± 0.000034', '-0.013', '0')
    >>> format_change(-0.00001, 0.0016)
    '+0.0000 ± 0.0016'
    """
    if not difference and not error:
        return "0"
    if not error > 0:
        return f"{difference:+.2g}"
    digits = _decimals_of_error(error)
    if digits is None:
        return f"{difference:+z.2g} ± {error:.2g}"
    spec = f".{max(0, digits)}f"
    return f"{round(difference, digits):+z{spec}} ± {round(error, digits):{spec}}"


def format_duration(seconds: float) -> str:
    """Return a time in the units that suit it.

    >>> format_duration(0.4), format_duration(12.3), format_duration(125), format_duration(7500)
    ('0 s', '12 s', '2 min 5 s', '2 h 5 min')
    """
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:
        return (
            _("{minutes} min {rest} s").format(minutes=minutes, rest=rest)
            if rest and minutes < 10
            else _("{minutes} min").format(minutes=minutes)
        )
    hours, minutes = divmod(round(seconds / 60), 60)
    return (
        _("{hours} h {minutes} min").format(hours=hours, minutes=minutes)
        if minutes
        else _("{hours} h").format(hours=hours)
    )


MAX_MOMENT = 250_000_000_000.0  # seconds from 1970 to about the last year of four digits
_DAY, _WEEK, _MONTH, _YEAR = 86_400, 604_800, 2_629_746, 31_556_952  # seconds
_SPANS = (("second", 1, 120), ("minute", 60, 7200), ("hour", 3600, 2 * _DAY))
_MONTHS = ("month", _MONTH, 23.5 * _MONTH)


def format_span(seconds: float) -> str:
    """Return a length of time as people say it.

    >>> [format_span(86_400 * days) for days in (0.25, 35, 37, 425, 730, 1000)]
    ['6 hours', '5 weeks', '37 days', '14 months', '2 years', '2.7 years']
    """
    weeks = round(seconds / _WEEK)
    is_weeks = weeks > 1 and abs(seconds - weeks * _WEEK) < 0.01 * seconds
    days = ("week", _WEEK, 60 * _DAY) if is_weeks else ("day", _DAY, 60 * _DAY)
    for name, unit, end in (*_SPANS, days, _MONTHS):
        if seconds < end:
            return format_count(round(seconds / unit), name)
    years = f"{seconds / _YEAR:,.1f}".removesuffix(".0")
    return _("{years} years").format(years=years)


def format_moment(seconds: float, *, within: float = math.inf) -> str:
    """Return a moment, in seconds since 1970, as a date; with the hour where `within` is short.

    >>> format_moment(1325548800.0), format_moment(1325548800.0, within=7200.0)
    ('2012-01-03', '2012-01-03 00:00')
    """
    form = "%Y-%m-%d %H:%M" if within < 2 * _DAY else "%Y-%m-%d"
    return (_EPOCH + timedelta(seconds=min(MAX_MOMENT, max(_FIRST, seconds)))).strftime(form)


MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_EPOCH, _FIRST = datetime(1970, 1, 1), -60_000_000_000.0  # in seconds since 1970


def format_count(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun.

    >>> format_count(1, "row"), format_count(9876, "row"), format_count(2, "class", "classes")
    ('1 row', '9,876 rows', '2 classes')
    """
    several = plural or f"{noun}s"
    return ngettext(f"{{n:,}} {noun}", f"{{n:,}} {several}", number).format(n=number)


def format_day(day: date) -> str:
    """Return a day as people write it.

    >>> format_day(date(2027, 3, 5))
    'March 5, 2027'
    """
    return _("{month} {day}, {year}").format(
        month=_(MONTHS[day.month - 1]), day=day.day, year=day.year
    )


def format_size(n_bytes: float) -> str:
    """Return a size of a file or of memory in the unit that suits it.

    >>> format_size(312), format_size(345_678), format_size(12_345_678), format_size(11.3e9)
    ('312 bytes', '346 kB', '12.3 MB', '11.3 GB')
    """
    if n_bytes < 1000:
        return _("{n_bytes:.0f} bytes").format(n_bytes=n_bytes)
    if n_bytes < 1e6:
        return _("{n_bytes:.0f} kB").format(n_bytes=n_bytes / 1000.0)
    return (
        _("{n_bytes:.1f} MB").format(n_bytes=n_bytes / 1000000.0)
        if n_bytes < 1e9
        else _("{n_bytes:.1f} GB").format(n_bytes=n_bytes / 1000000000.0)
    )


def format_list(names: Iterable[object], limit: int = 8, last: str = ", ") -> str:
    """Return names in a row, and how many more there are.

    >>> format_list("abc"), format_list("abcdef", limit=2), format_list("abc", last=" or ")
    ('a, b, c', 'a, b and 4 more', 'a, b or c')
    """
    texts = [str(name) for name in names]
    if len(texts) <= limit + 1:
        text = _(last).join([_(", ").join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)
        return text if len(texts) < 2 else _("{names}").format(names=tight(text))
    named = _(", ").join(texts[:limit])
    return _("{names} and {n:,} more").format(names=named, n=len(texts) - limit)


def recipe_name(name: str) -> str:
    """Return the name of a recipe in the language that people read, setting by setting."""
    return " · ".join(map(_setting, name.split(" · ")))


_SETTING = re.compile(r"(\d+ )?([a-z][a-z ]*?)( [\d.]\S*)?")


def _setting(text: str) -> str:
    """Return a setting: words, perhaps with a value before or behind them."""
    match = _SETTING.fullmatch(text)
    if match is None:
        return text
    before, words, behind = match.groups("")
    if words in ("bins", "epoch"):
        told = _("{n} bins") if words == "bins" else _("epoch {n}")
        return told.format(n=(before or behind).strip())
    return f"{before}{translate_word(words)}{behind}"


def clip_text(text: str, length: int, end: str = "…") -> str:
    """Return a text, or its beginning if it is longer; terminals may lack the character at the end.

    >>> clip_text("petal_length", 12), clip_text("No internet service", 12)
    ('petal_length', 'No internet…')
    """
    return text if len(text) <= length else f"{text[: length - len(end)].rstrip()}{end}"


def printable(text: str) -> str:
    """Return the text with a question mark for each control character.

    >>> printable("plain"), printable("bell" + chr(7))
    ('plain', 'bell?')
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else "?" for char in text)


def paragraph(text: str, first: str = "", rest: str | None = None) -> str:
    """Return the text wrapped to a page, with a start for the first and the other lines.

    >>> print(paragraph("word " * 16, first="- "))
    - word word word word word word word word word word word word word word word
      word
    """
    first = translate(first)
    rest = " " * display_width(first) if rest is None else rest
    return wrap(translate(text), WIDTH, first, rest)


def say(text: str, stream: TextIO | None, *, as_it_is: bool = False) -> None:
    """Write lines to a stream, whatever its encoding, and at once.

    Sentences are in the language that people read; what is for programs is written as it is.

    Column names and labels are the user's and may hold anything; control characters, and what the
    encoding lacks, become question marks.
    """
    if stream is None:  # closed from the start, as by `>&-`
        return
    encoding = stream.encoding or "utf-8"
    text = text if as_it_is else translate(text)
    stream.write(printable(text).encode(encoding, "replace").decode(encoding) + "\n")
    stream.flush()


_NOT_OF_USERS = ("madaline", "sklearn", "functools", "joblib")  # that warnings do not point at
_OF_SEARCHES = "sklearn.model_selection._validation"  # the module that fits once for each fold
_told: set[tuple[object, ...]] = set()  # what fits of a search were warned of, and where


def warn(sentence: str, category: type[Warning] = UserWarning, /, **values: Any) -> None:
    """Warn at the line of the user that led here, outside of libraries.

    A line that fits for each fold, or a search, is warned once, though the numbers are others.

    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn("The rows are few.")
    >>> caught[0].category.__name__
    'UserWarning'
    """
    frame, level, in_search = sys._getframe(1), 2, False
    while (module := frame.f_globals.get("__name__", "")).partition(".")[0] in _NOT_OF_USERS:
        in_search |= module == _OF_SEARCHES
        if frame.f_back is None:  # a thread of its own
            level = 2
            break
        frame, level = frame.f_back, level + 1
    start = re.sub(r"\d+", "", " ".join(sentence.split()[:4]))
    told = (frame.f_code, frame.f_lineno, category, start)
    if in_search and told in _told:
        return
    _told.update([told] if in_search else ())
    text = _(sentence).format(**values) if values else translate(sentence)
    warnings.warn(text, category, stacklevel=level)


def format_file_name(name: str) -> str:
    r"""Return the name of a file as text, whatever its bytes are.

    >>> print(format_file_name(b"gr\xf6n.csv".decode("utf-8", "surrogateescape")))
    gr\xf6n.csv
    """
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half a pair of UTF-16, as Windows allows
        return name.encode("utf-8", "backslashreplace").decode()


def split_names(given: Iterable[str], names: Collection[str]) -> list[str]:
    """Return which of the names are given: each one, or several with commas between.

    >>> split_names(["a,b", "c, d", "e"], ["a,b", "c", "d"])
    ['a,b', 'c', 'd', 'e']
    """
    chosen: list[str] = []
    for text in given:
        parts = [part.strip() for part in text.split(",")]
        chosen += [text] if text in names or not all(part in names for part in parts) else parts
    return list(dict.fromkeys(chosen))


def option_words(option: str, names: Sequence[str]) -> list[str]:
    """Return an option of the command line with what it names; nothing if it names nothing.

    >>> option_words("--drop", ["id", "-x"])
    ['--drop=id', '--drop=-x']
    >>> option_words("--drop", ["id", "name"])
    ['--drop', 'id', 'name']
    """
    if any(name.startswith("-") for name in names):
        return [f"{option}={name}" for name in names]
    return [option, *names] if names else []


def option_value(words: Sequence[str], option: str) -> str | None:
    """Return what an option names, given words that `option_words` made; None if it is not there.

    >>> option_value(["--drop", "id", "--weight=-x"], "--weight")
    '-x'
    """
    for word, following in pairwise([*words, ""]):
        if word == option:
            return following
        if word.startswith(f"{option}="):
            return word.removeprefix(f"{option}=")
    return None
