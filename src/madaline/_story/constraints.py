"""Constraints: with which columns predictions never fall or never rise, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from madaline._words import some


def tell_constraints(monotone: Mapping[str, int], target_encoder: Any) -> str:
    """Return the sentence; empty where no column is constrained.

    Parameters
    ----------
    monotone : mapping of str to {1, -1}
        The directions of columns.
    target_encoder : TargetEncoder
        What is predicted: classes, if it has any, or a number.

    Examples
    --------
    >>> tell_constraints({"age": 1, "income": 1, "debt": -1}, target_encoder=None)
    'The prediction never falls when age or income grows, and never rises when debt grows.'
    """
    classes = getattr(target_encoder, "classes", None)
    outcome = "prediction" if classes is None else f"probability of {classes[-1]}"
    parts = [
        f"never {verb} when {some(names, last=' or ')} grows"
        for verb, wanted in (("falls", 1), ("rises", -1))
        if (names := [name for name, direction in monotone.items() if direction == wanted])
    ]
    return f"The {outcome} {', and '.join(parts)}." if parts else ""
