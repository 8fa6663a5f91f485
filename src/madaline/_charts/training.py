"""The training of a single network: its loss, epoch by epoch, and where it was changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from madaline._charts.axis import Axis
from madaline._charts.figure import COLORS, Figure, Line
from madaline._charts.learning import LOGARITHMIC_FROM
from madaline.nn.arrays import Array

if TYPE_CHECKING:
    from madaline.records.decision import Decision
    from madaline.records.history import Epoch

SHOWN = {
    "grow": "units added",
    "restart": "restarted from new weights",
    "simplify": "simplified",
}
"""Decisions that have dots, and what the legend calls them; changes of the rate are too many."""


def training_figure(history: Sequence[Epoch], decisions: Sequence[Decision]) -> Figure:
    """Return the loss of each epoch, and on rows held out; dots where the network was changed.

    Parameters
    ----------
    history : sequence of Epoch
        The epochs, at least one.
    decisions : sequence of Decision
        What adaptive training did.
    """
    epochs = np.array([one.epoch for one in history], float)
    losses = np.array([one.loss for one in history])
    held_out = np.array([np.nan if v is None else v for v in (e.validation_loss for e in history)])
    lines = [Line(epochs, losses, COLORS[0], "training loss")]
    if np.isfinite(held_out).any():
        lines.append(Line(epochs, held_out, COLORS[1], "validation loss"))
    for style, (action, name) in zip(COLORS[2:], SHOWN.items(), strict=True):
        where = [one.epoch for one in decisions if one.action == action]
        # Lines of one point are drawn as a dot; only the first has an entry in the legend.
        lines += [
            Line(epochs[epochs == epoch], losses[epochs == epoch], style, name if first else "")
            for first, epoch in zip([True, *[False] * len(where)], where, strict=False)
        ]
    return Figure(
        "Training",
        f"The loss over {len(history)} epochs, from {losses[0]:.4f} to {losses[-1]:.4f}.",
        "The loss of each epoch on the training rows, and on rows held out if there are some:",
        Axis.around(epochs, "epoch"),
        _loss_axis(np.concatenate([losses, held_out])),
        tuple(lines),
    )


def _loss_axis(losses: Array) -> Axis:
    """Return an axis of the losses, logarithmic if they differ a lot.

    A step that is too long makes the loss shoot up for an epoch: such peaks are cut off.
    """
    finite = losses[np.isfinite(losses)]
    low, high = finite.min(initial=np.inf), finite.max(initial=-np.inf)
    if len(finite):
        high = min(high, max(1.2 * finite[0], np.percentile(finite, 95)))
    return Axis.around([low, high], "loss", logarithmic=bool(0 < low < high / LOGARITHMIC_FROM))
