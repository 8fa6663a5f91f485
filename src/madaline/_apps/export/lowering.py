"""From a fitted model to its program: features of columns, networks and trees, then the answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from madaline._apps.export import operations as do
from madaline._apps.export.networks import Features, Steps, ints, write_networks
from madaline._apps.export.operations import PARTS, Operation, Value
from madaline._apps.export.program import Program, ProgramColumn
from madaline._base.words import format_list
from madaline._models.model import FittedModel
from madaline._models.runtime.predictor import Predictor
from madaline._race.evaluation.conformal import JointConformal, PredictionIntervals
from madaline._race.evaluation.scores import label_text
from madaline._tables.kinds.boolean import BooleanEncoder
from madaline._tables.kinds.category import CategoryEncoder
from madaline._tables.kinds.kind import ColumnEncoder
from madaline._tables.kinds.moment import CYCLES, DatetimeEncoder
from madaline._tables.kinds.number import JoinedNumbers, NumberEncoder
from madaline._tables.target import ClassEncoder, JointEncoder
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import CrossEntropy, Poisson, Quantiles

READ = (NumberEncoder, BooleanEncoder, DatetimeEncoder, CategoryEncoder)
"""Encoders of what a program reads."""

DAY = 86_400.0


def lower(
    model: FittedModel,
    *,
    given: Collection[str] = (),  # columns whose features the back end makes, such as of pixels
    with_intervals: bool = True,  # which need the outputs of each fold
) -> Program:
    """Return the program of a fitted model of a table; `InputError` if it cannot be one."""
    predictor = model.predictor
    predictor.check_no_past("exported")
    unread = {one.name for one in predictor.encoder.encoders if not isinstance(one, READ)}
    if unread := unread.difference(given):
        raise InputError(
            "Columns of texts, images, sequences and sounds cannot be exported as a program, such as {unread}: fit without them, or predict with madaline.runtime.",
            unread=format_list(sorted(unread), limit=5),
        )
    written = _Written()
    features = _features(written, predictor, given)
    outputs = write_networks(written, predictor, features, of_folds=with_intervals)
    n_folds = predictor.parts[0].theta.shape[1] if with_intervals else 1
    joint = predictor.target_encoder
    names = joint.names if isinstance(joint, JointEncoder) else (model.summary.target,)
    columns = tuple(map(_column, predictor.encoder.encoders))
    mean = written.add(do.MeanOfFolds(outputs, n_folds))
    classes = [one for one in joint.each if isinstance(one, ClassEncoder)]
    labels = tuple(tuple(map(label_text, one.classes.tolist())) for one in classes)
    intervals: tuple[Value, ...] = ()
    label: Value | None = None
    if classes:
        prediction, label = _classes(written, predictor, mean, classes)
    else:
        linked = _linked(written, predictor, mean, len(joint.each))
        prediction = _in_unit(written, linked, joint.each)
        intervals = _intervals(written, predictor, outputs) if with_intervals else ()
    steps = tuple(written.steps)
    return Program(
        model.summary.target, columns, steps, names, labels, prediction, label, intervals
    )


@final
@dataclass(frozen=True)
class _Written(Steps):
    """The steps so far, and which of them make features, with the places of these."""

    pieces: list[tuple[Value, Any]] = field(default_factory=list)

    def place(self, step: Operation, places: Any) -> None:
        self.pieces.append((self.add(step), places))


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


def _features(written: _Written, predictor: Predictor, given: Collection[str]) -> Features:
    """Write the steps from the columns to the features."""
    encoder, joined = predictor.encoder, predictor.encoder.joined
    places = {one.name: number for number, one in enumerate(encoder.encoders)}
    edges: dict[int, Value] = {}
    if joined is not None:
        x = written.add(do.ReadNumbers(ints([places[one.name] for one in joined.encoders])))
        filled = written.add(do.FillMissing(x, _parts_of(joined, "center")))
        _write_numbers(written, joined, x, filled)
        used = {part.n_bins for part in predictor.parts} & joined.bins.keys()
        edges = {n: _edges(written, joined, n, filled) for n in sorted(used)}
    for own, start in zip(encoder.encoders, encoder.starts, strict=True):
        if own.name in given:
            read = do.ReadFeatures(places[own.name], own.n_features)
            written.place(read, np.arange(start, start + own.n_features))
        else:
            _write_column(written, own, places[own.name], start)
    values, of_values = zip(*written.pieces, strict=True)
    sizes, order = ints([len(own) for own in of_values]), ints(np.concatenate(of_values))
    return Features(written.add(do.JoinFeatures(values, sizes, order)), edges)


def _parts_of(joined: JoinedNumbers, name: str) -> Array:
    return np.array([getattr(one.scaling, name) for one in joined.encoders])


def _write_numbers(written: _Written, joined: JoinedNumbers, x: Value, filled: Value) -> None:
    """Write the features of columns of numbers, as they are and with the missing ones filled."""
    varying = np.flatnonzero([one.varies for one in joined.encoders])
    if len(varying):
        numbers = written.take(filled, varying)
        center, spread = (_parts_of(joined, name)[varying] for name in ("center", "spread"))
        scaled = do.ScaleSmoothly(numbers, center, spread)
        written.place(scaled, np.array(joined.starts)[varying])
    if joined.flags:
        rows, features, shares = map(np.array, zip(*joined.flags, strict=True))
        written.place(do.FlagMissing(written.take(x, rows), shares), features)


def _edges(written: _Written, joined: JoinedNumbers, n_bins: int, filled: Value) -> Value:
    """Write where numbers lie on the edges of their bins."""
    edges = joined.bins[n_bins].edges
    numbers = written.take(filled, joined.owners[n_bins])
    starts = np.cumsum([0, *map(len, edges)])
    return written.add(do.PlaceOnEdges(numbers, np.concatenate(edges), ints(starts)))


def _write_column(written: _Written, encoder: ColumnEncoder, place: int, start: int) -> None:
    """Write the features of a column that holds no numbers; the last one: whether it is missing."""
    if isinstance(encoder, CategoryEncoder):
        _write_levels(written, encoder, place, start)
    if not isinstance(encoder, BooleanEncoder | DatetimeEncoder):
        return
    x = written.add(do.ReadNumbers(ints([place])))
    if isinstance(encoder, DatetimeEncoder):
        _write_dates(written, encoder, x, start)
    elif encoder.varies:
        written.place(do.CenterNumbers(x, np.array([encoder.true_share])), [start])
    if encoder.missing_share is not None:
        flag = do.FlagMissing(x, np.array([encoder.missing_share]))
        written.place(flag, [start + encoder.n_features - 1])


def _write_levels(written: _Written, encoder: CategoryEncoder, place: int, start: int) -> None:
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
            found = do.LookUpLevel(number, ints(of_level.ravel()), rows)
            written.place(found, np.arange(start + first, start + stop))


def _write_dates(written: _Written, encoder: DatetimeEncoder, days: Value, start: int) -> None:
    """Write the features of dates."""
    n, scalings = len(encoder.scalings), list(encoder.scalings.values())
    if scalings:
        center = np.array([own.center for own in scalings])
        spread = np.array([own.spread for own in scalings])
        parts = written.add(do.DateParts(days, ints(list(map(PARTS.index, encoder.scalings)))))
        filled = written.add(do.FillMissing(parts, center))
        written.place(do.ScaleSmoothly(filled, center, spread), start + np.arange(n))
    if encoder.cycles:
        parts = written.add(do.DateParts(days, ints(list(map(PARTS.index, encoder.cycles)))))
        periods = np.array([float(CYCLES[name]) for name in encoder.cycles])
        written.place(do.CircleParts(parts, periods), start + n + np.arange(2 * len(periods)))


def _classes(
    written: _Written, predictor: Predictor, mean: Value, encoders: Sequence[ClassEncoder]
) -> tuple[Value, Value]:
    """Write probabilities, and the numbers of the predicted classes."""
    if isinstance(predictor.loss, CrossEntropy):
        shares = written.add(do.Link("softmax", mean, len(encoders[0].classes)))
        return shares, written.add(do.ChooseClass(shares, np.empty(0)))
    second = written.add(do.Link("sigmoid", mean, len(encoders)))
    chosen = do.ChooseClass(second, np.array([float(one.threshold) for one in encoders]))
    both = second if len(encoders) > 1 else written.add(do.Link("both", second, 1))
    return both, written.add(chosen)


def _linked(written: _Written, predictor: Predictor, x: Value, n_outputs: int) -> Value:
    """Write the inverse link of a loss for numbers."""
    match predictor.loss:
        case Poisson():
            return written.add(do.Link("exp", x, n_outputs))
        case Quantiles():
            return written.add(do.Link("sort", x, n_outputs))
        case _:
            return x


def _in_unit(written: _Written, x: Value, encoders: Sequence[Any]) -> Value:
    """Write predictions in the unit of the target."""
    scales, centers, lows, highs = (
        np.array([float(getattr(one, name)) for one in encoders])
        for name in ("scale", "center", "low", "high")
    )
    return written.add(do.ToUnit(x, scales, centers, lows, highs))


def _intervals(written: _Written, predictor: Predictor, folds: Value) -> tuple[Value, ...]:
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
        own = written.take(predicted, places)
        interval = written.add(_interval(own, intervals))
        bounds.append(_in_unit(written, interval, [encoders[number]] * 2))
    return tuple(bounds)


def _interval(x: Value, intervals: PredictionIntervals) -> do.BoundInterval:
    scores = intervals.scores
    starts = ints(np.cumsum([0, *scores.counts]))
    knots, errors = intervals.knots
    return do.BoundInterval(x, scores.values, starts, knots, errors, intervals.low, intervals.high)
