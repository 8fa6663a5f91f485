"""What a user tells of the time of rows: when they were recorded, how far ahead, which lags."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Self, final

import numpy as np

from madaline._base.codec import Stored, without_empty
from madaline._base.json_checks import TRUTH, Either, Number, Optional, Text, Whole
from madaline._base.language import _
from madaline._race.time.anchors import MAX_LAG
from madaline._race.time.lags import check_rows, read_lags, read_names

_SPAN = Optional(Either(Number(0), Text()))


@final
@dataclass(frozen=True)
class TimeRequest(Stored):
    """What a user tells of the time of rows."""

    # the column that tells when each row was recorded; True where rows are in the order of time,
    # False where time does not matter, None where the fit looks for itself
    column: Annotated[str | bool | None, Optional(Either(TRUTH, Text()))] = None
    gap: Annotated[float | str | None, _SPAN] = None  # between rows learned from and predicted
    horizon: Annotated[float | str | None, _SPAN] = None  # how far ahead rows are predicted
    series: tuple[str, ...] = ()  # the columns that tell series of rows apart
    # rows back that become columns; zero stands for those that the times suggest
    lags: tuple[Annotated[int, Whole(0, MAX_LAG)], ...] = ()
    past: tuple[str, ...] = ()  # columns whose values are not known in advance

    @classmethod
    def given(
        cls,
        time: Any = None,
        gap: Any = None,
        horizon: Any = None,
        series: Any = None,
        lags: Any = None,
        past: Any = None,
    ) -> Self:
        """Return what the arguments of `fit` tell; times of each row are a role, not a request."""
        if lags is not None and horizon is not None:  # they count rows
            horizon = check_rows("horizon", horizon)
        return cls(
            time if isinstance(time, str | bool) else None,
            _plain_span(gap),
            _plain_span(horizon),
            () if series is None else read_names("series", series),
            () if lags is None else read_lags(lags),
            () if past is None else read_names("past", past),
        )

    @property
    def needs_times(self) -> bool:
        """Whether something is asked for that needs to know when rows are."""
        spans = (self.gap, self.horizon)
        return bool(self.lags or self.series) or any(value is not None for value in spans)

    @property
    def arguments(self) -> dict[str, Any]:
        """What was told, as arguments of an estimator's `fit`."""
        return {"time" if n == "column" else n: value for n, value in self.to_json().items()}

    def to_json(self) -> dict[str, Any]:
        """Return what was told as JSON-able values."""
        return without_empty(super().to_json())


def _plain_span(span: Any) -> Any:
    """Return a length of time as a file holds it: a timedelta in seconds, as text.

    >>> _plain_span(timedelta(minutes=2)), _plain_span("7 days"), _plain_span(7)
    ('120 seconds', '7 days', 7)
    """
    if isinstance(span, timedelta | np.timedelta64):
        return _("{timedelta64:.15g} seconds").format(
            timedelta64=np.timedelta64(span) / np.timedelta64(1, "s")
        )
    return span
