"""What `madaline fit` prints at the end: scores, what matters, warnings, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from madaline._cli.output import paragraph, printable
from madaline._cli.sections import (
    importance_lines,
    network_lines,
    output_lines,
    score_lines,
    validation_line,
)
from madaline._model import FittedModel
from madaline._report.data import verdict
from madaline._words import count, metric_name, size, with_error
from madaline.records.model_decisions import ThresholdChosen
from madaline.records.race_decisions import RecipesLeftOut, TimeLimitReached

MOST_COLUMNS = 5
"""Columns whose importance is shown."""

MOST_WARNING_LINES = 5
"""Lines of warnings, at most."""


def answer_lines(model: FittedModel, path: Path, *, networks: bool = False) -> Iterator[str]:
    """Yield how good a model is, which columns matter, warnings, and what to type next.

    Parameters
    ----------
    model : FittedModel
        The model.
    path : path
        Its file.
    networks : bool
        Whether to add which networks predict.
    """
    summary = model.summary
    yield validation_line(summary)
    yield from score_lines(summary.scores)
    yield from output_lines(summary)
    yield from _threshold(model)
    yield from importance_lines(summary.importances, at_most=MOST_COLUMNS)
    if networks:
        yield from network_lines(summary)
    yield from _shown([*_limits(model), *_problems(model)])
    file = shlex.quote(str(path))
    yield f"Saved {path} ({size(path.stat().st_size)}). Next:"
    rows = "FOLDER" if summary.settings.get("source", "").endswith("/") else "TABLE"
    yield f"  madaline predict {file} {rows}"
    yield f"  madaline {'doctor' if any(_problems(model)) else 'story'} {file}"


def answer_line(model: FittedModel, path: Path) -> str:
    """Return the file and its first score in a line.

    Parameters
    ----------
    model : FittedModel
        The model.
    path : path
        Its file.
    """
    score = model.summary.scores[0]
    numbers = (score.value, score.standard_error, score.baseline)
    value, error, baseline = with_error(numbers, score.standard_error)
    return f"{path}: {metric_name(score.metric)} {value} ± {error} (baseline {baseline})"


def _threshold(model: FittedModel) -> Iterator[str]:
    """Yield from which probability on the second of two classes is predicted, if it was tuned."""
    tuned = (one for one in model.decisions if isinstance(one, ThresholdChosen))
    yield from (paragraph(printable(one.sentence)) for one in tuned)


def _limits(model: FittedModel) -> Iterator[str]:
    """Yield why training ended before its time."""
    limits = (TimeLimitReached, RecipesLeftOut)
    yield from (one.sentence for one in model.decisions if isinstance(one, limits))


def _problems(model: FittedModel) -> Iterator[str]:
    """Yield what may make predictions or scores wrong, the worst first."""
    if not model.summary.learned:
        yield verdict(model)[1]
    yield from map(str, model.summary.leaks)
    findings = () if model.diagnosis is None else model.diagnosis.findings
    for finding in findings:
        if finding.severity != "low" and finding.kind not in ("leak", "nothing learned"):
            yield finding.sentence


def _shown(warnings: Sequence[str]) -> Iterator[str]:
    """Yield a heading and the lines of as many warnings as there is room for, one at least."""
    if not warnings:
        return
    texts = [paragraph(printable(one), first="  ! ", rest="    ").splitlines() for one in warnings]
    n_shown, n_lines = 0, 0
    while n_shown < len(texts) and n_lines + len(texts[n_shown]) <= MOST_WARNING_LINES:
        n_lines += len(texts[n_shown])
        n_shown += 1
    n_shown = max(1, n_shown)
    of_all = "" if n_shown == len(texts) else f", the first {n_shown}"
    yield f"{count(len(texts), 'warning')}{of_all}:"
    for lines in texts[:n_shown]:
        yield from lines
