"""polars reads and writes tables, and is an extra: where it is missing, a sentence says so."""

from __future__ import annotations

from typing import Any

from madaline.errors import InputError


def load_polars() -> Any:
    """Return polars, or say that it is not installed."""
    try:
        import polars
    except ImportError:
        raise InputError(
            "Reading and writing tables needs polars: install it with"
            " `pip install 'madaline[cli]'`."
        ) from None
    return polars
