"""The decisions of a race: its plan, which recipes end, what else is tried, and what ends it."""

from __future__ import annotations

from dataclasses import dataclass

from madaline._words import format_change, format_count, format_distinct, format_size
from madaline.records.decision import Decision


@dataclass(frozen=True)
class CheaperPlan(Decision):
    """A plan that takes less memory replaced the usual one."""

    action = "economize"
    n_bytes: int  # that the usual plan would take, about
    cheaper_bytes: int  # that this one takes, about
    limit: int  # how many there are
    changes: str  # what is different, in words

    @property
    def sentence(self) -> str:
        return (
            f"The usual plan would take about {format_size(self.n_bytes)} of memory, more than the"
            f" limit of {format_size(self.limit)}: {self.changes} (about"
            f" {format_size(self.cheaper_bytes)})."
        )


@dataclass(frozen=True)
class SampleDrawn(Decision):
    """Of a large table, a sample decides and is evaluated; networks learn from all rows."""

    action = "sample"
    rows: int  # of the table
    sampled: int  # that were drawn
    blocks: int  # of all rows, one of which is learned from in each epoch

    @property
    def sentence(self) -> str:
        epoch = format_count(round(self.rows / self.blocks), "row")
        return (
            f"The table has {self.rows:,} rows. {self.sampled:,} of them, drawn at random, compare"
            " the recipes and measure the scores, each predicted by networks that did not learn"
            f" from it. Networks learn from all rows: an epoch is {epoch}."
        )

    @property
    def rows_drawn(self) -> str:
        """How many rows were drawn, in words."""
        return f"the {self.sampled:,} of {self.rows:,} rows that were drawn"


@dataclass(frozen=True)
class PresetChosen(Decision):
    """The user chose a preset other than the default."""

    action = "preset"
    preset: str  # its name
    changes: str  # what it changes, in words

    @property
    def sentence(self) -> str:
        return f'The preset "{self.preset}" was chosen: {self.changes}.'


@dataclass(frozen=True)
class LearnedFromProbabilities(Decision):
    """The target is a distribution over the classes in each row, as another model gives it."""

    action = "target"
    n_classes: int
    entropy: float  # mean of the distributions: the lowest log loss there can be

    @property
    def sentence(self) -> str:
        return (
            f"The networks learned the probabilities of {self.n_classes} classes, such as those of"
            f" another model, not labels: their log loss cannot fall below {self.entropy:.4g}, the"
            " entropy of these. Where classes are counted (accuracy, curves, sets), each row has"
            " one that was drawn with its probabilities."
        )


@dataclass(frozen=True)
class TrainingEnded(Decision):
    """Abstract: a recipe is trained no more; its best epoch may still be part of the ensemble."""

    loss: float  # the lowest out-of-fold loss of the recipe


@dataclass(frozen=True)
class Dropped(TrainingEnded):
    """A recipe lost against the others."""

    action = "drop"
    best_loss: float  # the lowest of all recipes
    weight: float  # in the best ensemble of all recipes

    @property
    def sentence(self) -> str:
        loss, best = format_distinct([self.loss, self.best_loss])
        return (
            f"Stopped early: validation loss {loss}, best recipe {best}; weight in the best"
            f" ensemble {self.weight:.0%}."
        )


@dataclass(frozen=True)
class AugmentationSettled(Dropped):
    """Images are flipped or warped in training from now on, or no more."""

    setting: str  # "flips" or "warping"
    loss_without: float
    loss_with: float
    kept: bool  # whether it goes on

    @property
    def sentence(self) -> str:
        changed = "flipped left to right" if self.setting == "flips" else "warped"
        without, augmented = format_distinct([self.loss_without, self.loss_with])
        if not self.kept:
            return (
                f"Stopped early: images {changed} in training raise the validation loss from"
                f" {without} to {augmented}, more than longer training makes up for."
            )
        losses = f"(validation loss {augmented}, without {without})"
        if self.loss_with < self.loss_without:
            return f"Stopped early: images {changed} in training are learned better {losses}."
        return (
            f"Stopped early: the recipe with images {changed} in training goes on {losses}, as its"
            " loss falls for longer."
        )


