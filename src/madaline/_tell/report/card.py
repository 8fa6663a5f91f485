"""The model card: Markdown for people, with metadata in YAML at the top for model hubs.

The metadata are those of the Hugging Face hub (https://huggingface.co/docs/hub/model-cards), which
others read, too. Text is written as JSON strings, which are YAML.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator

from madaline._base.language import _, translate, translate_word
from madaline._base.words import (
    format_count,
    format_estimate,
    format_list,
    format_rounded,
    metric_name,
    when_worse,
)
from madaline._models.model import FittedModel
from madaline._models.story.summary import estimate_of
from madaline._race.time.forward import ForwardScores
from madaline._tables.io.atomic import write_document
from madaline._tell.report.data import class_labels, outcome_of_several
from madaline._tell.report.reproduce import how_to_reproduce

_PIPELINES = {"classification": "tabular-classification", "regression": "tabular-regression"}
"""What hubs call the task."""

_MAX_STRETCHES = 20  # stretches of time whose metric is listed, at most: the latest
_MAX_IMPORTANCES = 10  # columns whose importance is listed, at most


def model_card(model: FittedModel) -> str:
    """Return a model's card in Markdown, without the license and the origin of the data."""
    sections = (_head, _scores, _columns, _matters, _findings, _story, _use)
    lines = (translate(line) for section in sections for line in section(model))
    return "\n".join([*_metadata(model), *lines]) + "\n"


def write_card(model: FittedModel, path: str | os.PathLike[str]) -> None:
    """Write a model's card to a file, such as README.md; `OSError` if that cannot be done."""
    write_document(path, model_card(model))


def _metadata(model: FittedModel) -> Iterator[str]:
    summary = model.summary
    pipeline = _PIPELINES[model.summary.task]
    data = "tabular"
    if model.predictor.encoder.grid:
        pipeline = pipeline.replace("tabular", "image")
        data = "image"
    yield from ("---", "library_name: madaline", f"pipeline_tag: {pipeline}", "tags:")
    yield from (f"  - {tag}" for tag in ("madaline", data, pipeline, "neural-network"))
    scores = [score for score in summary.scores if math.isfinite(score.value)]
    yield "metrics:"
    yield from (f"  - {_quoted(score.metric)}" for score in scores)
    yield from ("model-index:", f"  - name: {_quoted(f'madaline for {summary.target}')}")
    yield from ("    results:", "      - task:", f"          type: {pipeline}")
    yield from ("        dataset:", f"          type: {data}")
    how = "later rows" if summary.of_later_rows else "cross-validated"
    yield f"          name: {_quoted(f'{summary.target}, {how}')}"
    yield "        metrics:"
    for score in scores:
        yield f"          - type: {_quoted(score.metric)}"
        yield f"            name: {_quoted(metric_name(score.metric))}"
        yield f"            value: {json.dumps(score.value)}"
    yield from ("---", "")


def _head(model: FittedModel) -> Iterator[str]:
    summary = model.summary
    labels = class_labels(model)
    outcome = "a number"
    if labels is not None:
        outcome = _("one of {n_labels} classes ({classes})").format(
            n_labels=len(labels), classes=format_list(map(_text, labels), limit=20)
        )
    outcome = outcome_of_several(model) or outcome
    yield from (f"# {_text(summary.target)}", "")
    yield _(
        "Predicts {target}, {outcome}, from {columns}, with {predictors} that madaline {version} fitted to {rows}."
    ).format(
        target=_text(summary.target),
        outcome=outcome,
        columns=format_count(summary.n_columns, "column"),
        predictors=summary.predictors("small network"),
        version=_text(model.version),
        rows=format_count(summary.n_samples, "row"),
    )
    yield ""


def _scores(model: FittedModel) -> Iterator[str]:
    summary = model.summary
    yield from ("## How good it is", "")
    evaluated = _("{n_evaluated:,} rows").format(n_evaluated=summary.n_evaluated)
    yield _("Each of {evaluated} was evaluated {how_evaluated}.").format(
        evaluated=evaluated, how_evaluated=summary.how_evaluated
    )
    yield from (_text(sentence) for sentence in summary.beside)
    if any(score.gain for score in summary.scores):
        yield "The scores include what the mean over all folds gains (estimated)."
    if not summary.learned:
        yield "**It is not clearly better than the baseline.**"
    yield from (
        _("**Warning**: {sentence}").format(sentence=_text(sentence))
        for sentence in summary.leak_sentences
    )
    yield from ("", "| score | model ± standard error | baseline |", "| --- | ---: | ---: |")
    for score in summary.scores:
        name, value, baseline = score.cells
        yield f"| {_text(name)} | {value} | {baseline} |"
    for output in summary.outputs:
        score = output.scores[0]
        name = _("{metric} of {text}").format(
            metric=metric_name(score.metric), text=_text(output.name)
        )
        baseline = score.written.show(score.baseline, 4)
        yield f"| {name} | {estimate_of(output, score.metric)} | {baseline} |"
    yield ""
    yield from _stretches(summary.forward)


