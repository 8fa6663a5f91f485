"""The race: recipes learn side by side, those that lose are dropped, the best are combined.

Every row is judged by networks that never saw it (out of fold), so nothing here fools itself: the
same out-of-fold outputs decide who stays, when to stop, how to combine, and what score to promise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from madaline.core.arrays import Array
from madaline.core.network import Network
from madaline.training.cohort import Cohort
from madaline.training.decisions import Decision
from madaline.training.ensemble import combined, greedy_weights
from madaline.training.examples import Examples
from madaline.training.plan import Plan
from madaline.training.recipe import Recipe
from madaline.training.records import Record
from madaline.training.threads import Workers

Event = tuple[Record, Decision | None]
"""What the race yields: a record, and the decision that it led to, if any."""


@dataclass
class Candidate:
    """A recipe at its best epoch.

    Parameters
    ----------
    recipe : Recipe
        Which hyperparameters.
    network : Network
        Which layers.
    loss : float
        Lowest out-of-fold loss.
    epoch : int
        When it was reached.
    theta : ndarray of shape (folds, parameters)
        The averaged networks of that epoch.
    output : ndarray of shape (n_samples, n_outputs)
        Their out-of-fold raw outputs.
    racing : bool
        Whether it still trains.
    """

    recipe: Recipe
    network: Network
    loss: float = np.inf
    epoch: int = 0
    theta: Array = field(default_factory=lambda: np.empty(0, np.float32), repr=False)
    output: Array = field(default_factory=lambda: np.empty(0, np.float32), repr=False)
    racing: bool = True


@dataclass
class Race:
    """Recipes x folds, trained until no recipe gets better.

    Parameters
    ----------
    plan : Plan
        Which recipes race, for how long, and when losers are dropped.
    examples : Examples
        The rows.
    seed : int
        Decides every random number.
    workers : Workers
        Threads.
    """

    plan: Plan
    examples: Examples
    seed: int
    workers: Workers = field(default_factory=Workers)
    epoch: int = 0
    multiply_adds: float = 0.0
    cohorts: list[Cohort] = field(default_factory=list)
    candidates: dict[str, Candidate] = field(default_factory=dict)
    _last: dict[str, Record] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Initialize the networks of every recipe of the plan."""
        for recipes in _same_layers(self.plan.recipes):
            self._enter(recipes)

    def run(self) -> Iterator[Event]:
        """Train epoch by epoch; yield every record, with the decision that it led to."""
        while self.cohorts and self.epoch < self.plan.epochs:
            self.epoch += 1
            self._train()
            yield from self._judge()
            yield from self._drop_flat()
            yield from self._drop_losers()

    def weights(self) -> dict[str, float]:
        """Return the weight of every recipe in the final prediction; most are zero."""
        outputs, names = self._outputs()
        weights = greedy_weights(
            outputs, self.examples.target, self.examples.loss, weight=self.examples.weight
        )
        return dict(zip(names, weights.tolist(), strict=True))

    def output(self, weights: dict[str, float]) -> Array:
        """Return the out-of-fold raw output of a weighted mean, in the order of the examples."""
        outputs, names = self._outputs()
        return combined(outputs, np.asarray([weights[name] for name in names]))

    def _enter(self, recipes: list[Recipe]) -> None:
        rngs = [
            np.random.default_rng([self.seed, len(self.candidates) + place])
            for place in range(len(recipes))
        ]
        cohort = Cohort.start(recipes, self.examples, self.plan.batch_size, rngs)
        self.cohorts.append(cohort)
        for recipe in recipes:
            self.candidates[recipe.name] = Candidate(recipe, cohort.network)

    def _train(self) -> None:
        rng = np.random.default_rng([self.seed, 2**32 - 1, self.epoch])
        order = self.examples.rows.batches(self.plan.batch_size, rng)
        tasks = [(cohort, group) for cohort in self.cohorts for group in cohort.groups()]
        self.workers.map(lambda task: task[0].train_group(task[1], order), tasks)
        self.multiply_adds += sum(cohort.multiply_adds for cohort in self.cohorts)

    def _judge(self) -> Iterator[Event]:
        """Judge every racing recipe on the rows that its networks never saw."""
        rows = self.examples.rows
        tasks = [(cohort, fold) for cohort in self.cohorts for fold in range(rows.n_folds)]
        parts = self.workers.map(
            lambda task: task[0].judge_fold(task[1], rows.held_out(task[1])), tasks
        )
        for number, cohort in enumerate(self.cohorts):
            own = parts[number * rows.n_folds : (number + 1) * rows.n_folds]
            outputs = np.concatenate(own, axis=1)  # (recipes, n_samples, n_outputs)
            for place, recipe in enumerate(cohort.recipes):
                yield self._note(cohort, place, recipe, outputs[place]), None

    def _note(self, cohort: Cohort, place: int, recipe: Recipe, output: Array) -> Record:
        candidate = self.candidates[recipe.name]
        loss = self.examples.mean_loss(output)
        if loss < candidate.loss:
            candidate.loss, candidate.epoch = loss, self.epoch
            candidate.theta, candidate.output = cohort.averaged(place), output.copy()
        self._last[recipe.name] = Record(
            epoch=self.epoch,
            recipe=recipe.name,
            loss=loss,
            best_loss=candidate.loss,
            learning_rate=recipe.learning_rate,
            racing=sum(other.racing for other in self.candidates.values()),
            multiply_adds=self.multiply_adds,
        )
        return self._last[recipe.name]

    def _drop_flat(self) -> list[Event]:
        """Stop training recipes that have not improved for `patience` epochs."""
        flat = [
            one
            for one in self._racing()
            if self.epoch - one.epoch >= self.plan.patience
        ]
        decisions = [
            Decision(
                self.epoch,
                "stop",
                one.recipe.name,
                "Stopped: no better since epoch {best:.0f}, {flat:.0f} epochs ago"
                " (loss {loss:.4f}).",
                {"best": one.epoch, "flat": self.epoch - one.epoch, "loss": one.loss},
            )
            for one in flat
        ]
        return self._retire(flat, decisions)

    def _drop_losers(self) -> list[Event]:
        """At a cut, keep the recipes that the best mean of all uses most, and the single best."""
        keep = dict(self.plan.cuts).get(self.epoch)
        racing = self._racing()
        if keep is None or len(racing) <= keep:
            return []
        weights = self.weights()
        best = min(racing, key=lambda one: one.loss)
        ranked = sorted(
            racing, key=lambda one: (one is not best, -weights[one.recipe.name], one.loss)
        )
        losers = ranked[keep:]
        decisions = [
            Decision(
                self.epoch,
                "drop",
                one.recipe.name,
                "Dropped: loss {loss:.4f} against {best:.4f} of the best, and"
                " {share:.0%} of the best mix.",
                {"loss": one.loss, "best": best.loss, "share": weights[one.recipe.name]},
            )
            for one in losers
        ]
        return self._retire(losers, decisions)

    def _retire(self, leaving: list[Candidate], decisions: list[Decision]) -> list[Event]:
        for one in leaving:
            one.racing = False
        for cohort in self.cohorts:
            staying = [
                place
                for place, recipe in enumerate(cohort.recipes)
                if self.candidates[recipe.name].racing
            ]
            if len(staying) < len(cohort.recipes):
                cohort.keep(staying)
        self.cohorts = [cohort for cohort in self.cohorts if cohort.recipes]
        return [(self._last[decision.subject], decision) for decision in decisions]

    def _racing(self) -> list[Candidate]:
        return [one for one in self.candidates.values() if one.racing]

    def _outputs(self) -> tuple[Array, list[str]]:
        names = [name for name, one in self.candidates.items() if len(one.output)]
        return np.stack([self.candidates[name].output for name in names]), names


def _same_layers(recipes: tuple[Recipe, ...]) -> list[list[Recipe]]:
    """Return the recipes in groups whose networks have the same layers."""
    groups: dict[tuple[int, tuple[int, ...]], list[Recipe]] = {}
    for recipe in recipes:
        groups.setdefault((recipe.n_bins, recipe.units), []).append(recipe)
    return list(groups.values())
