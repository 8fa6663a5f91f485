"""The race: recipes learn side by side, those that lose are dropped, the best are combined.

Every row is predicted by networks that were not trained on it (out of fold). These outputs decide
which recipes stay, when to stop, how to combine, and what score to expect.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice, takewhile
from typing import TypeAlias

import numpy as np

from madaline._base.language import _
from madaline._race import recipe_policies
from madaline._race.architecture import hide_features
from madaline._race.cohort import Cohort
from madaline._race.dataset import Dataset
from madaline._race.ensemble import Ensemble
from madaline._race.epoch_task import BlockInTask, EpochSeed, run_epoch_task, run_training
from madaline._race.plan import Plan
from madaline._race.recipe import Recipe
from madaline._race.row_blocks import RowBlocks
from madaline._race.state import Candidate, RaceState, empty
from madaline._race.stopping_policies import (
    Policy,
    SelectionPolicy,
    StoppingPolicy,
    ensemble_weights,
)
from madaline._tables.io.spill import spill_to_disk
from madaline.nn._engine.backend import Backend
from madaline.nn._engine.executors.choice import choose_executor
from madaline.nn._engine.executors.executor import Executor, Serial, Shared
from madaline.nn._engine.numpy_backend import MIN_WORK_TO_COMPILE, NumpyBackend, choose_backend
from madaline.nn._surgery import hidden_layers, widen
from madaline.nn.arrays import Array
from madaline.nn.network import Network
from madaline.nn.population import Population
from madaline.records import race_decisions as decisions
from madaline.records.decision import Decision
from madaline.records.history import Record

# What the race yields: a record, and the decision that it led to, if any
Event: TypeAlias = tuple[Record, Decision | None]


@dataclass
class Race:
    """Recipes x folds, trained until no recipe gets better."""

    plan: Plan  # which recipes race, for how long, and when losers are dropped
    dataset: Dataset  # the rows
    seed: int  # decides every random number
    backend: Backend = field(default_factory=NumpyBackend)  # what trains
    # what runs the tasks of an epoch; it does not change the result
    executor: Executor = field(default_factory=Serial)
    epoch: int = 0
    multiply_adds: float = 0.0
    cohorts: list[Cohort] = field(default_factory=list)
    candidates: dict[str, Candidate] = field(default_factory=dict)
    # policies beside those of the plan, such as that of a time limit
    extra_policies: tuple[Policy, ...] = ()
    blocks: RowBlocks | None = None  # all rows, where the dataset holds a sample of them
    # an answer that stands before recipes are trained; it does not race, and none of them knows it
    first: Candidate | None = None

    def __post_init__(self) -> None:
        """Initialize the networks of every recipe of the plan."""
        for recipes in _same_layers(self.plan.recipes):
            self._enter(recipes)

    @property
    def state(self) -> RaceState:
        """How the race stands."""
        return RaceState(self.epoch, self.candidates, self.dataset)

    @property
    def planned_multiply_adds(self) -> float:
        """Multiply-adds of all epochs that there may be, if no recipe stopped early; one if solved.

        Where the plan expects less work than usual, it is that share of them.
        """
        epochs = self.plan.expected_work * self.max_epochs
        solved = (cohort.multiply_adds for cohort in self.cohorts if cohort.solved)
        return sum(solved) + epochs * sum(
            cohort.multiply_adds for cohort in self.cohorts if not cohort.solved
        )

    def equip(
        self,
        n_jobs: int | None = None,
        executor: Executor | None = None,
        compiled_from: float | None = None,
        *,
        affordable: float = np.inf,  # multiply-adds for which there is time
    ) -> None:
        """Choose the backend that suits the planned work, and the executor, if none is given."""
        work = min(self.planned_multiply_adds, affordable)
        self.backend = choose_backend(
            work, compiled_from, compiles=affordable >= MIN_WORK_TO_COMPILE
        )
        compiled = all(
            self.backend.covers(cohort.rule) for cohort in self.cohorts if not cohort.solved
        )
        self.executor = choose_executor(
            n_jobs,
            uses_threads=compiled and self.backend.uses_threads,
            multiply_adds=work,
            given=executor,
        )

    @property
    def finished(self) -> bool:
        """Whether nothing is left to train."""
        return not self.cohorts

    @property
    def evaluated(self) -> bool:
        """Whether some recipe, or a first answer, has been evaluated on all rows."""
        return self.first is not None or any(
            candidate.epoch for candidate in self.candidates.values()
        )

    def run(self) -> Iterator[Event]:
        """Train until the end; yield every record, with the decision that it led to."""
        with self.executor:
            while not self.finished:
                yield from self.run_epoch()

    def run_epoch(self, stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        """Train for one epoch, measure the validation loss, and carry out what the policies decide.

        Once `stop` returns True, it must go on to do so, and the race is not to be continued:
        recipes whose networks have not all been trained by then stay as they were.
        """
        self.epoch += 1
        for record in self._learn(stop):
            yield record, None
        if stop():
            return
        for policy in (*self._policies(), *self.extra_policies):
            for decision in policy.decide(self.state):
                self._apply(decision)
                latest = self.candidates[decision.recipe_id].record
                if latest is not None:
                    yield latest, decision

    def ensemble(self) -> Ensemble:
        """Return the best ensemble of all recipes at their best epochs, and of a first answer."""
        if self.first is None:
            return Ensemble.of(self.candidates, ensemble_weights(self.state))
        able = {candidate.key: candidate for candidate in (*self.state.able, self.first)}
        weights = self.dataset.best_weights([candidate.output for candidate in able.values()])
        return Ensemble.of(able, dict(zip(able, map(float, weights), strict=True)))

    def latest_record(self, recipe_id: str) -> Record | None:
        """Return the latest record of a recipe, or of the first answer."""
        if self.first is not None and recipe_id == self.first.recipe_id:
            return self.first.record
        return self.candidates[recipe_id].record

    def forget_outputs(self) -> None:
        """Drop the recipes' outputs to free memory, once the best ensemble is known."""
        for candidate in self.candidates.values():
            candidate.output = empty()
        if self.first is not None:
            self.first.output = empty()

    @property
    def max_epochs(self) -> int:
        """For how many epochs a network may be trained, at most."""
        return self.plan.epochs * self.dataset.n_blocks

    def _policies(self) -> tuple[Policy, ...]:
        return (
            StoppingPolicy(
                self.plan.patience,
                self.plan.patience_of_copies,
                self.max_epochs,
                self.plan.least_gain,
            ),
            recipe_policies.FLIPS,
            recipe_policies.WARPING,
            recipe_policies.MoreWarpingPolicy(),
            SelectionPolicy(self.plan.cuts),
            recipe_policies.LearningRatePolicy(
                self.plan.lowest_rate, self.max_epochs, 2 * self.plan.flat_gain
            ),
            recipe_policies.SimplificationPolicy(self.plan.overfit, self.plan.fewest_columns),
            recipe_policies.GrowthPolicy(
                self.plan.rows_for_a_parameter,
                self.plan.widest,
                self.max_epochs,
                2 * self.plan.flat_gain,
            ),
        )

    def _enter(self, recipes: Sequence[Recipe]) -> None:
        """Start new networks of recipes that share their layers."""
        first = len(self.candidates)
        rngs = [np.random.default_rng([self.seed, first + index]) for index in range(len(recipes))]
        cohort = Cohort.start(recipes, self.dataset, self.plan.batch_size, rngs)
        self.cohorts.append(cohort)
        for recipe in recipes:
            facts = self._next_id, recipe, cohort.kept_network
            self._add(Candidate(*facts, entered=self.epoch))

    def _slow_down(self, parent: Candidate, recipe: Recipe) -> None:
        """Continue from a candidate's best epoch with a lower learning rate."""
        population = Population(parent.network.layout, parent.theta[None].copy())
        self._continue(parent, recipe, parent.network, population)

    def _start_over(self, diverged: Candidate) -> None:
        """Replace networks that diverged by slower ones, from their best epoch or anew."""
        self._retire(diverged)
        recipe = recipe_policies.slower(diverged.recipe)
        while recipe in {candidate.recipe for candidate in self.candidates.values()}:
            recipe = recipe_policies.slower(recipe)
        if diverged.epoch:
            self._slow_down(diverged, recipe)
        else:
            self._enter([recipe])

    def _grow(self, parent: Candidate) -> None:
        """Continue with wider copies of a candidate's networks, which predict the same at first."""
        recipe = recipe_policies.wider(parent.recipe)
        rng = np.random.default_rng([self.seed, len(self.candidates)])
        network = parent.network
        population = Population(network.layout, parent.theta[None].copy())
        for layer, units in zip(hidden_layers(network), parent.recipe.units, strict=True):
            network, population = widen(network, population, layer, units, rng)
        hide_features(recipe, network, population.theta, self.dataset.inputs)
        self._continue(parent, recipe, network, population)

    def _warp_further(self, parent: Candidate, warping: float) -> None:
        """Let the networks of a recipe go on as they are, with images that are warped further."""
        recipe = recipe_policies.warped(parent.recipe, warping)
        for cohort in self.cohorts:
            cohort.recipes = [recipe if old == parent.recipe else old for old in cohort.recipes]
        parent.racing = False
        self._add_copy(parent, recipe, parent.network)

    def _continue(
        self, parent: Candidate, recipe: Recipe, network: Network, population: Population
    ) -> None:
        """Enter networks that start from a candidate's best epoch."""
        cohort = Cohort.continued([recipe], network, population, self.dataset, self.plan.batch_size)
        self.cohorts.append(cohort)
        self._add_copy(parent, recipe, network, since=parent.epoch)

    def _add_copy(
        self, parent: Candidate, recipe: Recipe, network: Network, *, since: int | None = None
    ) -> None:
        """Add a candidate whose networks were those of another, by default its latest."""
        epoch = self.epoch if since is None else since
        self._add(
            Candidate(
                self._next_id,
                recipe,
                network,
                entered=self.epoch,
                inherited_epochs=parent.epochs_trained(epoch),
                parent_id=parent.recipe_id,
            )
        )

    @property
    def _next_id(self) -> str:
        return str(len(self.candidates) + 1)

    def _add(self, candidate: Candidate) -> None:
        self.candidates[candidate.key] = candidate

    def _candidate_of(self, recipe: Recipe) -> Candidate:
        candidates = self.candidates.values()
        return next(
            candidate
            for candidate in candidates
            if candidate.recipe == recipe and not candidate.snapshot
        )

    def _learn(self, stop: Callable[[], bool]) -> Iterator[Record]:
        """Train every network for an epoch; yield the record of each recipe, until told to stop."""
        for candidate in self.candidates.values():
            candidate.latest_output = empty()  # makes room: the policies have used it
        self.multiply_adds += sum(cohort.multiply_adds for cohort in self.cohorts)
        epoch = EpochSeed(self.seed, self.epoch)
        dataset = self.executor.share(self.for_training)
        block = self._block()
        order = None
        if not self._in_tasks:
            order = epoch.order((block or dataset).get(), self.plan.batch_size)
        tasks = [
            cohort.tasks(epoch, order, dataset, self.backend, self.executor.n_workers, block)
            for cohort in self.cohorts
        ]
        results = self.executor.map(
            run_epoch_task, [task for cohort_tasks in tasks for task in cohort_tasks]
        )
        results = takewhile(lambda _: not stop(), results)
        for cohort, cohort_tasks in zip(self.cohorts, tasks, strict=True):
            outputs = cohort.take(islice(results, len(cohort_tasks)))
            if stop():  # some of its results may be missing
                return
            for place in range(len(outputs)):
                yield self._record(cohort, place, outputs.pop(0))  # one by one, to need less room

    def _block(self) -> Shared[Dataset] | None:
        """Return the block of many rows that networks learn from in this epoch; None for all rows.

        In other processes, tasks make it themselves: its features are many times as large.
        """
        if self.blocks is None:
            return None
        number = (self.epoch - 1) % self.blocks.n_blocks
        used = sorted({cohort.recipes[0].n_bins for cohort in self.cohorts})
        if self._in_tasks:
            return BlockInTask(self.executor.share(self.blocks), number, tuple(used))
        return self.executor.share(self.blocks.dataset(number, used))

    @property
    def _in_tasks(self) -> bool:
        """Whether tasks find out by themselves what they learn from in an epoch."""
        return self.executor.remote or (self.executor.copies and self.blocks is not None)

    @cached_property
    def for_training(self) -> Dataset:
        """The rows as tasks need them: what only evaluates may hold what cannot be sent."""
        return replace(self.dataset, metric=None, groups=None)

    def _record(self, cohort: Cohort, place: int, output: Array) -> Record:
        candidate = self._candidate_of(cohort.recipes[place])
        loss = self.dataset.validation_loss(output)
        candidate.latest_output = spill_to_disk(output)
        if loss < candidate.loss:
            candidate.loss, candidate.epoch = loss, self.epoch
            candidate.theta, candidate.output = cohort.averaged(place), candidate.latest_output
        share = self.plan.flat_gain
        if share and self.state.gained(candidate.gained_loss, loss, share):
            candidate.gained_loss, candidate.gained_epoch = loss, self.epoch
        candidate.record = Record(
            epoch=self.epoch,
            recipe=candidate.name,
            loss=loss,
            best_loss=candidate.loss,
            learning_rate=candidate.recipe.learning_rate,
            racing=len(self.state.racing),
            multiply_adds=self.multiply_adds,
            recipe_id=candidate.recipe_id,
        )
        return candidate.record

    def _apply(self, decision: Decision) -> None:
        candidate = self.candidates[decision.recipe_id]
        match decision:
            case decisions.WarpedFurther():
                self._warp_further(candidate, decision.warping)
            case decisions.TrainingEnded():
                self._retire(candidate)
            case decisions.SnapshotKept():
                self._keep(candidate)
            case decisions.LearningRateLowered():
                self._slow_down(candidate, recipe_policies.slower(candidate.recipe))
            case decisions.Restored():
                self._start_over(candidate)
            case decisions.Simplified():
                self._enter([recipe_policies.simpler(candidate.recipe)])
            case decisions.Grown():
                self._grow(candidate)
            case other:
                raise TypeError(
                    _("The race cannot carry out {name}.").format(name=type(other).__name__)
                )

    def _keep(self, racing: Candidate) -> None:
        """Let a snapshot of a recipe's present networks take part in the ensemble."""
        racing.snapshot_epoch = self.epoch
        for cohort in self.cohorts:
            for index, recipe in enumerate(cohort.recipes):
                if recipe == racing.recipe:
                    snapshot = replace(
                        racing,
                        loss=racing.latest_loss,
                        epoch=self.epoch,
                        theta=cohort.averaged(index),
                        output=racing.latest_output,
                        latest_output=empty(),
                        snapshot=True,
                        racing=False,
                    )
                    self._add(snapshot)

    def leave_out(self, recipe_ids: Collection[str]) -> None:
        """Stop recipes without a decision, such as those that never started."""
        for recipe_id in recipe_ids:
            self._retire(self.candidates[recipe_id])

    def _retire(self, leaving: Candidate) -> None:
        leaving.racing, leaving.latest_output = False, empty()
        for cohort in self.cohorts:
            racing = [
                index
                for index, recipe in enumerate(cohort.recipes)
                if self._candidate_of(recipe).racing
            ]
            if len(racing) < len(cohort.recipes):
                cohort.keep(racing)
        self.cohorts = [cohort for cohort in self.cohorts if cohort.recipes]


