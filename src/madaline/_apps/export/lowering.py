"""From a fitted model to its program: features of columns, networks and trees, then the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from madaline._apps.export import operations as do
from madaline._apps.export.operations import PARTS, Operation, Value
from madaline._apps.export.program import Program, ProgramColumn
from madaline._base.words import format_list
from madaline._models.model import FittedModel
from madaline._models.runtime.predictor import Predictor
from madaline._race.evaluation.conformal import JointConformal, PredictionIntervals
from madaline._race.evaluation.scores import label_text
from madaline._tables.kinds.bins import JoinedBins
from madaline._tables.kinds.boolean import BooleanEncoder
from madaline._tables.kinds.category import CategoryEncoder
from madaline._tables.kinds.kind import ColumnEncoder
from madaline._tables.kinds.moment import CYCLES, DatetimeEncoder
from madaline._tables.kinds.number import JoinedNumbers, NumberEncoder
from madaline._tables.target import ClassEncoder, JointEncoder
from madaline.errors import InputError
from madaline.nn.arrays import Array, Parameters
from madaline.nn.layers import Dropout, Layer, LeakySiLU, Linear, ReLU, SiLU
from madaline.nn.layers._trees import FixedTrees
from madaline.nn.losses import CrossEntropy, Poisson, Quantiles

READ = (NumberEncoder, BooleanEncoder, DatetimeEncoder, CategoryEncoder)
"""Encoders of what a program reads."""

DAY = 86_400.0


def lower(model: FittedModel) -> Program:
    """Return the program of a fitted model of a table; `InputError` if it cannot be one."""
    predictor = model.predictor
    predictor.check_no_past("exported")
    unread = [one.name for one in predictor.encoder.encoders if not isinstance(one, READ)]
    if unread:
        raise InputError(
            "Columns of texts, images, sequences and sounds cannot be exported as a program, such as {unread}: fit without them, or predict with madaline.runtime.",
            unread=format_list(unread, limit=5),
        )
    written = _Steps()
    features = _features(written, predictor)
    folds = _outputs_of_folds(written, predictor, features)
    joint = predictor.target_encoder
    names = joint.names if isinstance(joint, JointEncoder) else (model.summary.target,)
    columns = tuple(map(_column, predictor.encoder.encoders))
    mean = written.add(do.MeanOfFolds(folds, predictor.parts[0].theta.shape[1]))
    classes = [one for one in joint.each if isinstance(one, ClassEncoder)]
    labels = tuple(tuple(map(label_text, one.classes.tolist())) for one in classes)
    intervals: tuple[Value, ...] = ()
    label: Value | None = None
    if classes:
        prediction, label = _classes(written, predictor, mean, classes)
    else:
        linked = _linked(written, predictor, mean, len(joint.each))
        prediction = _in_unit(written, linked, joint.each)
        intervals = _intervals(written, predictor, folds)
    steps = tuple(written.steps)
    return Program(
        model.summary.target, columns, steps, names, labels, prediction, label, intervals
    )


@final
@dataclass(frozen=True)
class _Steps:
    """The steps so far, and which of them make features, with the places of these."""

    steps: list[Operation] = field(default_factory=list)
    pieces: list[tuple[Value, Any]] = field(default_factory=list)

    def add(self, step: Operation) -> Value:
        self.steps.append(step)
        return Value(len(self.steps) - 1)

    def place(self, step: Operation, places: Any) -> None:
        self.pieces.append((self.add(step), places))

    def take(self, x: Value, places: Array, n: int) -> Value:
        """Return some of n numbers."""
        is_all = np.array_equal(places, np.arange(n))
        return x if is_all else self.add(do.TakePlaces(x, _ints(places)))


@final
@dataclass(frozen=True)
class _Features:
    """What networks take."""

    base: Value
    edges: dict[int, Value]  # for each number of bins, where numbers lie on their edges


def _ints(numbers: Any) -> Array:
    return np.asarray(numbers, np.int32)


def _column(encoder: ColumnEncoder) -> ProgramColumn:
    """Return a column with its levels, and what a page shows of it at first."""
    written, typical, span, step = getattr(encoder, "written", None), 0.0, (0.0, 1.0), 0.0
    levels: tuple[str, ...] = ()
    match encoder:
        case NumberEncoder(scaling=scaling, bins=bins):
            typical, reach = scaling.center, 2 * scaling.spread
            span = typical - reach, typical + reach
            if bins:
                edges = max(bins.values(), key=len).edges
                span = float(edges[0]), float(edges[-1])
                step = float((edges == np.rint(edges)).all())
                typical = float(np.rint(typical)) if step else typical
        case DatetimeEncoder(scalings=scalings, cycles=cycles):
            step = 1 / 1440 if "hour" in {*scalings, *cycles} else 1.0
            if "time" in scalings:
                center, reach = scalings["time"].center / DAY, scalings["time"].spread / DAY
                typical, span = step * round(center / step), (center - reach, center + reach)
        case CategoryEncoder():
            levels = encoder.levels
        case BooleanEncoder():
            typical = float(encoder.true_share > 0.5)
    form = {"decimal": ".", "words": (), **({} if written is None else vars(written))}
    return ProgramColumn(encoder.name, encoder.kind, levels, typical, span, step, form)


def _features(written: _Steps, predictor: Predictor) -> _Features:
    """Write the steps from the columns to the features."""
    encoder, joined = predictor.encoder, predictor.encoder.joined
    places = {one.name: number for number, one in enumerate(encoder.encoders)}
    edges: dict[int, Value] = {}
    if joined is not None:
        x = written.add(do.ReadNumbers(_ints([places[one.name] for one in joined.encoders])))
        filled = written.add(do.FillMissing(x, _parts_of(joined, "center")))
        _write_numbers(written, joined, x, filled)
        used = {part.n_bins for part in predictor.parts} & joined.bins.keys()
        edges = {n: _edges(written, joined, n, filled) for n in sorted(used)}
    for own, start in zip(encoder.encoders, encoder.starts, strict=True):
        _write_column(written, own, places[own.name], start)
    values, of_values = zip(*written.pieces, strict=True)
    sizes, order = _ints([len(own) for own in of_values]), _ints(np.concatenate(of_values))
    return _Features(written.add(do.JoinFeatures(values, sizes, order)), edges)


def _parts_of(joined: JoinedNumbers, name: str) -> Array:
    return np.array([getattr(one.scaling, name) for one in joined.encoders])


def _write_numbers(written: _Steps, joined: JoinedNumbers, x: Value, filled: Value) -> None:
    """Write the features of columns of numbers, as they are and with the missing ones filled."""
    n = len(joined.encoders)
    varying = np.flatnonzero([one.varies for one in joined.encoders])
    if len(varying):
        numbers = written.take(filled, varying, n)
        center, spread = (_parts_of(joined, name)[varying] for name in ("center", "spread"))
        scaled = do.ScaleSmoothly(numbers, center, spread)
        written.place(scaled, np.array(joined.starts)[varying])
    if joined.flags:
        rows, features, shares = map(np.array, zip(*joined.flags, strict=True))
        written.place(do.FlagMissing(written.take(x, rows, n), shares), features)


def _edges(written: _Steps, joined: JoinedNumbers, n_bins: int, filled: Value) -> Value:
    """Write where numbers lie on the edges of their bins."""
    edges = joined.bins[n_bins].edges
    numbers = written.take(filled, joined.owners[n_bins], len(joined.encoders))
    starts = np.cumsum([0, *map(len, edges)])
    return written.add(do.PlaceOnEdges(numbers, np.concatenate(edges), _ints(starts)))


def _write_column(written: _Steps, encoder: ColumnEncoder, place: int, start: int) -> None:
    """Write the features of a column that holds no numbers; the last one: whether it is missing."""
    if isinstance(encoder, CategoryEncoder):
        _write_levels(written, encoder, place, start)
    if not isinstance(encoder, BooleanEncoder | DatetimeEncoder):
        return
    x = written.add(do.ReadNumbers(_ints([place])))
    if isinstance(encoder, DatetimeEncoder):
        _write_dates(written, encoder, x, start)
    elif encoder.varies:
        written.place(do.CenterNumbers(x, np.array([encoder.true_share])), [start])
    if encoder.missing_share is not None:
        flag = do.FlagMissing(x, np.array([encoder.missing_share]))
        written.place(flag, [start + encoder.n_features - 1])


def _write_levels(written: _Steps, encoder: CategoryEncoder, place: int, start: int) -> None:
    """Write the features of a category: those that levels share, and those of each level alone."""
    unseen = "unseen"
    while unseen in encoder.levels:
        unseen += "_"
    levels = np.empty(len(encoder.levels) + 2, object)
    levels[:] = [*encoder.levels, None, unseen]
    table = np.empty((len(levels), encoder.n_features), np.float32)
    encoder.write(encoder.read(levels), table)
    number = written.add(do.ReadLevel(place, len(encoder.levels)))
    n_shared = len(encoder.shares) if encoder.has_rare else encoder.n_features
    for first, stop in ((0, n_shared), (n_shared, encoder.n_features)):
        if first < stop:
            rows, of_level = np.unique(table[:, first:stop], axis=0, return_inverse=True)
            found = do.LookUpLevel(number, _ints(of_level.ravel()), rows)
            written.place(found, np.arange(start + first, start + stop))


def _write_dates(written: _Steps, encoder: DatetimeEncoder, days: Value, start: int) -> None:
    """Write the features of dates."""
    n, scalings = len(encoder.scalings), list(encoder.scalings.values())
    if scalings:
        center = np.array([own.center for own in scalings])
        spread = np.array([own.spread for own in scalings])
        parts = written.add(do.DateParts(days, _ints(list(map(PARTS.index, encoder.scalings)))))
        filled = written.add(do.FillMissing(parts, center))
        written.place(do.ScaleSmoothly(filled, center, spread), start + np.arange(n))
    if encoder.cycles:
        parts = written.add(do.DateParts(days, _ints(list(map(PARTS.index, encoder.cycles)))))
        periods = np.array([float(CYCLES[name]) for name in encoder.cycles])
        written.place(do.CircleParts(parts, periods), start + n + np.arange(2 * len(periods)))


_FUNCTIONS: dict[type[Layer], str] = {ReLU: "relu", SiLU: "silu", LeakySiLU: "leaky_silu"}


def _outputs_of_folds(written: _Steps, predictor: Predictor, features: _Features) -> Value:
    """Write networks and trees, and the calibrated mean of those of each fold."""
    total: Value | None = None
    for part in predictor.parts:
        members = part.theta.shape[0] * part.theta.shape[1]
        network, parameters = part.network.fixed(part.theta.reshape(members, -1))
        pairs = zip(network.layers, parameters, strict=True)
        chain = [pair for pair in pairs if not isinstance(pair[0], Dropout)]
        bins = predictor.encoder.joined.bins.get(part.n_bins) if predictor.encoder.joined else None
        x = features.base
        if bins is not None and isinstance(chain[0][0], Linear):
            _, first = chain.pop(0)
            x = _first_sums(written, features, part.n_bins, bins, _merged(first))
        elif bins is not None:
            x = _with_bins(written, features, part.n_bins, bins)
        for layer, values in chain:
            x = _of_layer(written, x, layer, values)
        total = written.add(do.AddMeans(total, x, part.fold_shares))
    assert total is not None
    temperature = np.atleast_1d(np.asarray(predictor.temperature, np.float64))
    return total if (temperature == 1).all() else written.add(do.Calibrate(total, temperature))


def _first_sums(
    written: _Steps, features: _Features, n_bins: int, bins: JoinedBins, first: tuple[Array, Array]
) -> Value:
    """Write the sums of features and bins, which a line between two edges adds."""
    weight, bias = first
    n_base = len(weight) - len(bins)
    constant = bias.astype(np.float64) - bins.means @ weight[n_base:].astype(np.float64)
    x = _affine(written, features.base, weight[None, :n_base], constant[None])
    table = _of_edges(weight[n_base:], bins.edges)
    return written.add(do.InterpolateRows(x, features.edges[n_bins], table))


def _with_bins(written: _Steps, features: _Features, n_bins: int, bins: JoinedBins) -> Value:
    """Write the features with how full their bins are, which trees split on."""
    owners = bins.owner
    lows = np.arange(len(bins)) + owners  # a number has one edge more than bins
    means = bins.means.astype(np.float32)
    full = do.FillBins(features.edges[n_bins], _ints(owners), _ints(lows), means)
    base = written.steps[features.base]
    assert isinstance(base, do.JoinFeatures)
    sizes = [len(base.places), len(bins)]
    parts = features.base, written.add(full)
    return written.add(do.JoinFeatures(parts, _ints(sizes), _ints(np.arange(sum(sizes)))))


def _merged(parameters: Parameters) -> tuple[Array, Array]:
    """Return the first weights of all members side by side: they share their inputs."""
    weight = parameters["weight"]
    return weight.swapaxes(0, 1).reshape(weight.shape[1], -1), parameters["bias"].ravel()


def _affine(written: _Steps, x: Value, weight: Array, bias: Array) -> Value:
    return written.add(do.WeightInputs(x, np.asarray(weight), np.asarray(bias, np.float32)))


def _of_edges(weight: Array, edges: Sequence[Array]) -> Array:
    """Return what each edge adds to the sums: all bins before it are full."""
    rows = []
    stop = 0
    for own in edges:
        start, stop = stop, stop + len(own) - 1
        rows += [np.zeros((1, weight.shape[1])), np.cumsum(weight[start:stop], 0, np.float64)]
    return np.concatenate(rows).astype(np.float32)


def _of_layer(written: _Steps, x: Value, layer: Layer, values: Parameters) -> Value:
    """Write a layer of all members of a part."""
    is_first = isinstance(written.steps[x], do.JoinFeatures)
    if isinstance(layer, FixedTrees):
        return written.add(_trees(x, layer, values, shared=is_first))
    if isinstance(layer, Linear):
        weight, bias = _merged(values) if is_first else (values["weight"], values["bias"])
        return _affine(written, x, weight[None] if is_first else weight, bias)
    if type(layer) in _FUNCTIONS:
        return written.add(do.Activate(_FUNCTIONS[type(layer)], x))
    raise InputError("A layer {name} cannot be exported.", name=type(layer).__name__)


def _trees(x: Value, layer: FixedTrees, values: Parameters, *, shared: bool) -> do.WalkTrees:
    """Return the trees of all members, without the nodes that no row comes to."""
    n_leaves, apart = layer.trees.n_leaves, 0 if shared else layer.trees.in_features
    bias, of_member = values["bias"], values["below"].shape[1] // 2
    first = np.arange(len(bias))[:, None] * of_member
    below = (values["below"] + first).reshape(-1, 2)
    roots = (layer.roots + first).ravel()
    number = np.arange(len(below))
    is_leaf = (number % of_member) % (2 * n_leaves - 1) >= n_leaves - 1
    comes = np.zeros(len(below), bool)
    comes[roots] = True
    for node in range(n_leaves - 1):  # each split stands behind the one that leads to it
        comes[below[(roots + node)[comes[roots + node]]].ravel()] = True
    renumbered = _ints(np.cumsum(comes) - 1)
    feature = np.where(is_leaf, -1, values["feature"].ravel() + number // of_member * apart)
    threshold = np.where(is_leaf, values["value"].ravel(), values["threshold"].ravel())
    return do.WalkTrees(
        x,
        _ints(feature[comes]),
        np.asarray(threshold[comes], np.float32),
        renumbered[below[comes]],
        renumbered[roots],
        bias.ravel(),
    )


def _classes(
    written: _Steps, predictor: Predictor, mean: Value, encoders: Sequence[ClassEncoder]
) -> tuple[Value, Value]:
    """Write probabilities, and the numbers of the predicted classes."""
    if isinstance(predictor.loss, CrossEntropy):
        shares = written.add(do.Link("softmax", mean, len(encoders[0].classes)))
        return shares, written.add(do.ChooseClass(shares, np.empty(0)))
    second = written.add(do.Link("sigmoid", mean, len(encoders)))
    chosen = do.ChooseClass(second, np.array([float(one.threshold) for one in encoders]))
    both = second if len(encoders) > 1 else written.add(do.Link("both", second, 1))
    return both, written.add(chosen)


def _linked(written: _Steps, predictor: Predictor, x: Value, n_outputs: int) -> Value:
    """Write the inverse link of a loss for numbers."""
    match predictor.loss:
        case Poisson():
            return written.add(do.Link("exp", x, n_outputs))
        case Quantiles():
            return written.add(do.Link("sort", x, n_outputs))
        case _:
            return x


def _in_unit(written: _Steps, x: Value, encoders: Sequence[Any]) -> Value:
    """Write predictions in the unit of the target."""
    scales, centers, lows, highs = (
        np.array([float(getattr(one, name)) for one in encoders])
        for name in ("scale", "center", "low", "high")
    )
    return written.add(do.ToUnit(x, scales, centers, lows, highs))


def _intervals(written: _Steps, predictor: Predictor, folds: Value) -> tuple[Value, ...]:
    """Write the bounds of each target, or of the quantile in the middle."""
    conformal, encoders = predictor.conformal, predictor.target_encoder.each
    each = conformal.each if isinstance(conformal, JointConformal) else (conformal,)
    n_outputs, n_folds = len(encoders), predictor.parts[0].theta.shape[1]
    predicted = _linked(written, predictor, folds, n_outputs)
    wanted = range(n_outputs)
    if isinstance(predictor.loss, Quantiles):
        wanted = range(predictor.loss.middle, predictor.loss.middle + 1)
    bounds = []
    for number in wanted:
        intervals = each[number]
        assert isinstance(intervals, PredictionIntervals)
        places = number + n_outputs * np.arange(n_folds)
        own = written.take(predicted, places, n_folds * n_outputs)
        interval = written.add(_interval(own, intervals))
        bounds.append(_in_unit(written, interval, [encoders[number]] * 2))
    return tuple(bounds)


def _interval(x: Value, intervals: PredictionIntervals) -> do.BoundInterval:
    scores = intervals.scores
    starts = _ints(np.cumsum([0, *scores.counts]))
    knots, errors = intervals.knots
    return do.BoundInterval(x, scores.values, starts, knots, errors, intervals.low, intervals.high)
