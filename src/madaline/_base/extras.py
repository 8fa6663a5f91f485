"""Optional packages: `load_extra` imports one, or tells how to install it."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires
from typing import Any

from madaline._base.language import _
from madaline.errors import InputError


def load_extra(module: str, *, extra: str, purpose: str) -> Any:
    """Return an optional module, which an extra of madaline installs and a purpose needs."""
    try:
        return import_module(module)
    except ImportError:
        package = module.partition(".")[0].replace("PIL", "Pillow")
        raise InputError(
            "{purpose} needs {package}: install it with {how_to_install}.",
            purpose=purpose,
            package=package,
            how_to_install=how_to_install(extra, package),
        ) from None


def how_to_install(extra: str, package: str) -> str:
    """Return the command that installs what an extra needs, wherever madaline came from.

    >>> how_to_install("plot", "matplotlib")
    '`pip install matplotlib` (the extra plot of madaline)'
    """
    try:
        requirements = requires("madaline") or []
    except PackageNotFoundError:  # run from its source
        requirements = []
    of_extra = [one for one in requirements if re.search(rf"extra == ['\"]{extra}['\"]", one)]
    names = [re.split(r"[^\w.-]", one, maxsplit=1)[0] for one in of_extra] or [package]
    return _("`pip install {names}` (the extra {extra} of madaline)").format(
        names=" ".join(names), extra=extra
    )


def load_polars() -> Any:
    """Return polars, which reads and writes the files of tables."""
    return load_extra("polars", extra="cli", purpose="Reading and writing tables")
