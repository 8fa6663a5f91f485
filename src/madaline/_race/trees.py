"""Boosted trees race, too: on the same folds, and they join the ensemble only where that helps.

scikit-learn grows them. What it grew becomes the parameters of a layer, `madaline.nn.layers.Trees`,
so that the trees of all folds are one more candidate of the race. They see the features without
bins, and of each fold the rows that its networks learn from.

They begin once the networks are trained: in one fold, with few rounds. Only where a mean of the
ensemble and these trees is better there, all folds follow, a few rounds at a time, for as long as
the out-of-fold loss of all of them together falls. In the end they join if the ensemble then gains
more than chance explains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import numpy as np

from madaline._data.io.spill import spill_to_disk
from madaline._engine.executors.executor import Shared
from madaline._evaluation.score import mean_and_error
from madaline._race.dataset import Dataset
from madaline._race.ensemble_weights import greedy_weights, weighted_mean
from madaline._race.race import Event, Race
from madaline._race.recipe import TreeRecipe
from madaline._race.state import Candidate
from madaline._race.stopping_policies import ensemble_weights
from madaline._race.tree_growing import (
    LEARNING_RATE,
    LOSSES,
    MAX_FEATURES,
    STEP,
    Grown,
    GrowTask,
    bins_of_trees,
    grow,
    levels_of,
    network_of,
)
from madaline.nn._sparse_rows import SparseRows
from madaline.nn.arrays import Array
from madaline.nn.losses import CrossEntropy
from madaline.records.history import Record
from madaline.records.race_decisions import TreesCompared, TreesLeftOut

_FEW_ROUNDS = 40  # that must take less time than the networks
_PATIENCE = 20  # after so many rounds without a lower loss it is the end
_MAX_ROUNDS = 400

# A tree takes as long as so many multiply-adds of networks: by itself, for each input, for each
# row, and for each input of a row. All together may take such a share of the work of the race, or
# so many multiply-adds; if the first rounds in all folds would take as much as the race, and more
# than a few seconds, none grow
_WORK_OF_TREE, _WORK_OF_INPUT, _WORK_OF_ROW, _WORK_OF_NUMBER = 2e7, 8e5, 6e3, 150
_SHARE_OF_WORK, _MIN_WORK, _SLOW_WORK = 0.4, 3e10, 1e11


@final
@dataclass(frozen=True)
class _Demands:
    """What trees must show, and for how long they may grow."""

    first_rounds: int  # of the fold that decides whether others follow
    least_rounds: int  # of which there may be so many in any case
    # by which share of itself the loss of the ensemble must fall: in the first fold, for others to
    # follow, and in all, for trees to join
    first_share: float
    share: float
    # by how many of its standard errors. On test rows of 23 tables, gains of less than two were
    # losses as often
    first_errors: float = 0.5
    errors: float = 2.0


# Where rows are many, trees take little time beside networks, and small gains are no chance
_OF_FEW, _OF_MANY = (
    _Demands(_FEW_ROUNDS, _FEW_ROUNDS, 0.001, 0.005),
    _Demands(100, 120, 0.0003, 0.0005),
)

# Trees of the sample of a large table alone are a first answer: so many rounds, if they take no
# more multiply-adds. After 20, 40, 60 and 100 rounds the loss on test rows of a census was .127,
# .119, .118 and .118, on flights .433, .414, .407 and .402
_FIRST_ROUNDS, _FIRST_WORK = 60, 3e11

_BYTES_OF_NUMBER = 16  # of each feature of a row: in float32, in float64, and its range


def race_trees(
    race: Race, stop: Callable[[float, int], bool], allows: Callable[[int], bool]
) -> Iterator[Event]:
    """Grow trees once the networks are trained; yield their record, and whether they join.

    `stop` tells whether there is no time for so many multiply-adds in so many networks, `allows`
    whether there is memory for so many bytes.
    """
    latest, reason = race.state.best.record, _obstacle(race, allows)
    assert latest is not None
    no_time = latest, TreesLeftOut(race.epoch, "boosted trees", "there is no time for them")
    if reason:
        yield latest, replace(no_time[1], reason=reason)
        return
    trees = _Trees(race, _count_blocks(race, allows))
    if trees.are_slow:
        reason = f"those of {race.dataset.n_outputs} outputs would take longer than the networks"
        yield latest, replace(no_time[1], reason=reason)
        return
    if stop(trees.first_work, 1):
        yield no_time
        return
    first = trees.compare_first_fold()
    if not first.gains(trees.demands.first_errors, trees.demands.first_share):
        yield latest, first
        return
    yield latest, replace(first, follow=True)
    rounds = trees.grow(stop)
    if not rounds:
        yield no_time
        return
    candidate = trees.candidate(rounds)
    assert candidate.record is not None
    yield candidate.record, None
    decision = trees.compare(candidate)
    yield candidate.record, decision
    if decision.joined:
        race.candidates[candidate.key] = candidate


def first_answer(
    race: Race, allows: Callable[[int], bool], affordable: float = np.inf
) -> Candidate | None:
    """Return trees that learned from the sample of a large table; None if they cannot, or not soon.

    They do not race, and their work is not counted, as it decides how many trees of all rows may
    grow: a fit that is not ended early has the same bits with and without them.
    """
    if race.blocks is None or _obstacle(race, allows):
        return None
    trees, work = _Trees(race, 0), race.multiply_adds
    if trees.work_of(_FIRST_ROUNDS) > min(_FIRST_WORK, affordable):
        return None
    trees.grow_all(_FIRST_ROUNDS)
    race.multiply_adds = work
    return trees.candidate(_FIRST_ROUNDS, "first")


def _obstacle(race: Race, allows: Callable[[int], bool]) -> str:
    """Return why trees cannot race, in words; empty if they can."""
    dataset = race.dataset
    if dataset.grids or dataset.patterns:
        return "they see no images, sounds or sequences"
    if isinstance(dataset.features[bins_of_trees(dataset)], SparseRows):
        return "all columns are texts"
    if dataset.n_outputs > 1 and not isinstance(dataset.loss, CrossEntropy):
        return "several targets or quantiles are predicted together"
    if type(dataset.loss) not in LOSSES:
        return "scikit-learn has none for this loss"
    if LOSSES[type(dataset.loss)] == "log_loss" and np.any(dataset.target % 1):
        return "scikit-learn grows them from labels, not probabilities"
    n_features = len(dataset.columns[bins_of_trees(dataset)])
    if n_features > MAX_FEATURES:
        return f"there are {n_features:,} features, more than {MAX_FEATURES:,}"
    rows = [dataset.rows.training(network) for network in range(dataset.rows.n_networks)]
    if not all((np.ptp(dataset.target[own], axis=0) > 0).all() for own in rows):
        return "some fold learns from rows that lack a class, or have one value alone"
    return "" if _count_blocks(race, allows) else "there is not enough memory"


def _count_blocks(race: Race, allows: Callable[[int], bool]) -> int:
    """Return how many blocks of the rows there is memory for; all rows are one if they are few."""
    dataset, blocks = race.dataset, race.blocks
    n_features = len(dataset.columns[bins_of_trees(dataset)])
    n_blocks = 1 if blocks is None else blocks.n_blocks
    n_rows = dataset.n_samples if blocks is None else blocks.n_samples
    n_bytes = race.executor.n_local_workers * _BYTES_OF_NUMBER * n_rows * n_features
    return next((n for n in range(n_blocks, 0, -1) if allows(n_bytes * n // n_blocks)), 0)


@final
class _Trees:
    """Trees of all folds, and the ensemble that they may join."""

    def __init__(self, race: Race, n_blocks: int) -> None:
        self.race, self.dataset, self.n_blocks = race, race.dataset, n_blocks
        # those of all rows of a large table; None: the sample is learned from
        of_all = race.blocks if n_blocks else None
        self.blocks = None if of_all is None else race.executor.share(of_all)
        self.demands = _OF_FEW if race.blocks is None else _OF_MANY
        self._work_of_race = race.multiply_adds
        self.shared: Shared[Dataset] = race.executor.share(race.for_training)
        self.levels = levels_of(self.dataset)
        self.grown: dict[int, Grown] = {}  # of each network
        self.outputs = {one.key: one.output for one in race.state.able}

    @cached_property
    def before(self) -> Array:
        """The output of the ensemble of the networks."""
        weights = ensemble_weights(self.race.state)
        given = np.array([weights[key] for key in self.outputs])
        return weighted_mean(list(self.outputs.values()), given)

    def compare_first_fold(self) -> TreesCompared:
        """Return what few rounds in one fold add to the ensemble; later folds have more rows."""
        dataset = self.dataset
        fold = dataset.rows.n_folds - 1
        rounds = self.demands.first_rounds
        self._grow([fold], rounds)
        held_out = dataset.rows.held_out(fold)
        both = [self.before[held_out].astype(np.float32), self.grown[fold].outputs[rounds]]
        target, weight = dataset.target[held_out], dataset.weights(held_out)
        weights = greedy_weights(both, target, dataset.loss, weight=weight)
        after = weighted_mean(both, weights)
        return self._compared(rounds, both[1], weights, after, held_out)

    def grow(self, stop: Callable[[float, int], bool]) -> int:
        """Grow trees in all folds until their loss is flat; return the best number of rounds.

        It is zero if there is no time for any.
        """
        rows, rounds, before, best = self.dataset.rows, self.demands.first_rounds, 0, 0
        most = self._most_rounds
        n_networks = rows.n_networks
        while not stop(n_networks * (rounds - before) * self._work_of_round, n_networks):
            self._grow(range(rows.n_folds), rounds)
            tried = range(STEP, rounds + 1, STEP)
            best = min(tried, key=lambda one: self._loss(self._output(one)))
            if rounds - best >= _PATIENCE or rounds == most:
                break
            more = max(_PATIENCE, rounds // 2 // STEP * STEP)
            before, rounds = rounds, min(most, rounds + more)
        if best:
            self._grow_final(best)
        return best

    def grow_all(self, rounds: int) -> None:
        """Grow so many trees in all folds, and in the final networks."""
        self._grow(range(self.dataset.rows.n_folds), rounds)
        self._grow_final(rounds)

    def _grow_final(self, rounds: int) -> None:
        final = range(self.dataset.rows.n_folds, self.dataset.rows.n_networks)
        if final:  # all learn from the same rows: their trees are the same
            self._grow(final[:1], rounds)
            self.grown |= dict.fromkeys(final, self.grown[final[0]])

    def work_of(self, rounds: int) -> float:
        """Return the multiply-adds that take as long as so many rounds of all networks."""
        return self.dataset.rows.n_networks * rounds * self._work_of_round

    @property
    def first_work(self) -> float:
        """The multiply-adds that take as long as the trees that are looked at first."""
        return self.demands.first_rounds * self._work_of_round

    @property
    def _most_rounds(self) -> int:
        """How many rounds there may be."""
        affordable = max(_MIN_WORK, _SHARE_OF_WORK * self._work_of_race) / self._work_of_round
        affordable /= self.dataset.rows.n_networks
        least = self.demands.least_rounds
        return int(min(_MAX_ROUNDS, max(least, affordable // STEP * STEP)))

    @cached_property
    def _work_of_round(self) -> float:
        """The multiply-adds that take as long as a round of one network."""
        dataset, n_features = self.dataset, len(self.dataset.columns[bins_of_trees(self.dataset)])
        n_inputs = n_features - sum(len(features) - 1 for features in self.levels)
        of_row = _WORK_OF_ROW + _WORK_OF_NUMBER * n_inputs
        n_rows: float = dataset.rows.n_training
        if self.n_blocks:
            n_rows = dataset.n_training * self.n_blocks / dataset.n_blocks
        of_data = _WORK_OF_INPUT * n_inputs + of_row * n_rows
        return dataset.n_outputs * (_WORK_OF_TREE + of_data)

    @property
    def are_slow(self) -> bool:
        """Whether few rounds in all folds would take longer than the networks took."""
        n_networks = self.dataset.rows.n_networks
        return _FEW_ROUNDS * self._work_of_round * n_networks > max(_SLOW_WORK, self._work_of_race)

    def candidate(self, rounds: int, key: str = "") -> Candidate:
        """Return the trees of so many rounds as a candidate of the race."""
        race, rows, n_bins = self.race, self.dataset.rows, bins_of_trees(self.dataset)
        network, theta = network_of(
            [self.grown[network] for network in range(rows.n_networks)],
            rounds,
            n_features=len(self.dataset.columns[n_bins]),
        )
        output = np.empty_like(self._output(rounds))
        for fold in range(rows.n_folds):
            own = rows.held_out(fold)
            output[own] = network.predict(theta[fold], self.dataset.encoded(n_bins, fold, own))
        recipe, loss = TreeRecipe(n_bins, rounds=rounds), self._loss(output)
        key = key or str(len(race.candidates) + 1)
        facts = race.epoch, recipe.name, loss, loss, LEARNING_RATE, 0, race.multiply_adds, key
        return Candidate(
            key,
            recipe,
            network,
            loss=loss,
            epoch=race.epoch,
            theta=theta,
            output=spill_to_disk(output),
            record=Record(*facts),
            entered=race.epoch,
            racing=False,
        )

    def compare(self, candidate: Candidate) -> TreesCompared:
        """Return what trees add to the best ensemble of all candidates."""
        outputs = [*self.outputs.values(), candidate.output]
        weights, places = self.dataset.best_weights(outputs), self.dataset.evaluated
        assert isinstance(candidate.recipe, TreeRecipe)
        after, own = weighted_mean(outputs, weights), candidate.output[:]
        compared = self._compared(candidate.recipe.rounds, own, weights, after, places)
        joined = compared.gains(self.demands.errors, self.demands.share)
        return replace(compared, joined=joined, recipe_id=candidate.recipe_id)

    def _compared(
        self, rounds: int, own: Array, weights: Array, after: Array, places: slice
    ) -> TreesCompared:
        """Return how losses of some rows change; the last of the weights is that of the trees."""
        dataset, target = self.dataset, self.dataset.target[places]
        weight, groups = dataset.weights(places), dataset.groups
        groups = None if groups is None else groups[places]
        before, now, alone = (
            np.asarray(dataset.loss.rows(output, target), np.float64)
            for output in (self.before[places], after, own)
        )
        gain, error = mean_and_error(before - now, weight, groups)
        loss_before, loss = (mean_and_error(one, weight, groups)[0] for one in (before, alone))
        return TreesCompared(
            self.race.epoch,
            TreeRecipe(rounds=rounds).name,
            rounds=rounds,
            loss=loss,
            loss_before=loss_before,
            loss_after=loss_before - gain,
            standard_error=error,
            weight=float(weights[-1]),
            rows=len(target),
            joined=False,
        )

    def _grow(self, networks: Sequence[int], rounds: int) -> None:
        """Grow trees of some networks until there are so many rounds."""
        tasks = [
            GrowTask(
                self.shared,
                network,
                rounds,
                self.race.seed,
                self.levels,
                self.grown.get(network),
                self.blocks,
                self.n_blocks,
            )
            for network in networks
            if network not in self.grown or rounds not in self.grown[network].outputs
        ]
        done = [0 if task.before is None else task.before.model.n_iter_ for task in tasks]
        for task, grown in zip(tasks, self.race.executor.map(grow, tasks), strict=True):
            self.grown[task.network] = grown
        self.race.multiply_adds += (rounds * len(tasks) - sum(done)) * self._work_of_round

    def _output(self, rounds: int) -> Array:
        """Return the out-of-fold raw outputs of so many rounds, (n_evaluated, n_outputs)."""
        folds = range(self.dataset.rows.n_folds)
        return np.concatenate([self.grown[fold].outputs[rounds] for fold in folds])

    def _loss(self, output: Array) -> float:
        target, weight, _ = self.dataset.evaluated_facts
        return float(self.dataset.loss.mean(output, target, weight))
