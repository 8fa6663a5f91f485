"""Explanations: what fitted networks rely on, and what each prediction comes from."""

from madaline.explain.explaining import METHODS as METHODS
from madaline.explain.explaining import explain as explain
from madaline.explain.explanation import Explanation as Explanation
