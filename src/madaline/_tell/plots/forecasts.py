"""What is known of series, and behind it their forecasts in fans of intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from madaline._base.extras import load_extra
from madaline._base.language import _
from madaline._base.words import format_list
from madaline._models.model import FittedModel
from madaline._tables.table import listed
from madaline._tell.explain.fans import Fan, chosen_fans, forecast_fans
from madaline._tell.plots.drawing import axes_or_new, draw, load_pyplot
from madaline.errors import InputError


def plot_forecast(
    model: Any,
    series: str | Sequence[str] | None = None,
    ax: Any = None,
    *,
    horizon: int | None = None,
    X: Any = None,
) -> Any:
    """Draw the latest known values of series, and their forecasts with intervals.

    Parameters
    ----------
    model : estimator or FittedModel
        Fitted to numbers with `lags`.
    series : str or sequence of str, optional
        Which series; by default at most four: the two whose intervals are the widest for how
        much they vary, and two typical ones.
    ax : matplotlib axes, or one for each series, optional
        Where to draw; new ones by default.
    horizon : int, optional
        How many rows ahead; by default as many as the model learned to predict.
    X : data frame or mapping of str to array, optional
        Later rows, as for `forecast`.

    Returns
    -------
    axes : matplotlib axes or tuple of them
        With the drawings. Intervals hold 50, 80 and 95 % of new values.

    Raises
    ------
    InputError
        If the model has no lags, predicts classes or quantiles, or knows no such series.
    """
    fitted = getattr(model, "model_", model)
    if not isinstance(fitted, FittedModel):
        raise InputError(
            "{name} holds no fitted model: fit it first, or load one with madaline.load.",
            name=type(model).__name__,
        )
    fans = forecast_fans(fitted.predictor, horizon, X)
    past = fitted.predictor.past
    assert past is not None  # it has forecasts
    names = [series] if isinstance(series, str) else series
    shown = chosen_fans(fans) if names is None else _named(fans, list(map(str, names)))
    axes = np.ravel(_many_axes(len(shown)) if ax is None else axes_or_new(ax, len(shown)))
    time = past.lags.time or _("row")
    drawn = tuple(
        draw(fan.figure(past.lags.target, time), one) for fan, one in zip(shown, axes, strict=True)
    )
    if past.lags.of_dates:
        _write_few_dates(drawn)
    return drawn if len(drawn) > 1 else drawn[0]


def _named(fans: Sequence[Fan], names: Sequence[str]) -> list[Fan]:
    by_name = {fan.name: fan for fan in fans}
    absent = [name for name in names if name not in by_name]
    if absent or not names:
        raise InputError(
            "No forecast of the series {listed}: there are {names}.",
            listed=listed(absent),
            names=format_list(list(by_name), limit=5),
        )
    return [by_name[name] for name in names]


def _many_axes(n_axes: int) -> Any:
    """Return axes of a new figure, two in a row."""
    n_rows, n_columns = -(-n_axes // 2), min(n_axes, 2)
    settings = {"figsize": (5.5 * n_columns, 3.6 * n_rows), "layout": "constrained"}
    axes = np.ravel(load_pyplot().subplots(n_rows, n_columns, **settings)[1])
    for unused in axes[n_axes:]:
        unused.remove()
    return axes[:n_axes]


def _write_few_dates(axes: Sequence[Any]) -> None:
    """Write so few dates below axes that they do not touch."""
    dates = load_extra("matplotlib.dates", extra="plot", purpose="A plot")
    for one in axes:
        locator = dates.AutoDateLocator(minticks=3, maxticks=6)
        one.xaxis.set_major_locator(locator)
        one.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
