"""One small network that learns what a fitted model predicts, for devices of little memory.

The model predicts as many rows as are wanted: the given ones, and mixtures of them, in which some
columns come from another row. So a small network sees the model's surface between the rows, too.
That is what makes it good: Bucila, Caruana and Niculescu-Mizil (2006), "Model compression".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from madaline._apps.export import operations as do
from madaline._apps.export.c_code import flash_of
from madaline._apps.export.lowering import lower
from madaline._apps.export.program import Program
from madaline._base.language import _
from madaline._base.words import format_count, format_estimate, format_size
from madaline._models.model import FittedModel
from madaline._models.runtime.frozen_networks import NetworkPart
from madaline._models.runtime.predictor import Predictor
from madaline._race.evaluation.conformal import FoldScores, JointConformal, PredictionIntervals
from madaline._race.evaluation.scores import class_index
from madaline._tables.column import is_missing
from madaline._tables.conversion import as_numbers
from madaline._tables.encoders.encoded import Encoded
from madaline._tables.table import Table
from madaline._tables.target import ClassEncoder
from madaline.errors import InputError
from madaline.nn._engine.blas import one_threaded_products
from madaline.nn.arrays import Array, Rng, Workspace
from madaline.nn.initializers import zeros
from madaline.nn.layers import Linear, ScaledLinear, SiLU
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss, Squared
from madaline.nn.network import Network, write_gradient
from madaline.nn.optimizers import ScheduleFreeAdamW, StepSize
from madaline.nn.population import Slot

MAX_LOSS = 1.05
"""The loss that a network may have, as a multiple of the model's."""

_UNITS = (64, 56, 48, 40, 34, 28, 24, 20, 17, 14, 12, 10, 8, 6, 5, 4)  # of both hidden layers
_MIXED_ROWS, _MIXED_CELLS = 60_000, 2**25  # rows that are mixed, and numbers of their encoding
_MIXED_SHARE = 0.2  # of the cells of a mixed row that come from another row
_STEPS, _LAST_STEPS, _BATCH = 6_000, 15_000, 256
_RATE = 0.03  # as that of `madaline._race.recipe`, with its multiples
_MIN_ROWS, _MAX_HELD_OUT = 100, 5000
_SCORES = 200  # of intervals, at most: enough for a coverage of 99 %
_TINY = 1e-9  # a loss that is none


@final
@dataclass(frozen=True, eq=False)
class Distilled:
    """A small network in the place of a model's, and what that costs."""

    part: NetworkPart
    loss: float  # on held-out rows, as a multiple of the model's
    error: float  # its standard error
    n_rows: int  # held out
    of_labels: bool  # whether labels tell, or how far predictions are from the model's

    @property
    def sentence(self) -> str:
        """What it costs."""
        told = _(
            "One network of two layers with {units} units each has {loss} of the model's loss, measured on {rows} held out, by how far its predictions are from the model's."
        )
        if self.of_labels:
            told = _(
                "One network of two layers with {units} units each has {loss} of the model's loss, measured by the labels of {rows} that neither of them learned from."
            )
        return told.format(
            units=self.part.network.layers[2].config()["in_features"],
            loss=format_estimate(self.loss, self.error),
            rows=format_count(self.n_rows, "row"),
        )


