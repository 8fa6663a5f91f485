"""What `madaline forecast` shows of a few series: known values and forecast, a character each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from madaline._base.language import _
from madaline._base.language.widths import align
from madaline._base.words import format_list, paragraph, printable
from madaline._models.runtime.predictor import Predictor
from madaline._tell.explain.fans import Fan, chosen_fans, forecast_fans
from madaline._tell.look.contents import BLOCKS
from madaline.nn.losses import Quantiles

_MAX_KNOWN, _MAX_AHEAD = 24, 24  # values of a line, at most
_N_HARDEST = 3  # series that are named


def spark_lines(predictor: Predictor, horizon: int | None, rows: Any) -> Iterator[str]:
    """Yield lines of the hardest series and typical ones, and the names of the hardest."""
    past = predictor.past
    if past is None or past.lags.classes or isinstance(predictor.loss, Quantiles):
        return
    fans = forecast_fans(predictor, horizon, rows)
    if not fans:
        return
    yield _("The latest known values, and the forecast:")
    yield from align(
        [(printable(fan.name), *_sparks(fan)) for fan in chosen_fans(fans)], start="  "
    )
    if len(fans) > _N_HARDEST:
        hardest = sorted(fans, key=lambda fan: -fan.difficulty)[:_N_HARDEST]
        names = format_list([printable(fan.name) for fan in hardest])
        yield paragraph(
            _("The widest intervals, for how much a series varies: {names}.").format(names=names)
        )


def _sparks(fan: Fan) -> tuple[str, str]:
    known, ahead = fan.known[-_MAX_KNOWN:], fan.forecast[:_MAX_AHEAD]
    values = np.concatenate([known, ahead])
    low, spread = values.min(), np.ptp(values) or 1.0
    heights = np.rint((values - low) / spread * (len(BLOCKS) - 1)).astype(int)
    text = "".join(BLOCKS[height] for height in heights)
    return text[: len(known)], text[len(known) :]
