"""Every epoch in numbers: of one network, of a recipe, and of all recipes as columns of a table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, final

import numpy as np

from madaline._base.codec import Count, Stored
from madaline._base.language import _
from madaline._base.words import format_count
from madaline.records._results.blocks import Charts, Paragraph, Section
from madaline.records._results.curves import learning_figure, training_figure
from madaline.records._results.figure import Figure
from madaline.records._results.result import Result, ToFrame
from madaline.records.decision import Decision


@final
@dataclass(frozen=True)
class Epoch:
    """One epoch of training: the losses at its start, and the learning rate in force then.

    Parameters
    ----------
    epoch : int
        Counted from one.
    loss : float
        On the rows that the network learns from.
    learning_rate : float
        Length of the step that followed.
    validation_loss : float, optional
        On the rows held out, if there are some.
    """

    epoch: int
    loss: float
    learning_rate: float
    validation_loss: float | None = None


@final
class Epochs(list[Epoch], Result, ToFrame):
    """The epochs of a single network, in their order; training adds to them.

    >>> Epochs([Epoch(1, 0.69, 0.1), Epoch(2, 0.5, 0.1)])
    <Epochs: 2, the loss from 0.69 to 0.5>
    """

    def __init__(self, epochs: Iterable[Epoch] = (), decisions: Sequence[Decision] = ()) -> None:
        super().__init__(epochs)
        self._decisions = decisions  # that fell meanwhile: the figure shows where

    def to_columns(self) -> dict[str, list[Any]]:
        """Return the fields of every epoch."""
        names = [column.name for column in fields(Epoch)]
        return {name: [getattr(epoch, name) for epoch in self] for name in names}

    def figure(self) -> Figure:
        """Return the losses, with dots where decisions fell."""
        columns = {name: np.array(values, float) for name, values in self.to_columns().items()}
        return training_figure(
            columns["epoch"],
            columns["loss"],
            columns["validation_loss"],
            [(decision.action, decision.epoch) for decision in self._decisions],
        )

    def __repr__(self) -> str:
        """Return how many there are, and their losses."""
        if not self:
            return "<Epochs: 0>"
        losses = _("the loss from {first:.4g} to {last:.4g}").format(
            first=self[0].loss, last=self[-1].loss
        )
        held_out = [epoch for epoch in self if epoch.validation_loss is not None]
        if held_out:
            best = min(held_out, key=lambda epoch: epoch.validation_loss or math.inf)
            losses += _(
                "; on held-out rows the lowest is {validation_loss:.4g}, at epoch {epoch}"
            ).format(validation_loss=best.validation_loss, epoch=best.epoch)
        return f"<Epochs: {len(self):,}, {losses}>"

    def sections(self) -> Iterator[Section]:
        """Yield the figure."""
        yield Section([Charts([self.figure()]) if self else Paragraph("not trained yet")])


@dataclass(frozen=True)
class Record(Stored):
    """One epoch of one recipe, all its folds together.

    Parameters
    ----------
    epoch : int
        Counted from one.
    recipe : str
        Name of the recipe, for people.
    loss : float
        Out-of-fold loss: every row is predicted by the network that was not trained on it.
    best_loss : float
        The recipe's lowest out-of-fold loss so far, this epoch included.
    learning_rate : float
        The recipe's learning rate in this epoch.
    racing : int
        How many recipes were racing.
    multiply_adds : float
        Work of the whole race so far, in multiply-adds.
    recipe_id : str
        Which recipe of the race it is.
    """

    epoch: Count
    recipe: str
    loss: float
    best_loss: float
    learning_rate: float
    racing: int
    multiply_adds: float
    recipe_id: str

    @property
    def improved(self) -> bool:
        """Whether this epoch is the recipe's best."""
        return self.loss == self.best_loss


@final
class History(dict[str, list[Any]], Result, ToFrame):
    """Columns by name, one entry for each epoch of each recipe.

    It is a dict, so that ``pandas.DataFrame(history)`` and ``polars.DataFrame(history)`` make a
    table of it, too.

    >>> history = History.of([Record(1, "plain", 0.5, 0.5, 0.03, 9, 1e6, "1")])
    >>> history["recipe"], history["loss"]
    (['plain'], [0.5])
    >>> history.to_frame("polars").shape
    (1, 8)
    """

    members: tuple[tuple[str, float], ...] = ()
    """The `recipe_id` of each recipe that predicts in the end, and its share: drawn in color."""

    @classmethod
    def of(cls, records: Iterable[Record], members: Iterable[tuple[str, float]] = ()) -> History:
        """Return the history of some records."""
        records = tuple(records)
        history = cls(
            {
                column.name: [getattr(record, column.name) for record in records]
                for column in fields(Record)
            }
        )
        history.members = tuple(members)
        return history

    def to_columns(self) -> dict[str, list[Any]]:
        """Return the columns."""
        return dict(self)

    def __repr__(self) -> str:
        """Return how long it is, and the best epoch of any recipe."""
        losses = self["loss"]
        if not losses:
            return "<History: no epochs>"
        best = min(range(len(losses)), key=losses.__getitem__)
        recipes = format_count(len(set(self["recipe_id"])), "recipe")
        where = _("{recipe}, epoch {epoch}").format(
            recipe=self["recipe"][best], epoch=self["epoch"][best]
        )
        return (
            f"<History of {recipes} over {format_count(max(self['epoch']), 'epoch')}; lowest loss"
            f" {losses[best]:.4f}: {where}>"
        )

    def sections(self) -> Iterator[Section]:
        """Yield the figure."""
        yield Section([Charts([learning_figure(self, self.members)])])
