"""How a report writes numbers and names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

SMALL_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share as a percentage, a dash where there is none.

    Examples
    --------
    >>> percent(0.1234), percent(None), percent(1.0, 0)
    ('12.3%', '-', '100%')
    """
    return "-" if share is None else f"{share:.{digits}%}"


def chance(probability: float) -> str:
    """Return a probability as a percentage that is never rounded to certainty.

    Examples
    --------
    >>> chance(0.8375), chance(0.99999), chance(0.0)
    ('83.8%', 'over 99.9%', 'under 0.1%')
    """
    if probability > 0.999:
        return "over 99.9%"
    return percent(probability) if probability >= 0.001 else "under 0.1%"


def measured(values: Sequence[float], error: float) -> list[str]:
    """Return numbers with the digits that an error of one digit leaves.

    Examples
    --------
    >>> measured([0.86175, 0.0035], 0.0035), measured([22542.1, 1164.5, 80012.8], 1164.5)
    (['0.862', '0.004'], ['23,000', '1,000', '80,000'])
    >>> measured([1.0, 0.69775], 0.0)
    ['1', '0.698']
    """
    if not 1e-9 < error < 1e12:
        return [f"{value:.3g}" for value in values]
    digits = -math.floor(math.log10(error))
    return [f"{round(value, digits):z,.{max(0, digits)}f}" for value in values]


def in_headline(value: float, error: float) -> str:
    """Return a score with the digits that are certain: two standard errors leave the last one open.

    Examples
    --------
    >>> in_headline(0.85238, 0.0054), in_headline(0.9963, 0.0013), in_headline(24290.3, 1572.4)
    ('0.85', '0.996', '24,000')
    >>> in_headline(0.87, 0.06)
    '0.87'
    """
    least = 0.01 if abs(value) <= 1 else math.inf
    return measured([value], min(least, 2 * error))[0]


def number_word(number: int) -> str:
    """Return a small number as a word.

    Examples
    --------
    >>> number_word(3), number_word(12)
    ('three', '12')
    """
    return SMALL_NUMBERS[number] if number < len(SMALL_NUMBERS) else f"{number:,}"


def capitalized(text: str) -> str:
    """Return a text with a capital at its beginning, the rest as it is.

    Examples
    --------
    >>> capitalized("probability of Yes")
    'Probability of Yes'
    """
    return text[:1].upper() + text[1:]


def soft(name: str) -> str:
    """Return a name as HTML that a narrow screen may break after each underscore.

    Examples
    --------
    >>> soft("a_b<c")
    'a_<wbr>b&lt;c'
    """
    return escape(name).replace("_", "_<wbr>")


def signed(amount: float, most: float) -> str:
    """Return an amount with its sign, rounded to three digits of the largest.

    Examples
    --------
    >>> signed(1.23456, 12.0), signed(-0.01, 0.5), signed(1234.5, 99999.0)
    ('+1.2', '-0.010', '+1,200')
    """
    text = rounded([amount], most)[0]
    return text if text.startswith("-") else f"+{text}"


def rounded(values: Sequence[float], most: float) -> list[str]:
    """Return numbers rounded to three digits of the largest.

    Examples
    --------
    >>> rounded([0.0403, 0.0071, 1e-9], 0.0403), rounded([1234.5], 99999.0)
    (['0.0403', '0.0071', '0.0000'], ['1,200'])
    """
    digits = min(9, 2 - math.floor(math.log10(most))) if most > 0 else 0
    return [f"{round(value, digits):z,.{max(0, digits)}f}" for value in values]
