"""The decisions that end a race before its recipes stop improving: a time limit, or the user."""

from __future__ import annotations

from dataclasses import dataclass

from madaline._words import count
from madaline.records.decision import Decision
from madaline.records.race_decisions import Dropped


@dataclass(frozen=True)
class RecipesLeftOut(Decision):
    """A time limit leaves no time for all recipes, so that some never start."""

    action = "limit"
    seconds: float  # the time limit
    recipes: int  # that start
    planned_recipes: int

    @property
    def sentence(self) -> str:
        return (
            f"The time limit of {self.seconds:g} s is too short for all"
            f" {self.planned_recipes} recipes: only {self.recipes}"
            f" {'is' if self.recipes == 1 else 'are'} trained."
        )


@dataclass(frozen=True)
class DroppedForTime(Dropped):
    """A recipe lost against the others, and the time limit leaves too few epochs for all."""

    seconds_left: float  # for training

    @property
    def sentence(self) -> str:
        return (
            f"{super().sentence[:-1]}, as the time limit leaves {self.seconds_left:.0f} s for"
            " training."
        )


@dataclass(frozen=True)
class RaceEnded(Decision):
    """Abstract: training ended while recipes were still racing."""

    loss: float  # the lowest out-of-fold loss of a recipe
    racing: int  # recipes that were still racing

    @property
    def _rest(self) -> str:
        return (
            f"training ended after {count(self.epoch, 'epoch')} with"
            f" {count(self.racing, 'recipe')} still training; the lowest validation loss is"
            f" {self.loss:.4f}."
        )


@dataclass(frozen=True)
class TimeLimitReached(RaceEnded):
    """The time limit leaves no time for another epoch."""

    action = "limit"
    seconds: float  # the time limit

    @property
    def sentence(self) -> str:
        return f"Time limit of {self.seconds:g} s: {self._rest} More time may lower it."


@dataclass(frozen=True)
class Interrupted(RaceEnded):
    """The user interrupted the fit."""

    action = "interrupt"

    @property
    def sentence(self) -> str:
        return f"Interrupted: {self._rest}"


@dataclass(frozen=True)
class StoppedByCallback(RaceEnded):
    """A callback asked for the end."""

    action = "interrupt"

    @property
    def sentence(self) -> str:
        return f"Stopped by a callback: {self._rest}"
