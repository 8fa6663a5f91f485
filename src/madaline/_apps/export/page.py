"""A program as one page to mail: it predicts in the browser, and asks no host for anything."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape

from madaline._apps.export.code import filled, one_line
from madaline._apps.export.js_code import in_script, module_of
from madaline._apps.export.program import Program
from madaline._base.language import _, languages, translate
from madaline._base.language.choice import speaking
from madaline._race.evaluation.score import Score

# fmt: off
TEXTS = {
    "row": "A row",
    "missing": "Leave a field empty where its value is not known.",
    "usual": "Usual values",
    "answer": "Prediction",
    "coverage": "Coverage of intervals",
    "interval": "{coverage} of new rows lie between such bounds: {low} to {high}.",
    "why": "What each column adds",
    "why_text": "From the prediction of usual values to that of this row. Where columns act together, each has its average share over the orders in which they may change.",
    "usual_prediction": "Prediction of usual values",
    "probability": "Probability of {label}",
    "rest": "{columns} other columns",
    "all_usual": "All columns have their usual values, so that this is the usual prediction. Change a value to see what it adds.",
    "change": "What would change the answer",
    "change_text": "One column changes, the smallest such change that was found. This is what the model would predict, not what would happen.",
    "change_line": "With {column} {value} instead of {now} the prediction is {label}.",
    "change_none": "No change of one column alone was found to give another answer.",
    "file": "A file of rows",
    "file_text": "Choose a CSV file with the same columns, or drop it here. It stays on this machine.",
    "choose": "CSV file",
    "take": "Take away the rows with predictions",
    "predicted": "{rows} rows predicted.",
    "absent": "The file lacks columns: {columns}.",
    "unreadable": "Line {row}, column {column}: {cell} cannot be read; correct it.",
    "none": "(missing)",
    "other": "(another one)",
    "slider": "Slider of {column}",
}
# fmt: on
"""What the page says, by the names that its script has for it."""


def page_of(program: Program, stem: str, scores: Sequence[Score]) -> dict[str, str]:
    """Return the page of a program, by its ending."""
    texts = {}
    for code, name in languages().items():
        with speaking(code):
            texts[code] = {"name": name, **_texts(program, scores)}
    own = {
        "TEXTS": in_script(texts),
        "WRITTEN": in_script([one.written for one in program.columns]),
    }
    parts_of_script = (
        module_of(program, stem),
        filled("contributions.js", {}),
        filled("page.js", own),
    )
    script = "\n".join(parts_of_script).replace("</", "<\\/")
    style = filled("page.css", {})
    parts = {
        "TITLE": escape(one_line(_title(program))),
        "NOSCRIPT": escape(_("This page needs JavaScript.")),
        "STYLE": style,
        "STYLE_HASH": _hash(style),
        "SCRIPT": script.replace("<!--", "<\\!--"),
    }
    return {".html": filled("page.html", {**parts, "SCRIPT_HASH": _hash(parts["SCRIPT"])})}


def _hash(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def _texts(program: Program, scores: Sequence[Score]) -> dict[str, str]:
    """Return all texts of the page in the language of the context."""
    by_metric = {score.metric: score for score in scores}
    two = "roc_auc" if program.labels and len(program.labels[0]) == 2 else ""
    told = next((by_metric[own] for own in (two, "accuracy", "r2") if own in by_metric), scores[0])
    name, value, baseline = told.cells
    promise = _(
        "On rows that it did not learn from: {name} {value}; without any columns: {baseline}."
    ).format(name=name, value=value, baseline=baseline)
    texts = {name: translate(text) for name, text in TEXTS.items()}
    return texts | {"title": _title(program), "score": promise}


def _title(program: Program) -> str:
    return _("Predict {target}").format(target=program.target)
