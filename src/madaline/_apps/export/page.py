"""A program as one page to mail: it predicts in the browser, and asks no host for anything."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape

from madaline._apps.export.code import filled, one_line
from madaline._apps.export.js_code import in_script, module_of
from madaline._apps.export.program import Program
from madaline._base.language import _, languages, translate_word
from madaline._base.language.choice import speaking
from madaline._race.evaluation.score import Score

# fmt: off
TEXTS = {
    "lead": "Change the values below, and see what the model predicts, how sure it is, and why. Everything is computed in this page; nothing leaves this machine.",
    "row": "Values of a row",
    "missing": "Leave a field empty where its value is not known.",
    "usual": "Back to usual values",
    "answer": "Prediction of {target}",
    "coverage": "Coverage of intervals",
    "quantile": "Quantile {quantile}: the truth lies below it in this share of rows",
    "interval": "{low} to {high}: in {coverage} of new rows the truth lies within such an interval.",
    "sure": "By the model's own estimate, {target} is {label} in {share} of such rows.",
    "close": "The two most probable answers are close.",
    "threshold": "{label} is not the most probable answer: the model was set to say {label} from a lower probability on.",
    "reach": "How far each column moves the prediction",
    "reach_text": "All columns have usual values now. Each line tells how low and how high the prediction comes when that column alone changes. Change a value to see what it adds.",
    "to": "{low} to {high}",
    "why": "What each column adds or takes away",
    "why_text": "From the prediction of usual values (the median of a number, the most frequent level) to that of this row. What columns add only together is shared among them.",
    "usual_prediction": "Prediction of usual values",
    "this_prediction": "Prediction of this row",
    "probability": "Probability of {label}",
    "rest": "{columns} other columns",
    "change": "What would change the prediction",
    "change_text": "The smallest changes that were found, of one column or of two together. They change what the model predicts, not what happens.",
    "goal": "The prediction should",
    "any": "be another one",
    "more-by": "rise by",
    "less-by": "fall by",
    "more": "be at least",
    "less": "be at most",
    "of_label": "Output that should change",
    "amount_label": "How much",
    "change_part": "{column} {value} instead of {now}",
    "and": " and ",
    "change_line": "With {changes}, the prediction is {answer}.",
    "change_none": "No change of one or two columns was found that does this.",
    "reached": "The prediction is so already.",
    "try": "Try it",
    "file": "A file of rows",
    "file_text": "Choose a CSV file whose first line names the columns as above, or drop it here.",
    "choose": "CSV file",
    "take": "Download the rows with predictions",
    "predicting": "{rows} rows so far.",
    "predicted": "Rows that are predicted: {rows}.",
    "unpredicted": "Rows that are not, as a cell cannot be read: {rows}.",
    "absent": "The file lacks columns: {columns}.",
    "cell_unreadable": "Line {row}, column {column}: {cell} cannot be read; correct it.",
    "cell_unknown": "Line {row}, column {column}: {cell} was not among the rows that the model learned from; it counts as an unknown value.",
    "more_problems": "{count} more such cells.",
    "unreadable": "cannot be read",
    "unknown": "unknown value",
    "first_rows": "The first {rows} rows. Choose a line number to put its row into the form, and see why.",
    "line": "Line no.",
    "show_row": "Show line {row}",
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
        filled("changes.js", {}),
        filled("page.js", own),
        filled("rows.js", {}),
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
    told = next((by_metric[own] for own in ("accuracy", "r2") if own in by_metric), scores[0])
    name, value, baseline = told.cells
    promise = _(
        "On rows that it did not learn from: {name} {value} (± standard error); without any columns: {baseline}."
    ).format(name=name, value=value, baseline=baseline)
    texts = {name: translate_word(text) for name, text in TEXTS.items()}
    return texts | {"title": _title(program), "score": promise}


def _title(program: Program) -> str:
    return _("Predict {target}").format(target=program.target)
