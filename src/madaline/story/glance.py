"""A glance at a fit, for notebooks: how good it is, what matters, and what to look at."""

from __future__ import annotations

from html import escape

from madaline.charts.html import Html, block, paragraph
from madaline.diagnosis.diagnosis import Diagnosis
from madaline.evaluation.scores import Scores
from madaline.race.importances import Importances
from madaline.story.summary import Summary
from madaline.words import count

MOST_COLUMNS = 5
"""Columns that are shown, at most."""


def glance(summary: Summary, diagnosis: Diagnosis | None = None) -> str:
    """Return a short account of a fit in HTML.

    Parameters
    ----------
    summary : Summary
        What the fit came to.
    diagnosis : Diagnosis, optional
        What was found; findings of low severity are left out.
    """
    networks = count(len(summary.members) * summary.n_folds, "network")
    lead = Html(
        f"Predicts <b>{escape(summary.target)}</b> from {count(summary.n_columns, 'column')}"
        f" with {networks}, trained on {count(summary.n_samples, 'row')}; each of"
        f" {summary.n_evaluated:,} predicted by networks that were not trained on it."
    )
    parts: list[str] = [paragraph(lead)]
    if not summary.learned:
        parts.append(paragraph(Html("<b>Not clearly better than the baseline.</b>")))
    parts.append(Scores(summary.scores).html())
    if clear := Importances(one for one in summary.importances if one.clear):
        parts.append(clear.html(MOST_COLUMNS))
    if findings := Diagnosis(tuple(one for one in diagnosis or () if one.severity != "low")):
        parts.append(findings.html())
    return block(*parts)
