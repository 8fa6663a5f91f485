"""The quality of several predictions, each by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from madaline._charts.html import Html, block, heading
from madaline._charts.listing import ToFrame
from madaline._evaluation.quality.classification import ClassificationQuality
from madaline._evaluation.quality.regression import RegressionQuality


@dataclass(frozen=True)
class JointQuality(ToFrame):
    """How well several targets are predicted (final).

    Parameters
    ----------
    names : tuple of str
        Names of the targets, or levels of the quantiles.
    each : tuple of RegressionQuality or ClassificationQuality
        The quality of each.
    """

    names: tuple[str, ...]
    each: tuple[RegressionQuality | ClassificationQuality, ...]

    def __getitem__(self, name: str) -> RegressionQuality | ClassificationQuality:
        """Return the quality of one target."""
        return self.each[self.names.index(name)]

    def __repr__(self) -> str:
        """Return a line for each target."""
        named = zip(self.names, self.each, strict=True)
        return "\n".join(f"{name}: {quality!r}" for name, quality in named)

    def _repr_html_(self) -> str:
        named = zip(self.names, self.each, strict=True)
        return block(*(heading(name) + Html(quality._repr_html_()) for name, quality in named))

    def to_columns(self) -> dict[str, Any]:
        """Return the columns of each target, one below the other, beside its name."""
        tables = [quality.to_columns() for quality in self.each]
        sizes = [len(next(iter(table.values()))) for table in tables]
        names = [name for name, size in zip(self.names, sizes, strict=True) for _ in range(size)]
        columns = {one: [x for table in tables for x in table[one]] for one in tables[0]}
        return {"target": names} | columns

    def to_json(self) -> dict[str, Any]:
        """Return the quality as JSON-able values."""
        each = [quality.to_json() for quality in self.each]
        return {"of": "targets", "names": list(self.names), "each": each}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> JointQuality:
        """Return the quality that `to_json` described."""
        return cls(tuple(values["names"]), tuple(map(single_quality, values["each"])))


def single_quality(values: Mapping[str, Any]) -> RegressionQuality | ClassificationQuality:
    """Return the quality of one target that its `to_json` described."""
    if values["of"] == "classes":
        return ClassificationQuality.from_json(values)
    return RegressionQuality.from_json(values)
