"""A glance at a fit, for notebooks: how good it is, what matters, and what to look at."""

from __future__ import annotations

from html import escape

from madaline._charts.html import Html, block, more, paragraph, table
from madaline._diagnosis.finding import Diagnosis
from madaline._evaluation.score import Score
from madaline._evaluation.scores import Scores
from madaline._race.importances import Importances
from madaline._story.summary import Summary
from madaline._words import count, metric_name, with_error

MOST_COLUMNS = 5
"""Columns that are shown, at most."""

MOST_OUTPUTS = 12
"""Targets that are shown, at most."""


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
    if summary.outputs:
        parts.append(_outputs(summary))
    if clear := Importances(one for one in summary.importances if one.clear):
        parts.append(clear.html(MOST_COLUMNS))
    if findings := Diagnosis(tuple(one for one in diagnosis or () if one.severity != "low")):
        parts.append(findings.html())
    return block(*parts)


def _outputs(summary: Summary) -> Html:
    """Return the scores of each of several targets or quantiles, as a table."""
    shown = summary.outputs[:MOST_OUTPUTS]
    metrics = summary.output_metrics
    rows = []
    for one in shown:
        by_metric = {score.metric: score for score in one.scores}
        rows.append([one.name, *(_cell(by_metric.get(metric)) for metric in metrics)])
    header = ["each by itself", *map(metric_name, metrics)]
    right = range(1, len(header))
    return Html(
        table(header, rows, right=right) + more(len(shown), len(summary.outputs), "targets")
    )


def _cell(score: Score | None) -> str:
    if score is None:
        return ""
    return " ± ".join(with_error((score.value, score.standard_error), score.standard_error))
