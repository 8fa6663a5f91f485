"""A table of a few stores, whose sales follow other slopes."""

from __future__ import annotations

import numpy as np
import pytest

from madaline import fit_many
from madaline.errors import GroupsWarning

pd = pytest.importorskip("pandas")


@pytest.fixture
def stores():
    """Three stores of 40 rows in random order, and one of a single row."""
    return make_stores()


@pytest.fixture(scope="session")
def fitted_stores(tmp_path_factory):
    """The file of a model for each of them, and a common one."""
    path = tmp_path_factory.mktemp("stores") / "stores.madaline"
    settings = {"effort": 1, "common": True, "min_rows": 2, "n_jobs": 1}
    with pytest.warns(GroupsWarning, match="not clearly better"):
        fit_many(make_stores(), target="sales", by="store", **settings, output=path)
    return path


def make_stores():
    rng = np.random.default_rng(4)
    n, names = 40, ["Berlin", "Bonn", "Köln"]
    frame = pd.DataFrame(
        {
            "price": rng.gamma(2.0, 3.0, 3 * n).round(2),
            "promo": rng.random(3 * n) < 0.5,
            "weather": pd.Categorical(rng.choice(["rain", "snow", "sun"], 3 * n)),
            "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 90, 3 * n), "D"),
            "store": np.repeat(names, n),
        }
    )
    slope = np.repeat([-3.0, 3.0, 0.0], n)
    frame["sales"] = slope * frame["price"] + 5 * frame["promo"] + rng.normal(0, 1, 3 * n)
    alone = frame.head(1).assign(store="alone")
    return pd.concat([frame.sample(frac=1.0, random_state=0), alone], ignore_index=True)
