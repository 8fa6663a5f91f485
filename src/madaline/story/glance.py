"""A glance at a fit, for notebooks: how good it is and what matters, as a little HTML."""

from __future__ import annotations

from html import escape

from madaline.story.summary import Summary
from madaline.words import METRICS, count, decimals

MOST_COLUMNS = 5
"""Columns that are named, at most."""


def glance(summary: Summary) -> str:
    """Return a short account of a fit in HTML.

    Parameters
    ----------
    summary : Summary
        What the fit came to.
    """
    networks = count(len(summary.members) * summary.n_folds, "network")
    lines = [
        f"<p>Predicts <b>{escape(summary.target)}</b> from {count(summary.n_columns, 'column')}"
        f" with {networks}, trained on {count(summary.n_samples, 'row')}; each of"
        f" {summary.n_evaluated:,} predicted by networks that were not trained on it.</p>",
        "<table><thead><tr><th>score</th><th>networks</th><th>baseline</th></tr></thead><tbody>",
    ]
    for score in summary.scores:
        digits = decimals(score.standard_error)
        spec = ".4g" if digits is None else f",.{digits}f"
        lines.append(
            f"<tr><td>{escape(METRICS.get(score.metric, score.metric))}</td>"
            f"<td>{score.value:{spec}} ± {score.standard_error:{spec}}</td>"
            f"<td>{score.baseline:{spec}}</td></tr>"
        )
    lines.append("</tbody></table>")
    clear = [escape(one.name) for one in summary.importances if one.clear]
    if clear:
        more = f" and {len(clear) - MOST_COLUMNS} more" if len(clear) > MOST_COLUMNS else ""
        lines.append(f"<p>What matters: {', '.join(clear[:MOST_COLUMNS])}{more}.</p>")
    if not summary.learned:
        lines.append("<p><b>Not clearly better than a constant prediction.</b></p>")
    return "".join(lines)
