"""MLForecast makes lags and forecasts step by step, with a model beside one that keeps its lags.

Run it in the project's folder: ``python examples/neighbors/mlforecast_lags.py``.
"""

import numpy as np
import pandas as pd
from mlforecast import MLForecast

from madaline import AdaptiveRegressor

rng = np.random.default_rng(0)
days = pd.date_range("2025-01-01", periods=200)
weekly = np.tile([5, 5, 6, 7, 9, 12, 4], 29)[:200]
sales = pd.concat(
    pd.DataFrame({"unique_id": shop, "ds": days, "y": level * weekly + 10 * rng.normal(size=200)})
    for shop, level in {"Bonn": 20, "Kiel": 10}.items()
)
known, later = sales[sales["ds"] < "2025-07-06"], sales[sales["ds"] >= "2025-07-06"]
horizon = later["ds"].nunique()

# MLForecast makes the columns, and feeds each forecast back as the lag of the next.
forecaster = MLForecast(
    models={"lags": AdaptiveRegressor(effort=20, random_state=0)},
    freq="D",
    lags=[1, 7, 14],
    date_features=["dayofweek"],
)
forecasts = forecaster.fit(known).predict(horizon)
errors = {"MLForecast": later.merge(forecasts).eval("y - lags").abs().mean()}

# The model alone: its lags are those that are known for all days ahead.
model = AdaptiveRegressor(effort=20, random_state=0)
model.fit(
    known.drop(columns="y"),
    known["y"],
    time="ds",
    series="unique_id",
    lags=[1, 7, 14],
    horizon=horizon,
)
alone = pd.DataFrame(model.forecast(horizon)).rename(columns={"y": "alone"})
errors["madaline"] = later.merge(alone).eval("y - alone").abs().mean()

for name, error in errors.items():
    print(f"{name:10} is off by {error:.1f} on average; the noise of the rows alone is 8.0.")
print(alone.head(2).to_string(index=False))
