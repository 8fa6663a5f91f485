"""Boosted trees race, too: on the same folds, and they join the ensemble only where that helps.

scikit-learn grows them. What it grew becomes the parameters of a layer, `madaline.nn.layers.Trees`,
so that the trees of all folds are one more candidate of the race. They see the features without
bins, and of each fold the rows that its networks learn from.

They begin once the networks are trained, with few rounds in all folds. More follow for as long as
the loss of a weighted mean of the ensemble and these trees falls clearly; they join if the ensemble
then gains more than chance explains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import numpy as np

from madaline._base.language import _
from madaline._race.dataset import Dataset
from madaline._race.ensemble_weights import weighted_mean
from madaline._race.evaluation.score import mean_and_error
from madaline._race.race import Event, Race
from madaline._race.recipe import TreeRecipe
from madaline._race.state import Candidate
from madaline._race.stopping_policies import ensemble_weights
from madaline._race.trees.growing import (
    LEARNING_RATE,
    LOSSES,
    MAX_FEATURES,
    STEP,
    GrowTask,
    TreesOfNetwork,
    grow,
    levels_of,
    network_of,
)
from madaline._tables.io.spill import spill_to_disk
from madaline.nn._engine.executors.executor import Shared
from madaline.nn._sparse_rows import SparseRows
from madaline.nn.arrays import Array
from madaline.nn.losses import CrossEntropy
from madaline.records.history import Record
from madaline.records.race_decisions import TreesCompared, TreesLeftOut

_MAX_ROUNDS = 200  # on 63 tables of up to 10,000 rows, 120 were enough

_LEAST_ERRORS = 1.0  # standard errors that the ensemble must gain for trees to join


@final
@dataclass(frozen=True)
class _Patience:
    """How long trees grow."""

    first_rounds: int  # that grow in any case
    # more follow, `STEP` at a time, while these lower the loss of the blend by such a share of it
    share: float


# Where rows are many, trees gain slowly, and take little time beside networks
_OF_FEW, _OF_MANY = _Patience(STEP, 0.002), _Patience(100, 0.0005)

# A tree takes as long as so many multiply-adds of networks: by itself, for each input, for each
# row, and for each input of a row. If the first rounds in all folds would take as much as the race,
# and more than a few seconds, none grow
_WORK_OF_TREE, _WORK_OF_INPUT, _WORK_OF_ROW, _WORK_OF_NUMBER = 2e7, 8e5, 6e3, 150
_SLOW_WORK = 1e11

# Trees of the sample of a large table alone are a first answer: so many rounds, if they take no
# more multiply-adds. After 20, 40, 60 and 100 rounds the loss on test rows of a census was .127,
# .119, .118 and .118, on flights .433, .414, .407 and .402
_FIRST_ROUNDS, _FIRST_WORK = 60, 3e11

_MIN_ROWS = 40  # that a tree learns from: scikit-learn leaves 20 on either side of a split

_BYTES_OF_NUMBER = 16  # of each feature of a row: in float32, in float64, and its range


def race_trees(
    race: Race, stop: Callable[[float, int], bool], allows: Callable[[int], bool]
) -> Iterator[Event]:
    """Grow trees once the networks are trained; yield their record, and whether they join.

    `stop` tells whether there is no time for so many multiply-adds in so many networks, `allows`
    whether there is memory for so many bytes.
    """
    latest = race.state.best.record
    reason = _obstacle(race, allows)
    assert latest is not None
    no_time = latest, TreesLeftOut(race.epoch, "boosted trees", "there is no time for them")
    if reason:
        yield latest, replace(no_time[1], reason=reason)
        return
    trees = _Trees(race, _count_blocks(race, allows))
    if trees.are_slow:
        reason = _("those of {n_outputs} outputs would take longer than the networks").format(
            n_outputs=race.dataset.n_outputs
        )
        yield latest, replace(no_time[1], reason=reason)
        return
    if stop(trees.work_of(trees.patience.first_rounds), race.dataset.rows.n_networks):
        yield no_time
        return
    first = trees.compare_first()
    rounds = first.rounds
    if first.gains(0.0, trees.patience.share):
        yield latest, replace(first, follow=True)
        rounds = trees.grow_on(stop)
    decision = trees.compare(rounds)
    if not decision.joined:
        yield latest, decision
        return
    trees.grow_all(rounds)
    candidate = trees.candidate(rounds)
    assert candidate.record is not None
    yield candidate.record, None
    race.candidates[candidate.key] = candidate
    yield candidate.record, replace(decision, recipe_id=candidate.recipe_id)


def first_answer(
    race: Race, allows: Callable[[int], bool], affordable: float = np.inf
) -> Candidate | None:
    """Return trees that learned from the sample of a large table; None if they cannot, or not soon.

    They do not race, and their work is not counted, as it decides how many trees of all rows may
    grow: a fit that is not ended early has the same bits with and without them.
    """
    if race.blocks is None or _obstacle(race, allows):
        return None
    trees = _Trees(race, 0)
    work = race.multiply_adds
    if trees.work_of(_FIRST_ROUNDS) > min(_FIRST_WORK, affordable):
        return None
    trees.grow_all(_FIRST_ROUNDS)
    race.multiply_adds = work
    return trees.candidate(_FIRST_ROUNDS, "first")


def _obstacle(race: Race, allows: Callable[[int], bool]) -> str:
    """Return why trees cannot race, in words; empty if they can."""
    dataset = race.dataset
    if not dataset.inputs.of_columns_alone:
        return "they see no images, sounds or sequences"
    if isinstance(dataset.features[dataset.inputs.plain], SparseRows):
        return "all columns are texts"
    if dataset.n_outputs > 1 and not isinstance(dataset.loss, CrossEntropy):
        return "several targets or quantiles are predicted together"
    if type(dataset.loss) not in LOSSES:
        return "scikit-learn has none for this loss"
    if LOSSES[type(dataset.loss)] == "log_loss" and np.any(dataset.target % 1):
        return "scikit-learn grows them from labels, not probabilities"
    n_features = _n_features(dataset)
    if n_features > MAX_FEATURES:
        return _("there are {n_features:,} features, more than {MAX_FEATURES:,}").format(
            n_features=n_features, MAX_FEATURES=MAX_FEATURES
        )
    if dataset.rows.n_training < _MIN_ROWS:
        return "rows are too few to be split"
    rows = [dataset.rows.training(network) for network in range(dataset.rows.n_networks)]
    if not all((np.ptp(dataset.target[places], axis=0) > 0).all() for places in rows):
        return "some fold learns from rows that lack a class, or have one value alone"
    return "" if _count_blocks(race, allows) else "there is not enough memory"


def _n_features(dataset: Dataset) -> int:
    return len(dataset.inputs.columns[dataset.inputs.plain])


def _count_blocks(race: Race, allows: Callable[[int], bool]) -> int:
    """Return how many blocks of the rows there is memory for; all rows are one if they are few."""
    dataset, blocks = race.dataset, race.blocks
    n_features = _n_features(dataset)
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
        self.patience = _OF_FEW if race.blocks is None else _OF_MANY
        self._work_of_race = race.multiply_adds
        self.shared: Shared[Dataset] = race.executor.share(race.for_training)
        self.levels = levels_of(self.dataset)
        self.grown: dict[int, TreesOfNetwork] = {}  # of each network
        self.outputs = {candidate.key: candidate.output for candidate in race.state.able}

    @cached_property
    def before(self) -> Array:
        """The output of the ensemble of the networks."""
        weights = ensemble_weights(self.race.state)
        given = np.array([weights[key] for key in self.outputs])
        return weighted_mean(list(self.outputs.values()), given)

    def compare_first(self) -> TreesCompared:
        """Return what few rounds in all folds add to the ensemble."""
        rounds = self.patience.first_rounds
        self._grow(range(self.dataset.rows.n_folds), rounds)
        return self._blended(rounds)

    def grow_on(self, stop: Callable[[float, int], bool]) -> int:
        """Grow more rounds while the loss of the blend falls clearly; return the best number."""
        rows = self.dataset.rows
        start = self.patience.first_rounds
        first = self._blended(start)
        losses = {start: first.loss_after}
        least_gain = self.patience.share * abs(first.loss_before)
        for rounds in range(start + STEP, _MAX_ROUNDS + 1, STEP):
            if stop(self.work_of(STEP), rows.n_networks):
                break
            self._grow(range(rows.n_folds), rounds)
            losses[rounds] = self._blended(rounds).loss_after
            if not losses[rounds - STEP] - losses[rounds] > least_gain:
                break
        return min(losses, key=lambda rounds: losses[rounds])

    def _blended(self, rounds: int) -> TreesCompared:
        """Return what so many rounds add to the ensemble in a mean of both."""
        both = [self.before.astype(np.float32), self._output(rounds)]
        weights = self.dataset.best_weights(both, by_loss=True)
        places = self.dataset.evaluated
        return self._compared(rounds, both[1], weights, weighted_mean(both, weights), places)

    def grow_all(self, rounds: int) -> None:
        """Grow so many trees in all folds, and in the final networks."""
        self._grow(range(self.dataset.rows.n_folds), rounds)
        final = range(self.dataset.rows.n_folds, self.dataset.rows.n_networks)
        if final:  # all learn from the same rows: their trees are the same
            self._grow(final[:1], rounds)
            self.grown |= dict.fromkeys(final, self.grown[final[0]])

    def work_of(self, rounds: int) -> float:
        """Return the multiply-adds that take as long as so many rounds of all networks."""
        return self.dataset.rows.n_networks * rounds * self._work_of_round

    @cached_property
    def _work_of_round(self) -> float:
        """The multiply-adds that take as long as a round of one network."""
        dataset = self.dataset
        n_features = _n_features(self.dataset)
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
        return self.work_of(self.patience.first_rounds) > max(_SLOW_WORK, self._work_of_race)

    def candidate(self, rounds: int, key: str = "") -> Candidate:
        """Return the trees of so many rounds as a candidate of the race."""
        race = self.race
        rows = self.dataset.rows
        n_bins = self.dataset.inputs.plain
        network, theta = network_of(
            [self.grown[network] for network in range(rows.n_networks)],
            rounds,
            n_features=_n_features(self.dataset),
        )
        output = np.empty_like(self._output(rounds))
        for fold in range(rows.n_folds):
            places = rows.held_out(fold)
            output[places] = network.predict(
                theta[fold], self.dataset.encoded(n_bins, fold, places)
            )
        recipe = TreeRecipe(n_bins, rounds=rounds)
        loss = self._loss(output)
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

    def compare(self, rounds: int) -> TreesCompared:
        """Return what so many rounds add to the best ensemble of all candidates."""
        of_trees = self._output(rounds)
        outputs = [*self.outputs.values(), of_trees]
        weights = self.dataset.best_weights(outputs)
        places = self.dataset.evaluated
        compared = self._compared(
            rounds, of_trees, weights, weighted_mean(outputs, weights), places
        )
        return replace(compared, joined=compared.gains(_LEAST_ERRORS, 0.0))

    def _compared(
        self, rounds: int, of_trees: Array, weights: Array, after: Array, places: slice
    ) -> TreesCompared:
        """Return how losses of some rows change; the last of the weights is that of the trees."""
        dataset = self.dataset
        target = self.dataset.target[places]
        weight = dataset.weights(places)
        groups = dataset.groups
        groups = None if groups is None else groups[places]
        before, now, alone = (
            np.asarray(dataset.loss.rows(output, target), np.float64)
            for output in (self.before[places], after, of_trees)
        )
        gain, error = mean_and_error(before - now, weight, groups)
        loss_before, loss = (
            mean_and_error(losses, weight, groups)[0] for losses in (before, alone)
        )
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
