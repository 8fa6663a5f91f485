"""What a report contains about the rows of a table: effects, predictions explained, quality."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from madaline._data.column import is_missing
from madaline._data.conversion import as_numbers
from madaline._data.media.images import as_bytes
from madaline._data.media.signals import Sequence as SequenceValue
from madaline._data.media.signals import Signal, Sound
from madaline._data.table import Table
from madaline._data.target import ClassEncoder
from madaline._evaluation.score import Score
from madaline._evaluation.scores import label_text, score_predictions
from madaline._explain import Explanation, explain
from madaline._explain.columns import as_table, value_text
from madaline._explain.effects import effects
from madaline._explain.importances import important_columns, interactions
from madaline._model import FittedModel
from madaline._model.quality_of_table import quality_of_table
from madaline._report.pictures import FLATTEST
from madaline._words import count
from madaline.errors import InputError
from madaline.nn.arrays import Array

MOST_EFFECTS = 8
"""Columns whose effect is drawn, at most."""

MOST_INTERACTIONS = 3
"""Pairs of interacting columns that are listed, at most."""


def data_of_rows(
    model: FittedModel,
    table: Table,
    target: Array | None,
    rows: str | None,
    names: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Return what is learned from these rows, as JSON-able values.

    Rows that the model was trained on are not scored: that would flatter. ``trained_on`` is None
    where it is not known.

    Parameters
    ----------
    model : FittedModel
        The model.
    table : Table
        The rows.
    target : ndarray of shape (n_samples,), optional
        The truth.
    rows : str, optional
        What they are, in words.
    names : sequence of str, optional
        Their names.

    Raises
    ------
    InputError
        If there is no row, a column is not there, or the truth has another length.
    """
    table = as_table(table)
    if target is not None and target.shape != (table.n_samples,):
        raise InputError(
            f"The target has shape {target.shape} beside {count(table.n_samples, 'row')}: give one"
            " value for each row."
        )
    known = model.known_rows
    trained_on = None if known is None else known.hold(model.predictor, table)
    scores: tuple[Score, ...] = ()
    quality = None
    if target is not None and not trained_on:
        output = model.predictor.output(table)
        scores = score_predictions(
            model.predictor.decode(output),
            target,
            loss=model.predictor.loss,
            name=model.summary.target,
            classes=getattr(model.predictor.target_encoder, "classes", None),
            output=output,
        )
        quality = quality_of_table(model.predictor, table, target, name=model.summary.target)
    return {
        "what": rows or count(table.n_samples, "row"),
        "n_rows": table.n_samples,
        "trained_on": trained_on,
        "scores": [score.to_json() for score in scores],
        "quality": None if quality is None else quality.to_json(),
        "effects": _effects(model, table),
        "interactions": _interactions(model, table),
        "explanations": _explained_samples(model, table, target, names),
        "findings": None if model.profile is None else model.diagnose(table).named(names).facts(),
    }


def _effects(model: FittedModel, table: Table) -> list[dict[str, Any]]:
    """Return the effects of the columns that matter most and have more than one value here."""
    found = []
    for name in important_columns(model, MOST_EFFECTS):
        if name not in model.schema.single or len(set(table[name].tolist())) < 2:
            continue
        try:
            effect = effects(model, table, name)
        except InputError:  # one value and gaps
            continue
        how = {"of_levels": effect.values.dtype == object, "scale": effect.readout.scale}
        found.append(effect.to_json() | how)
    return found


def _interactions(model: FittedModel, table: Table) -> list[dict[str, Any]]:
    if len(model.predictor.encoder.columns) < 2 or table.n_samples < 2:
        return []
    clear = [one for one in interactions(model, table) if one.clear]
    return [one.to_json() | {"sentence": str(one)} for one in clear[:MOST_INTERACTIONS]]


def _explained_samples(
    model: FittedModel, table: Table, truth: Array | None, names: Sequence[str] | None
) -> list[dict[str, Any]]:
    """Return explanations of a few rows.

    They are those of the most confident, the median and the least confident prediction of a class,
    or of the highest, the median and the lowest number; and where the truth is known, of the most
    confident mistake or the largest error. Up to 100 rows are the background.
    """
    chosen = _samples(model, table, truth)
    indices = np.array(list(chosen.values()))
    explanation = explain(model, table.take(indices), background=table)
    prediction = model.predict(table.take(indices))
    return [
        {
            "why": why,
            "row": int(index),
            "name": None if names is None else names[index],
            "prediction": prediction[number : number + 1].tolist()[0],
            "truth": None if truth is None else truth[index : index + 1].tolist()[0],
            "background": explanation.background,
            **data_of_explanation(explanation, number),
        }
        for number, (why, index) in enumerate(chosen.items())
    ]


