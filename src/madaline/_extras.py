"""Optional packages: `load_extra` imports one, or tells how to install it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from madaline.errors import InputError


def load_extra(module: str, *, extra: str, purpose: str) -> Any:
    """Return an optional module.

    Parameters
    ----------
    module : str
        Its name, such as ``"polars"``.
    extra : str
        Which extra of madaline installs it.
    purpose : str
        What needs it, for the message.

    Raises
    ------
    InputError
        If it is not installed.
    """
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
