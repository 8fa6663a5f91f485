"""How a report writes numbers and names."""

from __future__ import annotations

import math
from html import escape


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share as a percentage, a dash where there is none.

    Examples
    --------
    >>> percent(0.1234), percent(None), percent(1.0, 0)
    ('12.3%', '-', '100%')
    """
    return "-" if share is None else f"{share:.{digits}%}"


def soft(name: str) -> str:
    """Return a name as HTML that a narrow screen may break after each underscore.

    Examples
    --------
    >>> soft("a_b<c")
    'a_<wbr>b&lt;c'
    """
    return escape(name).replace("_", "_<wbr>")


def signed(amount: float, most: float) -> str:
    """Return an amount with its sign, and as many decimals as show three digits of the largest.

    Examples
    --------
    >>> signed(1.23456, 12.0), signed(-0.01, 0.5), signed(1234.5, 99999.0)
    ('+1.2', '-0.010', '+1,234')
    """
    digits = min(6, max(0, 2 - math.floor(math.log10(most))))
    return f"{amount:+z,.{digits}f}"
