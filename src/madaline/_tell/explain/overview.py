"""The effects of several columns together: by default of the most important ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from madaline._models.model import FittedModel
from madaline._tables.table import Table
from madaline._tell.explain.columns import as_table
from madaline._tell.explain.effect import Effect
from madaline._tell.explain.effects import effects
from madaline._tell.explain.importances import important_columns
from madaline.records._results.blocks import Charts, Paragraph, Section, more
from madaline.records._results.result import Listing

_MAX_COLUMNS = 8  # columns whose effects are computed where none is named
_MAX_DRAWN = 20  # effects that a notebook shows, at most


class Effects(Listing[Effect]):
    """The effects of columns, the most important column first; printed, a sentence for each."""

    __slots__ = ()

    def to_columns(self) -> dict[str, Any]:
        """Return the values of all, with the name of the column beside each."""
        values = [value for effect in self for value in effect.values]
        return {
            "column": list(chain(*([effect.column] * len(effect.values) for effect in self))),
            "value": list(map(str, values)),  # numbers of one column, words of another
            "rows": np.concatenate([np.empty(0, int), *(effect.counts for effect in self)]),
            "prediction": np.concatenate([np.empty(0), *(effect.prediction for effect in self)]),
        }

    def __repr__(self) -> str:
        """Return the sentences."""
        return "\n".join(effect.sentence for effect in self) or "(none)"

    def sections(self) -> Iterator[Section]:
        shown = self[:_MAX_DRAWN]
        curves = [effect.figure() for effect in shown if not effect.of_levels]
        levels = [Paragraph(effect.sentence) for effect in shown if effect.of_levels]
        yield Section([Charts(curves), *levels, *more(len(shown), len(self), "columns")])


def overview(
    model: FittedModel,
    table: Table | Mapping[str, Any],
    columns: Sequence[str] | None = None,
    **settings: Any,  # those of `effects`
) -> Effects:
    """Return the effects of columns, by default of the most important ones."""
    table = as_table(table)
    model = model.of_output(settings.pop("output", None))
    names = dict.fromkeys(columns or important_columns(model, _MAX_COLUMNS))
    return Effects(effects(model, table, name, **settings) for name in names)
