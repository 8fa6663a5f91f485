"""Text for spreadsheets, which take cells that begin with certain characters for formulas."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from madaline.nn.arrays import Array

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What a formula may begin with (https://owasp.org/www-community/attacks/CSV_Injection)."""


def without_formulas(columns: Mapping[str, Array]) -> dict[str, Array]:
    """Return columns with an apostrophe before texts that a spreadsheet would take for formulas.

    A formula in a table from a stranger may send what is in other cells to somebody. Numbers stay.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_samples,)
        The columns; their names count, too.

    Examples
    --------
    >>> without_formulas({"-a": np.array(["=1+1", "b"]), "c": np.array([-1.0, 2.0])})
    {"'-a": array(["'=1+1", 'b'], dtype=object), 'c': array([-1.,  2.])}
    """
    return {_plain(name): _plain_column(column) for name, column in columns.items()}


def _plain_column(column: Array) -> Array:
    if column.dtype.kind not in "OUT":
        return column
    cells = [_plain(one) if isinstance(one, str) else one for one in column.tolist()]
    return np.fromiter(cells, object, len(cells))


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