@dataclass(frozen=True)
class WarpedFurther(TrainingEnded):
    """Networks go on, as another recipe, with images that are warped further."""

    action = "warp"
    loss_without: float  # of the recipe that does not warp
    warping: float  # from now on

    @property
    def sentence(self) -> str:
        warped, without = format_distinct([self.loss, self.loss_without])
        return (
            f"Warped images are learned as well as images as they are (validation loss {warped} and"
            f" {without}): the same networks go on with images warped more (by {self.warping:g})."
        )


@dataclass(frozen=True)
class TreesCompared(Decision):
    """Boosted trees were grown, and join the ensemble or not."""

    action = "compare"
    rounds: int  # trees of each output
    loss: float  # of the trees alone
    loss_before: float  # of the ensemble without them
    loss_after: float  # of the ensemble with them
    standard_error: float  # of the difference, row by row
    weight: float  # that they would have in the ensemble
    rows: int  # that these losses are of
    joined: bool
    follow: bool = False  # whether these were the first, and more follow

    def gains(self, errors: float, share: float) -> bool:
        """Return whether the loss falls by so many standard errors, and by such a share of it."""
        gain = self.loss_before - self.loss_after
        return gain > errors * self.standard_error and gain > share * abs(self.loss_before)

    @property
    def sentence(self) -> str:
        change = format_change(self.loss_after - self.loss_before, self.standard_error)
        if self.follow:
            return (
                f"The first {self.rounds} rounds of boosted trees (validation loss"
                f" {self.loss:.4f} alone) would change that of the ensemble by {change}: they grow"
                " on."
            )
        if self.joined:
            return (
                f"Boosted trees join the ensemble (weight {self.weight:.0%}, validation loss"
                f" {self.loss:.4f} alone): its validation loss changes by {change}."
            )
        return (
            f"Boosted trees stay out of the ensemble (validation loss {self.loss:.4f} alone): with"
            f" them its validation loss of {format_count(self.rows, 'row')} would change by"
            f" {change}, no clear gain."
        )


@dataclass(frozen=True)
class FirstAnswer(Decision):
    """Of a large table, an answer stands before networks are trained: trees of its sample."""

    action = "answer"
    loss: float  # out of fold

    @property
    def sentence(self) -> str:
        return (
            "A first answer stands: boosted trees that learned from the sample have a validation"
            f" loss of {self.loss:.4f}. The fit goes on; an interrupt takes the best so far."
        )


@dataclass(frozen=True)
class TreesLeftOut(Decision):
    """Boosted trees do not race."""

    action = "leave out"
    reason: str  # in words

    @property
    def sentence(self) -> str:
        return f"Boosted trees do not race: {self.reason}."


@dataclass(frozen=True)
class Stopped(TrainingEnded):
    """A recipe stopped improving."""

    action = "stop"
    best_epoch: int  # when the lowest loss was reached
    parent_loss: float | None = None  # of the recipe that it is a changed copy of
    slow_epochs: int = 0  # epochs that lowered the loss by less than counts, if it still fell

    @property
    def epochs(self) -> int:
        """How many epochs brought no improvement."""
        return self.epoch - self.best_epoch

    @property
    def improvement(self) -> float:
        """By how much its loss is below that of the recipe that it is a copy of; 0 without one."""
        return 0.0 if self.parent_loss is None else self.parent_loss - self.loss

    @property
    def sentence(self) -> str:
        if self.slow_epochs:
            return (
                f"Stopped: hardly any improvement for {self.slow_epochs} epochs (best validation"
                f" loss {self.loss:.4f}, epoch {self.best_epoch}).{self._outcome}"
            )
        return (
            f"Stopped: no improvement for {self.epochs} epochs (best validation loss"
            f" {self.loss:.4f}, epoch {self.best_epoch}).{self._outcome}"
        )

    @property
    def _outcome(self) -> str:
        if self.parent_loss is None:
            return ""
        before, after = format_distinct([self.parent_loss, self.loss])
        if self.improvement > 0:
            return f" The change lowered the validation loss from {before} to {after}."
        return f" The change did not lower the validation loss ({before} before)."


@dataclass(frozen=True)
class EpochLimitReached(TrainingEnded):
    """A recipe was trained for as many epochs as the effort allows."""

    action = "stop"
    epochs: int  # the most that the effort allows

    @property
    def sentence(self) -> str:
        return (
            f"Stopped at the limit of {self.epochs} epochs (best validation loss {self.loss:.4f}):"
            " a higher effort may lower it."
        )