def _samples(model: FittedModel, table: Table, truth: Array | None) -> dict[str, int]:
    """Return the numbers of the rows to show, by the reason to show them."""
    encoder = model.predictor.target_encoder
    if isinstance(encoder, ClassEncoder):
        probabilities = model.predict_proba(table)
        values, predicted = probabilities.max(axis=1), encoder.decode(probabilities)
        names = ("most confident", "median", "least confident")
        worst = "most confident mistake"
    else:
        values = predicted = model.predict(table)
        names, worst = ("highest", "median", "lowest"), "largest error"
    order = np.argsort(values, kind="stable")
    chosen = {
        f"The {name} prediction": int(order[rank])
        for name, rank in zip(names, (-1, len(order) // 2, 0), strict=True)
    }
    if truth is not None:
        if isinstance(encoder, ClassEncoder):
            pairs = zip(predicted.tolist(), truth.tolist(), strict=True)
            error = values * [label_text(one) != label_text(other) for one, other in pairs]
        else:
            error = np.abs(predicted - as_numbers(model.summary.target, truth))
        error[is_missing(truth)] = 0
        if error.any():
            chosen[f"The {worst}"] = int(error.argmax())
    return chosen


MOST_COLUMNS = 8
"""Columns of a row that are shown; what all others add is one number."""

SHOWN_WORDS = 8
"""Words of a text that are named with what they add."""


def data_of_explanation(explanation: Explanation, number: int) -> dict[str, Any]:
    """Return what each column of a row adds, and each position of its images.

    Parameters
    ----------
    explanation : Explanation
        Of some rows.
    number : int
        Which of them.
    """
    own = explanation[number]
    amounts = dict(zip(own.columns, own.attributions[0].tolist(), strict=True))
    strongest = own.strongest(0)
    shown = strongest if len(strongest) <= MOST_COLUMNS + 1 else strongest[:MOST_COLUMNS]
    columns = [
        {"name": name, "value": value_text(own.values[name][0]), "attribution": amounts[name]}
        for name in shown
    ]
    rest = strongest[len(shown) :]
    return {
        "scale": own.scale,
        "class": None if own.target_class is None else label_text(own.target_class[0]),
        "base": float(own.base[0]),
        "output": float(own.output[0]),
        "remaining": float(own.remaining[0]),
        "columns": columns,
        "n_others": len(rest),
        "others": sum(amounts[name] for name in rest),
        "words": [
            {"name": name, **shares[0].to_json(), "strongest": shares[0].strongest(SHOWN_WORDS)}
            for name, shares in own.words.items()
        ],
        "maps": [
            _map(name, own.maps[name][0], own.values[name][0], _some(explanation.values[name]))
            for name in own.maps
        ],
    }


def _map(name: str, values: Array, shown: Any, another: Any) -> dict[str, Any]:
    """Return what each position adds and, if what stands there is a picture, its bytes.

    Of a sequence each channel is a line, of a sound each band, the highest first; `another` value
    of the column determines its kind where this row has none.
    """
    lines = values
    if isinstance(another, Signal):
        lines = values.T[::-1] if isinstance(another, Sound) else values.T
    return {
        "name": name,
        "values": [[float(f"{one:.3g}") for one in line] for line in lines],
        "picture": _picture(shown, values.shape),
    }


def _picture(shown: Any, sides: tuple[int, ...]) -> list[Any] | None:
    """Return an image as it is, or a sequence as gray lines, a channel each; None if it is neither.

    The last line is where steps are. A sequence is drawn where all of its steps are encoded.
    """
    if isinstance(shown, SequenceValue) and len(shown) <= sides[0]:
        known = np.isfinite(shown.values)
        steps = np.where(known, shown.values - shown.values.min(0, initial=np.inf, where=known), 0)
        steps /= np.maximum(steps.max(axis=0), np.finfo(np.float32).tiny)
        there = np.pad(steps, ((0, 0), (0, 1)), constant_values=1)
        lines = 1 - np.pad(there, ((0, sides[0] - len(steps)), (0, 0))).T  # (channels + 1, steps)
        gray = np.round(255 * lines).astype(int)[..., None]
        return list(gray.repeat(1 + sides[0] // (FLATTEST * sides[1]), axis=0).tolist())
    picture = np.asarray(shown)
    is_picture = picture.ndim == 3 and picture.shape[:-1] == sides
    return as_bytes(picture).tolist() if is_picture else None


def _some(values: Array) -> Any:
    """Return a value of a column that is there, or None."""
    return next((value for value in values if value is not None), None)
