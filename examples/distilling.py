"""A heavy model becomes a small file: networks learn the probabilities of a forest.

Run it in the project's folder: ``python examples/distilling.py``. It needs pandas.
"""

import pickle
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_predict

from madaline import AdaptiveClassifier

path = Path(__file__).parent / "data" / "penguins.csv"
penguins = pd.read_csv(path).dropna().sample(frac=1, random_state=0)
X = penguins[["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]]
y = penguins["species"] + " " + penguins["sex"]
train, test = slice(0, 250), slice(250, None)

# 1. The teacher. Its probabilities for rows that it learned from are surer, and know the labels;
# those of teachers that did not learn from a row tell what it would say of new rows.
forest = RandomForestClassifier(500, random_state=0).fit(X[train], y[train])
seen = forest.predict_proba(X[train])
unseen = cross_val_predict(forest, X[train], y[train], method="predict_proba")
for name, shares in (("seen rows", seen), ("unseen rows", unseen)):
    print(f"1. Highest probability of {name}, on average: {shares.max(axis=1).mean():.2f}")

# 2. Students learn these, and one for comparison learns the labels.
students = {
    name: AdaptiveClassifier(random_state=0).fit(X[train], target)
    for name, target in {
        "student, seen rows": pd.DataFrame(seen, columns=forest.classes_),
        "student, unseen rows": pd.DataFrame(unseen, columns=forest.classes_),
        "student of labels": y[train],
    }.items()
}
print(f"2. {students['student, seen rows'].decisions_[0].sentence}")

# 3. On new rows: the log loss, the bytes of a file, and the time of a row.
print("3. model                  log loss   file, kB   a row, ms")
for name, model in {"forest": forest, **students}.items():
    shares = np.clip(model.predict_proba(X[test]), 1e-7, 1)
    loss = log_loss(y[test], shares / shares.sum(axis=1, keepdims=True), labels=model.classes_)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model"
        if model is forest:
            file.write_bytes(pickle.dumps(model))
        else:
            model.save(file)
        size = file.stat().st_size
    begun = time.perf_counter()
    for _ in range(10):
        model.predict_proba(X[test].head(1))
    seconds = (time.perf_counter() - begun) / 10
    print(f"   {name:20} {loss:10.3f} {size / 1000:10,.0f} {1000 * seconds:11.1f}")
