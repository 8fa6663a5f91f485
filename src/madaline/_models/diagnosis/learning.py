"""What is wrong with how networks learned: weak fits, losses that rise, units, gradients.

A *dead* unit has the same output for every row. A *saturated* unit is where its activation is flat,
so that no row can change it. A gradient *vanishes* if hardly any of it reaches the first layer, and
*explodes* if it grows from layer to layer on its way there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from madaline._base.language import _
from madaline._models.diagnosis.finding import Finding, Kind, Severity
from madaline._models.diagnosis.out_of_fold import OutOfFold
from madaline.nn.arrays import Array, Workspace
from madaline.nn.layers import Activation, Convolution, Linear, Pooling, ScaledLinear
from madaline.nn.network import Network
from madaline.records.decision import Decision
from madaline.records.race_decisions import Restored

# Standard errors by which networks must beat the baseline to have learned anything: with a shuffled
# target, 5 of 88 tables count as learned (benchmarks/findings.py)
_SIGNIFICANT = 2.0
_CLEAR = 4.0  # standard errors below which it is uncertain how much
WEAK = 0.9  # share of the baseline's loss that is left where the fit is weak
# Difference of out-of-fold and training loss, as a share of the baseline's loss. The largest on 23
# real tables is 0.22.
LARGE_GAP = 0.3  # of medium severity
GAP = 0.2  # of low severity
_MIN_CLASS_ROWS = 10  # for a class to be learned and evaluated
_MIN_ROWS = 100  # for precise scores
_MANY = 0.5  # share of the recipes whose divergence is of medium severity


_SEEN: Mapping[Kind, str] = {
    "nothing learned": "On unseen rows, the model is not clearly better than the baseline (loss"
    " {unseen:.4f}, baseline {baseline:.4f}, {standard_errors:.1f} standard errors apart)",
    "overfit": "Networks fit the training rows much better than unseen ones (loss {seen:.4f} and"
    " {unseen:.4f}, baseline {baseline:.4f})",
    "weak fit": "On unseen rows, the model is hardly better than the baseline (loss {unseen:.4f},"
    " baseline {baseline:.4f}; {seen:.4f} on the training rows)",
}
"""What losses show of a fit."""


@dataclass(frozen=True)
class Strength:
    """The losses of a fit."""

    seen: float  # mean training loss
    unseen: float  # mean out-of-fold loss
    baseline: float  # that of the best constant
    standard_errors: float  # by which `unseen` is below `baseline`
    unfinished: bool  # whether the leading networks were still improving at the last epoch


def find_weakness(
    strength: Strength, evaluated: OutOfFold, *, in_time: bool = False
) -> list[Finding]:
    """Return what is wrong with the fit as a whole, whose rows may be held out in time."""
    more_rows = _("rows, as {rows:,} may be too few").format(rows=evaluated.n_rows)
    if in_time:
        more_rows = "rows of a longer time, as those near in time are alike"
    elif evaluated.groups is not None:
        more_rows = "rows of more groups, as those of one group are alike"
    findings = _fit(strength, evaluated, more_rows)
    if strength.unfinished:
        seen = "The best networks were still improving at the last epoch"
        remedy = "train longer, with a higher effort"
        findings.append(Finding("unfinished", "low", "the fit", seen, remedy))
    return findings + _too_few_rows(strength, evaluated, more_rows)


def _fit(strength: Strength, evaluated: OutOfFold, more_rows: str) -> list[Finding]:
    kind: Kind
    severity: Severity
    # the constant of a constant target is right: nothing is to be learned
    learned = strength.standard_errors > _SIGNIFICANT and np.isfinite(strength.unseen)
    gap = (strength.unseen - strength.seen) / strength.baseline if learned else 0.0
    if not learned:
        kind = "nothing learned"
        severity = "high"
        remedy = _("add columns that predict the target, or {more_rows}").format(
            more_rows=more_rows
        )
    elif gap >= GAP:
        alone = len(evaluated.schema.kept) == 1  # a text has more terms than there are rows
        kind = "overfit"
        severity = "medium" if gap >= LARGE_GAP and not alone else "low"
        remedy = "gather more rows" + ("" if alone else ", or leave out columns that cannot help")
    elif strength.unseen >= WEAK * strength.baseline:
        kind = "weak fit"
        severity = "medium"
        remedy = "add columns that predict more of the target"
    else:
        return []
    evidence = {
        "seen": strength.seen,
        "unseen": strength.unseen,
        "baseline": strength.baseline,
        "standard_errors": strength.standard_errors,
        "rows": evaluated.n_rows,
    }
    return [Finding(kind, severity, "the fit", _SEEN[kind], remedy, evidence)]


def _too_few_rows(strength: Strength, evaluated: OutOfFold, more_rows: str) -> list[Finding]:
    rows = evaluated.n_rows
    errors = strength.standard_errors
    if _SIGNIFICANT < errors < _CLEAR:
        seen = "The loss is only {standard_errors:.1f} standard errors below the baseline's"
    elif rows < _MIN_ROWS:
        seen = "{rows:,} rows are few, so the scores are uncertain"
        more_rows = "more rows"
    else:
        return _rare_classes(evaluated)
    evidence = {"rows": rows, "standard_errors": errors}
    return [
        Finding(
            "too few rows",
            "medium",
            "the rows",
            seen,
            _("gather {more_rows}").format(more_rows=more_rows),
            evidence,
        )
    ]


def _rare_classes(evaluated: OutOfFold) -> list[Finding]:
    if evaluated.classes is None:
        return []
    counts = np.bincount(evaluated.class_index, minlength=len(evaluated.classes))
    ordered = np.argsort(counts, kind="stable")
    rare = [index for index in ordered if counts[index] < _MIN_CLASS_ROWS]
    seen = "The class {subject} has {rows:,} of {held_out:,} rows, too few to learn or to measure"
    if evaluated.n_rows < evaluated.schema.n_samples:  # others are learned from
        seen = "The class {subject} has {rows:,} of {held_out:,} rows held out, too few to measure"
        seen += " how well it is predicted"
    return [
        Finding(
            "too few rows",
            "medium",
            evaluated.classes[index],
            seen,
            "gather more of them, or merge it with another class",
            {"rows": int(counts[index]), "held_out": evaluated.n_rows},
        )
        for index in rare[:3]
    ]


def find_divergence(decisions: Sequence[Decision], starting: Collection[str]) -> list[Finding]:
    """Return whether networks diverged in a race, of the recipes that it started with."""
    restored = [decision for decision in decisions if isinstance(decision, Restored)]
    diverged = [decision for decision in restored if decision.recipe_id in starting]
    if not diverged:
        return []
    share = len(diverged) / len(starting)
    return [
        Finding(
            "divergence",
            "high" if share == 1 else "medium" if share >= _MANY else "low",
            "the networks",
            "The networks of {diverged:.0f} of {starting:.0f} recipes diverged (learning rate"
            " {rate:.2g}), and continued with a lower one",
            "look for errors and huge numbers in the table",
            {
                "diverged": len(diverged),
                "starting": len(starting),
                "rate": max(decision.previous_learning_rate for decision in diverged),
            },
        )
    ]


_MIN_DEVIATION = 1e-5  # standard deviation of a unit's outputs below which they count as equal
_FLAT_SLOPE = 0.01  # share of the steepest slope of a layer below which an activation is flat
_FLAT_SHARE = 0.99  # of the rows for which a saturated unit is flat
# Ratios of the first gradient to the last one's
_VANISHED = 1e-4
_EXPLODED = 1e4
_STOPPED = 1e-12
# Shares of a layer's units; of high severity if all are dead
_MEDIUM_SHARE = 0.5
_LOW_SHARE = 0.25
_REMEDY = "lower the learning rate, or begin with smaller weights"


@dataclass(frozen=True)
class LayerHealth:
    """The state of the units of a hidden layer."""

    units: int
    dead: float  # share of the units
    saturated: float  # share of the units
    # Root mean square of the gradient with respect to the biases, of a random mean of the outputs
    # with mean square one.
    gradient: float


def examine(
    network: Network,
    theta: Array,  # (parameters,), those of one member
    x: Array,  # (n_rows, in_features), some training rows
) -> list[LayerHealth]:
    """Return the state of each hidden layer of a network, and last of its outputs.

    The gradient is that of the outputs and not of the loss, which is close to zero after training.
    """
    slopes = np.zeros_like(theta)
    with np.errstate(all="ignore"):
        output, backward = network.forward(network.bind(theta), x, workspace=Workspace())
        shares = np.random.default_rng(0).normal(size=output.shape) / np.sqrt(len(x))
        backward(shares.astype(output.dtype), network.bind(slopes))
        gradients = [
            float(np.sqrt(np.mean(np.square(parameters["bias"], dtype=np.float64))))
            for parameters in network.bind(slopes)
            if "bias" in parameters
        ]
        hidden = [_shares(*between) for between in _hidden(network, theta, x)]
    outputs = (output.shape[1], 0.0, 0.0)
    return [
        LayerHealth(*facts, gradient)
        for facts, gradient in zip([*hidden, outputs], gradients, strict=True)
    ]


def find_unit_faults(networks: Sequence[Sequence[LayerHealth]]) -> list[Finding]:
    """Return what is wrong with the units and the gradients of networks with as many layers."""
    if not networks:
        return []
    findings: list[Finding] = []
    hidden = zip(*(layers[:-1] for layers in networks), strict=True)
    for number, layers in enumerate(hidden, start=1):
        findings += _find_in_layer(number, layers)
        if all(layer.dead == 1 for layer in layers):
            break  # the layers after it must be dead, too
    return [*findings, *_find_in_gradients(networks, blocked=bool(findings))]


def find_dead_recipes(networks: Sequence[Sequence[LayerHealth]]) -> list[Finding]:
    """Return whether networks with a dead layer raced, whose output is constant."""
    dead = [
        next((number for number, layer in enumerate(layers[:-1]) if layer.dead == 1), None)
        for layers in networks
    ]
    dead_layers = [number for number in dead if number is not None]
    if not dead_layers:
        return []
    return [
        Finding(
            "dead units",
            "medium",
            _("layer {dead_layers}").format(dead_layers=min(dead_layers) + 1),
            "The networks of {lost} of {raced} recipes had only dead units in {subject}, and others"
            " predict in their place",
            _REMEDY,
            {"lost": len(dead_layers), "raced": len(networks)},
        )
    ]


def _hidden(network: Network, theta: Array, x: Array) -> Iterable[tuple[Array, Array]]:
    """Yield the outputs of each hidden layer's units, and the slopes of their activation."""
    units = 0
    for layer, parameters in zip(network.layers[:-1], network.bind(theta), strict=False):
        x, backward = layer.forward(parameters, x, workspace=Workspace())
        if units and isinstance(layer, Activation):
            yield x.reshape(-1, units), backward(np.ones_like(x), {}).reshape(-1, units)
        if isinstance(layer, Convolution):
            units = layer.out_channels  # the same units at every position
        elif isinstance(layer, Linear | ScaledLinear):
            units = layer.out_features
        elif not isinstance(layer, Pooling):
            units = 0


