"""The learner: predicts rows as they come, and learns from their labels as they become known.

A block of rows goes this way: raw numbers, features, the predictions of all members, their losses,
new weights; then the rows go into the replay, and every member takes a step on the newest rows and
some that it draws from as far back as it remembers.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from madaline._models.online.columns import MAX_WEIGHT, StreamColumns
from madaline._models.online.encoder import StreamEncoder
from madaline._models.online.file import check_array, check_state
from madaline._models.online.inputs import StreamInputs
from madaline._models.online.networks import (
    HORIZONS,
    LeadTracker,
    OnlineNetworks,
    TimeScales,
    Weighting,
)
from madaline._models.online.regimes import MAX_REGIMES, Kept, RegimeMemory
from madaline._models.online.replay import Replay
from madaline._models.online.tasks import TASK, StreamTask
from madaline._tables.io.tensor_file import (
    ONLINE,
    parse_tensor_file,
    read_tensor_file,
    refusing_malformed,
    tensor_bytes,
    write_tensor_file,
)
from madaline._tables.io.tensor_header import named, with_prefix
from madaline._tables.table import Table
from madaline.errors import InputError, ModelFileError
from madaline.nn.arrays import Array
from madaline.records.decision import Decision

# With 20 and 60, tables are learned faster, but networks are too slow where a relation reverses.
_BLOCK_ROWS = 10  # rows that are learned in one step, at most
_BATCH_ROWS = 16  # rows of a step: the others are drawn

_LABEL_DELAY = 128  # rows of a table whose labels count as unknown to one another


@dataclass(frozen=True, eq=False)
class Prediction:
    """What was predicted for rows, and from which inputs."""

    raw: Array  # (n_samples, n_columns): the rows as numbers
    x: Array  # (n_samples, n_inputs): what the networks saw
    history: Array  # (n_history,): fading means of the labels that were known
    members: Array  # (members, n_samples, n_outputs): what each network predicted
    aggregators: Array  # (aggregators, n_samples, n_outputs): what each way of weighing predicted
    each: Array  # (1 + regimes, n_samples, n_outputs): what live and stored networks predicted
    by_share: Array  # (shares, n_samples, n_outputs): their means, as `mixing` weighs them
    regimes: Array  # (regimes,): the numbers of those
    mixture: Array  # (n_samples, n_outputs): the weighted mean of all


@final
class OnlineLearner:
    """A population that keeps up with a stream."""

    def __init__(
        self,
        task: StreamTask,
        names: list[str],
        seed: int,
        *,
        missing: Sequence[str] = (),
        max_regimes: int = MAX_REGIMES,
    ) -> None:
        self.task = task
        self.seed = seed
        self.columns = StreamColumns(names, tuple(missing))
        self.inputs = StreamInputs(self.columns, task)
        self.rng = np.random.default_rng(seed)
        self.scales = TimeScales.all()
        n_inputs = self.inputs.n_inputs
        n_outputs = task.n_outputs
        self.networks = OnlineNetworks(self.scales, n_inputs, n_outputs, self.rng)
        self.weighting = Weighting(len(self.scales))
        self.leads = LeadTracker(self.scales.horizons)
        self.memory = RegimeMemory(max_regimes)
        self.replay = Replay(max(HORIZONS), len(names), n_inputs, n_outputs, task.target_type)
        self.seen = self.inputs.seen(self.scales)
        self.memory.bind(self.networks.population.layout, self.seen)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the learner to a file; `InputError` if the file could not be read again."""
        write_tensor_file(path, ONLINE, *self._state(), check=OnlineLearner._of_state)

    @classmethod
    def load(cls, path: str | os.PathLike[str], kind: str) -> OnlineLearner:
        """Return the learner of a file that must predict `kind`: "classes" or "numbers"."""
        state, arrays = read_tensor_file(path, ONLINE)
        with refusing_malformed(path, ONLINE):
            learner = cls._of_state(state, arrays)
        if learner.task.kind != kind:
            raise ModelFileError(
                "{path} predicts {kind}, not {wanted}: load it with {loader}.",
                path=path,
                kind=learner.task.kind,
                wanted=kind,
                loader="OnlineRegressor" if kind == "classes" else "OnlineClassifier",
            )
        return learner

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy holds: the file."""
        return {"file": tensor_bytes(ONLINE, *self._state(), check=OnlineLearner._of_state)}

    def __setstate__(self, copied: Mapping[str, Any]) -> None:
        """Be such a copy."""
        name = "The copy"
        with refusing_malformed(name, ONLINE):
            content = parse_tensor_file(memoryview(copied["file"]), name, ONLINE)
            vars(self).update(vars(self._of_state(*content)))

    @property
    def decisions(self) -> list[Decision]:
        """Which networks led, and what returned, in order."""
        return sorted(
            [*self.leads.decisions, *self.memory.decisions], key=lambda decision: decision.epoch
        )

    @property
    def n_learned(self) -> int:
        """How many labels were learned."""
        return self.replay.n_added

    def predict(self, rows: Table | Mapping[str, Any]) -> Prediction:
        """Return what is predicted for some rows; nothing changes."""
        return self._predict(self.columns.read(rows, learning=False))

    def observe(self, rows: Table | Mapping[str, Any]) -> Prediction:
        """Return what is predicted for rows whose labels may come later; scales follow them."""
        raw = self.columns.read(rows, learning=False)
        self.inputs.recent.add(raw)
        return self._predict(raw)

    def learn(
        self,
        rows: Table | Mapping[str, Any],
        y: Array,
        weight: Array | None = None,
        predicted: Prediction | None = None,
    ) -> None:
        """Learn from rows, a table or a single row, and their labels.

        Where labels came later, `predicted` is what was predicted when the rows came. `InputError`
        if a row, a label or a weight is none that can be learned.
        """
        heaviest = 0.0 if weight is None else weight.max(initial=0)
        if heaviest > MAX_WEIGHT:
            raise InputError(
                "sample_weight is {heaviest:.3g}: give weights of at most {MAX_WEIGHT:.0e}, such as shares of the largest.",
                heaviest=heaviest,
                MAX_WEIGHT=MAX_WEIGHT,
            )
        self.task.check(y)  # first everything is read, as it may be refused, then all is taken in
        if predicted is not None and self._is_read(rows, predicted.raw):
            raw = predicted.raw
        else:
            raw = self.columns.read(rows, learning=True)
        self.task.admit(y)
        self._widen(raw)
        if predicted is None:
            self.inputs.recent.add(raw)
        weight = np.ones(len(y)) if weight is None else weight
        if self.n_learned == 0:
            self.inputs.start(y[:_LABEL_DELAY])
        for start in range(0, len(y), _LABEL_DELAY):
            some = slice(start, start + _LABEL_DELAY)
            self._learn_rows(raw[some], y[some], weight[some], predicted)

    def _state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return the description and the arrays of the file."""
        encoder, arrays = self.inputs.encoder.to_state()
        description = {
            "task": self.task.to_json(),
            "columns": self.columns.to_json(),
            "encoder": encoder,
            "n_added": {"replay": self.replay.n_added, "recent": self.inputs.recent.n_added},
            "widened_at": self.inputs.widened_at,
            "seed": self.seed,
            "leads": self.leads.to_state(),
            "regimes": self.memory.to_state(self.replay.stretches),
            "rng": self.rng.bit_generator.state,
        }
        return description, with_prefix("encoder.", arrays) | self._arrays()

    @classmethod
    def _of_state(cls, state: Any, arrays: Mapping[str, Array]) -> OnlineLearner:
        """Return the learner of a description and arrays; a `ValueError` if they are no such."""
        check_state(state, arrays)
        columns = StreamColumns.from_json(state["columns"])
        learner = cls(TASK.read(state["task"]), columns.names, seed=0)
        learner.columns = columns
        encoder = StreamEncoder.from_state(columns, state["encoder"], named(arrays, "encoder."))
        inputs = learner.inputs
        inputs.encoder = encoder
        learner.seen = inputs.seen(learner.scales)
        history = np.arange(inputs.n_history)
        n_outputs = learner.task.n_outputs
        learner.networks.widen(history, inputs.n_inputs, n_outputs)
        learner.replay.widen(history, inputs.n_inputs, n_outputs, len(columns.names))
        learner.leads = LeadTracker.from_state(learner.scales.horizons, state["leads"])
        learner.memory = RegimeMemory.from_state(state["regimes"], learner._kept())
        learner.replay.stretches = list(map(tuple, state["regimes"]["drawn"]))
        for name, array in learner._arrays().items():
            check_array(name, arrays, array)
            array[...] = arrays[name]
        learner.weighting.weigh()
        learner.memory.bind(learner.networks.population.layout, learner.seen)
        learner.replay.n_added = state["n_added"]["replay"]
        inputs.recent.n_added = state["n_added"]["recent"]
        inputs.widened_at = state["widened_at"]
        learner.seed = state["seed"]
        learner.rng.bit_generator.state = state["rng"]
        return learner

    def _arrays(self) -> dict[str, Array]:
        """Return the arrays that are filled in place, by their names in a file."""
        population = self.networks.population
        replay = self.replay
        return {
            "theta": population.theta,
            "history": self.inputs.history.means,
            **with_prefix("memory.", population.memory),
            **with_prefix("column.", population.columns),
            **with_prefix("weighting.", self.weighting.to_arrays()),
            **with_prefix("regimes.", self.memory.to_arrays()),
            "replay.raw": replay.raw,
            "replay.x": replay.x,
            "replay.target": replay.target,
            "replay.weight": replay.weight,
            "recent.ring": self.inputs.recent.ring,
        }

    def _is_read(self, rows: Table | Mapping[str, Any], raw: Array) -> bool:
        """Return whether nothing of rows is new: no column, no kind, and no level."""
        names = rows.names if isinstance(rows, Table) else rows
        return (
            self.columns.are_numbers
            and self.columns.has_all(names)
            and raw.shape[1] == len(self.columns.names)
            and not np.isnan(raw).any()
        )

    def _learn_rows(
        self, raw: Array, y: Array, weight: Array, predicted: Prediction | None
    ) -> None:
        """Weigh the members by what they predict for some rows, then let them learn the rows."""
        if predicted is None:
            predicted = self._predict(raw)
        target = self.task.encode(y)
        self._weigh(predicted, target)
        is_current = predicted.x.shape == (len(y), self.inputs.n_inputs)
        x = predicted.x if is_current else self.inputs.encode(raw, predicted.history)
        for start in range(0, len(y), _BLOCK_ROWS):
            some = slice(start, start + _BLOCK_ROWS)
            self._learn_block(raw[some], x[some], target[some], weight[some])
        self.inputs.history.add(target[self.task.is_believed(target)])
        self.leads.follow(self.weighting.weights, self.n_learned, len(y))
        self._remember(len(y))

    def _remember(self, n_new: int) -> None:
        """Store what the stream is like, and go on from what it was like before."""
        regime = self.memory.recognize(self.n_learned, n_new)
        if regime is not None:
            self.networks.take_up(regime.theta)
            self.weighting.losses[...] = regime.losses
            self.weighting.aggregator_losses[...] = regime.aggregator_losses
            self.weighting.weigh()
            self.replay.stretches = [(first - 1, last) for first, last in regime.stretches]
        if self.memory.is_due(self.n_learned, n_new) and self.memory.consider(
            self.n_learned, self._kept()
        ):
            self.replay.stretches = []

    def _kept(self) -> Kept:
        """Return what a regime keeps of the live population."""
        means = self.networks.population.memory["mean"].copy()
        return Kept(means, **{name: array.copy() for name, array in self._weights().items()})

    def _weights(self) -> dict[str, Array]:
        return {**self.weighting.to_arrays(), "weights": self.weighting.weights}

    def _learn_block(self, raw: Array, x: Array, target: Array, weight: Array) -> None:
        self.replay.add(raw, x, target, weight)
        if self.task.is_outgrown(target):
            self._rescale_target()
        self._step(len(raw))
        if self.inputs.is_due(self.n_learned, len(raw)):
            self.inputs.rescale(self.replay)
            self._rescale_target()

    def _predict(self, raw: Array) -> Prediction:
        history = self.inputs.history.features().copy()
        x = self.inputs.encode(raw, history)
        members = self.task.predictions(self.networks.outputs(x, self.seen))
        flat = members.reshape(len(members), members.shape[1] * members.shape[2])
        aggregators = (self.weighting.aggregators @ flat).reshape(
            len(self.weighting.aggregators), *members.shape[1:]
        )
        live = (self.weighting.weights @ flat).reshape(members.shape[1:])
        each = self.memory.predict(x, live, self.task)
        by_share = self.memory.mixing.by_share(each)
        mixture = self.memory.mixing.mix(each)
        self.task.check_prediction(mixture)
        numbers = self.memory.numbers
        return Prediction(raw, x, history, members, aggregators, each, by_share, numbers, mixture)

    def _weigh(self, predicted: Prediction, target: Array) -> None:
        known = target[:, : predicted.mixture.shape[1]]  # classes that there were at the time
        self.weighting.update(
            self.task.losses(predicted.members, known),
            self.task.losses(predicted.aggregators, known),
        )
        self.memory.follow(
            self.task.losses(predicted.each, known),
            self.task.losses(predicted.by_share, known),
            predicted.regimes,
            self.n_learned + len(target),
        )
        self.task.learned(predicted.mixture, known)

    def _step(self, n_new: int) -> None:
        """Let every member learn the newest rows, and at least as many earlier ones."""
        places = np.empty((len(self.scales), _BATCH_ROWS), np.intp)
        places[:, :n_new] = self.replay.newest(n_new)
        places[:, n_new:] = self.replay.draw(self.scales.horizons, _BATCH_ROWS - n_new, self.rng)
        target = self.replay.target.take(places, axis=0)
        self.networks.step(
            self.replay.x.take(places, axis=0),
            self.task.scaled(target).astype(np.float32),
            self.replay.weight.take(places) * self.task.is_believed(target),
            self.task.loss,
            self.seen,
        )

    def _rescale_target(self) -> None:
        moved = self.inputs.rescale_target(self.replay)
        if moved is not None:
            self.networks.rescale_outputs(*moved)
            self.memory.rescale_outputs(*moved)

    def _widen(self, raw: Array) -> None:
        """Make room for new columns, levels, missing values and classes."""
        widened = self.inputs.widen(raw, self.n_learned)
        if widened is None:
            return
        positions, are_late = widened
        n_inputs, n_outputs = self.inputs.n_inputs, self.task.n_outputs
        self.seen = self.inputs.seen(self.scales)
        self.networks.widen(positions, n_inputs, n_outputs, zero=are_late)
        self.memory.widen(self.networks.population.layout, self.seen, positions)
        self.replay.widen(positions, n_inputs, n_outputs, raw.shape[1])