def _same_layers(recipes: Sequence[Recipe]) -> list[list[Recipe]]:
    """Return the recipes in groups whose networks have the same layers and see the same batches."""
    groups: dict[Recipe, list[Recipe]] = {}
    for recipe in recipes:
        key = replace(recipe, decay_time=0.0, learning_rate=0.0)
        groups.setdefault(key, []).append(recipe)
    return list(groups.values())


_MIN_MEASURED_SECONDS = 0.05  # seconds that a measurement takes, at least


def measure_speed(race: Race, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the multiply-adds a second that one worker does in training."""
    cohort = race.cohorts[0]
    epoch = EpochSeed(race.seed, 0)
    order = epoch.order(race.dataset, cohort.batch_size)
    shared = race.executor.share(race.for_training)
    task = cohort.tasks(epoch, order, shared, race.backend, 1)[0]
    assert task.order is not None
    n_steps = 1
    of_step = cohort.network.training_multiply_adds() * cohort.batch_size
    while True:
        n_steps = min(2 * n_steps, task.order.shape[1])
        started = clock()
        run_training(replace(task, order=task.order[:, :n_steps]))
        seconds = clock() - started
        if seconds > _MIN_MEASURED_SECONDS or n_steps == task.order.shape[1]:
            n_networks = task.members.axes[0] * task.members.axes[1]
            return float(n_networks * n_steps * of_step / max(seconds, 1e-9))
