"""A listing is a tuple of results that prints as lines, and is a table in a notebook."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self, SupportsIndex, TypeVar, overload

Item = TypeVar("Item")

MOST_LINES = 20
"""Lines that are printed, at most."""


class ToFrame:
    """Abstract base of what can be a data frame."""

    @abstractmethod
    def to_columns(self) -> dict[str, Any]:
        """Return the columns of a table, by name."""

    def to_frame(self, library: str = "pandas") -> Any:
        """Return a data frame.

        Parameters
        ----------
        library : {"pandas", "polars", "pyarrow"}, default="pandas"
            Whose.

        Raises
        ------
        InputError
            If there is no such library, or it is not installed.
        """
        from madaline._data.io.frames import make_frame

        return make_frame(self.to_columns(), library)


class Listing(tuple[Item, ...], ToFrame):
    """Abstract base of results in their order; a slice is a listing, too."""

    __slots__ = ()

    @abstractmethod
    def _repr_html_(self) -> str:
        """Return a table for notebooks."""

    @overload
    def __getitem__(self, index: SupportsIndex) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: Any) -> Any:
        """Return one result, or a listing of some."""
        found = super().__getitem__(index)
        return type(self)(found) if isinstance(index, slice) else found

    def __repr__(self) -> str:
        """Return a line for each, and how many are left out."""
        lines = list(map(str, self[:MOST_LINES]))
        if len(self) > MOST_LINES:
            lines.append(f"... and {len(self) - MOST_LINES:,} more")
        return "\n".join(lines) or "(none)"

    def __str__(self) -> str:
        """Return the same."""
        return repr(self)
