"""Optional packages: `load_extra` imports one, or tells how to install it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from madaline.errors import InputError


def load_extra(module: str, *, extra: str, purpose: str) -> Any:
    """Return an optional module, which an extra of madaline installs and a purpose needs."""
    try:
        return import_module(module)
    except ImportError:
        package = module.partition(".")[0].replace("PIL", "Pillow")
        raise InputError(
            f"{purpose} needs {package}: install it with `pip install 'madaline[{extra}]'`."
        ) from None


def load_polars() -> Any:
    """Return polars, which reads and writes the files of tables."""
    return load_extra("polars", extra="cli", purpose="Reading and writing tables")