def _stretches(forward: ForwardScores | None) -> Iterator[str]:
    """Yield the metric of each stretch of time, the latest last."""
    if forward is None:
        return
    yield from (_("The {metric} over time:").format(metric=metric_name(forward.metric)), "")
    known = forward.has_last_known
    yield "| rows | learned from | model | baseline |" + f" {forward.last_known_name} |" * known
    yield "| --- | ---: | ---: | ---: |" + " ---: |" * known
    most = float(abs(forward.values()).max())
    for stretch in forward.stretches[-_MAX_STRETCHES:]:
        cells = [stretch.value, stretch.baseline, *([stretch.last_known or 0.0] if known else [])]
        shown = " | ".join(forward.written.texts(format_rounded, cells, most))
        yield _("| {text} | {n_learned:,} rows | {shown} |").format(
            text=_text(forward.when(stretch)), n_learned=stretch.n_learned, shown=shown
        )
    yield ""


def _columns(model: FittedModel) -> Iterator[str]:
    yield from ("## What it needs", "", "| column | kind | in training |", "| --- | --- | --- |")
    for column in model.schema.columns:
        if column.name in model.predictor.columns:
            yield f"| {_text(column.name)} | {translate_word(column.kind)} | {_text(column.detail)} |"
    past = model.predictor.past
    if past is not None:
        names = format_list([_text(column.name) for column in past.lags.each], limit=5)
        yield from (
            "",
            _("It keeps the last values of {names}; rows may hold later ones.").format(names=names),
        )
    if model.predictor.encoder.grid:
        yield from ("", "Images need that size; `madaline predict` resizes files.", "")
    else:
        yield from ("", "Missing values and new categories are allowed.", "")


def _matters(model: FittedModel) -> Iterator[str]:
    clear = model.summary.clear_importances[:_MAX_IMPORTANCES]
    if not clear:
        return
    yield from ("## What it relies on", "")
    yield _(
        "By how much the {metric} {when_worse} when a column is shuffled (permutation importance ± standard error):"
    ).format(metric=metric_name(clear[0].metric), when_worse=when_worse(clear[0].metric))
    yield ""
    for importance in clear:
        estimate = format_estimate(importance.value, importance.standard_error)
        yield f"- {_text(importance.name)}{_(': ')}{estimate}"
    yield ""


def _findings(model: FittedModel) -> Iterator[str]:
    yield from ("## Limits", "")
    if model.diagnosis is None:
        yield "Its fit was not diagnosed."
    elif not model.diagnosis.findings:
        yield "No problem was found."
    else:
        yield from (
            f"- {translate_word(finding.severity)}{_(': ')}{_text(finding.sentence)}"
            for finding in model.diagnosis
        )
    yield from ("", "The model learned associations in the training rows, not causes.")
    yield ""


def _story(model: FittedModel) -> Iterator[str]:
    yield from ("## How it was found", "")
    for sentences in model.story().parts.values():
        yield from (_text(" ".join(sentences)), "")


def _use(model: FittedModel) -> Iterator[str]:
    yield from ("## How to use it", "", "```python", "import madaline", "")
    yield 'model = madaline.load("model.madaline")'
    yield from ("model.predict(table)  # a frame, a dict of columns, or a list of dicts", "```", "")
    again = how_to_reproduce(model)
    for code, language in ((again.command, "sh"), (again.python, "python")):
        if code:
            fence = _fence(code)
            yield from ("To fit it again:", "", f"{fence}{language}", code, fence, "")
            break
    yield from again.remarks


def _fence(code: str) -> str:
    """Return what begins and ends a block of code: more backticks than stand in it in a row."""
    return "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _text(text: str) -> str:
    """Return text that Markdown shows as it is."""
    plain = " ".join(text.split())
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in plain)
