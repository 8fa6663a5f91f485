"""The explanation of one row, as JSON-able values: what its columns, pixels and words add."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline._data.media.images import as_bytes
from madaline._data.media.signals import Sequence, Signal, Sound
from madaline._evaluation.scores import label_text
from madaline._explain import Explanation
from madaline._explain.columns import value_text
from madaline._report.pixels import FLATTEST
from madaline.nn.arrays import Array

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
    if isinstance(shown, Sequence) and len(shown) <= sides[0]:
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
