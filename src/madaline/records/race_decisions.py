"""The decisions of a race: its plan, which recipes end, what else is tried, and what ends it."""

from __future__ import annotations

from dataclasses import dataclass

from madaline._base.codec import Sentence
from madaline._base.language import _
from madaline._base.words import format_change, format_count, format_distinct, format_size
from madaline.records.decision import Decision


@dataclass(frozen=True)
class CheaperPlan(Decision):
    """A plan that takes less memory replaced the usual one."""

    action = "economize"
    n_bytes: int  # that the usual plan would take, about
    cheaper_bytes: int  # that this one takes, about
    limit: int  # how many there are
    changes: Sentence  # what is different, in words

    @property
    def sentence(self) -> str:
        return _(
            "The usual plan would take about {n_bytes} of memory, more than the limit of {limit}: {changes} (about {cheaper_bytes})."
        ).format(
            n_bytes=format_size(self.n_bytes),
            limit=format_size(self.limit),
            changes=self.changes,
            cheaper_bytes=format_size(self.cheaper_bytes),
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
        return _(
            "The table has {rows:,} rows. {sampled:,} of them, drawn at random, compare the recipes and measure the scores, each predicted by networks that did not learn from it. Networks learn from all rows: an epoch is {epoch}."
        ).format(rows=self.rows, sampled=self.sampled, epoch=epoch)

    @property
    def rows_drawn(self) -> str:
        """How many rows were drawn, in words."""
        return _("the {sampled:,} of {rows:,} rows that were drawn").format(
            sampled=self.sampled, rows=self.rows
        )


@dataclass(frozen=True)
class PresetChosen(Decision):
    """The user chose a preset other than the default."""

    action = "preset"
    preset: str  # its name
    changes: Sentence  # what it changes, in words

    @property
    def sentence(self) -> str:
        return _('The preset "{preset}" was chosen: {changes}.').format(
            preset=self.preset, changes=self.changes
        )


@dataclass(frozen=True)
class LearnedFromProbabilities(Decision):
    """The target is a distribution over the classes in each row, as another model gives it."""

    action = "target"
    n_classes: int
    entropy: float  # mean of the distributions: the lowest log loss there can be

    @property
    def sentence(self) -> str:
        return _(
            "The networks learned the probabilities of {n_classes} classes, such as those of another model, not labels: their log loss cannot fall below {entropy:.4g}, the entropy of these. Where classes are counted (accuracy, curves, sets), each row has one that was drawn with its probabilities."
        ).format(n_classes=self.n_classes, entropy=self.entropy)


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
        return _(
            "Stopped early: validation loss {loss}, best recipe {best}; weight in the best ensemble {weight:.0%}."
        ).format(loss=loss, best=best, weight=self.weight)


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
            return _(
                "Stopped early: images {changed} in training raise the validation loss from {without} to {augmented}, more than longer training makes up for."
            ).format(changed=changed, without=without, augmented=augmented)
        losses = _("(validation loss {augmented}, without {without})").format(
            augmented=augmented, without=without
        )
        if self.loss_with < self.loss_without:
            return _(
                "Stopped early: images {changed} in training are learned better {losses}."
            ).format(changed=changed, losses=losses)
        return _(
            "Stopped early: the recipe with images {changed} in training goes on {losses}, as its loss falls for longer."
        ).format(changed=changed, losses=losses)


@dataclass(frozen=True)
class WarpedFurther(TrainingEnded):
    """Networks go on, as another recipe, with images that are warped further."""

    action = "warp"
    loss_without: float  # of the recipe that does not warp
    warping: float  # from now on

    @property
    def sentence(self) -> str:
        warped, without = format_distinct([self.loss, self.loss_without])
        return _(
            "Warped images are learned as well as images as they are (validation loss {warped} and {without}): the same networks go on with images warped more (by {warping:g})."
        ).format(warped=warped, without=without, warping=self.warping)


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
            return _(
                "The first {rounds} rounds of boosted trees (validation loss {loss:.4f} alone) would change that of the ensemble by {change}: they grow on."
            ).format(rounds=self.rounds, loss=self.loss, change=change)
        if self.joined:
            return _(
                "Boosted trees join the ensemble (weight {weight:.0%}, validation loss {loss:.4f} alone): its validation loss changes by {change}."
            ).format(weight=self.weight, loss=self.loss, change=change)
        return _(
            "Boosted trees stay out of the ensemble (validation loss {loss:.4f} alone): with them its validation loss of {rows} would change by {change}, no clear gain."
        ).format(loss=self.loss, rows=format_count(self.rows, "row"), change=change)


@dataclass(frozen=True)
class FirstAnswer(Decision):
    """Of a large table, an answer stands before networks are trained: trees of its sample."""

    action = "answer"
    loss: float  # out of fold

    @property
    def sentence(self) -> str:
        return _(
            "A first answer stands: boosted trees that learned from the sample have a validation loss of {loss:.4f}. The fit goes on; an interrupt takes the best so far."
        ).format(loss=self.loss)


@dataclass(frozen=True)
class TreesLeftOut(Decision):
    """Boosted trees do not race."""

    action = "leave out"
    reason: Sentence  # in words

    @property
    def sentence(self) -> str:
        return _("Boosted trees do not race: {reason}.").format(reason=self.reason)


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
            return _(
                "Stopped: hardly any improvement for {slow_epochs} epochs (best validation loss {loss:.4f}, epoch {best_epoch}).{outcome}"
            ).format(
                slow_epochs=self.slow_epochs,
                loss=self.loss,
                best_epoch=self.best_epoch,
                outcome=self._outcome,
            )
        return _(
            "Stopped: no improvement for {epochs} epochs (best validation loss {loss:.4f}, epoch {best_epoch}).{outcome}"
        ).format(
            epochs=self.epochs, loss=self.loss, best_epoch=self.best_epoch, outcome=self._outcome
        )

    @property
    def _outcome(self) -> str:
        if self.parent_loss is None:
            return ""
        before, after = format_distinct([self.parent_loss, self.loss])
        if self.improvement > 0:
            return _(" The change lowered the validation loss from {before} to {after}.").format(
                before=before, after=after
            )
        return _(" The change did not lower the validation loss ({before} before).").format(
            before=before
        )


@dataclass(frozen=True)
class EpochLimitReached(TrainingEnded):
    """A recipe was trained for as many epochs as the effort allows."""

    action = "stop"
    epochs: int  # the most that the effort allows

    @property
    def sentence(self) -> str:
        return _(
            "Stopped at the limit of {epochs} epochs (best validation loss {loss:.4f}): a higher effort may lower it."
        ).format(epochs=self.epochs, loss=self.loss)


@dataclass(frozen=True)
class Solved(TrainingEnded):
    """A recipe without hidden layers was solved: more epochs would change nothing."""

    action = "stop"

    @property
    def sentence(self) -> str:
        return _(
            "Solved: without hidden layers the loss has one minimum (validation loss {loss:.4f})."
        ).format(loss=self.loss)


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
        return _(
            "No improvement by itself since epoch {best_epoch} (validation loss {loss:.4f}), but its current networks lower the validation loss of the ensemble from {before} to {after}: a snapshot of them is kept, and training continues."
        ).format(best_epoch=self.best_epoch, loss=self.loss, before=before, after=after)


@dataclass(frozen=True)
class LearningRateLowered(Decision):
    """A copy of the best recipe, which is flat, goes on with a lower learning rate."""

    action = "lower"
    loss: float  # the lowest of the recipe
    learning_rate: float  # of the copy
    previous_learning_rate: float  # of the recipe

    @property
    def sentence(self) -> str:
        return _(
            "The best recipe (validation loss {loss:.4f}) no longer improves: a copy continues from its best epoch with a learning rate of {learning_rate:.2g} instead of {previous_learning_rate:.2g}."
        ).format(
            loss=self.loss,
            learning_rate=self.learning_rate,
            previous_learning_rate=self.previous_learning_rate,
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
        back = (
            _("goes back to epoch {best_epoch}").format(best_epoch=self.best_epoch)
            if self.best_epoch
            else "starts again"
        )
        return _(
            "Diverged (validation loss {loss:.3g}): {back} and continues with a learning rate of {learning_rate:.2g} instead of {previous_learning_rate:.2g}."
        ).format(
            loss=self.loss,
            back=back,
            learning_rate=self.learning_rate,
            previous_learning_rate=self.previous_learning_rate,
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
        return _(
            "The best recipe overfits (validation loss {loss:.4f}, training loss {training_loss:.4f}): it is trained anew with column dropout, which hides {column_dropout:.0%} of the columns at random in each row."
        ).format(
            loss=self.loss, training_loss=self.training_loss, column_dropout=self.column_dropout
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
        return _(
            "The best recipe (validation loss {loss:.4f}) has {parameters:,} parameters for {rows:,} rows: a copy continues from its best epoch with {units} instead of {previous_units} units in each layer, and a lower learning rate."
        ).format(
            loss=self.loss,
            parameters=self.parameters,
            rows=self.rows,
            units=self.units,
            previous_units=self.previous_units,
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
        return _(
            "The time limit of {seconds:g} s is too short for all {planned_recipes} recipes: only {recipes} is trained."
            if self.recipes == 1
            else "The time limit of {seconds:g} s is too short for all {planned_recipes} recipes: only {recipes} are trained."
        ).format(seconds=self.seconds, planned_recipes=self.planned_recipes, recipes=self.recipes)


@dataclass(frozen=True)
class DroppedForTime(Dropped):
    """A recipe lost against the others, and the time limit leaves too few epochs for all."""

    seconds_left: float  # for training

    @property
    def sentence(self) -> str:
        return _("{sentence}, as the time limit leaves {seconds_left:.0f} s for training.").format(
            sentence=super().sentence[:-1], seconds_left=self.seconds_left
        )


@dataclass(frozen=True)
class RaceEnded(Decision):
    """Abstract: training ended while recipes were still racing, or trees growing."""

    loss: float  # the lowest out-of-fold loss of a recipe
    racing: int  # recipes that were still racing; 0 where trees grew

    @property
    def _rest(self) -> str:
        still = _("with {recipes} still training").format(
            recipes=format_count(self.racing, "recipe")
        )
        still = still if self.racing else "while boosted trees were growing"
        return _(
            "training ended after {epochs} {still}; the lowest validation loss is {loss:.4f}."
        ).format(epochs=format_count(self.epoch, "epoch"), still=still, loss=self.loss)


@dataclass(frozen=True)
class TimeLimitReached(RaceEnded):
    """The time limit leaves no time for another epoch."""

    action = "limit"
    seconds: float  # the time limit

    @property
    def sentence(self) -> str:
        return _("Time limit of {seconds:g} s: {rest} More time may lower it.").format(
            seconds=self.seconds, rest=self._rest
        )


@dataclass(frozen=True)
class Interrupted(RaceEnded):
    """The user interrupted the fit."""

    action = "interrupt"

    @property
    def sentence(self) -> str:
        return _("Interrupted: {rest}").format(rest=self._rest)


@dataclass(frozen=True)
class StoppedByCallback(RaceEnded):
    """A callback asked for the end."""

    action = "interrupt"

    @property
    def sentence(self) -> str:
        return _("Stopped by a callback: {rest}").format(rest=self._rest)
