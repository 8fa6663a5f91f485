"""The scores of a fit, as a table."""

from __future__ import annotations

from typing import Any

from madaline._charts.html import block, table
from madaline._charts.listing import Listing
from madaline._evaluation.score import Score
from madaline._words import METRICS, with_error


class Scores(Listing[Score]):
    """Scores, the one to choose models by first (final).

    Examples
    --------
    >>> scores = Scores([Score("accuracy", 0.9333, 0.0123, 0.6, True)])
    >>> scores
    accuracy 0.933 ± 0.012 (baseline: 0.6)
    >>> scores.to_columns()["standard_error"]
    [0.0123]
    """

    __slots__ = ()

    def to_columns(self) -> dict[str, Any]:
        """Return the metric, the value, its standard error, the baseline, and which is better."""
        names = ("metric", "value", "standard_error", "baseline", "higher_is_better")
        return {name: [getattr(one, name) for one in self] for name in names}

    def _repr_html_(self) -> str:
        return block(self.html())

    def html(self) -> str:
        """Return the table, to be put among others."""
        rows = []
        for one in self:
            texts = with_error((one.value, one.standard_error, one.baseline), one.standard_error)
            name = METRICS.get(one.metric, one.metric)
            rows.append([name, f"{texts[0]} ± {texts[1]}", texts[2]])
        return table(["score", "model ± standard error", "baseline"], rows, right=(1, 2))
