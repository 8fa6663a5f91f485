"""scikit-learn's way to use madaline: fit, predict, score, in any pipeline or search."""

from madaline.estimators.classifier import AdaptiveClassifier as AdaptiveClassifier
from madaline.estimators.from_file import load as load
from madaline.estimators.regressor import AdaptiveRegressor as AdaptiveRegressor