def distill(
    model: FittedModel, table: Table, max_bytes: int, *, max_loss: float = MAX_LOSS, seed: int = 0
) -> tuple[Program, Distilled]:
    """Return the program of the best network that fits, and what it costs.

    A tenth of the rows is held out; in the end the best network learns these, too, and for longer.
    Where labels are given of rows that the model was not trained on, the losses of both are
    compared; otherwise the loss of the network is that of the model out of fold, and how far its
    predictions are from the model's. `InputError` if no network fits, or its loss is too high.
    """
    _check(model.predictor, table)
    students = _students(model, max_bytes)
    rng = np.random.default_rng(seed)
    order = rng.permutation(table.n_samples)
    n_held = min(len(order) // 10, _MAX_HELD_OUT)
    judge = _Judge.of(model, table.take(np.sort(order[:n_held])))
    lesson = _Lesson.of(model.predictor, table.take(np.sort(order[n_held:])), rng)
    judged = [judge.judged(lesson.learned(student, seed, _STEPS)) for student in students]
    best = min(judged, key=lambda one: one.loss)
    if not best.loss <= max_loss:
        raise InputError(
            "The best network within {size} has {loss:.3f} of the model's loss on {rows} held out, more than {bound:g}: allow more bytes, or give max_loss={wanted:.2f}.",
            size=format_size(max_bytes),
            loss=best.loss,
            rows=format_count(best.n_rows, "row"),
            bound=max_loss,
            wanted=np.ceil(100 * best.loss) / 100,
        )
    lesson = _Lesson.of(model.predictor, table, rng)
    best = replace(best, part=lesson.learned(best.part, seed, _LAST_STEPS))
    return _program(model, best.part, max(1.0, best.loss)), best


def _check(teacher: Predictor, table: Table) -> None:
    """Raise `InputError` if a model cannot be distilled, or not with these rows."""
    if not isinstance(teacher.loss, BinaryCrossEntropy | CrossEntropy | Squared):
        raise InputError(
            "A model with the loss {name} cannot be distilled into fewer bytes: export it whole, or fit one that predicts classes or means.",
            name=type(teacher.loss).__name__.lower(),
        )
    teacher.check_no_past("exported")
    if table.n_samples < _MIN_ROWS:
        raise InputError(
            "Distilling needs {least} rows or more, but there are {rows}: give more, labels are not needed.",
            least=_MIN_ROWS,
            rows=format_count(table.n_samples, "row"),
        )


def _students(model: FittedModel, max_bytes: int) -> list[NetworkPart]:
    """Return the largest network that fits for each number of bins, with parameters of zero."""
    students, least = {}, 0
    for n_bins, n_features in sorted(model.predictor.encoder.widths.items(), reverse=True):
        for units in _UNITS:
            part = _empty(model.predictor, n_bins, units)
            least = flash_of(_program(model, part))
            if least <= max_bytes:
                students[n_features] = part
                break
    if not students:
        raise InputError(
            "The smallest network takes {least}, more than {size}: allow more bytes, or fit fewer columns, or columns of fewer levels.",
            least=format_size(least),
            size=format_size(max_bytes),
        )
    return list(students.values())


def _empty(teacher: Predictor, n_bins: int, units: int) -> NetworkPart:
    first, *others = teacher.target_encoder.each
    n_outputs = 1 + len(others)
    if isinstance(first, ClassEncoder) and isinstance(teacher.loss, CrossEntropy):
        n_outputs = len(first.classes)
    columns = tuple(teacher.encoder.feature_columns(n_bins).tolist())
    last = Linear(units, n_outputs, weight_initializer=zeros)
    network = Network((ScaledLinear(columns, units), SiLU(), Linear(units, units), SiLU(), last))
    theta = np.zeros((1, 1, network.layout.size), np.float32)
    return NetworkPart(n_bins, network, theta, np.ones(1))


@final
@dataclass(frozen=True, eq=False)
class _Lesson:
    """Rows, and what the model says of them."""

    rows: Encoded
    target: Array  # (n_rows, n_outputs)
    loss: Loss

    @classmethod
    def of(cls, teacher: Predictor, table: Table, rng: Rng) -> _Lesson:
        mixed = _mixed(table.select(teacher.columns), max(teacher.encoder.widths.values()), rng)
        rows = teacher.encode(mixed)
        target = teacher.loss.prediction(teacher.output(rows))
        return cls(rows, np.asarray(target, np.float32), teacher.loss)

    def learned(self, part: NetworkPart, seed: int, n_steps: int) -> NetworkPart:
        """Return a network that has learned it."""
        rng, network, loss = np.random.default_rng(seed), part.network, self.loss
        x, optimizer = self.rows.features(part.n_bins), ScheduleFreeAdamW(power=1.0)
        population = network.initialize((1,), rng)
        network.bind(population.theta)[-1]["bias"][...] = loss.initial_output(self.target)
        optimizer.start(population)
        gradient, workspace = np.zeros_like(population.theta), Workspace()
        bound = network.bind(population.theta), network.bind(gradient)
        size = StepSize(_RATE, rates=network.layout.row(_rate))
        with one_threaded_products():
            for _step in range(n_steps):
                batch = rng.integers(len(x), size=_BATCH)
                rows = x[batch], self.target[batch]
                write_gradient(network, loss, *bound, *rows, workspace=workspace)
                optimizer.step(population, gradient, size, workspace=workspace)
        return replace(part, theta=optimizer.averaged(population)[None])


def _rate(slot: Slot) -> float:
    return {"bias": 1.0, "gate": 6.0}.get(slot.kind, 10 / float(np.sqrt(slot.fan_in)))


def _mixed(table: Table, width: int, rng: Rng) -> Table:
    """Return rows of a table, and as many or more in which some cells are those of other rows."""
    n_rows = min(_MIXED_ROWS, _MIXED_CELLS // width)
    n_whole = min(table.n_samples, n_rows // 2)
    rows = rng.permutation(table.n_samples)[:n_whole]
    rows = np.concatenate([rows, rng.integers(table.n_samples, size=n_rows - n_whole)])
    others = rng.integers(table.n_samples, size=(len(table.names), n_rows))
    mixed = rng.random(others.shape) < _MIXED_SHARE
    mixed[:, :n_whole] = False
    places = np.where(mixed, others, rows)
    return Table.from_columns(
        {name: table[name][own] for name, own in zip(table.names, places, strict=True)}
    )


@final
@dataclass(frozen=True, eq=False)
class _Judge:
    """Held-out rows, and how good the model is on them."""

    rows: Encoded
    truth: Array  # (n_rows, n_outputs): labels, or what the model predicts
    losses: Array  # (n_rows,): of the model
    base: float  # the loss of the model
    of_labels: bool
    loss: Loss

    @classmethod
    def of(cls, model: FittedModel, table: Table) -> _Judge:
        teacher, truth = model.predictor, _truth(model, table)
        if truth is not None:
            table = table.take(truth[0])
        rows = teacher.encode(table)
        output = teacher.output(rows)
        known = teacher.loss.prediction(output) if truth is None else truth[1]
        losses = teacher.loss.rows(output, known)
        base = float(losses.mean()) if truth is not None else _out_of_fold(model)
        return cls(rows, known, losses, max(base, _TINY), truth is not None, teacher.loss)

    def judged(self, part: NetworkPart) -> Distilled:
        """Return a network with its loss."""
        output = part.network.predict(part.theta[0, 0], self.rows.features(part.n_bins))
        excess = (self.loss.rows(output.astype(np.float64), self.truth) - self.losses) / self.base
        error = float(excess.std() / np.sqrt(len(excess)))
        return Distilled(part, 1 + float(excess.mean()), error, len(excess), self.of_labels)


def _truth(model: FittedModel, table: Table) -> tuple[Array, Array] | None:
    """Return the rows with labels, and these; None if there are none, or the model knows them."""
    names, encoder = model.target_names, model.predictor.target_encoder
    if model.known_rows is None or any(name not in table for name in names):
        return None
    present = ~np.any([is_missing(table[name]) for name in names], axis=0)
    columns: list[Array] = []
    for name, own in zip(names, encoder.each, strict=True):
        if isinstance(own, ClassEncoder):
            present &= (index := class_index(own.classes, table[name])) >= 0
            columns.append(own.classes[index])
        else:
            columns.append(as_numbers(name, table[name]))
    kept = np.flatnonzero(present)
    values = np.stack(columns, axis=1)[kept] if len(columns) > 1 else columns[0][kept]
    if len(kept) < _MIN_ROWS // 10:
        return None
    copies = model.known_rows.copies(model.predictor, table.take(kept), values)
    if copies is None or copies.trained_on is not False:
        return None
    return kept, encoder.matrix(values).astype(np.float64)


def _out_of_fold(model: FittedModel) -> float:
    """Return the loss of the model out of fold, in units of its networks."""
    summary, losses = model.summary, []
    outputs = [one.scores for one in summary.outputs] or [summary.scores]
    for scores, own in zip(outputs, model.predictor.target_encoder.each, strict=True):
        named = {score.metric: score.value for score in scores}
        root = named.get("rmse", 0.0) / getattr(own, "scale", 1.0)
        losses.append(named.get("log_loss", root**2))
    return float(np.mean(losses))


def _program(model: FittedModel, part: NetworkPart, loss: float = 1.0) -> Program:
    """Return the program of a network in the place of a model's.

    Its intervals are those of the model, wider as its squared errors are larger.
    """
    conformal = model.predictor.conformal
    if isinstance(conformal, JointConformal):
        conformal = replace(conformal, each=tuple(_thinned(one, loss) for one in conformal.each))
    predictor = replace(
        model.predictor, parts=(part,), temperature=1.0, conformal=_thinned(conformal, loss)
    )
    return _without_wide_levels(lower(replace(model, predictor=predictor)))


def _thinned(conformal: Any, loss: float) -> Any:
    """Return intervals with fewer scores, as if of one fold; of others, as they are."""
    if not isinstance(conformal, PredictionIntervals):
        return conformal
    values = conformal.scores.values * np.sqrt(loss)
    return replace(conformal, scores=FoldScores.of(values, (0, len(values)), most=_SCORES))


def _without_wide_levels(program: Program) -> Program:
    """Return a program whose levels are no wider than its units: with weights multiplied in."""
    steps = list(program.steps)
    place = next(k for k, step in enumerate(steps) if isinstance(step, do.JoinFeatures))
    sums = next(k for k, step in enumerate(steps) if isinstance(step, do.WeightInputs))
    join, weigh = steps[place], steps[sums]
    assert isinstance(join, do.JoinFeatures)
    assert isinstance(weigh, do.WeightInputs)
    weight, units = weigh.weight[0], weigh.weight.shape[2]
    rows, sizes = [], []
    stops = np.cumsum(join.sizes)
    for part, own in zip(join.parts, np.split(join.places, stops[:-1]), strict=True):
        step, added = steps[part], weight[own]
        if isinstance(step, do.LookUpLevel) and len(own) > units:
            steps[part] = replace(step, table=step.table @ added)
            added = np.eye(units, dtype=np.float32)
        rows.append(added)
        sizes.append(len(added))
    places = np.arange(sum(sizes), dtype=np.int32)
    steps[place] = replace(join, sizes=np.array(sizes, np.int32), places=places)
    steps[sums] = replace(weigh, weight=np.concatenate(rows)[None])
    return replace(program, steps=tuple(steps))
