"""Tables that samplers learn from in tests."""

import numpy as np


def calls(n_rows=1500, seed=0):
    """Return calls: a plan, minutes with a charge, a date, a region with its country, gaps."""
    rng = np.random.default_rng(seed)
    minutes = rng.integers(1, 600, n_rows) / 10
    region = rng.choice(["north", "south", "east", "west"], n_rows, p=[0.4, 0.3, 0.2, 0.1])
    country = np.where(np.isin(region, ["north", "east"]), "A", "B").astype(object)
    age = rng.integers(18, 90, n_rows).astype(float)
    age[rng.random(n_rows) < 0.1] = np.nan
    days = rng.integers(0, 900, n_rows)
    base = np.round(rng.normal(30, 5, n_rows), 2)
    return {
        "region": region.astype(object),
        "country": country,
        "minutes": minutes,
        "charge": np.round(0.17 * minutes, 2),
        "base": base,
        "total": np.round(base + np.round(0.17 * minutes, 2), 2),
        "age": age,
        "day": np.datetime64("2023-01-01") + days,
        "plan": np.where(minutes + 10 * rng.normal(size=n_rows) > 30, "large", "small"),
        "active": rng.random(n_rows) < 0.7,
    }
