"""skrub joins what is in other tables; columns need no vectorizer and no scaler before a model.

Run it in the project's folder: ``python examples/neighbors/skrub_join.py``.
"""

import numpy as np
import pandas as pd
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from skrub import AggJoiner

from madaline import AdaptiveClassifier

rng = np.random.default_rng(0)
customers = pd.DataFrame(
    {
        "customer": np.arange(300),
        "city": rng.choice(["Bonn", "Kiel", None], 300),
        "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 2000, 300), "D"),
    }
)
orders = pd.DataFrame(
    {"customer": rng.integers(0, 300, 3000), "amount": rng.lognormal(3, 1, 3000).round(2)}
)
spent = orders.groupby("customer")["amount"].mean().reindex(customers["customer"]).fillna(0)
returns = (spent + 10 * (customers["city"] == "Kiel") + rng.normal(0, 5, 300) > 35).map(
    {True: "returns", False: "leaves"}
)

joiner = AggJoiner(orders, operations=["mean", "max", "count"], key="customer", cols="amount")
model = AdaptiveClassifier(effort=20, kinds={"customer": "dropped"}, random_state=0)
for name, estimator in {"alone": model, "with orders": make_pipeline(joiner, model)}.items():
    scores = cross_val_score(estimator, customers, returns, cv=3)
    print(f"{name:12} accuracy {scores.mean():.3f}")