@dataclass(frozen=True)
class Solved(TrainingEnded):
    """A recipe without hidden layers was solved: more epochs would change nothing."""

    action = "stop"

    @property
    def sentence(self) -> str:
        return (
            f"Solved: without hidden layers the loss has one minimum (validation loss"
            f" {self.loss:.4f})."
        )


@dataclass(frozen=True)
class SnapshotKept(Decision):
    """A recipe that is flat by itself goes on, as its present networks improve the ensemble."""

    action = "keep"
    loss: float  # the lowest of the recipe
    best_epoch: int  # when it was reached
    ensemble_loss: float  # with the present networks
    previous_ensemble_loss: float  # without them

    @property
    def sentence(self) -> str:
        before, after = format_distinct([self.previous_ensemble_loss, self.ensemble_loss])
        return (
            f"No improvement by itself since epoch {self.best_epoch} (validation loss"
            f" {self.loss:.4f}), but its current networks lower the validation loss of the ensemble"
            f" from {before} to {after}: a snapshot of them is kept, and training continues."
        )


@dataclass(frozen=True)
class LearningRateLowered(Decision):
    """A copy of the best recipe, which is flat, goes on with a lower learning rate."""

    action = "lower"
    loss: float  # the lowest of the recipe
    learning_rate: float  # of the copy
    previous_learning_rate: float  # of the recipe

    @property
    def sentence(self) -> str:
        return (
            f"The best recipe (validation loss {self.loss:.4f}) no longer improves: a copy"
            f" continues from its best epoch with a learning rate of {self.learning_rate:.2g}"
            f" instead of {self.previous_learning_rate:.2g}."
        )


@dataclass(frozen=True)
class Restored(Decision):
    """A recipe diverged and went back."""

    action = "restore"
    loss: float  # of the latest epoch
    best_epoch: int  # where it goes back to; 0: it starts again
    learning_rate: float  # from now on
    previous_learning_rate: float

    @property
    def sentence(self) -> str:
        back = f"goes back to epoch {self.best_epoch}" if self.best_epoch else "starts again"
        return (
            f"Diverged (validation loss {self.loss:.3g}): {back} and continues with a learning rate"
            f" of {self.learning_rate:.2g} instead of {self.previous_learning_rate:.2g}."
        )


@dataclass(frozen=True)
class Simplified(Decision):
    """The best recipe overfits and is tried anew with columns hidden in training."""

    action = "simplify"
    loss: float  # the lowest of the recipe
    training_loss: float  # on rows that its networks were trained on
    column_dropout: float  # share of the columns that is hidden in each row

    @property
    def sentence(self) -> str:
        return (
            f"The best recipe overfits (validation loss {self.loss:.4f}, training loss"
            f" {self.training_loss:.4f}): it is trained anew with column dropout, which hides"
            f" {self.column_dropout:.0%} of the columns at random in each row."
        )


@dataclass(frozen=True)
class Grown(Decision):
    """A copy of the best recipe, which has few parameters for so many rows, gets more units."""

    action = "grow"
    loss: float  # the lowest of the recipe
    parameters: int  # of one of its networks
    rows: int  # that one of its networks is trained on
    units: int  # of the first hidden layer of the copy
    previous_units: int  # of that of the recipe

    @property
    def sentence(self) -> str:
        return (
            f"The best recipe (validation loss {self.loss:.4f}) has {self.parameters:,} parameters"
            f" for {self.rows:,} rows: a copy continues from its best epoch with {self.units}"
            f" instead of {self.previous_units} units in each layer, and a lower learning rate."
        )


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
    """Abstract: training ended while recipes were still racing, or trees growing."""

    loss: float  # the lowest out-of-fold loss of a recipe
    racing: int  # recipes that were still racing; 0 where trees grew

    @property
    def _rest(self) -> str:
        still = f"with {format_count(self.racing, 'recipe')} still training"
        still = still if self.racing else "while boosted trees were growing"
        return (
            f"training ended after {format_count(self.epoch, 'epoch')} {still}; the lowest"
            f" validation loss is {self.loss:.4f}."
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