def _shares(outputs: Array, slopes: Array) -> tuple[int, float, float]:
    """Return the number of units, and the shares of dead and of saturated ones."""
    dead = ~(outputs.std(axis=0) > _MIN_DEVIATION)
    steepest = np.abs(slopes).max() or 1.0
    flat = np.mean(np.abs(slopes) <= _FLAT_SLOPE * steepest, axis=0) >= _FLAT_SHARE
    return len(dead), float(dead.mean()), float((flat & ~dead).mean())


def _find_in_layer(number: int, layers: Sequence[LayerHealth]) -> list[Finding]:
    dead = float(np.mean([layer.dead for layer in layers]))
    saturated = float(np.mean([layer.saturated for layer in layers]))
    if max(dead, saturated) < _LOW_SHARE:
        return []
    seen = (
        "{dead:.0%} of the units of {subject} are dead: their output is the same for every row"
        if dead >= saturated
        else "{saturated:.0%} of the units of {subject} are saturated: no row can change them"
    )
    return [
        Finding(
            "dead units",
            "high" if dead == 1 else "medium" if max(dead, saturated) >= _MEDIUM_SHARE else "low",
            _("layer {number}").format(number=number),
            seen,
            _REMEDY,
            {
                "dead": dead,
                "saturated": saturated,
                "units": int(np.mean([layer.units for layer in layers])),
                "networks": len(layers),
            },
        )
    ]


def _find_in_gradients(
    networks: Sequence[Sequence[LayerHealth]], *, blocked: bool
) -> list[Finding]:
    """Return whether gradients vanish or explode; dead units that stop them all are known."""
    first = np.array([layers[0].gradient for layers in networks])
    last = np.array([layers[-1].gradient for layers in networks])
    with np.errstate(all="ignore"):
        ratio = float(np.median(first / last))
    kind: Kind
    if not np.isfinite(first).all() or ratio > _EXPLODED:
        kind = "exploding gradients"
        seen = _(
            "The gradient explodes on its way to the first layer ({ratio:.1g} times the last's)"
        )
        remedy = "lower the learning rate, begin with smaller weights, or use fewer layers"
    elif ratio < _VANISHED and not (blocked and ratio < _STOPPED):
        kind = "vanishing gradients"
        seen = _(
            "The gradient vanishes on its way to the first layer ({ratio:.1g} times the last's)"
        )
        remedy = "use fewer layers, or an activation that is not flat, such as ReLU or SiLU"
    else:
        return []
    return [Finding(kind, "medium", "the gradient", seen, remedy, {"ratio": ratio})]
