"""Explanations: what fitted networks rely on, and what each prediction comes from."""

from madaline._tell.explain.attributions.explain import METHODS as METHODS
from madaline._tell.explain.attributions.explain import explain as explain
from madaline._tell.explain.attributions.explanation import Explanation as Explanation
