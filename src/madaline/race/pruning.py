"""Pruning at the end: the smallest networks that predict as well as the best mix.

Whole recipes go first, then hidden units of those that stay. Every step is judged on rows that the
networks never saw and held to the best mix so far, not to the step before: steps do not add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from madaline.engine.blas import one_threaded_products
from madaline.nn.arrays import Array
from madaline.nn.network import Network
from madaline.nn.population import Population
from madaline.nn.surgery import UnitRanking, hidden_layers, rank_units
from madaline.race.dataset import Examples
from madaline.race.ensemble import Ingredient, Mix
from madaline.race.evaluator import Judge, Verdict
from madaline.records.decision import Decision

RANKED_ROWS = 1024
"""Rows that a network learned from, at most, on which its units are ranked."""

ROWS_FOR_A_UNIT = 8
"""Rows for each unit that is ranked: enough for least squares."""

JUDGED_ROWS = 2**15
"""Out-of-fold rows on which steps are judged, at most: of larger tables, every k-th is enough."""

AS_GOOD = (
    "the loss of the mix is {loss:.4f} against {best:.4f} at best (standard error of the difference"
    " {standard_error:.4f}), as good beyond doubt."
)

LEFT_OUT = "The prediction does without it: " + AS_GOOD

SHRUNK = "Its networks do with {units:.0f} hidden units instead of {units_before:.0f}: " + AS_GOOD


@dataclass(frozen=True, eq=False)
class Pruned:
    """What came of pruning (final).

    Parameters
    ----------
    mix : Mix
        What is left.
    before : Mix
        What it was made from.
    decisions : tuple of Decision
        What went, and why.
    multiply_adds : float
        The work that it took.
    """

    mix: Mix
    before: Mix
    decisions: tuple[Decision, ...]
    multiply_adds: float

    def settle(self) -> Pruned:
        """Return the same without the outputs of each ingredient, which need much room."""
        before = self.before.settle()
        mix = before if self.mix is self.before else self.mix.settle()
        return replace(self, mix=mix, before=before)


def prune_mix(mix: Mix, examples: Examples, *, epoch: int, tolerance: float) -> Pruned:
    """Return the mix without the recipes and hidden units that it can do without.

    Units are chosen and made up for by least squares (`rank_units`), each network's own, but as
    many in every fold's network of a recipe, on rows that it learned from. Layers are pruned from
    the last to the first, recipes from the one that takes most work on.

    Parameters
    ----------
    mix : Mix
        The best mix.
    examples : Examples
        The rows that its networks learned from and are judged on.
    epoch : int
        How long they learned, for the decisions.
    tolerance : float
        Share of the lowest loss so far, or of what it is below that of the best constants if that
        is less, by which the loss may be higher, with a standard error of the difference, row by
        row, on top; 0 prunes nothing. So a step whose effect is uncertain is not taken for
        harmless, and where little can be learned, little of that is given away.

    Returns
    -------
    Pruned
        The lighter mix, a decision for each recipe that it does without or that became smaller, and
        the work that this took.
    """
    if tolerance <= 0:
        return Pruned(mix, mix, (), 0.0)
    judge = Judge(examples, -(-examples.rows.n_judged // JUDGED_ROWS))
    lightest = judge.sampled(mix)
    pruning = Pruning(
        judge, lightest, judge.losses(lightest), judge.constant_losses(), tolerance, epoch
    )
    for one in sorted(mix.ingredients, key=lambda one: one.share):
        pruning.leave_out(one.name)
    for one in sorted(pruning.mix.ingredients, key=lambda one: -one.row_multiply_adds):
        pruning.shrink(one.name)
    return Pruned(pruning.whole(mix), mix, tuple(pruning.decisions), pruning.multiply_adds)


@dataclass
class Pruning:
    """A mix on its way to fewer units (final).

    Parameters
    ----------
    judge : Judge
        Judges lighter mixes.
    mix : Mix
        The lightest so far that will do, with outputs for the judged rows.
    best : ndarray of shape (judged,)
        The row losses of the best mix so far, the whole one at first.
    constant : ndarray of shape (judged,)
        Those of the best constants.
    tolerance : float
        Share of the best loss, or of what it is below the constants' if that is less, by which a
        loss may be above it, a standard error included.
    epoch : int
        For the decisions.
    """

    judge: Judge
    mix: Mix
    best: Array
    constant: Array
    tolerance: float
    epoch: int
    decisions: list[Decision] = field(default_factory=list)
    multiply_adds: float = 0.0

    def leave_out(self, name: str) -> None:
        """Do without a recipe, if that is as good; the others' shares grow alike."""
        others = [one for one in self.mix.ingredients if one.name != name]
        if not others:
            return
        total = sum(one.share for one in others)
        lighter = Mix(tuple(replace(one, share=one.share / total) for one in others))
        verdict = self._take(lighter)
        if verdict:
            self._decide(name, LEFT_OUT, verdict, {"share": 1 - total})

    def shrink(self, name: str) -> None:
        """Do with fewer units in each layer of a recipe's networks, as far as that is as good."""
        before, verdict = self._ingredient(name), None
        for layer in reversed(hidden_layers(before.network)):
            verdict = self._shrink_layer(self._ingredient(name), layer) or verdict
        if verdict:
            after = self._ingredient(name)
            facts = {
                "units": sum(after.units),
                "units_before": sum(before.units),
                "work": after.row_multiply_adds / before.row_multiply_adds,
            }
            self._decide(name, SHRUNK, verdict, facts)

    def whole(self, before: Mix) -> Mix:
        """Return the lightest mix with outputs for all rows."""
        if self.judge.step == 1:
            return self.mix
        known, whole = {one.name: one for one in before.ingredients}, []
        for one in self.mix.ingredients:
            output = known[one.name].output
            if one.network != known[one.name].network:
                output = self.judge.output(one, 1)
                self.multiply_adds += len(output) * one.network.multiply_adds()
            whole.append(replace(one, output=output))
        return Mix(tuple(whole))

    def _take(self, lighter: Mix) -> Verdict | None:
        """Go on with a lighter mix if it is as good as the best, beyond doubt."""
        losses = self.judge.losses(lighter)
        verdict = self.judge.compare(losses, self.best)
        increase = verdict.loss - verdict.best
        worst = increase + verdict.standard_error
        learned = self.judge.compare(self.constant, self.best).loss - verdict.best
        allowed = self.tolerance * min(abs(verdict.best), max(0.0, learned))
        if not worst <= allowed:  # so that NaN is no improvement
            return None
        self.mix = lighter
        if increase < 0:
            self.best = losses
        return verdict

    def _shrink_layer(self, one: Ingredient, layer: int) -> Verdict | None:
        """Find the fewest units of a layer that will do, by bisection among `fewer_units`."""
        ranking, read = self._rank(one, layer), self.judge.read_by(one, layer)
        self.multiply_adds += len(self.best) * _work(one.network, slice(layer))
        widths = fewer_units(ranking.order.shape[-1])
        enough, too_few, latest = -1, len(widths), None
        while too_few - enough > 1:
            middle = (enough + too_few) // 2
            narrowed = self._narrowed(one, ranking, widths[middle], read)
            verdict = self._take(self._with(narrowed))
            if verdict:
                enough, latest = middle, verdict
            else:
                too_few = middle
        return latest

    def _rank(self, one: Ingredient, layer: int) -> UnitRanking:
        """Rank the units of each fold's network on rows that it learned from."""
        examples = self.judge.examples
        rows = examples.rows
        below = Network(one.network.layers[: layer + 1])
        units = one.units[hidden_layers(one.network).index(layer)]
        n_ranked = min(RANKED_ROWS, ROWS_FOR_A_UNIT * units, rows.n_training)
        folds = range(rows.n_folds)
        places = [_spread(rows.training(fold), n_ranked) for fold in folds]
        x = np.stack([examples.encoded(one.n_bins, fold, places[fold]) for fold in folds])
        each = n_ranked * (below.multiply_adds() + units**2) + 2.0 * units**3
        self.multiply_adds += rows.n_folds * each
        with one_threaded_products(), np.errstate(over="ignore"):  # networks may have diverged
            population = Population(one.network.layout, one.theta)
            return rank_units(one.network, population, layer, x)

    def _narrowed(
        self, one: Ingredient, ranking: UnitRanking, units: int, read: Sequence[Array]
    ) -> Ingredient:
        """Return networks with so many units in a layer, given what that layer reads."""
        with one_threaded_products():
            network, population = ranking.prune(units)
        narrower = replace(one, network=network, theta=population.theta)
        self.multiply_adds += len(self.best) * _work(network, slice(ranking.layer, None))
        output = self.judge.output_from(narrower, ranking.layer, read)
        return replace(narrower, output=output)

    def _ingredient(self, name: str) -> Ingredient:
        return next(one for one in self.mix.ingredients if one.name == name)

    def _with(self, changed: Ingredient) -> Mix:
        ingredients = self.mix.ingredients
        return Mix(tuple(changed if one.name == changed.name else one for one in ingredients))

    def _decide(self, name: str, reason: str, verdict: Verdict, facts: Mapping[str, float]) -> None:
        evidence = {
            "loss": verdict.loss,
            "best": verdict.best,
            "standard_error": verdict.standard_error,
            **facts,
        }
        self.decisions.append(Decision(self.epoch, "prune", name, reason, evidence))


def fewer_units(units: int) -> list[int]:
    """Return what a layer may be pruned to, each step to about 70 %.

    Examples
    --------
    >>> fewer_units(64)
    [48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1]
    """
    steps = {base << power for base in (2, 3) for power in range(units.bit_length())} | {1}
    return sorted((step for step in steps if step < units), reverse=True)


def _work(network: Network, layers: slice) -> int:
    """Return the multiply-adds of some layers for a row."""
    return Network(network.layers[layers]).multiply_adds()


def _spread(places: Array, n: int) -> Array:
    """Return n of the places, evenly spread."""
    return np.asarray(places[np.arange(n) * len(places) // n])
