"""Adjusting: a model's networks go on learning from their weights, at low learning rates.

Each fold's networks learn from the rows outside of their fold, as in the first fit, so that every
new row is predicted by networks that did not learn from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from madaline._base.language import _
from madaline._models.fitting.prepared import Preparation
from madaline._models.runtime.frozen_networks import NetworkPart
from madaline._race.cohort import Cohort
from madaline._race.ensemble import Ensemble, EnsembleMember
from madaline._race.epoch_task import EpochSeed, run_epoch_task
from madaline._race.race import Race
from madaline._race.recipe import GridRecipe, Recipe, TableRecipe, TextRecipe
from madaline._race.state import Candidate, empty
from madaline.nn._surgery import hidden_layers, units_of
from madaline.nn.arrays import Array
from madaline.nn.layers import Dropout
from madaline.nn.population import Population

_RATE_SHARES = (1 / 30, 1 / 10, 1 / 3)
"""Learning rates that race, as shares of that at which new networks start."""

_NO_DECAY = 1e9  # time scale of weight decay: nothing decays in the few epochs of an update


@final
@dataclass(frozen=True, eq=False)
class _ShareTrial:
    """Networks after an epoch at a learning rate."""

    share: float  # the learning rate, as a share of that at which new networks start
    epoch: int  # how many epochs they went on
    output: Array  # (n_evaluated, n_outputs), raw, by networks that did not learn from the row
    losses: Array  # (n_evaluated,): their losses


@final
class Adjusting:
    """The race of learning rates for the networks of a model, whose outputs need no temperature."""

    def __init__(
        self, parts: Sequence[NetworkPart], prepared: Preparation, seed: int, n_jobs: int | None
    ) -> None:
        self.parts, self.dataset = parts, prepared.dataset
        self._only_texts = prepared.encoder.only_texts
        self._learning = [part for part in parts if learns(part)]
        self._of_trees = self._output_of_trees()
        cohorts = [self._cohort(part, prepared.plan.batch_size) for part in self._learning]
        self.race = Race(prepared.plan, self.dataset, seed, cohorts=cohorts)
        self.race.equip(n_jobs)
        self.trials: list[_ShareTrial] = []
        self._best: dict[float, tuple[_ShareTrial, list[Array]]] = {}

    def run(self) -> None:
        """Train until no learning rate has improved for a while."""
        plan = self.race.plan
        with self.race.executor:
            while self.race.epoch < plan.epochs and self._since_best < plan.patience:
                self._run_epoch()

    @property
    def best(self) -> tuple[_ShareTrial, list[Array]]:
        """The epoch and the learning rate with the lowest loss, and the networks then.

        The networks are those of each part, of shape (recipes, folds, parameters).
        """
        return min(self._best.values(), key=lambda best: self._mean(best[0].losses))

    def honest_losses(self) -> Array:
        """Return losses of rows by trials that were chosen by the rows of other folds.

        The lowest of many losses flatters; these do not, as no row takes part in its own choice.
        """
        losses = np.stack([trial.losses for trial in self.trials])  # (trials, rows)
        weight, rows = self._weight, self.dataset.rows
        if rows.n_folds == 1:
            return self.best[0].losses
        weighted = losses * weight
        chosen = np.empty(losses.shape[1])
        for fold in range(rows.n_folds):
            held_out = rows.held_out(fold)
            outside = weighted.sum(axis=1) - weighted[:, held_out].sum(axis=1)
            chosen[held_out] = losses[int(np.argmin(outside)), held_out]
        return chosen

    def finished_race(self) -> Race:
        """Return the race with the best networks as its candidates, for the diagnosis."""
        best, thetas = self.best
        candidates = {
            str(number): Candidate(
                str(number),
                self._recipe(part, best.share),
                part.network,
                loss=self._mean(best.losses),
                epoch=best.epoch,
                theta=theta[index],
                racing=False,
            )
            for number, (part, theta, index) in enumerate(_members(self.parts, thetas), 1)
        }
        return replace(self.race, cohorts=[], candidates=candidates)

    def ensemble(self) -> Ensemble:
        """Return the best networks, with the weights that they had before."""
        best, thetas = self.best
        members = tuple(
            EnsembleMember(
                str(number),
                str(number),
                _("network {number}").format(number=number),
                part.n_bins,
                part.network,
                theta[index],
                empty(),
                float(part.weights[index]),
            )
            for number, (part, theta, index) in enumerate(_members(self.parts, thetas), 1)
        )
        return Ensemble(members, best.output)

    @property
    def _since_best(self) -> int:
        """How many epochs ago some learning rate improved last."""
        return self.race.epoch - max((trial.epoch for trial, _ in self._best.values()), default=0)

    @property
    def _weight(self) -> Array:
        weight = self.dataset.weights(self.dataset.evaluated)
        return np.ones(self.dataset.rows.n_evaluated) if weight is None else weight

    def _mean(self, losses: Array) -> float:
        return float(np.average(losses, weights=self._weight))

    def _run_epoch(self) -> None:
        """Train all networks for an epoch, and note what each learning rate came to."""
        race = self.race
        race.epoch += 1
        race.multiply_adds += sum(cohort.multiply_adds for cohort in race.cohorts)
        epoch = EpochSeed(race.seed, race.epoch)
        order = epoch.order(self.dataset, race.plan.batch_size)
        shared, workers = race.executor.share(race.for_training), race.executor.n_workers
        outputs = []
        for cohort in race.cohorts:
            tasks = cohort.tasks(epoch, order, shared, race.backend, workers)
            outputs.append(cohort.take(race.executor.map(run_epoch_task, tasks)))
        for place, share in enumerate(_RATE_SHARES):
            self._note(place, share, outputs)

    def _note(self, place: int, share: float, outputs: Sequence[Sequence[Array]]) -> None:
        dataset, output = self.dataset, self._of_trees.copy()
        for part, of_part in zip(self._learning, outputs, strict=True):
            first = place * len(part.weights)
            for index, weight in enumerate(part.weights):
                output += weight * of_part[first + index]
        losses = dataset.loss.rows(output, dataset.target[dataset.evaluated])
        trial = _ShareTrial(share, self.race.epoch, output, np.asarray(losses, np.float64))
        self.trials.append(trial)
        before = self._best.get(share)
        if before is None or self._mean(trial.losses) < self._mean(before[0].losses):
            self._best[share] = trial, self._networks(place)

    def _networks(self, place: int) -> list[Array]:
        """Return the present networks of a learning rate, of each part; trees as they are."""
        networks, cohorts = [], iter(self.race.cohorts)
        for part in self.parts:
            if not learns(part):
                networks.append(part.theta)
                continue
            cohort = next(cohorts)
            first = place * len(part.weights)
            numbers = range(first, first + len(part.weights))
            networks.append(np.stack([cohort.averaged(number) for number in numbers]))
        return networks

    def _output_of_trees(self) -> Array:
        """Return what trees add to the outputs of rows that they did not learn from."""
        rows = self.dataset.rows
        output = np.zeros((rows.n_evaluated, self.dataset.n_outputs))
        for part in self.parts:
            for fold in range(0 if learns(part) else rows.n_folds):
                x = self.dataset.encoded(part.n_bins, fold, rows.held_out(fold))
                outputs = part.network.predict(part.theta[:, fold], x)
                output[rows.held_out(fold)] += np.einsum("r,rno->no", part.weights, outputs)
        return output

    def _cohort(self, part: NetworkPart, batch_size: int) -> Cohort:
        """Return the networks of a part at every learning rate."""
        recipes = [self._recipe(part, share) for share in _RATE_SHARES for _ in part.weights]
        population = Population(
            part.network.layout, np.concatenate([part.theta for _ in _RATE_SHARES])
        )
        return Cohort.continued(recipes, part.network, population, self.dataset, batch_size)

    def _recipe(self, part: NetworkPart, share: float) -> Recipe:
        """Return how the networks of a part learn: at a share of the rate of their kind."""
        kind = TextRecipe if self._only_texts else TableRecipe
        units = tuple(units_of(part.network, layer) for layer in hidden_layers(part.network))
        if not self.dataset.inputs.grids:
            return kind(part.n_bins, _NO_DECAY, units, learning_rate=kind.learning_rate * share)
        random = any(isinstance(layer, Dropout) for layer in part.network.layers)
        return GridRecipe(
            part.n_bins,
            _NO_DECAY,
            units,
            learning_rate=GridRecipe.learning_rate * share,
            channels=((max(units),),) * len(self.dataset.inputs.grids),
            dropout=0.5 if random else 0.0,  # tells that layers are random; they know their rates
        )


def learns(part: NetworkPart) -> bool:
    """Return whether the members of a part go on learning: networks do, trees stay as they are."""
    return not part.network.of_trees


def without_temperature(
    parts: Sequence[NetworkPart], temperature: float | Array
) -> tuple[NetworkPart, ...]:
    """Return networks whose outputs are those of others divided by a temperature."""
    divided = []
    for part in parts:
        theta = part.theta.copy()
        last = part.network.layers[-1]
        for slot in last.slots():
            if slot.kind != "structure":
                part.network.bind(theta)[-1][slot.name][...] /= np.float32(temperature)
        divided.append(replace(part, theta=theta))
    return tuple(divided)


def _members(
    parts: Sequence[NetworkPart], thetas: Sequence[Array]
) -> list[tuple[NetworkPart, Array, int]]:
    """Return the part, the networks of the part, and the place among them of each member."""
    pairs = zip(parts, thetas, strict=True)
    return [(part, theta, index) for part, theta in pairs for index in range(len(part.weights))]
