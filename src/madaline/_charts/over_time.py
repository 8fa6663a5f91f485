"""What happens row after row: the loss, with a line where something changed, and shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from madaline._charts.axis import Axis
from madaline._charts.figure import COLORS, OTHER, REFERENCE, Band, Figure, Line
from madaline.nn.arrays import Array

MOST_CHANGES = 40
"""Changes that are drawn, at most: the latest."""


def loss_figure(rows: Array, losses: Array, changes: Sequence[int], name: str) -> Figure:
    """Return the mean loss over time, with dashed lines where something changed.

    Parameters
    ----------
    rows, losses : ndarray of shape (n_parts,)
        The middle of each part of the rows, and the mean loss in it.
    changes : sequence of int
        Rows since which something changed.
    name : str
        What the loss is.

    Examples
    --------
    >>> figure = loss_figure(np.array([5.0, 15.0]), np.array([0.1, 0.4]), [11], "log loss")
    >>> figure.description
    'The log loss of 2 parts of the rows, from 0.1 to 0.4; 1 change.'
    """
    latest = list(changes)[-MOST_CHANGES:]
    x, y = Axis.around([*rows, *latest], "row"), Axis.around([0.0, *losses], name)
    span = (y.low, y.high)
    marks = [Line(np.array([row, row], float), np.array(span), REFERENCE) for row in latest]
    if len(losses):
        described = f", from {losses[0]:.3g} to {losses[-1]:.3g}"
        marks.append(Line(rows, losses, COLORS[0], name))
    else:
        described = ""
    count = f"{len(changes):,} change{'' if len(changes) == 1 else 's'}"
    return Figure(
        "Loss over time",
        f"The {name} of {len(rows)} parts of the rows{described}; {count}.",
        "The mean loss of the rows whose label is known. Dashed: since when something changed:",
        x,
        y,
        tuple(marks),
    )


def shares_figure(rows: Array, shares: Mapping[str, Array]) -> Figure:
    """Return shares that add up to one as areas on top of one another.

    Parameters
    ----------
    rows : ndarray of shape (n_parts,)
        The middle of each part of the rows.
    shares : mapping of str to ndarray of shape (n_parts,)
        The shares of each name, the lowest area first.
    """
    marks: list[Band | Line] = []
    below = np.zeros(len(rows))
    for number, (name, share) in enumerate(shares.items()):
        style = COLORS[number] if number < len(COLORS) else OTHER
        above = below + share
        marks.append(Band(rows, below, above, 0.45, style if number < len(COLORS) else COLORS[-1]))
        marks.append(Line(rows, above, style, name))
        below = above
    latest = ", ".join(f"{name}: {share[-1]:.0%}" for name, share in shares.items() if len(share))
    return Figure(
        "Weights of the time scales",
        f"How much networks of each memory weigh; at the end {latest}.",
        "The weight of the networks that learn again from so many of the latest rows:",
        Axis.around(rows, "row"),
        Axis(0.0, 1.0, "weight", unit="share"),
        tuple(marks),
    )
