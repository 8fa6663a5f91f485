"""Evidently compares a month with the training rows; a monitor tells the row at which it changed.

Run it in the project's folder: ``python examples/neighbors/evidently_beside_watch.py``.
"""

import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

from madaline import AdaptiveClassifier

rng = np.random.default_rng(1)


def requests(n_rows: int, income: float) -> pd.DataFrame:
    """Return made requests for a loan, by people of some mean income."""
    return pd.DataFrame(
        {
            "income": rng.normal(income, 1, n_rows),
            "age": rng.integers(18, 80, n_rows),
            "city": rng.choice(["Bonn", "Kiel"], n_rows),
        }
    )


train = requests(1000, income=3)
paid = np.where(train["income"] + rng.normal(size=1000) > 2.5, "paid", "late")
model = AdaptiveClassifier(effort=10, random_state=0).fit(train, paid)
month = pd.concat([requests(500, income=3), requests(500, income=2.2)], ignore_index=True)

# Evidently: which columns, and the predictions, are distributed differently over the whole month.
definition = DataDefinition(
    numerical_columns=["income", "age"], categorical_columns=["city", "paid"]
)
tables = [
    Dataset.from_pandas(rows.assign(paid=model.predict(rows)), data_definition=definition)
    for rows in (month, train)
]
result = Report([DataDriftPreset()]).run(*tables)
for metric in result.dict()["metrics"]:
    if metric["metric_name"].startswith("ValueDrift"):
        column = metric["config"]["column"]
        print(f"evidently: {column:6} has a p value of {float(metric['value']):.3f}")
result.save_html("month.html")

# The monitor takes rows as they come, and raises an alarm within the month.
monitor = model.watch(false_alarms=10_000)
monitor.observe(month)
for alarm in monitor.alarms:
    print(f"watch: {alarm}")
