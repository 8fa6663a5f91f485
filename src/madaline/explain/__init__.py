"""What a fitted model's predictions come from."""

from madaline.explain.explaining import METHODS as METHODS
from madaline.explain.explaining import explain as explain
from madaline.explain.explanation import Explanation as Explanation
