"""Side by side: other methods and madaline on the same folds of a table, and which one to take."""

from madaline._comparison.comparison import Comparison as Comparison
from madaline._comparison.comparison import compare as compare
