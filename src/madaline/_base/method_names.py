"""Errors about arguments name methods as users call them, not the private class they stand in."""

from __future__ import annotations

from inspect import isfunction
from typing import Any, TypeVar

Class = TypeVar("Class", bound=type)


def name_methods(cls: Class) -> Class:
    """Take the names of private bases off the methods of a class.

    Python names a method in a `TypeError` by the class that it was written in:
    ``TrainedNetwork.train() got an unexpected keyword argument``. Afterwards it is ``train()``.
    """
    for base in cls.__mro__[1:]:
        if base.__module__.startswith("madaline."):
            for name, method in vars(base).items():
                _name(getattr(method, "__func__", method), name)
    return cls


def _name(method: Any, name: str) -> None:
    """Name a method, and what it is wrapped around; nothing of what is no function."""
    while isfunction(method):
        method.__qualname__ = name
        method = getattr(method, "__wrapped__", None)
