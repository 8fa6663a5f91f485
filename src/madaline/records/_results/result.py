"""What a verb found: a result gives its sections, and is shown everywhere by the same renderers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Self, SupportsIndex, TypeVar, overload

import numpy as np

from madaline._base.language import _, translate
from madaline.records._results.blocks import Section
from madaline.records._results.html import render_html
from madaline.records._results.text import render_text

Item = TypeVar("Item")

_MAX_LINES = 20  # lines that are printed, at most


class Result(ABC):
    """Abstract base of what notebooks, terminals and pages show."""

    @abstractmethod
    def sections(self) -> Iterator[Section]:
        """Yield what is shown, from top to bottom."""

    def text(self, width: int | None = None) -> str:
        """Return the sections as text, of at most so many columns."""
        return render_text(self.sections(), width)

    def _repr_html_(self) -> str:
        return render_html(self.sections())


class ToFrame(ABC):
    """Abstract base of what can be a data frame."""

    @abstractmethod
    def to_columns(self) -> dict[str, Any]:
        """Return the columns of a table, by name."""

    def to_json(self) -> Any:
        """Return the columns as JSON-able values."""
        return {name: np.asarray(values).tolist() for name, values in self.to_columns().items()}

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
        from madaline._tables.io.frames import make_frame

        return make_frame(self.to_columns(), library)


class Listing(tuple[Item, ...], Result, ToFrame):
    """Abstract base of results in their order; a slice is a listing, too."""

    __slots__ = ()

    @overload
    def __getitem__(self, index: SupportsIndex) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: Any) -> Any:
        """Return one result, or a listing of some."""
        item = super().__getitem__(index)
        return type(self)(item) if isinstance(index, slice) else item

    def to_json(self) -> list[Any]:
        """Return all as JSON-able values."""
        return [item.to_json() for item in self]  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        """Return a line for each, and how many are left out."""
        lines = list(map(str, self[:_MAX_LINES]))
        if len(self) > _MAX_LINES:
            lines.append(_("... and {n_self:,} more").format(n_self=len(self) - _MAX_LINES))
        return translate("\n".join(lines) or "(none)")

    def __str__(self) -> str:
        return repr(self)
