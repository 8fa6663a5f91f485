"""Pruning at the end: the smallest networks that predict as well as the best ensemble.

Whole recipes go first, then hidden units of those that stay. Every step is compared, out of fold,
with the best ensemble so far and not with the step before, so that small losses do not add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from madaline._race.dataset import Dataset
from madaline._race.ensemble import Ensemble, EnsembleMember, Evaluator, LossComparison
from madaline.nn._engine.blas import one_threaded_products
from madaline.nn._sparse_rows import Features
from madaline.nn._surgery import UnitRanking, hidden_layers, rank_by_moments, unit_moments
from madaline.nn.arrays import Array
from madaline.nn.network import Network
from madaline.nn.optimizers import Bounds
from madaline.nn.population import Population
from madaline.records.decision import Decision
from madaline.records.model_decisions import MemberRemoved, UnitsRemoved

_RANKED_ROWS = 1024  # rows that a network learned from, at most, on which its units are ranked
_ROWS_FOR_A_UNIT = 8  # rows for each unit that is ranked: enough for least squares

# Out-of-fold rows for comparing losses, at most: of larger tables, every k-th is enough
EVALUATED_ROWS = 2**15


@final
@dataclass(frozen=True, eq=False)
class PruningResult:
    """What came of pruning."""

    ensemble: Ensemble  # what is left
    before: Ensemble  # what it was made from
    decisions: tuple[Decision, ...]  # what was removed, and why
    multiply_adds: float  # the work that it took

    def without_member_outputs(self) -> PruningResult:
        """Return the result without the outputs of each member, which need much memory."""
        before = self.before.without_member_outputs()
        same = self.ensemble is self.before
        ensemble = before if same else self.ensemble.without_member_outputs()
        return replace(self, ensemble=ensemble, before=before)


def prune_ensemble(
    ensemble: Ensemble, dataset: Dataset, *, epoch: int, tolerance: float
) -> PruningResult:
    """Return the ensemble without the recipes and hidden units that it does not need.

    Units are chosen and compensated for by least squares (`rank_units`), each network's own, but
    equally many in the networks of all folds of a recipe, on rows that it learned from. Layers are
    pruned from the last to the first, recipes beginning with the most expensive.

    The tolerance is a share of the lowest loss so far, or of what it is below that of the baseline
    if that is less: the loss may be higher by it, a standard error of the difference included. So a
    step whose effect is uncertain is not taken for harmless, and where little can be learned,
    little of that is given away. A tolerance of 0 prunes nothing.
    """
    if tolerance <= 0:
        return PruningResult(ensemble, ensemble, (), 0.0)
    evaluator = Evaluator(dataset, -(-dataset.rows.n_evaluated // EVALUATED_ROWS))
    sample = _bounded(evaluator.sampled(ensemble), dataset)
    losses = evaluator.losses(sample)
    baseline = evaluator.baseline_losses()
    pruning = Pruning(evaluator, sample, losses, baseline, tolerance, epoch)
    for member in sorted(ensemble.members, key=lambda member: member.weight):
        pruning.leave_out(member.key)
    for member in sorted(pruning.ensemble.members, key=lambda member: -member.row_multiply_adds):
        pruning.shrink(member.key)
    pruned = pruning.whole(ensemble)
    return PruningResult(pruned, ensemble, tuple(pruning.decisions), pruning.multiply_adds)


@final
@dataclass
class Pruning:
    """An ensemble on its way to fewer units."""

    evaluator: Evaluator  # compares ensembles
    # the smallest so far that is good enough, with outputs for the evaluated rows
    ensemble: Ensemble
    best: Array  # (evaluated,): the row losses of the best ensemble so far, the whole one at first
    baseline: Array  # (evaluated,): those of the best constant
    # share of the best loss, or of what it is below the baseline's if that is less, by which a loss
    # may be above it, a standard error included
    tolerance: float
    epoch: int  # for the decisions
    decisions: list[Decision] = field(default_factory=list)
    multiply_adds: float = 0.0

    def leave_out(self, key: str) -> None:
        """Remove a recipe, if the others are as good; their weights grow in proportion."""
        removed = self._member(key)
        others = [member for member in self.ensemble.members if member is not removed]
        if not others:
            return
        total = sum(member.weight for member in others)
        smaller = Ensemble(
            tuple(replace(member, weight=member.weight / total) for member in others)
        )
        comparison = self._take(smaller)
        if comparison:
            self.decisions.append(
                MemberRemoved(
                    self.epoch, removed.name, *comparison, 1 - total, recipe_id=removed.recipe_id
                )
            )

    def shrink(self, key: str) -> None:
        """Remove units from each layer of a recipe's networks, as long as that is as good."""
        before = self._member(key)
        comparison = None
        for layer in reversed(hidden_layers(before.network)):
            comparison = self._shrink_layer(self._member(key), layer) or comparison
        if comparison:
            after = self._member(key)
            work = after.row_multiply_adds / before.row_multiply_adds
            units = sum(after.units), sum(before.units)
            self.decisions.append(
                UnitsRemoved(
                    self.epoch, after.name, *comparison, *units, work, recipe_id=after.recipe_id
                )
            )

    def whole(self, before: Ensemble) -> Ensemble:
        """Return the pruned ensemble with outputs for all rows."""
        if self.evaluator.step == 1:
            return self.ensemble
        old_members = {member.key: member for member in before.members}
        whole = []
        for member in self.ensemble.members:
            output = old_members[member.key].output
            if member.network != old_members[member.key].network:
                output = self.evaluator.output(member, 1)
                self.multiply_adds += len(output) * member.network.multiply_adds()
            whole.append(replace(member, output=output))
        return Ensemble(tuple(whole))

    def _take(self, smaller: Ensemble) -> LossComparison | None:
        """Continue with a smaller ensemble if its loss is within the tolerance of the best."""
        losses = self.evaluator.losses(smaller)
        comparison = self.evaluator.compare(losses, self.best)
        increase = comparison.loss - comparison.best_loss
        worst = increase + comparison.standard_error
        learned = self.evaluator.compare(self.baseline, self.best).loss - comparison.best_loss
        allowed = self.tolerance * min(abs(comparison.best_loss), max(0.0, learned))
        if not worst <= allowed:  # so that NaN is no improvement
            return None
        self.ensemble = smaller
        if increase < 0:
            self.best = losses
        return comparison

    def _shrink_layer(self, member: EnsembleMember, layer: int) -> LossComparison | None:
        """Find the fewest units of a layer that are enough, by bisection among `fewer_units`."""
        ranking = self._rank(member, layer)
        inputs = self.evaluator.layer_inputs(member, layer)
        self.multiply_adds += len(self.best) * _work(member.network, slice(layer))
        widths = fewer_units(ranking.order.shape[-1])
        enough = -1
        too_few = len(widths)
        latest = None
        while too_few - enough > 1:
            middle = (enough + too_few) // 2
            narrowed = self._narrowed(member, ranking, widths[middle], inputs)
            members = self.ensemble.members
            comparison = self._take(
                Ensemble(tuple(narrowed if old.key == member.key else old for old in members))
            )
            if comparison:
                enough, latest = middle, comparison
            else:
                too_few = middle
        return latest

    def _rank(self, member: EnsembleMember, layer: int) -> UnitRanking:
        """Rank the units of each fold's network on rows that it learned from."""
        dataset = self.evaluator.dataset
        rows = dataset.rows
        below = Network(member.network.layers[: layer + 1])
        units = member.units[hidden_layers(member.network).index(layer)]
        n_ranked = min(_RANKED_ROWS, _ROWS_FOR_A_UNIT * units, rows.n_training)
        each = n_ranked * (below.multiply_adds() + units**2) + 2.0 * units**3
        self.multiply_adds += rows.n_networks * each
        with one_threaded_products(), np.errstate(over="ignore"):  # networks may have diverged
            population = Population(member.network.layout, member.theta, _memory(member.bounds))
            moments = []
            for fold in range(rows.n_networks):  # one after the other: features may be many
                x = dataset.encoded(member.n_bins, fold, _spread(rows.training(fold), n_ranked))
                of_fold = population[fold : fold + 1]
                moments.append(unit_moments(member.network, of_fold, layer, x))
            return rank_by_moments(member.network, population, layer, np.concatenate(moments))

    def _narrowed(
        self, member: EnsembleMember, ranking: UnitRanking, units: int, inputs: Sequence[Features]
    ) -> EnsembleMember:
        """Return networks with so many units in a layer, given the inputs of that layer."""
        with one_threaded_products():
            network, population = ranking.prune(units)
        bounds = Bounds(**population.memory) if member.bounds else None
        theta = bounds.nearest(population.theta) if bounds else population.theta
        narrower = replace(member, network=network, theta=theta, bounds=bounds)
        self.multiply_adds += len(self.best) * _work(network, slice(ranking.layer, None))
        output = self.evaluator.output_from(narrower, ranking.layer, inputs)
        return replace(narrower, output=output)

    def _member(self, key: str) -> EnsembleMember:
        return next(member for member in self.ensemble.members if member.key == key)


def _bounded(ensemble: Ensemble, dataset: Dataset) -> Ensemble:
    """Return the ensemble with the bounds of its members' parameters, where they have any."""
    members = []
    for member in ensemble.members:
        bounds = dataset.bounds(member.network, member.n_bins)
        members.append(replace(member, bounds=bounds and bounds.repeated(len(member.theta))))
    return Ensemble(tuple(members))


def _memory(bounds: Bounds | None) -> dict[str, Array]:
    """Return bounds as memory of a population, from which units are removed, too."""
    return {} if bounds is None else {"lower": bounds.lower, "upper": bounds.upper}


def fewer_units(units: int) -> list[int]:
    """Return what a layer may be pruned to, each step to about 70 %.

    >>> fewer_units(64)
    [48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1]
    """
    steps = {base << power for base in (2, 3) for power in range(units.bit_length())} | {1}
    return sorted((step for step in steps if step < units), reverse=True)


def _spread(indices: Array, n: int) -> Array:
    """Return n of the indices, evenly spread."""
    return np.asarray(indices[np.arange(n) * len(indices) // n])


def _work(network: Network, layers: slice) -> int:
    """Return the multiply-adds of some layers for a row."""
    return Network(network.layers[layers]).multiply_adds()
