"""A memory of regimes: what a stream was like before is kept, and known again when it returns.

Every `_INTERVAL` labels the memory asks which regime the live population stands for: the one it
stood for before, as long as the stored networks predict as well as they did, or hardly worse than
the live ones; another one whose networks predict as well as they did; or a new one, which is stored
once the live population has settled. Mean losses begin anew with each regime. Stored networks
predict beside the live population (`mixing`). Where they clearly lead for long, the live population
goes on from them; what it was is stored as a regime, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np

from madaline._base.language import _
from madaline._models.online.mixing import Mixing
from madaline._models.online.stored_networks import StoredNetworks
from madaline._models.online.tasks import StreamTask
from madaline.nn.arrays import Array
from madaline.nn.population import Layout
from madaline.records.reading import DECISION
from madaline.records.regimes import Regime, RegimeReturned, letter

MAX_REGIMES = 16
_INTERVAL = 250  # labels after which regimes are stored and compared
_MEMORY = 0.995  # how much of mean losses is kept at each label: about 200 labels count
_TOLERANCE = (0.08, 0.4)  # losses this far above the usual one, or this share of it, are alike
_EVIDENCE = 6.0  # by how much losses must differ, in all, until a regime is known again
_LEADING_WEIGHT = 0.8  # from which on the live population goes on from a regime ...
_LEAD_ROWS = 60  # ... that has had so much weight for so many rows
_LEAST = 100  # rows from which means tell
_UNLIKE = 2  # so often in a row nothing must be alike until a regime is new
_MAX_DECISIONS = 100
_SHORTEST = 50  # rows of a stretch that is told, unless it is the only one
_MAX_STRETCHES = 100  # of a regime; the oldest are let go


@dataclass(eq=False)
class StoredRegime:
    """Networks as they were, and when they were right."""

    number: int  # counted from 0, never given twice
    stretches: list[list[int]]  # the first and the last row of each
    usual: float  # mean loss when it was stored
    theta: Array  # (members, parameters)
    losses: Array  # (aggregators, members): of the weighting
    aggregator_losses: Array  # (aggregators + 1,)
    weights: Array  # (members,)

    @property
    def n_rows(self) -> int:
        """How many rows were of this regime."""
        return sum(last - first + 1 for first, last in self.stretches)


@dataclass(frozen=True, eq=False)
class Kept:
    """What a regime keeps of the live population."""

    theta: Array
    losses: Array
    aggregator_losses: Array
    weights: Array


@final
class RegimeMemory:
    """The stored regimes of a stream."""

    def __init__(self, max_regimes: int = MAX_REGIMES) -> None:
        self.max_regimes = max_regimes
        self.regimes: list[StoredRegime] = []
        self.decisions: list[RegimeReturned] = []
        self.mixing = Mixing()
        self.current = -1  # number of the regime that the live population stands for
        self.n_stored = 0  # ever
        self.means = np.zeros(1)  # fading mean losses: of the live population, of each regime
        self.leads = np.zeros(1)  # by how much losses were lower than the live ones, lately
        self.since = np.zeros(1)  # the label before that began
        self.n_seen = 0  # rows since the means began
        self.n_unlike = 0  # so often in a row nothing stored was alike
        self.rows_led = 0  # so many rows in a row another regime had most of the weight
        self.is_new = False  # whether another regime was known again, and not gone on from yet
        self.numbers = np.zeros(0, np.intp)  # of the stored regimes
        self._networks: StoredNetworks | None = None

    def bind(self, layout: Layout, seen: Array) -> None:
        """Put the stored networks side by side, after any of them changed."""
        self._layout, self._seen = layout, seen
        self._networks = None
        self.numbers = np.array([regime.number for regime in self.regimes], np.intp)
        if self.regimes:
            thetas = [regime.theta for regime in self.regimes]
            weights = [regime.weights for regime in self.regimes]
            self._networks = StoredNetworks(layout, seen, thetas, weights)

    def predict(self, x: Array, live: Array, task: StreamTask) -> Array:
        """Return what live and stored networks predict, (1 + regimes, n_samples, n_outputs)."""
        if self._networks is None:
            return live[None]
        return np.concatenate([live[None], self._networks.predict(x, task)])

    def follow(self, losses: Array, by_share: Array, numbers: Array, row: int) -> None:
        """Take in losses of rows, (n_samples, 1 + regimes), the last of which is `row`.

        Regimes that were not stored yet when the rows were predicted lose what the live one lost.
        """
        n_new = len(losses)
        if not np.array_equal(numbers, self.numbers):
            places = {number: place for place, number in enumerate(numbers.tolist())}
            losses = losses[:, [0, *(places.get(n, -1) + 1 for n in self.numbers.tolist())]]
        total = losses.sum(axis=0)
        self.mixing.update(total, by_share.sum(axis=0), n_new)
        self.n_seen += n_new
        rate = max(1 - _MEMORY**n_new, n_new / self.n_seen)
        self.means += rate * (total / n_new - self.means)
        # a single row is no evidence
        self.leads += np.clip(losses[:, :1] - losses, -1, 1).sum(axis=0)
        ended = self.leads <= 0
        self.leads[ended] = 0
        self.since[ended] = row
        np.minimum(self.leads, 10 * _EVIDENCE, out=self.leads)

    def place(self, number: int) -> int:
        """Return where a regime stands; -1 if it is gone."""
        return next((i for i, one in enumerate(self.regimes) if one.number == number), -1)

    def recognize(self, row: int, n_new: int) -> StoredRegime | None:
        """Note what is known again; return a regime that the live population should go on from."""
        if not self.regimes:
            return None
        place = self.place(self.current)
        if place >= 0:
            self.regimes[place].stretches[-1][1] = row
        weights = self.mixing.mean[1:]
        best = int(weights.argmax())
        regime = self.regimes[best]
        leads = weights[best] > _LEADING_WEIGHT
        self.rows_led = self.rows_led + n_new if leads else 0
        if regime.number != self.current and leads and self.leads[1 + best] > _EVIDENCE:
            self._return(regime, int(self.since[1 + best]) + 1, row)
        if self.rows_led < _LEAD_ROWS or not self.is_new or regime.number != self.current:
            return None
        self.is_new = False
        self.mixing.swap(best)
        return regime

    def _return(self, regime: StoredRegime, since: int, row: int) -> None:
        """Say that a regime is back since some row."""
        since = min(self._end(since), row)
        self.current = regime.number
        self.is_new = True
        self._begin(row)
        if regime.stretches[-1][1] >= since - 1:  # it never went
            regime.stretches[-1][1] = row
            return
        before = _pairs(regime.stretches)
        name = letter(regime.number)
        about = _("regime {name}").format(name=name)
        self.decisions.append(RegimeReturned(row, about, name, since, before[-3:]))
        del self.decisions[:-_MAX_DECISIONS]
        regime.stretches.append([since, row])
        del regime.stretches[:-_MAX_STRETCHES]

    def _begin(self, row: int) -> None:
        """Let evidence for other regimes begin anew."""
        self.leads[:] = 0
        self.since[:] = row
        self.n_unlike = 0
        self.n_seen = 0

    def _end(self, since: int) -> int:
        """End the latest stretch before a row, or leave it out if it was short; return the row."""
        now = self.place(self.current)
        if now < 0:
            return since
        stretches = self.regimes[now].stretches
        first = stretches[-1][0]
        if since - first < _SHORTEST and len(stretches) > 1:
            stretches.pop()
            return first
        since = max(since, first + 1)
        stretches[-1][1] = since - 1
        return since

    def is_due(self, row: int, n_new: int) -> bool:
        """Return whether the live population is to be compared with what is stored."""
        return self.max_regimes > 0 and row // _INTERVAL > (row - n_new) // _INTERVAL

    def consider(self, row: int, kept: Kept) -> bool:
        """Store the live population as the regime that it stands for; return whether it is new."""
        if self.n_seen < _LEAST:
            return False
        place = self.place(self.current)
        live = float(self.means[0])
        alike = [self._is_alike(i) for i in range(len(self.regimes))]
        self.n_unlike = 0 if any(alike) else self.n_unlike + 1
        if place >= 0 and alike[place]:
            if live <= self.means[1 + place]:
                self._keep(place, kept, live)
            return False
        if any(alike):
            best = min(np.flatnonzero(alike), key=lambda i: self.means[1 + i])
            if self.means[1 + best] <= live + _TOLERANCE[0]:
                self._return(self.regimes[best], row - _INTERVAL, row)
                return False
        if self.regimes and self.n_unlike < _UNLIKE:
            return False
        self._store(row, kept, live)
        return True

    def _is_alike(self, place: int) -> bool:
        """Return whether stored networks predict as well as they did.

        For those that the live population stands for, it is enough that it is hardly better.
        """
        regime, (least, share) = self.regimes[place], _TOLERANCE
        most = regime.usual + max(least, share * regime.usual)
        if regime.number == self.current:
            most = max(most, self.means[0] + least)
        return bool(self.means[1 + place] <= most)

    def _keep(self, place: int, kept: Kept, usual: float) -> None:
        regime = self.regimes[place]
        vars(regime).update(vars(kept), usual=usual)
        self.bind(self._layout, self._seen)

    def _store(self, row: int, kept: Kept, usual: float) -> None:
        """Store a new regime; the one that helped least makes room."""
        first = self._end(row - _UNLIKE * _INTERVAL) if self.regimes else 1
        if len(self.regimes) == self.max_regimes:
            self._remove(int(self.mixing.past[1:].argmin()))
        regime = StoredRegime(self.n_stored, [[first, row]], usual, **vars(kept))
        self.regimes.append(regime)
        self.mixing.add()
        self.means = np.append(self.means, usual)
        self.leads, self.since = np.append(self.leads, 0.0), np.append(self.since, float(row))
        self.current = regime.number
        self.n_stored += 1
        self._begin(row)
        self.bind(self._layout, self._seen)

    def _remove(self, place: int) -> None:
        del self.regimes[place]
        self.mixing.remove(place)
        for name in ("means", "leads", "since"):
            setattr(self, name, np.delete(getattr(self, name), 1 + place))

    def table(self, n_rows: int) -> list[Regime]:
        """Return the regimes as records."""
        weights = self.mixing.mean[1:]
        return [
            Regime(
                letter(regime.number),
                _pairs(regime.stretches),
                regime.n_rows / max(1, n_rows),
                regime.usual,
                float(weight),
            )
            for regime, weight in zip(self.regimes, weights, strict=True)
        ]

    def rescale_outputs(self, factor: float, shift: float) -> None:
        """Let all stored networks predict ``factor * output + shift`` from now on."""
        for regime in self.regimes:
            views = self._layout.views(regime.theta)
            views["2.weight"] *= np.float32(factor)
            views["2.bias"] *= np.float32(factor)
            views["2.bias"] += np.float32(shift)
        self.bind(self._layout, self._seen)

    def widen(self, layout: Layout, seen: Array, positions: Array) -> None:
        """Make room for more inputs and outputs of no weight; old inputs move to `positions`."""
        for regime in self.regimes:
            theta = np.zeros((len(regime.theta), layout.size), np.float32)
            old, new = self._layout.views(regime.theta), layout.views(theta)
            outputs = old["2.bias"].shape[-1]
            new["0.weight"][:, positions] = old["0.weight"]
            new["0.bias"][:] = old["0.bias"]
            new["2.weight"][..., :outputs] = old["2.weight"]
            new["2.bias"][..., :outputs] = old["2.bias"]
            regime.theta = theta
        self.bind(layout, seen)

    def to_state(self, drawn: list[tuple[int, int]]) -> dict[str, Any]:
        """Return a JSON-able description; `drawn` are the rows that are learned again."""
        return {
            "max_regimes": self.max_regimes,
            "current": self.current,
            "n_stored": self.n_stored,
            "rows_led": self.rows_led,
            "n_unlike": self.n_unlike,
            "n_seen": self.n_seen,
            "is_new": self.is_new,
            "drawn": [list(stretch) for stretch in drawn],
            "regimes": [
                {"number": one.number, "stretches": one.stretches, "usual": one.usual}
                for one in self.regimes
            ],
            "decisions": [decision.to_json() for decision in self.decisions],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any], kept: Kept) -> Self:
        """Return what `to_state` described, with arrays like those of `kept` to be filled."""
        memory = cls(state["max_regimes"])
        for name in ("current", "n_stored", "rows_led", "n_unlike", "n_seen", "is_new"):
            setattr(memory, name, state[name])
        for decision in map(DECISION.read, state["decisions"][-_MAX_DECISIONS:]):
            if not isinstance(decision, RegimeReturned):
                raise ValueError("another decision")
            memory.decisions.append(decision)
        for one in state["regimes"][: memory.max_regimes]:
            if not one["stretches"]:
                raise ValueError("a regime without rows")
            arrays = {name: array.copy() for name, array in vars(kept).items()}
            stretches = [list(stretch) for stretch in one["stretches"]]
            memory.regimes.append(StoredRegime(one["number"], stretches, one["usual"], **arrays))
            memory.mixing.add()
        for name in ("means", "leads", "since"):
            setattr(memory, name, np.zeros(1 + len(memory.regimes)))
        return memory

    def to_arrays(self) -> dict[str, Array]:
        """Return the arrays, by their names in a file."""
        arrays = {name: getattr(self, name) for name in ("means", "leads", "since")}
        arrays |= {name: getattr(self.mixing, name) for name in ("weights", "top", "past")}
        for place, regime in enumerate(self.regimes):
            for name in ("theta", "losses", "aggregator_losses", "weights"):
                arrays[f"{place}.{name}"] = getattr(regime, name)
        return arrays


def _pairs(stretches: list[list[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((first, last) for first, last in stretches)
