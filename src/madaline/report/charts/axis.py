"""An axis of a chart: from a number to a place, and the round numbers that are written at it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

DIGITS = ((1,), (1, 2, 5), (1, 2, 3, 5), (1, 1.5, 2, 3, 5, 7))
"""First digits of what is written at a logarithmic axis: about evenly spread, ever denser."""


@dataclass(frozen=True)
class Axis:
    """An axis (final).

    Parameters
    ----------
    low, high : float
        What it reaches from and to; above zero where it is logarithmic.
    label : str
        What it shows.
    logarithmic : bool, default=False
        Whether equal ratios are equally far apart.
    text : callable, optional
        Writes a number at it.

    Examples
    --------
    >>> axis = Axis(0.0, 10.0, "age")
    >>> axis.place(2.5), axis.ticks()
    (0.25, [0.0, 5.0, 10.0])
    >>> Axis(0.02, 3.0, "loss", logarithmic=True).ticks()
    [0.1, 1.0]
    >>> Axis(0.13, 1.0, "loss", logarithmic=True).ticks()
    [0.2, 0.3, 0.5, 1.0]
    """

    low: float
    high: float
    label: str
    logarithmic: bool = False
    text: Callable[[float], str] | None = None

    @classmethod
    def around(cls, values: Iterable[float], label: str, **settings: object) -> Axis:
        """Return an axis that holds some numbers; those that are not finite do not count."""
        known = [value for value in values if math.isfinite(value)]
        low, high = min(known, default=0.0), max(known, default=1.0)
        if low == high:
            low, high = low - 0.5, high + 0.5
        return cls(low, high, label, **settings)  # type: ignore[arg-type]

    def place(self, value: float) -> float:
        """Return where a number lies, 0 at the low end and 1 at the high one, never beyond."""
        if self.logarithmic:
            value = max(value, self.low)
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, share)) if math.isfinite(share) else 1.0

    def ticks(self, most: int = 5) -> list[float]:
        """Return round numbers within it, at most so many."""
        found = self._ratios(most) if self.logarithmic else []
        for step in self._steps():
            if len(found) >= 2:
                break
            found = self._multiples(step)
            if len(found) > most:
                found = []
        return found[:: -(-len(found) // most)] if found else [self.low, self.high]

    def write(self, value: float) -> str:
        """Return a number as it is written at the axis."""
        return tick_text(value) if self.text is None else self.text(value)

    def _ratios(self, most: int) -> list[float]:
        """Return powers of ten, and round numbers between them as long as they are not too many."""
        powers = range(math.floor(math.log10(self.low)), math.floor(math.log10(self.high)) + 1)
        found: list[float] = []
        for digits in DIGITS:
            all_of_them = [float(f"{digit}e{power}") for power in powers for digit in digits]
            within = [tick for tick in all_of_them if self.low <= tick <= self.high]
            found = within if len(within) <= most or not found else found
        return found

    def _steps(self) -> list[float]:
        """Return round steps from fine to coarse."""
        size = math.floor(math.log10(self.high - self.low))
        return [digit * 10.0**power for power in (size - 1, size) for digit in (1, 2, 5)]

    def _multiples(self, step: float) -> list[float]:
        slack = 1e-9
        first, last = (self.low / step - slack, self.high / step + slack)
        return [float(f"{k * step:.10g}") for k in range(math.ceil(first), math.floor(last) + 1)]


def tick_text(value: float) -> str:
    """Return a number in few characters.

    Examples
    --------
    >>> tick_text(0.5), tick_text(2500.0), tick_text(12500.0), tick_text(2e6), tick_text(3e-7)
    ('0.5', '2,500', '12.5k', '2M', '3e-07')
    """
    size = abs(value)
    for unit, name, least in ((1e9, "G", 1e9), (1e6, "M", 1e6), (1e3, "k", 1e4)):
        if least <= size < 1e12:
            return f"{value / unit:.4g}{name}"
    return f"{value:,.0f}" if 1000 <= size < 1e4 else f"{value:.4g}"
