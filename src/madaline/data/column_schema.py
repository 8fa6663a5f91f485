"""A column's schema says what it was taken for, or why it is left out."""

from __future__ import annotations

from dataclasses import dataclass

from madaline.data.kinds import DROPPED


@dataclass(frozen=True)
class ColumnSchema:
    """What one column was taken for.

    Parameters
    ----------
    name : str
        Name of the column.
    kind : {"number", "category", "boolean", "datetime", "image", "text", "sequence", "sound",
        "dropped"}
        How it is used.
    n_missing : int
        Rows without a value.
    n_distinct : int
        Distinct values, missing ones not counted.
    detail : str
        What is in it; of a dropped column, why it is left out.
    quartiles : tuple of float
        Of numbers, and of moments in seconds since 1970: the smallest, the quartiles, the largest;
        each a value that occurs.
    whole : bool, default=False
        Whether there are only whole numbers.
    """

    name: str
    kind: str
    n_missing: int
    n_distinct: int
    detail: str
    quartiles: tuple[float, ...] = ()
    whole: bool = False

    @property
    def kept(self) -> bool:
        """Whether the column is used."""
        return self.kind != DROPPED
