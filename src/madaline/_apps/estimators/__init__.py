"""scikit-learn's way to use madaline: fit, predict, score, in any pipeline or search."""

from madaline._apps.estimators.classifier import AdaptiveClassifier as AdaptiveClassifier
from madaline._apps.estimators.regressor import AdaptiveRegressor as AdaptiveRegressor
