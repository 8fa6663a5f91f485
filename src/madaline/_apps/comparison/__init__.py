"""Side by side: other methods and madaline on the same folds of a table, and which one to take."""

from madaline._apps.comparison.comparison import compare as compare
from madaline._apps.comparison.result import Comparison as Comparison
