"""Our population with parts left out: what each of them is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

from madaline._models.online import learner, networks
from madaline._models.online.encoder import StreamEncoder
from madaline._models.online.networks import TimeScales
from streaming.peers import Madaline
from streaming.streams import Stream


class Variant(Madaline):
    """Ours, made while some settings are others."""

    def __init__(self, stream: Stream, seed: int, change: Callable[[], Any]) -> None:
        super().__init__(stream, seed)
        self._change = change

    def predict(self, row: dict[str, Any], key: int) -> Any:
        """Return probabilities, or a number."""
        with self._change():
            return super().predict(row, key)

    def learn(self, row: dict[str, Any], key: int, y: Any) -> None:
        """Learn the label."""
        with self._change():
            super().learn(row, key, y)


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield


class Member(NamedTuple):
    """The settings of a member."""

    rate: float
    rows: int
    sees_labels: bool


def _members(keep: Callable[[Member], bool]) -> Callable[[], Any]:
    """Return what keeps some members only."""
    every = TimeScales.all()
    members = [
        Member(round(float(rate), 4), int(rows), number >= every.n_without)
        for number, (rate, rows) in enumerate(
            zip(every.learning_rates[:, 0], every.horizons[:, 0], strict=True)
        )
    ]
    kept = [number for number, member in enumerate(members) if keep(member)]
    some = TimeScales(
        every.learning_rates[kept],
        every.horizons[kept],
        sum(not members[number].sees_labels for number in kept),
    )
    return lambda: patch.object(learner.TimeScales, "all", return_value=some)


def _one_level() -> Any:
    """Only one aggregator, which forgets as slowly as the second level."""
    rates, memories = np.array([[1.0]]), np.array([[0.98]])
    return patch.multiple(networks, _RATES=rates, _MEMORIES=memories)


def _plain_mean() -> Any:
    return patch.multiple(networks, _RATES=np.array([[0.0]]), _MEMORIES=np.array([[1.0]]))


def _no_averages() -> Any:
    return patch.object(networks, "AVERAGED", 1)


def _no_quarters() -> Any:
    return patch.object(StreamEncoder, "_quarters", return_value=0.0)


def _variant(change: Callable[[], Any]) -> Callable[[Stream, int], Variant]:
    return lambda stream, seed: Variant(stream, seed, change)


VARIANTS: dict[str, Callable[[Stream, int], Variant]] = {
    "as it is": _variant(_as_it_is),
    "no latest labels": _variant(_members(lambda one: not one.sees_labels)),
    "latest labels for all": _variant(_members(lambda one: one.sees_labels)),
    "without rate .002": _variant(_members(lambda one: one.rate != 0.002)),
    "without rate .008": _variant(_members(lambda one: one.rate != 0.008)),
    "without rate .03": _variant(_members(lambda one: one.rate != 0.03)),
    "without 32 rows": _variant(_members(lambda one: one.rows != 32)),
    "without 512 rows": _variant(_members(lambda one: one.rows != 512)),
    "without 8,192 rows": _variant(_members(lambda one: one.rows != 8192)),
    "no averages of weights": _variant(_no_averages),
    "no quarters of numbers": _variant(_no_quarters),
    "one aggregator": _variant(_one_level),
    "the plain mean": _variant(_plain_mean),
}
"""Each variant by its name."""
