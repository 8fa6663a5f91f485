"""MAPIE makes sets of classes with a promised coverage, beside those that the model makes itself.

Run it in the project's folder: ``python examples/neighbors/mapie_sets.py``.
"""

import numpy as np
from mapie.classification import SplitConformalClassifier
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from madaline import AdaptiveClassifier

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X[:, ::3], y, test_size=0.5, random_state=0)
X_train, X_rest, y_train, y_rest = train_test_split(X, y, test_size=0.4, random_state=0)

# MAPIE needs rows that the model has not learned from.
model = AdaptiveClassifier(effort=10, random_state=0).fit(X_train, y_train)
conformal = SplitConformalClassifier(model, confidence_level=0.95, prefit=True)
_, sets = conformal.conformalize(X_rest, y_rest).predict_set(X_test)

# The model alone needs none: each row is held out from some of its networks.
own = AdaptiveClassifier(effort=10, random_state=0).fit(X, y).predict_set(X_test, coverage=0.95)

for name, included in {"MAPIE": sets[:, :, 0], "madaline": own}.items():
    covered = included[np.arange(len(y_test)), y_test].mean()
    size = included.sum(axis=1).mean()
    print(f"{name:9} {covered:.1%} of the sets hold the true class, {size:.2f} classes each.")
